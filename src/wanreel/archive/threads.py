"""Blocking disk work in threads, of which nothing is ever left running behind a cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from wanreel.cancels import wait_through

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """A few threads of one purpose."""

    def __init__(self, count: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def run(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a step in a thread and come back only when it has ended: a cancel waits for it, then goes on.

        The thread has let go of the arguments by then: it may sleep a while longer over what it has just run. The
        loop is told by the thread itself: an executor's own way there costs twice as much, for each step.
        """
        loop = asyncio.get_running_loop()
        given, ending = [(args, kwargs)], _Ending(loop)

        def call() -> None:
            result, error = None, None
            its_args, its_kwargs = given.pop()
            try:
                result = step(*its_args, **its_kwargs)
            except BaseException as trouble:  # noqa: BLE001 - whatever it is, who waits must hear of it
                error = trouble
            del its_args, its_kwargs
            with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
                loop.call_soon_threadsafe(ending.tell, result, error)
            del result, error

        self._pool.submit(call)
        return await ending.come()


class _Ending:
    """The end of a step, for the one who waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._bell: asyncio.Future[None] | None = None
        self._over = False
        self._result: Any = None
        self._error: BaseException | None = None

    def tell(self, result: Any, error: BaseException | None) -> None:
        """It has ended, so."""
        self._over, self._result, self._error = True, result, error
        if self._bell is not None and not self._bell.done():  # else who waits sees that it is over
            self._bell.set_result(None)

    async def come(self) -> Any:
        """Wait for it, through every cancel; then what came of it, or the cancel."""
        try:
            await wait_through(self._rung)
            if self._error is not None:
                raise self._error
            return self._result
        finally:
            self._result = self._error = None  # the thread may know this a while longer, and the error knows this frame

    async def _rung(self) -> None:
        if not self._over:
            self._bell = self._loop.create_future()
            await self._bell
