"""Reports: where the money went, by project, model, day or tag, and what an accepted clip has cost.

An *accepted* clip is a wish fulfilled: of several takes of one wish (its variants) at most one is used, and all of them
are paid for. So the cost of an accepted clip is that of all its takes, spares and unproven charges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from wanreel.domain.booking import Kind
from wanreel.domain.job import Job, Succeeded
from wanreel.domain.request import canonical, to_json
from wanreel.money.amount import of_nanos, plain, to_nanos
from wanreel.money.ledger import Posting, Purse

UNTAGGED = "(none)"


class By(StrEnum):
    """What a report has a line for."""

    PROJECT = "project"
    MODEL = "model"
    DAY = "day"
    TAG = "tag"


@dataclass(slots=True)
class Line:
    """One line: money of one currency under one key. `reserved` is what is held now, `estimated` what was reserved for
    what has been settled since; `unknown` counts what no price or length is known of.
    """

    key: str
    currency: str
    clips: int = 0
    seconds: Decimal = Decimal(0)
    estimated: Decimal = Decimal(0)
    settled: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    unproven: Decimal = Decimal(0)
    unknown: int = 0
    accepted: int = 0
    wishes: set[str] = field(default_factory=set[str])

    @property
    def cost(self) -> Decimal:
        """What was paid, or may have been."""
        return self.settled + self.unproven

    @property
    def per_clip(self) -> Decimal | None:
        """What a clip has cost."""
        return _share(self.settled, self.clips)

    @property
    def per_accepted(self) -> Decimal | None:
        """What a clip that fulfils a wish has cost, with everything paid on the way to it."""
        return _share(self.cost, self.accepted)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the ledger does not hold itself: the jobs by id, and which day an instant is."""

    jobs: Mapping[str, Job]
    day_of: Callable[[float], str]


def lines(postings: Iterable[Posting], by: By, facts: Facts) -> list[Line]:
    """The report's lines, by key. A clip with several tags stands under each of them."""
    found: dict[tuple[str, str], Line] = {}
    held: dict[str, Decimal] = {}
    for p in postings:
        for key in _keys(p, by, facts):
            line = found.setdefault((key, p.currency), Line(key, p.currency))
            _count(line, p, held.get(p.holder))
            wish = _wish(facts.jobs.get(p.job))
            if p.target is Purse.SPENT and wish is not None and wish not in line.wishes:
                line.wishes.add(wish)
                line.accepted += 1
        if p.kind is Kind.RESERVE and p.amount is not None:
            held[p.holder] = p.amount
    return [found[at] for at in sorted(found)]


def costs(postings: Iterable[Posting]) -> list[Line]:
    """What a job's postings come to: one line a currency."""
    return total(lines(postings, By.PROJECT, Facts({}, str)))


def total(report: Iterable[Line], key: str = "total") -> list[Line]:
    """The sum of lines that do not overlap, one for each currency: nothing is converted."""
    sums: dict[str, Line] = {}
    for line in report:
        whole = sums.setdefault(line.currency, Line(key, line.currency))
        whole.clips += line.clips
        whole.seconds += line.seconds
        whole.estimated += line.estimated
        whole.settled += line.settled
        whole.reserved += line.reserved
        whole.unproven += line.unproven
        whole.unknown += line.unknown
        whole.wishes |= line.wishes
        whole.accepted = len(whole.wishes)
    return [sums[currency] for currency in sorted(sums)]


def _count(line: Line, p: Posting, estimated: Decimal | None) -> None:
    made = p.kind is Kind.SETTLE and p.target is Purse.SPENT and not p.id.endswith("/over")
    if made:
        line.clips += 1
        line.seconds += p.seconds or Decimal(0)
        line.estimated += estimated or Decimal(0)
    if p.amount is None:
        line.unknown += p.target is Purse.SPENT
        return
    for purse, amount in ((p.target, p.amount), (p.source, -p.amount)):
        if purse is Purse.SPENT:
            line.settled += amount
        elif purse is Purse.RESERVED:
            line.reserved += amount
        elif purse is Purse.UNPROVEN:
            line.unproven += amount


def _keys(p: Posting, by: By, facts: Facts) -> tuple[str, ...]:
    if by is By.PROJECT:
        return (p.project,)
    if by is By.MODEL:
        return (p.model,)
    if by is By.DAY:
        return (facts.day_of(p.since),)
    job = facts.jobs.get(p.job)
    return job.tags if job is not None and job.tags else (UNTAGGED,)


def _wish(job: Job | None) -> str | None:
    """What a kept clip fulfils: its request but for the seed, within its group; None for a clip that was not kept."""
    if job is None or not isinstance(job.state, Succeeded):
        return None
    if job.group is None:
        return job.id
    asked = {name: value for name, value in to_json(job.request).items() if name != "seed"}
    return f"{job.group} {canonical(asked)}"


def _share(amount: Decimal, count: int) -> Decimal | None:
    """An equal share, rounded down to the billionth."""
    return plain(of_nanos(to_nanos(amount) // count)) if count else None
