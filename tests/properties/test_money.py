"""The books under anything that can happen: crashes, doubt, adoption, spares, replays, cancels, price changes, budgets.

A state machine drives the real rules (lifecycle, books) over a store, as workers and people would: what two workers
read at one moment they both try to write, here by two doors to one SQLite file, and a process that dies comes back
to what it had written. Beside it stands a plain account of what must be so.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.domain.catalog_file import CATALOG
from tests.factories import NOW, make_account, make_job, make_outcome, make_request
from wanreel.domain.errors import BudgetReached, IllegalTransition, Stale, TaskTaken
from wanreel.domain.errors import NotFound as NoSuch
from wanreel.domain.event import (
    Accepted,
    CancelAsked,
    Change,
    Event,
    Finished,
    FinishedBlank,
    Found,
    GivenUp,
    Lost,
    NotFound,
    NotSent,
    Refused,
    SubmitBegun,
    TaskCancelled,
    TaskFailed,
)
from wanreel.domain.job import (
    FINAL,
    Archiving,
    Cancelled,
    Failed,
    Fault,
    Generating,
    Intent,
    Job,
    Queued,
    State,
    Submitting,
    Unconfirmed,
    current_task,
)
from wanreel.domain.lifecycle import transition
from wanreel.domain.model import Price
from wanreel.domain.policy import Policy
from wanreel.money.books import Books
from wanreel.money.budget import Budget
from wanreel.money.ledger import Posting, Purse, balances
from wanreel.money.tariff import tariff_of
from wanreel.ports.jobs import Filter
from wanreel.ports.ledger import Slice
from wanreel.store.memory import MemoryStore
from wanreel.store.sqlite import SqliteStore

POLICY = Policy(quiet_s=0.0)
MODEL = "wan3.0-video"
PRICES = st.sampled_from([Decimal("0.6"), Decimal("0.5"), Decimal("0.9"), Decimal(0)])
PROJECTS = ("p0", "p1")
ACCOUNTS = {"CNY": make_account(region="beijing"), "USD": make_account("abroad", region="singapore")}
BUDGETS = st.builds(
    Budget,
    st.sampled_from(["*", *PROJECTS]),
    st.sampled_from(["day", "month"]),
    st.sampled_from([Decimal(3), Decimal("7.5"), Decimal(20), Decimal(60), Decimal(60)]),
    st.sampled_from(["CNY", "CNY", "USD"]),
    st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu"]),
)
VERDICTS = "ffffffonbxct"
ANSWERS = ("accepted", "accepted", "accepted", "lost", "lost", "refused", "not sent")
NONSENSE = (
    "{}",
    '{"duration":-5,"SR":720}',
    '{"duration":1e9,"SR":720}',
    '{"duration":"5"}',
    '{"duration":true}',
    '{"video_duration":0,"video_ratio":"","video_count":1}',
    "null",
)
ZERO = Decimal(0)
DAY_S = 86_400.0
UNSURE = ("given_up", "no_video_url", "horizon", "task_unknown")


@dataclass(frozen=True)
class Wish:
    """What is ordered."""

    project: str
    open_ended: bool
    cap: Decimal | None
    group_cap: Decimal | None
    currency: str


WISHES = st.builds(
    Wish,
    st.sampled_from(PROJECTS),
    st.booleans(),
    st.sampled_from([None, None, Decimal(9)]),
    st.sampled_from([None, None, Decimal(12)]),
    st.sampled_from(["CNY", "CNY", "USD"]),
)


class Money(RuleBasedStateMachine):
    """Jobs, a vendor's tasks, and people; every rule is one thing that happens."""

    changes: Bundle[Change | None] = Bundle("changes")  # written already: somebody may send them again after a crash

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.stores = self._opened()
        self.now = NOW
        self.number = 0
        self.price = Decimal("0.6")
        self.dated: dict[str, Decimal] = {}  # prices with a first day, as the vendor counts days
        self.paid: dict[str, Decimal] = {}  # task -> what the vendor will bill for it
        self.kinds: set[type[State]] = set()  # of the jobs there are
        self.blurred: set[str] = set()  # jobs of which the vendor never said what it bills

    def has(self, *kinds: type[State]) -> bool:
        """Whether a job is in one of these states."""
        return bool(self.kinds & set(kinds))

    @property
    def store(self) -> MemoryStore | SqliteStore:
        """The door that one process has."""
        return self.stores[0]

    def _opened(self) -> list[Any]:
        """Two doors to one store."""
        return [MemoryStore(lambda _: 1000, POLICY)] * 2

    def teardown(self) -> None:
        """Let go of everything."""
        self.loop.close()

    # --- the world --------------------------------------------------------------------------------------------------

    @initialize(budgets=st.lists(BUDGETS, min_size=1, max_size=4), wishes=st.lists(WISHES, min_size=1, max_size=5))
    def money(self, budgets: list[Budget], wishes: list[Wish]) -> None:
        """Budgets of one project and of all, in days and months of some time zone, one currency each; a few jobs."""
        for budget in budgets:
            self._run(self.store.put_budget(budget))
        for wish in wishes:
            self._order(wish)

    @rule(budget=BUDGETS, ends=st.booleans())
    def budget_is_set_or_ended(self, budget: Budget, ends: bool) -> None:
        """A person sets one, now and then below what is committed already, or ends one if it is there."""
        if not ends:
            self._run(self.store.put_budget(budget))
            return
        with suppress(NoSuch):
            self._run(self.store.drop_budget(budget.id))

    @rule()
    def crash(self) -> None:
        """Every process dies; what was written is there when they come back, and nothing else."""
        before = self._postings()
        self._reopen()
        assert before == self._postings()

    def _reopen(self) -> None:
        """In memory there is nothing to come back to."""

    @property
    def books(self) -> Books:
        """By the prices on file now."""
        days = [(None, self.price), *self.dated.items()]
        rows = [(MODEL, self._price(currency, since, amount)) for currency in ACCOUNTS for since, amount in days]
        return Books(CATALOG, tariff_of(CATALOG, rows))

    @rule(price=PRICES, from_tomorrow=st.booleans())
    def price_changes(self, price: Decimal, from_tomorrow: bool) -> None:
        """Another price: in the file, for all that is not settled yet; or from a day on, and before it stays."""
        if from_tomorrow:
            self.dated[_vendor_day(self.now + DAY_S)] = price
        else:
            self.price = price

    def _price_at(self, at: float) -> Decimal:
        begun = [day for day in self.dated if day <= _vendor_day(at)]
        return self.dated[max(begun)] if begun else self.price

    @rule(seconds=st.sampled_from([1.0, 600.0, 4000.0, 6 * 3600.0, DAY_S, 20 * DAY_S, -600.0, -DAY_S]))
    def time_passes(self, seconds: float) -> None:
        """Days and months begin in between; now and then the clock is set back."""
        self.now += seconds

    @rule()
    def a_price_is_looked_at(self) -> None:
        """What an overrun stopped may go on."""
        self._run(self.store.clear(None))

    # --- callers and workers ----------------------------------------------------------------------------------------

    @rule(wish=WISHES)
    def order(self, wish: Wish) -> None:
        """A new job; now and then the vendor chooses its length."""
        self._order(wish)

    def _order(self, wish: Wish) -> None:
        self.number += 1
        duration_s = -1 if wish.open_ended else 5
        request = make_request(
            model=MODEL, size=None, resolution="720P", duration_s=duration_s, prompt=f"clip {self.number}"
        )
        job = make_job(
            Queued(self.now),
            at=self.now,
            project=wish.project,
            request=request,
            account=ACCOUNTS[wish.currency],
            max_cost=wish.cap,
            group=None if wish.group_cap is None else f"g-{wish.project}-{wish.currency}",
            group_max_cost=wish.group_cap,
        )
        self._run(self.store.add([job]))

    @rule(data=st.data(), turns=st.integers(2, 8))
    def work(self, data: st.DataObject, turns: int) -> None:
        """Workers take several steps, whichever is due; everything must add up after each."""
        for _ in range(turns):
            job = self._pick(data, Queued, Submitting, Unconfirmed, Generating)
            if job is None:
                return
            if isinstance(job.state, Queued):
                self.submit(data=data, rivals=data.draw(st.booleans()))
            elif isinstance(job.state, Submitting):
                self.answer(data=data, what=data.draw(st.sampled_from(ANSWERS)))
            elif isinstance(job.state, Unconfirmed):
                self.doubt_is_settled(data=data, what=data.draw(st.sampled_from(["found", "never", "give up"])))
            else:
                seconds, what = data.draw(st.sampled_from([2, 5, 7, 30])), data.draw(st.sampled_from(VERDICTS))
                self.look(data=data, seconds=seconds, what=what)
            self.everything_adds_up()

    @precondition(lambda self: self.has(Queued))
    @rule(target=changes, data=st.data(), rivals=st.booleans())
    def submit(self, data: st.DataObject, rivals: bool) -> Change | None:
        """A paid call is begun if there is money for it; a rival that read the same job tries too."""
        job = self._pick(data, Queued)
        if job is None:
            return None
        begun = self._change(job, SubmitBegun(self._intent()))
        exposed = self._postings()
        asked = [self._begin(self.stores[0], begun)]
        if rivals:
            asked.append(self._begin(self.stores[1], self._change(job, SubmitBegun(self._intent()))))
        written = self._run(_all(asked))
        assert sum(written) <= 1
        if any(written):
            self._within_budgets([job], exposed)
        return begun if written[0] else None

    @precondition(lambda self: self.has(Queued))
    @rule()
    def rush(self) -> None:
        """Everything that waits is begun at once, by two processes."""
        waiting = [job for job in self._jobs() if isinstance(job.state, Queued)]
        exposed = self._postings()
        asked = [
            self._begin(self.stores[place % 2], self._change(job, SubmitBegun(self._intent())))
            for place, job in enumerate(waiting)
        ]
        written = self._run(_all(asked))
        self._within_budgets([job for job, sent in zip(waiting, written, strict=True) if sent], exposed)

    @precondition(lambda self: self.has(Submitting, Unconfirmed))
    @rule(target=changes, data=st.data(), what=st.sampled_from(ANSWERS))
    def answer(self, data: st.DataObject, what: str) -> Change | None:
        """What became of a paid call, also when it is heard after the doubt has begun."""
        job = self._pick(data, Submitting, Unconfirmed)
        if job is None or not isinstance(job.state, (Submitting, Unconfirmed)):
            return None
        intent = job.state.intent.id
        events: dict[str, Event] = {
            "accepted": Accepted(intent, self._task()),
            "lost": Lost(intent, "the connection was cut"),
            "refused": Refused(intent, 400, "InvalidParameter", "the size is wrong", Fault.OURS),
            "not sent": NotSent(intent, "no route"),
        }
        return self._commit(job, events[what])

    @precondition(lambda self: self.has(Unconfirmed))
    @rule(target=changes, data=st.data(), what=st.sampled_from(["found", "never", "give up"]))
    def doubt_is_settled(self, data: st.DataObject, what: str) -> Change | None:
        """By the list or a person."""
        job = self._pick(data, Unconfirmed)
        events: dict[str, Event] = {
            "found": Found(self._task(), "list"),
            "never": NotFound("list"),
            "give up": GivenUp("person"),
        }
        return None if job is None else self._commit(job, events[what])

    @precondition(lambda self: self.has(Failed, Cancelled, Archiving))
    @rule(target=changes, data=st.data())
    def paid_after_all(self, data: st.DataObject) -> Change | None:
        """What was thought ended or made turns up: a spare."""
        job = self._pick(data, Failed, Cancelled, Archiving)
        return None if job is None else self._commit(job, Found(self._task(), "person"))

    @rule(target=changes, data=st.data(), what=st.sampled_from(["found", "never", "give up", "cancel", "discard"]))
    def person(self, data: st.DataObject, what: str) -> Change | None:
        """Doubts settled by hand, rightly or wrongly, in any state; cancels."""
        job = self._pick(data)
        if job is None:
            return None
        events: dict[str, Event] = {
            "found": Found(self._task(), "person"),
            "never": NotFound("person"),
            "give up": GivenUp("person"),
            "cancel": CancelAsked(),
            "discard": CancelAsked(discard=True),
        }
        return self._commit(job, events[what])

    @precondition(lambda self: self.has(Generating))
    @rule(target=changes, data=st.data(), seconds=st.sampled_from([2, 5, 7, 30]), what=st.sampled_from(VERDICTS))
    def look(self, data: st.DataObject, seconds: int, what: str) -> Change | None:
        """The vendor's verdict: a clip, a longer one than asked for, one with a nonsense usage, none, a failure."""
        job = self._pick(data, Generating)
        if job is None:
            return None
        task = current_task(job)
        assert task is not None
        made = seconds if job.request.duration_s == -1 else 5
        made = made * 4 if what == "o" else made
        usage = f'{{"duration":{made},"output_video_duration":{made},"SR":720,"video_count":1}}'
        unsaid = data.draw(st.sampled_from(NONSENSE)) if what == "n" else usage
        events: dict[str, Event] = {
            "f": Finished(replace(make_outcome(self.now), usage=usage)),
            "o": Finished(replace(make_outcome(self.now), usage=usage)),
            "n": Finished(replace(make_outcome(self.now), usage=unsaid)),
            "b": FinishedBlank(),
            "x": TaskFailed("InternalError", "the vendor failed", Fault.THEIRS),
            "c": TaskCancelled(),
            "t": TaskFailed("DataInspectionFailed", "not that", Fault.POLICY),
        }
        change = self._commit(job, events[what])
        if change is not None and what in "fo":
            self.paid[task.id] = self._price_at(task.accepted_at if task.sent_at is None else task.sent_at) * made
        if change is not None and what == "n":
            self.blurred.add(job.id)
        return change

    @rule(change=changes)
    def replay(self, change: Change | None) -> None:
        """A worker that crashed after its write sends it once more."""
        if change is not None:
            self._write(change)

    # --- what must be so --------------------------------------------------------------------------------------------

    @invariant()
    def everything_adds_up(self) -> None:
        """After every step, by whichever door one looks."""
        found, jobs = self._postings(), self._jobs()
        self.kinds = {type(job.state) for job in jobs}
        assert found == self._run(self.stores[1].postings(Slice()))
        _books_balance(found)
        _reserved_is_what_may_be_billed(found, jobs)
        self._every_task_is_settled_once(found)
        self._nothing_is_unproven_without_a_reason(found, {job.id: job for job in jobs})
        for used in self._run(self.store.budgets(self.now)):
            assert self._committed(found, used.budget) == used.amount

    def _every_task_is_settled_once(self, found: list[Posting]) -> None:
        """What the vendor made is spent exactly, by its own usage at the price of the day; what failed is not."""
        spent: dict[str, Decimal] = {}
        times: dict[str, int] = {}
        for p in found:
            if p.target is Purse.SPENT:
                spent[p.task] = spent.get(p.task, ZERO) + (p.amount or ZERO)
                times[p.task] = times.get(p.task, 0) + (not p.id.endswith("/over"))
        assert self.paid == spent
        assert all(count == 1 for count in times.values())

    def _nothing_is_unproven_without_a_reason(self, found: list[Posting], jobs: dict[str, Job]) -> None:
        """Every job that ended without anybody knowing has an unproven charge; no other has."""
        ended = {job.id for job in jobs.values() if getattr(job.state, "code", "") in UNSURE}
        assert ended <= {p.holder for p in found if p.target is Purse.UNPROVEN}
        for p in found:
            if p.target is Purse.UNPROVEN and p.holder not in self.blurred:
                state = jobs[p.holder].state
                assert isinstance(state, FINAL)
                assert getattr(state, "code", "") in UNSURE

    # --- how it is done ---------------------------------------------------------------------------------------------

    def _within_budgets(self, sent: list[Job], before: list[Posting]) -> None:
        """At a submit that was let through, nothing that may have to be paid is above any budget that covers it."""
        now = self._postings()
        for used in self._run(self.store.budgets(self.now)):
            budget = used.budget
            total = self._committed(now, budget)
            if any(budget.covers(job.project, _currency(job)) for job in sent):
                assert total <= budget.amount or total == self._committed(
                    before, budget
                )  # for nothing, at a price of 0
        for job in sent:
            mine = [p for p in now if p.job == job.id]
            assert job.max_cost is None or _out(mine) <= job.max_cost or _out(mine) == _out(before, job=job.id)
            if job.group_max_cost is not None:
                total, was = (_out(found, group=job.group) for found in (now, before))
                assert total <= job.group_max_cost or total == was

    def _committed(self, found: list[Posting], budget: Budget) -> Decimal:
        """What a budget's period holds, added up one by one by the calendar of its zone."""
        letters = 10 if budget.period == "day" else 7

        def period(at: float) -> str:
            return datetime.fromtimestamp(at, ZoneInfo(budget.zone)).isoformat()[:letters]

        here = period(self.now)
        return _out([p for p in found if budget.covers(p.project, p.currency) and period(p.since) == here])

    async def _begin(self, store: MemoryStore | SqliteStore, change: Change) -> bool:
        try:
            return await store.begin(change, self.now, 0.0, self.now + 60.0)
        except (BudgetReached, Stale):
            return False

    def _commit(self, job: Job, event: Event) -> Change | None:
        try:
            change = self._change(job, event)
        except IllegalTransition:
            return None
        return change if not change.late and self._write(change) else None

    def _write(self, change: Change) -> bool:
        try:
            self._run(self.store.commit(change))
        except (Stale, TaskTaken):
            return False
        return True

    def _change(self, job: Job, event: Event) -> Change:
        return self.books.enter(job, transition(job, event, self.now, POLICY, 0.5))

    def _intent(self) -> Intent:
        self.number += 1
        return Intent(f"int_{self.number}", self.now, self.now + 30.0, "f" * 64)

    def _task(self) -> str:
        self.number += 1
        return f"task-{self.number}"

    def _pick(self, data: st.DataObject, *kinds: type[Any]) -> Job | None:
        jobs = [job for job in self._jobs() if not kinds or isinstance(job.state, kinds)]
        return data.draw(st.sampled_from(jobs)) if jobs else None

    def _jobs(self) -> list[Job]:
        return sorted(self._run(self.store.find(Filter(limit=1000))), key=lambda job: job.id)

    def _postings(self) -> list[Posting]:
        return self._run(self.store.postings(Slice()))

    def _price(self, currency: str, since: str | None, amount: Decimal) -> Price:
        tiers = (("720P", amount),)
        return Price(ACCOUNTS[currency].region, currency, None, tiers, "2026-11", "a test", "own", since=since)

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run(work)


