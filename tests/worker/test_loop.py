"""The runner: starting, stopping, how much at once, and going on after whatever a step or the store did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.factories import NOW, FakeClock, make_job, make_outcome
from tests.worker.fakes import Asker, Bench, FlakyStore, Gate, Notifier, Vendor
from wanreel.archive.spool import LocalSpool
from wanreel.domain.errors import Internal, Unavailable
from wanreel.domain.event import Accepted, Finished, Found, Lost, Notice, Pause, Refused, StillRunning
from wanreel.domain.job import Archiving, Fault, Generating, Intent, Job, Submitting
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy
from wanreel.ports.engine import TakeTurn
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.ports.reviews import Reviewed
from wanreel.ports.watching import Known
from wanreel.telemetry import STEP_BROKE
from wanreel.worker.arrears import BROKEN_FIRST_S, BROKEN_S_MAX, Arrears
from wanreel.worker.hearing import Ears, Hearing
from wanreel.worker.loop import Pace, Runner
from wanreel.worker.outbox import BATCH
from wanreel.worker.reviewing import Reviewer
from wanreel.worker.spool_gate import SpoolGate

EAGER = Policy(poll_first_s=0.0, poll_factor=1.0, net_s=0.0, backoff_first_s=0.0, busy_first_s=0.0)
"""Nothing waits: the fake clock stands still, and every next step is due at once."""
SOON = Pace(look_around_s=0.005)


def runner_of(bench: Bench, *notifiers: Notifier, pace: Pace = SOON, seeker: Asker | None = None) -> Runner:
    """A runner over the bench."""
    return Runner(bench.tools, notifiers, bench.limit_of, pace, seeker=seeker or Asker(bench))


@asynccontextmanager
async def running(runner: Runner) -> AsyncGenerator[asyncio.Task[None]]:
    """The runner at work; ended by hand, or for good at the end."""
    task = asyncio.get_running_loop().create_task(runner.run())
    try:
        yield task
    finally:
        await interrupted(task)


async def interrupted(task: asyncio.Task[None]) -> None:
    """Ctrl-C, as often as it takes: the first cancel may still wind down, one during that is immediate."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0)
    with suppress(asyncio.CancelledError):
        task.result()


def accepts() -> Any:
    """A vendor's yes with a new task each time."""
    return lambda job, intent: Accepted(intent.id, f"task-of-{intent.id}")


def broken_of(logs: list[MutableMapping[str, Any]]) -> list[str]:
    """The jobs whose steps were said to have broken."""
    return [str(line["job"]) for line in logs if line["event"] == STEP_BROKE]


async def rounds(bench: Bench, runner: Runner, count: int = 3) -> None:
    """So many rounds of the runner's, in which it claims for each lane."""
    until = bench.store.claims + 3 * count

    def asked() -> bool:
        runner.nudge()
        return bench.store.claims >= until

    await come_true(asked)


async def states(bench: Bench) -> list[str]:
    """The words of all stored states."""
    return sorted(type(job.state).__name__ for job in await bench.store.find(Filter()))


async def come_true(holds: Callable[[], Awaitable[bool] | bool]) -> None:
    """Let everybody else go on until something holds; the suite's own limit ends a wait in vain."""
    while True:
        answer = holds()
        if answer if isinstance(answer, bool) else await answer:
            return
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)


class Racing(FakeClock):
    """A clock on which two seconds pass at every look."""

    def now(self) -> float:
        return self.advance(2.0)


