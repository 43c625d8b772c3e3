"""Rules for getting a task: from the queue through the paid call to a task id, a refusal, or a doubt."""

from __future__ import annotations

import math
from dataclasses import replace

from wanreel.domain.event import (
    NEEDS_PERSON,
    Accepted,
    Change,
    Found,
    GivenUp,
    Lost,
    MoneyFreed,
    Moved,
    NotFound,
    Notice,
    NotSent,
    OverBudget,
    Pause,
    Refused,
    SubmitBegun,
    Undecided,
    Unfit,
)
from wanreel.domain.job import (
    Cancelled,
    CancelStep,
    Failed,
    Fault,
    Queued,
    Submitting,
    Task,
    Unconfirmed,
    current_task,
    is_bound,
    known_tasks,
)
from wanreel.domain.policy import DAY_S, HOUR_S, backoff_s, money_wait_s, park_s
from wanreel.domain.turn import Turn, slot_key

BUDGET = "budget"  # held for want of money
_MONEY_WAITS = 5  # after so many it asks as rarely as it ever will
_INPUT = "input"  # the vendor could not fetch an input: worth one more try


def begin(turn: Turn, event: SubmitBegun) -> Change:
    """Queued: the intent stands; once this is durable the paid call may be made."""
    state = turn.job.state
    assert isinstance(state, Queued)
    return turn.to(
        Submitting(event.intent, state.tries, state.held_by), "slot held, about to send", notices=_outgrown(turn, state)
    )


def _outgrown(turn: Turn, state: Queued) -> tuple[Notice, ...]:
    """The alarm that more is ordered than an account's slots can make: a job has waited a whole day for its first one.
    Once a day for each account and model, however many jobs do.
    """
    job, waited_s = turn.job, turn.now - turn.job.created_at
    if waited_s < DAY_S or job.attempt > 1 or state.tries or state.held_by or job.retry_of is not None:
        return ()
    text = (
        f"Clips of {job.request.model} wait {waited_s / HOUR_S:.0f} h for a slot of {job.account.id}: more is ordered "
        "than its slots can make. `wanreel accounts plan` says what to ask the vendor for."
    )
    notice_id = f"outgrown.{job.account.id}.{job.request.model}.{math.floor(turn.now / DAY_S)}"
    return (Notice(notice_id, job.id, "account.outgrown", turn.now, text),)


def unfit(turn: Turn, event: Unfit) -> Change:
    """Queued: an input is gone for good; nothing was sent."""
    return turn.to(Failed(event.code, event.why, Fault.OURS, turn.now), "an input cannot be used")


def over_budget(turn: Turn, event: OverBudget) -> Change:
    """Queued: there is no money for it. It waits and asks again, ever more rarely, or ends if that was wished."""
    state = turn.job.state
    assert isinstance(state, Queued)
    if event.refuse:
        return turn.to(Failed("over_budget", event.why, Fault.BUDGET, turn.now), "refused: over budget")
    first = state.held_by != BUDGET
    waits = 0 if first else min(state.tries, _MONEY_WAITS)
    held = Queued(turn.now + money_wait_s(turn.policy, waits, turn.draw), waits + 1, event.why, BUDGET)
    notices = (turn.notice("job.held", event.why),) if first else ()
    quiet = (held.tries, held.why, held.held_by) == (state.tries, state.why, state.held_by)
    return turn.to(held, "held: over budget", notices=notices, quiet=quiet)


def money_freed(turn: Turn, event: MoneyFreed) -> Change:
    """Queued: what was held for want of money asks again now."""
    state = turn.job.state
    assert isinstance(state, Queued)
    if state.held_by != BUDGET:
        return turn.late()
    return turn.to(Queued(turn.now), event.why or "the money was looked at again")


def not_ready(turn: Turn, event: NotSent) -> Change:
    """Queued: the inputs could not be made ready just now (no intent yet; news of an older one is late)."""
    state = turn.job.state
    assert isinstance(state, Queued)
    if event.intent_id:
        return turn.late()
    return _requeue(turn, state, event.why)


def moved(turn: Turn, event: Moved) -> Change:
    """Queued: it waits in another account of the region from now on, unless the vendor may have had it here."""
    job, state = turn.job, turn.job.state
    assert isinstance(state, Queued)
    if is_bound(job) or event.account == job.account or event.account.region != job.account.region:
        return turn.late()
    there = replace(state, due_at=turn.now, why="", held_by="")
    return turn.to(there, f"to account {event.account.id}: {event.why}", account=event.account)


def accepted(turn: Turn, event: Accepted) -> Change:
    """Paid news: it finds its place wherever the job has got to."""
    return paid(turn, Task(event.task_id, turn.now, event.request_id, "answer"), event.intent_id)


def found(turn: Turn, event: Found) -> Change:
    """Paid news that came by another way than the answer."""
    return paid(turn, Task(event.task_id, turn.now, "", "adopted", event.seed_certain), None)


