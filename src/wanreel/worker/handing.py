"""Handing jobs over to an engine of somebody else's, and taking the turns it asks for: who acts still needs a claim.

The store says what is due, and who may act, as it does for the loop. The engine says where and when.

* A queued job is claimed where a slot is free, and the engine is asked to bring it back *here*: the claim is this
  worker's. What waits for a slot is a row of the store and nothing to the engine.
* A job under way is woken by the engine's own timer, or by name when something was seen of it.
* What is overdue all the same (never begun on the engine, ended there by hand, due again by a cancel or a storage that
  is back) is found by one worker for all; clips by each for itself, for one may lie in its machine's spool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from wanreel.domain.errors import NotFound, Unavailable
from wanreel.domain.job import Archiving, Generating, Job, Queued, Submitting, Unconfirmed, is_final, state_name
from wanreel.domain.lifecycle import Action, action_due
from wanreel.ports.engine import Engine, Turn
from wanreel.ports.jobs import Lane
from wanreel.telemetry import LOOP_BROKE, log
from wanreel.worker.presence import Presence
from wanreel.worker.spool_gate import SpoolGate
from wanreel.worker.tools import CLAIM_S, Tools, claim_of

OVERDUE_S = 2.0  # so much is left to the engine's own timers before anybody looks after it
SEEK_S = 1.0  # how often what is overdue is looked for
FOUND_S = 15.0  # what was found overdue is not found again sooner
FOUND_MAX = 100
WOKEN_S = 3.0  # what is seen of a job again and again wakes it no more often
COMING_S = 30.0  # a queued job the engine has not brought by then goes back to the queue
REST_S = 2.0  # after the engine did not answer
ASK_AGAIN_S = 5.0
DOUBT_S = 600.0  # whatever settles a doubt says so itself; this is for want of better
_LANES = {
    Action.SUBMIT: Lane.SUBMIT,
    Action.POLL: Lane.WATCH,
    Action.CANCEL: Lane.WATCH,
    Action.ARCHIVE: Lane.ARCHIVE,
}


@dataclass(slots=True)
class Handing:
    """One for each runner. Without a `presence` there are no other workers."""

    engine: Engine
    tools: Tools
    presence: Presence | None
    gate: SpoolGate | None = None  # to be told of what it let through and is not sent after all
    _coming: dict[str, tuple[Job, float]] = field(default_factory=dict[str, tuple[Job, float]])  # until when
    _woken: dict[str, float] = field(default_factory=dict[str, float])  # and until when that will do
    _rest_until: float = 0.0
    _seek_at: dict[Lane, float] = field(default_factory=dict[Lane, float])

    # --- to the engine ----------------------------------------------------------------------------------------------

    async def claim(self, lane: Lane, room: int) -> list[Job]:
        """What is to be handed over in a lane, as far as there is room here. Raises Unavailable (the store)."""
        now = self.tools.clock.now()
        if now < self._rest_until:
            return []
        if lane is Lane.SUBMIT:
            await self._give_back(now)
            return await self._claimed(lane, now, room - len(self._coming))
        if now < self._seek_at.get(lane, 0.0):
            return []
        self._seek_at[lane] = now + SEEK_S
        if lane is Lane.ARCHIVE:  # each for itself: what lies in a machine's spool is for that machine
            return await self._claimed(lane, now - OVERDUE_S, room)
        alone = self.presence is None or await self.presence.alone("overdue")
        return await self._claimed(lane, now - OVERDUE_S, FOUND_MAX) if alone else []

    async def hand(self, jobs: Sequence[Job]) -> int:
        """Hand over what was claimed; how many jobs that were. Raises Unavailable (the store)."""
        now = self.tools.clock.now()
        self._coming |= {job.id: (job, now + COMING_S) for job in jobs if isinstance(job.state, Queued)}
        called = await asyncio.gather(*(self._call(job, self.tools.owner) for job in jobs))
        for job, went in zip(jobs, called, strict=True):
            if not went:
                await self._let_go(job)
        return sum(called)

    async def wake(self, ids: Sequence[str]) -> list[str]:
        """Have jobs take their turns, due or not; which of them will. Raises Unavailable (the store)."""
        now = self.tools.clock.now()
        if not ids or now < self._rest_until:
            return []
        self._woken = {job_id: until for job_id, until in self._woken.items() if until > now}
        found = await asyncio.gather(*(self._find(job_id) for job_id in ids if job_id not in self._woken))
        jobs = [job for job in found if job is not None]
        called = await asyncio.gather(*(self._call(job, "") for job in jobs))
        self._woken |= {job.id: now + WOKEN_S for job, went in zip(jobs, called, strict=True) if went}
        lost = {job.id for job, went in zip(jobs, called, strict=True) if not went}
        return [job_id for job_id in ids if job_id not in lost]

    async def _claimed(self, lane: Lane, now: float, limit: int) -> list[Job]:
        hold_s = CLAIM_S[lane] if lane is Lane.SUBMIT else FOUND_S + OVERDUE_S
        return await self.tools.jobs.claim(claim_of(self.tools, lane, now, hold_s, limit)) if limit > 0 else []

    async def _call(self, job: Job, claimed_by: str) -> bool:
        try:
            await self.engine.wake(job, claimed_by)
        except Unavailable as why:
            if self.tools.clock.now() >= self._rest_until:
                log.error(LOOP_BROKE, why=str(why))
            self._rest_until = self.tools.clock.now() + REST_S
            return False
        return True

    async def _find(self, job_id: str) -> Job | None:
        try:
            return await self.tools.jobs.get(job_id)
        except NotFound:
            return None

    async def _give_back(self, now: float) -> None:
        """Let go of queued jobs that the engine has not brought."""
        for job in [job for job, until in self._coming.values() if until <= now]:
            await self._let_go(job)

    async def _let_go(self, job: Job) -> None:
        await self.tools.jobs.release(self.tools.owner, job.id)  # what the store does not hear of is tried again
        if self._coming.pop(job.id, None) is not None and self.gate is not None:
            self.gate.over(job)

    # --- from the engine --------------------------------------------------------------------------------------------

    async def take(self, job_id: str, claimed_by: str) -> tuple[Job | None, Lane | None]:
        """The job, claimed for this worker, with its lane; None where there is nothing to do for it here and now.
        Raises Unavailable.
        """
        job = await self._find(job_id)
        action = None if job is None else action_due(job)
        if job is None or action is None:
            return None, None
        lane = _LANES[action]
        if lane is Lane.SUBMIT:
            ours = claimed_by == self.tools.owner and self._coming.pop(job_id, None) is not None
            return (job if ours else None), lane
        if claimed_by:  # whoever found it overdue
            await self.tools.jobs.release(claimed_by, job_id)
        claim = claim_of(self.tools, lane, self.tools.clock.now(), CLAIM_S[lane], 1, (job_id,))
        return next(iter(await self.tools.jobs.claim(claim)), None), lane

    async def standing(self, job_id: str, before: Job | None) -> Turn:
        """How a job stands after its turn. Raises Unavailable."""
        job = await self._find(job_id)
        if job is None:
            return Turn("gone", over=True)
        state, word = job.state, state_name(job.state)
        if is_final(job) or isinstance(state, Queued):
            return Turn(word, over=True)
        if isinstance(state, Submitting):
            return Turn(word, wait_s=ASK_AGAIN_S)
        if isinstance(state, Unconfirmed):
            return Turn(word, wait_s=DOUBT_S)
        assert isinstance(state, (Generating, Archiving))
        wait_s = max(state.due_at - self.tools.clock.now(), 0.0)
        stuck = before is None or before.version == job.version  # somebody else has it, or its step broke
        heavy = action_due(job) is Action.ARCHIVE
        return Turn(word, wait_s=wait_s, heavy=heavy, trouble=stuck and wait_s == 0.0)
