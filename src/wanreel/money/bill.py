"""The vendor's bill held against the ledger: every difference by its task and its job, or as unknown to us.

A bill is rounded, so an amount agrees when it does to the last decimal the bill shows, and at least to the cent.
Nothing is converted: a task billed in another currency than it was settled in is a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from wanreel.money.amount import words
from wanreel.money.ledger import Posting, Purse

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Billed:
    """What a bill says of a task in one currency, its rows added up. `slack` is what the roundings of those rows that
    charge something may come to, `least` the smallest rounding among all of them.
    """

    task: str
    currency: str
    amount: Decimal
    slack: Decimal
    line: int
    rows: int = 1
    least: Decimal = _ZERO

    @property
    def may_differ(self) -> Decimal:
        """By how much it may differ from what was settled, and is the same amount."""
        return self.slack or self.least


@dataclass(frozen=True, slots=True)
class Bill:
    """What each task is billed, and the rows that name no task."""

    tasks: tuple[Billed, ...]
    strays: tuple[Billed, ...] = ()


class Verdict(StrEnum):
    """How a task of the bill and the ledger differ."""

    MISSING = "missing"  # settled here, not in the bill
    EXTRA = "extra"  # in the bill, not settled here
    CHANGED = "changed"  # in both, with other amounts


@dataclass(frozen=True, slots=True)
class Difference:
    """One task that bill and ledger do not agree on. `job` is None where we know nothing of it; `task` is the line
    where a row names none.
    """

    verdict: Verdict
    task: str
    job: str | None
    billed: Decimal | None
    settled: Decimal | None
    currency: str
    words: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of it: how many tasks agree, the sums by currency, and the tasks that do not agree."""

    agreed: int
    billed: Mapping[str, Decimal]
    settled: Mapping[str, Decimal]
    differences: tuple[Difference, ...]


@dataclass(slots=True)
class _Settled:
    """What the ledger says of a task: amounts by currency, and what it could not price."""

    job: str = ""
    amounts: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    unpriced: bool = False
    unproven: bool = False


def reconcile(bill: Bill, postings: Iterable[Posting], known: Mapping[str, str]) -> Reconciled:
    """The bill against what was settled. `known` tells the jobs of tasks that the postings do not name."""
    settled = _of_ledger(postings)
    billed: dict[str, dict[str, Billed]] = {}
    for one in bill.tasks:
        billed.setdefault(one.task, {})[one.currency] = one
    differences: list[Difference] = []
    agreed = 0
    for task in sorted(billed.keys() | settled.keys()):
        ours = settled.get(task, _Settled(known.get(task, "")))
        found = list(_differences(task, billed.get(task, {}), ours))
        agreed += task in billed and not found
        differences += found
    for one in bill.strays:
        if one.amount:
            where, said = f"line {one.line}", "the row names no task, so it is unknown to us"
            differences.append(Difference(Verdict.EXTRA, where, None, one.amount, None, one.currency, said))
    return Reconciled(
        agreed,
        _sums((one.currency, one.amount) for one in (*bill.tasks, *bill.strays)),
        _sums(pair for ours in settled.values() for pair in ours.amounts.items()),
        tuple(differences),
    )


def _of_ledger(postings: Iterable[Posting]) -> dict[str, _Settled]:
    found: dict[str, _Settled] = {}
    for p in postings:
        if not p.task:
            continue
        ours = found.setdefault(p.task, _Settled(p.job))
        if p.target is Purse.SPENT and p.amount is None:
            ours.unpriced = True
        elif p.target is Purse.SPENT and p.amount is not None:
            ours.amounts[p.currency] = ours.amounts.get(p.currency, _ZERO) + p.amount
        elif p.target is Purse.UNPROVEN:
            ours.unproven = True
    return found


def _differences(task: str, billed: Mapping[str, Billed], ours: _Settled) -> Iterator[Difference]:
    """What does not agree of one task."""
    job = ours.job or None
    if ours.unpriced:
        for one in billed.values():
            said = "settled here without a price, which nobody knew"
            yield Difference(Verdict.CHANGED, task, job, one.amount, None, one.currency, said)
        if not billed:
            said = "made here at a price nobody knew, and the bill does not have it"
            yield Difference(Verdict.MISSING, task, job, None, None, "", said)
        return
    here = {currency: amount for currency, amount in ours.amounts.items() if amount or currency in billed}
    if len(billed) == len(here) == 1 and billed.keys() != here.keys():
        (one,), ((currency, amount),) = billed.values(), here.items()
        said = f"the bill is in {one.currency}, and {words(amount)} {currency} was settled; nothing is converted"
        yield Difference(Verdict.CHANGED, task, job, one.amount, amount, one.currency, said)
        return
    for currency in sorted(billed.keys() | here.keys()):
        one, amount = billed.get(currency), here.get(currency)
        if one is None:
            said = "settled here, and the bill does not have it"
            yield Difference(Verdict.MISSING, task, job, None, amount, currency, said)
        elif amount is None and one.amount:
            yield Difference(Verdict.EXTRA, task, job, one.amount, None, currency, _extra(one, ours))
        elif abs(one.amount - (amount or _ZERO)) > one.may_differ:
            said = f"the bill has another amount{_in_rows(one)}"
            yield Difference(Verdict.CHANGED, task, job, one.amount, amount, currency, said)


def _extra(one: Billed, ours: _Settled) -> str:
    if not ours.job:
        return f"billed{_in_rows(one)}, and unknown to us"
    if ours.unproven:
        return f"billed{_in_rows(one)}, and unproven here: its end was never seen"
    return f"billed{_in_rows(one)}, and not settled here: see its history"


def _in_rows(one: Billed) -> str:
    return "" if one.rows == 1 else f" in {one.rows} rows"


def _sums(pairs: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for currency, amount in pairs:
        found[currency] = found.get(currency, _ZERO) + amount
    return dict(sorted(found.items()))
