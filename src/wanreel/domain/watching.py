"""Rules for a task the vendor works on: every look, the vendor's verdicts, and a cancel that may come too late."""

from __future__ import annotations

from dataclasses import replace

from wanreel.domain.event import (
    CancelAsked,
    CancelFailed,
    CancelRefused,
    CancelTaken,
    Change,
    Finished,
    FinishedBlank,
    Pause,
    QueryFailed,
    StillRunning,
    TaskCancelled,
    TaskFailed,
    TaskUnknown,
)
from wanreel.domain.job import (
    Archiving,
    Cancel,
    Cancelled,
    CancelStep,
    Failed,
    Fault,
    Generating,
    Job,
    Queued,
    Submitting,
    Unconfirmed,
)
from wanreel.domain.policy import backoff_s, poll_delay_s
from wanreel.domain.turn import Turn


def still_running(turn: Turn, event: StillRunning) -> Change:
    """The vendor works on it; look again later, unless a whole day has gone by."""
    state = _generating(turn.job)
    if turn.now - state.task.accepted_at >= turn.policy.horizon_s:
        return _give_up(turn, f"still {event.status} at the vendor after a day; its own limit is three hours")
    news = event.status != state.status or state.unknown_looks > 0 or state.blank_looks > 0
    cancel = state.cancel
    if event.status == "RUNNING" and cancel is not CancelStep.NONE:
        news, cancel = news or cancel is not CancelStep.TOO_LATE, CancelStep.TOO_LATE
    elif cancel is CancelStep.UNSURE:
        cancel, news = CancelStep.WANTED, True
    seen = replace(
        _looked(turn, ""),
        status=event.status,
        seen_at=turn.now,
        unknown_since=None,
        unknown_looks=0,
        blank_looks=0,
        cancel=cancel,
    )
    return turn.to(seen, f"the vendor says {event.status}", quiet=not news)


def query_failed(turn: Turn, event: QueryFailed) -> Change:
    """A look that told nothing ends nothing, until the vendor itself can no longer know the task."""
    state = _generating(turn.job)
    last_word_s = turn.policy.vendor_deadline_s + turn.policy.retention_s
    if turn.now - state.task.accepted_at >= last_word_s:
        return _give_up(turn, f"the vendor could not be asked until its record was gone ({event.why})")
    return turn.to(_looked(turn, event.why), "the look told nothing", quiet=True)


def finished(turn: Turn, event: Finished) -> Change:
    """The clip is made and paid; now it must be brought home."""
    state = _generating(turn.job)
    if turn.job.cancel and turn.job.cancel.discard:
        return turn.to(Cancelled(turn.now, state.task, event.outcome), "paid, and discarded as asked")
    return turn.to(
        Archiving(state.task, event.outcome, turn.now, seen_at=turn.now, since=turn.now), "made; to be archived"
    )


def finished_blank(turn: Turn, event: FinishedBlank) -> Change:
    """SUCCEEDED without a URL: ask a few times more, then it is a failure with a name."""
    state = _generating(turn.job)
    looks = state.blank_looks + 1
    if looks < turn.policy.blank_looks:
        told = _looked(turn, "SUCCEEDED without a URL")  # it knows the task: UNKNOWN is counted afresh
        seen = replace(told, seen_at=turn.now, blank_looks=looks, unknown_since=None, unknown_looks=0)
        return turn.to(seen, "SUCCEEDED without a URL; asked again")
    words = (
        "The vendor says SUCCEEDED and gives no video, which is how a blocked output looks. "
        f"It may be billed (usage: {event.usage}). Change the prompt or the seed."
    )
    return turn.to(Failed("no_video_url", words, Fault.POLICY, turn.now, state.task), "SUCCEEDED without a URL")


def task_failed(turn: Turn, event: TaskFailed) -> Change:
    """FAILED costs nothing: a fault of the vendor's own gets a new task, anything else is told as it was said."""
    job, state = turn.job, _generating(turn.job)
    if job.cancel:
        return turn.to(Cancelled(turn.now, state.task), f"cancelled; the task had failed ({event.code})")
    if event.fault is Fault.THEIRS and job.attempt <= turn.policy.task_retries and job.spare_of is None:
        wait_s = backoff_s(turn.policy, job.attempt, turn.draw)
        return turn.to(
            Queued(turn.now + wait_s, 0, f"{event.code}: {event.message}"),
            f"failed at the vendor ({event.code}); a new task is made",
            attempt=job.attempt + 1,
            past=(*job.past, state.task),
            prompt_extend_off=job.prompt_extend_off or event.without_extend,
        )
    return turn.to(Failed(event.code, event.message, event.fault, turn.now, state.task), "failed at the vendor")


