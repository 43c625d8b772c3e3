"""Budgets: how much a project may commit in a day or a month, when to warn, and when to stop a submit.

What counts is everything committed since the period began: reserved, spent and unproven, each on the day its task was
sent. A budget speaks of one currency; other currencies are not its business, and nothing is ever converted. Its days
and months are those of its own time zone. A budget stops a submit, never a running task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

from wanreel.domain.booking import Booking
from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.event import Notice
from wanreel.domain.job import Job
from wanreel.domain.labels import project_name
from wanreel.money.amount import CURRENCIES, plain, read_amount, words
from wanreel.money.ledger import Overrun

ALL = "*"  # every project together
PERIODS = ("day", "month")
_WARN_AT = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class Budget:
    """So much of a currency for a project (or `*`) in each day or month of a time zone."""

    project: str
    period: str
    amount: Decimal
    currency: str
    zone: str
    warn_at: Decimal = _WARN_AT

    @property
    def id(self) -> str:
        """There is one of a project, period and currency."""
        return f"{self.project}/{self.period}/{self.currency}"

    def covers(self, project: str, currency: str) -> bool:
        """Whether it counts what a project commits in a currency."""
        return self.project in (ALL, project) and self.currency == currency


@dataclass(frozen=True, slots=True)
class Used:
    """A budget, and what has been committed of it in the period that holds now."""

    budget: Budget
    amount: Decimal
    begins_at: float
    ends_at: float

    @property
    def left(self) -> Decimal:
        """What may still be committed."""
        return max(self.budget.amount - self.amount, Decimal(0))


@dataclass(frozen=True, slots=True)
class Spending:
    """Everything that may speak against a reservation, read at one moment."""

    budgets: tuple[Used, ...] = ()  # those that cover the project and currency
    job: Decimal = Decimal(0)  # what the job has committed so far, with its spares
    group: Decimal = Decimal(0)
    overruns: tuple[Overrun, ...] = ()  # of the account and model


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a reservation cannot be made, in words. `final`: no waiting can help."""

    why: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be said to clips that are not ordered: how many of them may be sent now, and each reason once why the
    others wait, or end (`final`, or all where that was wished: `refuse`). `asked`: there is a budget over them.
    """

    clips: int
    fit: int
    stops: tuple[Stop, ...] = ()
    warnings: tuple[str, ...] = ()
    asked: bool = False
    refuse: bool = False

    @property
    def ends(self) -> bool:
        """Whether what cannot be sent ends, instead of waiting."""
        return bool(self.stops) and (self.refuse or any(stop.final for stop in self.stops))


def read_budget(
    *,
    project: str | None,
    period: str,
    amount: str,
    currency: str,
    zone: str,
    zone_known: bool,
    warn_at: str | None = None,
) -> Budget:
    """A budget as a person says it. Raises Invalid naming every mistake."""
    problems: list[Problem] = []
    name = ALL
    if project is not None and project.strip() != ALL:
        try:
            name = project_name(project)
        except Invalid as wrong:
            problems.extend(wrong.problems)
    if period not in PERIODS:
        problems.append(Problem("period", f"must be {' or '.join(PERIODS)}", period))
    figure = read_amount(amount)
    if figure is None:
        problems.append(Problem("amount", "must be an amount of money from 0, such as 250 or 99.50", amount))
    money = currency.strip().upper()
    if money not in CURRENCIES:
        problems.append(Problem("currency", f"must be one of {', '.join(CURRENCIES)}; nothing is converted", currency))
    if not zone_known:
        problems.append(Problem("zone", "must be a time zone such as Asia/Shanghai, Europe/Berlin or UTC", zone))
    share = _WARN_AT if warn_at is None else read_amount(warn_at)
    if share is None or share > 1:
        problems.append(Problem("warn_at", "must be a share from 0 to 1, such as 0.8", str(warn_at)))
        share = _WARN_AT
    if problems or figure is None:
        raise Invalid("", tuple(problems))
    return Budget(name, period, figure, money, zone, share)


def period_of(budget: Budget, at: float, zone: tzinfo) -> tuple[float, float]:
    """When the budget's period around an instant begins and ends: its midnights, whatever the clocks do there."""
    day = datetime.fromtimestamp(at, zone).date()
    if budget.period == "day":
        first, after = day, day + timedelta(days=1)
    else:
        first = day.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
    return _midnight(first, zone), _midnight(after, zone)


