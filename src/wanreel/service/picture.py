"""The use cases about what came out: groups, takes made anew, reviews, ranking, a pick, and "it looks wrong"."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Conflict, Invalid, NotFound, Problem
from wanreel.domain.group import Group, Kind, Take, Tally, takes, tally
from wanreel.domain.job import Job, Succeeded, is_final, state_name
from wanreel.domain.validate import SEED_MAX
from wanreel.domain.verdict import Pick, Review, Standing, rank
from wanreel.ports.clock import Clock
from wanreel.ports.jobs import Filter, Groups, Jobs
from wanreel.ports.reviews import Panel, Reviews
from wanreel.prompt import lint, mend
from wanreel.service.diagnosis import Case, Diagnosis, diagnose, is_ended
from wanreel.service.linting import subject_of
from wanreel.service.uses import Service

TAKES_MAX = 1_000_000
LOOKED_AT_MAX = 2  # clips at once: looking at one takes a processor, a judge elsewhere takes money
WHO_CHARS_MAX, NOTE_CHARS_MAX = 200, 2000


@dataclass(frozen=True, slots=True)
class Pieces:
    """What these use cases are made of. `panel` looks at clips."""

    clock: Clock
    jobs: Jobs
    groups: Groups
    reviews: Reviews
    panel: Panel
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group as it stands: its record, who stands in each place, how many are there, and what was picked."""

    group: Group
    takes: tuple[Take, ...]
    tally: Tally
    pick: Pick | None


