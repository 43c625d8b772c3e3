"""Waiting that a cancel does not break off: it goes on to the end, and then the cancel does.

For what must not be left running, or unwaited for, behind whoever has gone: a thread over a file, an upload to be
aborted, a child process. `asyncio.shield` lets go at once the one who waits; here he stays, however often he is
cancelled. What he is told in the end knows nothing that knows it: no megabytes wait for a collector of cycles.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


async def wait_through(wait: Callable[[], Awaitable[T]]) -> T:
    """Wait, through every cancel; then what came of it, or the last cancel, whatever came of it.

    `wait` is called again after each cancel, and must lose nothing by that. It runs in the task that waits: even the
    end of a program, which cancels every task there is, does not break it off.
    """
    cancelled: asyncio.CancelledError | None = None
    while True:
        try:
            came = await wait()
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:
            if cancelled is None:
                raise
            break
        else:
            if cancelled is None:
                return came
            del came
            break
    try:
        raise cancelled
    finally:
        del cancelled  # it knows this frame


async def run_through(work: Coroutine[Any, Any, T]) -> T:
    """Run something that cannot be begun twice, through every cancel of the one who waits; else as `wait_through`.

    It runs in a task of its own: the end of a program cancels that one, too.
    """
    task = asyncio.get_running_loop().create_task(work)
    try:
        await wait_through(partial(asyncio.wait, {task}))
        return task.result()
    finally:
        if task.done() and not task.cancelled():
            task.exception()  # heard, though nobody may be told
        del task  # its exception knows this frame
