"""The table of the life of a job, walked by hand: each arrow with a sentence, and everything that is no arrow."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from tests.factories import NOW, make_account, make_event, make_intent, make_job, make_outcome
from wanreel.domain.errors import IllegalTransition
from wanreel.domain.event import (
    EVENTS,
    Accepted,
    CancelAsked,
    CancelFailed,
    CancelRefused,
    CancelTaken,
    Event,
    Finished,
    FinishedBlank,
    Found,
    GivenUp,
    Lost,
    MoneyFreed,
    Moved,
    NotFound,
    NotSent,
    OverBudget,
    Pause,
    QueryFailed,
    Refused,
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
    State,
    Submitting,
    Succeeded,
    Unconfirmed,
)
from wanreel.domain.lifecycle import LATE, TABLE, Action, action_due, kind, slot_held_until, transition
from wanreel.domain.policy import DAY_S, HOUR_S, Policy

POLICY = Policy()
ASKED = Cancel(NOW)
DISCARD = Cancel(NOW, discard=True)
OWN_TASK_DOWN = TaskFailed("InternalError", "the vendor failed", Fault.THEIRS)
BLOCKED = TaskFailed("DataInspectionFailed", "inappropriate content", Fault.POLICY)
NOT_NOW = Refused("int_1", 429, "Throttling.RateQuota", "slow down", Fault.THROTTLE, Pause.BUSY)
NEVER = Refused("int_1", 400, "InvalidParameter", "the size is wrong", Fault.OURS)
CUT = StoreFailed(Trouble.SOURCE_FAILED, "cut")


@dataclass(frozen=True)
class Walk:
    """One arrow: in `job`, `after_s` past the fixed instant, `event` leads to `to`; `says` why."""

    says: str
    job: Job
    event: Event
    to: type[State]
    after_s: float = 1.0


def asking() -> Job:
    """A clip whose URL was refused, so that the vendor is to be asked for another."""
    return make_job(Archiving, requery=True, tries=1, trouble="403")


WALKS = (
    # getting a task
    Walk(
        "A slot is held: the intent stands before the call is made.", make_job(), SubmitBegun(make_intent()), Submitting
    ),
    Walk("The inputs are not ready just now: it waits.", make_job(), NotSent("", "upload failed"), Queued),
    Walk("An input is gone for good: nothing was sent, it ends.", make_job(), Unfit("input_missing", "gone"), Failed),
    Walk(
        "A budget was set: what was held for it asks again.",
        make_job(Queued(NOW + 500, 3, "over budget", "budget")),
        MoneyFreed(),
        Queued,
    ),
    Walk("There is no money for it: it waits.", make_job(), OverBudget("of 5 a day 5 are committed"), Queued),
    Walk("There is no money for it and it was not to wait: it ends.", make_job(), OverBudget("too dear", True), Failed),
    Walk(
        "An answer comes after a person had it sent back: the task is ours.",
        make_job(),
        Accepted("int_0", "t"),
        Generating,
    ),
    Walk("A person names the task of a job sent back to the queue.", make_job(), Found("t", "person"), Generating),
    Walk("Cancelled before the paid call: it ends at once.", make_job(), CancelAsked(), Cancelled),
    Walk("The vendor took it.", make_job(Submitting), Accepted("int_1", "t"), Generating),
    Walk(
        "An older intent's task is a spare; the call in the air goes on.",
        make_job(Submitting),
        Accepted("int_0", "t"),
        Submitting,
    ),
    Walk("A task found while a call is in the air is a spare.", make_job(Submitting), Found("t", "list"), Submitting),
    Walk("Not a byte left: back to the queue.", make_job(Submitting), NotSent("int_1", "refused"), Queued),
    Walk(
        "Not a byte left and cancel was asked: it ends.",
        make_job(Submitting, cancel=ASKED),
        NotSent("int_1", "x"),
        Cancelled,
    ),
    Walk("Another account has room.", make_job(Queued), Moved(make_account("second"), "it has room"), Queued),
    Walk("429 is not now: back to the queue.", make_job(Submitting), NOT_NOW, Queued),
    Walk("A wrong request ends in the vendor's words.", make_job(Submitting), NEVER, Failed),
    Walk("Refused and cancel was asked: it ends as cancelled.", make_job(Submitting, cancel=ASKED), NOT_NOW, Cancelled),
    Walk("The answer was lost: doubt.", make_job(Submitting), Lost("int_1", "reset"), Unconfirmed),
    Walk("A cancel while the call is in the air is remembered.", make_job(Submitting), CancelAsked(), Submitting),
    # settling a doubt
    Walk("The answer comes after all.", make_job(Unconfirmed), Accepted("int_1", "t"), Generating),
    Walk(
        "An older intent's task does not settle this doubt.", make_job(Unconfirmed), Accepted("int_0", "t"), Unconfirmed
    ),
    Walk("The task is found.", make_job(Unconfirmed), Found("t", "person"), Generating),
    Walk("The vendor never had it: it may be sent.", make_job(Unconfirmed), NotFound("person"), Queued),
    Walk(
        "The vendor never had it and cancel was asked.",
        make_job(Unconfirmed, cancel=ASKED),
        NotFound("person"),
        Cancelled,
    ),
    Walk(
        "The list cannot tell: a person is asked.",
        make_job(Unconfirmed),
        Undecided("int_1", "no later task"),
        Unconfirmed,
    ),
    Walk("A person ends it without knowing.", make_job(Unconfirmed), GivenUp("person"), Failed),
    Walk("Late proof that nothing left.", make_job(Unconfirmed), NotSent("int_1", "x"), Queued),
    Walk(
        "Late proof that nothing left; cancelled.",
        make_job(Unconfirmed, cancel=ASKED),
        NotSent("int_1", "x"),
        Cancelled,
    ),
    Walk("A late 429 settles it.", make_job(Unconfirmed), NOT_NOW, Queued),
    Walk("A late refusal settles it for good.", make_job(Unconfirmed), NEVER, Failed),
    Walk("A late refusal settles it; cancelled.", make_job(Unconfirmed, cancel=ASKED), NEVER, Cancelled),
    Walk("A cancel is remembered through the doubt.", make_job(Unconfirmed), CancelAsked(), Unconfirmed),
    # watching
    Walk("It runs.", make_job(Generating), StillRunning("RUNNING"), Generating),
    Walk("It still runs after a day: given up.", make_job(Generating), StillRunning("RUNNING"), Failed, DAY_S),
    Walk("A look that told nothing ends nothing.", make_job(Generating), QueryFailed("500"), Generating, DAY_S),
    Walk(
        "Nobody could ask until the record was gone.",
        make_job(Generating),
        QueryFailed("500"),
        Failed,
        DAY_S + 3 * HOUR_S,
    ),
    Walk("The clip is made.", make_job(Generating), Finished(make_outcome()), Archiving),
    Walk(
        "The clip is made and was to be discarded.",
        make_job(Generating, cancel=DISCARD),
        Finished(make_outcome()),
        Cancelled,
    ),
    Walk("SUCCEEDED without a URL is asked again.", make_job(Generating), FinishedBlank(), Generating),
    Walk("SUCCEEDED without a URL for the fifth time.", make_job(Generating, blank_looks=4), FinishedBlank(), Failed),
    Walk("The vendor's own fault gets a new task.", make_job(Generating), OWN_TASK_DOWN, Queued),
    Walk("A content block never does.", make_job(Generating), BLOCKED, Failed),
    Walk("It failed and cancel was asked.", make_job(Generating, cancel=ASKED), OWN_TASK_DOWN, Cancelled),
    Walk("The vendor stopped it.", make_job(Generating), TaskCancelled(), Cancelled),
    Walk("UNKNOWN once is not believed.", make_job(Generating), TaskUnknown(True), Generating),
    Walk(
        "UNKNOWN for half an hour, ten looks and a witness is.",
        make_job(Generating, unknown_since=NOW, unknown_looks=9),
        TaskUnknown(True),
        Failed,
        1800.0,
    ),
    Walk("A cancel is asked of the vendor.", make_job(Generating), CancelAsked(), Generating),
    Walk("The vendor took the cancel; a look decides.", make_job(Generating, cancel=ASKED), CancelTaken(), Generating),
    Walk("The vendor says too late.", make_job(Generating, cancel=ASKED), CancelRefused("U", "runs"), Generating),
    Walk("The cancel call told nothing.", make_job(Generating, cancel=ASKED), CancelFailed("500"), Generating),
    Walk("A second task is a spare.", make_job(Generating), Accepted("int_0", "t"), Generating),
    Walk("A second task found is a spare.", make_job(Generating), Found("t", "list"), Generating),
    # bringing it home
    Walk("It lies in the user's storage.", make_job(Archiving), make_event(Stored), Succeeded),
    Walk("The storage fails, and it is safe on this machine.", make_job(Archiving), make_event(Spooled), Archiving),
    Walk("A cut download is tried again.", make_job(Archiving), CUT, Archiving),
    Walk("The URL is long dead.", make_job(Archiving), CUT, Failed, DAY_S + HOUR_S),
    Walk("Another URL is tried.", asking(), Finished(make_outcome(url="http://127.0.0.1:9/other.mp4")), Archiving),
    Walk("The same URL, expired.", asking(), Finished(make_outcome()), Failed, DAY_S),
    *(
        walk
        for news in (FinishedBlank(), StillRunning("RUNNING"), OWN_TASK_DOWN, TaskCancelled(), TaskUnknown(False))
        for walk in (
            Walk("The vendor has no other URL: the old one is tried again.", asking(), news, Archiving),
            Walk("The vendor has no other URL and the old one is dead.", asking(), news, Failed, DAY_S),
        )
    ),
    Walk("The vendor could not be asked.", asking(), QueryFailed("500"), Archiving, DAY_S),
    Walk(
        "The vendor could not be asked until the URL was long dead.",
        asking(),
        QueryFailed("500"),
        Failed,
        DAY_S + HOUR_S,
    ),
    Walk("Too late to cancel: paid, and kept.", make_job(Archiving), CancelAsked(), Archiving),
    Walk("Paid, and discarded as asked.", make_job(Archiving), CancelAsked(discard=True), Cancelled),
    Walk("A second task is a spare.", make_job(Archiving), Accepted("int_0", "t"), Archiving),
    Walk("A second task found is a spare.", make_job(Archiving), Found("t", "list"), Archiving),
    # the end
    *(
        Walk("A paid task matters after the end too.", make_job(final), Accepted("int_1", "t"), final)
        for final in FINAL
    ),
    *(
        Walk("A paid task found matters after the end too.", make_job(final), Found("t", "list"), final)
        for final in FINAL
    ),
)

PAIRS = tuple((state, event) for state in STATES for event in EVENTS)


def _name(walk: Walk) -> str:
    return f"{type(walk.job.state).__name__}-{type(walk.event).__name__}-{walk.to.__name__}"


@pytest.mark.parametrize("walk", WALKS, ids=_name)
def test_each_row_leads_where_its_sentence_says(walk: Walk) -> None:
    """Every arrow of the table does what its sentence says, one version on, with a line of history."""
    change = transition(walk.job, walk.event, NOW + walk.after_s, POLICY, 0.5)
    assert walk.to is type(change.job.state)
    assert (walk.job.version, walk.job.version + 1) == (change.was, change.job.version)
    assert not change.late
    if change.entry is not None:
        assert (walk.event, NOW + walk.after_s, 0.5) == (change.entry.event, change.entry.at, change.entry.draw)
        assert change.job.version == change.entry.version


def test_the_walks_take_every_arrow_of_the_table() -> None:
    """No declared arrow is left untried, and none is taken that is not declared."""
    declared = {(state, event, to) for (state, event), row in TABLE.items() for to in row.to}
    walked = {(type(w.job.state), type(w.event), w.to) for w in WALKS}
    assert declared == walked


@pytest.mark.parametrize(
    "pair", [p for p in PAIRS if kind(p) == "illegal"], ids=lambda p: f"{p[0].__name__}-{p[1].__name__}"
)
def test_what_cannot_follow_is_refused_and_changes_nothing(pair: tuple[type[State], type[Event]]) -> None:
    """A pair that is neither a row nor late raises, and the job is the same value as before."""
    job = make_job(pair[0])
    before = repr(job)
    with pytest.raises(IllegalTransition, match=job.id):
        transition(job, make_event(pair[1]), NOW, POLICY, 0.5)
    assert before == repr(job)


@pytest.mark.parametrize(
    "pair", [p for p in PAIRS if kind(p) == "late"], ids=lambda p: f"{p[0].__name__}-{p[1].__name__}"
)
def test_late_news_changes_nothing(pair: tuple[type[State], type[Event]]) -> None:
    """Late news gives back the job as it was, nothing to commit, nobody to tell."""
    job = make_job(pair[0])
    change = transition(job, make_event(pair[1]), NOW, POLICY, 0.5)
    assert change.late
    assert job is change.job
    assert ((), (), None, None) == (change.notices, change.born, change.entry, change.park)


def test_a_pair_is_a_row_or_late_or_illegal_never_two_of_them() -> None:
    """LATE and TABLE don't overlap, and only known states and events stand in either."""
    assert not LATE & TABLE.keys()
    assert set(PAIRS) >= LATE | TABLE.keys()
    assert len(EVENTS) == len({e for _, e in TABLE}) == len(set(EVENTS))


