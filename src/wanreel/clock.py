"""The one file that reads time, sleeps and draws.

`now` follows the wall clock forward (a laptop that slept wakes up late) but never back: after a backward step of the
system's clock it goes on at the pace of the monotonic one, so that no due instant moves an hour away.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letters that look like digits

_FETCH = 4096


class _Entropy:
    """The system's entropy, fetched many bytes at a time: each fetch is a call into the kernel, and a job draws seven
    times. No byte is given out twice, in no thread and in no child of this process.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin afresh: what is left here is the parent's, and so may the lock be."""
        self._gate = threading.Lock()
        self._bytes, self._at = b"", 0

    def bits(self, count: int) -> int:
        """A number of so many bits."""
        size = (count + 7) // 8
        with self._gate:
            if self._at + size > len(self._bytes):
                self._bytes, self._at = os.urandom(_FETCH), 0
            self._at += size
            drawn = self._bytes[self._at - size : self._at]
        return int.from_bytes(drawn) >> (8 * size - count)


_ENTROPY = _Entropy()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ENTROPY.forget)


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

    def latest(self) -> float:
        """The same: a leap forward is followed."""
        return self.now()

    def draw(self) -> float:
        """A random number in [0, 1)."""
        return _ENTROPY.bits(53) / (1 << 53)

    def new_id(self, prefix: str) -> str:
        """`prefix_`, ten characters of milliseconds, sixteen (80 bits) of entropy: ordered, unguessable."""
        value = (int(self.now() * 1000) << 80) | _ENTROPY.bits(80)
        letters = [_ALPHABET[(value >> (5 * place)) & 31] for place in range(25, -1, -1)]
        return f"{prefix}_{''.join(letters)}"

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(max(0.0, seconds))


def passed_s() -> float:
    """Seconds since some instant, by a clock that nobody sets; those in which the machine slept count where it can."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class SharedClock(SystemClock):
    """The clock of several machines that work in one database: theirs, as near as an answer tells it.

    Between two answers it goes by the seconds that have passed here. A machine's clock that is set an hour ahead while
    we run moves nothing: what is written with such a time (signs of life, due instants, turns) would hold up all
    others for an hour. But it may have been set right, after the whole machine had stood still unawares: so `latest`
    follows it.
    `now` never goes back: a clock that was ahead stands still until the others have caught up. What it showed before
    the first answer was this machine's own time, and binds nobody.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = passed_s) -> None:
        super().__init__()
        self._wall = wall
        self._steady = steady
        self._at_zero = wall() - steady()  # theirs, when the steady one was 0
        self._ahead_s = 0.0  # of the machine's own clock, theirs is
        self._shown_at = 0.0
        self._has_learned = False

    def now(self) -> float:
        """Seconds since the epoch, UTC, by the clock of the database; never goes back."""
        self._shown_at = max(self._shown_at, self._steady() + self._at_zero)
        return self._shown_at

    def latest(self) -> float:
        """What it is now if the machine's clock has been right since the database's was last asked for."""
        return max(self.now(), self._wall() + self._ahead_s)

    async def learn(self, ask: Callable[[], Awaitable[float]], tries: int = 3) -> float:
        """Ask for the other clock's time, and keep what the quickest answer says; how far it is ahead of ours."""
        best_s = float("inf")
        for _ in range(tries):
            asked_at = self._steady()
            theirs_at = await ask()
            took_s = self._steady() - asked_at
            if took_s < best_s:
                best_s, self._at_zero = took_s, theirs_at - (asked_at + took_s / 2)
        self._ahead_s = self._steady() + self._at_zero - self._wall()
        if not self._has_learned:
            self._has_learned, self._shown_at = True, 0.0
        return self._ahead_s
