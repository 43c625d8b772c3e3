"""The ledger: postings written with their change, running sums that budgets are read from, and what stops a submit.

What is read for a decision is read in the transaction that writes it. Where several writers may be in one database at
a time, they meet at the rows of the budgets, which are locked first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal

from sqlalchemy import Connection, RowMapping, bindparam, case, delete, func, insert, select, update

from wanreel.data.zones import zone_of
from wanreel.domain.booking import Booking, Kind
from wanreel.domain.errors import BudgetReached, NotFound
from wanreel.domain.event import Change, Notice
from wanreel.domain.job import Job
from wanreel.money.amount import of_nanos, to_nanos
from wanreel.money.budget import Budget, Spending, Stop, Used, overrun_notice, period_of, stop_for, warnings_for
from wanreel.money.ledger import Overrun, Posting, Purse, post
from wanreel.ports.ledger import Slice
from wanreel.store.sql.tables import budgets, committed, ledger, overruns

QUARTER_S = 900  # every time zone's midnight lies on a quarter of an hour
_PROJECT, _GROUP = "project", "group"

_ENTRIES = select(ledger).order_by(ledger.c.seq)
_OF_HOLDER = _ENTRIES.where(ledger.c.holder == bindparam("the_holder"))
_CAUSED_BY = _ENTRIES.where(ledger.c.job_id == bindparam("the_job"))
_INSERT = insert(ledger)
_OUT = case((ledger.c.source == Purse.FREE.value, ledger.c.nanos), else_=-ledger.c.nanos)
_OF_JOB = select(func.coalesce(func.sum(_OUT), 0)).where(
    ledger.c.job_id == bindparam("the_job"),
    ledger.c.currency == bindparam("the_currency"),
    ledger.c.nanos.is_not(None),
    (ledger.c.source == Purse.FREE.value) | (ledger.c.target == Purse.FREE.value),
)
_SUM = (
    (committed.c.scope == bindparam("the_scope"))
    & (committed.c.name == bindparam("the_name"))
    & (committed.c.currency == bindparam("the_currency"))
)
_ADD = (
    update(committed)
    .where(_SUM, committed.c.quarter == bindparam("the_quarter"))
    .values(nanos=committed.c.nanos + bindparam("more"))
)
_INSERT_SUM = insert(committed)
_IN_PERIOD = (committed.c.quarter >= bindparam("first")) & (committed.c.quarter < bindparam("after"))
_TOTAL = select(func.coalesce(func.sum(committed.c.nanos), 0))
_OF_PROJECT = _TOTAL.where(_SUM, _IN_PERIOD)
_OF_ALL = _TOTAL.where(committed.c.scope == _PROJECT, committed.c.currency == bindparam("the_currency"), _IN_PERIOD)
_OF_GROUP = _TOTAL.where(_SUM)
_BUDGETS = select(budgets).order_by(budgets.c.id)
_BUDGETS_LOCKED = _BUDGETS.where(
    (budgets.c.project == "*") | (budgets.c.project == bindparam("the_project"))
).with_for_update()
_DROP_BUDGET = delete(budgets).where(budgets.c.id == bindparam("the_id"))
_SET_BUDGET = update(budgets).where(budgets.c.id == bindparam("the_id"))
_INSERT_BUDGET = insert(budgets)
_OVERRUNS = select(overruns).order_by(overruns.c.at, overruns.c.id)
_OVERRUNS_OF = _OVERRUNS.where(
    overruns.c.account == bindparam("the_account"), overruns.c.model == bindparam("the_model")
)
_INSERT_OVERRUN = insert(overruns)
_CLEAR_ALL = delete(overruns)
_CLEAR = _CLEAR_ALL.where(overruns.c.model == bindparam("the_model"))


# --- writing --------------------------------------------------------------------------------------------------------


def book(conn: Connection, money: Sequence[Booking], left_out: set[str]) -> list[Notice]:
    """Enter a change's bookings, but for those of spares that were left out; the alarms they raise."""
    alarms: list[Notice] = []
    for booking in money:
        if booking.holder in left_out:
            continue
        before = [_posting(row) for row in conn.execute(_OF_HOLDER, {"the_holder": booking.holder}).mappings()]
        posted = post(booking, before)
        for posting in posted.postings:
            conn.execute(_INSERT, _row(posting))
            _sum_up(conn, posting)
        if posted.overrun is not None:
            conn.execute(_INSERT_OVERRUN, _overrun_row(posted.overrun))
            alarms.append(overrun_notice(posted.overrun, booking.holder))
    return alarms


