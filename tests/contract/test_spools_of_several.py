"""Several machines, each with a spool: an outage loses nothing, and nobody takes what lies elsewhere for lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from tests.archive.clips import bare_clip, pieces
from tests.contract.stores import Bench, Store, submitting
from tests.contract.test_holds_and_purges import Finds, NoInputs
from tests.domain.catalog_file import BOOKS
from tests.factories import NOW, FakeClock, make_job, make_outcome, make_task
from wanreel.archive.shared_spool import SharedSpool
from wanreel.archive.spool import LocalSpool
from wanreel.domain.errors import Conflict, NotFound, Unavailable
from wanreel.domain.event import Trouble
from wanreel.domain.job import Account, Archiving, Artifact, Failed, Job, Succeeded
from wanreel.domain.keeping import Retention
from wanreel.domain.policy import HOUR_S, Policy, longest_delay_s
from wanreel.domain.spooling import LEFT_S, expected_bytes
from wanreel.ports.archive import KeepFailed, Label, Shelf
from wanreel.ports.inputs import Inputs
from wanreel.ports.jobs import Claim, Lane
from wanreel.service.inventory import in_spool
from wanreel.service.keeping import Keeping
from wanreel.service.keeping_room import KeepingRoom
from wanreel.service.uses import Service
from wanreel.worker.spool_gate import SpoolGate
from wanreel.worker.step import step
from wanreel.worker.tools import Tools

CLIP = bare_clip(b"c" * 500)
POLICY = Policy(spool_retry_s=6 * HOUR_S)
LIFE_S = 24 * HOUR_S


pytestmark = pytest.mark.parametrize("bench", ["memory", "postgres"], indirect=True)  # nobody shares a file


@dataclass
class World:
    """A vendor whose URLs live a day, and a storage that is up or down."""

    clock: FakeClock
    down: bool = True
    stored: set[str] = field(default_factory=set[str])
    fetched: int = 0

    async def fetch(self, account: Account, url: str) -> AsyncIterator[bytes]:
        self.fetched += 1
        if self.clock.now() >= NOW + LIFE_S:
            raise KeepFailed(Trouble.SOURCE_REFUSED, "HTTP 403: Request has expired.")
        yield CLIP

    async def keep(self, key: str, pieces: AsyncIterator[bytes], label: Label | None = None) -> Artifact:
        data = b"".join([piece async for piece in pieces])
        if self.down:
            raise KeepFailed(Trouble.DESTINATION, "the storage answers 503")
        assert data == CLIP
        self.stored.add(key)
        return Artifact(key, len(data), "0" * 64)


class Machine:
    """A worker on a machine of its own, and the spool on that machine's disk."""

    def __init__(self, name: str, store: Store, bench: Bench, world: World, folder: Path) -> None:
        self.name, self.store, self.clock = name, store, bench.clock
        self.spool = SharedSpool(LocalSpool(folder / name, 10**9, bench.clock), name, store, bench.clock)
        self.gate = SpoolGate(self.spool, store, bench.clock, POLICY, store.keeping)
        self.tools = Tools(
            clock=bench.clock,
            jobs=store,
            slots=store,
            ledger=store,
            watching=store,
            outbox=store,
            vendor=cast("Any", None),
            results=world,
            archive=cast("Any", world),
            policy=POLICY,
            books=BOOKS,
            owner=name,
            artifact_key=lambda job: f"{job.id}.mp4",
            spool=self.spool,
        )

    async def turn(self, limit: int = 8) -> list[str]:
        """Claim what is due and may be brought home, and take a step of each; which that were."""
        now = self.clock.now()
        until, far_at = now + 7200.0, now + longest_delay_s(POLICY)
        jobs = await self.store.claim(Claim(Lane.ARCHIVE, self.name, now, until, limit, far_at, spool=self.spool.name))
        for job in jobs:
            await step(job, self.tools)
        return [job.id for job in jobs]

    async def sweep(self) -> None:
        """Let go of what has ended, as a worker does once an hour."""
        self.clock.advance(HOUR_S)
        await self.gate.sweep(self.store)


