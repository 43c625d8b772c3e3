"""What may be counted of all jobs at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Standing:
    """The jobs in one unfinished state: how many, and when the oldest of them was ordered (unix seconds)."""

    jobs: int
    oldest_at: float


@dataclass(frozen=True, slots=True)
class Census:
    """How a store stands at one moment. A state that no job is in is left out, and so is a currency nothing is in."""

    standings: Mapping[str, Standing]
    expires_at: float | None  # of the made clip that dies first and lies in no place of ours; None: there is none
    reserved: Mapping[str, Decimal]  # by currency, of unfinished jobs


class Counted(Protocol):
    """What may be counted at any moment without reading what has ended."""

    async def census(self) -> Census:
        """Unfinished jobs by state, the nearest loss, and what is reserved."""
        ...