class Hanging:
    """A panel of judges that never come to a word."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def review(self, job: Job, now: float) -> Reviewed:
        self.asked.append(job.id)
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")


# --- from prompt to clip --------------------------------------------------------------------------------------------


async def test_until_idle_takes_every_job_to_its_end_and_tells_about_each() -> None:
    """Three jobs, two slots: all succeed, each notice is delivered, and the runner returns by itself."""
    vendor = Vendor(submit=[accepts()] * 3, look=[StillRunning("RUNNING"), *[Finished(make_outcome())] * 3])
    bench, notifier = Bench(limit=2, policy=EAGER, vendor=vendor), Notifier()
    jobs = await bench.store.add([make_job() for _ in range(3)])
    await runner_of(bench, notifier).run(until_idle=True)
    assert ["Succeeded"] * 3 == await states(bench)
    assert sorted(job.id for job in jobs) == sorted(told.split(".")[0] for told in notifier.told)
    assert 3 == vendor.count("submit")


async def test_a_judge_that_never_answers_holds_nobody() -> None:
    """Jobs succeed, the runner becomes idle and ends while a judge still hangs over the first clip."""
    bench = Bench(policy=EAGER, vendor=Vendor(submit=[accepts()] * 3, look=[Finished(make_outcome())] * 3))
    hangs = Hanging()
    reviewer = Reviewer(Racing(), bench.store, bench.store, hangs, EAGER)
    await bench.store.add([make_job() for _ in range(3)])
    runner = Runner(bench.tools, (), bench.limit_of, SOON, seeker=Asker(bench), reviewer=reviewer)
    await runner.run(until_idle=True)
    assert ["Succeeded"] * 3 == await states(bench)
    assert 1 == len(hangs.asked)
    assert {} == await bench.store.reviews(hangs.asked)


async def test_until_idle_leaves_what_waits_for_a_person() -> None:
    """A doubt, and a job behind an overdue bill, stay as they are; nothing is sent again."""
    bench = Bench(limit=1, policy=EAGER)
    bench.vendor.script("submit", lambda job, intent: Lost(intent.id, "reset"))
    await bench.store.add([make_job(), make_job()])
    await runner_of(bench, Notifier()).run(until_idle=True)
    assert ["Queued", "Unconfirmed"] == await states(bench)
    overdue = Bench(limit=1, policy=EAGER)
    overdue.vendor.script("submit", lambda job, i: Refused(i.id, 403, "Arrearage", "pay", Fault.ACCOUNT, Pause.ACCOUNT))
    await overdue.store.add([make_job(), make_job()])
    await runner_of(overdue, Notifier()).run(until_idle=True)
    assert ["Queued", "Queued"] == await states(overdue)
    assert 1 == overdue.vendor.count("submit")


async def test_what_the_search_finds_is_settled_and_the_work_goes_on() -> None:
    """A lost call whose task is found becomes a clip, without a person and without a second call."""
    bench = Bench(vendor=Vendor(look=[Finished(make_outcome())] * 3), policy=EAGER)
    bench.vendor.script("submit", lambda job, intent: Lost(intent.id, "reset"))
    await bench.store.add([make_job(at=bench.clock.now())])
    seeker = Asker(bench)
    seeker.answers.append(([], 0.0))
    seeker.answers.append(lambda lost: ([(job, Found("t-1", "list", "its words")) for job in lost], 0.0))
    await runner_of(bench, Notifier(), seeker=seeker).run(until_idle=True)
    assert ["Succeeded"] == await states(bench)
    assert 1 == bench.vendor.count("submit")


async def test_a_broken_search_stops_nothing_else() -> None:
    """A store that is unwell, or a bug, costs one turn of the search; the jobs go on."""
    bench = Bench(vendor=Vendor(look=[Finished(make_outcome())] * 3), policy=EAGER)
    bench.vendor.script("submit", *[accepts()] * 3)
    await bench.store.add([make_job(at=bench.clock.now()) for _ in range(3)])
    seeker = Asker(bench, Unavailable("the disk is away"), RuntimeError("a bug"))
    await runner_of(bench, Notifier(), seeker=seeker).run(until_idle=True)
    assert ["Succeeded"] * 3 == await states(bench)


async def test_until_idle_waits_for_notices_that_are_still_due() -> None:
    """A receiver that fails once hears of it before the runner returns."""
    bench, notifier = Bench(policy=EAGER), Notifier(Unavailable("503"))
    await bench.store.add([make_job(Archiving)])
    await runner_of(bench, notifier).run(until_idle=True)
    assert 1 == len(notifier.told)


# --- starting -------------------------------------------------------------------------------------------------------


async def test_a_start_ends_dead_claims_and_asks_parks_anew() -> None:
    """What a dead runner claimed is free, its call in the air is a doubt, and a parked key is tried again."""
    bench = Bench(policy=EAGER)
    await bench.taken(make_job(Archiving, id="job_dead"), Lane.ARCHIVE, "dead")
    sent = make_job(Submitting)
    await bench.store.add([sent])
    refused = Refused("int_2", 403, "Arrearage", "pay", Fault.ACCOUNT, Pause.ACCOUNT)
    parked = make_job(Submitting, intent_id="int_2")
    await bench.store.add([parked])
    await bench.store.commit(transition(parked, refused, NOW, bench.policy, 0.5))
    bench.vendor.script("submit", lambda job, intent: Lost(intent.id, "reset"))
    await runner_of(bench, Notifier()).run(until_idle=True)
    assert ["Succeeded", "Unconfirmed", "Unconfirmed"] == await states(bench)
    assert 1 == bench.vendor.count("submit")


async def test_stopping_before_starting_or_twice_is_harmless() -> None:
    """A runner told to stop does nothing and returns; telling it again changes nothing."""
    bench = Bench()
    await bench.store.add([make_job()])
    runner = runner_of(bench)
    runner.stop()
    runner.stop()
    await runner.run()
    assert [] == bench.vendor.calls


# --- stopping -------------------------------------------------------------------------------------------------------


async def test_a_graceful_stop_waits_for_the_paid_call_in_the_air() -> None:
    """The answer that comes during the stop is recorded; only then does the runner return, its claims given back."""
    bench, gate = Bench(), Gate(accepts())
    bench.vendor.script("submit", gate)
    await bench.store.add([make_job(), make_job()])
    runner = runner_of(bench)
    async with running(runner) as task:
        await gate.entered.wait()
        runner.stop()
        await come_true(lambda: bench.vendor.busy["submit"] == 1)
        assert not task.done()
        gate.opened.set()
        await task
    assert ["Generating", "Queued"] == await states(bench)
    assert 0 == await bench.store.release(None)


async def test_a_second_stop_is_immediate_and_the_next_start_finds_a_doubt() -> None:
    """Cancelled in mid-call, the job stays Submitting on disk and is put in doubt, never sent again."""
    bench, gate = Bench(policy=EAGER), Gate(accepts())
    bench.vendor.script("submit", gate)
    await bench.store.add([make_job()])
    runner = runner_of(bench)
    async with running(runner) as task:
        await gate.entered.wait()
        runner.stop()
        await interrupted(task)
    assert ["Submitting"] == await states(bench)
    again = Bench(policy=EAGER)
    again.store = bench.store
    await runner_of(again, Notifier()).run(until_idle=True)
    assert ["Unconfirmed"] == await states(bench)
    assert 0 == again.vendor.count("submit")
    gate.opened.set()


async def test_a_stop_gives_downloads_a_while_and_then_cuts_them() -> None:
    """A download that does not end in time is dropped; its job is as due as before."""
    bench, gate = Bench(), Gate(None)
    bench.archive.answers.append(gate)
    await bench.store.add([make_job(Archiving)])
    runner = runner_of(bench, pace=Pace(look_around_s=0.005, stop_archives_s=0.0))
    async with running(runner) as task:
        await gate.entered.wait()
        runner.stop()
        await task
    assert ["Archiving"] == await states(bench)
    assert 1 == len(await bench.take(Lane.ARCHIVE))


# --- how much at once -----------------------------------------------------------------------------------------------


async def test_no_more_calls_at_once_than_its_pace_allows() -> None:
    """Five tasks are due and two looks may be in the air: never more than two are."""
    gates = [Gate(StillRunning("RUNNING")) for _ in range(5)]
    bench = Bench(vendor=Vendor(look=gates))
    await bench.store.add([make_job(Generating) for _ in range(5)])
    runner = runner_of(bench, pace=Pace(looks_max=2, look_around_s=0.005))
    async with running(runner):
        for gate in gates:
            await gate.entered.wait()
            gate.opened.set()
        await come_true(lambda: bench.vendor.busy["look"] == 0)
    assert 2 >= bench.vendor.busiest["look"]
    assert 5 == bench.vendor.count("look")


async def test_one_submit_of_a_key_is_in_the_air_at_a_time() -> None:
    """With slots free for five, the second paid call goes out only when the first has answered."""
    gates = [Gate(accepts()) for _ in range(3)]
    bench = Bench(vendor=Vendor(submit=gates))
    await bench.store.add([make_job() for _ in range(3)])
    async with running(runner_of(bench)):
        for gate in gates:
            await gate.entered.wait()
            gate.opened.set()
        await come_true(lambda: bench.vendor.busy["submit"] == 0)
    assert 1 == bench.vendor.busiest["submit"]


async def test_work_that_has_to_wait_is_not_asked_for_in_a_tight_loop() -> None:
    """A lane is full and more is due, a receiver hangs: the runner waits for an end or its next look around."""
    downloading, telling = Gate(None), Gate(True)
    bench, notifier = Bench(policy=EAGER), Notifier(telling)
    await bench.store.add([make_job(Archiving)])
    runner = runner_of(bench, notifier, pace=Pace(archives_max=1, look_around_s=3600.0))
    async with running(runner) as task:
        await telling.entered.wait()
        bench.archive.answers.append(downloading)
        await bench.store.add([make_job(Archiving) for _ in range(3)])
        bench.store.claims = 0
        runner.nudge()
        await downloading.entered.wait()
        await asyncio.wait([task], timeout=0.1)
        assert bench.store.claims <= 12
        telling.opened.set()
        downloading.opened.set()


async def test_a_slow_receiver_holds_up_no_job() -> None:
    """While a notice hangs at its receiver, jobs go on to their end."""
    gate = Gate(True)
    bench, notifier = Bench(policy=EAGER), Notifier(gate)
    await bench.store.add([make_job(Archiving)])
    async with running(runner_of(bench, notifier)):
        await gate.entered.wait()
        await bench.store.add([make_job(Archiving)])

        async def both() -> bool:
            return ["Succeeded"] * 2 == await states(bench)

        await come_true(both)
        assert [] == notifier.told
        gate.opened.set()


# --- bad days -------------------------------------------------------------------------------------------------------


async def all_are_over(bench: Bench) -> bool:
    """Whether every job has ended well."""
    return {"Succeeded"} == set(await states(bench))


async def never(now: float) -> float | None:
    """A store that does not say when anything is due."""
    await asyncio.Event().wait()
    raise AssertionError(now)


class Together(Notifier):
    """Takes many at once, the first time only when it is let."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate
        self.sizes: list[int] = []

    async def tell_all(self, notices: Sequence[Notice]) -> None:
        await self.gate()
        self.sizes.append(len(notices))
        self.told += [notice.id for notice in notices]


