"""One job, one action, one event, one change: straight-line code that neither sleeps nor spawns.

What an event means is decided by `domain.lifecycle`; here it is only carried: do the I/O, tell the core, commit.
A submit commits twice: the intent before the paid call, the answer after it. An answer whose write is refused because
the job moved on meanwhile is read again against the job as it now stands, so that paid news is never late news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wanreel import spans
from wanreel.domain.booking import Kind
from wanreel.domain.errors import (
    BudgetReached,
    IllegalTransition,
    Internal,
    Stale,
    TaskTaken,
    Unavailable,
    WanreelError,
)
from wanreel.domain.event import (
    Accepted,
    Change,
    Event,
    Finished,
    Found,
    Lost,
    NotSent,
    OverBudget,
    Refused,
    Spooled,
    Stored,
    StoreFailed,
    SubmitBegun,
    TaskUnknown,
    Trouble,
    Unfit,
)
from wanreel.domain.job import Archiving, Generating, Intent, Job, Submitting, Succeeded, current_task, state_name
from wanreel.domain.lifecycle import Action, action_due, transition
from wanreel.domain.runtimes import RunTime, kind_of
from wanreel.domain.spooling import expected_bytes, must_spool
from wanreel.ports.archive import KeepFailed
from wanreel.ports.jobs import Lane
from wanreel.ports.vendor import Ended, PrepareFailed
from wanreel.telemetry import DOUBT, END_SEEN, PARKED, SETTLED, SPARE, STEP, STEP_LATE, STEP_STALE, WATCH_BROKE, log
from wanreel.worker.tools import CLAIM_S, Tools

_ANSWERS = (Accepted, Refused, NotSent, Lost, Found)  # of a submit: they speak of an intent, whatever the state


class Unsettled(Exception):
    """The store could not take an event. Whoever called `step` keeps it and offers it again: it may be paid news."""

    def __init__(self, job: Job, event: Event, why: Unavailable) -> None:
        super().__init__(f"{job.id}: {type(event).__name__} not recorded yet: {why}")
        self.job = job
        self.event = event


async def step(job: Job, tools: Tools, seen: Ended | None = None) -> None:
    """Do what the claimed job calls for now; what a watcher has just `seen` of its task is not asked for again.
    Raises Unsettled; anything else raised is a bug.
    """
    action = action_due(job)
    with spans.opened(f"{spans.STEP} {action}", spans.Sort.INTERNAL, {spans.ACTION: str(action)}, job=job.id):
        await _do(action, job, tools, seen)


async def _do(action: Action | None, job: Job, tools: Tools, seen: Ended | None) -> None:
    if action is Action.SUBMIT:
        await _submit(job, tools)
    elif action is Action.POLL:
        await _write_down(job, await _look(job, tools, seen), tools)
    elif action is Action.CANCEL:
        task = current_task(job)
        if task is None:
            raise Internal(f"{job.id} wants its task cancelled and has none")
        await _write_down(job, await tools.vendor.cancel(job.account, task.id), tools)
    elif action is Action.ARCHIVE:
        await _write_down(job, await _archived(job, tools), tools)
        await _unspool(job, tools)
    else:
        await tools.jobs.release(tools.owner, job.id)


async def _write_down(job: Job, event: Event, tools: Tools) -> None:
    """Settle what came of a call or a download: the step is at its end, and its place in the lane is free."""
    tools.eased(job)
    await settle(job, event, tools)


async def _submit(job: Job, tools: Tools) -> None:
    """Make the inputs reachable, commit the intent, and only then make the paid call."""
    now, stop = tools.clock.now(), None
    if job.request.media:  # before anything is uploaded; whether there is money is decided with the intent
        stop = await tools.ledger.stop(job, tools.books.wanted(job, now), now)
    if stop is not None:
        await settle(job, OverBudget(stop.why, refuse=stop.final or tools.refuse_over_budget), tools)
        return
    try:
        prepared = await tools.vendor.prepare(job)
    except PrepareFailed as failure:
        event = Unfit(failure.code, failure.why) if failure.fatal else NotSent("", failure.why)
        await settle(job, event, tools)
        return
    except Unavailable:
        raise
    except Exception as bug:  # a claimed job keeps all others of its key waiting: it is put off
        await settle(job, NotSent("", f"a bug of wanreel's: {type(bug).__name__}, before anything was sent"), tools)
        raise
    now = tools.clock.now()
    intent = Intent(tools.clock.new_id("int"), now, now + tools.policy.send_by_s, prepared.fingerprint)
    begun = tools.books.enter(job, transition(job, SubmitBegun(intent), now, tools.policy, tools.clock.draw()))
    until = now + CLAIM_S[Lane.SUBMIT]
    try:
        admitted = await tools.slots.begin(begun, now, tools.policy.quiet_s, until)
    except Stale:
        log.info(STEP_STALE, job=job.id, what="SubmitBegun")
        return
    except BudgetReached as reached:
        refuse = reached.final or tools.refuse_over_budget
        await settle(job, OverBudget(reached.message, refuse=refuse), tools)
        return
    if not admitted:
        await tools.jobs.release(tools.owner, job.id)
        return
    try:
        await _write_down(begun.job, await tools.vendor.submit(begun.job, intent, prepared), tools)
    except Unsettled:
        raise
    except Exception as bug:  # the call may have gone out: that is in doubt from now on, and not once our claim ends
        why = f"a bug of wanreel's: {type(bug).__name__}, before the answer was recorded"
        await settle(begun.job, Lost(intent.id, why), tools)
        raise


async def _look(job: Job, tools: Tools, seen: Ended | None) -> Event:
    """Ask the vendor after the task; an UNKNOWN is weighed by whether other tasks of the account are visible."""
    state = job.state
    if not isinstance(state, (Generating, Archiving)):
        raise Internal(f"{job.id} is {state_name(state)} and has nothing to look at")
    told = seen.answer if seen is not None and seen.task_id == state.task.id else None
    answer = told or await tools.vendor.look(job.account, state.task.id)
    if isinstance(answer, TaskUnknown):
        began = state.unknown_since if isinstance(state, Generating) else None
        since = tools.clock.now() if began is None else began
        near = tools.witness(job, since)
        return TaskUnknown(witnessed=near or await tools.slots.seen_since(job.account.id, since, job.id))
    return answer


async def _archived(job: Job, tools: Tools) -> Event:
    with spans.opened(spans.ARCHIVE, spans.Sort.INTERNAL, {}, job=job.id) as span:
        event = await _archive(job, tools)
        if isinstance(event, Stored):
            span.note(spans.BYTES, event.artifact.size_bytes)
        elif isinstance(event, StoreFailed):
            span.note(spans.ERROR, str(event.trouble))
        span.note(spans.EVENT, type(event).__name__)
    return event


async def _archive(job: Job, tools: Tools) -> Event:
    """Stream the clip from the vendor, or the spool, into the user's storage; or, where that fails, into the spool."""
    state = job.state
    if not isinstance(state, Archiving):
        raise Internal(f"{job.id} is {state_name(state)} and has nothing to archive")
    spool, source = tools.spool, state.outcome.video_url
    try:
        if spool is not None and state.spooled is not None:
            elsewhere = () if await spool.has(job.id) else await spool.others(job.id)
            if elsewhere:
                return await _archive_by_url(job, state, tools, elsewhere)
            pieces = spool.read(job.id, state.spooled)
        else:
            if spool is not None and must_spool(state, tools.clock.now(), tools.policy):
                expected = expected_bytes(job.request, tools.policy)
                copy = await spool.take(job.id, tools.results.fetch(job.account, source), expected)
                if copy is not None:
                    return Spooled(copy)
            pieces = tools.results.fetch(job.account, source)
        artifact = await tools.archive.keep(tools.artifact_key(job), pieces, tools.label(job))
        tools.storage_said(None)
        return Stored(replace(artifact, archive=tools.archive_name))
    except KeepFailed as failure:
        if failure.trouble is Trouble.SPOOL and spool is not None and state.spooled is not None:
            elsewhere = await spool.others(job.id)
            if elsewhere:  # ours is damaged, another machine's may be whole
                return await _archive_by_url(job, state, tools, elsewhere)
        tools.storage_said(failure.trouble)
        return StoreFailed(failure.trouble, failure.why)


