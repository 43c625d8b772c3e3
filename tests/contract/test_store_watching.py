"""The contract of `ports.Watching`: what runs, what was learned of run times, and what an account's list is like."""

from __future__ import annotations

import pytest

from tests.contract.stores import Bench
from tests.factories import NOW, make_account, make_change, make_job, make_outcome, make_state, make_task
from wanreel.domain.facts import Facts, Zone
from wanreel.domain.job import STATES, Archiving, Generating, Queued, State, Task
from wanreel.domain.runtimes import FORGET, RunKind, RunTime, kind_of
from wanreel.ports.watching import Run, Watched


@pytest.mark.parametrize("kind", STATES)
async def test_what_runs_is_what_the_vendor_works_on(bench: Bench, kind: type[State]) -> None:
    """A job in Generating has a task that runs; one in any other state has none."""
    job = make_job(kind, task_id="t-1")
    await bench.add(job)

    found = Watched(job.id, "t-1", kind_of(job.request), NOW, answered=True)
    assert ([found] if kind is Generating else []) == await bench.store.running("main")


async def test_running_tasks_come_oldest_first_and_by_account(bench: Bench) -> None:
    """Ordered by when they were accepted; adopted ones are told apart; other accounts have their own."""
    adopted = Task("t-old", NOW - 60, how="adopted")
    await bench.add(
        make_job(Generating, id="job_b", task_id="t-new"),
        make_job(Generating(adopted, due_at=NOW), id="job_a", size=None, resolution="1080P", duration_s=None),
        make_job(Generating, id="job_c", account=make_account("second")),
    )

    found = await bench.store.running("main")
    assert [("job_a", "t-old", False), ("job_b", "t-new", True)] == [(w.job_id, w.task_id, w.answered) for w in found]
    assert RunKind("wan2.5-t2v-preview", "1080P", 0) == found[0].kind
    assert ["job_c"] == [w.job_id for w in await bench.store.running("second")]


async def test_a_task_runs_from_the_change_that_has_it_to_the_one_that_ends_it(bench: Bench) -> None:
    """It appears with its task, changes when a new one is made, and is gone with the vendor's last word."""
    job = make_job(Queued)
    await bench.add(job)
    assert [] == await bench.store.running("main")

    job = await bench.store.commit(make_change(job, make_state(Generating, task_id="t-1")))
    assert ["t-1"] == [w.task_id for w in await bench.store.running("main")]
    job = await bench.store.commit(make_change(job, make_state(Generating, task_id="t-2"), past=(make_task("t-1"),)))
    assert ["t-2"] == [w.task_id for w in await bench.store.running("main")]
    await bench.store.commit(make_change(job, Archiving(make_task("t-2"), make_outcome(), NOW)))
    assert [] == await bench.store.running("main")


async def test_of_a_task_it_is_known_whose_it_is_and_whether_it_runs(bench: Bench) -> None:
    """Only a job in Generating has one that does: the one it stands on. Others are not known, nor another account's."""
    past = (make_task("t-past"),)
    await bench.add(
        make_job(make_state(Generating, task_id="t-runs"), id="job_a", past=past),
        make_job(Archiving(make_task("t-ended"), make_outcome(), NOW), id="job_b"),
        make_job(Generating, id="job_c", task_id="t-else", account=make_account("second")),
    )
    known = await bench.store.known_tasks("main", ["t-runs", "t-past", "t-ended", "t-else", "t-nobody"])
    runs = {"t-runs": ("job_a", True), "t-past": ("job_a", False), "t-ended": ("job_b", False)}
    assert runs == {task_id: (one.job_id, one.runs) for task_id, one in known.items()}


async def test_what_begins_and_ends_to_run_is_told_after_a_mark(bench: Bench) -> None:
    """Of every job spoken of since, as it stands now, of all accounts; who has a mark is told nothing twice."""
    await bench.add(make_job(Generating, id="job_before", task_id="t-0"))
    begun = await bench.store.told_since(None)
    assert ((), False) == (begun.runs, begun.more)

    queued = make_job(Queued, id="job_a")
    await bench.add(queued, make_job(Generating, id="job_b", task_id="t-b", account=make_account("second")))
    job = await bench.store.commit(make_change(queued, make_state(Generating, task_id="t-a")))
    told = await bench.store.told_since(begun.mark)
    running = {one.job_id: one for one in [*await bench.store.running("main"), *await bench.store.running("second")]}
    assert {"job_a": "main", "job_b": "second"} == {run.job_id: run.account for run in told.runs}
    assert all(run.watched == running[run.job_id] for run in told.runs)

    await bench.store.commit(make_change(job, Archiving(make_task("t-a"), make_outcome(), NOW)))
    after = await bench.store.told_since(told.mark)
    assert [Run("job_a", "main", None)] == list(after.runs)
    again = await bench.store.told_since(after.mark)
    assert ((), after.mark) == (again.runs, again.mark)


