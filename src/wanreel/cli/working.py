"""Being the runner of a home in the foreground, and telling at the end what waits for a person."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wanreel.cli.exits import Exit
from wanreel.cli.render import print_json
from wanreel.cli.report import say, speaks_json
from wanreel.cli.session import warn_of_notices
from wanreel.client.hosting import Beside
from wanreel.domain.errors import Conflict, Invalid, Problem
from wanreel.metrics.counting import Counting
from wanreel.metrics.server import PATH as METRICS_PATH
from wanreel.metrics.server import exposing
from wanreel.ports.clock import Clock
from wanreel.ports.jobs import Filter
from wanreel.service.view import view
from wanreel.watch.hook import PATH
from wanreel.watch.server import serving
from wanreel.worker.loop import UNFINISHED, Runner

if TYPE_CHECKING:
    from pathlib import Path

    from wanreel.client import Home
    from wanreel.client.home import RunnerLock

NAMED_MAX = 1000
A_LOOK_S = 0.05
LOOKS_MET_MAX = 10


@dataclass(frozen=True, slots=True)
class Listens:
    """Where a worker takes requests, as HOST:PORT: completion events, and who asks for its metrics."""

    hooks: str | None = None
    metrics: str | None = None
    counting: Counting = field(default_factory=Counting)


NOWHERE = Listens()


async def work_home(opened: Home, *, until_idle: bool, drain: bool = False, listens: Listens = NOWHERE) -> int:
    """Work until stopped, until nothing can move without a person, or until all that was sent has ended.
    Raises Conflict, Unauthorized, Invalid, Unavailable.
    """
    opened.service.check_key()
    place = _place("hooks", listens.hooks) if listens.hooks else None
    asked_at = _place("metrics", listens.metrics) if listens.metrics else None
    await become_the_runner(opened.lock, opened.clock, opened.path)
    warn_of_notices(opened)
    runner = opened.runner()
    async with AsyncExitStack() as stack:
        stack.callback(opened.lock.release)
        if place:
            await _receive(opened, runner, place, stack)
        if asked_at:
            await _expose(opened, listens.counting, asked_at, stack)
        stack.push_async_callback(Beside(opened).close)
        task = asyncio.get_running_loop().create_task(runner.run(until_idle=until_idle, drain=drain))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            runner.stop()
            await task
            raise
    return await _tell_what_waits(opened)


async def become_the_runner(lock: RunnerLock, clock: Clock, home: Path) -> None:
    """Take the home's lock. Whoever only looks whether somebody works holds it for a moment, so it is tried again.
    Raises Conflict.
    """
    for _ in range(LOOKS_MET_MAX):
        if lock.try_lock():
            return
        await clock.sleep(A_LOOK_S)
    raise Conflict(f"another process works the jobs of {home}; it will do these too")


async def _receive(opened: Home, runner: Runner, place: tuple[str, int], stack: AsyncExitStack) -> None:
    """Receive completion events while the stack lasts."""
    host, port = place
    url = _url(host, port, PATH)
    await stack.enter_async_context(serving(opened.hook(runner, url), host, port))
    say(f"completion events are received at {url}")


async def _expose(opened: Home, counting: Counting, place: tuple[str, int], stack: AsyncExitStack) -> None:
    """Serve the metrics while the stack lasts."""
    host, port = place

    async def text() -> bytes:
        return await opened.gauges.text() + counting.text()

    await stack.enter_async_context(exposing(text, host, port))
    say(f"metrics are at {_url(host, port, METRICS_PATH)}")


def _url(host: str, port: int, path: str) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"


def _place(name: str, text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT. Raises Invalid."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise Invalid("", (Problem(name, "must be HOST:PORT, like 127.0.0.1:8090", text),))
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
