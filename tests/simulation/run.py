"""One world from its seed to its end, and batches of them on several processes."""

from __future__ import annotations

import gc
import logging
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from typing import Any

import structlog

from tests.domain.catalog_file import BOOKS
from tests.simulation.auditor import Auditor
from tests.simulation.crew import Crew
from tests.simulation.doors import ArchiveDoor, Receiver, SpoolDoor, Store, StoreDoor
from tests.simulation.faults import KINDS, Faults
from tests.simulation.history import fold
from tests.simulation.vendor import SECOND, SECOND_KEY, LikenessDoor, ResultsDoor, VendorDoor
from tests.simulation.workload import ACCOUNT, OTHER, Workload
from tests.simulation.world import BrokenPromise, WallClock, World, line, run_through
from wanreel.domain.job import Account as JobAccount
from wanreel.domain.lifecycle import TABLE
from wanreel.domain.policy import Policy
from wanreel.emulator.accounts import Account
from wanreel.emulator.desk import Desk, DeskSettings
from wanreel.emulator.quirks import Quirks
from wanreel.money.books import Books
from wanreel.ports.ledger import Slice
from wanreel.store.memory import MemoryStore
from wanreel.watch.doubts import Search
from wanreel.watch.news import RunNews
from wanreel.watch.watcher import Watcher, WatchTools
from wanreel.worker.moving import Mover
from wanreel.worker.rescue import rescue
from wanreel.worker.step import step
from wanreel.worker.tools import Tools

JOBS_MAX = 12
LEASE_S = 600.0  # a watcher's: longer than in real life, so that a world of hours is not full of renewals
SHARED_BY = (1, 2, 3, 3)  # so many workers
ALONE = 0.25  # of the worlds have declared that their key is nobody else's
RESIGNS = 0.3  # of the worlds have a vendor that signs a result's URL anew with every look
POOLS = 0.3  # of the worlds have two accounts that share the work
TIGHT = 0.15  # of the worlds have a vendor that runs one task a model at a time, whatever we were told
PATIENT = 0.85  # of the worlds look more rarely than is usual, so that there is time for more worlds
LOOKS_RARELY = Policy(poll_first_s=12.0, poll_max_s=180.0, watch_per_s=0.1, doubt_first_s=8.0, doubt_max_s=60.0)
STUCK_S = 2400.0  # the vendor's own deadline for a task, shortened: fewer looks at nothing
COLLECT_EVERY = 5  # worlds
BOUND_S = 12 * 3600.0  # after everything is healed, all is done within so much virtual time
ROWS = frozenset((state.__name__, event.__name__) for state, event in TABLE)


def _in_memory(limit: int, policy: Policy) -> Store:
    return MemoryStore(lambda _: limit, policy)


@dataclass(frozen=True, slots=True)
class Build:
    """What a world is made of; a planted bug is a build with one part exchanged."""

    step: Callable[..., Any] = step
    rescue: Callable[..., Any] = rescue
    door: type[StoreDoor] = StoreDoor
    archive: Callable[[World], ArchiveDoor] = ArchiveDoor
    results: Callable[[World, Desk, Auditor], ResultsDoor] = ResultsDoor
    receiver: Callable[[World, Auditor], Receiver] = Receiver
    store_policy: Policy = field(default_factory=Policy)
    search: type[Search] = Search
    books: Books = BOOKS
    shared: bool = False  # each process is one worker among others, and there may be several of them
    store: Callable[[int, Policy], Store] = _in_memory  # `limit`: the tasks of a model that an account may run


@dataclass(slots=True)
class Outcome:
    """What one world was like; `broken` is set when a promise was."""

    seed: int
    jobs: int = 0
    steps: int = 0
    worked: int = 0
    met: Counter[str] = field(default_factory=Counter[str])
    rows: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    busy_s: float = 0.0  # of a processor
    broken: str = ""
    transcript: list[str] = field(default_factory=list[str])


def run_seed(seed: int, build: Build | None = None, listener: Callable[[str], None] | None = None) -> Outcome:
    """Live through the world of a seed. The same seed and code give the same world, to the last line."""
    build = build or Build()
    rng = random.Random(seed)
    world = World(seed, rng, Faults.drawn(rng), listener=listener)
    outcome = Outcome(seed)
    try:
        _live(world, build, outcome)
    except BrokenPromise as broken:
        outcome.broken = str(broken)
    except Exception as bug:  # noqa: BLE001 - a bug breaks every promise; the batch says which world and goes on
        outcome.broken = f"{bug!r}\n{traceback.format_exc()}"
    if outcome.broken:
        outcome.transcript = [line(*said) for said in world.said]
    outcome.steps, outcome.met = world.steps, world.faults.met
    return outcome


