"""Properties of the life of a job, over drawn states, events and whole histories."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import NOW, make_account, make_artifact, make_intent, make_job, make_outcome, make_state
from wanreel.domain import event as ev
from wanreel.domain.errors import IllegalTransition
from wanreel.domain.event import Change, Entry, Event, Pause, Trouble
from wanreel.domain.job import (
    FINAL,
    STATES,
    Archiving,
    Cancel,
    Cancelled,
    CancelStep,
    Fault,
    Generating,
    Job,
    Queued,
    SpoolCopy,
    State,
    Submitting,
    Succeeded,
    Unconfirmed,
    is_final,
    known_tasks,
    state_name,
)
from wanreel.domain.lifecycle import TABLE, action_due, kind, slot_held_until, transition
from wanreel.domain.policy import DAY_S, Policy

POLICY = Policy()
DRAWS = st.floats(0, 1, exclude_max=True)
LATER = st.one_of(st.floats(0, 120), st.floats(0, 30 * 3600))
INTENTS = st.sampled_from(["int_0", "int_1", "int_2"])
TASKS = st.sampled_from(["t0", "t1", "t2", "t3"])
WORDS = st.sampled_from(["", "connection reset", "503"])
FAULTS = st.sampled_from(Fault)
URLS = st.sampled_from(["http://127.0.0.1:9/a.mp4", "http://127.0.0.1:9/b.mp4"])
COPIES = st.builds(SpoolCopy, st.just(NOW), st.integers(1, 10**9), st.just("5" * 64))
OUTCOMES = st.builds(make_outcome, at=st.floats(NOW - DAY_S, NOW + DAY_S), url=URLS)

EVENTS: dict[type[Event], st.SearchStrategy[Event]] = {
    ev.SubmitBegun: st.builds(ev.SubmitBegun, st.builds(make_intent, id=INTENTS)),
    ev.NotSent: st.builds(ev.NotSent, st.one_of(INTENTS, st.just("")), WORDS),
    ev.Accepted: st.builds(ev.Accepted, INTENTS, TASKS),
    ev.Refused: st.builds(
        ev.Refused, INTENTS, st.just(400), WORDS, WORDS, FAULTS, st.sampled_from(Pause), st.booleans()
    ),
    ev.Lost: st.builds(ev.Lost, INTENTS, WORDS),
    ev.Unfit: st.builds(ev.Unfit, WORDS, WORDS),
    ev.Moved: st.builds(ev.Moved, st.sampled_from([make_account(), make_account("second")]), WORDS),
    ev.OverBudget: st.builds(ev.OverBudget, WORDS, st.booleans()),
    ev.MoneyFreed: st.builds(ev.MoneyFreed, WORDS),
    ev.Found: st.builds(ev.Found, TASKS, st.just("person"), WORDS, st.booleans()),
    ev.NotFound: st.builds(ev.NotFound, st.just("list"), WORDS, st.one_of(INTENTS, st.just(""))),
    ev.Undecided: st.builds(ev.Undecided, INTENTS, WORDS),
    ev.GivenUp: st.builds(ev.GivenUp, st.just("person")),
    ev.StillRunning: st.builds(ev.StillRunning, st.sampled_from(["PENDING", "RUNNING"])),
    ev.QueryFailed: st.builds(ev.QueryFailed, WORDS),
    ev.Finished: st.builds(ev.Finished, OUTCOMES),
    ev.FinishedBlank: st.builds(ev.FinishedBlank),
    ev.TaskFailed: st.builds(ev.TaskFailed, WORDS, WORDS, FAULTS, st.booleans()),
    ev.TaskCancelled: st.builds(ev.TaskCancelled),
    ev.TaskUnknown: st.builds(ev.TaskUnknown, st.booleans()),
    ev.CancelAsked: st.builds(ev.CancelAsked, st.booleans()),
    ev.CancelTaken: st.builds(ev.CancelTaken),
    ev.CancelRefused: st.builds(ev.CancelRefused, WORDS, WORDS),
    ev.CancelFailed: st.builds(ev.CancelFailed, WORDS),
    ev.Stored: st.builds(ev.Stored, st.just(make_artifact())),
    ev.Spooled: st.builds(ev.Spooled, COPIES),
    ev.StoreFailed: st.builds(ev.StoreFailed, st.sampled_from(Trouble), WORDS),
}
ANY_EVENT = st.sampled_from(ev.EVENTS).flatmap(lambda kind: EVENTS[kind])
CANCELS = st.one_of(st.none(), st.builds(Cancel, st.just(NOW), st.booleans()))


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    """A job in any state, with whatever that state may carry."""
    which = draw(st.sampled_from(STATES))
    more: dict[str, Any] = {}
    if which in (Queued, Submitting, Unconfirmed):
        more["tries"] = draw(st.integers(0, 50))
    if which in (Submitting, Unconfirmed):
        more["intent_id"] = draw(INTENTS)
    if which is Generating:
        more |= {
            "status": draw(st.sampled_from(["PENDING", "RUNNING"])),
            "polls": draw(st.integers(0, 5000)),
            "unknown_looks": draw(st.integers(0, 10)),
            "unknown_since": draw(st.one_of(st.none(), st.just(NOW - 1000))),
            "blank_looks": draw(st.integers(0, 5)),
            "cancel": draw(st.sampled_from(CancelStep)),
        }
    if which is Archiving:
        more |= {"tries": draw(st.integers(0, 500)), "requery": draw(st.booleans())}
        more["spooled"] = draw(st.one_of(st.none(), COPIES))
        more["failing_since"] = draw(st.one_of(st.none(), st.just(NOW - 300)))
        more["alarmed"] = draw(st.sampled_from([0, 50, 80]))
    if which in (Generating, Archiving, Succeeded):
        more["task_id"] = draw(TASKS)
    spare = draw(st.sampled_from([None, "job_0"]))
    state = make_state(which, **more)
    return make_job(state, cancel=draw(CANCELS), attempt=draw(st.integers(1, 3)), spare_of=spare)


@dataclass
class Life:
    """A job's history as it was lived."""

    first: Job
    job: Job
    entries: list[Entry] = field(default_factory=list[Entry])
    changes: list[Change] = field(default_factory=list[Change])

    def meet(self, event: Event, now: float, draw: float) -> None:
        """One event; what cannot follow is left out."""
        try:
            change = transition(self.job, event, now, POLICY, draw)
        except IllegalTransition:
            return
        if change.late:
            return
        self.job = change.job
        self.changes.append(change)
        if change.entry is not None:
            self.entries.append(change.entry)