class MoneyOnDisk(Money):
    """The same over a SQLite file, by two doors as two processes have them."""

    def _opened(self) -> list[Any]:
        self.folder = Path(tempfile.mkdtemp(prefix="wanreel-money-"))
        stores = [SqliteStore(self.folder / "wanreel.sqlite3", lambda _: 1000, POLICY) for _ in range(2)]
        for store in stores:
            store.open()
        return stores

    def _reopen(self) -> None:
        for store in self.stores:
            store.close()
            store.open()

    def teardown(self) -> None:
        """Let go of everything."""
        for store in self.stores:
            store.close()
        super().teardown()
        shutil.rmtree(self.folder)


async def _all(asked: Iterable[Awaitable[bool]]) -> list[bool]:
    return await asyncio.gather(*asked)


def _vendor_day(at: float) -> str:
    return datetime.fromtimestamp(at, ZoneInfo("Asia/Shanghai")).date().isoformat()


def _currency(job: Job) -> str:
    return next(currency for currency, account in ACCOUNTS.items() if account == job.account)


def _out(found: list[Posting], **of: str | None) -> Decimal:
    """What has left the free purse and not come back, of a job or a group."""
    total = ZERO
    for p in found:
        if p.amount is not None and all(getattr(p, name) == value for name, value in of.items()):
            total += p.amount * ((p.source is Purse.FREE) - (p.target is Purse.FREE))
    return total


