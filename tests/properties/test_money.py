"""The books under anything that can happen: crashes, doubt, adoption, spares, replays, cancels, price changes, budgets.

A state machine drives the real rules (lifecycle, books) over the store in memory, as workers and people would: what two
workers read at one moment they both try to write. Beside it stands a plain account of what must be so.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tests.domain.catalog_file import CATALOG
from tests.factories import NOW, make_account, make_job, make_outcome, make_request
from tests.simulation.world import run_through
from wanreel.domain.errors import BudgetReached, IllegalTransition, Stale, TaskTaken
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
from wanreel.domain.job import FINAL, Fault, Generating, Intent, Job, Queued, Submitting, Unconfirmed, current_task
from wanreel.domain.lifecycle import transition
from wanreel.domain.model import Price
from wanreel.domain.policy import Policy
from wanreel.money.books import Books
from wanreel.money.budget import Budget
from wanreel.money.ledger import Posting, Purse, balances
from wanreel.money.tariff import tariff_of
from wanreel.ports import Filter, Slice
from wanreel.store.memory import MemoryStore

POLICY = Policy(quiet_s=0.0)
MODEL = "wan3.0-video"
PRICES = st.sampled_from([Decimal("0.6"), Decimal("0.5"), Decimal("0.9"), Decimal(0)])
ZERO = Decimal(0)
DAY_S = 86_400.0
UNSURE = ("given_up", "no_video_url", "horizon", "task_unknown")


class Money(RuleBasedStateMachine):
    """Jobs, a vendor's tasks, and people; every rule is one thing that happens."""

    changes: Bundle[Change | None] = Bundle("changes")  # written already: somebody may send them again after a crash

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore(lambda _: 1000, POLICY)
        self.now = NOW
        self.number = 0
        self.price = Decimal("0.6")
        self.paid: dict[str, Decimal] = {}  # task -> what the vendor will bill for it
        self.sent_at: dict[str, float] = {}
        self.over = False  # a settlement has been above its reservation

    # --- the world --------------------------------------------------------------------------------------------------

    @initialize(budgets=st.lists(st.sampled_from([3, 6, 20, 60]), max_size=2))
    def money(self, budgets: list[int]) -> None:
        """Two projects, of which none, one or both have money for a few clips a day."""
        for number, amount in enumerate(budgets):
            self._run(self.store.put_budget(Budget(f"p{number}", "day", Decimal(amount), "CNY", "UTC")))

    @property
    def books(self) -> Books:
        """By the price of the day: a price that changes is a new row from tomorrow on."""
        rows = [(MODEL, self._price(self.price))]
        return Books(CATALOG, tariff_of(CATALOG, rows))

    @rule(price=PRICES)
    def price_changes(self, price: Decimal) -> None:
        """Somebody puts another price into the file."""
        self.price = price

    @rule(seconds=st.sampled_from([1.0, 600.0, 4000.0, DAY_S]))
    def time_passes(self, seconds: float) -> None:
        """Days begin in between."""
        self.now += seconds

    @rule()
    def a_price_is_looked_at(self) -> None:
        """What an overrun stopped may go on."""
        self._run(self.store.clear(None))

    # --- callers and workers ----------------------------------------------------------------------------------------

    @rule(project=st.sampled_from(["p0", "p1"]), open_ended=st.booleans(), cap=st.sampled_from([None, Decimal(9)]))
    def order(self, project: str, open_ended: bool, cap: Decimal | None) -> None:
        """A new job; now and then the vendor chooses its length."""
        self.number += 1
        request = make_request(
            model=MODEL, size=None, resolution="720P", duration_s=-1 if open_ended else 5, prompt=f"clip {self.number}"
        )
        job = make_job(Queued(self.now), at=self.now, project=project, request=request, max_cost=cap)
        self._run(self.store.add([replace(job, account=make_account(region="beijing"))]))

    @rule(target=changes, data=st.data(), rivals=st.booleans())
    def submit(self, data: st.DataObject, rivals: bool) -> Change | None:
        """A paid call is begun if there is money for it; a rival that read the same job tries too."""
        job = self._pick(data, Queued)
        if job is None:
            return None
        begun = self._change(job, SubmitBegun(self._intent()))
        exposed = self._exposures()
        written = self._begin(begun)
        if rivals:
            self._begin(self._change(job, SubmitBegun(self._intent())))
        if written:
            self._within_budgets(exposed)
        return begun if written else None

    @rule(target=changes, data=st.data(), what=st.sampled_from(["accepted", "lost", "refused", "not sent"]))
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

    @rule(target=changes, data=st.data(), seconds=st.sampled_from([2, 5, 7, 30]), what=st.sampled_from("ffffbxct"))
    def look(self, data: st.DataObject, seconds: int, what: str) -> Change | None:
        """The vendor's verdict: a clip, no clip in two ways, a failure, a cancel."""
        job = self._pick(data, Generating)
        if job is None:
            return None
        task = current_task(job)
        assert task is not None
        made = seconds if job.request.duration_s == -1 else 5
        usage = f'{{"duration":{made},"output_video_duration":{made},"SR":720,"video_count":1}}'
        events: dict[str, Event] = {
            "f": Finished(replace(make_outcome(self.now), usage=usage)),
            "b": FinishedBlank(),
            "x": TaskFailed("InternalError", "the vendor failed", Fault.THEIRS),
            "c": TaskCancelled(),
            "t": TaskFailed("DataInspectionFailed", "not that", Fault.POLICY),
        }
        change = self._commit(job, events[what])
        if change is not None and what == "f":
            self.paid[task.id] = self.price * made
        return change

    @rule(change=changes)
    def replay(self, change: Change | None) -> None:
        """A worker that crashed after its write sends it once more."""
        if change is not None:
            self._write(change)

    # --- what must be so --------------------------------------------------------------------------------------------

    @invariant()
    def the_books_balance(self) -> None:
        """In every currency the four purses come to nothing, and nothing is held that nobody reserved."""
        held: dict[str, Decimal] = {}
        found = self._postings()
        assert ZERO == sum(balances(found).values())
        for p in found:
            for purse, amount in ((p.target, p.amount), (p.source, p.amount)):
                assert amount is None or isinstance(amount, Decimal)
                if purse is Purse.RESERVED:
                    sign = 1 if p.target is Purse.RESERVED else -1
                    held[p.holder] = held.get(p.holder, ZERO) + sign * (amount or ZERO)
                    break
        assert all(amount >= 0 for amount in held.values())

    @invariant()
    def what_is_reserved_is_what_may_still_be_billed(self) -> None:
        """A job holds one open reservation from its intent to the vendor's last word, and none before or after."""
        opened: dict[str, int] = {}
        for p in self._postings():
            if not p.id.endswith(("/rest", "/over")):
                opened[p.holder] = opened.get(p.holder, 0) + (p.target is Purse.RESERVED)
                opened[p.holder] -= p.source is Purse.RESERVED
        for job in self._jobs():
            waits = isinstance(job.state, (Submitting, Unconfirmed, Generating))
            assert int(waits) == opened.get(job.id, 0), f"{job.id} {type(job.state).__name__}"

    @invariant()
    def every_task_is_settled_once(self) -> None:
        """What the vendor made is spent exactly, by its own usage at the price of the day; what failed is not."""
        spent: dict[str, Decimal] = {}
        times: dict[str, int] = {}
        for p in self._postings():
            if p.target is Purse.SPENT:
                spent[p.task] = spent.get(p.task, ZERO) + (p.amount or ZERO)
                times[p.task] = times.get(p.task, 0) + (not p.id.endswith("/over"))
        assert self.paid == spent
        assert all(count == 1 for count in times.values())

    @invariant()
    def nothing_is_unproven_without_a_reason(self) -> None:
        """Only a job that ended without anybody knowing has an unproven charge."""
        for p in self._postings():
            if p.target is Purse.UNPROVEN:
                state = self._run(self.store.get(p.holder)).state
                assert isinstance(state, FINAL)
                assert getattr(state, "code", "") in UNSURE

    # --- how it is done ---------------------------------------------------------------------------------------------

    def _within_budgets(self, before: dict[str, Decimal]) -> None:
        """At a submit that was let through, nothing that may have to be paid is above any budget."""
        for used in self._run(self.store.budgets(self.now)):
            now = self._exposures()[used.budget.project]
            assert now == used.amount
            assert now <= used.budget.amount or now == before[used.budget.project]

    def _exposures(self) -> dict[str, Decimal]:
        """What has been committed today, added up from the postings one by one."""
        found = {"p0": ZERO, "p1": ZERO}
        today = self.now // DAY_S
        for p in self._postings():
            if p.since // DAY_S == today and p.amount is not None:
                found[p.project] += p.amount * ((p.source is Purse.FREE) - (p.target is Purse.FREE))
        return found

    def _begin(self, change: Change) -> bool:
        try:
            return self._run(self.store.begin(change, self.now, 0.0, self.now + 60.0))
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

    def _price(self, amount: Decimal) -> Price:
        return Price("beijing", "CNY", None, (("720P", amount),), "2026-11", "a test", "own")

    def _run(self, work: Any) -> Any:
        return run_through(work)


TestMoney = Money.TestCase
TestMoney.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
