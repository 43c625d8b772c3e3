"""The right to a running task, and what people and refusals say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wanreel.domain.event import Change, Park, SlotKey
from wanreel.domain.job import Job
from wanreel.domain.slots import Learned


@dataclass(frozen=True, slots=True)
class Parked:
    """A park as stored."""

    park: Park
    since: float


class Slots(Protocol):
    """The right to a running task of a model on an account, held from the intent to the vendor's last word."""

    async def begin(self, change: Change, now: float, quiet_s: float, claimed_until: float) -> bool:
        """Commit a change to Submitting if at this very moment a slot is free, nothing parks the key and nothing else
        of it is in the air; False, and nothing written, if not. The claim is kept. Raises Stale, NotFound, and
        BudgetReached where there is no money for it.
        """
        ...

    async def in_use(self, now: float) -> Mapping[SlotKey, int]:
        """Slots held, by key."""
        ...

    async def parks(self, now: float) -> list[Parked]:
        """Parks in force."""
        ...

    async def lift(self, account: str | None) -> int:
        """End the parks of an account (None: all), but not those made by hand, and say how many."""
        ...

    async def lost_submits(self, now: float, owner: str) -> list[Job]:
        """Jobs in Submitting whose claim has run out or is nobody's, claimed for `owner` for rescue."""
        ...

    async def seen_since(self, account: str, since: float, but: str) -> bool:
        """Whether the vendor has shown any task of the account, other than job `but`'s, at or after `since`."""
        ...

    async def next_due(self, now: float) -> float | None:
        """The earliest instant at which any job, park or notice needs attention; None when nothing is pending."""
        ...


class Holds(Protocol):
    """What refusals have taught, and what people have decided, about sending no more than so much."""

    async def learned(self) -> Mapping[SlotKey, Learned]:
        """What refusals have taught about limits, by key."""
        ...

    async def hold(self, park: Park, now: float) -> None:
        """Send nothing more on what the park covers, until `resume`: through restarts, whatever the vendor says."""
        ...

    async def resume(self, key: SlotKey, project: str = "") -> int:
        """End what was held by hand on a key (of "*" models: on all of the account's), and say how many that were."""
        ...

    async def waiting(self) -> Mapping[SlotKey, int]:
        """Queued jobs, by key."""
        ...

    async def movable(self, key: SlotKey, now: float, limit: int) -> list[Job]:
        """Queued jobs of a key that may change their account and that nobody has claimed; who is next comes first."""
        ...

    async def ahead(self, jobs: Sequence[Job]) -> Mapping[str, int]:
        """How many queued jobs of the same account and model go before each of these, projects and parks left out of
        account: by id, those of them that are queued. One question, however many jobs.
        """
        ...

    async def unlearn(self, account: str | None) -> int:
        """Forget what was learned of an account (None: of all): what was set or told holds again. How much it was."""
        ...


class Rates(Protocol):
    """Turns at calls whose rate is counted over all processes of a database together. Raises Unavailable."""

    async def turn(self, kind: str, now: float, apart_s: float, by: float | None) -> float | None:
        """When a call of a kind may be made, the next one `apart_s` after it; None, and nothing counted, if that would
        be after `by`. Instants are unix seconds.
        """
        ...
