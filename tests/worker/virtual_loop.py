"""An event loop in virtual time: where everybody waits, the next instant at which somebody wakes has come.

Everything real runs on it unchanged (the runner, its timeouts, its tasks), as long as nothing works in threads: days
pass in seconds, and always the same.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

from tests.factories import NOW, FakeClock
from wanreel.archive.threads import P, T, Threads


class _Jumping(selectors.SelectSelector):
    """Never waits: it lets the time pass that somebody would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        assert timeout is not None, "nobody will ever wake"
        self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Begins at 0 and jumps."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


class LoopClock(FakeClock):
    """`ports.Clock` over the loop that runs now."""

    def now(self) -> float:
        return NOW + asyncio.get_running_loop().time()

    def draw(self) -> float:
        """Always the middle: what began together goes on together, which is much less to live through."""
        return 0.5

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        loop.call_later(seconds, lambda: woken.done() or woken.set_result(None))
        await woken


class Inline(Threads):
    """Disk work done at once, for there is no time for threads."""

    def __init__(self) -> None:
        super().__init__(1, "inline")

    async def run(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return step(*args, **kwargs)


def run_virtually(work: Callable[[], Any]) -> Any:
    """Run a coroutine function to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work())
