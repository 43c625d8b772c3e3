"""What was reserved, settled and spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from wanreel.domain.booking import Booking
from wanreel.domain.job import Job
from wanreel.money.budget import Budget, Stop, Used
from wanreel.money.ledger import Overrun, Posting


@dataclass(frozen=True, slots=True)
class Slice:
    """Which postings; unset fields don't narrow. `since` and `until` speak of when money was committed."""

    since: float | None = None
    until: float | None = None
    project: str | None = None
    account: str | None = None
    jobs: tuple[str, ...] = ()  # caused by these


class Ledger(Protocol):
    """The money: double entries that are written with the changes they belong to, and the budgets that guard them.

    `Jobs.commit` and `Slots.begin` enter a change's bookings. `begin` also reads the budgets, under the same lock, and
    refuses what they do not allow.
    """

    async def postings(self, which: Slice) -> list[Posting]:
        """Double entries by filter, oldest first."""
        ...

    async def stop(self, job: Job, wanted: Booking, now: float) -> Stop | None:
        """What would speak against a reservation just now; only `begin` decides."""
        ...

    async def budgets(self, now: float) -> list[Used]:
        """All budgets, each with what is committed in the period that holds now."""
        ...

    async def put_budget(self, budget: Budget) -> None:
        """Set a budget, in place of the one with its id."""
        ...

    async def drop_budget(self, budget_id: str) -> None:
        """End a budget. Raises NotFound."""
        ...

    async def overruns(self) -> list[Overrun]:
        """Settlements above their reservations that nobody has cleared yet, oldest first."""
        ...

    async def clear(self, model: str | None) -> int:
        """Somebody has looked at the price of a model (None: all): it is sent again. How many there were."""
        ...
