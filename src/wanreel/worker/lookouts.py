"""Keeps the watchers turning, one task for each account, reads the news for them, and holds what they have seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from wanreel.domain.errors import WanreelError
from wanreel.domain.job import Job
from wanreel.ports.clock import Clock
from wanreel.ports.vendor import Ended, Watcher
from wanreel.ports.watching import News
from wanreel.telemetry import WATCH_BROKE, log

AGAIN_S = 1.0  # after a turn that broke
FRESH_S = 1.0  # what other processes have changed is known so soon
APART_S = 0.2  # news is read so far apart, whatever this process changes
SHORTEST_S = 0.005  # a turn that found nothing is not followed by the next one sooner


class Lookouts:
    """The watchers of one runner. `wake` says that there is something to take."""

    def __init__(
        self, watchers: Sequence[Watcher], clock: Clock, wake: Callable[[], None], told: News | None = None
    ) -> None:
        """`told`: what the watchers hear of what runs; without it each reads for itself when something has changed."""
        self._watchers = {watcher.account.id: watcher for watcher in watchers}
        self._told = told
        self._changed = asyncio.Event()
        self._clock = clock
        self._wake = wake
        self._seen: dict[str, Ended] = {}
        self._news = {watcher.account.id: asyncio.Event() for watcher in watchers}
        self._turning: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to watch."""
        loop = asyncio.get_running_loop()
        self._turning = [loop.create_task(self._keep_turning(watcher)) for watcher in self._watchers.values()]
        if self._told is not None and self._watchers:
            self._turning.append(loop.create_task(self._keep_reading(self._told)))

    async def stop(self) -> None:
        """Stop watching; a look that is under way is let go, for it pays nothing and decides nothing."""
        for turning in self._turning:
            turning.cancel()
        await asyncio.gather(*self._turning, return_exceptions=True)
        self._turning = []

    def changed(self, job: Job) -> None:
        """A step of this process may have changed what runs on the job's account."""
        if self._told is not None:
            self._changed.set()
        elif (watcher := self._watchers.get(job.account.id)) is not None:
            watcher.changed()
            self._news[job.account.id].set()

    def saw(self, ended: Ended) -> None:
        """Somebody says that a job's task has ended: its step asks the vendor at once."""
        self._seen.setdefault(ended.job_id, ended)
        self._wake()

    def waiting(self) -> tuple[str, ...]:
        """The jobs whose ends were seen and that nobody has taken yet."""
        return tuple(self._seen)

    def take(self, job_id: str) -> Ended | None:
        """What was seen of a job, once."""
        return self._seen.pop(job_id, None)

    def witness(self, job: Job, since: float) -> bool:
        """Whether the vendor has shown another task of the job's account since then."""
        task = getattr(job.state, "task", None)
        but = "" if task is None else task.id
        watcher = self._watchers.get(job.account.id)
        return watcher is not None and watcher.seen_since(since, but)

    async def _keep_reading(self, told: News) -> None:
        """Read what has changed, here or elsewhere, once for all watchers, and wake those it is for."""
        while True:
            self._changed.clear()
            try:
                for account in await told.read():
                    if account in self._news:
                        self._news[account].set()
            except WanreelError as why:
                log.warning(WATCH_BROKE, why=str(why))
            except Exception:  # noqa: BLE001 - a bug in what is told must not end it; the watchers read whole now and then
                log.exception(WATCH_BROKE)
            await self._clock.sleep(APART_S)
            try:
                async with asyncio.timeout(FRESH_S):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _keep_turning(self, watcher: Watcher) -> None:
        news = self._news[watcher.account.id]
        while True:
            news.clear()
            wait_s, apart_s = AGAIN_S, 0.0
            try:
                turned = await watcher.turn()
            except WanreelError as why:
                log.warning(WATCH_BROKE, account=watcher.account.id, why=str(why))
            except Exception:  # noqa: BLE001 - a bug in one account's watcher must not stop the others; logged whole
                log.exception(WATCH_BROKE, account=watcher.account.id)
            else:
                for ended in turned.ended:
                    self.saw(ended)
                wait_s = max(turned.until - self._clock.now(), SHORTEST_S if not turned.ended else 0.0)
                apart_s = turned.apart_s
            try:
                async with asyncio.timeout(wait_s):
                    await self._clock.sleep(apart_s)  # of many things that change at once the watcher hears once
                    await news.wait()
            except TimeoutError:
                continue