@dataclass
class Two:
    """Two machines, A and B, the world around them, and three finished clips."""

    bench: Bench
    world: World
    a: Machine
    b: Machine

    async def states(self) -> list[Any]:
        return [(await self.bench.store.get(f"job_{n}")).state for n in range(3)]

    async def turns(self, until: float, *machines: Machine) -> None:
        """Let time pass, from one due instant to the next; each machine looks then."""
        while (now := self.bench.clock.now()) < until:
            for machine in machines:
                await machine.turn()
            due_s = min(state.due_at for state in await self.states() if isinstance(state, Archiving)) - now
            self.bench.clock.advance(min(max(due_s, LEFT_S / 2), 2 * HOUR_S))


@pytest.fixture
async def two(bench: Bench, tmp_path: Path) -> Two:
    """The store seen by two processes."""
    world = World(bench.clock)
    await bench.add(*(archiving(n) for n in range(3)))
    a = Machine("spool-a", bench.store, bench, world, tmp_path)
    return Two(bench, world, a, Machine("spool-b", await bench.second(), bench, world, tmp_path))


def archiving(number: int) -> Job:
    """A job whose clip was just made."""
    state = Archiving(make_task(f"t{number}", NOW), make_outcome(NOW, url=f"https://a.aliyuncs.com/{number}.mp4"), NOW)
    return make_job(state, id=f"job_{number}", at=NOW)


async def spooled(two: Two, *machines: Machine) -> None:
    """The storage has failed for so long that all clips lie in spools."""
    await two.turns(NOW + HOUR_S, *machines)
    assert all(isinstance(state, Archiving) and state.spooled for state in await two.states())


async def test_a_storage_that_is_away_for_days_costs_time_and_nothing_else(two: Two) -> None:
    """Each machine brings home what lies in its own spool, though every URL has died meanwhile; nothing stays."""
    for _ in range(6):  # each takes some: whoever asks first takes one
        await two.a.turn(1)
        await two.b.turn(2)
        two.bench.clock.advance(300.0)
    await spooled(two, two.a, two.b)
    lies = {machine.name: await machine.spool.held() for machine in (two.a, two.b)}
    assert all(lies.values()), "both hold something"
    assert {job: (name,) for name, jobs in lies.items() for job in jobs} == dict(await two.bench.store.copies())
    fetched = two.world.fetched
    await two.turns(NOW + 26 * HOUR_S, two.a, two.b)
    assert fetched == two.world.fetched, "what lies in a spool is not fetched again"
    two.world.down = False
    await two.bench.store.hasten(two.bench.clock.now())
    assert {name: sorted(jobs) for name, jobs in lies.items()} == {
        machine.name: sorted(await machine.turn()) for machine in (two.a, two.b)
    }
    assert all(isinstance(state, Succeeded) for state in await two.states())
    assert ([], [], {}) == (await two.a.spool.held(), await two.b.spool.held(), dict(await two.bench.store.copies()))


async def test_a_machine_that_is_gone_has_its_clips_brought_home_by_their_urls(two: Two) -> None:
    """After a while in which they are left to it; when it comes back it lets go of what was archived meanwhile."""
    await spooled(two, two.a)
    two.world.down = False
    await two.bench.store.hasten(two.bench.clock.now())
    assert [] == await two.b.turn()
    two.bench.clock.advance(LEFT_S)
    assert 3 == len(await two.b.turn())
    assert all(isinstance(state, Succeeded) for state in await two.states())
    assert 3 == len(await two.a.spool.held())
    await two.a.sweep()
    assert ([], {}) == (await two.a.spool.held(), dict(await two.bench.store.copies()))