def _books_balance(found: list[Posting]) -> None:
    """In every currency the four purses come to nothing, and nothing is held that nobody reserved; all is exact."""
    held: dict[str, Decimal] = {}
    sums: dict[str, Decimal] = {}
    for (currency, _), amount in balances(found).items():
        sums[currency] = sums.get(currency, ZERO) + amount
    assert all(amount == 0 for amount in sums.values())
    for p in found:
        assert p.amount is None or type(p.amount) is Decimal
        sign = (p.target is Purse.RESERVED) - (p.source is Purse.RESERVED)
        held[p.holder] = held.get(p.holder, ZERO) + sign * (p.amount or ZERO)
        assert held[p.holder] >= 0


def _reserved_is_what_may_be_billed(found: list[Posting], jobs: list[Job]) -> None:
    """A job holds one open reservation from its intent to the vendor's last word, and none before or after."""
    opened: dict[str, int] = {}
    held: dict[str, Decimal] = {}
    for p in found:
        sign = (p.target is Purse.RESERVED) - (p.source is Purse.RESERVED)
        held[p.holder] = held.get(p.holder, ZERO) + sign * (p.amount or ZERO)
        if not p.id.endswith(("/rest", "/over")):
            opened[p.holder] = opened.get(p.holder, 0) + (p.target is Purse.RESERVED) - (p.source is Purse.RESERVED)
    for job in jobs:
        waits = isinstance(job.state, (Submitting, Unconfirmed, Generating))
        assert int(waits) == opened.get(job.id, 0), f"{job.id} {type(job.state).__name__}"
        assert waits or held.get(job.id, ZERO) == 0, f"{job.id} {type(job.state).__name__}"


TestMoney = Money.TestCase
TestMoney.settings = settings(
    max_examples=250, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestMoneyOnDisk = MoneyOnDisk.TestCase
TestMoneyOnDisk.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
