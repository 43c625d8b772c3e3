"""Becoming the runner of a home: whoever only looks keeps nobody away, whoever works does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import FakeClock
from wanreel.cli.working import become_the_runner
from wanreel.domain.errors import Conflict


class Taken:
    """A lock that somebody else holds for so many tries."""

    def __init__(self, tries: int) -> None:
        self.tries = tries

    def try_lock(self) -> bool:
        """Free once the tries are over."""
        self.tries -= 1
        return self.tries < 0

    def release(self) -> None:
        """Nothing to give back."""


async def test_a_look_at_the_lock_is_waited_out(tmp_path: Path) -> None:
    """`doctor` and `readyz` take the lock for the moment they look; a worker that begins just then tries again."""
    clock = FakeClock()
    began = clock.now()
    await become_the_runner(Taken(3), clock, tmp_path)
    assert clock.now() - began < 1


async def test_a_runner_is_not_waited_for(tmp_path: Path) -> None:
    """Who holds it longer works the home; that is said within a second."""
    clock = FakeClock()
    began = clock.now()
    with pytest.raises(Conflict):
        await become_the_runner(Taken(1000), clock, tmp_path)
    assert clock.now() - began < 1
