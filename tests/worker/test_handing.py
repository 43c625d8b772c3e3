"""Handing jobs to an engine: it says where and when, and still nobody acts without a slot and a claim."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.factories import NOW, make_job, make_outcome, make_task
from tests.worker.fakes import Bench, Gate, Vendor
from tests.worker.test_loop import accepts
from wanreel.archive.spool import LocalSpool
from wanreel.domain.errors import Invalid, Unavailable
from wanreel.domain.event import Change, Finished, Lost, StillRunning
from wanreel.domain.job import Archiving, Generating, Job, Queued, Submitting, Succeeded, Unconfirmed, state_name
from wanreel.domain.spooling import expected_bytes
from wanreel.ports.engine import TakeTurn, Turn
from wanreel.ports.jobs import Filter, Lane
from wanreel.worker.handing import COMING_S, FOUND_S, OVERDUE_S, REST_S, WOKEN_S, Handing
from wanreel.worker.loop import Runner
from wanreel.worker.spool_gate import AGAIN_S, SpoolGate

LATE_S = OVERDUE_S + 1.0


class Engine:
    """Remembers whom it was to wake, and has no answer while it is `away`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.away = False
        self.take: TakeTurn | None = None

    @asynccontextmanager
    async def working(self, take: TakeTurn, owner: str) -> AsyncGenerator[None]:
        self.take = take
        yield

    async def wake(self, job: Job, claimed_by: str = "") -> None:
        if self.away:
            raise Unavailable("nobody answers")
        self.calls.append((job.id, claimed_by))


class Place:
    """A worker of an engine, over the bench."""

    def __init__(
        self, bench: Bench, owner: str = "worker-1", engine: Engine | None = None, gate: SpoolGate | None = None
    ) -> None:
        self.bench = bench
        self.engine = engine or Engine()
        self.runner = Runner(bench.tools_of(owner), (), bench.limit_of, engine=self.engine, gate=gate)
        assert self.runner._handing is not None
        self.handing: Handing = self.runner._handing

    async def offered(self, lane: Lane) -> list[tuple[str, str]]:
        """Whom a round hands over, and in whose name."""
        before = len(self.engine.calls)
        await self.handing.hand(await self.handing.claim(lane, 16))
        return self.engine.calls[before:]

    async def state(self, job: Job) -> str:
        """How a job stands."""
        return state_name((await self.bench.store.get(job.id)).state)


# --- to the engine --------------------------------------------------------------------------------------------------


async def test_no_more_queued_jobs_are_handed_over_than_there_are_slots() -> None:
    """The backlog is rows of the store; what is handed over comes back to the worker that claimed it, and is sent."""
    bench = Bench(limit=1, vendor=Vendor(submit=[accepts()]))
    first, second = await bench.store.add([make_job(), make_job()])
    place, other = Place(bench), Place(bench, "worker-2")
    assert [(first.id, "worker-1")] == await place.offered(Lane.SUBMIT)
    assert [] == await other.offered(Lane.SUBMIT)
    assert Turn("queued", over=True) == await other.runner.turn(first.id, "worker-1"), "it is not this worker's"
    told = await place.runner.turn(first.id, "worker-1")
    assert Turn("generating", wait_s=bench.policy.net_s) == told
    assert Turn("queued", over=True) == await place.runner.turn(second.id, "worker-1"), "nobody has handed it over"
    assert 1 == bench.vendor.count("submit")


async def test_a_turn_in_nobodys_name_takes_nothing_from_the_one_that_comes() -> None:
    """A job whose doubt has just ended is woken for everybody, and claimed at that very moment: it is sent."""
    bench = Bench(vendor=Vendor(submit=[accepts()]))
    (job,) = await bench.store.add([make_job()])
    place = Place(bench)
    assert [(job.id, "worker-1")] == await place.offered(Lane.SUBMIT)
    assert Turn("queued", over=True) == await place.runner.turn(job.id, "")
    assert "generating" == (await place.runner.turn(job.id, "worker-1")).state


async def test_a_queued_job_the_engine_does_not_bring_goes_back() -> None:
    """Its workflow was ended by hand, say: after a while any worker hands it over again; only the new one counts."""
    bench = Bench(limit=1)
    (job,) = await bench.store.add([make_job()])
    place, other = Place(bench), Place(bench, "worker-2")
    await place.offered(Lane.SUBMIT)
    bench.clock.advance(COMING_S + 1)
    await place.handing.claim(Lane.SUBMIT, 0)
    assert [(job.id, "worker-2")] == await other.offered(Lane.SUBMIT)
    assert Turn("queued", over=True) == await place.runner.turn(job.id, "worker-1")