async def test_what_nobody_else_can_bring_home_waits_for_its_machine(two: Two) -> None:
    """The storage fails the others too, then the URLs are dead: no clip is given up, and the machine that comes back
    after days brings them home.
    """
    await spooled(two, two.a)
    for _ in range(4):
        two.bench.clock.advance(7 * HOUR_S)
        await two.b.turn()
    assert all(isinstance(state, Archiving) and state.spooled for state in await two.states())
    two.world.down = False
    two.bench.clock.advance(50 * HOUR_S)
    assert [] == await two.b.turn(), "a dead URL is not asked for again and again"
    assert 3 == len(await two.a.turn())
    assert all(isinstance(state, Succeeded) for state in await two.states())


async def test_an_engine_that_gives_a_turn_to_the_wrong_machine_loses_nothing(two: Two) -> None:
    """What is handed to a machine by name, whatever lies where, is left as it is where that machine cannot go on."""
    await spooled(two, two.a)
    two.bench.clock.advance(30 * HOUR_S)
    now = two.bench.clock.now()
    (job,) = await two.b.store.claim(Claim(Lane.ARCHIVE, "b", now, now + 60, 1, now + 1e6, ids=("job_1",)))
    await step(job, two.b.tools)
    state = (await two.bench.store.get("job_1")).state
    assert isinstance(state, Archiving)
    assert state.spooled is not None
    assert "spool of spool-a" in state.trouble


async def test_a_machine_that_has_lost_its_own_copy_fetches_it_again(two: Two) -> None:
    """As one machine alone does."""
    await spooled(two, two.a)
    await two.a.spool._spool.drop("job_1")
    two.world.down = False
    await two.bench.store.hasten(two.bench.clock.now())
    for _ in range(3):
        await two.a.turn()
    assert all(isinstance(state, Succeeded) for state in await two.states())


async def test_a_damaged_copy_is_no_loss_while_another_machine_holds_one(two: Two) -> None:
    """A machine that was killed once its copy was whole leaves a second one; that one goes bad, and the URL is dead."""
    await spooled(two, two.a)
    assert await two.b.spool.take("job_0", pieces(CLIP), 1000)
    two.b.spool._spool._path("job_0").write_bytes(CLIP[:-1] + b"x")
    two.world.down = False
    two.bench.clock.advance(30 * HOUR_S)
    assert ["job_0"] == await two.b.turn()
    assert isinstance((await two.states())[0], Archiving), "its machine may go on with it"
    two.bench.clock.advance(7 * HOUR_S)
    assert 3 == len(await two.a.turn())
    assert all(isinstance(state, Succeeded) for state in await two.states())


async def test_a_clip_that_did_not_come_is_noted_nowhere(two: Two) -> None:
    """A source that fails, a spool without room, a process that stops in between."""

    async def fails() -> AsyncIterator[bytes]:
        yield CLIP[:100]
        raise KeepFailed(Trouble.SOURCE_FAILED, "cut")

    async def hangs() -> AsyncIterator[bytes]:
        begun.set()
        await asyncio.Event().wait()
        yield b""

    begun = asyncio.Event()
    with pytest.raises(KeepFailed):
        await two.a.spool.take("job_0", fails(), 1000)
    assert await two.a.spool.take("job_0", pieces(CLIP), 10**10) is None
    task = asyncio.create_task(two.a.spool.take("job_0", hangs(), 1000))
    await begun.wait()
    assert {"job_0": ("spool-a",)} == dict(await two.bench.store.copies(["job_0"])), "noted before it lies there"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert {} == dict(await two.bench.store.copies())


async def test_a_machine_that_is_lost_for_good_is_said_to_be(two: Two) -> None:
    """By a person, and only then: what the vendor still has comes home, and what it has not is a recorded failure."""
    await spooled(two, two.a)
    there = keeping_of(two.b)
    assert {"spool-b": [], "spool-a": [f"job_{n}" for n in range(3)]} == dict(await there.spools())
    assert 3 == len([stray for stray in (await in_spool(there._room))[0] if "spool of spool-a" in stray.words])
    for name, error in (("spool-b", Conflict), ("nonsense", NotFound)):
        with pytest.raises(error):
            await there.spool_is_gone(name)
    two.world.down = False
    await two.b.store.drop_copy("job_0", "spool-a")  # as if it had said so of this one in time
    await two.bench.store.hasten(two.bench.clock.now())
    for _ in range(3):
        await two.b.turn()
    two.bench.clock.advance(30 * HOUR_S)
    assert ["job_1", "job_2"] == await there.spool_is_gone("spool-a")
    await two.b.turn()
    done, lost, also = await two.states()
    assert (Succeeded, Failed, Failed) == (type(done), type(lost), type(also))
    assert "artifact_expired" == lost.code


