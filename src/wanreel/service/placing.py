"""Where new jobs go: the account of the region in which a slot is free soonest, by how things stand in the store."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from wanreel.domain.job import Job
from wanreel.domain.pool import Spread, Standing
from wanreel.ports.clock import Clock
from wanreel.ports.slots import Holds, Slots
from wanreel.service.accounts import Accounts

WORTH = 20.0  # how things stand is looked at again after so many times as long as looking took
WORTH_S_MAX = 1.0
STREAM = 20  # orders, each within that time of the one before: from then on


@dataclass(slots=True)
class _Places:
    """Where new jobs may go, by model: looked up once, kept up with what is placed."""

    standing: Standing
    began_at: float
    until: float
    of_model: dict[str, Spread] = field(default_factory=dict[str, Spread])


class Placing:
    """Places the orders of one home."""

    def __init__(self, clock: Clock, slots: Slots, holds: Holds, accounts: Accounts) -> None:
        self._clock = clock
        self._slots = slots
        self._holds = holds
        self._accounts = accounts
        self._places: _Places | None = None
        self._placed_at = -1e18
        self._in_a_row = 0
        self._looking = 0  # orders that are looking how things stand

    async def placed(self, jobs: list[Job]) -> list[Job]:
        """New jobs, each in the account of the region where a slot is free soonest. Raises Unavailable."""
        pool = self._accounts.pool(self._accounts.main.account.region)
        if len(pool) < 2 or not jobs:
            return jobs
        places = await self._places_now()
        placed: list[Job] = []
        for job in jobs:
            model = job.request.model
            if model not in places.of_model:
                places.of_model[model] = Spread(places.standing.places(pool, model, self._accounts.limit_of))
            if job.bound:
                placed.append(job)
                continue
            placed.append(replace(job, account=places.of_model[model].next()))
        return placed

    async def _places_now(self) -> _Places:
        """How things stand, as of now; or, where orders come in a stream, as of a moment ago and with what was placed
        since: with many accounts a server would do little else than look.
        """
        now, known = self._clock.now(), self._places
        self._in_a_row = self._in_a_row + 1 if 0.0 <= now - self._placed_at < WORTH_S_MAX else 0
        self._placed_at = now
        if self._in_a_row >= STREAM and known is not None and known.began_at <= now < self._good_until(known):
            return known
        self._looking += 1
        try:
            standing = await self._look(now)
        finally:
            self._looking -= 1
        ended_at = self._clock.now()
        places = _Places(standing, now, ended_at + min(WORTH * (ended_at - now), WORTH_S_MAX))
        if self._places is known:  # nobody has looked meanwhile
            self._places = places
        return places

    def _good_until(self, known: _Places) -> float:
        """What is known serves a stream until then: while one order looks, the others need not look, too."""
        return known.until + (WORTH_S_MAX if self._looking else 0.0)

    async def _look(self, now: float) -> Standing:
        parks = [parked.park for parked in await self._slots.parks(now)]
        waiting, learned = await self._holds.waiting(), await self._holds.learned()
        return Standing(now, await self._slots.in_use(now), waiting, parks, learned)