async def test_what_has_come_to_be_owed_while_others_were_told_is_told_at_once() -> None:
    """Many jobs end while a receiver is slow: once it is not, nobody waits for the next look around."""
    bench, gate = Bench(), Gate(True)
    notifier = Together(gate)
    await bench.store.add([make_job(Archiving) for _ in range(6 * BATCH)])
    runner = runner_of(bench, notifier, pace=Pace(look_around_s=3600.0))
    async with running(runner):
        await gate.entered.wait()
        await come_true(lambda: all_are_over(bench))
        bench.store.next_due = never  # the runner's rounds have an end here, so no later one can tell the rest
        gate.opened.set()
        await come_true(lambda: len(notifier.told) == 6 * BATCH)
    assert len(set(notifier.told)) == 6 * BATCH


async def test_a_bug_in_one_jobs_step_stops_neither_the_others_nor_the_runner() -> None:
    """The adapter raises for one job; the other comes home."""
    bench = Bench(policy=EAGER)
    bench.vendor.script("look", Internal("broken"))
    broken: Job = make_job(Generating)
    await bench.store.add([broken, make_job(Archiving)])
    async with running(runner_of(bench)):

        async def one() -> bool:
            return "Succeeded" in await states(bench) and bench.vendor.count("look") == 1

        await come_true(one)
    assert ["Generating", "Succeeded"] == await states(bench)


