"""What the rules of the table promise beyond where they lead: cancels, spares, retries, doubt, UNKNOWN, dying URLs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import pytest

from tests.factories import NOW, make_event, make_intent, make_job, make_outcome, make_state, make_task
from wanreel.domain.errors import IllegalTransition
from wanreel.domain.event import (
    Accepted,
    CancelAsked,
    CancelFailed,
    CancelRefused,
    CancelTaken,
    Change,
    Event,
    Finished,
    FinishedBlank,
    Found,
    GivenUp,
    Lost,
    NotFound,
    NotSent,
    OverBudget,
    Pause,
    QueryFailed,
    Refused,
    SlotKey,
    Spooled,
    StillRunning,
    Stored,
    StoreFailed,
    SubmitBegun,
    TaskCancelled,
    TaskFailed,
    TaskUnknown,
    Trouble,
    Undecided,
    Unfit,
)
from wanreel.domain.job import (
    FINAL,
    STATES,
    Archiving,
    Cancel,
    Cancelled,
    CancelStep,
    Failed,
    Fault,
    Generating,
    Job,
    Queued,
    SpoolCopy,
    State,
    Submitting,
    Succeeded,
    Unconfirmed,
)
from wanreel.domain.lifecycle import Action, action_due, transition
from wanreel.domain.policy import DAY_S, HOUR_S, Policy

POLICY = Policy()
ASKED = Cancel(NOW)
THEIRS = TaskFailed("InternalError", "the vendor failed", Fault.THEIRS)
REFUSED_URL = StoreFailed(Trouble.SOURCE_REFUSED, "403")


def after(job: Job, *events: Event, at: float = NOW + 1, policy: Policy = POLICY) -> Job:
    """The job once these have happened."""
    for event in events:
        job = transition(job, event, at, policy, 0.5).job
    return job


def change_of(job: Job, event: Event, at: float = NOW + 1, policy: Policy = POLICY) -> Change:
    """What comes of one event."""
    return transition(job, event, at, policy, 0.5)


_S = TypeVar("_S")


def state_of(kind: type[_S], job: Job) -> _S:
    """The job's state, known to be of a kind."""
    assert isinstance(job.state, kind)
    return job.state


def kinds(change: Change) -> list[str]:
    """What subscribers are told."""
    return [notice.kind for notice in change.notices]


# --- paid news is never late news -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("news", [Accepted("int_0", "task-extra", "req-9"), Found("task-extra", "person")])
def test_a_task_beyond_the_one_needed_is_a_spare_that_lives_on_its_own(state: type[State], news: Event) -> None:
    """In every state that doesn't lack a task for that intent, the extra one is born as a job that watches it."""
    job = make_job(state, cancel=ASKED, key="k", group="g", index=2, past=(make_task("task-old"),))
    change = change_of(job, news)
    if state is Queued or (state is Unconfirmed and isinstance(news, Found)):
        assert "task-extra" == state_of(Generating, change.job).task.id
        assert () == change.born
        return
    (child,) = change.born
    assert (job.state, job.version + 1) == (change.job.state, change.job.version)
    assert "task-extra" == state_of(Generating, child).task.id
    assert (job.id, 1, None, None, ()) == (child.spare_of, child.version, child.key, child.cancel, child.past)
    assert (job.request, job.account, job.group) == (child.request, child.account, child.group)
    assert ["job.spare"] == kinds(change)


def test_the_same_task_told_twice_is_told_once() -> None:
    """A task the job already has, now or in the past, is no news."""
    running = make_job(Generating, task_id="task-1", past=(make_task("task-0"),))
    assert change_of(running, Accepted("int_1", "task-1")).late
    assert change_of(running, Found("task-0", "list")).late
    ended = make_job(Succeeded, task_id="task-1")
    assert change_of(ended, Accepted("int_1", "task-1")).late


def test_one_spare_has_one_id_however_often_it_is_decided() -> None:
    """Two workers that decide the same news make the same spare; other tasks make others."""
    job = make_job(Generating)
    first, again, other = (change_of(job, Accepted("i", t), at=NOW + n) for n, t in ((1, "a"), (2, "a"), (3, "b")))
    assert first.born[0].id == again.born[0].id != other.born[0].id
    assert first.notices[0].id == again.notices[0].id


