"""Double entries: every booking becomes transfers between four accounts, so that the books balance by construction.

*free* is where money comes from, *reserved* what may be spent at any moment, *spent* what the vendor bills, *unproven*
what it may have billed and nobody knows. A posting moves an amount from one to another; what could not be priced moves
as None, and is counted but never summed as zero.

`post` is the whole rule. It is given the postings its holder has so far, so the same booking twice does nothing, and
a reservation is closed by exactly what it was made with, whatever prices have become since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from wanreel.domain.booking import Booking, Kind


class Purse(StrEnum):
    """Where money is."""

    FREE = "free"
    RESERVED = "reserved"
    SPENT = "spent"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Posting:
    """One transfer. `since` is the instant the money was committed: the day it counts for in budgets and reports."""

    id: str
    kind: Kind
    source: Purse
    target: Purse
    amount: Decimal | None
    currency: str
    at: float
    since: float
    holder: str
    job: str
    project: str
    account: str
    model: str
    group: str | None = None
    seconds: Decimal | None = None
    task: str = ""
    intent: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Overrun:
    """A settlement above its reservation: what is believed of a model's price is wrong, so nothing of it is sent."""

    id: str
    account: str
    model: str
    job: str
    task: str
    at: float
    reserved: Decimal
    settled: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Posted:
    """What a booking comes to."""

    postings: tuple[Posting, ...] = ()
    overrun: Overrun | None = None


def post(booking: Booking, before: Sequence[Posting]) -> Posted:
    """The postings of a booking, given all earlier ones of its holder; none when it has been booked already."""
    if any(_stem(p.id) == booking.id for p in before):
        return Posted()
    if booking.kind is Kind.RESERVE:
        return Posted((_posting(booking, Purse.FREE, Purse.RESERVED, booking.amount, booking.at),))
    if booking.kind is Kind.PROVEN:
        return Posted(_proven(booking, before))
    held = open_reservation(before)
    since = booking.at if held is None else held.since
    if booking.kind is Kind.SETTLE:
        return _settled(booking, held, since)
    target = Purse.FREE if booking.kind is Kind.RELEASE else Purse.UNPROVEN
    if held is None:
        return Posted()
    return Posted((_posting(booking, Purse.RESERVED, target, held.amount, since, currency=held.currency),))


def open_reservation(postings: Iterable[Posting]) -> Posting | None:
    """A holder's reservation that nothing has closed yet."""
    held: Posting | None = None
    for posting in postings:
        if posting.target is Purse.RESERVED:
            held = posting
        elif posting.source is Purse.RESERVED:
            held = None  # whatever closes a reservation closes it whole
    return held


def balances(postings: Iterable[Posting]) -> dict[tuple[str, Purse], Decimal]:
    """What each account holds, by currency; together nothing."""
    found: dict[tuple[str, Purse], Decimal] = {}
    for p in postings:
        if p.amount is not None:
            for purse, amount in ((p.source, -p.amount), (p.target, p.amount)):
                found[p.currency, purse] = found.get((p.currency, purse), Decimal(0)) + amount
    return found


def committed(postings: Iterable[Posting], currency: str) -> Decimal:
    """All that is not free: reserved, spent and unproven."""
    return -balances(postings).get((currency, Purse.FREE), Decimal(0))


def _settled(booking: Booking, held: Posting | None, since: float) -> Posted:
    """The reservation becomes spent as far as it reaches; the rest is free again, or what lacks is taken from free."""
    amount = booking.amount
    if held is None:
        return Posted((_posting(booking, Purse.FREE, Purse.SPENT, amount, since),))
    if amount is None and held.amount is not None:  # made, and nobody can say for how much
        return Posted((_posting(booking, Purse.RESERVED, Purse.UNPROVEN, held.amount, since, currency=held.currency),))
    if amount is None or held.amount is None or held.currency != booking.currency:
        closed = replace(_posting(booking, Purse.RESERVED, Purse.FREE, held.amount, since), id=f"{booking.id}/rest")
        closed = replace(closed, currency=held.currency, seconds=None)
        spent = _posting(booking, Purse.FREE, Purse.SPENT, amount, since)
        foreign = held.amount is not None and amount is not None  # nothing of this currency had been set aside
        return Posted((closed, spent), _overrun(booking, Decimal(0), amount) if foreign and amount else None)
    if amount < held.amount:
        spent = _posting(booking, Purse.RESERVED, Purse.SPENT, amount, since)
        rest = _posting(booking, Purse.RESERVED, Purse.FREE, held.amount - amount, since)
        return Posted((spent, replace(rest, id=f"{booking.id}/rest", seconds=None)))
    spent = _posting(booking, Purse.RESERVED, Purse.SPENT, held.amount, since)
    if amount == held.amount:
        return Posted((spent,))
    over = _posting(booking, Purse.FREE, Purse.SPENT, amount - held.amount, since)
    over = replace(over, id=f"{booking.id}/over", seconds=None)
    return Posted((spent, over), _overrun(booking, held.amount, amount))


def _overrun(booking: Booking, reserved: Decimal, settled: Decimal) -> Overrun:
    return Overrun(
        id=booking.id,
        account=booking.account,
        model=booking.model,
        job=booking.job,
        task=booking.task,
        at=booking.at,
        reserved=reserved,
        settled=settled,
        currency=booking.currency,
    )


def _proven(booking: Booking, before: Sequence[Posting]) -> tuple[Posting, ...]:
    """What is unproven for the intent that has turned up (or, if that is not known, the last) is free again."""
    doubtful = [p for p in before if p.target is Purse.UNPROVEN and booking.intent in ("", p.intent)]
    known = {p.intent for p in before if p.source is Purse.UNPROVEN}
    left = [p for p in doubtful if p.intent and p.intent not in known]
    if not left:
        return ()
    last = left[-1]
    turned_up = replace(booking, intent=last.intent)
    return (_posting(turned_up, Purse.UNPROVEN, Purse.FREE, last.amount, last.since, currency=last.currency),)


def _posting(
    booking: Booking, source: Purse, target: Purse, amount: Decimal | None, since: float, *, currency: str | None = None
) -> Posting:
    return Posting(
        id=booking.id,
        kind=booking.kind,
        source=source,
        target=target,
        amount=amount,
        currency=booking.currency if currency is None else currency,
        at=booking.at,
        since=since,
        holder=booking.holder,
        job=booking.job,
        project=booking.project,
        account=booking.account,
        model=booking.model,
        group=booking.group,
        seconds=booking.seconds,
        task=booking.task,
        intent=booking.intent,
        why=booking.why,
    )


def _stem(posting_id: str) -> str:
    for ending in ("/rest", "/over"):
        posting_id = posting_id.removesuffix(ending)
    return posting_id