def likely(draw: st.DrawFn, job: Job) -> Event:
    """Mostly an event that the job's state has a row for, so that lives go far."""
    rows = [event for state, event in TABLE if isinstance(job.state, state)]
    event = draw(EVENTS[draw(st.sampled_from(rows))]) if draw(st.integers(0, 9)) else draw(ANY_EVENT)
    answers = (ev.Accepted, ev.Lost, ev.NotSent, ev.Refused)
    if isinstance(event, answers) and isinstance(job.state, (Submitting, Unconfirmed)) and draw(st.booleans()):
        return replace(event, intent_id=job.state.intent.id)
    return event


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A job from its first day through up to forty events."""
    job = make_job(Queued, id="job_1")
    life, now = Life(job, job), NOW
    for _ in range(draw(st.integers(1, 40))):
        now += draw(LATER) if draw(st.integers(0, 3)) else 0.0
        life.meet(likely(draw, life.job), now, draw(DRAWS))
    return life


@settings(max_examples=1500, deadline=None)
@given(jobs(), ANY_EVENT, LATER, DRAWS)
def test_every_state_meets_every_event(job: Job, event: Event, after_s: float, draw: float) -> None:
    """Any state and any event: a declared arrow one version on, or late, or illegal; never anything else."""
    pair = (type(job.state), type(event))
    try:
        change = transition(job, event, NOW + after_s, POLICY, draw)
    except IllegalTransition:
        assert "illegal" == kind(pair)
        return
    assert kind(pair) in {"row", "late"}
    if change.late:
        assert (job, None, (), ()) == (change.job, change.entry, change.notices, change.born)
        return
    assert type(change.job.state) in TABLE[pair].to
    assert (job.version, job.version + 1) == (change.was, change.job.version)
    assert change == transition(job, event, NOW + after_s, POLICY, draw)
    action_due(change.job)
    slot_held_until(change.job, POLICY)


@settings(max_examples=1500, deadline=None)
@given(jobs(), st.one_of(EVENTS[ev.Accepted], EVENTS[ev.Found]), DRAWS)
def test_paid_news_is_recorded_in_every_state(job: Job, event: Any, draw: float) -> None:
    """After Accepted or Found the task is the job's own, or one of its past, or a spare's: never nobody's."""
    change = transition(job, event, NOW, POLICY, draw)
    owners = [change.job, *change.born]
    assert any(event.task_id in known_tasks(owner) for owner in owners)
    assert sum(event.task_id in known_tasks(owner) for owner in owners) == 1