@pytest.mark.parametrize("lane", [Lane.WATCH, Lane.ARCHIVE], ids=lambda lane: lane.value)
async def test_a_job_whose_step_meets_a_bug_is_tried_again_after_a_growing_pause(lane: Lane) -> None:
    """Neither at once nor only when our claim has run out; nobody else meets it meanwhile, and the log has each."""
    bench = Bench(policy=EAGER)
    bugs = [RuntimeError("a bug"), RuntimeError("a bug")]
    if lane is Lane.WATCH:
        bench.vendor.script("look", *bugs, Finished(make_outcome()))
    else:
        bench.archive.answers.extend(bugs)
    job = make_job(Generating if lane is Lane.WATCH else Archiving)
    await bench.store.add([job])
    runner = runner_of(bench)
    with capture_logs() as logs:
        async with running(runner):
            for broke, pause_s in enumerate((BROKEN_FIRST_S, 2 * BROKEN_FIRST_S), 1):
                await come_true(lambda broke=broke: len(broken_of(logs)) == broke)
                bench.clock.advance(pause_s - 0.5)
                await rounds(bench, runner)
                assert broke == len(broken_of(logs)), "it rests"
                assert [] == await bench.take(lane, "worker-2")
                bench.clock.advance(1.0)
            await come_true(lambda: _is(bench, job, "Succeeded"))
    assert 2 == len(broken_of(logs))


