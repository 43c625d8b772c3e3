"""Being the runner of a home in the foreground, and telling at the end what waits for a person."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from wanreel.cli.exits import Exit
from wanreel.cli.render import print_json
from wanreel.cli.report import say, speaks_json
from wanreel.domain.errors import Conflict
from wanreel.ports import Filter
from wanreel.service.view import view
from wanreel.worker.loop import UNFINISHED

if TYPE_CHECKING:
    from wanreel.client import Home

NAMED_MAX = 1000


async def work_home(opened: Home, *, until_idle: bool, drain: bool = False) -> int:
    """Work until stopped, until nothing can move without a person, or until all that was sent has ended.
    Raises Conflict, Unauthorized.
    """
    opened.service.check_key()
    if not opened.lock.try_lock():
        raise Conflict(f"another process works the jobs of {opened.path}; it will do these too")
    runner, courier = opened.runner(), opened.courier()
    couriering = asyncio.get_running_loop().create_task(courier.run())
    tending = asyncio.get_running_loop().create_task(opened.keeping.tend())
    task = asyncio.get_running_loop().create_task(runner.run(until_idle=until_idle, drain=drain))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        runner.stop()
        await task
        raise
    finally:
        tending.cancel()
        await asyncio.wait({tending})
        courier.stop()
        await couriering
        opened.lock.release()
    return await _tell_what_waits(opened)


async def _tell_what_waits(opened: Home) -> int:
    left = await opened.service.list(Filter(states=UNFINISHED, limit=NAMED_MAX))
    attention = await opened.service.attention(left)
    for job in left:
        words = attention.get(job.id) or opened.service.out_of_reach(job)
        if speaks_json.get():
            print_json(view(job, opened.shelf.where) | {"attention": words})
        elif words:
            say(f"{job.id}: {words}")
    return Exit.ATTENTION if left else Exit.OK
