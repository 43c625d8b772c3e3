"""The asynchronous client's body, over a home on this machine: it becomes the home's runner when there is none."""

from __future__ import annotations

import asyncio
import builtins
import dataclasses
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from wanreel.client.home import Home, OpenHome
from wanreel.client.hosting import Hosting
from wanreel.client.video import GenerationFailed, NeedsAttention, Video, Wish, order_fields
from wanreel.domain.errors import Conflict, Invalid, NotFound, Problem, Unavailable
from wanreel.domain.group import Group
from wanreel.domain.job import Job, Succeeded, is_final
from wanreel.domain.mark import Mark, marking_of, tags_of
from wanreel.domain.verdict import Pick, Review, Standing
from wanreel.money.report import By
from wanreel.ports.jobs import Filter
from wanreel.prompt.templates import Template
from wanreel.service.batch import read_batch
from wanreel.service.diagnosis import Diagnosis
from wanreel.service.order import Order, Planned
from wanreel.service.picture import GroupView
from wanreel.service.reading import Embed
from wanreel.service.settling import settlement
from wanreel.service.standing import Progress, attention
from wanreel.service.taking import take
from wanreel.service.uses import ID_CHARS
from wanreel.service.view import happening_view, view_entry
from wanreel.service.view_money import view_line
from wanreel.settings import load

LOOK_S = 0.2  # how often a follower reads the store ...
LOOK_EACH_S = 0.0005  # ... and how much less often for each job it follows
READ_MAX = 500
ALL = 1_000_000


