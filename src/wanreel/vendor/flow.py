"""How fast a clip may come, and how slow: a valve that all downloads share, and an eye on each that only drips."""

from __future__ import annotations

from wanreel.ports.clock import Clock


class Valve:
    """Lets so many bytes a second through, over all who take from it; 0: all of them, at once."""

    def __init__(self, clock: Clock, bytes_s: int = 0) -> None:
        self._clock = clock
        self._bytes_s = bytes_s
        self._free_at = 0.0

    async def take(self, count: int) -> None:
        """Return when `count` bytes may pass. Those who come together wait one after the other."""
        if not self._bytes_s:
            return
        now = self._clock.now()
        begins_at = max(self._free_at, now)
        self._free_at = begins_at + count / self._bytes_s
        if begins_at > now:
            await self._clock.sleep(begins_at - now)


class Drip:
    """Judges a source by the time that was spent waiting for it alone: a slow storage at the other end, or the valve,
    is not its fault.
    """

    def __init__(self, bytes_s_min: int, window_s: float) -> None:
        self._bytes_s_min = bytes_s_min
        self._window_s = window_s
        self._waited_s = 0.0
        self._came = 0

    def count(self, came: int, waited_s: float) -> bool:
        """Note some bytes and how long they were waited for; whether the source has been too slow for a window."""
        self._waited_s += waited_s
        self._came += came
        if self._waited_s < self._window_s:
            return False
        slow = self._came < self._bytes_s_min * self._waited_s
        self._waited_s, self._came = 0.0, 0
        return slow