@dataclass(frozen=True, slots=True)
class Stage:
    """What the processes of a world share: the vendor, the store, the shelves, the receiver. Drawn from nothing."""

    world: World
    build: Build
    auditor: Auditor
    desk: Desk
    store: Store
    calm: StoreDoor
    archive: ArchiveDoor
    spool: SpoolDoor
    vendor: VendorDoor
    results: ResultsDoor
    likeness: LikenessDoor
    receiver: Receiver
    policy: Policy
    accounts: tuple[JobAccount, ...]
    limit: int

    @classmethod
    def of(
        cls,
        world: World,
        build: Build,
        desk: Desk,
        limit: int,
        accounts: tuple[JobAccount, ...],
        policy: Policy | None = None,
    ) -> Stage:
        """Put it together. `limit`: the tasks of a model we believe an account may run."""
        auditor = Auditor(world, limit, shared=build.shared)
        auditor.advance = desk.advance
        store = build.store(limit, build.store_policy)
        archive = build.archive(world)
        auditor.kept = archive.kept
        return cls(
            world=world,
            build=build,
            auditor=auditor,
            desk=desk,
            store=store,
            calm=StoreDoor(world, store, auditor, calm=True),
            archive=archive,
            spool=SpoolDoor(world),
            vendor=VendorDoor(world, desk, store, auditor),
            results=build.results(world, desk, auditor),
            likeness=LikenessDoor(world, desk),
            receiver=build.receiver(world, auditor),
            policy=policy or Policy(),
            accounts=accounts,
            limit=limit,
        )

    def tools(self, door: StoreDoor) -> Tools:
        """What a step of a process behind this door works with."""
        return Tools(
            clock=WallClock(self.world),
            jobs=door,
            slots=door,
            ledger=door,
            watching=door,
            outbox=door,
            vendor=self.vendor,
            results=self.results,
            archive=self.archive,
            spool=self.spool,
            policy=self.policy,
            books=self.build.books,
            owner="",
            artifact_key=lambda job: f"{job.id}.mp4",
        )

    def crews(self, count: int, alone: frozenset[str]) -> list[Crew]:
        """So many processes. `alone`: accounts whose key is declared to be nobody else's."""
        clock = WallClock(self.world)

        def search_of(door: StoreDoor) -> Search:
            return self.build.search(clock, door, door, self.vendor, self.likeness, self.policy, alone)

        def watchers_of(door: StoreDoor, owner: str) -> list[Watcher]:
            tools = WatchTools(clock, RunNews(door, clock), door, self.vendor, self.policy, owner, lease_s=LEASE_S)
            return [Watcher(account, tools) for account in self.accounts]

        doors = [self.build.door(self.world, self.store, self.auditor) for _ in range(count)]
        crews = [
            Crew(
                f"w{n}",
                self.world,
                self.auditor,
                self.tools(door),
                door,
                self.receiver,
                self.build.step,
                self.build.rescue,
                count == 1 and not self.build.shared,
                self.build.shared,
                search_of,
                watchers_of,
            )
            for n, door in enumerate(doors)
        ]

        def on_task(account: str) -> None:
            for crew in crews:
                crew.changed(account)

        self.auditor.on_task = on_task
        return crews

    def workload(self, crews: Sequence[Crew]) -> Workload:
        """Whoever asks for clips, and wakes the processes; where accounts share the work, it also moves jobs."""

        def nudge() -> None:
            for crew in crews:
                crew.wake()

        workload = Workload(self.world, self.calm, self.auditor, self.policy, self.build.books, nudge)
        if len(self.accounts) > 1:
            mover = Mover(self.store, (self.accounts,), lambda _: self.limit)
            workload.mover = lambda: run_through(mover(self.tools(self.calm)))
        for crew in crews:
            crew.door.on_begin = workload.adopt_early
        return workload

    def close(self) -> None:
        """At the end: the auditor's last look, and every job told again from its history."""
        self.auditor.close(run_through(self.store.postings(Slice())))
        for job_id, job in self.auditor.jobs.items():
            fold(self.auditor.first[job_id], run_through(self.store.history(job_id)), job, self.policy)