def _sum_up(conn: Connection, posting: Posting) -> None:
    """What leaves the free purse is committed, what comes back is no longer."""
    if posting.amount is None or Purse.FREE not in (posting.source, posting.target):
        return
    more = to_nanos(posting.amount if posting.source is Purse.FREE else -posting.amount)
    sums = [(_PROJECT, posting.project, _quarter(posting.since))]
    if posting.group is not None:
        sums.append((_GROUP, posting.group, 0))
    for scope, name, quarter in sums:
        at = {"the_scope": scope, "the_name": name, "the_currency": posting.currency, "the_quarter": quarter}
        if conn.execute(_ADD, {**at, "more": more}).rowcount == 0:
            row = {"scope": scope, "name": name, "currency": posting.currency, "quarter": quarter, "nanos": more}
            conn.execute(_INSERT_SUM, row)


# --- deciding -------------------------------------------------------------------------------------------------------


def affordable(conn: Connection, change: Change, *, limited: bool = True) -> list[Notice]:
    """The warnings a change brings, if its reservations may be made. Raises BudgetReached. What counts is the period
    the money will count in, however late it is written. Not `limited`: no budget covers it, and no price was wrong.
    """
    warnings: list[Notice] = []
    for booking in change.money:
        if booking.kind is Kind.RESERVE:
            spending = _spending(conn, change.job, booking, booking.at, lock=True, limited=limited)
            stop = stop_for(change.job, booking, spending)
            if stop is not None:
                raise BudgetReached(stop.why, final=stop.final)
            warnings.extend(warnings_for(booking, spending.budgets))
    return warnings


def stop(conn: Connection, job: Job, wanted: Booking, now: float) -> Stop | None:
    """What would speak against a reservation just now; only `affordable` decides."""
    return stop_for(job, wanted, _spending(conn, job, wanted, now, lock=False))


def _spending(conn: Connection, job: Job, wanted: Booking, now: float, *, lock: bool, limited: bool = True) -> Spending:
    rows: Sequence[RowMapping] = ()
    if limited:
        found = conn.execute(_BUDGETS_LOCKED, {"the_project": job.project}) if lock else conn.execute(_BUDGETS)
        rows = found.mappings().all()
    covering = [budget for row in rows if (budget := _budget(row)).covers(job.project, wanted.currency)]
    of_job = of_group = 0
    if job.max_cost is not None or (job.group_max_cost is not None and job.group is None):
        asked = {"the_job": wanted.job, "the_currency": wanted.currency}
        of_job = int(conn.execute(_OF_JOB, asked).scalar_one())
    if job.group_max_cost is not None and wanted.group is not None:
        at = {"the_scope": _GROUP, "the_name": wanted.group, "the_currency": wanted.currency}
        of_group = int(conn.execute(_OF_GROUP, at).scalar_one())
    key = {"the_account": wanted.account, "the_model": wanted.model}
    dearer = conn.execute(_OVERRUNS_OF, key).mappings().all() if limited else ()
    return Spending(
        budgets=tuple(_used(conn, budget, now) for budget in covering),
        job=of_nanos(of_job),
        group=of_nanos(of_group),
        overruns=tuple(_overrun(row) for row in dearer),
    )


# --- budgets --------------------------------------------------------------------------------------------------------


def used(conn: Connection, now: float) -> list[Used]:
    """All budgets, each with what is committed in the period that holds now."""
    return [_used(conn, _budget(row), now) for row in conn.execute(_BUDGETS).mappings().all()]


def put_budget(conn: Connection, budget: Budget) -> None:
    """Set a budget, in place of the one with its id."""
    row = {
        "project": budget.project,
        "period": budget.period,
        "nanos": to_nanos(budget.amount),
        "currency": budget.currency,
        "zone": budget.zone,
        "warn_at": str(budget.warn_at),
    }
    # in its place, never taken away and set anew: who waits for the row, to spend from it, finds the new figures there
    if conn.execute(_SET_BUDGET.values(row), {"the_id": budget.id}).rowcount == 0:
        conn.execute(_INSERT_BUDGET, {"id": budget.id, **row})


def drop_budget(conn: Connection, budget_id: str) -> None:
    """End a budget. Raises NotFound."""
    if conn.execute(_DROP_BUDGET, {"the_id": budget_id}).rowcount == 0:
        raise NotFound(f"there is no budget {budget_id} here")