async def test_pauses_after_bugs_are_bounded_and_begin_anew_once_a_step_went_well() -> None:
    """A job that was claimed anew meanwhile is not given back for its last claim."""
    bench = Bench()
    arrears = Arrears(bench.tools)
    job = await bench.taken(make_job(Archiving), Lane.ARCHIVE)

    async def paused_s() -> float:
        arrears.broke(job)
        began = bench.clock.now()
        while not (again := await bench.take(Lane.ARCHIVE)):
            bench.clock.advance(5.0)
            await arrears.give_back()
        arrears.taken(again)
        return bench.clock.now() - began

    assert [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0] == [await paused_s() for _ in range(8)]
    arrears.went_well(job)
    assert 5.0 == await paused_s()
    arrears.broke(job)
    arrears.taken([job])
    bench.clock.advance(BROKEN_S_MAX)
    await arrears.give_back(at_once=True)
    assert [] == await bench.take(Lane.ARCHIVE)


@pytest.mark.parametrize("times", [1, 3])
async def test_an_answer_the_store_cannot_take_is_offered_until_it_can(times: int) -> None:
    """Paid news survives a store that is unwell: kept in memory, offered again, recorded."""
    bench = Bench(policy=EAGER)
    bench.vendor.script("submit", accepts())
    bench.vendor.script("look", *[Finished(make_outcome())] * 2)
    bench.store.unwell["commit"] = times
    await bench.store.add([make_job()])
    await runner_of(bench, Notifier()).run(until_idle=True)
    assert ["Succeeded"] == await states(bench)
    assert 1 == bench.vendor.count("submit")


async def test_a_store_that_is_down_does_not_stop_the_runner() -> None:
    """Claims fail for a while; then work goes on as if nothing had been."""
    bench = Bench(policy=EAGER)
    bench.store.unwell["claim"] = 5
    await bench.store.add([make_job(Archiving)])
    await runner_of(bench, Notifier()).run(until_idle=True)
    assert ["Succeeded"] == await states(bench)


async def test_a_step_that_the_store_broke_off_is_done_again_without_waiting_for_its_claim() -> None:
    """Nothing was sent: the slot and the job are given back, long before the claim runs out."""
    bench = Bench(limit=1, policy=EAGER)
    bench.vendor.script("submit", accepts())
    bench.vendor.script("look", Finished(make_outcome()))
    bench.store.unwell["begin"] = 1
    await bench.store.add([make_job()])
    await runner_of(bench, Notifier()).run(until_idle=True)
    assert ["Succeeded"] == await states(bench)


class Mute:
    """An engine that is never asked."""

    @asynccontextmanager
    async def working(self, take: TakeTurn, owner: str) -> AsyncGenerator[None]:
        yield

    async def wake(self, job: Job, claimed_by: str = "") -> None:
        raise AssertionError(job.id)


