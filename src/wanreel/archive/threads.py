"""Blocking disk work in threads, of which nothing is ever left running behind a cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """A few threads of one purpose."""

    def __init__(self, count: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def run(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a step in a thread and come back only when it has ended: a cancel waits for it, then goes on.

        The thread has let go of the arguments by then: it may sleep a while longer over what it has just run.
        """
        given = [(args, kwargs)]

        def call() -> T:
            its_args, its_kwargs = given.pop()
            return step(*its_args, **its_kwargs)

        work = asyncio.get_running_loop().run_in_executor(self._pool, call)
        cancelled: asyncio.CancelledError | None = None
        while not work.done():
            try:
                await asyncio.wait({work})
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            work.exception()
            try:
                raise cancelled
            finally:
                del cancelled  # it knows this frame, and this frame would know it: megabytes would wait for a collector
        return work.result()
