"""Moves queued jobs to where they are sent sooner: away from an account that sends nothing, or is full, into room.

`domain.pool` decides how many, the rule of the lifecycle whether: never a job that the vendor had, or may have had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wanreel.domain.event import Moved, SlotKey
from wanreel.domain.job import Account
from wanreel.domain.pool import Standing, shifts
from wanreel.ports import Holds
from wanreel.worker.step import settle
from wanreel.worker.tools import Tools

EVERY_S = 1.0
MOST = 50  # of one key at once; the next round goes on


@dataclass(slots=True)
class Mover:
    """One for each runner. `pools`: accounts that share their work."""

    holds: Holds
    pools: Sequence[Sequence[Account]]
    limit_of: Callable[[SlotKey], int]
    due_at: float = field(default=0.0)

    async def __call__(self, tools: Tools) -> int:
        """Move what had better wait elsewhere; how many jobs that were. Raises Unsettled, Unavailable."""
        now = tools.clock.now()
        if not self.pools or now < self.due_at:
            return 0
        self.due_at = now + EVERY_S
        waiting = await self.holds.waiting()
        if not waiting:
            return 0
        parks = [parked.park for parked in await tools.slots.parks(now)]
        learned = await self.holds.learned()
        standing = Standing(now, await tools.slots.in_use(now), waiting, parks, learned)
        moved = 0
        for pool in self.pools:
            for model in standing.models(pool):
                for shift in shifts(standing.places(pool, model, self.limit_of)):
                    key = SlotKey(shift.away.id, model)
                    for job in await self.holds.movable(key, now, min(shift.jobs, MOST)):
                        why = f"{shift.to.id} has room, {shift.away.id} has not"
                        await settle(job, Moved(shift.to, why), tools)
                        moved += 1
        return moved
