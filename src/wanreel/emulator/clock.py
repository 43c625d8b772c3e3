"""The emulator's one door to time and chance: real, faster than real, or virtual and moved by the test."""

from __future__ import annotations

import asyncio
import secrets
import time

LATEST_AT = 32_503_680_000.0
"""The year 3000: later instants can't be written the vendor's way everywhere."""


class RealClock:
    """Wall-clock time. ``rate`` above 1 makes the vendor's clock itself run ahead; `advance` jumps it forward."""

    virtual = False

    def __init__(self, rate: float = 1.0, offset_s: float = 0.0) -> None:
        if not 0 < rate <= 1e6:
            raise ValueError("a clock's rate is a number above 0, at most a million")
        self._rate = rate
        self._real_at = time.time()
        self._started = time.monotonic()
        self._offset_s = offset_s

    def now(self) -> float:
        """Emulator seconds since the epoch. Monotonic: a stepped system clock does not move it back."""
        return self._real_at + self._offset_s + (time.monotonic() - self._started) * self._rate

    def advance(self, seconds: float) -> float:
        """Jump forward; the new now."""
        self._offset_s += _forward(self.now(), seconds)
        return self.now()


VIRTUAL_START_AT = 1_780_000_000.0


class VirtualClock:
    """Time that stands still until `advance` moves it."""

    virtual = True

    def __init__(self, start_at: float = VIRTUAL_START_AT) -> None:
        self._now = _forward(0.0, start_at)

    def now(self) -> float:
        """Emulator seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Move forward; the new now."""
        self._now += _forward(self._now, seconds)
        return self._now


def _forward(now: float, seconds: float) -> float:
    """The step, if it is one: not back, not nowhere (NaN), not past what dates can say. Raises ValueError."""
    if not (seconds >= 0 and now + seconds <= LATEST_AT):
        raise ValueError("time goes forward only, in seconds, and not past the year 3000")
    return seconds


Clock = RealClock | VirtualClock


async def pause(real_seconds: float) -> None:
    """Wait in real time, as a slow answer does."""
    await asyncio.sleep(real_seconds)


def fresh_word() -> str:
    """A word nobody drew before: keeps the ids of two emulators apart."""
    return secrets.token_hex(8)