def test_a_spare_that_fails_is_not_made_anew() -> None:
    """Nobody needs a spare: a FAILED one ends, and buys nothing."""
    assert "InternalError" == state_of(Failed, after(make_job(Generating, spare_of="job_1"), THEIRS)).code


# --- submit and doubt -----------------------------------------------------------------------------------------------


def test_a_doubt_keeps_the_intent_and_bothers_nobody_yet() -> None:
    """The intent survives into the doubt, its tries with it; the vendor's list may settle it without a person."""
    job = make_job(Submitting(make_intent(), tries=3))
    change = change_of(job, Lost("int_1", "connection reset"))
    doubt = state_of(Unconfirmed, change.job)
    assert (make_intent(), 3, NOW + 1, "connection reset") == (doubt.intent, doubt.tries, doubt.since, doubt.why)
    assert [] == kinds(change)
    assert "" == doubt.asks


def test_a_person_is_told_once_that_the_list_cannot_settle_a_doubt() -> None:
    """With what happened and why it is stuck; the same reason again is late, another one is no second notice."""
    job = make_job(Unconfirmed(make_intent(), NOW, "connection reset"))
    change = change_of(job, Undecided("int_1", "no later task"))
    assert "no later task" == state_of(Unconfirmed, change.job).asks
    assert ["job.needs_attention"] == kinds(change)
    assert "connection reset" in change.notices[0].text
    assert "no later task" in change.notices[0].text
    assert change_of(change.job, Undecided("int_1", "no later task")).late
    again = change_of(change.job, Undecided("int_1", "two tasks"))
    assert ("two tasks", []) == (state_of(Unconfirmed, again.job).asks, kinds(again))
    assert change_of(job, Undecided("int_0", "of an older call")).late


def test_a_proof_of_absence_speaks_of_one_call() -> None:
    """What was proven of an older intent does not send a newer one again; a person speaks of the job as it stands."""
    job = make_job(Unconfirmed(make_intent(), NOW, "connection reset"))
    assert change_of(job, NotFound("list", "three reads", "int_0")).late
    assert isinstance(after(job, NotFound("list", "three reads", "int_1")).state, Queued)
    assert isinstance(after(job, NotFound("person")).state, Queued)


def test_an_adopted_task_remembers_that_its_seed_is_uncertain() -> None:
    """Found among calls that differed in nothing but their seed."""
    job = make_job(Unconfirmed(make_intent(), NOW, "connection reset"))
    assert not state_of(
        Generating, after(job, Found("t", "list", "in the order of time", seed_certain=False))
    ).task.seed_certain


def test_only_the_vendor_or_a_person_gets_a_job_out_of_doubt() -> None:
    """Of all events, only answers about that very intent and a person's or the list's word end a doubt."""
    job = make_job(Unconfirmed)
    enders: set[type[Event]] = set()
    for event in (Accepted, NotSent, Refused, Found, NotFound, GivenUp, Lost, CancelAsked):
        change = change_of(job, make_event(event))
        if not isinstance(change.job.state, Unconfirmed):
            enders.add(event)
    assert {Accepted, NotSent, Refused, Found, NotFound, GivenUp} == enders


def test_giving_up_says_that_it_may_have_been_billed() -> None:
    """The words of a job ended in doubt don't claim that nothing was paid."""
    failed = state_of(Failed, after(make_job(Unconfirmed), GivenUp("person")))
    assert (Fault.DOUBT, "given_up") == (failed.fault, failed.code)
    assert "may have been billed" in failed.message