def _used(conn: Connection, budget: Budget, now: float) -> Used:
    begins_at, ends_at = period_of(budget, now, zone_of(budget.zone) or UTC)
    period = {"the_currency": budget.currency, "first": _quarter(begins_at), "after": _quarter(ends_at)}
    if budget.project == "*":
        total = conn.execute(_OF_ALL, period).scalar_one()
    else:
        asked = {**period, "the_scope": _PROJECT, "the_name": budget.project}
        total = conn.execute(_OF_PROJECT, asked).scalar_one()
    return Used(budget, of_nanos(int(total)), begins_at, ends_at)


# --- reading --------------------------------------------------------------------------------------------------------


def postings(conn: Connection, which: Slice) -> list[Posting]:
    """Double entries by filter, oldest first."""
    statement = _ENTRIES
    if which.since is not None:
        statement = statement.where(ledger.c.since >= which.since)
    if which.until is not None:
        statement = statement.where(ledger.c.since < which.until)
    if which.project is not None:
        statement = statement.where(ledger.c.project == which.project)
    if which.account is not None:
        statement = statement.where(ledger.c.account == which.account)
    if which.jobs:
        statement = statement.where(ledger.c.job_id.in_(which.jobs))
    return [_posting(row) for row in conn.execute(statement).mappings()]


def of_job(conn: Connection, job_id: str) -> list[Posting]:
    """What a job and its spares caused, oldest first."""
    return [_posting(row) for row in conn.execute(_CAUSED_BY, {"the_job": job_id}).mappings()]


def uncleared(conn: Connection) -> list[Overrun]:
    """Settlements above their reservations that nobody has cleared yet, oldest first."""
    return [_overrun(row) for row in conn.execute(_OVERRUNS).mappings()]


def clear(conn: Connection, model: str | None) -> int:
    """Somebody has looked at the price of a model (None: all); how many there were."""
    if model is None:
        return conn.execute(_CLEAR_ALL).rowcount
    return conn.execute(_CLEAR, {"the_model": model}).rowcount


# --- rows -----------------------------------------------------------------------------------------------------------


def _quarter(at: float) -> int:
    return int(at // QUARTER_S)


def _row(posting: Posting) -> dict[str, object]:
    return {
        "id": posting.id,
        "kind": posting.kind.value,
        "source": posting.source.value,
        "target": posting.target.value,
        "nanos": None if posting.amount is None else to_nanos(posting.amount),
        "currency": posting.currency,
        "at": posting.at,
        "since": posting.since,
        "holder": posting.holder,
        "job_id": posting.job,
        "project": posting.project,
        "account": posting.account,
        "model": posting.model,
        "batch": posting.group,
        "seconds": None if posting.seconds is None else str(posting.seconds),
        "task_id": posting.task,
        "intent_id": posting.intent,
        "why": posting.why,
    }


def _posting(of: RowMapping) -> Posting:
    return Posting(
        id=of["id"],
        kind=Kind(of["kind"]),
        source=Purse(of["source"]),
        target=Purse(of["target"]),
        amount=None if of["nanos"] is None else of_nanos(of["nanos"]),
        currency=of["currency"],
        at=of["at"],
        since=of["since"],
        holder=of["holder"],
        job=of["job_id"],
        project=of["project"],
        account=of["account"],
        model=of["model"],
        group=of["batch"],
        seconds=None if of["seconds"] is None else Decimal(of["seconds"]),
        task=of["task_id"],
        intent=of["intent_id"],
        why=of["why"],
    )


def _budget(of: RowMapping) -> Budget:
    amount, share = of_nanos(of["nanos"]), Decimal(of["warn_at"])
    return Budget(of["project"], of["period"], amount, of["currency"], of["zone"], share)


def _overrun_row(overrun: Overrun) -> dict[str, object]:
    return {
        "id": overrun.id,
        "account": overrun.account,
        "model": overrun.model,
        "job_id": overrun.job,
        "task_id": overrun.task,
        "at": overrun.at,
        "reserved": to_nanos(overrun.reserved),
        "settled": to_nanos(overrun.settled),
        "currency": overrun.currency,
    }


def _overrun(of: RowMapping) -> Overrun:
    return Overrun(
        id=of["id"],
        account=of["account"],
        model=of["model"],
        job=of["job_id"],
        task=of["task_id"],
        at=of["at"],
        reserved=of_nanos(of["reserved"]),
        settled=of_nanos(of["settled"]),
        currency=of["currency"],
    )
