"""One step: its one I/O, the event that comes of it, the commit; and news that meets a job which has moved on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import pytest

from tests.factories import NOW, make_artifact, make_job, make_outcome, make_task
from tests.worker.fakes import Bench
from wanreel.domain.errors import Internal, Unavailable
from wanreel.domain.event import (
    Accepted,
    CancelAsked,
    CancelTaken,
    Change,
    Event,
    Finished,
    Lost,
    NotFound,
    NotSent,
    QueryFailed,
    Refused,
    StillRunning,
    TaskFailed,
    TaskUnknown,
    Trouble,
)
from wanreel.domain.job import (
    Archiving,
    Cancelled,
    CancelStep,
    Failed,
    Fault,
    Generating,
    Intent,
    Job,
    Queued,
    SpoolCopy,
    State,
    Submitting,
    Succeeded,
    Unconfirmed,
)
from wanreel.domain.lifecycle import transition
from wanreel.domain.spooling import SpoolRoom
from wanreel.ports.archive import KeepFailed
from wanreel.ports.jobs import Filter, Lane
from wanreel.ports.vendor import PrepareFailed
from wanreel.worker import step as step_module
from wanreel.worker.rescue import rescue
from wanreel.worker.step import Unsettled, offer_again, step

_S = TypeVar("_S")


@pytest.fixture
def bench() -> Bench:
    """A fresh store, vendor and archive."""
    return Bench()


async def state_of(bench: Bench, job: Job, kind: type[_S]) -> _S:
    """The stored state, known to be of a kind."""
    state = (await bench.store.get(job.id)).state
    assert isinstance(state, kind)
    return state


def saying(event: type[Any], *rest: Any) -> Any:
    """An answer about whatever intent the call was made with."""
    return lambda job, intent: event(intent.id, *rest)


async def happens(bench: Bench, job_id: str, event: Event) -> Job:
    """Something else happens to the stored job meanwhile."""
    fresh = await bench.store.get(job_id)
    return await bench.store.commit(transition(fresh, event, bench.clock.now(), bench.policy, 0.5))


# --- submit ---------------------------------------------------------------------------------------------------------


async def test_the_intent_is_stored_before_the_paid_call(bench: Bench) -> None:
    """When the vendor is called, the store already says Submitting with that very intent and a limit to send by."""
    seen: list[State] = []

    async def submit(job: Job, intent: Intent) -> Event:
        seen.append((await bench.store.get(job.id)).state)
        assert (NOW, NOW + 30.0) == (intent.at, intent.send_by)
        return Accepted(intent.id, "task-1")

    bench.vendor.script("submit", submit)
    job = await bench.taken(make_job(), Lane.SUBMIT)
    await step(job, bench.tools)
    (state,) = seen
    assert isinstance(state, Submitting)
    assert "task-1" == (await state_of(bench, job, Generating)).task.id


ANSWERS = (
    (saying(Accepted, "t"), Generating),
    (saying(Refused, 400, "InvalidParameter", "size", Fault.OURS), Failed),
    (saying(NotSent, "no route"), Queued),
    (saying(Lost, "reset"), Unconfirmed),
)


@pytest.mark.parametrize(("answer", "state"), ANSWERS, ids=["accepted", "refused", "not-sent", "lost"])
async def test_each_answer_of_a_submit_is_committed(bench: Bench, answer: Any, state: type[State]) -> None:
    """Whatever the vendor says to the one paid call stands in the store afterwards, and the claim is over."""
    bench.vendor.script("submit", answer)
    job = await bench.taken(make_job(), Lane.SUBMIT)
    await step(job, bench.tools)
    await state_of(bench, job, state)
    assert 1 == bench.vendor.count("submit")
    assert 0 == await bench.store.release("worker-1")


EASED = ((Lane.SUBMIT, Queued), (Lane.WATCH, Generating), (Lane.ARCHIVE, Archiving))


@pytest.mark.parametrize(("lane", "state"), EASED, ids=[lane.value for lane, _ in EASED])
async def test_a_place_is_given_up_between_the_call_and_its_being_written_down(
    bench: Bench, lane: Lane, state: type[State]
) -> None:
    """Not sooner: a place bounds what is in the air. And once: what follows is the same step's."""
    order: list[str] = []
    real = bench.store.commit

    async def commit(change: Change, owner: str | None = None) -> Job:
        order.append("written")
        return await real(change, owner)

    def eased(job: Job) -> None:
        order.append(f"{bench.vendor.count('submit') + bench.vendor.count('look') + len(bench.archive.kept)} made")

    bench.store.commit = commit
    bench.vendor.script("submit", saying(Accepted, "t"))
    bench.vendor.script("look", StillRunning("RUNNING"))
    job = await bench.taken(make_job(state), lane)
    await step(job, replace(bench.tools, eased=eased))
    assert ["1 made", "written"] == order