@pytest.mark.parametrize(
    ("pause", "model", "least_s", "most_s", "told"),
    [
        (Pause.BUSY, "wan2.5-t2v-preview", 1, 2, []),
        (Pause.BURST, "wan2.5-t2v-preview", 5, 10, []),
        (Pause.QUOTA, "wan2.5-t2v-preview", 90, 180, []),
        (Pause.MODEL, "wan2.5-t2v-preview", 300, 600, ["account.parked"]),
        (Pause.ACCOUNT, "*", 300, 600, ["account.parked"]),
    ],
)
def test_not_now_parks_the_key_and_costs_the_job_nothing(
    pause: Pause, model: str, least_s: float, most_s: float, told: list[str]
) -> None:
    """A 429 or a billing stop holds back account and model (or all of it); the job keeps its place and its attempt."""
    refused = Refused("int_1", 429, "Throttling", "slow down", Fault.THROTTLE, pause)
    change = change_of(make_job(Submitting), refused)
    queued = state_of(Queued, change.job)
    assert (NOW + 1, 1, 1, "Throttling: slow down") == (queued.due_at, queued.tries, change.job.attempt, queued.why)
    assert change.park is not None
    assert (SlotKey("main", model), pause) == (change.park.key, change.park.kind)
    assert least_s <= change.park.until - (NOW + 1) <= most_s
    assert told == kinds(change)
    assert (SlotKey("main", model) if pause is Pause.BUSY else None) == change.full  # only that one speaks of slots


def test_an_input_the_vendor_could_not_fetch_is_sent_once_more() -> None:
    """`again` is worth one more try, however often other refusals came before; then the vendor's words stand."""
    refused = Refused("int_1", 400, "InvalidParameter.DataInspection", "download", Fault.OURS, again=True)
    queued = after(make_job(Submitting(make_intent(), tries=3, held_by=Pause.BUSY)), refused)
    failed = state_of(Failed, after(queued, SubmitBegun(make_intent()), refused))
    assert ("InvalidParameter.DataInspection", "download", Fault.OURS) == (failed.code, failed.message, failed.fault)


def test_a_refused_account_is_told_once_whatever_came_before() -> None:
    """The alarm is given when the account's refusal is new, not when it is merely repeated."""
    refused = Refused("int_1", 400, "Arrearage", "overdue", Fault.ACCOUNT, Pause.ACCOUNT)
    first = change_of(make_job(Submitting(make_intent(), tries=4, held_by=Pause.BUSY)), refused)
    again = change_of(after(first.job, SubmitBegun(make_intent())), refused)

    assert ["account.parked"] == kinds(first)
    assert [] == kinds(again)


def test_what_was_not_sent_waits_longer_each_time() -> None:
    """Back-off doubles with the tries and its words are kept."""
    waits: list[float] = []
    for tries in range(4):
        queued = state_of(Queued, after(make_job(Submitting(make_intent(), tries)), NotSent("int_1", "no route")))
        waits.append(queued.due_at - (NOW + 1))
        assert (tries + 1, "no route") == (queued.tries, queued.why)
    assert [1.5, 3.0, 6.0, 12.0] == waits


def test_an_unusable_input_fails_as_ours() -> None:
    """The code and words of the input stand in the failure."""
    failed = state_of(Failed, after(make_job(), Unfit("input_missing", "cat.png is gone")))
    assert ("input_missing", "cat.png is gone", Fault.OURS) == (failed.code, failed.message, failed.fault)


# --- cancel ---------------------------------------------------------------------------------------------------------


def test_what_is_held_for_money_says_so_once_and_asks_ever_more_rarely() -> None:
    """The first stop is told; later ones only move the instant it asks again, up to ten minutes apart."""
    job, now, told, lines, waits = make_job(), NOW, 0, 0, list[float]()
    for _ in range(12):
        change = transition(job, OverBudget("of 5 CNY a day 5 are committed"), now, POLICY, 0.999)
        job, told, lines = change.job, told + len(change.notices), lines + (change.entry is not None)
        waits.append(state_of(Queued, job).due_at - now)
        now += waits[-1]
    assert 1 == told
    assert 6 == lines
    assert sorted(waits) == waits
    assert (60, 600) == (round(waits[0]), round(waits[-1]))
    assert "of 5 CNY" in state_of(Queued, job).why


@pytest.mark.parametrize("state", [Submitting, Unconfirmed])
@pytest.mark.parametrize("news", [Accepted("int_1", "task-1"), Found("task-1", "person")])
def test_a_cancel_remembered_is_asked_of_the_vendor_as_soon_as_there_is_a_task(state: type[State], news: Event) -> None:
    """A job cancelled in mid-air or in doubt becomes Generating and calls the vendor's cancel at once."""
    job = after(make_job(state), CancelAsked())
    assert isinstance(job.state, state)
    assert ASKED.asked_at + 1 == (job.cancel.asked_at if job.cancel else None)
    if state is Submitting and isinstance(news, Found):
        return  # a spare: the call in the air is not settled by it
    job = after(job, news)
    assert Action.CANCEL is action_due(job)
    assert NOW + 1 == state_of(Generating, job).due_at