def stop_for(job: Job, wanted: Booking, spending: Spending) -> Stop | None:
    """What speaks against making this reservation now; None when it may be made."""
    if spending.overruns:
        return Stop(_dearer(spending.overruns[0]))
    capped = [cap for cap in (job.max_cost, job.group_max_cost) if cap is not None]
    if wanted.amount is None:
        if not capped and not spending.budgets:
            return None
        what = "a highest cost" if capped else f"the budget of {_whose(spending.budgets[0].budget)}"
        return Stop(f"its price is unknown ({wanted.why}), so {what} cannot be kept", final=job.max_cost is not None)
    if job.max_cost is not None and spending.job + wanted.amount > job.max_cost:
        so_far = f" beside {words(spending.job)} it has cost" if spending.job else ""
        cost, cap = words(wanted.amount), words(job.max_cost)
        return Stop(f"it may cost {cost} {wanted.currency}{so_far}, and at most {cap} is allowed", final=True)
    of_group = spending.job if job.group is None else spending.group
    if job.group_max_cost is not None and of_group + wanted.amount > job.group_max_cost:
        used, cap = words(of_group), words(job.group_max_cost)
        return Stop(
            f"it may cost {words(wanted.amount)} {wanted.currency}, and its group has committed {used} of at most {cap}"
        )
    for used in spending.budgets:
        if used.amount + wanted.amount > used.budget.amount:
            b = used.budget
            # A job's words are its project's to read; what others have spent is not.
            whole = f"{words(b.amount)} {b.currency} a {b.period} for {_whose(b)}"
            left = f"too little is left of {whole}"
            if b.project != ALL:
                left = f"{words(used.amount)} of {whole} is committed"
            return Stop(f"{left}, and it may cost {words(wanted.amount)}")
    return None


def foresee(
    wanted: Sequence[tuple[Job, Booking]], budgets: Sequence[Used], overruns: Sequence[Overrun], *, refuse: bool = False
) -> Foreseen:
    """What `stop_for` and `warnings_for` would say if these jobs were sent one after the other now; each that fits
    counts for those behind it. Nothing is reserved.
    """
    used = list(budgets)
    of_group: dict[str | None, Decimal] = {}
    stops: dict[str, Stop] = {}
    warned: dict[str, None] = {}
    fit = 0
    for job, booking in wanted:
        places = [n for n, one in enumerate(used) if one.budget.covers(job.project, booking.currency)]
        met = tuple(one for one in overruns if (one.account, one.model) == (booking.account, booking.model))
        group = of_group.get(job.group, Decimal(0)) if job.group else Decimal(0)
        stop = stop_for(job, booking, Spending(tuple(used[n] for n in places), group=group, overruns=met))
        if stop is not None:
            stops.setdefault(stop.why, stop)
            continue
        fit += 1
        warned |= dict.fromkeys(notice.text for notice in warnings_for(booking, [used[n] for n in places]))
        if booking.amount is not None:
            of_group[job.group] = of_group.get(job.group, Decimal(0)) + booking.amount
            for n in places:
                used[n] = replace(used[n], amount=used[n].amount + booking.amount)
    covered = any(one.budget.covers(job.project, booking.currency) for one in budgets for job, booking in wanted)
    return Foreseen(len(wanted), fit, tuple(stops.values()), tuple(warned), covered, refuse)


def warnings_for(wanted: Booking, budgets: Sequence[Used]) -> tuple[Notice, ...]:
    """A notice for each budget whose warning line this reservation crosses; its id lets it be told once a period."""
    found: list[Notice] = []
    for used in budgets:
        b, before = used.budget, used.amount
        line = b.amount * b.warn_at
        if wanted.amount is None or not before < line <= before + wanted.amount:
            continue
        so_much = f"{plain(b.warn_at * 100)} %" if b.project == ALL else words(before + wanted.amount)
        text = f"{so_much} of {words(b.amount)} {b.currency} a {b.period} for {_whose(b)} is committed."
        notice_id = f"budget.{b.id}.{b.amount}.{int(used.begins_at)}"
        found.append(Notice(notice_id, wanted.holder, "budget.warning", wanted.at, text))
    return tuple(found)


def _dearer(overrun: Overrun) -> str:
    """What a job of any project may know of it."""
    return (
        f"a clip of {overrun.model} cost more than was reserved for it: nothing more of it is sent until somebody has "
        f"looked at its price (wanreel usage; then wanreel usage clear {overrun.model})"
    )


def overrun_words(overrun: Overrun) -> str:
    """What a wrong price looks like, and what to do about it."""
    return (
        f"{overrun.model} cost {words(overrun.settled)} {overrun.currency} where {words(overrun.reserved)} was "
        f"reserved (task {overrun.task} of job {overrun.job}): nothing more of it is sent until somebody has looked at "
        f"the price. Then: wanreel usage clear {overrun.model}"
    )


def overrun_notice(overrun: Overrun, holder: str) -> Notice:
    """The alarm."""
    return Notice(f"overrun.{overrun.id}", holder, "money.overrun", overrun.at, overrun_words(overrun))


def _whose(budget: Budget) -> str:
    return "all projects" if budget.project == ALL else f"project {budget.project}"


def _midnight(day: date, zone: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
