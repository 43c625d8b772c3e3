"""Blocking disk work in threads, of which nothing is ever left running behind a cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

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
        self._answer: asyncio.Future[Any] = loop.create_future()
        self._over = False

    def tell(self, result: Any, error: BaseException | None) -> None:
        """It has ended, so."""
        self._over = True
        if self._answer.cancelled():  # who waited is just being told that it is cancelled, and sees that it is over
            return
        if error is None:
            self._answer.set_result(result)
        else:
            self._answer.set_exception(error)

    async def come(self) -> Any:
        """Wait for it, through every cancel; then what came of it, or the cancel."""
        cancelled: asyncio.CancelledError | None = None
        while True:
            try:
                answer = await self._answer
            except asyncio.CancelledError as error:
                cancelled = error
                if not self._over:
                    self._answer = self._loop.create_future()
                    continue
            except BaseException:
                if cancelled is None:
                    raise
            else:
                if cancelled is None:
                    return answer
            try:
                raise cancelled
            finally:
                del cancelled  # it knows this frame, and this frame would know it: megabytes would wait for a collector
