"""A stream of drawn store operations: the same to every store that is asked, told by one seed.

The names jobs, keys, tasks, owners and notices are drawn from are few, so that they meet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

from tests.factories import (
    NOW,
    make_account,
    make_change,
    make_event,
    make_intent,
    make_job,
    make_outcome,
    make_state,
    make_task,
)
from wanreel.domain.booking import Booking, Kind
from wanreel.domain.errors import IllegalTransition
from wanreel.domain.event import EVENTS, Accepted, Change, Notice, Park, Pause, SlotKey
from wanreel.domain.facts import Facts, Zone
from wanreel.domain.job import (
    STATES,
    Archiving,
    Cancel,
    Generating,
    Job,
    Queued,
    SpoolCopy,
    State,
    Submitting,
    Unconfirmed,
)
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy, longest_delay_s
from wanreel.domain.runtimes import RunKind, RunTime
from wanreel.money.budget import Budget
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.ports.ledger import Slice
from wanreel.ports.watching import Run, Watched
from wanreel.store.memory import MemoryStore
from wanreel.store.postgres.store import PostgresStore
from wanreel.store.sqlite import SqliteStore

Store = MemoryStore | SqliteStore | PostgresStore
Ask = Callable[[Store], Awaitable[Any]]

KEYS = [SlotKey(account, model) for account in ("main", "second") for model in ("m", "n")]
OWNERS = ("w1", "w2", "w3")
GROUPS = ("g1", "g2")
PROJECTS = ("p1", "p2")
TAGS = ("one", "two", "three")
NOTICES = tuple(f"n{n}" for n in range(40))


@dataclass
class Stream:
    """Draws operations. `now` and `limits` are the world's; `jobs` is what the stores are known to hold."""

    random: Random
    policy: Policy = field(default_factory=Policy)
    now: float = NOW
    limits: dict[SlotKey, int] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    made: int = 0

    def limit(self, key: SlotKey) -> int:
        """How many tasks of a key may run at once, just now."""
        return self.limits.get(key, 2)

    def next(self) -> tuple[str, Ask]:
        """The name of an operation and how to ask a store for it."""
        draw: Random = self.random
        if draw.random() < 0.4:
            self.now += draw.choice([0.0, 0.5, 1.0, 5.0, 9.5, 30.0, 60.0, 700.0, 4000.0, -20.0])
        if draw.random() < 0.05:
            self.limits[draw.choice(KEYS)] = draw.choice([0, 1, 2, 3])
        names = list(_OPERATIONS)
        name = draw.choices(names, [_OPERATIONS[n][0] for n in names])[0]
        return name, _OPERATIONS[name][1](self)

    # --- what is drawn ----------------------------------------------------------------------------------------------

    def at(self) -> float:
        """An instant near now; now and then one that only a jumped clock writes."""
        near = self.now + self.random.choice([-60.0, -5.0, -0.125, 0.0, 0.0, 2.0, 20.0])
        return near if self.random.random() < 0.95 else self.now + 1e7

    def state(self, kind: type[State] | None = None) -> State:
        """A state of any kind with drawn insides."""
        draw = self.random
        kind = kind or draw.choice(STATES)
        task = make_task(f"t{draw.randrange(40)}", self.at())
        if kind is Queued:
            return Queued(self.at(), draw.randrange(3))
        if kind is Submitting:
            return Submitting(make_intent(self.now - draw.choice([0.0, 5.0, 50.0])))
        if kind is Unconfirmed:
            return Unconfirmed(make_intent(self.now - draw.choice([0.0, 10_000.0])), self.now, "lost")
        if kind is Generating:
            return Generating(task, self.at(), seen_at=draw.choice([None, self.at()]))
        if kind is Archiving:
            outcome = replace(make_outcome(), url_expires_at=self.at())
            return Archiving(
                task,
                outcome,
                self.at(),
                requery=draw.random() < 0.3,
                seen_at=draw.choice([None, self.at()]),
                spooled=draw.choice([None, None, SpoolCopy(self.now, 10, "5" * 64)]),
            )
        return make_state(kind, self.at(), task_id=task.id)

    def job(self) -> Job:
        """A new job; now and then with an id that is taken."""
        draw = self.random
        self.made += 1
        key = draw.choice(KEYS)
        return make_job(
            self.state(draw.choice([Queued, Queued, Queued, None])),
            id=f"job_{self.made if draw.random() < 0.97 else draw.randrange(1, 9)}",
            at=self.at(),
            model=key.model,
            account=make_account(key.account),
            index=draw.randrange(3),
            group=draw.choice([None, *GROUPS]),
            max_cost=draw.choice([None, None, None, Decimal(4)]),
            group_max_cost=draw.choice([None, None, None, Decimal(8)]),
            project=draw.choice(PROJECTS),
            priority=draw.choice([0, 0, 0, 5, -1]),
            bound=draw.random() < 0.2,
            tags=tuple(draw.sample(TAGS, draw.choice([0, 1, 2]))),
            key=draw.choice([None, None, *(f"k{n}" for n in range(6))]),
        )

    def booking(self, job: Job, kind: Kind | None = None) -> Booking:
        """Something that happened to a job's money; now and then what has been booked already, or of unknown amount."""
        draw = self.random
        kind = kind or draw.choice([*Kind, Kind.RESERVE, Kind.SETTLE])
        return Booking(
            id=f"{kind}:{job.id}:{draw.randrange(3)}",
            kind=kind,
            at=self.at(),
            holder=job.id,
            job=job.spare_of or job.id,
            project=job.project,
            account=job.account.id,
            model=job.request.model,
            currency=draw.choice(["CNY", "CNY", "USD"]),
            group=job.group,
            amount=draw.choice([None, Decimal(0), Decimal("0.000000001"), Decimal(3), Decimal("7.36859696")]),
            seconds=draw.choice([None, Decimal("10.04")]),
            task=draw.choice(["", "t1"]),
            intent=draw.choice(["", "int_1", "int_2"]),
        )

    def too_dear(self, job: Job) -> tuple[Booking, ...]:
        """A reservation and a settlement above it, which stops the model until it is cleared."""
        reserve, settle = (self.booking(job, kind) for kind in (Kind.RESERVE, Kind.SETTLE))
        reserve = replace(reserve, amount=Decimal(3), currency="CNY")
        return reserve, replace(settle, amount=Decimal("3.5"), currency="CNY")

    def budget(self) -> Budget:
        """A budget of a few."""
        draw = self.random
        amount, zone = Decimal(draw.choice([0, 5, 50])), draw.choice(["UTC", "Asia/Kathmandu", "America/Havana"])
        return Budget(
            draw.choice(["*", *PROJECTS]), draw.choice(["day", "month"]), amount, draw.choice(["CNY", "USD"]), zone
        )

    def known(self, kind: type[State] | None = None) -> Job:
        """A job the stores hold, if possible in a state of a kind; one they don't hold if they hold none."""
        held = [job for job in self.jobs.values() if kind is None or isinstance(job.state, kind)]
        held = held or list(self.jobs.values())
        return self.random.choice(held) if held else make_job(id="job_nowhere")

    def change(self, job: Job) -> Change:
        """A change of a job: half of them by the rules of its life, half of them of anything into anything."""
        draw = self.random
        event = make_event(draw.choice(EVENTS))
        if isinstance(event, Accepted):
            event = replace(event, task_id=f"t{draw.randrange(40)}")
        change = make_change(job, self.state(), at=self.now, quiet=draw.random() < 0.3, notices=self.notices(job))
        if draw.random() < 0.5:
            with suppress(IllegalTransition):
                change = transition(job, event, self.now, self.policy, draw.random())
        extras: dict[str, Any] = {}
        if not change.late:
            if draw.random() < 0.2:
                extras["park"] = self.park()
            if draw.random() < 0.2:
                extras["lift"] = draw.choice(KEYS)
            if draw.random() < 0.2:
                extras["full"] = draw.choice(KEYS)
            if draw.random() < 0.6:
                extras["money"] = tuple(self.booking(job) for _ in range(draw.choice([1, 2, 3])))
                if draw.random() < 0.2:
                    extras["money"] = self.too_dear(job)
            if draw.random() < 0.1:
                extras["born"] = (
                    replace(self.job(), state=self.state(Generating), key=None, spare_of=job.id),
                ) * draw.choice([1, 2])
            if draw.random() < 0.1:
                extras["job"] = replace(change.job, cancel=Cancel(self.now))
        if draw.random() < 0.05:
            extras["was"] = change.was - 1
        return replace(change, **extras)

    def notices(self, job: Job) -> tuple[Notice, ...]:
        """No, one or two notices, whose ids may be known."""
        ids = self.random.sample(NOTICES, self.random.choice([0, 0, 1, 2]))
        return tuple(Notice(id_, job.id, "job.succeeded", self.at(), "told") for id_ in ids)

    def park(self) -> Park:
        """Anything held back, by anybody."""
        project = self.random.choice(["", "", "", *PROJECTS])
        return Park(self.park_key(), self.random.choice(list(Pause)), self.at(), "slow down", project)

    def park_key(self) -> SlotKey:
        """A key, or all models of an account."""
        key = self.random.choice(KEYS)
        if self.random.random() < 0.1:
            return SlotKey("*", "*")
        return replace(key, model="*") if self.random.random() < 0.2 else key


