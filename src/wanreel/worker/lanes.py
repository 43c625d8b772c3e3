"""The lanes of a runner: what runs in each, and what is claimed to follow there as soon as a place is free.

A runner that is busy asks the store in rounds, some of them a second. A place that became free between two rounds would
stand empty until the next: with short steps a lane would be empty most of the time, whatever its limit. So a round
claims as many jobs more as ended since the last one, and each takes a place the moment it is free.

A place is for what a lane bounds: a call, a look, a download with its memory. A step that has only its end to write
down gives its place to the next one; as many as there are places may be writing so, and what is beyond that keeps its
place until one of these has done.
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
    _writing: set[str] = field(default_factory=set[str])  # of those that run: all but written down
    _again: set[str] = field(default_factory=set[str])  # of those that run: claimed once more meanwhile
    _next: deque[Job] = field(default_factory=deque[Job])
    _ended: int = 0  # since the store was last asked
    _moved_at: float = 0.0  # when something last began that had been waiting, or was added to it

    @property
    def places(self) -> int:
        """How many more could begin at once."""
        return max(0, self.limit - self._held)

    @property
    def _held(self) -> int:
        return len(self.running) - min(len(self._writing), self.limit)

    def room(self) -> int:
        """How many jobs to claim now; what ends from here on counts for the next time."""
        ended, self._ended = self._ended, 0
        return max(0, self.limit - self._held - len(self._next) + min(ended, self.ahead * self.limit))

    def has(self, job_id: str) -> bool:
        """Whether a job runs here or is to follow."""
        return job_id in self.running or any(job.id == job_id for job in self._next)

    def writes(self, job_id: str) -> bool:
        """Whether a job's step has only its end to write down."""
        return job_id in self._writing

    def ease(self, job_id: str) -> None:
        """A job's step has only its end to write down: its place is free, while no more are at that than may be."""
        held = self._held
        if job_id in self.running:
            self._writing.add(job_id)
        self._ended += held - self._held

    def claimed_again(self, job: Job) -> None:
        """A job that is here was claimed once more: its step has just ended in the store, but not here, or our claim
        had run out. Nobody begins it for that claim, which is to be given back once it has ended here, too. What is
        yet to follow begins by that claim, as it stands by now.
        """
        if job.id in self.running:
            self._again.add(job.id)
        for place, waiting in enumerate(self._next):
            if waiting.id == job.id:
                self._next[place] = job

    def over(self, job_id: str) -> bool:
        """A job's step has ended; whether there is a claim of ours left that was not for it."""
        held = self._held
        self.running.pop(job_id, None)
        self._writing.discard(job_id)
        self._ended += held - self._held
        again = job_id in self._again
        self._again.discard(job_id)
        return again

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