def _live(world: World, build: Build, outcome: Outcome) -> None:
    rng, limit = world.rng, world.rng.choice((1, 2, 3))
    quirks = Quirks(
        resign=rng.random() < RESIGNS,
        task_deadline_s=STUCK_S,
        foreign_media="assume",
        list_lag_s=rng.choice((0.0, 0.0, 2.0, 10.0, 45.0)),
        list_order=rng.choice(("newest", "oldest")),
        list_zone=rng.choice(("utc+8", "utc+8", "utc")),
        page_size_max=rng.choice((100, 100, 10)),
    )
    pool, tight = rng.random() < POOLS, rng.random() < TIGHT
    if tight:
        quirks = replace(quirks, over_limit="reject")
    running = 1 if tight else None
    theirs = (Account("main", running=running), Account(SECOND, keys=(SECOND_KEY,), running=running))
    desk = Desk(DeskSettings(accounts=theirs, quirks=quirks), seed=world.seed)
    policy = LOOKS_RARELY if rng.random() < PATIENT else Policy()
    stage = Stage.of(world, build, desk, limit, (ACCOUNT, OTHER) if pool else (ACCOUNT,), policy)
    auditor = stage.auditor
    outcome.rows = auditor.rows
    stage.vendor.strangers = rng.choice((0.0, 0.0, 0.0, 0.3))
    alone = frozenset({"main"}) if rng.random() < ALONE else frozenset[str]()
    crews = stage.crews(rng.choice(SHARED_BY if build.shared else (1, 1, 2, 3)), alone)
    workload = stage.workload(crews)
    for crew in crews:
        crew.start()
    workload.plan(JOBS_MAX)
    heal_at = world.now + 1500.0 + rng.random() * 5400.0
    try:
        world.run(lambda: world.now >= heal_at or (workload.waiting == 0 and auditor.at_rest()))
        world.say("world", "is healed")
        world.faults.heal()
        for crew in crews:
            crew.door.down_until = 0.0
        workload.healed = True
        workload.set_budget(None)
        workload.nudge()
        world.run(lambda: world.now > heal_at + BOUND_S or (workload.waiting == 0 and auditor.at_rest()))
        stage.close()
    finally:
        outcome.jobs = len(auditor.jobs)
        outcome.worked = sum(crew.worked for crew in crews)
        for crew in crews:
            for strand in crew.strands:
                strand.coro.close()


# --- batches --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Sum:
    """What a batch of worlds came to."""

    seeds: int = 0
    jobs: int = 0
    steps: int = 0
    worked: int = 0
    busy_s: float = 0.0
    kinds: int = 0  # kinds of fault met, summed over the worlds
    met: Counter[str] = field(default_factory=Counter[str])
    rows: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    broken: list[Outcome] = field(default_factory=list[Outcome])

    def take(self, outcome: Outcome) -> None:
        """Count one more world."""
        self.seeds += 1
        self.jobs += outcome.jobs
        self.steps += outcome.steps
        self.worked += outcome.worked
        self.busy_s += outcome.busy_s
        self.kinds += len(outcome.met)
        self.met.update(outcome.met)
        self.rows.update(outcome.rows)
        if outcome.broken:
            self.broken.append(outcome)

    @property
    def rows_missed(self) -> list[tuple[str, str]]:
        """Rows of the table that no world took."""
        return sorted(ROWS - self.rows.keys())

    @property
    def kinds_missed(self) -> list[str]:
        """Kinds of fault that no world met."""
        return [kind for kind in KINDS if not self.met[kind]]

    def words(self) -> str:
        """The figures, on a few lines."""
        each = max(self.seeds, 1)
        return (
            f"{self.seeds} worlds, {len(self.broken)} broken promises; on average {self.jobs / each:.1f} jobs, "
            f"{self.kinds / each:.1f} kinds of fault, {self.worked / each:.0f} steps of a worker, "
            f"{self.steps / each:.0f} turns of the world\n"
            f"rows of the table: {len(ROWS & self.rows.keys())} of {len(ROWS)}; "
            f"kinds of fault: {len(KINDS) - len(self.kinds_missed)} of {len(KINDS)}"
        )


def quiet() -> None:
    """No log lines: the transcript tells more."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=True
    )


def run_batch(seeds: Iterable[int], jobs: int = 2, build: Build | None = None, *, stop: bool = False) -> Sum:
    """Many worlds on several processes; `stop`: at the first that breaks a promise."""
    total = Sum()
    for outcome in _outcomes(seeds, jobs, build):
        total.take(outcome)
        if stop and total.broken:
            break
    return total


def _outcomes(seeds: Iterable[int], jobs: int, build: Build | None) -> Iterator[Outcome]:
    tasks = [(seed, build) for seed in seeds]
    if jobs <= 1:
        for task in tasks:
            yield _one(task)
        return
    with get_context("spawn").Pool(jobs, initializer=_start) as pool:
        yield from pool.imap_unordered(_one, tasks, chunksize=20)


def _one(task: tuple[int, Build | None]) -> Outcome:
    began = time.process_time()
    outcome = run_seed(*task)
    outcome.busy_s = time.process_time() - began
    if task[0] % COLLECT_EVERY == 0:
        gc.collect()
    return outcome


def _start() -> None:
    """A process for worlds: no log lines, and rubbish is collected between worlds, where it is cheap: the modules, of
    which nothing ever becomes rubbish, are left out of it.
    """
    quiet()
    gc.collect()
    gc.freeze()
    gc.disable()