async def test_what_is_told_is_no_more_than_what_changed(bench: Bench) -> None:
    """Six hundred run, one of them changes: one is told. Of six hundred that are new, some hundreds at a time."""
    begun = await bench.store.told_since(None)
    jobs = [make_job(Generating, id=f"job_{n:04}", task_id=f"t-{n}") for n in range(600)]
    await bench.add(*jobs)
    seen, told = set[str](), await bench.store.told_since(begun.mark)
    assert told.more
    seen |= {run.job_id for run in told.runs}
    told = await bench.store.told_since(told.mark)
    assert not told.more
    assert {job.id for job in jobs} == seen | {run.job_id for run in told.runs}

    await bench.store.commit(make_change(jobs[7], Archiving(make_task("t-7"), make_outcome(), NOW)))
    assert [Run("job_0007", "main", None)] == list((await bench.store.told_since(told.mark)).runs)


async def test_whether_work_waits_is_told_too(bench: Bench) -> None:
    """As long as any job is queued, on whatever account."""
    assert not (await bench.store.told_since(None)).waiting
    job = make_job(Queued, account=make_account("second"))
    await bench.add(job)
    told = await bench.store.told_since(0)
    assert told.waiting
    await bench.store.commit(make_change(job, make_state(Generating, task_id="t-1")))
    assert not (await bench.store.told_since(told.mark)).waiting


async def test_run_times_are_remembered_by_kind(bench: Bench) -> None:
    """Every sample counts once, under its own kind, and for every process."""
    fast, slow = RunKind("m", "480P", 5), RunKind("m", "1080P", 5)
    await bench.store.learn()
    await bench.store.learn(RunTime(fast, 50.0))
    await bench.store.learn(RunTime(fast, 60.0), RunTime(slow, 300.0), RunTime(fast, 70.0))

    learned = (await (await bench.second()).runtimes()).by_kind
    assert {fast: 3, slow: 1} == {kind: seen.seen for kind, seen in learned.items()}
    assert sum(learned[fast].weights) == pytest.approx(FORGET**2 + FORGET + 1)


async def test_one_process_watches_an_account(bench: Bench) -> None:
    """A lease is its owner's until it runs out, for that account alone; the owner renews it at will."""
    other = await bench.second()
    assert await bench.store.lease("main", "w1", NOW, NOW + 30)
    assert not await other.lease("main", "w2", NOW + 10, NOW + 40)
    assert await other.lease("second", "w2", NOW + 10, NOW + 40)
    assert await bench.store.lease("main", "w1", NOW + 20, NOW + 50)
    assert not await other.lease("main", "w2", NOW + 49, NOW + 79)
    assert await other.lease("main", "w2", NOW + 50, NOW + 80)
    assert not await bench.store.lease("main", "w1", NOW + 51, NOW + 81)


async def test_a_lease_of_a_clock_that_jumped_holds_nobody_off(bench: Bench) -> None:
    """An end further ahead than anybody asks for is not believed."""
    assert await bench.store.lease("main", "w1", NOW + 86_400, NOW + 86_430)
    assert await (await bench.second()).lease("main", "w2", NOW, NOW + 30)


async def test_facts_of_an_account_add_up(bench: Bench) -> None:
    """Nothing is known at first; what is noted stays, account by account, and for every process."""
    assert Facts() == await bench.store.facts("main")
    await bench.store.note("main", Facts(("7",), 3.0, zone=Zone.UTC, overruled_at=9.0))
    told = await bench.store.note("main", Facts(("5",), 1.0, page_size=10, newest_first=True, skew_s=-0.5))

    whole = Facts(("5", "7"), 3.0, 10, newest_first=True, zone=Zone.UTC, skew_s=-0.5, overruled_at=9.0)
    assert whole == told == await (await bench.second()).facts("main")
    assert Facts() == await bench.store.facts("second")