async def _archive_by_url(job: Job, state: Archiving, tools: Tools, elsewhere: Sequence[str]) -> Event:
    """Bring a clip home that lies in the spool of a machine that does not go on with it: while its URL lives. It is not
    lost, whatever comes of that.
    """
    lies = f"its clip lies in the spool of {', '.join(elsewhere)}"
    if tools.clock.now() >= state.outcome.url_expires_at:
        return StoreFailed(Trouble.SOURCE_REFUSED, f"{lies}, and its URL is dead: that machine must go on with it")
    try:
        pieces = tools.results.fetch(job.account, state.outcome.video_url)
        artifact = await tools.archive.keep(tools.artifact_key(job), pieces, tools.label(job))
    except KeepFailed as failure:
        tools.storage_said(failure.trouble)
        return StoreFailed(failure.trouble, f"{failure.why}; {lies}")
    tools.storage_said(None)
    return Stored(replace(artifact, archive=tools.archive_name))


async def _unspool(job: Job, tools: Tools) -> None:
    """Let the spool go of a clip that lies in the user's storage by now, written down; else it stays, for the sweep."""
    if tools.spool is None or not isinstance(job.state, Archiving) or job.state.spooled is None:
        return
    if isinstance((await tools.jobs.get(job.id)).state, Succeeded):
        await tools.spool.drop(job.id)


