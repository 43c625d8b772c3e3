"""Several workers: who is silent loses its claims, a duty for all is one worker's, and a home has room for many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from tests.factories import NOW, FakeClock, make_job, make_task
from tests.worker.fakes import Bench
from wanreel.domain.errors import Unavailable
from wanreel.domain.job import Archiving, Generating, state_name
from wanreel.domain.policy import Policy
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.store.lock import Places
from wanreel.store.sqlite import SqliteStore
from wanreel.worker.loop import Runner
from wanreel.worker.presence import LEASE_S, Presence


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store with two jobs that are due; the roll is the same piece of SQL in any database."""
    async with SqliteStore(tmp_path / "db.sqlite3", lambda _: 2, Policy()) as opened:
        await opened.add([make_job(Generating(make_task(f"t{n}", NOW), NOW), id=f"job_{n}") for n in range(2)])
        yield opened


def worker(store: SqliteStore, clock: FakeClock, name: str) -> Presence:
    """One of several."""

    async def set_clock() -> None:
        """There is nothing to set here."""

    return Presence(clock, store, store, name, set_clock)


async def claimed(store: SqliteStore, clock: FakeClock, owner: str) -> list[str]:
    """What a worker gets, one job, for long."""
    now = clock.now()
    return [job.id for job in await store.claim(Claim(Lane.WATCH, owner, now, now + 7200, 1, now + 1e6))]


async def test_the_claims_of_the_silent_are_given_back(store: SqliteStore) -> None:
    """A worker that has died loses what it had after a few seconds; one that lives keeps it."""
    clock = FakeClock()
    dead, living = worker(store, clock, "dead"), worker(store, clock, "living")
    await dead.beat()
    await living.beat()
    assert ["job_0"] == await claimed(store, clock, "dead")
    assert ["job_1"] == await claimed(store, clock, "living")
    clock.advance(LEASE_S / 2)
    await living.beat()
    assert [] == await claimed(store, clock, "living")
    clock.advance(LEASE_S / 2)
    await living.beat()
    assert ["living"] == await store.alive(clock.now())
    assert ["job_0"] == await claimed(store, clock, "living")
    assert [] == await claimed(store, clock, "living")


async def test_one_that_stood_still_is_there_again(store: SqliteStore) -> None:
    """It says so with its next word, and claims again."""
    clock = FakeClock()
    slow, other = worker(store, clock, "slow"), worker(store, clock, "other")
    await slow.beat()
    clock.advance(LEASE_S + 1)
    await other.beat()
    assert ["other"] == await store.alive(clock.now())
    await slow.beat()
    assert ["other", "slow"] == await store.alive(clock.now())
    await slow.leave()
    assert ["other"] == await store.alive(clock.now())


async def test_a_duty_is_one_workers(store: SqliteStore) -> None:
    """Whoever has it keeps it while it asks for it, and another one takes over when it has stopped asking."""
    clock = FakeClock()
    first, second = worker(store, clock, "first"), worker(store, clock, "second")
    for _ in range(6):
        assert await first.alone("notices")
        assert not await second.alone("notices")
        clock.advance(LEASE_S / 3)
    clock.advance(LEASE_S)
    assert await second.alone("notices")
    assert not await first.alone("notices")


def test_a_home_has_room_for_several_workers(tmp_path: Path) -> None:
    """Each has a place of its own, and a place that was left is free again."""
    first, second = Places(tmp_path), Places(tmp_path)
    assert first.try_lock()
    assert second.try_lock()
    assert 2 == len(list(tmp_path.glob("*.lock")))
    first.release()
    first.release()
    assert not first.held
    assert Places(tmp_path).try_lock()
    assert 2 == len(list(tmp_path.glob("*.lock")))


class Away:
    """A roll of a database that answers only after a while."""

    def __init__(self, tries: int) -> None:
        self.tries = tries
        self.told: list[str] = []
        self.asked = asyncio.Event()

    async def present(self, owner: str, until: float) -> None:
        """Raises Unavailable at first."""
        self.asked.set()
        if self.tries:
            self.tries -= 1
            raise Unavailable("the database is being restarted")
        self.told.append(owner)

    async def gone(self, owner: str) -> None:
        """It has ended."""
        self.told.append(f"not {owner}")

    async def bury(self, now: float) -> int:
        """Nobody is dead."""
        return 0


async def test_a_worker_whose_database_is_away_as_it_begins_waits_for_it() -> None:
    """It begins as soon as the database answers, and works."""
    bench, roll = Bench(policy=Policy(backoff_first_s=0.0)), Away(3)
    await bench.store.add([make_job(Archiving)])
    presence = Presence(bench.clock, roll, bench.store, "w", AsyncMock())
    await Runner(bench.tools, (), bench.limit_of, presence=presence).run(until_idle=True)
    assert (0, ["w", "not w"]) == (roll.tries, roll.told)
    assert ["succeeded"] == [state_name(job.state) for job in await bench.store.find(Filter())]


async def test_a_worker_that_is_told_to_end_waits_for_no_database() -> None:
    """Not even as it begins."""
    bench, roll = Bench(), Away(10**9)
    runner = Runner(
        bench.tools, (), bench.limit_of, presence=Presence(bench.clock, roll, bench.store, "w", AsyncMock())
    )
    running = asyncio.ensure_future(runner.run())
    await roll.asked.wait()
    runner.stop()
    await running
