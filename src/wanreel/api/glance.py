"""What holds for every job, read once for everybody who looks at jobs in the same moment.

It is the same for all jobs, and every answer about a waiting one needs it: without this a server that is busy would
read it hundreds of times a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from wanreel.ports.clock import Clock
from wanreel.service.standing import Moment

FRESH_S = 0.2  # how old it may be


class Glance:
    """The last look, while it is fresh; whoever comes while somebody looks waits for the same look."""

    def __init__(self, look: Callable[[], Awaitable[Moment]], clock: Clock) -> None:
        self._look = look
        self._clock = clock
        self._seen: Moment | None = None
        self._seen_at = float("-inf")
        self._looking: asyncio.Task[Moment] | None = None

    async def moment(self) -> Moment:
        """What was seen at most `FRESH_S` ago. Raises Unavailable."""
        if self._seen is not None and self._clock.now() - self._seen_at < FRESH_S:
            return self._seen
        if self._looking is None:
            self._looking = asyncio.ensure_future(self._look_now())
        return await asyncio.shield(self._looking)

    def forget(self) -> None:
        """Something was changed here: look anew."""
        self._seen = self._looking = None

    async def _look_now(self) -> Moment:
        mine, began_at = asyncio.current_task(), self._clock.now()
        try:
            seen = await self._look()
            if self._looking is mine:  # nobody changed anything meanwhile
                self._seen, self._seen_at = seen, began_at
            return seen
        finally:
            if self._looking is mine:
                self._looking = None
