"""The use cases of money: reports, budgets, wrong prices, and the vendor's bill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo

from wanreel.data.zones import zone_of
from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Invalid, NotFound, Problem, Stale
from wanreel.domain.event import MoneyFreed
from wanreel.domain.job import Account, Job, Queued
from wanreel.domain.lifecycle import transition
from wanreel.domain.mark import tags_of
from wanreel.domain.policy import Policy
from wanreel.domain.submitting import BUDGET
from wanreel.money.bill import Reconciled, reconcile
from wanreel.money.budget import Budget, Used, read_budget
from wanreel.money.ledger import Overrun, Posting
from wanreel.money.report import By, Facts, Line, costs, lines
from wanreel.ports.clock import Clock
from wanreel.ports.jobs import Filter, Jobs
from wanreel.ports.ledger import Ledger, Slice
from wanreel.ports.reviews import Marks
from wanreel.ports.watching import Watching
from wanreel.service.bill_file import read_bill

READ_MAX = 400
BILL_BYTES_MAX = 256 * 1024**2
DAYS = 30
YEAR_MIN, YEAR_MAX = 2000, 2200  # beyond them calendars of some zones end


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day, to the last one, in a time zone."""

    first: str
    last: str
    zone: tzinfo

    @property
    def begins_at(self) -> float:
        """The first day's midnight."""
        return _midnight(self.first, self.zone)

    @property
    def ends_at(self) -> float:
        """The midnight after the last day."""
        after = datetime.fromisoformat(self.last).date() + timedelta(days=1)
        return _midnight(after.isoformat(), self.zone)

    def day_of(self, at: float) -> str:
        """The day of an instant here."""
        return datetime.fromtimestamp(at, self.zone).date().isoformat()

    def days(self) -> list[str]:
        """Every day, in order."""
        first, last = (datetime.fromisoformat(day).date() for day in (self.first, self.last))
        return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