STALE = (
    (make_job(Submitting, intent_id="int_2"), NotSent("int_1", "x")),
    (make_job(Submitting, intent_id="int_2"), NOT_NOW),
    (make_job(Submitting, intent_id="int_2"), Lost("int_1", "x")),
    (make_job(Unconfirmed, intent_id="int_2"), NotSent("int_1", "x")),
    (make_job(Unconfirmed, intent_id="int_2"), NEVER),
    (make_job(Queued), NotSent("int_1", "x")),
    (make_job(Archiving), Finished(make_outcome())),
    (make_job(Archiving), QueryFailed("500")),
    (make_job(Archiving), TaskUnknown(False)),
)


@pytest.mark.parametrize(("job", "event"), STALE, ids=lambda v: type(getattr(v, "state", v)).__name__)
def test_news_of_an_older_intent_or_an_unasked_look_is_late(job: Job, event: Event) -> None:
    """An answer that speaks of an older intent settles nothing, nor does a look that nobody asked for any more."""
    assert transition(job, event, NOW, POLICY, 0.5).late


EXPECTED_ACTIONS = (
    (make_job(Queued), Action.SUBMIT),
    (make_job(Submitting), None),
    (make_job(Unconfirmed), None),
    (make_job(Generating), Action.POLL),
    (make_job(replace(make_job(Generating).state, cancel=CancelStep.WANTED)), Action.CANCEL),
    *((make_job(replace(make_job(Generating).state, cancel=c)), Action.POLL) for c in CancelStep if c != "wanted"),
    (make_job(Archiving), Action.ARCHIVE),
    (asking(), Action.POLL),
    *((make_job(final), None) for final in FINAL),
)


@pytest.mark.parametrize(("job", "action"), EXPECTED_ACTIONS, ids=lambda v: str(type(getattr(v, "state", v)).__name__))
def test_a_state_calls_for_one_action_or_none(job: Job, action: Action | None) -> None:
    """What is due follows from the state alone; a doubt calls for nothing, so that nothing is sent again by itself."""
    assert action == action_due(job)


def test_a_slot_is_held_from_the_intent_to_the_vendors_last_word() -> None:
    """Calls in the air, running tasks and young doubts hold a slot; a doubt lets go after the vendor's deadline."""
    held = {state: slot_held_until(make_job(state), POLICY) for state in STATES}
    forever = {Submitting, Generating}
    assert {s: float("inf") for s in forever} == {s: u for s, u in held.items() if s in forever}
    assert NOW + POLICY.vendor_deadline_s == held[Unconfirmed]
    assert {None} == {held[s] for s in (Queued, Archiving, *FINAL)}
