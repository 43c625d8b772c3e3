"""Whether anything can still move without a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wanreel.domain.doubt import asks_person
from wanreel.domain.event import NEEDS_PERSON, SlotKey
from wanreel.domain.job import Job, Queued
from wanreel.domain.submitting import BUDGET
from wanreel.domain.turn import slot_key
from wanreel.ports.slots import Parked


def waits_for_person(job: Job, parks: Sequence[Parked], doubts: Mapping[SlotKey, int], limit: int) -> bool:
    """Whether an unfinished job stands still until somebody acts: in doubt, parked by key or billing, held for want
    of money, or with every slot of its key held by doubts.
    """
    if asks_person(job):
        return True
    if not isinstance(job.state, Queued):
        return False
    if job.state.held_by == BUDGET:
        return True
    key = slot_key(job)
    parked = any(p.park.kind in NEEDS_PERSON and p.park.covers(job) for p in parks)
    return parked or (doubts.get(key, 0) >= limit)
