"""The user's storage is away for 30 hours, in virtual time, with the real runner: nothing that was paid for is lost."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog

from tests.archive.clips import bare_clip
from tests.domain.catalog_file import BOOKS
from tests.factories import NOW, make_job, make_outcome
from tests.worker.virtual_loop import Inline, LoopClock, run_virtually
from wanreel.archive.spool import LocalSpool
from wanreel.domain.event import Accepted, Finished, Notice, StillRunning, Trouble
from wanreel.domain.job import Account, Archiving, Artifact, Intent, Job, Succeeded
from wanreel.domain.policy import HOUR_S, Policy
from wanreel.ports.archive import KeepFailed, Label
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.ports.vendor import Prepared
from wanreel.store.memory import MemoryStore
from wanreel.worker.loop import Pace, Runner
from wanreel.worker.spool_gate import SpoolGate
from wanreel.worker.tools import Tools

JOBS = 500
SLOTS = 5
DOWN_S = 30 * HOUR_S
RUN_S = 60.0
URL_LIFE_S = 24 * HOUR_S
CLIP = bare_clip(b"c" * 900)
ROOM = 1100  # expected of one clip: a little more than it takes
POLICY = Policy(
    clip_bytes_s=ROOM / 5, net_s=RUN_S, spool_retry_s=6 * HOUR_S, backoff_first_s=600.0, backoff_max_s=600.0
)
ARCHIVES_MAX = 8
PACE = Pace(look_around_s=300.0, archives_max=ARCHIVES_MAX)  # few looks around: what happens wakes the runner
Rank = tuple[bool, float]  # in the spool, and when its URL dies: the lower, the sooner it may be lost


class Chancy(LoopClock):
    """Draws as the real clock does, and always the same: every clip has a back-off of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._chance = random.Random(20)

    def draw(self) -> float:
        return self._chance.random()


class Watchful(MemoryStore):
    """Once the storage has answered, whoever is claimed must be nearest to its loss of all that wait, due or not."""

    def __init__(self, world: World) -> None:
        super().__init__(lambda _: SLOTS, POLICY)
        self.world = world
        self.claimed: list[Rank] = []
        self.passed_over: list[tuple[Rank, Rank]] = []

    async def claim(self, claim: Claim) -> list[Job]:
        watched = claim.lane is Lane.ARCHIVE and self.world.answered_at is not None
        waiting = await self._waiting(claim.now) if watched else []
        jobs = await super().claim(claim)
        if watched:
            ranks = [rank_of(job) for job in jobs]
            left = [rank_of(job) for job in waiting if job.id not in {one.id for one in jobs}]
            self.claimed += ranks
            self.passed_over += [(rank, min(left)) for rank in ranks if left and min(left) < rank]
        return jobs

    async def _waiting(self, now: float) -> list[Job]:
        found = await self.find(Filter(states=("archiving",), limit=JOBS))
        return [job for job in found if not self._row(job.id).claimed(now)]


def rank_of(job: Job) -> Rank:
    """How near a clip is to being lost."""
    state = job.state
    assert isinstance(state, Archiving)
    return (state.spooled is not None, state.outcome.url_expires_at)