@pytest.mark.parametrize(
    ("status", "step", "action"),
    [("PENDING", CancelStep.WANTED, Action.CANCEL), ("RUNNING", CancelStep.TOO_LATE, Action.POLL)],
)
def test_a_cancel_is_asked_of_the_vendor_only_while_the_task_waits(
    status: str, step: CancelStep, action: Action
) -> None:
    """PENDING: the vendor is asked; RUNNING: it is too late, and the job says so."""
    job = after(make_job(Generating, status=status), CancelAsked())
    assert (step, action) == (state_of(Generating, job).cancel, action_due(job))
    assert job.cancel is not None


@pytest.mark.parametrize(
    ("answer", "step"), [(CancelTaken(), CancelStep.TAKEN), (CancelRefused("U", "m"), CancelStep.TOO_LATE)]
)
def test_after_the_vendors_word_on_a_cancel_a_look_decides_at_once(answer: Event, step: CancelStep) -> None:
    """Neither yes nor no is believed: a query is due now, and only its verdict ends the job."""
    job = after(make_job(Generating), CancelAsked(), answer)
    state = state_of(Generating, job)
    assert (step, NOW + 1, Action.POLL) == (state.cancel, state.due_at, action_due(job))
    assert isinstance(after(job, TaskCancelled()).state, Cancelled)
    assert isinstance(after(job, Finished(make_outcome())).state, Archiving)


def test_a_cancel_call_that_told_nothing_looks_first_and_then_asks_again() -> None:
    """An end is not missed, and a task that still waits is asked to stop once more."""
    job = after(make_job(Generating), CancelAsked(), CancelFailed("500"))
    assert (CancelStep.UNSURE, Action.POLL) == (state_of(Generating, job).cancel, action_due(job))
    assert NOW + 1 < state_of(Generating, job).due_at
    waits = after(job, StillRunning("PENDING"))
    assert Action.CANCEL is action_due(waits)
    runs = after(job, StillRunning("RUNNING"))
    assert (CancelStep.TOO_LATE, Action.POLL) == (state_of(Generating, runs).cancel, action_due(runs))


@pytest.mark.parametrize("look", [StillRunning("PENDING"), QueryFailed("500"), TaskUnknown(False), FinishedBlank()])
def test_a_look_in_the_air_does_not_hold_a_cancel_up(look: Event) -> None:
    """A look whose answer comes after the cancel was asked leaves the cancel due now."""
    job = after(make_job(Generating), CancelAsked(), look)
    assert (Action.CANCEL, NOW + 1) == (action_due(job), state_of(Generating, job).due_at)


def test_too_late_to_cancel_is_kept_and_marked_unless_it_was_to_be_discarded() -> None:
    """A running task that was to be cancelled is archived and says so; with discard it ends with its outcome told."""
    kept = after(make_job(Generating, status="RUNNING"), CancelAsked(), Finished(make_outcome()))
    stored = change_of(kept, make_event(Stored))
    assert isinstance(stored.job.state, Succeeded)
    assert stored.job.cancel is not None
    assert stored.entry is not None
    assert "cancel" in stored.entry.reason
    discarded = after(make_job(Generating, status="RUNNING"), CancelAsked(discard=True), Finished(make_outcome()))
    assert make_outcome() == state_of(Cancelled, discarded).outcome


def test_asked_twice_the_first_instant_and_the_last_wish_hold() -> None:
    """A second cancel keeps the instant of the first; whether to discard is as said last."""
    job = after(after(make_job(Generating), CancelAsked(), at=NOW), CancelAsked(discard=True), at=NOW + 9)
    assert Cancel(NOW, discard=True) == job.cancel


def test_a_cancel_survives_everything_until_the_end() -> None:
    """No event of any kind takes back that somebody asked."""
    for kind in STATES:
        for event in (make_event(e) for e in (Accepted, Found, Lost, QueryFailed, StillRunning, Finished, StoreFailed)):
            try:
                change = change_of(make_job(kind, cancel=ASKED), event)
            except IllegalTransition:
                continue
            assert ASKED == change.job.cancel