async def test_an_engine_that_is_away_sends_nothing_and_loses_nothing() -> None:
    """Nothing stays claimed, it is asked rarely, and once it answers the jobs are handed over."""
    bench = Bench(limit=1)
    (job,) = await bench.store.add([make_job()])
    place = Place(bench)
    place.engine.away = True
    assert [] == await place.offered(Lane.SUBMIT)
    (free,) = await bench.take(Lane.SUBMIT, "worker-2")
    await bench.store.release("worker-2")
    assert job == free
    place.engine.away = False
    claims = bench.store.claims
    assert [] == await place.offered(Lane.SUBMIT)
    assert claims == bench.store.claims, "it was not even asked again"
    bench.clock.advance(REST_S)
    assert [(job.id, "worker-1")] == await place.offered(Lane.SUBMIT)


async def test_what_is_overdue_is_found_once_in_a_while() -> None:
    """The engine's own timers come first; then one worker wakes the job, and again only if that helped nothing."""
    bench = Bench(vendor=Vendor(look=[Finished(make_outcome())]))
    (job,) = await bench.store.add([make_job(Generating(make_task("t1"), NOW))])
    place = Place(bench)
    assert [] == await place.offered(Lane.WATCH), "it is due, not overdue"
    bench.clock.advance(LATE_S)
    assert [(job.id, "worker-1")] == await place.offered(Lane.WATCH)
    bench.clock.advance(LATE_S)
    assert [] == await place.offered(Lane.WATCH)
    bench.clock.advance(FOUND_S + OVERDUE_S)
    assert [(job.id, "worker-1")] == await place.offered(Lane.WATCH)
    other = Place(bench, "worker-2")
    assert Turn("archiving", wait_s=0.0, heavy=True) == await other.runner.turn(job.id, "worker-1"), "anybody may"


async def test_an_end_that_is_seen_again_and_again_wakes_once() -> None:
    """A watcher reports an end until the job has moved on; its history does not grow by that."""
    bench = Bench()
    (job,) = await bench.store.add([make_job(Generating(make_task("t1"), NOW + 1000))])
    place = Place(bench)
    assert [job.id] == await place.handing.wake([job.id])
    assert [job.id, "job_gone"] == await place.handing.wake([job.id, "job_gone"])
    assert [(job.id, "")] == place.engine.calls
    bench.clock.advance(WOKEN_S)
    await place.handing.wake([job.id])
    assert 2 == len(place.engine.calls)
    place.engine.away = True
    bench.clock.advance(WOKEN_S)
    assert [] == await place.handing.wake([job.id]), "it is to be said again"


async def test_no_more_is_handed_over_than_the_spool_could_save(tmp_path: Path) -> None:
    """What it let through and the engine has not brought, or would not hear of, no longer counts."""
    bench = Bench(limit=9)
    jobs = await bench.store.add([make_job(model=f"model-{n}") for n in range(3)])
    two = int(2.5 * expected_bytes(jobs[0].request, bench.policy))
    spool = LocalSpool(tmp_path, two, bench.clock)
    gate = SpoolGate(spool, bench.store, bench.clock, bench.policy)
    place = Place(bench, gate=gate)
    place.engine.away = True
    await place.runner._tick()
    assert {} == gate._starting
    bench.clock.advance(REST_S + AGAIN_S)
    place.engine.away = False
    await place.runner._tick()
    assert 2 == len(place.engine.calls) == len(gate._starting)
    bench.clock.advance(COMING_S + AGAIN_S)
    await place.handing.claim(Lane.SUBMIT, 0)
    assert {} == gate._starting


# --- from the engine ------------------------------------------------------------------------------------------------


async def test_turns_take_a_job_to_its_end() -> None:
    """Each turn says when the next one is due, and whether that one moves a clip."""
    bench = Bench(vendor=Vendor(look=[Finished(make_outcome())]))
    (job,) = await bench.store.add([make_job(Generating(make_task("t1"), NOW + 1000))])
    place = Place(bench)
    assert Turn("archiving", wait_s=0.0, heavy=True) == await place.runner.turn(job.id, "")
    assert Turn("succeeded", over=True) == await place.runner.turn(job.id, "")
    assert Turn("succeeded", over=True) == await place.runner.turn(job.id, "")
    assert 1 == len(bench.archive.kept)
    assert isinstance((await bench.store.get(job.id)).state, Succeeded)


async def test_a_job_that_another_worker_has_is_left_alone() -> None:
    """Two engines, a loop beside an engine, a worker that is only slow: who has no claim does nothing."""
    bench = Bench()
    job = await bench.taken(make_job(Archiving(make_task("t1"), make_outcome(), NOW)), Lane.ARCHIVE, "somebody")
    place = Place(bench)
    assert Turn("archiving", wait_s=0.0, heavy=True, trouble=True) == await place.runner.turn(job.id, "")
    assert [] == bench.archive.kept