async def test_an_erasure_waits_for_the_machine_that_holds_a_copy(two: Two) -> None:
    """It is written down, said in words, done by that machine's next sweep, and finished by anybody's."""
    await spooled(two, two.a)
    two.world.down = False
    two.bench.clock.advance(LEFT_S + 600.0)
    await two.b.turn()
    there = keeping_of(two.b)
    with pytest.raises(Unavailable, match="spool of spool-a"):
        await there.erase("job_1")
    await two.a.sweep()
    assert "job_1" not in await two.a.spool.held()
    assert ("job_1",) == (await there.sweep()).erased


def keeping_of(machine: Machine) -> Keeping:
    """Of a machine, over a storage in which nothing lies."""
    return Keeping(
        KeepingRoom(
            clock=machine.clock,
            service=cast("Service", Finds(machine.store)),
            jobs=machine.store,
            gallery=machine.store.keeping,
            custodian=machine.store.keeping,
            shelf=cast("Shelf", Nothing()),
            inputs=cast("Inputs", NoInputs()),
            retention=Retention({}),
            spool=machine.spool,
            stakes=machine.store,
            copies=machine.store,
        )
    )


class Nothing:
    """A storage in which nothing lies."""

    def of(self, archive: str) -> Nothing:
        return self

    def all(self) -> dict[str, Nothing]:
        return {"": self}

    async def list(self, prefix: str = "") -> AsyncIterator[Any]:
        for nothing in ():
            yield nothing


async def test_new_work_is_held_by_what_all_machines_have_under_way(two: Two) -> None:
    """Each sends only what its own spool could save beside all that any machine has sent."""
    await two.bench.store.add([make_job(id=f"job_q{n}", at=NOW) for n in range(4)])
    queued = [await two.bench.store.get(f"job_q{n}") for n in range(4)]
    room = expected_bytes(queued[0].request, POLICY) * 5 + 1  # three are under way
    for machine in (two.a, two.b):
        machine.spool._spool._bytes_max = room
    assert 2 == await two.a.gate.admit(queued)
    for job in queued[:2]:
        begun = submitting(job, two.bench.clock.now())
        assert await two.bench.store.begin(begun, two.bench.clock.now(), 0.0, two.bench.clock.now() + 60)
        two.a.gate.over(job)
    assert 0 == await two.b.gate.admit(queued[2:])
    assert two.b.gate.closed()


async def test_notes_and_archives_are_seen_by_all(bench: Bench) -> None:
    """A note more than once is one; archives are known to whoever comes later, until they are forgotten."""
    await bench.add(make_job(id="job_a"), make_job(id="job_b"))
    store, other = bench.store, await bench.second()
    for holder, at in (("y", NOW + 1), ("x", NOW + 2), ("y", NOW)):
        await store.note_copy("job_a", holder, at)
    assert {"job_a": ("y", "x")} == dict(await other.copies()) == dict(await other.copies(["job_a", "job_b"]))
    await other.drop_copy("job_a", "y")
    await other.drop_copy("job_b", "y")
    assert ({"job_a": ("x",)}, {}) == (dict(await store.copies()), dict(await store.copies(["job_b"])))
    await store.remember_archive("s3://b/", "{}")
    await store.remember_archive("s3://b/", '{"region": "x"}')
    assert {"s3://b/": '{"region": "x"}'} == dict(await other.archives())
    assert (True, False) == (await other.forget_archive("s3://b/"), await other.forget_archive("s3://b/"))