# --- FAILED tasks ---------------------------------------------------------------------------------------------------


def test_the_vendors_own_fault_gets_one_new_task_recorded_as_an_attempt() -> None:
    """The first FAILED of the vendor's own makes a second attempt; the second ends in the vendor's words."""
    job = make_job(Generating, task_id="task-1")
    again = after(job, THEIRS)
    assert (2, ("task-1",), False) == (again.attempt, tuple(t.id for t in again.past), again.prompt_extend_off)
    assert 0 == state_of(Queued, again).tries
    second = after(again, SubmitBegun(make_intent(id="int_2")), Accepted("int_2", "task-2"), THEIRS)
    failed = state_of(Failed, second)
    assert ("InternalError", "the vendor failed", Fault.THEIRS) == (failed.code, failed.message, failed.fault)
    assert failed.task is not None
    assert "task-2" == failed.task.id


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.THEIRS])
def test_a_failure_that_is_not_the_vendors_is_never_bought_again(fault: Fault) -> None:
    """Content blocks and requests that are wrong end at the first FAILED."""
    assert isinstance(after(make_job(Generating), TaskFailed("X", "m", fault)).state, Failed)


def test_no_new_task_where_none_is_allowed() -> None:
    """`task_retries` 0 ends at the first FAILED, 2 allows two more."""
    assert isinstance(after(make_job(Generating), THEIRS, policy=Policy(task_retries=0)).state, Failed)
    assert isinstance(after(make_job(Generating, attempt=2), THEIRS, policy=Policy(task_retries=2)).state, Queued)


def test_a_failed_rewrite_is_made_anew_without_the_rewriter() -> None:
    """`RewriteFailed` switches prompt_extend off for the next attempt, and it stays off."""
    again = after(make_job(Generating), TaskFailed("RewriteFailed", "m", Fault.THEIRS, without_extend=True))
    assert again.prompt_extend_off
    third = after(replace(again, state=make_job(Generating).state), THEIRS, policy=Policy(task_retries=2))
    assert third.prompt_extend_off


# --- watching -------------------------------------------------------------------------------------------------------


def test_a_task_that_simply_runs_is_left_to_its_watcher() -> None:
    """Its own look is a far net; a look that found nothing new writes no line."""
    job = make_job(Generating, status="RUNNING")
    change = change_of(job, StillRunning("RUNNING"))
    assert NOW + 1 + Policy().net_s == state_of(Generating, change.job).due_at
    assert change.entry is None
    asked = make_job(make_state(Generating, cancel=CancelStep.TAKEN, status="PENDING"))
    due_at = state_of(Generating, change_of(asked, StillRunning("PENDING")).job).due_at
    assert due_at < NOW + 10


def test_looks_that_told_nothing_follow_the_schedule() -> None:
    """5 s × 1.45 up to 60 s; a look that found nothing new writes no line."""
    job, waits, lines = make_job(Generating, status="RUNNING"), [], 0
    for _ in range(8):
        change = change_of(job, QueryFailed("connection refused"))
        job, lines = change.job, lines + (change.entry is not None)
        waits.append(round(state_of(Generating, job).due_at - (NOW + 1), 2))
    assert [7.25, 10.51, 15.24, 22.1, 32.05, 46.47, 60.0, 60.0] == waits
    assert 0 == lines


def unknown(job: Job, times: int, every_s: float, *, witnessed: bool) -> tuple[Job, list[Change], float]:
    """UNKNOWN so many times, so far apart."""
    now, changes = NOW, []
    for _ in range(times):
        now += every_s
        changes.append(change_of(job, TaskUnknown(witnessed), at=now))
        job = changes[-1].job
    return job, changes, now


@pytest.mark.parametrize(
    ("times", "every_s", "witnessed", "ends"),
    [(9, 400.0, True, False), (10, 100.0, True, False), (11, 200.0, True, True), (11, 200.0, False, False)],
)
def test_unknown_is_believed_after_ten_looks_half_an_hour_and_a_witness(
    times: int, every_s: float, witnessed: bool, ends: bool
) -> None:
    """Fewer looks, less time or no visible other task, and the job goes on."""
    job, _, _ = unknown(make_job(Generating), times, every_s, witnessed=witnessed)
    assert ends is isinstance(job.state, Failed)


