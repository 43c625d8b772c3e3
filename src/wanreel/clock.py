"""The one file that reads time, sleeps and draws.

`now` follows the wall clock forward (a laptop that slept wakes up late) but never back: after a backward step of the
system's clock it goes on at the pace of the monotonic one, so that no due instant moves an hour away.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letters that look like digits


class SystemClock:
    """The machine's clock and entropy, as `ports.Clock`."""

    def __init__(self) -> None:
        self._base_at = time.time()
        self._base_monotonic_s = time.monotonic()

    def now(self) -> float:
        """Seconds since the epoch, UTC; never goes back."""
        steady_s = self._base_at + (time.monotonic() - self._base_monotonic_s)
        wall = time.time()
        if wall > steady_s:
            self._base_at = wall
            self._base_monotonic_s = time.monotonic()
            return wall
        return steady_s

    def draw(self) -> float:
        """A random number in [0, 1)."""
        return secrets.randbits(53) / (1 << 53)

    def new_id(self, prefix: str) -> str:
        """`prefix_`, ten characters of milliseconds, sixteen (80 bits) of entropy: ordered, unguessable."""
        value = (int(self.now() * 1000) << 80) | secrets.randbits(80)
        letters = [_ALPHABET[(value >> (5 * place)) & 31] for place in range(25, -1, -1)]
        return f"{prefix}_{''.join(letters)}"

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(max(0.0, seconds))


class SharedClock(SystemClock):
    """The clock of several machines that work in one database: theirs, as near as an answer tells it.

    `now` never goes back either: a clock that was ahead stands still until the others have caught up.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ahead_s = 0.0  # of ours, theirs is
        self._shown_at = 0.0

    def now(self) -> float:
        """Seconds since the epoch, UTC, by the clock of the database; never goes back."""
        self._shown_at = max(self._shown_at, super().now() + self._ahead_s)
        return self._shown_at

    async def learn(self, ask: Callable[[], Awaitable[float]], tries: int = 3) -> float:
        """Ask for the other clock's time, and keep what the quickest answer says; how far it is ahead of ours."""
        best_s = float("inf")
        for _ in range(tries):
            asked_at = super().now()
            theirs_at = await ask()
            took_s = super().now() - asked_at
            if took_s < best_s:
                best_s, self._ahead_s = took_s, theirs_at - (asked_at + took_s / 2)
        return self._ahead_s
