"""Whatever happens to the database under real workers: every job is archived, and paid for once.

Its server dies without a word, its sessions are ended every second, answers to commits are lost on the way, statements
are ended early, others take all its connections.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from tests.e2e.crew import Crew, crew, order, surroundings
from tests.e2e.place import emulator
from tests.store.line import Line, over_a_line
from tests.store.pg_server import Server

pytestmark = pytest.mark.long
COUNT = int(os.environ.get("WANREEL_TEST_JOBS", "60"))
PATIENCE_S = 400.0
APART_S = 1.0
_STATES = "SELECT state, count(*) FROM jobs GROUP BY state"
_END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = $1"

Trouble = Callable[[Server, str, Line], Awaitable[None]]


async def _pause(seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


async def ended_sessions(server: Server, url: str, _line: Line) -> None:
    """All sessions are ended, every second."""
    conn = await asyncpg.connect(server.url())
    try:
        while True:
            await _pause(APART_S)
            await conn.fetch(_END_ALL, url.rpartition("/")[2])
    finally:
        await conn.close()


async def dies(server: Server, _url: str, _line: Line) -> None:
    """The server dies at once with all it was doing, and comes back, again and again."""
    while True:
        await _pause(3 * APART_S)
        server.process.send_signal(signal.SIGQUIT)  # "immediate"
        server.process.wait()
        await _pause(APART_S)
        server.start()


async def loses_answers(_server: Server, _url: str, line: Line) -> None:
    """Connections break at commits, before and after they were carried out."""
    line.share = 0.1
    await asyncio.Event().wait()


async def hurried(server: Server, url: str, _line: Line) -> None:
    """What is read is ended after twenty milliseconds, and now and then the sessions that know that limit."""
    name = url.rpartition("/")[2]
    server.sql(f"ALTER ROLE postgres IN DATABASE {name} SET statement_timeout = '20ms'")
    await ended_sessions(server, url, _line)


async def crowded(server: Server, url: str, line: Line) -> None:
    """Others have all connections, for a second of each three."""
    while True:
        held: list[asyncpg.Connection] = []
        line.cut()
        with suppress(asyncpg.PostgresError):
            while True:
                held.append(await asyncpg.connect(server.url()))
        await _pause(APART_S)
        for conn in held:
            await conn.close()
        await _pause(2 * APART_S)


@asynccontextmanager
async def _under(trouble: Trouble, server: Server, url: str, line: Line) -> AsyncGenerator[asyncio.Task[None]]:
    task = asyncio.ensure_future(trouble(server, url, line))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        line.share = 0.0
        if server.process.poll() is not None:
            server.start()


async def _states(url: str) -> dict[str, int]:
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        conn = await asyncpg.connect(url)
        try:
            await conn.execute("SET statement_timeout = 0")
            return {row["state"]: row["count"] for row in await conn.fetch(_STATES)}
        finally:
            await conn.close()
    return {}


async def _until_done(url: str, hands: Crew, going: asyncio.Task[None], count: int) -> None:
    seen: dict[str, int] = {}
    for _ in range(int(PATIENCE_S)):
        if going.done():
            going.result()
        seen = await _states(url) or seen
        if seen == {"succeeded": count}:
            return
        await _pause(1.0)
    pytest.fail(f"never came true: all are archived: {seen}\n{hands.said()}")


@pytest.mark.parametrize("trouble", [ended_sessions, dies, loses_answers, hurried, crowded])
async def test_paid_once_whatever_happens_to_the_database(
    trouble: Trouble, tmp_path: Path, pg_server: Server, pg_template: str
) -> None:
    """All archived, as many tasks paid for as there are jobs, each job's once."""
    url = pg_server.database(pg_template)
    home = tmp_path / "home"
    with emulator(speed=40.0, running=5, over_limit="reject") as emu:
        await order(home, emu, url, COUNT)
        async with over_a_line(url) as line:
            env = surroundings(home, emu, line.url) | {"WANREEL_POLICY__ABSENCE_S": "5", "WANREEL_LOG": "info"}
            with crew(env, tmp_path) as hands:
                hands.hire()
                hands.hire()
                while not hands.all_started():  # who cannot even open its database says so, and ends
                    await _pause(0.2)
                async with _under(trouble, pg_server, url, line) as going:
                    await _until_done(url, hands, going, COUNT)
                ended = [hand.poll() for hand in hands.hands]
        told = emu.counters()
    sent = {answer: times for answer, times in told["answers"].items() if answer.startswith("create.")}
    print(f"\n{trouble.__name__}: {COUNT} archived, {told['tasks_accepted']} tasks, creates {sent}, line {line.lost}")
    assert COUNT == told["tasks_accepted"]
    assert {"create.200": COUNT} == sent
    assert [None, None] == ended  # nobody fell over


@pytest.mark.parametrize("words", [("worker",), ("api", "--port", "0")])
async def test_a_graceful_end_is_one_though_the_network_has_frozen(
    words: tuple[str, ...], tmp_path: Path, pg_server: Server, pg_template: str
) -> None:
    """Nothing answers, nobody says so: whoever is told to end does, well before anybody would kill it."""
    url = pg_server.database(pg_template)
    home = tmp_path / "home"
    with emulator(speed=40.0, running=5) as emu:
        await order(home, emu, url, 20)
        async with over_a_line(url) as line:
            env = {**os.environ, **surroundings(home, emu, line.url), "WANREEL_LOG": "info"}
            said = tmp_path / "said"
            with said.open("wb") as log:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "wanreel", *words, env=env, stdout=log, stderr=log
                )
            try:
                while b"runner.state" not in said.read_bytes() and b"http://" not in said.read_bytes():
                    await _pause(0.2)
                line.freeze()
                await _pause(APART_S)
                process.terminate()
                async with asyncio.timeout(60.0):
                    assert 130 == await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
