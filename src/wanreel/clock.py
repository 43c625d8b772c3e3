"""The one file that reads time, sleeps and draws.

`now` follows the wall clock forward (a laptop that slept wakes up late) but never back: after a backward step of the
system's clock it goes on at the pace of the monotonic one, so that no due instant moves an hour away.
"""

from __future__ import annotations

import asyncio
import secrets
import time

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