@pytest.mark.parametrize(("fatal", "state"), [(False, Queued), (True, Failed)])
async def test_inputs_that_are_not_ready_are_not_paid_for(bench: Bench, fatal: bool, state: type[State]) -> None:
    """A failed preparation waits or ends, and no paid call is made."""
    bench.vendor.script("prepare", PrepareFailed("cat.png is gone", code="input_missing", fatal=fatal))
    job = await bench.taken(make_job(), Lane.SUBMIT)
    await step(job, bench.tools)
    await state_of(bench, job, state)
    assert 0 == bench.vendor.count("submit")


async def test_no_free_slot_means_no_call_and_no_claim() -> None:
    """A slot that was taken between claim and begin leaves the job queued, unclaimed and unpaid."""
    bench = Bench(limit=1)
    job = await bench.taken(make_job(), Lane.SUBMIT)
    await bench.store.add([make_job(Generating)])
    await step(job, bench.tools)
    assert job == await bench.store.get(job.id)
    assert 0 == bench.vendor.count("submit")
    assert 0 == await bench.store.release("worker-1")


async def test_a_job_cancelled_before_begin_is_not_sent(bench: Bench) -> None:
    """Begin is refused as stale, and nothing goes out."""
    job = await bench.taken(make_job(), Lane.SUBMIT)
    await happens(bench, job.id, CancelAsked())
    await step(job, bench.tools)
    await state_of(bench, job, Cancelled)
    assert 0 == bench.vendor.count("submit")


async def test_a_store_that_cannot_begin_sends_nothing(bench: Bench) -> None:
    """Without a durable intent there is no paid call."""
    bench.store.unwell["begin"] = 1
    job = await bench.taken(make_job(), Lane.SUBMIT)
    with pytest.raises(Unavailable):
        await step(job, bench.tools)
    assert 0 == bench.vendor.count("submit")


# --- paid news meets a job that has moved on ------------------------------------------------------------------------


async def test_a_cancel_while_the_call_is_in_the_air_loses_neither_the_task_nor_the_wish(bench: Bench) -> None:
    """The answer is read again against the cancelled job: watched, and the vendor is to be asked to stop it."""

    async def submit(job: Job, intent: Intent) -> Event:
        await happens(bench, job.id, CancelAsked())
        return Accepted(intent.id, "task-1")

    bench.vendor.script("submit", submit)
    job = await bench.taken(make_job(), Lane.SUBMIT)
    await step(job, bench.tools)
    state = await state_of(bench, job, Generating)
    assert ("task-1", CancelStep.WANTED) == (state.task.id, state.cancel)


async def test_an_answer_that_comes_after_the_rescue_ends_the_doubt(bench: Bench) -> None:
    """A worker paused past its claim comes back with a task: doubt becomes Generating."""

    async def submit(job: Job, intent: Intent) -> Event:
        bench.clock.advance(601.0)
        assert 1 == await rescue(bench.tools_of("worker-2"))
        await state_of(bench, job, Unconfirmed)
        return Accepted(intent.id, "task-1")

    bench.vendor.script("submit", submit)
    job = await bench.taken(make_job(), Lane.SUBMIT)
    await step(job, bench.tools)
    assert "task-1" == (await state_of(bench, job, Generating)).task.id