@dataclass
class World:
    """A vendor whose clips take a minute and live a day, and a storage that is down at first."""

    clock: LoopClock = field(default_factory=Chancy)
    down_s: float = DOWN_S
    made: dict[str, float] = field(default_factory=dict[str, float])  # task -> when it was accepted
    stored: dict[str, bytes] = field(default_factory=dict[str, bytes])
    fetches: Counter[str] = field(default_factory=Counter[str])
    lost: list[str] = field(default_factory=list[str])
    told: list[Notice] = field(default_factory=list[Notice])
    wishes: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    answered_at: float | None = None  # when the storage took the first clip
    refused: int = 0

    # --- ports.Vendor, as far as it is needed ---

    async def prepare(self, job: Job) -> Prepared:
        return Prepared("f" * 64, job.request)

    async def submit(self, job: Job, intent: Intent, prepared: Prepared) -> Accepted:
        task = f"t-{len(self.made)}"
        self.made[task] = self.clock.now()
        return Accepted(intent.id, task)

    async def look(self, account: Account, task_id: str) -> Finished | StillRunning:
        ended_at = self.made[task_id] + RUN_S
        if self.clock.now() < ended_at:
            return StillRunning("RUNNING")
        return Finished(make_outcome(ended_at, url=f"http://127.0.0.1:9/{task_id}.mp4"))

    # --- ports.Results, Archive, Notifier ---

    async def fetch(self, account: Account, url: str) -> AsyncIterator[bytes]:
        task = url.rsplit("/", 1)[1].removesuffix(".mp4")
        self.fetches[task] += 1
        dies_at = self.made[task] + RUN_S + URL_LIFE_S
        self.wishes.append((self.clock.now(), dies_at))
        await self.clock.sleep(1.0)
        if self.clock.now() >= dies_at:
            self.lost.append(task)
            raise KeepFailed(Trouble.SOURCE_REFUSED, "HTTP 403, AccessDenied: Request has expired.")
        yield CLIP

    async def keep(self, key: str, pieces: AsyncIterator[bytes], label: Label | None = None) -> Artifact:
        data = b"".join([piece async for piece in pieces])
        await self.clock.sleep(1.0)
        if self.clock.now() - NOW < self.down_s:
            self.refused += 1
            raise KeepFailed(Trouble.DESTINATION, "the storage answers 503")
        self.answered_at = self.clock.now() if self.answered_at is None else self.answered_at
        self.stored[key] = data
        return Artifact(key, len(data), "0" * 64)

    async def sweep(self) -> int:
        return 0

    async def tell(self, notice: Notice) -> None:
        self.told.append(notice)


@dataclass
class Told:
    """How it ended."""

    world: World
    jobs: list[Job]
    submitted_by: dict[float, int]  # how many had been sent by some instants
    left: list[str]  # in the spool
    store: Watchful


