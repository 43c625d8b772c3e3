"""The lanes of a runner: what runs in each, and what is claimed to follow there as soon as a place is free.

A runner that is busy asks the store in rounds, some of them a second. A place that became free between two rounds would
stand empty until the next: with short steps a lane would be empty most of the time, whatever its limit. So a round
claims as many jobs more as ended since the last one, and each takes a place the moment it is free.

A place is for what a lane bounds: a call, a look, a download with its memory. A step that has only its end to write
down gives its place to the next one; as many as there are places may be writing so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from wanreel.domain.job import Job
from wanreel.ports.jobs import Lane

AHEAD = 4  # at most so many times a lane's limit are claimed to follow
HELD_S = 2.0  # where nothing has ended for so long, what was to follow is given back: others may have room for it


@dataclass(slots=True)
class AtWork:
    """A lane, and the jobs of it that are this runner's. At most `limit` run at once."""

    lane: Lane
    limit: int
    ahead: int = AHEAD  # 0: nothing is claimed that cannot begin at once
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    _eased: set[str] = field(default_factory=set[str])  # of those that run: all but written down
    _next: deque[Job] = field(default_factory=deque[Job])
    _ended: int = 0  # since the store was last asked
    _moved_at: float = 0.0  # when something last began that had been waiting, or was added to it

    @property
    def places(self) -> int:
        """How many more could begin at once."""
        return max(0, self.limit - self._held)

    @property
    def _held(self) -> int:
        return len(self.running) - len(self._eased)

    def room(self) -> int:
        """How many jobs to claim now; what ends from here on counts for the next time."""
        ended, self._ended = self._ended, 0
        return max(0, self.limit - self._held - len(self._next) + min(ended, self.ahead * self.limit))

    def has(self, job_id: str) -> bool:
        """Whether a job runs here or is to follow."""
        return job_id in self.running or any(job.id == job_id for job in self._next)

    def ease(self, job_id: str) -> None:
        """A job's step has only its end to write down: its place is free, unless too many are at that already."""
        if job_id in self.running and len(self._eased) < self.limit and job_id not in self._eased:
            self._eased.add(job_id)
            self._ended += 1

    def over(self, job_id: str) -> None:
        """A job's step has ended."""
        ended = self.running.pop(job_id, None) is not None
        if job_id in self._eased:
            self._eased.discard(job_id)
        else:
            self._ended += ended

    def line_up(self, jobs: Sequence[Job], now: float) -> None:
        """Claimed jobs, to begin when there is a place for them."""
        self._next.extend(jobs)
        self._moved_at = now

    def take(self, now: float) -> Job | None:
        """The next job, if there is a place for it. What waited in vain is not begun any more: a process that was
        stopped for a while may have lost its claims.
        """
        if not self._next or not self.places or now - self._moved_at >= HELD_S:
            return None
        self._moved_at = now
        return self._next.popleft()

    def left_standing(self, now: float) -> list[Job]:
        """What has waited in vain for a place to become free, to be given back; it is nobody's here any more."""
        if not self._next or now - self._moved_at < HELD_S:
            return []
        left = list(self._next)
        self._next.clear()
        return left

    def close(self) -> None:
        """Nothing begins here any more; what was to follow keeps our claim until that is ended."""
        self._next.clear()