@pytest.mark.parametrize("with_engine", [False, True], ids=["loop", "engine"])
async def test_jobs_claimed_when_the_store_goes_away_are_given_back(tmp_path: Path, *, with_engine: bool) -> None:
    """Nobody could say whether the spool has room for what was just claimed: it is claimed anew once somebody can."""
    bench = Bench(policy=EAGER)
    (job,) = await bench.store.add([make_job()])
    gate = SpoolGate(LocalSpool(tmp_path, 10**9, bench.clock), bench.store, bench.clock, bench.policy)
    engine = Mute() if with_engine else None
    runner = Runner(bench.tools, (Notifier(),), bench.limit_of, SOON, gate=gate, engine=engine)
    bench.store.unwell["stake_bytes"] = 1
    assert not await runner._tick()
    bench.clock.advance(bench.policy.backoff_first_s)
    await runner._give_back()
    claim = Claim(Lane.SUBMIT, "somebody else", bench.clock.now(), bench.clock.now() + 1, 9, bench.clock.now() + 9, 0.0)
    assert [job.id] == [one.id for one in await bench.store.claim(claim)]


class Watched(FlakyStore):
    """Notes when it is asked what is due next, and how many jobs it has handed out by filter."""

    def __init__(self, limit: int, policy: Policy) -> None:
        super().__init__(limit, policy)
        self.asked_at: list[float] = []
        self.handed_out: list[int] = []

    async def next_due(self, now: float) -> float | None:
        self.asked_at.append(asyncio.get_running_loop().time())
        return await super().next_due(now)

    async def find(self, which: Filter) -> list[Job]:
        found = await super().find(which)
        self.handed_out.append(len(found))
        return found


async def test_a_full_lane_does_not_spin() -> None:
    """What is due and cannot be begun is asked after ever more rarely, until something of ours ends."""
    bench, gate = Bench(policy=EAGER), Gate(StillRunning("RUNNING"))
    bench.store = store = Watched(5, EAGER)
    bench.vendor.script("look", gate, gate)
    await bench.store.add([make_job(Generating), make_job(Generating)])
    async with running(runner_of(bench, pace=Pace(looks_max=1, look_around_s=3600.0))):
        await come_true(lambda: len(store.asked_at) >= 5)
        gaps = [later - sooner for sooner, later in pairwise(store.asked_at)]
        assert [] == [gap for place, gap in enumerate(gaps[:4]) if gap < 0.005 * 2**place]


async def test_asking_whether_work_is_left_does_not_read_all_of_it() -> None:
    """One running job among many queued ones is enough to know that there is work."""
    bench = Bench(policy=EAGER)
    bench.store = store = Watched(1, EAGER)
    await bench.store.add([make_job(Generating, due_at=NOW + 60.0), *[make_job() for _ in range(50)]])
    task = asyncio.get_running_loop().create_task(runner_of(bench).run(until_idle=True))
    await come_true(lambda: len(store.asked_at) >= 2)
    await interrupted(task)
    assert 20 >= max(store.handed_out)


async def test_a_store_that_cannot_say_whether_work_is_left_is_asked_again() -> None:
    """Idle is what the store has said, never what it failed to say."""
    bench = Bench(policy=EAGER)
    bench.store.unwell["find"] = 3
    await runner_of(bench, Notifier()).run(until_idle=True)
    assert 0 == bench.store.unwell["find"]


async def test_an_archive_that_is_away_at_the_start_keeps_nobody_from_watching() -> None:
    """What dead processes left there is swept another day; paid work goes on."""
    bench = Bench(policy=EAGER)
    bench.archive.sweeps.append(Unavailable("the disk is not mounted"))
    await bench.store.add([make_job(Archiving)])
    await runner_of(bench, Notifier()).run(until_idle=True)
    assert ["Succeeded"] == await states(bench)


