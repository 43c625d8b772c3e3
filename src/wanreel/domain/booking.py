"""What a change means for the money: bookings, which travel with the change and are written with it or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """The five things that can happen to money. Each is of one job's open reservation."""

    RESERVE = "reserve"  # a paid call is about to be made, or a paid task has turned up
    SETTLE = "settle"  # the vendor made a clip: what its usage says is spent, the rest is free again
    RELEASE = "release"  # nothing was bought
    UNPROVEN = "unproven"  # it ended and nobody knows: it may have been billed
    PROVEN = "proven"  # what was unproven has turned up after all, as a task with a reservation of its own


@dataclass(frozen=True, slots=True)
class Booking:
    """One thing that happened to money. Its id says what it is about, so that the same is never booked twice.

    `holder` is the job whose reservation it is, `job` the one that caused it: they differ for a spare. `amount` is
    exact; None where the price, or what the vendor charged for, is not known.
    """

    id: str
    kind: Kind
    at: float
    holder: str
    job: str
    project: str
    account: str
    model: str
    currency: str
    group: str | None = None
    amount: Decimal | None = None
    seconds: Decimal | None = None
    task: str = ""
    intent: str = ""
    why: str = ""
