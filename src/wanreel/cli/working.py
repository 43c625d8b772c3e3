"""Being the runner of a home in the foreground, and telling at the end what waits for a person."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from wanreel.cli.exits import Exit
from wanreel.cli.render import print_json
from wanreel.cli.report import say, speaks_json
from wanreel.client.hosting import Beside
from wanreel.domain.errors import Conflict, Invalid, Problem
from wanreel.ports import Filter
from wanreel.service.view import view
from wanreel.watch.hook import PATH
from wanreel.watch.server import serving
from wanreel.worker.loop import UNFINISHED, Runner

if TYPE_CHECKING:
    from wanreel.client import Home

NAMED_MAX = 1000


async def work_home(opened: Home, *, until_idle: bool, drain: bool = False, hooks: str | None = None) -> int:
    """Work until stopped, until nothing can move without a person, or until all that was sent has ended.
    `hooks`: HOST:PORT to receive completion events at. Raises Conflict, Unauthorized, Invalid, Unavailable.
    """
    opened.service.check_key()
    place = _place(hooks) if hooks else None
    if not opened.lock.try_lock():
        raise Conflict(f"another process works the jobs of {opened.path}; it will do these too")
    runner = opened.runner()
    async with AsyncExitStack() as stack:
        stack.callback(opened.lock.release)
        if place:
            await _receive(opened, runner, place, stack)
        stack.push_async_callback(Beside(opened).close)
        task = asyncio.get_running_loop().create_task(runner.run(until_idle=until_idle, drain=drain))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            runner.stop()
            await task
            raise
    return await _tell_what_waits(opened)


async def _receive(opened: Home, runner: Runner, place: tuple[str, int], stack: AsyncExitStack) -> None:
    """Receive completion events while the stack lasts."""
    host, port = place
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"
    await stack.enter_async_context(serving(opened.hook(runner, url), host, port))
    say(f"completion events are received at {url}")


def _place(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT. Raises Invalid."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise Invalid("", (Problem("hooks", "must be HOST:PORT, like 127.0.0.1:8090", text),))
    return host, int(port)


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