async def test_an_answer_that_comes_after_a_person_had_it_sent_again_is_a_spare(bench: Bench) -> None:
    """Both tasks are paid: one is the job's, the other is recorded, watched and told."""

    async def submit(job: Job, intent: Intent) -> Event:
        bench.clock.advance(601.0)
        await rescue(bench.tools_of("worker-2"))
        await happens(bench, job.id, NotFound("person"))
        bench.vendor.script("submit", saying(Accepted, "task-2"))
        (again,) = await bench.take(Lane.SUBMIT, "worker-2")
        await step(again, bench.tools_of("worker-2"))
        return Accepted(intent.id, "task-1")

    bench.vendor.script("submit", submit)
    job = await bench.taken(make_job(), Lane.SUBMIT)
    await step(job, bench.tools)
    assert "task-2" == (await state_of(bench, job, Generating)).task.id
    (spare,) = await bench.store.find(Filter(spare_of=job.id))
    assert "task-1" == (await state_of(bench, spare, Generating)).task.id
    assert "job.spare" in {owed.notice.kind for owed in await bench.store.owed(bench.clock.now(), 10)}


async def test_a_task_that_another_job_was_given_by_hand_leaves_a_doubt(bench: Bench) -> None:
    """The vendor's answer names a task that stands on another job: what became of this call is unknown again."""
    await bench.store.add([make_job(Generating, task_id="task-1")])
    bench.vendor.script("submit", saying(Accepted, "task-1"))
    job = await bench.taken(make_job(), Lane.SUBMIT)
    await step(job, bench.tools)
    assert "task-1" in (await state_of(bench, job, Unconfirmed)).why


async def test_an_answer_the_store_cannot_take_is_handed_to_the_caller(bench: Bench) -> None:
    """Unsettled carries the event whole; offered again, it is recorded."""
    bench.vendor.script("submit", saying(Accepted, "task-1"))
    job = await bench.taken(make_job(), Lane.SUBMIT)
    bench.store.unwell["commit"] = 1
    with pytest.raises(Unsettled) as unsettled:
        await step(job, bench.tools)
    assert isinstance(unsettled.value.event, Accepted)
    await offer_again(unsettled.value, bench.tools)
    assert "task-1" == (await state_of(bench, job, Generating)).task.id


async def test_a_store_that_cannot_be_read_again_does_not_lose_paid_news(bench: Bench) -> None:
    """The write is stale and the reading after it fails: the event is kept all the same."""

    async def submit(job: Job, intent: Intent) -> Event:
        await happens(bench, job.id, CancelAsked())
        bench.store.unwell["get"] = 1
        return Accepted(intent.id, "task-1")

    bench.vendor.script("submit", submit)
    job = await bench.taken(make_job(), Lane.SUBMIT)
    with pytest.raises(Unsettled) as unsettled:
        await step(job, bench.tools)
    await offer_again(unsettled.value, bench.tools)
    assert "task-1" == (await state_of(bench, job, Generating)).task.id


async def test_an_event_kept_for_one_task_is_not_told_of_the_next(bench: Bench) -> None:
    """A FAILED that could not be stored is no news for the new task that the job has meanwhile."""
    bench.vendor.script("look", TaskFailed("InternalError", "m", Fault.THEIRS))
    job = await bench.taken(make_job(Generating, task_id="task-1"), Lane.WATCH)
    bench.store.unwell["commit"] = 1
    with pytest.raises(Unsettled) as unsettled:
        await step(job, bench.tools)
    await happens(bench, job.id, unsettled.value.event)
    await happens(bench, job.id, Accepted("int_9", "task-2"))
    await offer_again(unsettled.value, bench.tools)
    assert "task-2" == (await state_of(bench, job, Generating)).task.id


# --- watching -------------------------------------------------------------------------------------------------------


async def test_a_look_asks_after_the_task_and_commits_what_it_saw(bench: Bench) -> None:
    """One look, one answer, the next look planned."""
    bench.vendor.script("look", StillRunning("RUNNING"))
    job = await bench.taken(make_job(Generating, task_id="task-1"), Lane.WATCH)
    await step(job, bench.tools)
    assert [("look", "task-1")] == bench.vendor.calls
    state = await state_of(bench, job, Generating)
    assert ("RUNNING", 1, NOW) == (state.status, state.polls, state.seen_at)
    assert NOW < state.due_at