@settings(max_examples=200, deadline=None)
@given(lives())
def test_history_folds_to_the_job(life: Life) -> None:
    """Each entry's event, instant and draw through `transition` give the stored job again, poll counters aside."""
    job = life.first
    for entry in life.entries:
        assert state_name(job.state) == entry.state_from
        job = transition(job, entry.event, entry.at, POLICY, entry.draw).job
        assert state_name(job.state) == entry.state_to
    assert _bare(life.job) == _bare(job)


@settings(max_examples=200, deadline=None)
@given(lives())
def test_versions_count_every_change(life: Life) -> None:
    """One change, one version, without a gap; the lines of history rise with them."""
    assert list(range(2, len(life.changes) + 2)) == [c.job.version for c in life.changes]
    versions = [e.version for e in life.entries]
    assert sorted(set(versions)) == versions


@settings(max_examples=200, deadline=None)
@given(lives())
def test_an_end_is_for_good_and_told_once(life: Life) -> None:
    """Once final, the state never changes again, and exactly one notice of an end was ever owed."""
    told = [n for c in life.changes for n in c.notices if n.kind in {"job.succeeded", "job.failed", "job.cancelled"}]
    assert int(is_final(life.job)) == len(told)
    ends = [c.job.state for c in life.changes if isinstance(c.job.state, FINAL)]
    assert all(state == ends[0] for state in ends)
    ids = [n.id for c in life.changes for n in c.notices]
    assert len(set(ids)) == len(ids)


@settings(max_examples=200, deadline=None)
@given(lives())
def test_a_cancel_once_asked_is_never_forgotten(life: Life) -> None:
    """From the change that records it on, the job carries it; and no new task is bought once it is there."""
    asked = False
    for before, change in zip([life.first, *[c.job for c in life.changes]], life.changes, strict=False):
        asked = asked or before.cancel is not None
        assert not asked or change.job.cancel is not None
        if asked and not isinstance(before.state, Queued):
            assert not isinstance(change.job.state, Queued)


@settings(max_examples=200, deadline=None)
@given(lives())
def test_a_doubt_is_never_sent_again_by_itself(life: Life) -> None:
    """From doubt to the queue only proof leads: the vendor's own word on that intent, or somebody's NotFound."""
    for before, change in zip([life.first, *[c.job for c in life.changes]], life.changes, strict=False):
        if isinstance(before.state, Unconfirmed) and isinstance(change.job.state, Queued):
            event = change.entry.event if change.entry else None
            assert isinstance(event, (ev.NotFound, ev.NotSent, ev.Refused))
            assert event.intent_id in ("", before.state.intent.id)  # without one: whichever is in doubt


@settings(max_examples=200, deadline=None)
@given(lives())
def test_a_slot_comes_free_with_a_word_about_it(life: Life) -> None:
    """Whenever a running task's slot is let go, the change says which key may send again."""
    for before, change in zip([life.first, *[c.job for c in life.changes]], life.changes, strict=False):
        freed = isinstance(before.state, Generating) and slot_held_until(change.job, POLICY) is None
        assert freed is (change.lift is not None)


def _bare(job: Job) -> Job:
    """Without what a look that found nothing new may move."""
    counters = {"due_at": 0.0, "polls": 0, "seen_at": None, "trouble": ""}
    state: State = job.state
    if isinstance(state, (Generating, Archiving, Queued)):
        has = {f.name for f in fields(state)}
        state = replace(state, **{name: value for name, value in counters.items() if name in has})
    return replace(job, state=state, version=0)


def test_the_drawn_events_are_all_there_are() -> None:
    """No kind of event is missing from these properties."""
    assert set(ev.EVENTS) == set(EVENTS)
    assert isinstance(make_state(Cancelled), Cancelled)