async def test_a_nudge_makes_it_look_at_once() -> None:
    """A job added beside a runner that waits for an hour is taken when it is nudged."""
    bench = Bench(policy=EAGER)
    runner = runner_of(bench, pace=Pace(look_around_s=3600.0))
    async with running(runner):
        await come_true(lambda: bench.clock.now() == NOW)
        await bench.store.add([make_job(Archiving)])
        runner.nudge()

        async def done() -> bool:
            return ["Succeeded"] == await states(bench)

        await come_true(done)


async def test_draining_sends_nothing_more_and_ends_what_runs() -> None:
    """What was sent is watched and archived to its end; what waits stays where it is, and the runner returns."""
    bench = Bench(limit=5, policy=EAGER, vendor=Vendor(look=[StillRunning("RUNNING"), Finished(make_outcome())]))
    await bench.store.add([make_job(Generating), make_job(), make_job()])
    await runner_of(bench).run(drain=True)
    assert ["Queued", "Queued", "Succeeded"] == await states(bench)


async def test_a_task_that_is_spoken_of_is_looked_after_once_at_once() -> None:
    """Whenever it was due; somebody else's task is none of our business."""
    vendor = Vendor(look=[Finished(make_outcome())])
    bench = Bench(policy=Policy(), vendor=vendor)
    ours, other = make_job(Generating, due_at=NOW + 900), make_job(Generating, due_at=NOW + 900)
    await bench.store.add([ours, other])
    runner = Runner(bench.tools, (), bench.limit_of, SOON, ears=Ears(bench.store, ("main",)))
    assert isinstance(ours.state, Generating)
    async with running(runner):
        runner.hear("task-of-nobody")
        runner.hear(ours.state.task.id)
        await come_true(lambda: _is(bench, ours, "Succeeded"))
        runner.hear(ours.state.task.id)
        runner.hear("task-of-nobody")
        runner.stop()
    assert [("look", ours.state.task.id)] == vendor.calls
    assert ["Generating", "Succeeded"] == await states(bench)


async def test_what_is_spoken_of_is_looked_up_by_its_name() -> None:
    """However much runs: nobody reads all of it for a word, nor again for what is nobody's or has ended."""
    bench, asked = Bench(), list[tuple[str, ...]]()
    real = bench.store.known_tasks

    async def known_tasks(account: str, ids: Sequence[str]) -> Mapping[str, Known]:
        asked.append(tuple(ids))
        return await real(account, ids)

    bench.store.known_tasks = known_tasks
    runs, ended = make_job(Generating, task_id="t-runs"), make_job(Archiving, task_id="t-ended")
    await bench.store.add([runs, ended])
    hearing = Hearing(Ears(bench.store, ("main",)), bench.clock)
    for task_id in ("t-nobody", "t-runs", "t-ended"):
        hearing.hear(task_id)
    assert {runs.id: "t-runs"} == await hearing.wanted(sending=False)
    assert {runs.id: "t-runs"} == await hearing.wanted(sending=False), "it is in somebody else's hands"
    hearing.taken(["t-runs"])
    assert {} == await hearing.wanted(sending=False)
    assert [("t-nobody", "t-runs", "t-ended"), ("t-runs",)] == asked


async def test_an_event_that_comes_before_the_submits_own_answer_is_not_lost() -> None:
    """It waits until the task is written down, and brings its end at once."""
    vendor = Vendor(look=[Finished(make_outcome())])
    bench = Bench(policy=Policy(), vendor=vendor)
    job = make_job()
    await bench.store.add([job])
    task_id = "task-early"
    runner = Runner(bench.tools, (), bench.limit_of, SOON, ears=Ears(bench.store, ("main",)))

    async def overtaken(_: Job, intent: Intent) -> Accepted:
        runner.hear(task_id)
        for _turn in range(20):  # the runner has looked around meanwhile
            await asyncio.sleep(0)
        return Accepted(intent.id, task_id)

    vendor.script("submit", overtaken)
    async with running(runner):
        await come_true(lambda: _is(bench, job, "Succeeded"))
        runner.stop()
    assert [("look", task_id)] == [call for call in vendor.calls if call[0] == "look"]


async def _is(bench: Bench, job: Job, state: str) -> bool:
    return type((await bench.store.get(job.id)).state).__name__ == state