@pytest.mark.parametrize(("seen_at", "witnessed"), [(NOW + 60, True), (NOW - 60, False)])
async def test_unknown_is_weighed_by_whether_another_task_is_visible(
    bench: Bench, seen_at: float, witnessed: bool
) -> None:
    """Another job's task seen since the UNKNOWNs began is a witness; one seen before is not."""
    await bench.store.add([make_job(Generating, seen_at=seen_at, due_at=NOW + 4000)])
    bench.vendor.script("look", TaskUnknown(False))
    job = await bench.taken(make_job(Generating, unknown_since=NOW, unknown_looks=9), Lane.WATCH)
    bench.clock.advance(1800.0)
    await step(job, bench.tools)
    await state_of(bench, job, Failed if witnessed else Generating)


async def test_a_wanted_cancel_is_asked_of_the_vendor(bench: Bench) -> None:
    """The step of a job that wants its task stopped is the vendor's cancel, once."""
    bench.vendor.script("cancel", CancelTaken())
    await bench.store.add([job := make_job(Generating, task_id="task-1")])
    await happens(bench, job.id, CancelAsked())
    (taken,) = await bench.take(Lane.WATCH)
    await step(taken, bench.tools)
    assert [("cancel", "task-1")] == bench.vendor.calls
    assert CancelStep.TAKEN is (await state_of(bench, job, Generating)).cancel


async def test_a_look_that_lost_its_claim_is_no_news_for_another_task(bench: Bench) -> None:
    """While a look was in the air the task failed and was made anew: the old verdict doesn't end the new task."""

    async def look() -> Event:
        await happens(bench, job.id, TaskFailed("InternalError", "m", Fault.THEIRS))
        await happens(bench, job.id, Accepted("int_9", "task-2"))
        return TaskFailed("InternalError", "m", Fault.THEIRS)

    bench.vendor.script("look", look)
    job = await bench.taken(make_job(Generating, task_id="task-1"), Lane.WATCH)
    await step(job, bench.tools)
    assert "task-2" == (await state_of(bench, job, Generating)).task.id


async def test_a_look_that_was_beaten_by_a_cancel_is_recorded_on_it(bench: Bench) -> None:
    """Same task, newer version: the answer is decided again and both stand."""

    async def look() -> Event:
        await happens(bench, job.id, CancelAsked())
        return StillRunning("RUNNING")

    bench.vendor.script("look", look)
    job = await bench.taken(make_job(Generating), Lane.WATCH)
    await step(job, bench.tools)
    assert CancelStep.TOO_LATE is (await state_of(bench, job, Generating)).cancel


# --- bringing it home -----------------------------------------------------------------------------------------------


async def test_a_clip_is_streamed_into_the_archive_and_then_succeeded(bench: Bench) -> None:
    """The bytes that came are the bytes kept, under the job's key, and the artifact stands in the job."""
    job = await bench.taken(make_job(Archiving), Lane.ARCHIVE)
    await step(job, bench.tools)
    assert [(f"{job.id}.mp4", b"first last")] == bench.archive.kept
    state = await state_of(bench, job, Succeeded)
    assert make_artifact(f"{job.id}.mp4", 10) == state.artifact


@pytest.mark.parametrize("trouble", list(Trouble))
async def test_a_clip_that_could_not_be_kept_is_not_succeeded(bench: Bench, trouble: Trouble) -> None:
    """Every trouble of source or destination leaves it archiving, its words kept."""
    bench.results.trouble = KeepFailed(trouble, "the wire was cut")
    job = await bench.taken(make_job(Archiving), Lane.ARCHIVE)
    await step(job, bench.tools)
    state = await state_of(bench, job, Archiving)
    assert ("the wire was cut", 1, trouble is Trouble.SOURCE_REFUSED) == (state.trouble, state.tries, state.requery)
    assert [] == bench.archive.kept


async def test_a_refused_url_is_asked_for_again(bench: Bench) -> None:
    """The next step of such a job is a look, and another URL is fetched."""
    other = make_outcome(url="http://127.0.0.1:9/other.mp4")
    bench.vendor.script("look", Finished(other))
    job = await bench.taken(make_job(Archiving, requery=True, tries=1), Lane.WATCH)
    await step(job, bench.tools)
    (again,) = await bench.take(Lane.ARCHIVE)
    await step(again, bench.tools)
    assert ["http://127.0.0.1:9/other.mp4"] == bench.results.urls
    await state_of(bench, job, Succeeded)