def paid(turn: Turn, task: Task, intent_id: str | None) -> Change:
    """A task that will be paid belongs to the job if the job still lacks one for this intent, else it is a spare."""
    job, state = turn.job, turn.job.state
    if task.id in known_tasks(job):
        return turn.late()
    waiting_for = state.intent.id if isinstance(state, (Submitting, Unconfirmed)) else None
    adopts = isinstance(state, Queued) or (
        isinstance(state, (Submitting, Unconfirmed))
        and (intent_id == waiting_for or (intent_id is None and isinstance(state, Unconfirmed)))
    )
    if not adopts or current_task(job) is not None:
        return turn.spare(task)
    if isinstance(state, (Submitting, Unconfirmed)):
        task = replace(task, sent_at=state.intent.at)
    watching = turn.watching(task, first_look_s=0.0 if job.cancel else None)
    if job.cancel:
        watching = replace(watching, cancel=CancelStep.WANTED)
    return turn.to(watching, bound=True, reason="adopted" if task.how == "adopted" else "accepted by the vendor")


def not_sent(turn: Turn, event: NotSent) -> Change:
    """Submitting or in doubt: proven that nothing left this machine, so back to the queue."""
    state = turn.job.state
    assert isinstance(state, (Submitting, Unconfirmed))
    if event.intent_id != state.intent.id:
        return turn.late()
    if turn.job.cancel:
        return turn.to(Cancelled(turn.now), "cancelled before it was sent")
    return _requeue(turn, state, event.why)


def refused(turn: Turn, event: Refused) -> Change:
    """Submitting or in doubt: the vendor bought nothing. Whose fault decides whether it waits or ends."""
    job, state = turn.job, turn.job.state
    assert isinstance(state, (Submitting, Unconfirmed))
    if event.intent_id != state.intent.id:
        return turn.late()
    if job.cancel:
        return turn.to(Cancelled(turn.now), "cancelled; the vendor had refused it")
    words = f"{event.code}: {event.message}"
    if event.pause is Pause.KEY:
        queued = Queued(turn.now, state.tries + 1, words, state.held_by)
        told = f"A key of account {job.account.id} is refused, and another of it is used from now on. {words}"
        return turn.to(queued, "another key is tried", notices=(turn.notice("account.key_refused", told),))
    if event.pause is not Pause.NONE:
        wait_s = park_s(turn.policy, event.pause, state.tries, turn.draw)
        queued = Queued(turn.now, state.tries + 1, words, str(event.pause))
        alarm = event.pause in NEEDS_PERSON and state.held_by != event.pause
        notices = (turn.notice("account.parked", words),) if alarm else ()
        return turn.to(
            queued,
            "not now, said the vendor",
            notices=notices,
            park=turn.parking(event.pause, wait_s, words),
            full=slot_key(job) if event.pause is Pause.BUSY else None,
        )
    if event.again and state.held_by != _INPUT:
        return _requeue(turn, replace(state, held_by=_INPUT), words)
    return turn.to(Failed(event.code, event.message, event.fault, turn.now), "refused by the vendor")


def lost(turn: Turn, event: Lost) -> Change:
    """Submitting: no usable answer. From here on nothing is sent again until somebody knows."""
    state = turn.job.state
    assert isinstance(state, Submitting)
    if event.intent_id != state.intent.id:
        return turn.late()
    doubt = Unconfirmed(state.intent, turn.now, event.why, state.tries, state.held_by)
    return turn.to(doubt, "the answer was lost; the vendor's list is searched for its task", bound=True)


def not_found(turn: Turn, event: NotFound) -> Change:
    """In doubt: the vendor never had it, so it may be sent as if for the first time."""
    state = turn.job.state
    assert isinstance(state, Unconfirmed)
    if event.intent_id not in ("", state.intent.id):
        return turn.late()
    if turn.job.cancel:
        return turn.to(Cancelled(turn.now), "cancelled; the vendor never had it")
    return turn.to(Queued(turn.now), f"never reached the vendor ({event.by})")


def undecided(turn: Turn, event: Undecided) -> Change:
    """In doubt: the list cannot tell, so a person is asked; said once for each reason, and the search goes on."""
    state = turn.job.state
    assert isinstance(state, Unconfirmed)
    if event.intent_id != state.intent.id or event.why == state.asks:
        return turn.late()
    words = f"The answer to a paid call was lost ({state.why}), and the vendor's list cannot settle it: {event.why}."
    notices = () if state.asks else (turn.notice("job.needs_attention", words),)
    return turn.to(replace(state, asks=event.why), "a person is asked", notices=notices)


def given_up(turn: Turn, event: GivenUp) -> Change:
    """In doubt: a person ends it without knowing whether it was paid."""
    words = "Ended by hand while it was unknown whether the vendor had accepted it; it may have been billed."
    return turn.to(Failed("given_up", words, Fault.DOUBT, turn.now), "given up by hand")


def _requeue(turn: Turn, state: Queued | Submitting | Unconfirmed, why: str) -> Change:
    wait_s = backoff_s(turn.policy, state.tries, turn.draw)
    queued = Queued(turn.now + wait_s, state.tries + 1, why, state.held_by)
    return turn.to(queued, "not sent; tried again later")
