"""The asynchronous client's body, over a home on this machine: it becomes the home's runner when there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from wanreel.client.home import Home, OpenHome
from wanreel.client.hosting import Hosting
from wanreel.client.video import GenerationFailed, NeedsAttention, Video, Wish, order_fields
from wanreel.domain.errors import Unavailable
from wanreel.domain.job import Job, Succeeded, is_final
from wanreel.ports import Filter
from wanreel.service.order import Order, Planned
from wanreel.settings import load

LOOK_S = 0.2  # how often a follower reads the store


class EmbeddedClient:
    """Make videos and keep them, in a home that `open_home` opens with settings loaded from what was `given`."""

    def __init__(self, open_home: OpenHome, given: Mapping[str, Any]) -> None:
        self._open_home = open_home
        self._given = given
        self._stack = AsyncExitStack()
        self._home: Home | None = None
        self._hosting: Hosting | None = None

    async def __aenter__(self) -> Self:
        """Open the home. Raises Invalid (settings), Unavailable (disk, database)."""
        self._home = await self._stack.enter_async_context(self._open_home(load(**self._given)))
        self._hosting = Hosting(self._home)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop working the home, gracefully, and close it. Unfinished jobs go on with the next runner."""
        try:
            if self._hosting is not None:
                await self._hosting.close()
        finally:
            await self._stack.aclose()
            self._home = self._hosting = None

    @property
    def home(self) -> Home:
        """The opened home. Raises Unavailable outside `async with`."""
        if self._home is None:
            raise Unavailable("the client is not open: use it in an `async with` (or `with`) block")
        return self._home

    async def plan(self, prompt: str | None = None, *, variants: int = 1, **wish: Unpack[Wish]) -> Planned:
        """Check and price a wish; nothing is stored, sent or paid. Raises Invalid."""
        return await self.home.service.plan(_order(prompt, variants, wish))

    async def submit(self, prompt: str | None = None, *, variants: int = 1, **wish: Unpack[Wish]) -> list[Video]:
        """Make durable jobs and return at once; variants differ in their seeds. Raises Invalid, Unauthorized."""
        jobs = await self.home.service.submit(_order(prompt, variants, wish))
        await self._tend()
        return [self._video(job) for job in jobs]

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
        if done.path is None:
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
        """Wait until all these jobs have ended or need a person; `on_change` sees them whenever one has moved."""
        service, clock = self.home.service, self.home.clock
        ids = [(await service.get(job_id)).id for job_id in job_ids]
        until = None if timeout_s is None else clock.now() + timeout_s
        versions: dict[str, int] = {}
        while True:
            await self._tend()
            jobs = {job.id: job for job in await self._read(ids)}
            videos = [self._video(jobs[i], await service.attention(jobs[i])) for i in ids]
            seen = {v.id: v.job.version for v in videos}
            if seen != versions and on_change is not None:
                on_change(videos)
            versions = seen
            if all(v.done or v.attention for v in videos):
                return videos
            if until is not None and clock.now() >= until:
                waiting = ", ".join(v.id for v in videos if not v.done)
                raise TimeoutError(f"still not done after {timeout_s:g} s: {waiting}; they go on, wait for them again")
            await clock.sleep(LOOK_S)

    async def _read(self, ids: list[str]) -> list[Job]:
        found: list[Job] = []
        for start in range(0, len(ids), 500):
            some = tuple(ids[start : start + 500])
            found += await self.home.service.list(Filter(ids=some, limit=len(some)))
        return found

    async def get(self, job_id: str) -> Video:
        """A job as it stands, by its id or an unambiguous beginning of it. Raises NotFound."""
        job = await self.home.service.get(job_id)
        return self._video(job, await self.home.service.attention(job))

    async def list(
        self, *, states: Sequence[str] = (), group: str | None = None, limit: int = 100, after: str | None = None
    ) -> list[Video]:
        """Jobs, newest first."""
        which = Filter(states=tuple(states), group=group, limit=limit, after=after)
        return [self._video(job) for job in await self.home.service.list(which)]

    async def cancel(self, job_id: str, *, discard: bool = False) -> Video:
        """Ask that a job be stopped. What the vendor has begun is paid, and kept unless `discard`. Raises Conflict."""
        video = self._video(await self.home.service.cancel(job_id, discard=discard))
        self._nudge()
        return video

    async def retry(self, job_id: str) -> Video:
        """Repeat an ended job as a new one. Raises Conflict."""
        video = self._video(await self.home.service.retry(job_id))
        await self._tend()
        return video

    async def _tend(self) -> None:
        if self._hosting is not None:
            await self._hosting.tend()
            self._nudge()

    def _nudge(self) -> None:
        if self._hosting is not None:
            self._hosting.nudge()

    def _video(self, job: Job, attention: str | None = None) -> Video:
        state = job.state
        path = Path(self.home.where(state.artifact)) if isinstance(state, Succeeded) else None
        return Video(job, path, None if is_final(job) else attention)


def _order(prompt: str | None, variants: int, wish: Wish) -> Order:
    return Order(prompt=prompt, variants=variants, **order_fields(wish))