# --- operations -----------------------------------------------------------------------------------------------------


def _add(s: Stream) -> Ask:
    new = [s.job() for _ in range(s.random.choice([1, 1, 2, 3]))]
    return lambda store: store.add(new)


def _get(s: Stream) -> Ask:
    job_id = s.known().id
    return lambda store: store.get(job_id)


def _find(s: Stream) -> Ask:
    draw = s.random
    which = Filter(
        states=tuple(draw.sample(["queued", "submitting", "generating", "failed"], draw.choice([0, 1, 3]))),
        group=draw.choice([None, None, *GROUPS]),
        spare_of=draw.choice([None, None, None, s.known().id]),
        project=draw.choice([None, None, *PROJECTS]),
        tag=draw.choice([None, None, *TAGS]),
        ids=draw.choice([(), (), ("job_1",), ("job_2", "job_nowhere")]),
        limit=draw.choice([1, 5, 100]),
        after=draw.choice([None, None, s.known().id]),
    )
    return lambda store: store.find(which)


def _claim(s: Stream) -> Ask:
    draw = s.random
    until = s.now + draw.choice([1.0, 30.0, 300.0])
    far_at = s.now + longest_delay_s(s.policy)
    lane = draw.choice(list(Lane))
    asked = Claim(lane, draw.choice(OWNERS), s.now, until, draw.choice([1, 2, 10]), far_at)
    if lane is not Lane.SUBMIT and draw.random() < 0.2:
        asked = replace(asked, ids=(s.known(Generating).id, s.known(Archiving).id, "job_nowhere"))
    return lambda store: store.claim(asked)