@pytest.mark.parametrize("kind", [Submitting, Unconfirmed])
async def test_a_paid_call_that_is_not_accounted_for_gets_no_second_one(kind: type[Submitting | Unconfirmed]) -> None:
    """The turn of such a job does nothing: rescue and the search for lost calls settle it, as everywhere."""
    bench = Bench()
    (job,) = await bench.store.add([make_job(kind)])
    told = await Place(bench).runner.turn(job.id, "worker-1")
    assert not told.over
    assert told.wait_s is not None
    assert [] == bench.vendor.calls
    assert job == await bench.store.get(job.id)


async def test_a_lost_answer_is_a_doubt_and_the_turn_says_so() -> None:
    """The step is the loop's own: nothing is sent again because an engine asks for another turn."""
    bench = Bench(vendor=Vendor(submit=lambda job, intent: Lost(intent.id, "reset")))
    (job,) = await bench.store.add([make_job()])
    place = Place(bench)
    await place.offered(Lane.SUBMIT)
    assert "unconfirmed" == (await place.runner.turn(job.id, "worker-1")).state
    assert "unconfirmed" == (await place.runner.turn(job.id, "worker-1")).state
    assert 1 == bench.vendor.count("submit")


async def test_a_store_that_is_away_makes_a_turn_that_was_none() -> None:
    """Nothing is known of the job, and nothing was done."""
    bench = Bench()
    (job,) = await bench.store.add([make_job(Generating(make_task("t1"), NOW))])
    bench.store.unwell["get"] = 1
    assert Turn("", trouble=True) == await Place(bench).runner.turn(job.id, "")


async def test_an_answer_the_store_could_not_take_is_kept_by_the_worker_that_heard_it() -> None:
    """The paid call's answer is offered again here; the engine is told to ask later, and never to pay again."""
    bench = Bench(vendor=Vendor(submit=accepts()))
    (job,) = await bench.store.add([make_job()])
    place = Place(bench)
    await place.offered(Lane.SUBMIT)
    bench.store.unwell["commit"] = 1
    assert "submitting" == (await place.runner.turn(job.id, "worker-1")).state
    await place.runner._arrears.offer_again()
    assert "generating" == await place.state(job)


async def test_jobs_that_are_not_here_or_back_in_the_queue_are_over() -> None:
    """An engine remembers nothing of what waits for a slot, nor of what was erased."""
    bench = Bench()
    (job,) = await bench.store.add([make_job(Queued(NOW + 100))])
    place = Place(bench)
    assert Turn("gone", over=True) == await place.runner.turn("job_gone", "")
    assert Turn("queued", over=True) == await place.runner.turn(job.id, "")


# --- the runner -----------------------------------------------------------------------------------------------------


async def test_a_runner_with_an_engine_takes_no_step_by_itself() -> None:
    """What is due is handed over; steps are taken as turns alone."""
    bench = Bench(limit=2)
    jobs = await bench.store.add([make_job(), make_job(Archiving(make_task("t1"), make_outcome(), NOW - LATE_S))])
    place = Place(bench)
    await place.runner._tick()
    assert {job.id for job in jobs} == {job_id for job_id, _ in place.engine.calls}
    assert [] == bench.vendor.calls == bench.archive.kept
    assert {"queued", "archiving"} == {state_name(job.state) for job in await bench.store.find(Filter())}


async def test_an_engine_that_will_never_let_us_ends_the_runner() -> None:
    """A namespace that is not there is said at once, in words."""

    class Refusing(Engine):
        @asynccontextmanager
        async def working(self, take: TakeTurn, owner: str) -> AsyncGenerator[None]:
            raise Invalid("there is no such namespace")
            yield

    with pytest.raises(Invalid, match="no such namespace"):
        await Place(Bench(), engine=Refusing()).runner.run()


async def test_a_turn_that_comes_while_the_last_one_is_ending_waits_for_its_end() -> None:
    """The store lets it be claimed once that is written down. Whoever stops waits for both, and none counts twice."""
    look = Gate(StillRunning("RUNNING"))
    bench, written = Bench(vendor=Vendor(look=[StillRunning("RUNNING"), look])), Gate(None)
    real, first_ends = bench.store.commit, [True]

    async def commit(change: Change, owner: str | None = None) -> Job:
        job = await real(change, owner)
        if first_ends:
            first_ends.clear()
            await written()
        return job

    bench.store.commit = commit
    job = make_job(Generating)
    await bench.store.add([job])
    runner = Place(bench).runner
    loop = asyncio.get_running_loop()
    first = loop.create_task(runner.turn(job.id, ""))
    await written.entered.wait()
    second = loop.create_task(runner.turn(job.id, ""))
    for _turn in range(20):
        await asyncio.sleep(0)
    written.opened.set()
    assert not (await first).trouble
    await look.entered.wait()
    assert [job.id] == list(runner._looks.running), "the first took its own leave, not the second's"
    look.opened.set()
    assert not (await second).trouble
    assert {} == runner._looks.running
    assert 1 == bench.vendor.busiest["look"]
