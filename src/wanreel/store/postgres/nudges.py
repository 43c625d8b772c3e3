"""Nudges between the processes of a database: who wrote something says so, and the others look at once.

A nudge carries nothing that is believed; one that is lost costs a moment, for everybody goes on looking now and then.
They are sent after the commit they are about, in a transaction of their own that waits for no disk: sent within it,
all writers would queue up behind one lock of the whole server.

Saying takes any connection. Hearing takes a session that stays ours: behind a pooler in transaction mode there is
none, which shows at once, for the server says at connecting which process serves us and another one answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Protocol, cast

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from wanreel.domain.errors import Unavailable
from wanreel.store.postgres.line import ANSWER_S, CONNECT_S, Line
from wanreel.store.postgres.opening import check_url
from wanreel.telemetry import NUDGES, log

CHANNEL = "wanreel"
OFF = "off"
GATHER_S = 0.02  # what is written within so long of each other is one nudge
ALIVE_S = 30.0  # how often a session that hears nothing is asked whether it is there
AGAIN_S = 5.0  # after a session was lost
_TRIALS = 3
_TROUBLE = (
    *(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    *(SQLAlchemyError, Unavailable),
)


class _Session(Protocol):
    """As much of a driver's connection as is used here."""

    def get_server_pid(self) -> int: ...
    def transaction(self) -> AbstractAsyncContextManager[Any]: ...
    async def fetchval(self, query: str) -> Any: ...
    async def add_listener(self, channel: str, callback: Callable[..., None]) -> None: ...
    def add_termination_listener(self, callback: Callable[..., None]) -> None: ...
    def terminate(self) -> None: ...


class Says(Protocol):
    """Where something is said, in some session."""

    async def at_once(self, words: str) -> None:
        """Say it all in one way there and back."""
        ...


class Nudges:
    """`ports.Nudges` over one database. `close` it."""

    def __init__(self, url: str, name: str, listen_url: str | None = None) -> None:
        """`name` is this process's own. `listen_url`: a way around a pooler, or `off`. Raises Invalid (no URL)."""
        self._url = url
        self._direct = None if listen_url in {None, OFF} else check_url(listen_url or "")
        self._deaf = listen_url == OFF
        self._name = name
        self._wakes: dict[str, list[Callable[[], None]]] = {}
        self._owed: set[str] = set()
        self._saying: asyncio.Task[None] | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._heard = False

    @property
    def heard(self) -> bool:
        """Whether a nudge would be heard now."""
        return self._heard

    # --- saying -----------------------------------------------------------------------------------------------------

    def say(self, through: Says, *topics: str) -> None:
        """Something was written: tell the others, soon, and without anybody waiting for it."""
        self._owed.update(topics)
        if self._saying is None or self._saying.done():
            self._saying = asyncio.get_running_loop().create_task(self._say(through))

    async def _say(self, through: Says) -> None:
        while self._owed:
            await self._wait(GATHER_S)
            topics, self._owed = self._owed, set()
            told = f"{self._name} {' '.join(sorted(topics))}".replace("'", "''")
            with suppress(*_TROUBLE):  # they find it by themselves
                await through.at_once(f"BEGIN; SET LOCAL synchronous_commit = off; NOTIFY {CHANNEL}, '{told}'; COMMIT")

    # --- hearing ----------------------------------------------------------------------------------------------------

    def listen(self, topic: str, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` when another process speaks of the topic, until what is returned is called."""
        wakes = self._wakes.setdefault(topic, [])
        wakes.append(wake)
        if self._hearing is None and not self._deaf:
            self._hearing = asyncio.get_running_loop().create_task(self._keep_hearing())
        return lambda: wakes.remove(wake) if wake in wakes else None

    async def _keep_hearing(self) -> None:
        while not self._closing.is_set():
            try:
                session = await connected(self._direct or self._url)
                try:
                    if self._direct is None and not await direct(session):
                        log.info(NUDGES, heard=False, why="a pooler stands before the database; looking now and then")
                        return
                    await self._hear(session)
                finally:
                    self._heard = False
                    session.terminate()
            except _TROUBLE as why:
                log.info(NUDGES, heard=False, why=str(why) or type(why).__name__)
            await self._wait(AGAIN_S)

    async def _hear(self, session: _Session) -> None:
        """Until the session is lost or this is closed."""
        lost = asyncio.Event()
        session.add_termination_listener(lambda *_: lost.set())
        await session.add_listener(CHANNEL, self._heard_of)
        self._heard = True
        log.info(NUDGES, heard=True, why="listening")
        for topic in list(self._wakes):
            self._wake(topic)  # what was said meanwhile nobody heard
        while not lost.is_set():
            try:
                async with asyncio.timeout(ALIVE_S):
                    await lost.wait()
            except TimeoutError:
                async with asyncio.timeout(CONNECT_S):
                    await session.fetchval("SELECT 1")

    def _heard_of(self, _session: object, _pid: int, _channel: str, told: str) -> None:
        name, *topics = told.split(" ")
        if name != self._name:  # whoever wrote it knows
            for topic in topics:
                self._wake(topic)

    def _wake(self, topic: str) -> None:
        for wake in list(self._wakes.get(topic, ())):
            wake()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    async def close(self) -> None:
        """Say what is owed, and hear no more; harmless twice."""
        self._closing.set()
        if self._saying is not None:
            await self._saying
        hearing, self._hearing = self._hearing, None
        if hearing is not None:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)


async def connected(url: str) -> _Session:
    """A connection of its own, with nothing kept in its session but what is asked for."""
    return cast("_Session", await Line(url).connect(command_timeout=ANSWER_S))


async def is_direct(url: str) -> bool:
    """Whether no pooler stands before a database, as far as one session can tell; no where nobody can tell."""
    try:
        session = await connected(url)
    except _TROUBLE:
        return False
    try:
        return await direct(session)
    except _TROUBLE:
        return False
    finally:
        session.terminate()


async def direct(session: _Session) -> bool:
    """Whether the process that let us in is the one that answers, time and again."""
    told = session.get_server_pid()
    for _ in range(_TRIALS):
        async with session.transaction():  # for its length the session is ours, whoever stands between
            if await session.fetchval("SELECT pg_backend_pid()") != told:
                return False
    return True