def task_cancelled(turn: Turn, event: TaskCancelled) -> Change:
    """The vendor has stopped it; nothing was paid."""
    state = _generating(turn.job)
    return turn.to(Cancelled(turn.now, state.task), "cancelled at the vendor")


def task_unknown(turn: Turn, event: TaskUnknown) -> Change:
    """Believed only after half an hour, ten looks and a witness; without one our key or region is likelier wrong."""
    state, policy = _generating(turn.job), turn.policy
    since = turn.now if state.unknown_since is None else state.unknown_since
    looks = state.unknown_looks + 1
    ripe = looks >= policy.unknown_looks and turn.now - since >= policy.unknown_s
    if ripe and event.witnessed:
        words = "The vendor no longer knows this task, while it shows others of the account."
        return turn.to(Failed("task_unknown", words, Fault.THEIRS, turn.now, state.task), "unknown to the vendor")
    if turn.now - state.task.accepted_at >= policy.horizon_s:
        return _give_up(turn, "unknown to the vendor for a day")
    why = "the vendor does not know the task; wrong key or region?" if ripe else "the vendor says UNKNOWN"
    counted = min(looks, policy.unknown_looks)
    unknown = replace(_looked(turn, why), unknown_since=since, unknown_looks=counted)
    news = counted != state.unknown_looks
    first_ripe = ripe and not state.trouble.startswith("the vendor does not know")
    if first_ripe:
        park = turn.parking(Pause.ACCOUNT, policy.account_s, why)
        return turn.to(unknown, why, notices=(turn.notice("account.parked", why),), park=park)
    return turn.to(unknown, why, quiet=not news)


def cancel_asked(turn: Turn, event: CancelAsked) -> Change:
    """Before the paid call it ends at once; after it, the wish is remembered and the vendor is asked."""
    job, state = turn.job, turn.job.state
    cancel = Cancel(job.cancel.asked_at if job.cancel else turn.now, event.discard)
    if isinstance(state, Queued):
        return turn.to(Cancelled(turn.now), "cancelled before it was sent", cancel=cancel)
    if isinstance(state, (Submitting, Unconfirmed)):
        return turn.to(state, "cancel remembered until the answer is known", cancel=cancel)
    if isinstance(state, Archiving):
        if event.discard:
            ended = Cancelled(turn.now, state.task, state.outcome)
            return turn.to(ended, "paid, and discarded as asked", cancel=cancel)
        return turn.to(state, "too late to cancel: it is paid, and kept", cancel=cancel)
    generating = _generating(job)
    if generating.cancel is CancelStep.NONE:
        step = CancelStep.TOO_LATE if generating.status == "RUNNING" else CancelStep.WANTED
        generating = replace(generating, cancel=step, due_at=turn.now)
    return turn.to(generating, "cancel asked", cancel=cancel)


def cancel_taken(turn: Turn, event: CancelTaken) -> Change:
    """The vendor said yes; a query has the last word."""
    return turn.to(_cancel_step(turn, CancelStep.TAKEN), "the vendor accepted the cancel")


def cancel_refused(turn: Turn, event: CancelRefused) -> Change:
    """The vendor said it is too late; a query has the last word."""
    return turn.to(_cancel_step(turn, CancelStep.TOO_LATE), f"too late to cancel ({event.code}): it will be paid")


def cancel_failed(turn: Turn, event: CancelFailed) -> Change:
    """The call told nothing; look first, so that an end is not missed, and ask again if it still waits."""
    unsure = replace(_looked(turn, event.why), cancel=CancelStep.UNSURE)
    return turn.to(unsure, "the cancel call told nothing")


def _generating(job: Job) -> Generating:
    state = job.state
    assert isinstance(state, Generating)
    return state


def _looked(turn: Turn, trouble: str) -> Generating:
    """One look later. A task that simply runs is left to its account's watcher; what needs another word soon is due by
    the schedule, and a cancel that was asked meanwhile is not held up.
    """
    state = _generating(turn.job)
    wanted = state.cancel is CancelStep.WANTED and not isinstance(turn.event, CancelFailed)
    runs = isinstance(turn.event, StillRunning) and state.cancel in (CancelStep.NONE, CancelStep.TOO_LATE)
    wait_s = turn.policy.net_s if runs else poll_delay_s(turn.policy, state.polls + 1)
    return replace(state, due_at=turn.now if wanted else turn.now + wait_s, polls=state.polls + 1, trouble=trouble)


def _cancel_step(turn: Turn, step: CancelStep) -> Generating:
    return replace(_generating(turn.job), cancel=step, due_at=turn.now)


def _give_up(turn: Turn, why: str) -> Change:
    state = _generating(turn.job)
    words = f"Given up: {why}. It may have been billed; task {state.task.id}."
    return turn.to(Failed("horizon", words, Fault.TIME, turn.now, state.task), "past the horizon")
