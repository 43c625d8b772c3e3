"""Being one of several workers: saying that one is alive, giving back what the dead had, and doing alone what one does.

A worker that stands still (stopped, swapped out, cut off) is dead to the others after a few seconds. When it goes on it
finds that out by its writes: they are made on a version, a paid call has a `send_by`, and watching writes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from wanreel.ports.clock import Clock
from wanreel.ports.watching import Watching
from wanreel.telemetry import RESCUED, log

LEASE_S = 9.0  # silent for so long is dead
BEAT_S = 2.0
LEARN_S = 60.0  # how often the clock is set by the database's


class Roll(Protocol):
    """Who is alive. Raises Unavailable."""

    async def present(self, owner: str, until: float) -> None:
        """A worker is alive, and will say so again before then."""
        ...

    async def gone(self, owner: str) -> None:
        """A worker has ended by itself."""
        ...

    async def bury(self, now: float) -> int:
        """Give back what the silent had claimed; how many jobs that were."""
        ...


@dataclass(slots=True)
class Presence:
    """One worker among others."""

    clock: Clock
    roll: Roll
    watching: Watching
    owner: str
    set_clock: Callable[[], Awaitable[object]]
    _beat_at: float = -1e18
    _set_at: float = -1e18
    _held: dict[str, float] = field(default_factory=dict[str, float])

    async def beat(self) -> None:
        """Say that this worker is alive, now and then, and look who is not. Raises Unavailable."""
        now = self.clock.now()
        if now < self._beat_at + BEAT_S:
            return
        await self.roll.present(self.owner, now + LEASE_S)
        self._beat_at = now
        freed = await self.roll.bury(now)
        if freed:
            log.warning(RESCUED, jobs=freed, why="their worker has been silent for too long")
        if now >= self._set_at + LEARN_S:
            self._set_at = now
            await self.set_clock()

    async def alone(self, duty: str) -> bool:
        """Whether a duty that one worker does for all is this one's just now. Raises Unavailable."""
        now = self.clock.now()
        if now < self._held.get(duty, 0.0) - LEASE_S / 2:
            return True
        self._held.pop(duty, None)
        if await self.watching.lease(f"duty {duty}", self.owner, now, now + LEASE_S):
            self._held[duty] = now + LEASE_S
            return True
        return False

    async def leave(self) -> None:
        """This worker ends. Raises Unavailable."""
        self._beat_at = -1e18
        await self.roll.gone(self.owner)