async def test_a_clip_stored_after_it_was_discarded_leaves_the_job_as_it_ended(bench: Bench) -> None:
    """A cancel with discard that came while the file was copied holds."""

    async def cancelled(change: Change) -> None:
        await happens(bench, change.job.id, CancelAsked(discard=True))

    job = await bench.taken(make_job(Archiving), Lane.ARCHIVE)
    bench.store.before_commit = cancelled
    await step(job, bench.tools)
    await state_of(bench, job, Cancelled)


# --- nothing to do, and bugs ----------------------------------------------------------------------------------------


async def test_a_job_that_calls_for_nothing_is_given_back(bench: Bench) -> None:
    """A claim on a job that waits for a person ends without a call."""
    job = await bench.taken(make_job(), Lane.SUBMIT)
    waiting = make_job(Unconfirmed, id=job.id)
    await step(waiting, bench.tools)
    assert [] == bench.vendor.calls
    assert 0 == await bench.store.release("worker-1")


async def test_an_event_that_cannot_follow_is_dropped_and_changes_nothing(bench: Bench) -> None:
    """A vendor's adapter that answers a look with a cancel's event is a bug: said in the log, the job untouched."""
    bench.vendor.script("look", NotFound("person"))
    job = await bench.taken(make_job(Generating), Lane.WATCH)
    await step(job, bench.tools)
    assert job == await bench.store.get(job.id)


async def test_a_bug_before_the_intent_keeps_no_other_job_of_the_key_waiting(bench: Bench) -> None:
    """Nothing was sent: the job is put off like one whose inputs are not ready; the bug is the caller's."""
    bench.vendor.script("prepare", RuntimeError("a bug"))
    job = await bench.taken(make_job(), Lane.SUBMIT)
    with pytest.raises(RuntimeError, match="a bug"):
        await step(job, bench.tools)
    state = await state_of(bench, job, Queued)
    assert "RuntimeError" in state.why
    assert state.due_at > NOW
    (behind,) = await bench.store.add([make_job()])
    assert [behind.id] == [one.id for one in await bench.take(Lane.SUBMIT)]


async def test_an_adapter_that_raises_is_a_bug_for_the_caller(bench: Bench) -> None:
    """Only Unsettled is part of a step's contract; anything else passes as it is."""
    bench.vendor.script("look", Internal("broken"))
    job = await bench.taken(make_job(Generating), Lane.WATCH)
    with pytest.raises(Internal, match="broken"):
        await step(job, bench.tools)


async def test_a_look_that_told_nothing_leaves_the_task_paid_and_watched(bench: Bench) -> None:
    """A failed query moves only the next look."""
    bench.vendor.script("look", QueryFailed("503"))
    job = await bench.taken(make_job(Generating, past=(make_task("old"),)), Lane.WATCH)
    await step(job, bench.tools)
    assert "503" == (await state_of(bench, job, Generating)).trouble
    assert [] == await bench.store.history(job.id)


# --- the spool ------------------------------------------------------------------------------------------------------


DOWN = KeepFailed(Trouble.DESTINATION, "the storage answers 503")
FAILING: dict[str, Any] = {"failing_since": NOW - 600.0}


class Spool:
    """`ports.Spool` in memory; without room when told."""

    def __init__(self, *, room: bool = True) -> None:
        self.has_room = room
        self.kept: dict[str, bytes] = {}

    async def take(self, job_id: str, pieces: Any, expected_bytes: int) -> SpoolCopy | None:
        if not self.has_room:
            return None
        self.kept[job_id] = b"".join([piece async for piece in pieces])
        return SpoolCopy(NOW, len(self.kept[job_id]), "5" * 64)

    async def read(self, job_id: str, copy: SpoolCopy) -> Any:
        if job_id not in self.kept:
            raise KeepFailed(Trouble.SPOOL, "it is gone")
        yield self.kept[job_id]

    async def drop(self, job_id: str) -> None:
        del self.kept[job_id]

    name = ""

    async def held(self) -> list[str]:
        return sorted(self.kept)

    async def has(self, job_id: str) -> bool:
        return job_id in self.kept

    async def noted(self) -> list[str]:
        return []

    async def others(self, job_id: str) -> tuple[str, ...]:
        return ()

    async def room(self) -> SpoolRoom:
        return SpoolRoom(10**9, 0, 0, 10**9)

    async def sweep(self) -> int:
        return 0