@pytest.fixture(autouse=True)
def no_log_lines() -> Iterator[None]:
    """Days would be told step by step."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


def runner_of(world: World, store: MemoryStore, spool: LocalSpool, owner: str) -> Runner:
    """The real runner over that world, with the gate of its spool."""
    tools = Tools(
        clock=world.clock,
        jobs=store,
        slots=store,
        ledger=store,
        watching=store,
        outbox=store,
        vendor=world,  # type: ignore[arg-type]
        results=world,
        archive=world,
        policy=POLICY,
        books=BOOKS,
        owner=owner,
        artifact_key=lambda job: f"{job.id}.mp4",
        spool=spool,
    )
    gate = SpoolGate(spool, store, world.clock, POLICY)
    return Runner(tools, [world], lambda _: SLOTS, PACE, gate=gate)


def live(tmp_path: Path, spool_bytes: int, *, down_s: float = DOWN_S, jobs: int = JOBS, hours: float = 60) -> Told:
    """Five hundred clips, a storage that comes back after a while, and a spool of a size."""
    world = World(down_s=down_s)

    async def work() -> Told:
        store = Watchful(world)
        spool = LocalSpool(tmp_path / "spool", spool_bytes, world.clock, threads=Inline())
        runner = runner_of(world, store, spool, "run_1")
        await store.add([make_job(at=NOW, index=n) for n in range(jobs)])
        task = asyncio.get_running_loop().create_task(runner.run())
        submitted: dict[float, int] = {}
        for hour in range(1, int(hours)):
            await asyncio.wait([task], timeout=NOW + hour * HOUR_S - world.clock.now())
            submitted[hour] = len(world.made)
            if len(world.stored) == jobs:
                break
        runner.stop()
        await task
        return Told(world, await store.find(Filter(limit=jobs)), submitted, await spool.held(), store)

    return run_virtually(work)


def check_order(told: Told) -> int:
    """Who was claimed once the storage answered was always nearest to its loss; how many were in the air by then, on
    back-offs of their own.
    """
    assert told.world.answered_at is not None
    assert [] == told.store.passed_over
    in_the_air = len(told.jobs) - len(told.store.claimed)
    assert in_the_air <= ARCHIVES_MAX
    return in_the_air


def test_a_spool_that_is_large_enough_loses_nothing_and_holds_nothing_up(tmp_path: Path) -> None:
    """All 500 are made as if nothing were wrong, wait through the death of their URLs, and end in the storage."""
    told = live(tmp_path, JOBS * ROOM)
    assert JOBS == told.submitted_by[5] == told.submitted_by[29]
    assert [] == told.world.lost
    assert {Succeeded} == {type(job.state) for job in told.jobs}
    assert [CLIP] * JOBS == list(told.world.stored.values())
    assert [] == told.left
    in_the_air = check_order(told)
    assert JOBS - in_the_air <= len(told.store.claimed)
    assert sorted(told.store.claimed) == told.store.claimed, "all were there, so they go in one row"
    assert JOBS == sum(notice.kind == "job.spooled" for notice in told.world.told)
    assert not [notice for notice in told.world.told if notice.kind == "job.at_risk"]


def test_a_spool_that_is_too_small_holds_submits_in_time_and_loses_nothing(tmp_path: Path) -> None:
    """No more is paid for than fits; the rest is made when the storage is back; nothing is lost either."""
    fits = 40
    told = live(tmp_path, fits * ROOM)
    # What lies there takes a little less than was expected of it, so a few more come in; never more than there is room.
    assert told.submitted_by[5] <= fits * ROOM // len(CLIP)
    assert told.submitted_by[5] == told.submitted_by[29] >= fits - 1
    assert [] == told.world.lost
    assert {Succeeded} == {type(job.state) for job in told.jobs}
    assert [CLIP] * JOBS == list(told.world.stored.values())
    assert [] == told.left
    check_order(told)


def test_while_nothing_is_known_of_a_failure_no_more_is_at_stake_than_fits(tmp_path: Path) -> None:
    """With room for two, two are under way at once though five could run, all the time."""
    told = live(tmp_path, 2 * ROOM + 50, down_s=0.0, jobs=20)
    assert {Succeeded} == {type(job.state) for job in told.jobs}
    begun = sorted(told.world.made.values())
    assert all(later - earlier >= RUN_S for earlier, later in zip(begun, begun[2:], strict=False))


def test_without_a_spool_somebody_is_alarmed_at_half_and_four_fifths_of_each_url(tmp_path: Path) -> None:
    """23 hours of failing: two alarms a clip, and then all are brought home before their URLs die."""
    told = live(tmp_path, 0, down_s=23 * HOUR_S, jobs=60)
    assert {Succeeded} == {type(job.state) for job in told.jobs}
    risks = Counter(notice.job_id for notice in told.world.told if notice.kind == "job.at_risk")
    assert {2} == set(risks.values())
    assert 60 == len(risks)
    last = [dies_at for at, dies_at in told.world.wishes if at - NOW >= 23 * HOUR_S]
    assert len(last) >= 60
    check_order(told)


@pytest.mark.parametrize("killed_after_s", [700.0, 5000.0, 20_000.0])
def test_a_runner_that_dies_while_clips_lie_in_the_spool_finds_them_again(
    tmp_path: Path, killed_after_s: float
) -> None:
    """Another one takes up where it fell, with what lies on the disk, and every clip ends whole in the storage."""
    world = World()

    async def work() -> list[Job]:
        store = MemoryStore(lambda _: SLOTS, POLICY)
        await store.add([make_job(at=NOW, index=n) for n in range(60)])
        for life, patience_s in enumerate((killed_after_s, 60 * HOUR_S)):
            spool = LocalSpool(tmp_path / "spool", 60 * ROOM, world.clock, threads=Inline())
            runner = runner_of(world, store, spool, f"run_{life}")
            task = asyncio.get_running_loop().create_task(runner.run(until_idle=True))
            await asyncio.wait([task], timeout=patience_s)
            while not task.done():  # as near to kill -9 as one gets within a process: nothing is wound down
                task.cancel()
                await asyncio.wait([task], timeout=0)
            if life == 0:
                for job in await store.find(Filter(states=("archiving",), limit=60)):
                    assert isinstance(job.state, Archiving)
        return await store.find(Filter(limit=60))

    jobs = run_virtually(work)
    assert {Succeeded} == {type(job.state) for job in jobs}
    assert ([], 60) == (world.lost, len(world.stored))
    assert {CLIP} == set(world.stored.values())
