"""Who asks for clips, and who is asked when something is in doubt: random callers, and a person who decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from tests.simulation.accountant import price_of
from tests.simulation.auditor import Auditor
from tests.simulation.doors import StoreDoor
from tests.simulation.world import World, run_through
from wanreel.domain.errors import Stale
from wanreel.domain.event import FOREVER, CancelAsked, Event, Found, GivenUp, MoneyFreed, NotFound, Park, Pause, SlotKey
from wanreel.domain.facts import Facts
from wanreel.domain.job import Account, Failed, Job, Queued, Unconfirmed, is_final
from wanreel.domain.labels import PROJECT
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy
from wanreel.domain.request import FIRST_FRAME, Media, Request, Stored
from wanreel.domain.submitting import BUDGET
from wanreel.money.amount import plain
from wanreel.money.books import Books
from wanreel.money.budget import Budget

MODELS = {"wan2.5-t2v-preview": "1280*720", "wan2.2-t2v-plus": "832*480"}
ACCOUNT = Account("main", "cn-beijing", "http://127.0.0.1:9/api/v1")
OTHER = Account("second", "cn-beijing", "http://127.0.0.1:9/api/v1")
MOVES_S = 40.0
HELD_S = 600.0
PATIENCE_S = 300.0  # the person looks at a doubt when it is so old: by then the vendor's list shows what it has
HASTY_S = 5.0
ROUND_S = 120.0
RETRIED = 0.4  # of what has failed
BUSYBODIES = 0.3  # of the worlds
LOOKALIKES = 0.4  # of the worlds
ALIKE = ("bodies", "seeds", "pictures", "pictures")  # the frames of clips are compared in the last kind alone
BUDGETED = 0.3  # of the worlds have money for a few clips only, then for a few more, until they are healed
PAYDAYS_S = 600.0
RUSHED = 0.7  # of those want them of every model at once: that is where a budget is overdrawn


@dataclass(slots=True)
class Workload:
    """Submits, bursts, groups, cancels, retries and equal keys, each drawn beforehand; and the person."""

    world: World
    door: StoreDoor
    auditor: Auditor
    policy: Policy
    books: Books
    nudge: Callable[[], None]
    made: int = 0
    mover: Callable[[], int] | None = None  # in worlds of two accounts
    waiting: int = 0  # asks that are still to come
    healed: bool = False
    busybody: bool = False  # the person decides about every old doubt, not only those that ask
    looked_at: set[str] = field(default_factory=set[str])  # failed jobs
    hasty: set[str] = field(default_factory=set[str])
    jobs: list[str] = field(default_factory=list[str])

    def plan(self, jobs_max: int) -> None:
        """Draw who asks for what, and when."""
        rng = self.world.rng
        spread_s = rng.choice((1.0, 300.0, 1500.0))
        models = list(MODELS)[: rng.choice((1, 1, 2))]
        cancels = rng.choice((0.0, 0.15, 0.5))
        budgeted = rng.random() < BUDGETED
        if budgeted and rng.random() < RUSHED:
            spread_s, models = 1.0, list(MODELS)
        for n in range(rng.randint(jobs_max // 2, jobs_max)):
            model, at = rng.choice(models), rng.random() * spread_s
            size = rng.choice((1, 1, 1, 3)) if n == 0 else 1
            self._later(at, lambda m=model, s=size, c=cancels: self._ask(m, s, c))
        if rng.random() < LOOKALIKES:
            self._plan_lookalikes(rng.choice(ALIKE))
        self.busybody = rng.random() < BUSYBODIES
        self.world.after(ROUND_S, self._round)
        if budgeted:
            self._give_money(models)
        if self.mover is not None:
            self.world.after(MOVES_S, self._move)
            self.world.after(rng.random() * 900.0, lambda: self._hold(rng.choice((ACCOUNT, OTHER))))

    def batch(self, jobs: int, model: str) -> None:
        """So many clips at once; no person looks after them."""
        self._add([self._job(model, None, 0) for _ in range(jobs)])
        if self.mover is not None:
            self.world.after(MOVES_S, self._move)

    def _give_money(self, models: Sequence[str]) -> None:
        """Money for a few clips more, and again a while later, until the world is healed."""
        rng = self.world.rng
        if not self.healed:
            more = sum((price_of(rng.choice(models)) for _ in range(rng.randint(1, 4))), Decimal(0))
            self.set_budget(more + (self.auditor.budget or Decimal(0)))
            self.world.after(PAYDAYS_S * (0.5 + rng.random()), lambda: self._give_money(models))

    def set_budget(self, amount: Decimal | None) -> None:
        """From now on, so much for a month of this world's project; None: as much as it takes."""
        for used in run_through(self.door.budgets(self.world.wall)):
            run_through(self.door.drop_budget(used.budget.id))
        if amount is not None:
            run_through(self.door.put_budget(Budget(PROJECT, "month", plain(amount), "CNY", "Asia/Shanghai")))
        self.auditor.budget = amount
        for job in list(self.auditor.jobs.values()):
            if isinstance(job.state, Queued) and job.state.held_by == BUDGET:
                self._happens(job.id, MoneyFreed("there is money again"))

    def _plan_lookalikes(self, how: str) -> None:
        """Jobs that nobody can tell apart by their words alone, nearly at once."""
        rng = self.world.rng
        spread_s, begin = rng.choice((0.0, 5.0, 60.0)), rng.random() * 300.0
        first = _request(next(iter(MODELS)), "look-alikes")
        for n in range(rng.randint(2, 8)):
            request = first
            if how == "seeds":
                request = replace(first, seed=n)
            elif how == "pictures":
                request = _moving(f"picture{n}")
            self._later(begin + rng.random() * spread_s, lambda r=request: self._add([self._job_of(r)]))

    # --- callers ----------------------------------------------------------------------------------------------------

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        self.waiting += 1

        def now() -> None:
            self.waiting -= 1
            what()

        self.world.after(seconds, now)

    def _ask(self, model: str, size: int, cancels: float) -> None:
        """One request, or a group of them; now and then the same one again under its key."""
        rng, group = self.world.rng, f"group{self.made}" if size > 1 else None
        jobs = [self._job(model, group, index) for index in range(size)]
        if rng.random() < 0.3:
            jobs[0] = replace(jobs[0], key=f"key-{jobs[0].request.prompt}")
            again = replace(jobs[0], id=self.world.new_id("job"))
            self._later(rng.random() * 100, lambda: self._add([again]))
        self._add(jobs)
        for job in jobs:
            if rng.random() < cancels:
                when = rng.choice((0.0, 0.5, 3.0, 60.0, 400.0, 900.0))
                self._later(rng.random() * when, lambda j=job: self._cancel(j.id))

    def _add(self, jobs: list[Job]) -> None:
        run_through(self.door.add(jobs))
        self.jobs += [job.id for job in jobs if job.id in self.auditor.jobs]
        self.nudge()

    def _job(self, model: str, group: str | None, index: int, retry_of: str | None = None) -> Job:
        self.made += 1
        return self._job_of(_request(model, f"clip {self.made}"), group, index, retry_of)

    def _job_of(self, request: Request, group: str | None = None, index: int = 0, retry_of: str | None = None) -> Job:
        job_id = self.world.new_id("job")
        now = self.world.wall
        account = ACCOUNT if self.mover is None else self.world.rng.choice((ACCOUNT, OTHER))
        return Job(job_id, request, account, Queued(now), now, group=group, index=index, retry_of=retry_of)

    def _cancel(self, job_id: str) -> None:
        if self._happens(job_id, CancelAsked(discard=self.world.rng.random() < 0.4)):
            self.auditor.cancel_asked(self.auditor.job(job_id))
            self.nudge()

    # --- the person -------------------------------------------------------------------------------------------------

    def _round(self) -> None:
        """Look at every doubt, at what the vendor has that nobody knows, and at what has failed."""
        for job_id in list(self.auditor.jobs):
            job = self.auditor.job(job_id)
            if isinstance(job.state, Unconfirmed):
                self._resolve(job, job.state)
            else:
                self._tidy(job)
        if not self.healed or self.auditor.open or self.waiting:
            self.world.after(ROUND_S * (0.2 + self.world.rng.random()), self._round)

    def _resolve(self, job: Job, doubt: Unconfirmed) -> None:
        faults, age_s = self.world.faults, self.world.wall - doubt.since
        if age_s > HASTY_S and job.id not in self.hasty and faults.hit("person_hasty"):
            self.hasty.add(job.id)
            self.auditor.person_resubmits(job, knowing=False)
            self._decide(job, NotFound("person", "did not look"))
            return
        if age_s < PATIENCE_S:
            return
        if not (self.busybody or doubt.asks):
            return
        task = self.auditor.in_the_console(job)
        if faults.hit("person_gives_up"):
            self.auditor.person_gives_up(job)
            self._decide(job, GivenUp("person"))
        elif task is not None:
            sure = self.auditor.seed_of(task.id) == job.request.seed
            self._decide(job, Found(task.id, "person", "seen in the console", seed_certain=sure))
        else:
            self.auditor.person_resubmits(job, knowing=True)
            self._decide(job, NotFound("person", "not in the console"))

    def _tidy(self, job: Job) -> None:
        """What the vendor has beyond what is known is told, sooner or later; what failed is retried, sometimes."""
        rng = self.world.rng
        if job.spare_of is None and self.auditor.ticket_of(job).excused and rng.random() < 0.25:
            for task in self.auditor.unknown_tasks(job)[:1]:
                self._decide(job, Found(task.id, "person", "found in the bill"))
        if isinstance(job.state, Failed) and job.id not in self.looked_at and not self.healed:
            self.looked_at.add(job.id)
            if rng.random() < RETRIED and job.spare_of is None and job.retry_of is None:
                model = job.request.model if job.request.model in MODELS else next(iter(MODELS))
                self._add([self._job(model, None, 0, retry_of=job.id)])

    def _decide(self, job: Job, event: Event) -> None:
        self.world.say("person", f"says {type(event).__name__}", job.id)
        if isinstance(event, (NotFound, GivenUp)):  # as the service does
            run_through(self.door.store.note(job.account.id, Facts(overruled_at=self.world.wall)))
        self._happens(job.id, event)
        self.nudge()

    # --- two accounts -----------------------------------------------------------------------------------------------

    def _move(self) -> None:
        """What waits moves to where there is room."""
        assert self.mover is not None
        if self.mover():
            self.nudge()
        if not self.healed or self.auditor.open or self.waiting:
            self.world.after(MOVES_S * (0.5 + self.world.rng.random()), self._move)

    def _hold(self, account: Account) -> None:
        """Somebody holds an account back for a while."""
        key = SlotKey(account.id, "*")
        run_through(self.door.store.hold(Park(key, Pause.HAND, FOREVER, "by hand"), self.world.wall))
        self.auditor.held.add(account.id)
        self.world.touched += 1
        self.world.after(HELD_S, lambda: self._let_go(key))

    def _let_go(self, key: SlotKey) -> None:
        self.auditor.held.discard(key.account)
        run_through(self.door.store.resume(key))
        self.world.touched += 1
        self.nudge()

    def adopt_early(self, job: Job) -> None:
        """While a second call of a job is in the air, the person may find the first one's task."""
        tasks = self.auditor.unknown_tasks(job)
        if tasks and self.auditor.ticket_of(job).excused and self.world.rng.random() < 0.3:
            self.world.after(self.world.rng.random(), lambda: self._adopt(job.id, tasks[0].id))

    def _adopt(self, job_id: str, task_id: str) -> None:
        if self.auditor.owner_of(task_id) is None:
            self._decide(self.auditor.job(job_id), Found(task_id, "person", "found in the bill"))

    def _happens(self, job_id: str, event: Event) -> bool:
        """Commit what an event means; whether it meant anything."""
        while True:
            job = run_through(self.door.get(job_id))
            if isinstance(event, CancelAsked) and is_final(job):
                return False
            change = self.books.enter(job, transition(job, event, self.world.wall, self.policy, self.world.draw()))
            if change.late:
                return False
            try:
                run_through(self.door.commit(change))
            except Stale:
                continue
            return True


@lru_cache(maxsize=4096)
def _request(model: str, prompt: str) -> Request:
    return Request(mode="t2v", model=model, prompt=prompt, size=MODELS[model], duration_s=5, seed=7)


@lru_cache(maxsize=64)
def _moving(picture: str) -> Request:
    media = (Media(FIRST_FRAME, Stored(picture, "image/png", 1000, 1280, 720)),)
    return Request(
        mode="i2v",
        model="wan2.5-i2v-preview",
        prompt="look-alikes",
        media=media,
        resolution="720P",
        duration_s=5,
        seed=7,
    )