async def test_after_ten_minutes_of_failing_the_clip_goes_to_the_spool_and_on_from_there() -> None:
    """The source is asked once more, then never again; stored, it leaves the spool. The runner hears of it."""
    bench, spool, said = Bench(), Spool(), []
    tools = replace(bench.tools, spool=spool, storage_said=said.append)
    job = await bench.taken(make_job(Archiving, **FAILING), Lane.ARCHIVE)
    await step(job, tools)
    spooled = await bench.store.get(job.id)
    assert (["first last"], 1) == ([data.decode() for data in spool.kept.values()], len(bench.results.urls))
    assert isinstance(spooled.state, Archiving)
    assert spooled.state.spooled == SpoolCopy(NOW, 10, "5" * 64)
    bench.archive.answers.append(DOWN)
    for _ in range(2):
        bench.clock.advance(3000.0)
        (claimed,) = await bench.take(Lane.ARCHIVE)
        await step(claimed, tools)
    assert isinstance((await bench.store.get(job.id)).state, Succeeded)
    assert (1, {}, [Trouble.DESTINATION, None]) == (len(bench.results.urls), spool.kept, said)
    assert [(f"{job.id}.mp4", b"first last")] == bench.archive.kept


async def test_a_spool_without_room_leaves_the_clip_to_the_storage() -> None:
    """The storage is tried again, as if there were no spool."""
    bench = Bench()
    job = await bench.taken(make_job(Archiving, **FAILING), Lane.ARCHIVE)
    await step(job, replace(bench.tools, spool=Spool(room=False)))
    assert isinstance((await bench.store.get(job.id)).state, Succeeded)


async def test_what_the_spool_has_lost_is_fetched_again() -> None:
    """While its URL lives nothing is lost."""
    bench = Bench()
    job = await bench.taken(make_job(Archiving, spooled=SpoolCopy(NOW, 10, "5" * 64)), Lane.ARCHIVE)
    for _ in range(2):
        await step(job, replace(bench.tools, spool=Spool()))
        job = await bench.store.get(job.id)
        await bench.take(Lane.ARCHIVE)
    assert isinstance(job.state, Succeeded)


async def test_a_clip_that_was_stored_and_could_not_be_written_down_stays_in_the_spool() -> None:
    """The spool lets go only of what is known to lie in the storage."""
    bench, spool = Bench(), Spool()
    job = await bench.taken(make_job(Archiving, spooled=SpoolCopy(NOW, 10, "5" * 64)), Lane.ARCHIVE)
    spool.kept[job.id] = b"first last"
    bench.store.unwell["commit"] = 1
    with pytest.raises(Unsettled):
        await step(job, replace(bench.tools, spool=spool))
    assert {job.id: b"first last"} == spool.kept


@pytest.mark.parametrize("where", ["call", "record"])
async def test_a_bug_after_the_intent_is_a_doubt_at_once(
    bench: Bench, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call may have gone out: it is looked up now, not when the claim has run out; the bug is the caller's."""
    job = await bench.taken(make_job(), Lane.SUBMIT)
    if where == "call":
        bench.vendor.script("submit", RuntimeError("a bug"))
    else:
        bench.vendor.script("submit", saying(Accepted, "t-1", "r-1"))
        real, answers = step_module.transition, list[Event]()

        def broken(job: Job, event: Event, *rest: Any) -> Change:
            if isinstance(event, Accepted) and not answers:
                answers.append(event)
                raise RuntimeError("a bug")
            return real(job, event, *rest)

        monkeypatch.setattr(step_module, "transition", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        await step(job, bench.tools)
    assert "RuntimeError" in (await state_of(bench, job, Unconfirmed)).why
    assert 0 == await bench.store.release(bench.tools.owner)