class EmbeddedClient:
    """Make videos and keep them, in a home that `open_home` opens with settings loaded from what was `given`."""

    def __init__(self, open_home: OpenHome, given: Mapping[str, Any]) -> None:
        self._open_home = open_home
        self._given = given
        self._stack = AsyncExitStack()
        self._home: Home | None = None
        self._hosting: Hosting | None = None

    async def __aenter__(self) -> Self:
        """Open the home. Raises Invalid (settings), Unavailable (disk, database), Conflict (it is open)."""
        if self._home is not None:
            raise Conflict("this client is open already: make a second one, or leave the first block before")
        self._home = await self._stack.enter_async_context(self._open_home(load(**self._given)))
        self._hosting = Hosting(self._home)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop working the home, gracefully, and close it. Unfinished jobs go on with the next runner."""
        hosting, self._hosting, self._home = self._hosting, None, None
        try:
            if hosting is not None:
                await hosting.close()
        finally:
            await self._stack.aclose()

    @property
    def home(self) -> Home:
        """The opened home. Raises Unavailable outside `async with`."""
        if self._home is None:
            raise Unavailable("the client is not open (any more): use it in an `async with` (or `with`) block")
        return self._home

    async def plan(self, prompt: str | None = None, *, variants: int = 1, **wish: Unpack[Wish]) -> Planned:
        """Check and price a wish; nothing is stored, sent or paid. Raises Invalid."""
        return await self.home.service.plan(_order(prompt, variants, wish))

    async def submit(self, prompt: str | None = None, *, variants: int = 1, **wish: Unpack[Wish]) -> list[Video]:
        """Make durable jobs and return at once; variants differ in their seeds. Raises Invalid, Unauthorized,
        Conflict (the `key` was used for another wish).
        """
        jobs = await self.home.service.submit(_order(prompt, variants, wish))
        self._tend()
        return await self._videos(jobs)

    async def batch(self, file: str | Path, *, name: str | None = None, again: bool = False) -> list[Video]:
        """Make durable jobs of every row of a .jsonl or .csv file and return at once; rows that were ordered before
        under the batch's name keep the jobs they have, unless `again`. Raises Invalid, Unauthorized.
        """
        path = Path(file)
        rows = read_batch(path, name, self.home.clock.new_id("run") if again else None)
        planned = await self.home.service.plan_batch(rows, path.name)
        done = await self.home.service.submit_batch(planned)
        self._tend()
        return await self._videos(done.jobs)

    async def generate(
        self, prompt: str | None = None, *, timeout_s: float | None = None, **wish: Unpack[Wish]
    ) -> Video:
        """Make one clip and wait until it is archived. Raises Invalid, Unauthorized, GenerationFailed, NeedsAttention,
        TimeoutError (the job goes on; `wait` for it later).
        """
        video = (await self.submit(prompt, **wish))[0]
        done = (await self.wait_all([video.id], timeout_s=timeout_s))[0]
        if done.attention:
            raise NeedsAttention(done)
        if done.where is None:
            raise GenerationFailed(done)
        return done

    async def wait(self, job_id: str, *, timeout_s: float | None = None) -> Video:
        """Wait until a job has ended or needs a person. Raises NotFound, TimeoutError."""
        return (await self.wait_all([job_id], timeout_s=timeout_s))[0]

    async def wait_all(
        self,
        job_ids: Iterable[str],
        *,
        timeout_s: float | None = None,
        on_change: Callable[[Sequence[Video]], None] | None = None,
    ) -> list[Video]:
        """Wait until all these jobs have ended or need a person; `on_change` sees them whenever one has moved.
        Raises NotFound, Unauthorized (nobody works the home and there is no key to do it), TimeoutError.
        """
        clock = self.home.clock
        until = None if timeout_s is None else clock.now() + timeout_s
        jobs = await self._named(job_ids)
        shown: dict[str, tuple[int, str | None]] = {}
        while True:
            moving = [job_id for job_id, job in jobs.items() if not is_final(job)]
            if moving:
                self._tend()
                jobs.update(await self._read(moving))
            videos = await self._videos(jobs.values())
            seen = {v.id: (v.job.version, v.attention) for v in videos}
            if seen != shown and on_change is not None:
                on_change(videos)
            shown = seen
            waiting = [v.id for v in videos if not (v.done or v.attention)]
            if not waiting:
                return videos
            if until is not None and clock.now() >= until:
                named = f"{', '.join(waiting[:5])}{f' and {len(waiting) - 5} more' if len(waiting) > 5 else ''}"
                later = "they go on with whoever works the home next: wait again, `wanreel watch` or `wanreel worker`"
                raise TimeoutError(f"still not done after {timeout_s:g} s: {named}; {later}")
            nap_s = LOOK_S + LOOK_EACH_S * len(moving)
            await clock.sleep(nap_s if until is None else min(nap_s, max(0.0, until - clock.now())))

    async def get(self, job_id: str) -> Video:
        """A job as it stands, by its id or an unambiguous beginning of it. Raises NotFound, Conflict."""
        return await self._video(await self.home.service.get(job_id))

    async def list(
        self,
        *,
        states: Sequence[str] = (),
        group: str | None = None,
        project: str | None = None,
        tag: str | None = None,
        favourites: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> list[Video]:
        """Jobs, newest first; `after` is the id of the last one seen. Raises NotFound (no such `after`)."""
        which = Filter(
            states=tuple(states),
            group=group,
            project=project,
            tag=tag,
            favourites=favourites,
            limit=limit,
            after=after,
        )
        return await self._videos(await self.home.service.list(which))

    async def usage(
        self,
        by: str = "project",
        *,
        since: str | None = None,
        until: str | None = None,
        zone: str | None = None,
        project: str | None = None,
    ) -> builtins.list[dict[str, Any]]:
        """Where the money went: a line for each project, model, day or tag and currency, amounts as text. `since` and
        `until` are days of `zone` (Asia/Shanghai); without them the last thirty. Raises Invalid.
        """
        if by not in list(By):
            raise Invalid("", (Problem("by", f"must be one of {', '.join(By)}", by),))
        span = self.home.till.span(since, until, zone)
        return [view_line(line) for line in await self.home.till.usage(span, By(by), project)]

    async def history(self, job_id: str) -> list[dict[str, Any]]:
        """Everything that happened to a job, oldest first, as plain values. Raises NotFound."""
        return [view_entry(entry) for entry in await self.home.service.history(job_id)]

    async def cancel(self, job_id: str, *, discard: bool = False) -> Video:
        """Ask that a job be stopped. What the vendor has begun is paid, and kept unless `discard`. Raises Conflict."""
        video = await self._video(await self.home.service.cancel(job_id, discard=discard))
        self._nudge()
        return video

    async def mark(
        self,
        job_id: str,
        *,
        favourite: bool | None = None,
        tags: Sequence[str] | None = None,
        add_tags: Sequence[str] = (),
        remove_tags: Sequence[str] = (),
    ) -> Video:
        """Say that a job is a favourite (or is not), or give it other tags: `tags` in the place of those it has, or
        `add_tags` and `remove_tags`. Raises NotFound, Invalid.
        """
        job = await self.home.service.get(job_id)
        await self.home.marks.mark(job, marking_of(favourite, tags, add_tags, remove_tags))
        return await self._video(job)

    async def retry(self, job_id: str) -> Video:
        """Repeat a failed or cancelled job as a new one. Raises Conflict."""
        job = await self.home.service.retry(job_id)
        self._tend()
        return await self._video(job)

    async def group_view(self, group_id: str) -> GroupView:
        """A group as it stands: its record, its takes, what was picked. Raises NotFound."""
        return await self.home.picture.group(group_id)

    async def groups(
        self, *, project: str | None = None, limit: int = 50, after: str | None = None
    ) -> builtins.list[Group]:
        """Records of groups, newest first."""
        return await self.home.picture.groups(project, limit=limit, after=after)

    async def wait_group(self, group_id: str, *, timeout_s: float | None = None) -> builtins.list[Video]:
        """Wait until every clip of a group has ended or needs a person; in the group's order. Raises NotFound,
        Unauthorized, TimeoutError.
        """
        view = await self.group_view(group_id)
        return await self.wait_all([take.job.id for take in view.takes], timeout_s=timeout_s)

    async def rank(self, group_id: str) -> builtins.list[Standing]:
        """A group's clips, the best first; those nobody has looked at are looked at now. Raises NotFound."""
        return await self.home.picture.rank(group_id)

    async def review(self, job_id: str, *, again: bool = False) -> Review:
        """What judges say of a clip. Raises NotFound, Conflict (there is none)."""
        return await self.home.picture.review(job_id, again=again)

    async def pick(self, job_id: str, *, change: bool = False, by: str = "", note: str = "") -> Pick:
        """Say that it is this clip. Raises NotFound, Conflict (another one was picked, and `change` was not said)."""
        return await self.home.picture.pick(job_id, change=change, by=by, note=note)

    async def replace(self, job_id: str, *, seed: int | None = None) -> Video:
        """Another take in the place of one that has ended, with another seed. Raises Conflict, Invalid."""
        job = await self.home.picture.replace(job_id, seed)
        self._tend()
        return await self._video(job)

    async def diagnose(self, job_id: str) -> Diagnosis:
        """Which known cause fits a clip that looks wrong, and the one command for a better try. Raises Conflict."""
        return await self.home.picture.diagnose(job_id)

    async def resolve(
        self,
        job_id: str,
        *,
        adopt: str | None = None,
        resubmit: bool = False,
        give_up: bool = False,
        note: str = "",
    ) -> Video:
        """Settle a job in doubt after looking in the vendor's console: `adopt` the task it was, `resubmit` what never
        arrived, or `give_up`. Raises Invalid (not exactly one of them), Conflict (the job is in no doubt).
        """
        event = settlement(adopt=adopt, resubmit=resubmit, give_up=give_up, note=note)
        video = await self._video(await self.home.service.resolve(job_id, event))
        self._nudge()
        return video

    async def templates(self) -> builtins.list[Template]:
        """Prompts with variables: those that ship, and this home's own. `Template.fill` makes a prompt of one."""
        return await asyncio.to_thread(self.home.templates.all)

    async def save_template(self, name: str, text: str, *, mode: str = "t2v", kind: str = "own") -> Template:
        """Keep a prompt with `{variables}` under a name; the same name again replaces it. Raises Invalid."""
        return await asyncio.to_thread(self.home.templates.save, name, text, mode=mode, kind=kind)

    async def remove_template(self, name: str) -> None:
        """Forget one of this home's own templates. Raises NotFound."""
        await asyncio.to_thread(self.home.templates.remove, name)

    async def group(self, group_id: str) -> list[Video]:
        """The jobs of a group, in their order. Raises NotFound."""
        found = await self.home.service.list(Filter(group=group_id, limit=ALL))
        if not found:
            raise NotFound(f"there is no group {group_id} here")
        return await self._videos(sorted(found, key=lambda job: (job.index, job.created_at, job.id)))

    async def stream(self, *, after: int | None = None, group: str | None = None) -> AsyncGenerator[dict[str, Any]]:
        """What happens, as it happens, each once and in order; `after` is the `seq` of the last event seen."""
        feed = self.home.feed
        seen = await feed.newest() if after is None else after
        while True:
            for happening in await feed.since(seen, READ_MAX):
                seen = happening.seq
                if group in (None, happening.group):
                    yield happening_view(happening)
            await self.home.clock.sleep(LOOK_S)

    async def save(self, job_id: str, out: str | Path) -> Path:
        """Copy a job's clip into a file of this machine, or into a folder under its own name; its length and hash are
        compared with what was archived first. Raises NotFound, Conflict (not finished, or in the trash), Unavailable.
        """
        return await take(self.home.reading, await self.home.reading.find(job_id), Path(out))

    async def embed(self, job_id: str) -> Embed:
        """The HTML that shows a clip on a page, with links that last until they are revoked. Raises as `save`, and
        Invalid where no address is set that strangers could reach (`public_url`, `archive_public_base`).
        """
        return await self.home.reading.embed(job_id)

    async def unshare(self, job_id: str) -> int:
        """End a job's lasting links for good; how many were live. Raises NotFound."""
        return await self.home.reading.unshare(job_id)

    # --- inside -----------------------------------------------------------------------------------------------------

    async def _named(self, job_ids: Iterable[str]) -> dict[str, Job]:
        """Jobs by id in the order asked for; each may be named by the beginning of its id. Raises NotFound."""
        asked = list(job_ids)
        whole = await self._read([job_id for job_id in asked if len(job_id) >= ID_CHARS])
        jobs = [whole.get(job_id) or await self.home.service.get(job_id) for job_id in asked]
        return {job.id: job for job in jobs}

    async def _read(self, ids: Sequence[str]) -> dict[str, Job]:
        """Those of these jobs that are here, by their whole ids. A job's id is also how its spares' ids begin."""
        found: dict[str, Job] = {}
        for start in range(0, len(ids), READ_MAX):
            some = tuple(ids[start : start + READ_MAX])
            for job in await self.home.service.list(Filter(ids=some, limit=ALL)):
                if job.id in some:
                    found[job.id] = job
        return found

    def _tend(self) -> None:
        if self._hosting is not None:
            self._hosting.tend()
            self._nudge()

    def _nudge(self) -> None:
        if self._hosting is not None:
            self._hosting.nudge()

    async def _video(self, job: Job) -> Video:
        return (await self._videos([job]))[0]

    async def _videos(self, jobs: Iterable[Job]) -> list[Video]:
        jobs = list(jobs)
        service = self.home.service
        marks = await self.home.marks.of(jobs)
        if all(map(is_final, jobs)):
            return [self._made(job, None, marks.get(job.id), Progress()) for job in jobs]
        moment = await service.moment()
        wanted = {job.id: words for job in jobs if (words := attention(job, moment))}
        if self._hosting is not None and self._hosting.is_runner:
            wanted |= {job.id: words for job in jobs if (words := service.out_of_reach(job))}
        told = await service.progress(jobs, moment)
        return [self._made(j, wanted.get(j.id), marks.get(j.id), told.get(j.id, Progress())) for j in jobs]

    def _made(self, job: Job, wanted: str | None, mark: Mark | None, told: Progress) -> Video:
        where = self.home.shelf.where(job.state.artifact) if isinstance(job.state, Succeeded) else None
        path = Path(where) if where and "://" not in where else None
        favourite = mark is not None and mark.favourite
        return Video(
            dataclasses.replace(job, tags=tags_of(job, mark)),
            path,
            wanted,
            where=where,
            favourite=favourite,
            progress=told.words,
            rest_s=told.rest_s,
        )


def _order(prompt: str | None, variants: int, wish: Wish) -> Order:
    return Order(prompt=prompt, variants=variants, **order_fields(wish))