async def settle(job: Job, event: Event, tools: Tools) -> None:
    """Commit what `event` means for the job, reading the job again as often as somebody else was quicker.

    Raises Unsettled when the store cannot write. An event that no longer fits is dropped, and said so in the log.
    """
    while True:
        change = _decide(job, event, tools)
        if change is None:
            return
        try:
            await tools.jobs.commit(change, tools.owner)
        except Stale:
            log.info(STEP_STALE, job=job.id, what=type(event).__name__)
            fresh = await _read_again(job, event, tools)
            if not _still_speaks_of(event, job, fresh):
                return
            job = fresh
        except TaskTaken as taken:
            # Somebody adopted this very task into another job by hand: what became of our call is unknown again.
            if not isinstance(event, Accepted) or not isinstance(job.state, Submitting):
                log.error(STEP_LATE, job=job.id, what=type(event).__name__, why=str(taken))
                return
            event = Lost(event.intent_id, f"the vendor answered with a task that another job has: {taken}")
        except Unavailable as why:
            raise Unsettled(job, event, why) from why
        else:
            _say(change, event)
            await _learn(change, event, tools)
            return


async def _learn(change: Change, event: Event, tools: Tools) -> None:
    """Remember how long a task took that has just been seen to succeed; when the store is away, this one is not."""
    if not isinstance(event, Finished) or event.outcome.took_s is None or change.entry is None:
        return
    if change.entry.state_from == state_name(Generating):
        met = RunTime(kind_of(change.job.request), event.outcome.took_s)
        if tools.met is not None:
            tools.met(met)
            return
        try:
            await tools.watching.learn(met)
        except WanreelError as why:
            log.info(WATCH_BROKE, account=change.job.account.id, why=str(why))


async def offer_again(unsettled: Unsettled, tools: Tools) -> None:
    """Offer the store an event it could not take earlier, if it is still news by now. Raises Unsettled."""
    fresh = await _read_again(unsettled.job, unsettled.event, tools)
    if _still_speaks_of(unsettled.event, unsettled.job, fresh):
        await settle(fresh, unsettled.event, tools)


async def _read_again(job: Job, event: Event, tools: Tools) -> Job:
    """The job as it stands; where the store cannot even read, the event must not get lost either."""
    try:
        return await tools.jobs.get(job.id)
    except Unavailable as why:
        raise Unsettled(job, event, why) from why


def _decide(job: Job, event: Event, tools: Tools) -> Change | None:
    """The core's word on the event; None when it changes nothing."""
    try:
        change = transition(job, event, tools.clock.now(), tools.policy, tools.clock.draw())
    except IllegalTransition as why:
        log.error(STEP_LATE, job=job.id, what=type(event).__name__, why=str(why))
        return None
    if change.late:
        log.info(STEP_LATE, job=job.id, what=type(event).__name__, state=state_name(job.state))
        return None
    return tools.books.enter(job, change)


def _still_speaks_of(event: Event, old: Job, fresh: Job) -> bool:
    """Whether what was seen for `old` is still news for `fresh`: always for a submit's answer, else for one task."""
    if isinstance(event, _ANSWERS):
        return True
    return type(old.state) is type(fresh.state) and current_task(old) == current_task(fresh)


def _say(change: Change, event: Event) -> None:
    """Log lines for what was committed."""
    if change.entry is not None:
        entry = change.entry
        spans.note(spans.EVENT, type(event).__name__)
        spans.note(spans.STATE, entry.state_to)
        log.info(STEP, job=entry.job_id, what=type(event).__name__, state=entry.state_to, reason=entry.reason)
        _say_seen(change.job, event, entry.at)
    for booking in change.money:
        if booking.kind is Kind.SETTLE and booking.amount is not None:
            log.debug(SETTLED, job=booking.job, amount=str(booking.amount), currency=booking.currency)
    if isinstance(event, Lost):
        log.warning(DOUBT, job=change.job.id, why=event.why)
    if change.park is not None:
        log.warning(PARKED, account=change.park.key.account, model=change.park.key.model, why=change.park.why)
    for child in change.born:
        log.warning(SPARE, job=change.job.id, spare=child.id)


def _say_seen(job: Job, event: Event, now: float) -> None:
    """How long after its end a task was seen to have ended, where the vendor told how long it took."""
    if isinstance(event, Finished) and event.outcome.took_s is not None and isinstance(job.state, Archiving):
        lag_s = now - (job.state.task.accepted_at + event.outcome.took_s)
        log.debug(END_SEEN, job=job.id, lag_s=round(lag_s, 3))
