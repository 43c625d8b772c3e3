"""Time and chance: the only door to either."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Time and chance; the only door to either."""

    def now(self) -> float:
        """Seconds since the epoch, UTC; never goes back while the process lives."""
        ...

    def latest(self) -> float:
        """The latest it may be by now: `now`, or later while nobody knows whether this machine stood still. For what
        must not be done too late.
        """
        ...

    def draw(self) -> float:
        """A random number in [0, 1)."""
        ...

    def new_id(self, prefix: str) -> str:
        """An unguessable, roughly time-ordered id: `prefix_` and 26 characters."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...