class Till:
    """Reports and budgets over one home's ledger."""

    def __init__(
        self,
        clock: Clock,
        ledger: Ledger,
        jobs: Jobs,
        marks: Marks,
        watching: Watching,
        catalog: Catalog,
        account: Account,
        policy: Policy,
    ) -> None:
        self._clock = clock
        self._ledger = ledger
        self._jobs = jobs
        self._marks = marks
        self._watching = watching
        self._catalog = catalog
        self._account = account
        self._policy = policy

    @property
    def currency(self) -> str:
        """What the account is billed in."""
        return self._catalog.region(self._account.region).currency

    @property
    def usual_zone(self) -> str:
        """Where nobody names a time zone: that of the vendor's days."""
        return "Asia/Shanghai"

    def span(self, first: str | None = None, last: str | None = None, zone: str | None = None) -> Span:
        """Days as a person says them; without, the last thirty. Raises Invalid."""
        name = zone or self.usual_zone
        found = zone_of(name)
        if found is None:
            raise Invalid("", (Problem("zone", "must be a time zone such as Asia/Shanghai or Europe/Berlin", name),))
        today = datetime.fromtimestamp(self._clock.now(), found).date()
        until = _day(last, "until") or today.isoformat()
        since = _day(first, "since") or (datetime.fromisoformat(until).date() - timedelta(days=DAYS - 1)).isoformat()
        if since > until:
            raise Invalid("", (Problem("since", f"lies after the last day, {until}", since),))
        return Span(since, until, found)

    async def usage(self, span: Span, by: By = By.PROJECT, project: str | None = None) -> list[Line]:
        """What was committed in these days, under the keys of `by`."""
        which = Slice(since=span.begins_at, until=span.ends_at, project=project)
        postings = await self._ledger.postings(which)
        return lines(postings, by, Facts(await self._named(p.job for p in postings), span.day_of))

    async def budgets(self) -> list[Used]:
        """All budgets, each with what is committed in the period that holds now."""
        return await self._ledger.budgets(self._clock.now())

    async def budget(self, budget_id: str) -> Used:
        """One budget. Raises NotFound."""
        for used in await self.budgets():
            if used.budget.id == budget_id:
                return used
        raise NotFound(f"there is no budget {budget_id[:200]} here")

    async def set_budget(
        self,
        amount: str,
        *,
        period: str,
        project: str | None = None,
        currency: str | None = None,
        zone: str | None = None,
        warn_at: str | None = None,
    ) -> Budget:
        """Set a budget, in place of one of the same project, period and currency; what is not said of its zone and its
        warning stays as it was. Raises Invalid.
        """
        name = zone or self.usual_zone
        budget = read_budget(
            project=project,
            period=period,
            amount=amount,
            currency=currency or self.currency,
            zone=name,
            zone_known=zone_of(name) is not None,
            warn_at=warn_at,
        )
        before = next((used.budget for used in await self.budgets() if used.budget.id == budget.id), None)
        if before is not None:
            kept = {"zone": before.zone} if not zone else {}
            kept |= {"warn_at": before.warn_at} if warn_at is None else {}
            budget = replace(budget, **kept)
        await self._ledger.put_budget(budget)
        await self.wake("a budget was set")
        return budget

    async def drop_budget(self, budget_id: str) -> None:
        """End a budget. Raises NotFound."""
        await self._ledger.drop_budget(budget_id)
        await self.wake("a budget was ended")

    async def overruns(self) -> list[Overrun]:
        """Settlements above their reservations that nobody has cleared yet."""
        return await self._ledger.overruns()

    async def clear(self, model: str | None) -> int:
        """Somebody has looked at the price of a model (None: of all): it is sent again. How many stops that ended."""
        count = await self._ledger.clear(model)
        await self.wake("a price was looked at")
        return count

    async def wake(self, why: str) -> None:
        """Let what is held for want of money ask again now."""
        for job in await self._jobs.find(Filter(states=("queued",), limit=1_000_000)):
            if isinstance(job.state, Queued) and job.state.held_by == BUDGET:
                change = transition(job, MoneyFreed(why), self._clock.now(), self._policy, self._clock.draw())
                with suppress(Stale):  # it asks again just now
                    await self._jobs.commit(change)

    async def cost(self, job_id: str) -> list[Line]:
        """What a job, with its spares, holds reserved, has spent, and may have been billed for: one line a currency."""
        postings = await self._ledger.postings(Slice(jobs=(job_id,)))
        return costs(postings)

    async def reconcile(
        self,
        bill: str,
        span: Span | None = None,
        *,
        account: str | None = None,
        task_column: str | None = None,
        amount_column: str | None = None,
    ) -> Reconciled:
        """A bill's text against what was settled in these days (None: ever), in one account or all. Raises Invalid."""
        found = read_bill(bill, self.currency, task_column=task_column, amount_column=amount_column)
        billed = {one.task for one in found.tasks}
        postings = await self._ledger.postings(Slice())
        accounts = sorted({self._account.id, *(p.account for p in postings)})
        if account is not None and account not in accounts:
            raise Invalid("", (Problem("account", f"must be one of {', '.join(accounts)}", account),))
        here = (account,) if account else accounts
        # A bill may hold the end of a task sent before its first day: what it names is always looked at.
        mine = [p for p in postings if p.task in billed or (p.account in here and _within(p, span))]
        told = {p.task for p in postings if p.task}
        strange = sorted(billed - told)
        known: dict[str, str] = {}
        for some in _chunks(strange):
            for name in accounts:
                owners = await self._watching.known_tasks(name, some)
                known |= {task: owner.job_id for task, owner in owners.items()}
        return reconcile(found, mine, known)

    async def _named(self, ids: Iterable[str]) -> dict[str, Job]:
        found: dict[str, Job] = {}
        for some in _chunks(sorted(set(ids))):
            wanted, marks = set(some), await self._marks.marks(some)
            for job in await self._jobs.find(Filter(ids=tuple(some), limit=1_000_000)):
                if job.id in wanted:
                    found[job.id] = replace(job, tags=tags_of(job, marks.get(job.id)))
        return found


def _within(p: Posting, span: Span | None) -> bool:
    return span is None or span.begins_at <= p.at < span.ends_at


def _chunks(items: Sequence[str]) -> Iterable[Sequence[str]]:
    return (items[start : start + READ_MAX] for start in range(0, len(items), READ_MAX))


def _day(value: str | None, field: str) -> str | None:
    if value is None:
        return None
    words = "must be a day such as 2026-11-22"
    try:
        day = datetime.fromisoformat(value.strip()).date()
    except ValueError:
        raise Invalid("", (Problem(field, words, value),)) from None
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise Invalid("", (Problem(field, f"{words}, of the years {YEAR_MIN} to {YEAR_MAX}", value),))
    return day.isoformat()


def _midnight(day: str, zone: tzinfo) -> float:
    return datetime.combine(datetime.fromisoformat(day).date(), time.min, zone).astimezone(UTC).timestamp()