def test_all_unknown_and_no_witness_parks_the_account_once() -> None:
    """With no other task visible it is more likely the key or the region: the account is parked, once, and told."""
    _, changes, _ = unknown(make_job(Generating), 15, 200.0, witnessed=False)
    parks = [c for c in changes if c.park]
    assert 1 == len(parks)
    assert ["account.parked"] == kinds(parks[0])
    assert "*" == (parks[0].park.key.model if parks[0].park else "")


def test_a_look_that_sees_the_task_starts_unknown_afresh() -> None:
    """One good look and the ten are counted from the start."""
    job, _, now = unknown(make_job(Generating), 9, 200.0, witnessed=True)
    job = after(job, StillRunning("RUNNING"), at=now)
    assert (None, 0) == (state_of(Generating, job).unknown_since, state_of(Generating, job).unknown_looks)


@pytest.mark.parametrize(
    ("event", "after_s"),
    [(StillRunning("RUNNING"), DAY_S), (TaskUnknown(False), DAY_S), (QueryFailed("500"), DAY_S + 3 * HOUR_S)],
)
def test_the_horizon_ends_a_task_and_says_that_it_may_be_billed(event: Event, after_s: float) -> None:
    """One second before the horizon the job goes on; at it, it fails by time, the task named."""
    job = make_job(Generating, task_id="task-1")
    assert isinstance(after(job, event, at=NOW + after_s - 1).state, Generating)
    failed = state_of(Failed, after(job, event, at=NOW + after_s))
    assert (Fault.TIME, "horizon") == (failed.fault, failed.code)
    assert "task-1" in failed.message


def test_succeeded_without_a_url_is_a_failure_with_a_name_and_its_usage() -> None:
    """After five such looks the job says what it was and that it may be billed."""
    failed = state_of(Failed, after(make_job(Generating), *[FinishedBlank('{"duration":5}')] * 5))
    assert ("no_video_url", Fault.POLICY) == (failed.code, failed.fault)
    assert '{"duration":5}' in failed.message


def test_succeeded_without_a_url_shows_that_the_task_is_known() -> None:
    """UNKNOWN is counted afresh after it."""
    doubted = after(make_job(Generating), *[TaskUnknown(False)] * 3)
    assert 3 == state_of(Generating, doubted).unknown_looks
    known = state_of(Generating, after(doubted, FinishedBlank()))
    assert (0, None) == (known.unknown_looks, known.unknown_since)


def test_a_job_that_waited_a_whole_day_for_a_slot_raises_the_alarm_once_a_day() -> None:
    """Of an account and model, whichever job it is; not one that was held back, refused or retried meanwhile."""
    late, later, next_day = (
        change_of(make_job(at=NOW - hours * 3600.0), SubmitBegun(make_intent()), NOW + days * 86_400.0)
        for hours, days in ((25, 0), (30, 0), (26, 1))
    )
    assert ["account.outgrown"] == kinds(late) == kinds(later) == kinds(next_day)
    assert late.notices[0].id == later.notices[0].id != next_day.notices[0].id
    assert "wait 25 h for a slot of main" in late.notices[0].text
    for job in (
        make_job(at=NOW - 23 * 3600.0),
        make_job(Queued(NOW, tries=1), at=NOW - 25 * 3600.0),
        make_job(Queued(NOW, held_by="budget"), at=NOW - 25 * 3600.0),
        make_job(at=NOW - 25 * 3600.0, attempt=2),
    ):
        assert [] == kinds(change_of(job, SubmitBegun(make_intent()), NOW))


# --- bringing it home -----------------------------------------------------------------------------------------------


def test_a_refused_url_is_asked_for_once_and_the_same_url_then_backs_off() -> None:
    """403: one query at once; the same URL again: the archive is tried later, then the vendor is asked again."""
    asked = after(make_job(Archiving), REFUSED_URL)
    assert (Action.POLL, NOW + 1) == (action_due(asked), state_of(Archiving, asked).due_at)
    same = after(asked, Finished(make_outcome()))
    assert Action.ARCHIVE is action_due(same)
    assert NOW + 1 < state_of(Archiving, same).due_at
    assert Action.POLL is action_due(after(same, REFUSED_URL))