def _commit(s: Stream) -> Ask:
    change = s.change(s.known(s.random.choice([None, Submitting, Generating])))
    return lambda store: store.commit(change, "w1")


def _release(s: Stream) -> Ask:
    owner, job_id = s.random.choice([None, *OWNERS]), s.random.choice([None, s.known().id])
    return lambda store: store.release(owner, job_id)


def _hasten(s: Stream) -> Ask:
    now = s.now - s.random.choice([0.0, 61.0])
    return lambda store: store.hasten(now)


def _history(s: Stream) -> Ask:
    job_id = s.known().id
    return lambda store: store.history(job_id)


def _begin(s: Stream) -> Ask:
    job = s.known(Queued)
    money = (s.booking(job, Kind.RESERVE),) if s.random.random() < 0.6 else ()
    change = make_change(job, Submitting(make_intent(s.now)), at=s.now, money=money)
    now, quiet_s, until = s.now, s.random.choice([0.0, 10.0]), s.now + 60.0
    return lambda store: store.begin(change, now, quiet_s, until)


def _in_use(s: Stream) -> Ask:
    now = s.at()
    return lambda store: store.in_use(now)


def _parks(s: Stream) -> Ask:
    now = s.at()
    return lambda store: store.parks(now)


def _lift(s: Stream) -> Ask:
    account = s.random.choice([None, "main", "second"])
    return lambda store: store.lift(account)


def _hold(s: Stream) -> Ask:
    park, now = replace(s.park(), kind=Pause.HAND), s.now
    return lambda store: store.hold(park, now)


def _resume(s: Stream) -> Ask:
    key, project = s.park_key(), s.random.choice(["", "", *PROJECTS])
    return lambda store: store.resume(key, project)


def _waiting(s: Stream) -> Ask:
    return lambda store: store.waiting()


def _movable(s: Stream) -> Ask:
    key, now, limit = s.random.choice(KEYS), s.now, s.random.choice([1, 3, 100])
    return lambda store: store.movable(key, now, limit)


def _unlearn(s: Stream) -> Ask:
    account = s.random.choice([None, "main", "second"])
    return lambda store: store.unlearn(account)


def _lost_submits(s: Stream) -> Ask:
    now, owner = s.now, s.random.choice(OWNERS)
    return lambda store: store.lost_submits(now, owner)


def _seen_since(s: Stream) -> Ask:
    account, since, but = s.random.choice(["main", "second"]), s.at(), s.known().id
    return lambda store: store.seen_since(account, since, but)


