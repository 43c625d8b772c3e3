"""The state machine of a job: the one table that says what may follow what, and the only maker of next states.

Theory. A job passes through three phases. It *gets a task*: Queued, then Submitting, which is committed before
the paid call is made, because there is no idempotency key to ask again with. If the answer is lost the job is
Unconfirmed: the vendor may have accepted it and will bill, so nothing is sent again until somebody knows. It is
*watched* while Generating. It is *brought home* while Archiving, for the vendor deletes its copy after a day.
Then it has Succeeded, or it has Failed with the vendor's own words, or it was Cancelled.

`transition` is total. Every pair of state and event is one of three things:

* a row of TABLE: its rule makes the Change;
* late news: the pair is in LATE, or the rule finds that the event speaks of an older intent; nothing changes;
* anything else is an IllegalTransition, which changes nothing either and is a bug of the caller's.

Accepted and Found carry a paid task and are never late: they have a row in every state. Where the job needs no
task any more the task becomes a *spare*, a job of its own. `action_due` is the other half: a total match from
state to the one I/O it calls for.

Time and chance are arguments; nothing here does I/O. The diagram in the docs is drawn from TABLE.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wanreel.domain import archiving, submitting, watching
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
    MoneyFreed,
    Moved,
    NotFound,
    NotSent,
    OverBudget,
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
    Undecided,
    Unfit,
)
from wanreel.domain.job import (
    FINAL,
    Archiving,
    Cancelled,
    CancelStep,
    Failed,
    Generating,
    Job,
    Queued,
    State,
    Submitting,
    Succeeded,
    Unconfirmed,
    state_name,
)
from wanreel.domain.policy import Policy
from wanreel.domain.turn import Turn

Rule = Callable[[Turn, Any], Change]


@dataclass(frozen=True, slots=True)
class Row:
    """What an event does in a state: the rule, and every state it may lead to (the diagram's arrows)."""

    rule: Rule
    to: tuple[type[State], ...]


TABLE: dict[tuple[type[State], type[Event]], Row] = {
    # getting a task
    (Queued, SubmitBegun): Row(submitting.begin, (Submitting,)),
    (Queued, NotSent): Row(submitting.not_ready, (Queued,)),
    (Queued, Unfit): Row(submitting.unfit, (Failed,)),
    (Queued, Moved): Row(submitting.moved, (Queued,)),
    (Queued, OverBudget): Row(submitting.over_budget, (Queued, Failed)),
    (Queued, MoneyFreed): Row(submitting.money_freed, (Queued,)),
    (Queued, Accepted): Row(submitting.accepted, (Generating,)),
    (Queued, Found): Row(submitting.found, (Generating,)),
    (Queued, CancelAsked): Row(watching.cancel_asked, (Cancelled,)),
    (Submitting, Accepted): Row(submitting.accepted, (Generating, Submitting)),
    (Submitting, Found): Row(submitting.found, (Submitting,)),
    (Submitting, NotSent): Row(submitting.not_sent, (Queued, Cancelled)),
    (Submitting, Refused): Row(submitting.refused, (Queued, Failed, Cancelled)),
    (Submitting, Lost): Row(submitting.lost, (Unconfirmed,)),
    (Submitting, CancelAsked): Row(watching.cancel_asked, (Submitting,)),
    # settling a doubt
    (Unconfirmed, Accepted): Row(submitting.accepted, (Generating, Unconfirmed)),
    (Unconfirmed, Found): Row(submitting.found, (Generating,)),
    (Unconfirmed, NotFound): Row(submitting.not_found, (Queued, Cancelled)),
    (Unconfirmed, Undecided): Row(submitting.undecided, (Unconfirmed,)),
    (Unconfirmed, GivenUp): Row(submitting.given_up, (Failed,)),
    (Unconfirmed, NotSent): Row(submitting.not_sent, (Queued, Cancelled)),
    (Unconfirmed, Refused): Row(submitting.refused, (Queued, Failed, Cancelled)),
    (Unconfirmed, CancelAsked): Row(watching.cancel_asked, (Unconfirmed,)),
    # watching
    (Generating, StillRunning): Row(watching.still_running, (Generating, Failed)),
    (Generating, QueryFailed): Row(watching.query_failed, (Generating, Failed)),
    (Generating, Finished): Row(watching.finished, (Archiving, Cancelled)),
    (Generating, FinishedBlank): Row(watching.finished_blank, (Generating, Failed)),
    (Generating, TaskFailed): Row(watching.task_failed, (Queued, Failed, Cancelled)),
    (Generating, TaskCancelled): Row(watching.task_cancelled, (Cancelled,)),
    (Generating, TaskUnknown): Row(watching.task_unknown, (Generating, Failed)),
    (Generating, CancelAsked): Row(watching.cancel_asked, (Generating,)),
    (Generating, CancelTaken): Row(watching.cancel_taken, (Generating,)),
    (Generating, CancelRefused): Row(watching.cancel_refused, (Generating,)),
    (Generating, CancelFailed): Row(watching.cancel_failed, (Generating,)),
    (Generating, Accepted): Row(submitting.accepted, (Generating,)),
    (Generating, Found): Row(submitting.found, (Generating,)),
    # bringing it home
    (Archiving, Stored): Row(archiving.stored, (Succeeded,)),
    (Archiving, Spooled): Row(archiving.spooled, (Archiving,)),
    (Archiving, StoreFailed): Row(archiving.store_failed, (Archiving, Failed)),
    (Archiving, Finished): Row(archiving.another_url, (Archiving, Failed)),
    (Archiving, FinishedBlank): Row(archiving.no_other_url, (Archiving, Failed)),
    (Archiving, StillRunning): Row(archiving.no_other_url, (Archiving, Failed)),
    (Archiving, TaskFailed): Row(archiving.no_other_url, (Archiving, Failed)),
    (Archiving, TaskCancelled): Row(archiving.no_other_url, (Archiving, Failed)),
    (Archiving, TaskUnknown): Row(archiving.no_other_url, (Archiving, Failed)),
    (Archiving, QueryFailed): Row(archiving.ask_later, (Archiving, Failed)),
    (Archiving, CancelAsked): Row(watching.cancel_asked, (Archiving, Cancelled)),
    (Archiving, Accepted): Row(submitting.accepted, (Archiving,)),
    (Archiving, Found): Row(submitting.found, (Archiving,)),
    # final states: only a paid task still matters, as a spare
    **{(final, Accepted): Row(submitting.accepted, (final,)) for final in FINAL},
    **{(final, Found): Row(submitting.found, (final,)) for final in FINAL},
}

# News of a submit that was settled otherwise, and anything at all for a job that has ended.
_SETTLED: tuple[type[Event], ...] = (NotSent, Refused, Lost)
LATE: frozenset[tuple[type[State], type[Event]]] = frozenset(
    {(Queued, Refused), (Queued, Lost), (Unconfirmed, Lost), (Queued, Undecided), (Submitting, Undecided)}
    | {(state, event) for state in (Generating, Archiving) for event in (*_SETTLED, Undecided)}
    | {(state, Moved) for state in (Submitting, Unconfirmed, Generating, Archiving)}
)


def transition(job: Job, event: Event, now: float, policy: Policy, draw: float) -> Change:
    """What comes of `event` for `job`. Raises IllegalTransition where it cannot follow; the job is untouched."""
    pair = (type(job.state), type(event))
    turn = Turn(job, event, now, policy, draw)
    row = TABLE.get(pair)
    if row is not None:
        return row.rule(turn, event)
    if isinstance(job.state, FINAL) or pair in LATE:
        return turn.late()
    raise IllegalTransition(f"{type(event).__name__} cannot follow {state_name(job.state)} (job {job.id})")


class Action(StrEnum):
    """The one I/O a state calls for."""

    SUBMIT = "submit"
    POLL = "poll"
    CANCEL = "cancel"
    ARCHIVE = "archive"


def action_due(job: Job) -> Action | None:
    """What the job needs done next; None when it waits for an answer, for a person, or for nothing any more."""
    state = job.state
    if isinstance(state, Queued):
        return Action.SUBMIT
    if isinstance(state, Generating):
        return Action.CANCEL if state.cancel is CancelStep.WANTED else Action.POLL
    if isinstance(state, Archiving):
        return Action.POLL if state.requery else Action.ARCHIVE
    assert isinstance(state, (Submitting, Unconfirmed, *FINAL))
    return None


def slot_held_until(job: Job, policy: Policy) -> float | None:
    """Until when the job holds a running slot: None for no slot, infinity until the vendor's last word.

    A doubt holds its slot until settled, or until the vendor's own deadline has ended whatever may be running.
    """
    state = job.state
    if isinstance(state, (Submitting, Generating)):
        return math.inf
    if isinstance(state, Unconfirmed):
        return state.intent.at + policy.vendor_deadline_s
    return None


def kind(pair: tuple[type[State], type[Event]]) -> str:
    """`row`, `late` or `illegal`: every pair of a state and an event is exactly one of these."""
    if pair in TABLE:
        return "row"
    return "late" if pair[0] in FINAL or pair in LATE else "illegal"