def test_a_different_url_is_used_at_once_the_first_time_only() -> None:
    """A vendor that signs anew with every look would otherwise be asked in a tight loop."""
    fresh = [make_outcome(url=f"http://127.0.0.1:9/{n}.mp4") for n in range(3)]
    job = after(make_job(Archiving), REFUSED_URL, Finished(fresh[0]))
    state = state_of(Archiving, job)
    assert (fresh[0], NOW + 1, False) == (state.outcome, state.due_at, state.requery)
    again = state_of(Archiving, after(job, REFUSED_URL, Finished(fresh[1])))
    assert fresh[1] == again.outcome
    assert NOW + 1 < again.due_at


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Trouble.SOURCE_FAILED, "artifact_expired"),
        (Trouble.DESTINATION, "artifact_expired"),
        (Trouble.BAD_BYTES, "artifact_corrupt"),
        (Trouble.UNSAFE_URL, "artifact_unsafe"),
        (Trouble.SOURCE_REFUSED, "artifact_expired"),
    ],
)
def test_a_clip_is_given_up_only_an_hour_past_its_urls_death(trouble: Trouble, code: str) -> None:
    """Until then every trouble is tried again; then the failure names what was paid, and how it was lost."""
    job = make_job(Archiving)
    assert isinstance(after(job, StoreFailed(trouble, "x"), at=NOW + DAY_S + HOUR_S - 1).state, Archiving)
    failed = state_of(Failed, after(job, StoreFailed(trouble, "x"), at=NOW + DAY_S + HOUR_S))
    assert (code, Fault.TIME, make_outcome()) == (failed.code, failed.fault, failed.outcome)


def test_bytes_that_are_no_clip_wait_longer_than_a_cut() -> None:
    """Each such try may move the whole file again."""
    state = replace(state_of(Archiving, make_job(Archiving)), tries=5)
    cut, bad = (
        state_of(Archiving, after(make_job(state), StoreFailed(t, "x"))).due_at
        for t in (Trouble.SOURCE_FAILED, Trouble.BAD_BYTES)
    )
    assert 6 * (cut - NOW - 1) == pytest.approx(bad - NOW - 1)


COPY = SpoolCopy(NOW, 10, "5" * 64)
DOWN = StoreFailed(Trouble.DESTINATION, "the storage answers 503")


def test_since_when_the_storage_fails_is_remembered_from_the_first_failure_on() -> None:
    """A source that fails in between says nothing of the storage."""
    first = after(make_job(Archiving), DOWN)
    assert NOW + 1 == state_of(Archiving, first).failing_since
    later = after(after(first, StoreFailed(Trouble.SOURCE_FAILED, "cut")), DOWN)
    assert NOW + 1 == state_of(Archiving, later).failing_since
    assert (
        state_of(Archiving, after(make_job(Archiving), StoreFailed(Trouble.SOURCE_FAILED, "x"))).failing_since is None
    )


def test_a_spooled_clip_never_expires() -> None:
    """However long the storage is away; what it fails of says so without a line of history for ever."""
    job = after(make_job(Archiving), Spooled(COPY))
    lines = 0
    for days in range(100):
        change = transition(job, DOWN, NOW + days * DAY_S, POLICY, 0.5)
        job, lines = change.job, lines + (change.entry is not None)
        state = state_of(Archiving, job)
        assert COPY == state.spooled
        assert state.due_at <= NOW + days * DAY_S + POLICY.spool_retry_s
    assert 5 <= lines < 20


def test_what_the_spool_has_lost_is_fetched_again_or_if_its_url_is_dead_a_failure() -> None:
    """Never a success without bytes."""
    gone = StoreFailed(Trouble.SPOOL, "it is gone")
    state = state_of(Archiving, after(make_job(Archiving, spooled=COPY), gone))
    assert (None, NOW + 1) == (state.spooled, state.due_at)
    late = transition(make_job(Archiving, spooled=COPY), gone, NOW + 2 * DAY_S, POLICY, 0.5).job
    assert "artifact_expired" == state_of(Failed, late).code