def _next_due(s: Stream) -> Ask:
    now = s.at()
    return lambda store: store.next_due(now)


def _running(s: Stream) -> Ask:
    account = s.random.choice(["main", "second"])

    async def read_and_told(store: Store) -> tuple[list[Watched], dict[str, Run], bool]:
        """Numbers are each store's own: what is told from the first one on, to the end."""
        told, runs = await store.told_since(0), dict[str, Run]()
        while told.runs:
            runs |= {run.job_id: run for run in told.runs}
            told = await store.told_since(told.mark)
        return await store.running(account), runs, told.waiting

    return read_and_told


def _learn(s: Stream) -> Ask:
    met = [
        RunTime(RunKind(s.random.choice("mn"), "720P", 5), s.random.random() * 500)
        for _ in range(s.random.choice([1, 1, 3]))
    ]

    async def learn(store: Store) -> Any:
        await store.learn(*met)
        return await store.runtimes()

    return learn


def _note(s: Stream) -> Ask:
    draw = s.random
    met = Facts((str(draw.randrange(3)),), draw.random() * 9, draw.choice([0, 10]), zone=draw.choice([None, *Zone]))
    return lambda store: store.note("main", met)


def _lease(s: Stream) -> Ask:
    account, owner, now = s.random.choice(["main", "second"]), s.random.choice(OWNERS), s.now
    return lambda store: store.lease(account, owner, now, now + 30.0)


def _owed(s: Stream) -> Ask:
    now, limit = s.at(), s.random.choice([1, 100])
    return lambda store: store.owed(now, limit)


def _delivered(s: Stream) -> Ask:
    ids, now = s.random.sample(NOTICES, s.random.choice([0, 1, 4])), s.now
    return lambda store: store.delivered(ids, now)


def _postpone(s: Stream) -> Ask:
    notice_id, later = s.random.choice(NOTICES), s.at()
    return lambda store: store.postpone(notice_id, later)


def _postings(s: Stream) -> Ask:
    draw = s.random
    which = Slice(
        since=draw.choice([None, None, s.at()]),
        until=draw.choice([None, None, s.at()]),
        project=draw.choice([None, None, *PROJECTS]),
        account=draw.choice([None, None, "main"]),
        jobs=draw.choice([(), (), (s.known().id, "job_1")]),
    )
    return lambda store: store.postings(which)


def _stop(s: Stream) -> Ask:
    job, now = s.known(), s.now
    wanted = s.booking(job, Kind.RESERVE)
    return lambda store: store.stop(job, wanted, now)


def _budgets(s: Stream) -> Ask:
    now = s.now
    return lambda store: store.budgets(now)


def _put_budget(s: Stream) -> Ask:
    budget = s.budget()
    return lambda store: store.put_budget(budget)


def _drop_budget(s: Stream) -> Ask:
    budget_id = s.budget().id
    return lambda store: store.drop_budget(budget_id)


def _overruns(s: Stream) -> Ask:
    return lambda store: store.overruns()


def _clear(s: Stream) -> Ask:
    model = s.random.choice([None, "m", "n"])
    return lambda store: store.clear(model)


_OPERATIONS: dict[str, tuple[int, Callable[[Stream], Ask]]] = {
    "add": (8, _add),
    "get": (1, _get),
    "find": (4, _find),
    "claim": (20, _claim),
    "commit": (24, _commit),
    "release": (2, _release),
    "hasten": (3, _hasten),
    "history": (1, _history),
    "begin": (12, _begin),
    "in_use": (1, _in_use),
    "parks": (1, _parks),
    "lift": (1, _lift),
    "hold": (1, _hold),
    "resume": (6, _resume),
    "waiting": (1, _waiting),
    "movable": (3, _movable),
    "unlearn": (1, _unlearn),
    "lost_submits": (4, _lost_submits),
    "seen_since": (6, _seen_since),
    "next_due": (4, _next_due),
    "running": (2, _running),
    "learn": (1, _learn),
    "note": (1, _note),
    "lease": (1, _lease),
    "owed": (2, _owed),
    "delivered": (2, _delivered),
    "postpone": (2, _postpone),
    "postings": (3, _postings),
    "stop": (3, _stop),
    "budgets": (3, _budgets),
    "put_budget": (2, _put_budget),
    "drop_budget": (2, _drop_budget),
    "overruns": (2, _overruns),
    "clear": (2, _clear),
}
OPERATIONS = tuple(_OPERATIONS)
