"""What holds queued jobs back, read once for everybody who looks at jobs in the same moment.

It is the same for all jobs, and every answer about a queued one needs it: without this a server that is busy would
read it hundreds of times a second.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from wanreel.ports import Clock
from wanreel.service.uses import Obstacles

FRESH_S = 0.2  # how old it may be


class Glance:
    """The last look, while it is fresh."""

    def __init__(self, look: Callable[[], Awaitable[Obstacles]], clock: Clock) -> None:
        self._look = look
        self._clock = clock
        self._seen: Obstacles | None = None
        self._seen_at = float("-inf")

    async def obstacles(self) -> Obstacles:
        """What was seen at most `FRESH_S` ago. Raises Unavailable."""
        now = self._clock.now()
        if self._seen is None or now - self._seen_at >= FRESH_S:
            self._seen, self._seen_at = await self._look(), now
        return self._seen

    def forget(self) -> None:
        """Something was changed here: look anew."""
        self._seen = None
