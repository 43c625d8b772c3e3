"""Several accounts of a region as one pool: where a job goes, and which jobs that wait had better wait elsewhere.

A job whose task the vendor has, or may have, never moves: a task is visible in its account alone.

An account with a doubt has one job wait for it that could be sent elsewhere: only a later task of ours there proves
that a lost call never arrived (decision 0021). It is a job somebody wants anyway; none is ever made for proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heapreplace

from wanreel.domain.event import NEEDS_PERSON, Park, Pause, SlotKey
from wanreel.domain.job import Account
from wanreel.domain.slots import Learned, allowed

SHUT = (*NEEDS_PERSON, Pause.QUOTA)
"""Parks that last for minutes or for good: whoever can had better wait elsewhere meanwhile."""


@dataclass(frozen=True, slots=True)
class Place:
    """How things stand for one model on one account. `shut`: nothing is sent there for now, for minutes or for good."""

    account: Account
    slots: int
    used: int = 0
    waiting: int = 0  # queued jobs
    shut: bool = False
    doubts: bool = False  # a call was lost here, and a later task of ours would settle it

    @property
    def room(self) -> int:
        """Slots that are free and that nobody waits for."""
        return 0 if self.shut else max(0, self.slots - self.used - self.waiting)

    @property
    def surplus(self) -> int:
        """Queued jobs that would not be sent now, were it their turn."""
        if self.shut:
            return self.waiting
        return max(0, self.waiting - max(0, self.slots - self.used, int(self.doubts)))

    @property
    def wants_witness(self) -> bool:
        """Whether a job should come here to settle a doubt, were it to wait: none does yet."""
        return self.doubts and not self.shut and not self.waiting


@dataclass(frozen=True, slots=True)
class Shift:
    """So many queued jobs are to move from one account to another."""

    away: Account
    to: Account
    jobs: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand in all accounts at one moment, by what the store holds."""

    now: float
    in_use: Mapping[SlotKey, int]
    waiting: Mapping[SlotKey, int]
    parks: Sequence[Park]
    learned: Mapping[SlotKey, Learned]
    doubts: frozenset[SlotKey] = frozenset()  # where a call was lost and its task not found

    def models(self, pool: Sequence[Account]) -> list[str]:
        """Models that jobs of these accounts wait for."""
        names = {account.id for account in pool}
        return sorted({key.model for key, jobs in self.waiting.items() if jobs and key.account in names})

    def places(self, pool: Sequence[Account], model: str, limit_of: Callable[[SlotKey], int]) -> list[Place]:
        """The accounts of a pool as places for jobs of a model."""
        return [self._place(account, SlotKey(account.id, model), limit_of) for account in pool]

    def _place(self, account: Account, key: SlotKey, limit_of: Callable[[SlotKey], int]) -> Place:
        parks = [park for park in self.parks if park.key.covers(key) and not park.project]
        return Place(
            account,
            slots=allowed(limit_of(key), self.learned.get(key), self.now),
            used=self.in_use.get(key, 0),
            waiting=self.waiting.get(key, 0),
            shut=any(park.kind in SHUT for park in parks),
            doubts=key in self.doubts,
        )


class Spread:
    """New jobs spread over places, each where a slot is free soonest: where one is free now, else where the fewest wait
    for each slot. Of equals it is the one with the most room, then the first.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = [(_wait(place), number, place) for number, place in enumerate(places)]
        heapify(self._places)

    def next(self) -> Account:
        """Where the next job goes; it waits there from now on."""
        _, number, place = self._places[0]
        joined = replace(place, waiting=place.waiting + 1)
        heapreplace(self._places, (_wait(joined), number, joined))
        return place.account


def _wait(place: Place) -> tuple[bool, float, int]:
    ahead = max(0, place.used + place.waiting + 1 - place.slots)
    return (place.shut, ahead / max(1, place.slots), -place.room)


def shifts(places: Sequence[Place]) -> list[Shift]:
    """Moves that bring queued jobs from where none would be sent now to where some would, or to where one would settle
    a doubt.
    """
    free = {place.account.id: max(place.room, int(place.wants_witness)) for place in places}
    found: list[Shift] = []
    for place in sorted(places, key=lambda p: not p.shut):
        left = place.surplus
        for spot in places:
            jobs = 0 if spot is place else min(left, free[spot.account.id])
            if jobs:
                found.append(Shift(place.account, spot.account, jobs))
                free[spot.account.id] -= jobs
                left -= jobs
    return found