def test_after_the_spool_has_failed_the_storage_is_tried_first() -> None:
    """They take turns, so that neither a full spool nor a dead storage stands in the other's way."""
    failed = after(make_job(Archiving, failing_since=NOW - 700), StoreFailed(Trouble.SPOOL, "full"))
    assert state_of(Archiving, failed).unspoolable
    assert not state_of(Archiving, after(failed, DOWN)).unspoolable


def test_somebody_is_alarmed_when_much_of_a_urls_life_is_over() -> None:
    """Once at half and once at four fifths, in words that name the trouble; another URL has a life of its own."""
    job, told = make_job(Archiving, since=NOW), []
    for hours in range(23):
        change = transition(job, DOWN, NOW + hours * 3600, POLICY, 0.5)
        job = change.job
        told += [(hours, notice.text) for notice in change.notices if notice.kind == "job.at_risk"]
    assert [12, 20] == [hours for hours, _ in told]
    assert all("503" in text for _, text in told)
    asking = make_job(Archiving, since=NOW, alarmed=80, requery=True)
    fresh = after(asking, Finished(make_outcome(url="http://127.0.0.1:9/other.mp4")))
    assert (NOW + 1, 0) == (state_of(Archiving, fresh).since, state_of(Archiving, fresh).alarmed)


def test_spooled_twice_is_late_news() -> None:
    """The first copy counts."""
    assert transition(make_job(Archiving, spooled=COPY), Spooled(COPY), NOW, POLICY, 0.5).late


# --- what goes along with a change ----------------------------------------------------------------------------------

ENDINGS: tuple[tuple[Job, Event, str], ...] = (
    (make_job(Archiving), make_event(Stored), "job.succeeded"),
    (make_job(Generating), TaskFailed("X", "m", Fault.OURS), "job.failed"),
    (make_job(Generating), TaskCancelled(), "job.cancelled"),
    (make_job(Queued), CancelAsked(), "job.cancelled"),
    (make_job(Queued), Unfit("c", "w"), "job.failed"),
    (make_job(Queued), OverBudget("w", refuse=True), "job.failed"),
    (make_job(Unconfirmed), GivenUp("person"), "job.failed"),
)


@pytest.mark.parametrize(("job", "event", "told"), ENDINGS, ids=lambda v: str(v)[:12])
def test_an_end_owes_exactly_one_notice_with_an_id_of_its_own(job: Job, event: Event, told: str) -> None:
    """Decided twice it is the same notice; after the end only spares are told."""
    first, again = change_of(job, event), change_of(job, event)
    assert [told] == kinds(first)
    assert first.notices == again.notices
    assert ["job.spare"] == kinds(change_of(first.job, Accepted("int_9", "task-9")))


@pytest.mark.parametrize("event", [Finished(make_outcome()), THEIRS, TaskCancelled(), TaskFailed("X", "m", Fault.OURS)])
def test_the_vendors_last_word_frees_the_slot_and_lifts_a_busy_park(event: Event) -> None:
    """A slot that comes free is told to the store, so that the next job need not wait for the park's end."""
    change = change_of(make_job(Generating), event)
    assert SlotKey("main", "wan2.5-t2v-preview") == change.lift
    assert change_of(make_job(Generating), StillRunning("RUNNING")).lift is None


@pytest.mark.parametrize("final", FINAL)
def test_a_final_state_is_the_same_value_after_a_spare(final: type[State]) -> None:
    """Recording a spare bumps the version and leaves the end as it was."""
    job = make_job(final)
    change = change_of(job, Found("task-9", "list"))
    assert (job.state, job.version + 1) == (change.job.state, change.job.version)


def test_the_fields_that_say_who_a_job_is_never_change() -> None:
    """Identity, request, account, group and key are the same through every row."""
    fields = ("id", "request", "account", "created_at", "group", "index", "key", "name", "spare_of", "retry_of")
    for kind in STATES:
        job = make_job(kind, key="k", group="g", name="n", retry_of="job_0")
        for event in (Accepted, Found, CancelAsked, Lost, QueryFailed, TaskFailed, Stored, StoreFailed):
            try:
                now: Any = change_of(job, make_event(event)).job
            except IllegalTransition:
                continue
            assert [getattr(job, f) for f in fields] == [getattr(now, f) for f in fields]
