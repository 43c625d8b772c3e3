"""Notices that the user's storage takes clips again after it had failed.

Each clip that waits has a back-off of its own, so at that moment chance would decide who goes first. The first success
after a failure therefore makes all of them due at once (`ports.Jobs.hasten`); who is claimed then is who may soonest
be lost.
"""

from __future__ import annotations

from wanreel.domain.event import Trouble
from wanreel.domain.policy import Policy
from wanreel.ports.clock import Clock


class Recovery:
    """One for each runner. A storage that takes every other clip makes the rest due no more often than they would be
    anyway: once in the longest back-off.
    """

    def __init__(self, clock: Clock, policy: Policy) -> None:
        self._clock = clock
        self._policy = policy
        self._failed = True  # by whoever worked before this process, for all that is known
        self._told_at: float | None = None
        self._due = False

    def said(self, trouble: Trouble | None) -> None:
        """How a try at archiving went: None, the storage took the clip. What is not the storage's trouble says nothing
        of it.
        """
        if trouble is not None:
            self._failed = self._failed or trouble is Trouble.DESTINATION
            return
        now = self._clock.now()
        if self._failed and (self._told_at is None or now - self._told_at >= self._policy.backoff_max_s):
            self._failed, self._told_at, self._due = False, now, True

    def take(self) -> bool:
        """Whether all that wait are to be tried now: said once of each recovery."""
        due, self._due = self._due, False
        return due

    def again(self) -> None:
        """They could not be made due: offer it once more."""
        self._due = True
