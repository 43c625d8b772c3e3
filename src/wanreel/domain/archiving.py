"""Rules for bringing a paid clip home before its URL dies."""

from __future__ import annotations

from dataclasses import replace

from wanreel.domain.event import Change, Event, Finished, Spooled, Stored, StoreFailed, Trouble
from wanreel.domain.job import Archiving, Failed, Fault, Job, Succeeded
from wanreel.domain.policy import backoff_s, spool_wait_s
from wanreel.domain.spooling import alarm_due
from wanreel.domain.turn import Turn

_TRIES_TOLD = 20
_CODES = {Trouble.BAD_BYTES: "artifact_corrupt", Trouble.UNSAFE_URL: "artifact_unsafe"}


def stored(turn: Turn, event: Stored) -> Change:
    """In the user's storage, checked: only now may anybody say succeeded."""
    state = _archiving(turn.job)
    reason = "archived (it was to be cancelled, too late)" if turn.job.cancel else "archived"
    return turn.to(Succeeded(state.task, state.outcome, event.artifact, turn.now), reason)


def spooled(turn: Turn, event: Spooled) -> Change:
    """Whole and durable on this machine: its URL may die now, and it goes on when the user's storage answers."""
    state = _archiving(turn.job)
    if state.spooled is not None:
        return turn.late()
    why = f" ({state.trouble})" if state.trouble else ""
    words = f"Your storage has not taken the clip{why}; it is safe in the spool and goes on when the storage answers."
    safe = replace(state, spooled=event.copy, requery=False, tries=0, unspoolable=False, due_at=turn.now)
    return turn.to(safe, "in the spool", notices=(turn.notice("job.spooled", words),))


def store_failed(turn: Turn, event: StoreFailed) -> Change:
    """A refused URL is asked for once more; everything else is tried again until the URL is long dead, or for good
    where the clip lies in the spool.
    """
    state = _archiving(turn.job)
    lost = state.spooled is not None and event.trouble is Trouble.SPOOL
    if (state.spooled is None or lost) and turn.now >= state.outcome.url_expires_at + turn.policy.expiry_grace_s:
        return _expired(turn, _CODES.get(event.trouble, "artifact_expired"), event.why)
    if state.spooled is not None and not lost:
        return _stays_in_spool(turn, event, state)
    failing_since = state.failing_since
    if failing_since is None and event.trouble is Trouble.DESTINATION:
        failing_since = turn.now
    tried = replace(
        state,
        tries=state.tries + 1,
        trouble=event.why,
        failing_since=failing_since,
        spooled=None,
        unspoolable=event.trouble is Trouble.SPOOL and not lost,
    )
    if lost:
        return turn.to(replace(tried, due_at=turn.now), "the spool has lost it; fetched again")
    if event.trouble is Trouble.SOURCE_REFUSED:
        return turn.to(replace(tried, requery=True, due_at=turn.now), "URL refused; the vendor is asked for another")
    wait_s = backoff_s(turn.policy, state.tries, turn.draw)
    if event.trouble in (Trouble.BAD_BYTES, Trouble.UNSAFE_URL):
        wait_s *= 1 + min(state.tries, 9)  # each try may move the whole file again
    return _waits(turn, replace(tried, due_at=turn.now + wait_s), f"not archived yet ({event.trouble})")


def _stays_in_spool(turn: Turn, event: StoreFailed, state: Archiving) -> Change:
    """Tried again for as long as it takes; after some tries without a line of history each, all would say this."""
    wait_s = spool_wait_s(turn.policy, state.tries, turn.draw)
    many = state.tries >= _TRIES_TOLD or spool_wait_s(turn.policy, state.tries, 1.0) >= turn.policy.spool_retry_s
    waits = replace(state, due_at=turn.now + wait_s, trouble=event.why, tries=state.tries + (not many))
    return turn.to(waits, f"still in the spool ({event.trouble})", quiet=many)


def another_url(turn: Turn, event: Finished) -> Change:
    """The vendor was asked again: a different URL is tried at once (the first time; a vendor that signs anew with each
    look is not hammered), the same one later or, if expired, never.
    """
    state = _archiving(turn.job)
    if not state.requery:
        return turn.late()
    if event.outcome.video_url != state.outcome.video_url:
        wait_s = 0.0 if state.tries <= 1 else backoff_s(turn.policy, state.tries, turn.draw)
        fresh = replace(state, outcome=event.outcome, requery=False, due_at=turn.now + wait_s, seen_at=turn.now)
        fresh = replace(fresh, since=turn.now, alarmed=0)
        return turn.to(fresh, "another URL")
    return no_other_url(turn, event)


def no_other_url(turn: Turn, event: Event) -> Change:
    """The vendor gave no other URL: the old one is retried until it has expired."""
    state = _archiving(turn.job)
    if not state.requery:
        return turn.late()
    if turn.now >= state.outcome.url_expires_at:
        return _expired(turn, "artifact_expired", state.trouble)
    wait_s = backoff_s(turn.policy, state.tries, turn.draw)
    return _waits(
        turn, replace(state, requery=False, due_at=turn.now + wait_s), "no other URL; the same is tried again"
    )


def ask_later(turn: Turn, event: Event) -> Change:
    """The vendor could not be asked: the old URL is tried again, then the question."""
    state = _archiving(turn.job)
    if not state.requery:
        return turn.late()
    if turn.now >= state.outcome.url_expires_at + turn.policy.expiry_grace_s:
        return _expired(turn, "artifact_expired", state.trouble)
    wait_s = backoff_s(turn.policy, state.tries, turn.draw)
    return _waits(turn, replace(state, requery=False, due_at=turn.now + wait_s), "could not ask for another URL")


def _archiving(job: Job) -> Archiving:
    state = job.state
    assert isinstance(state, Archiving)
    return state


def _waits(turn: Turn, state: Archiving, reason: str) -> Change:
    """Tried again later; somebody is alarmed when much of the URL's life is over."""
    share = alarm_due(state, turn.now, turn.policy)
    if not share:
        return turn.to(state, reason)
    words = f"{share} % of its URL's life is over and the clip is not in your storage yet ({state.trouble})."
    return turn.to(replace(state, alarmed=share), reason, notices=(turn.notice("job.at_risk", words),))


def _expired(turn: Turn, code: str, why: str) -> Change:
    state = _archiving(turn.job)
    words = f"The clip was made and could not be kept before its URL died ({why}). Task {state.task.id}."
    return turn.to(Failed(code, words, Fault.TIME, turn.now, state.task, state.outcome), "its URL died")
