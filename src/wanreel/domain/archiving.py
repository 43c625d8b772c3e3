"""Rules for bringing a paid clip home before its URL dies."""

from __future__ import annotations

from dataclasses import replace

from wanreel.domain.event import Change, Event, Finished, Stored, StoreFailed, Trouble
from wanreel.domain.job import Archiving, Failed, Fault, Job, Succeeded
from wanreel.domain.policy import backoff_s
from wanreel.domain.turn import Turn

_CODES = {Trouble.BAD_BYTES: "artifact_corrupt", Trouble.UNSAFE_URL: "artifact_unsafe"}


def stored(turn: Turn, event: Stored) -> Change:
    """In the user's storage, checked: only now may anybody say succeeded."""
    state = _archiving(turn.job)
    reason = "archived (it was to be cancelled, too late)" if turn.job.cancel else "archived"
    return turn.to(Succeeded(state.task, state.outcome, event.artifact, turn.now), reason)


def store_failed(turn: Turn, event: StoreFailed) -> Change:
    """A refused URL is asked for once more; everything else is tried again until the URL is long dead."""
    state = _archiving(turn.job)
    if turn.now >= state.outcome.url_expires_at + turn.policy.expiry_grace_s:
        return _expired(turn, _CODES.get(event.trouble, "artifact_expired"), event.why)
    tried = replace(state, tries=state.tries + 1, trouble=event.why)
    if event.trouble is Trouble.SOURCE_REFUSED:
        return turn.to(replace(tried, requery=True, due_at=turn.now), "URL refused; the vendor is asked for another")
    wait_s = backoff_s(turn.policy, state.tries, turn.draw)
    if event.trouble in (Trouble.BAD_BYTES, Trouble.UNSAFE_URL):
        wait_s *= 1 + min(state.tries, 9)  # each try may move the whole file again
    return turn.to(replace(tried, due_at=turn.now + wait_s), f"not archived yet ({event.trouble})")


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
    return turn.to(replace(state, requery=False, due_at=turn.now + wait_s), "no other URL; the same is tried again")


def ask_later(turn: Turn, event: Event) -> Change:
    """The vendor could not be asked: the old URL is tried again, then the question."""
    state = _archiving(turn.job)
    if not state.requery:
        return turn.late()
    if turn.now >= state.outcome.url_expires_at + turn.policy.expiry_grace_s:
        return _expired(turn, "artifact_expired", state.trouble)
    wait_s = backoff_s(turn.policy, state.tries, turn.draw)
    return turn.to(replace(state, requery=False, due_at=turn.now + wait_s), "could not ask for another URL")


def _archiving(job: Job) -> Archiving:
    state = job.state
    assert isinstance(state, Archiving)
    return state


def _expired(turn: Turn, code: str, why: str) -> Change:
    state = _archiving(turn.job)
    words = f"The clip was made and could not be kept before its URL died ({why}). Task {state.task.id}."
    return turn.to(Failed(code, words, Fault.TIME, turn.now, state.task, state.outcome), "its URL died")
