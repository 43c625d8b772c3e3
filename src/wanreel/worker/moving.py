"""Moves queued jobs to where they are sent sooner: away from an account that sends nothing, or is full, into room.

`domain.pool` decides how many, the rule of the lifecycle whether: never a job that the vendor had, or may have had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wanreel.domain.event import Moved, SlotKey
from wanreel.domain.job import Account, Unconfirmed
from wanreel.domain.pool import Standing, shifts
from wanreel.domain.turn import slot_key
from wanreel.ports.jobs import Filter
from wanreel.ports.slots import Holds
from wanreel.worker.step import settle
from wanreel.worker.tools import Tools

EVERY_S = 1.0
MOST = 50  # of one key at once; the next round goes on
DOUBTS_MAX = 1000


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
        standing = Standing(now, await tools.slots.in_use(now), waiting, parks, learned, await self._doubts(tools, now))
        moved = 0
        for pool in self.pools:
            for model in standing.models(pool):
                for shift in shifts(standing.places(pool, model, self.limit_of)):
                    key = SlotKey(shift.away.id, model)
                    for job in await self.holds.movable(key, now, min(shift.jobs, MOST)):
                        why = f"{shift.to.id} has room, {shift.away.id} has not"
                        if SlotKey(shift.to.id, model) in standing.doubts:
                            why = f"{shift.to.id} has a doubt that it can settle"
                        await settle(job, Moved(shift.to, why), tools)
                        moved += 1
        return moved

    async def _doubts(self, tools: Tools, now: float) -> frozenset[SlotKey]:
        """Where a later task of ours would settle a doubt: until a while after the vendor has ended whatever it was."""
        lost = await tools.jobs.find(Filter(states=("unconfirmed",), limit=DOUBTS_MAX))
        last_s = tools.policy.vendor_deadline_s + tools.policy.absence_s
        return frozenset(
            slot_key(job) for job in lost if isinstance(job.state, Unconfirmed) and now - job.state.since < last_s
        )