class Picture:
    """The use cases over one home. `project` narrows what can be seen; None: everything."""

    def __init__(self, service: Service, pieces: Pieces) -> None:
        self._service = service
        self._pieces = pieces
        self._looks: dict[str, asyncio.Task[Review]] = {}  # by job, while it is looked at
        self._at_once = asyncio.Semaphore(LOOKED_AT_MAX)

    def for_others(self) -> Picture:
        """The same for a process that only takes orders: the key is the worker's, wherever it is."""
        return Picture(self._service.for_others(), self._pieces)

    async def record(self, group_id: str, project: str | None = None) -> Group:
        """A group's record. Raises NotFound, in the same words for missing and for another project's."""
        missing = NotFound(f"there is no group {group_id[:80]} here")
        try:
            found = await self._pieces.groups.group(group_id)
        except NotFound:
            raise missing from None
        if project not in (None, found.project):
            raise missing
        return found

    async def pick_of(self, group_id: str) -> Pick | None:
        """What was picked of a group."""
        return (await self._pieces.reviews.picks([group_id])).get(group_id)

    async def group(self, group_id: str, project: str | None = None) -> GroupView:
        """A group and its jobs. Raises NotFound, in the same words for missing and for another project's."""
        g = self._pieces
        found = await self.record(group_id, project)
        jobs = await g.jobs.find(Filter(group=found.id, limit=TAKES_MAX))
        standing = takes(jobs)
        return GroupView(found, tuple(standing), tally(found, standing), await self.pick_of(found.id))

    async def groups(self, project: str | None = None, *, limit: int = 50, after: str | None = None) -> list[Group]:
        """Records of groups, newest first."""
        return await self._pieces.groups.groups(project, limit, after)

    async def replace(
        self, job_id: str, seed: int | None = None, *, key: str | None = None, ask: str | None = None
    ) -> Job:
        """Another take in the place of one that has ended, with a seed its group has not had; with a known key, the one
        that was made then. What it replaces stays where it is. Raises Conflict (it has not ended, it is the picked one,
        the key stands for something else), Invalid (the seed), Unauthorized.
        """
        self._service.check_key()
        old = await self._service.get(job_id)
        g = self._pieces
        if not is_final(old):
            raise Conflict(f"{old.id} is still {state_name(old.state)}; only an ended job can be replaced")
        subject = await self._subject(old)
        word = (await g.reviews.picks([subject])).get(subject)
        if word is not None and word.job_id == old.id:
            raise Conflict(f"{old.id} has been picked: it is the one that is wanted")
        others = await g.jobs.find(Filter(group=old.group, limit=TAKES_MAX)) if old.group else [old]
        repeats = [job for job in others if job.retry_of == old.id]
        if key is not None and any(job.key == key for job in repeats):
            return await self._service.anew(old, old.request, key=key, ask=ask)
        if repeats:
            raise Conflict(f"{old.id} has been replaced already; replace the one that stands in its place")
        had = {job.request.seed for job in others if _same_words(job, old)}
        return await self._service.anew(old, replace(old.request, seed=self._new_seed(seed, had)), key=key, ask=ask)

    def _new_seed(self, asked: int | None, had: set[int | None]) -> int:
        if asked is not None:
            if not 0 <= asked <= SEED_MAX:
                raise Invalid("", (Problem("seed", f"must be from 0 to {SEED_MAX}", str(asked)),))
            if asked in had:
                raise Invalid(
                    "", (Problem("seed", "has been tried with these words already: give another", str(asked)),)
                )
            return asked
        seed = int(self._pieces.clock.draw() * (SEED_MAX + 1))
        while seed in had:
            seed = (seed + 1) % (SEED_MAX + 1)
        return seed

    async def review(self, job_id: str, *, again: bool = False) -> Review:
        """What judges say of a clip; asked now where nobody has looked yet, or `again`. Raises Conflict (no clip)."""
        job = await self._service.get(job_id)
        if not isinstance(job.state, Succeeded):
            raise Conflict(f"{job.id} is {state_name(job.state)}: there is no clip to look at")
        known = (await self._pieces.reviews.reviews([job.id])).get(job.id)
        if known is not None and known.opinions and not again:
            return known
        return await self._judged(job)

    @property
    def looking(self) -> int:
        """How many clips are being looked at, or wait for it."""
        return len(self._looks)

    async def _judged(self, job: Job) -> Review:
        """What judges say now; whoever asks while they look hears the same. Who stops waiting stops nobody: judges may
        cost money, so what they say is kept.
        """
        look = self._looks.get(job.id)
        if look is None:
            look = self._looks[job.id] = asyncio.ensure_future(self._look(job))
            look.add_done_callback(lambda _: self._looks.pop(job.id, None))
        return await asyncio.shield(look)

    async def _look(self, job: Job) -> Review:
        g = self._pieces
        async with self._at_once:
            seen = await g.panel.review(job, g.clock.now())
        await g.reviews.keep_review(seen.review, None)
        return seen.review

    async def reviews(self, job_ids: Sequence[str]) -> dict[str, Review]:
        """What has been said so far; asks nobody."""
        return dict(await self._pieces.reviews.reviews(job_ids))

    async def rank(self, group_id: str, *, judge: bool = True, project: str | None = None) -> list[Standing]:
        """A group's clips, the best first; with `judge`, those nobody has looked at are looked at now."""
        view = await self.group(group_id, project)
        clips = [take.job for take in view.takes if isinstance(take.job.state, Succeeded)]
        known = await self.reviews([job.id for job in clips])
        for job in clips if judge else ():
            if job.id not in known:
                known[job.id] = await self._judged(job)
        return rank([job.id for job in clips], known, view.pick)

    async def pick(self, job_id: str, *, change: bool = False, by: str = "", note: str = "") -> Pick:
        """It is this clip: a person's word, which no score changes. Raises Conflict (no clip; another is picked and
        `change` was not said).
        """
        job = await self._service.get(job_id)
        if not isinstance(job.state, Succeeded):
            raise Conflict(f"{job.id} is {state_name(job.state)}: there is no clip to pick")
        if len(by) > WHO_CHARS_MAX or len(note) > NOTE_CHARS_MAX:
            raise Invalid("", (Problem("note", f"must be at most {NOTE_CHARS_MAX} characters", note[:60]),))
        word = Pick(await self._subject(job), job.id, job.project, self._pieces.clock.now(), by, note)
        return await self._pieces.reviews.pick(word, change=change)

    async def picked(self, jobs: Sequence[Job]) -> dict[str, Pick]:
        """Of these jobs, those that were picked, with the word that did it."""
        subjects = {*(job.id for job in jobs), *(job.group for job in jobs if job.group)}
        words = await self._pieces.reviews.picks(sorted(subjects))
        return {word.job_id: word for word in words.values()}

    async def _subject(self, job: Job) -> str:
        """What a pick is a pick of: the group, where it is one wish's variants; rows of a batch one by one."""
        if job.group is None:
            return job.id
        group = await self._pieces.groups.group(job.group)
        return group.id if group.kind is Kind.VARIANTS else job.id

    async def diagnose(self, job_id: str, *, judge: bool = True) -> Diagnosis:
        """Which known cause fits a clip that looks wrong. Raises Conflict when the job has not ended."""
        job = await self._service.get(job_id)
        if not is_ended(job):
            raise Conflict(f"{job.id} is still {state_name(job.state)}: there is nothing to look at yet")
        request = job.request
        judged = subject_of(
            request.prompt,
            self._pieces.catalog,
            mode=request.mode,
            model=request.model,
            size=request.size,
            duration_s=request.duration_s or 5,
        )
        found = lint(judged.subject)
        mended = mend(
            judged.subject, request.negative_prompt or "", found=found, negative_chars_max=judged.negative_chars_max
        )
        review = await self._review_for(job, judge=judge)
        return diagnose(Case(job, found, mended, review, await self._siblings(job)))

    async def _review_for(self, job: Job, *, judge: bool) -> Review | None:
        if not isinstance(job.state, Succeeded):
            return None
        known = (await self.reviews([job.id])).get(job.id)
        return await self._judged(job) if known is None and judge else known

    async def _siblings(self, job: Job) -> tuple[Review, ...]:
        if job.group is None:
            return ()
        others = await self._pieces.jobs.find(Filter(group=job.group, states=("succeeded",), limit=TAKES_MAX))
        known = await self.reviews([o.id for o in others if o.id != job.id and _same_words(o, job)])
        return tuple(known.values())


def _same_words(one: Job, other: Job) -> bool:
    return replace(one.request, seed=None) == replace(other.request, seed=None)
