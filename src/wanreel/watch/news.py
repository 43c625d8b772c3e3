"""What begins and ends to run, read once for all watchers of a process, and kept for each until it takes a turn.

The store tells what happened to jobs in order, whoever wrote it. So a watcher's picture, once read whole, is kept up by
what is told after it, and neither a turn nor this reading grows with what is watched. What is told is how a job stands
at the moment of reading. That may be older than a picture read whole meanwhile: what made the difference is told next.
"""

from __future__ import annotations

from collections.abc import Mapping

from wanreel.ports.clock import Clock
from wanreel.ports.watching import Running, Watched

FLIP_S = 1.0  # that work waits again is told to everybody no oftener than this


class RunNews:
    """`ports.News`. A watcher begins to listen just before it reads its account whole."""

    def __init__(self, running: Running, clock: Clock) -> None:
        self._running = running
        self._clock = clock
        self._mark: int | None = None
        self._heard: dict[str, dict[str, Watched | None]] = {}  # by account, of those who listen: by job
        self._flip_at = -1e18
        self._owed = False  # work waits again, and not everybody has heard of it
        self.waiting = False  # whether work waits to be sent

    async def read(self) -> frozenset[str]:
        """Read on, to the end: the accounts whose watchers have something to hear. Raises Unavailable."""
        spoken_of: set[str] = set()
        more = True
        while more:
            mark = self._mark
            told = await self._running.told_since(mark)
            if self._mark != mark:
                continue  # somebody else has read on meanwhile, and may have read what is newer
            more, self._mark = told.more, told.mark
            for run in told.runs:
                if (heard := self._heard.get(run.account)) is not None:
                    heard[run.job_id] = run.watched
                    spoken_of.add(run.account)
            if self._waits(waiting=told.waiting):
                spoken_of |= self._heard.keys()
        return frozenset(spoken_of)

    async def listen(self, account: str) -> None:
        """Keep what is told of an account from now on; what was kept of it is let go of. Raises Unavailable."""
        if self._mark is None:
            await self.read()
        self._heard[account] = {}

    def deaf(self, account: str) -> None:
        """Somebody else watches the account."""
        self._heard.pop(account, None)

    def take(self, account: str) -> Mapping[str, Watched | None]:
        """What was told of an account since it was last taken, by job: the task that runs, None where none does."""
        heard = self._heard.get(account)
        if not heard:
            return {}
        self._heard[account] = {}
        return heard

    def _waits(self, *, waiting: bool) -> bool:
        """Note whether work waits; whether everybody is to hear now that it does again, for looks are worth more."""
        self._owed = waiting and (self._owed or not self.waiting)
        self.waiting = waiting
        now = self._clock.now()
        if not self._owed or 0.0 <= now - self._flip_at < FLIP_S:
            return False
        self._flip_at, self._owed = now, False
        return True
