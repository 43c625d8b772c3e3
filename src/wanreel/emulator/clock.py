"""The emulator's one door to time and chance: real, faster than real, or virtual and moved by the test."""

from __future__ import annotations

import asyncio
import secrets
import time


class RealClock:
    """Wall-clock time. ``rate`` above 1 makes the vendor's clock itself run ahead; `advance` jumps it forward."""

    virtual = False

    def __init__(self, rate: float = 1.0, offset_s: float = 0.0) -> None:
        self._rate = rate
        self._real_at = time.time()
        self._started = time.monotonic()
        self._offset_s = offset_s

    def now(self) -> float:
        """Emulator seconds since the epoch. Monotonic: a stepped system clock does not move it back."""
        return self._real_at + self._offset_s + (time.monotonic() - self._started) * self._rate

    def advance(self, seconds: float) -> float:
        """Jump forward; the new now."""
        if seconds < 0:
            raise ValueError("time goes forward only")
        self._offset_s += seconds
        return self.now()


VIRTUAL_START_AT = 1_780_000_000.0


class VirtualClock:
    """Time that stands still until `advance` moves it."""

    virtual = True

    def __init__(self, start_at: float = VIRTUAL_START_AT) -> None:
        self._now = start_at

    def now(self) -> float:
        """Emulator seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Move forward; the new now."""
        if seconds < 0:
            raise ValueError("time goes forward only")
        self._now += seconds
        return self._now


Clock = RealClock | VirtualClock


async def pause(real_seconds: float) -> None:
    """Wait in real time, as a slow answer does."""
    await asyncio.sleep(real_seconds)


def fresh_word() -> str:
    """A word nobody drew before: keeps the ids of two emulators apart."""
    return secrets.token_hex(8)
