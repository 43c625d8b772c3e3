"""When the storage takes clips again, all that wait are tried at once; a storage that half works changes little."""

from __future__ import annotations

from tests.factories import FakeClock
from wanreel.domain.event import Trouble
from wanreel.domain.policy import Policy
from wanreel.worker.recovery import Recovery

POLICY = Policy(backoff_max_s=60.0)


def test_the_first_success_after_a_failure_is_a_recovery_and_later_ones_are_none() -> None:
    """Before the first one in a process, nobody knows of failures: it counts as a recovery, too."""
    recovery = Recovery(clock := FakeClock(), POLICY)
    assert not recovery.take()
    recovery.said(None)
    assert (True, False) == (recovery.take(), recovery.take())
    clock.advance(1000.0)
    recovery.said(Trouble.SOURCE_FAILED)
    recovery.said(None)
    assert not recovery.take()
    recovery.said(Trouble.DESTINATION)
    assert not recovery.take()
    recovery.said(None)
    assert recovery.take()


def test_a_storage_that_refuses_some_clips_makes_them_due_no_more_often_than_they_are() -> None:
    """Two hundred failures and successes in turn, one a second: a recovery a minute."""
    recovery = Recovery(clock := FakeClock(), POLICY)
    recoveries = 0
    for _ in range(200):
        recovery.said(Trouble.DESTINATION)
        recovery.said(None)
        recoveries += recovery.take()
        clock.advance(1.0)
    assert 4 == recoveries


def test_what_could_not_be_written_is_offered_again() -> None:
    """The store was away just then."""
    recovery = Recovery(FakeClock(), POLICY)
    recovery.said(None)
    assert recovery.take()
    recovery.again()
    assert (True, False) == (recovery.take(), recovery.take())
