"""Sessions of a PostgreSQL and what is done in one: a few, each kept open, each with one transaction at a time.

A transaction begins in one way there and back, together with the bounds it has, and a statement is kept under a name
where the session stays ours (`direct`). Whoever waits in a session for an answer is under the eye of the line's watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import await_

from wanreel.domain.errors import Unavailable
from wanreel.store.postgres.faults import code_of, gone
from wanreel.store.postgres.line import ANSWER_S, Watch
from wanreel.store.postgres.prepared import prepared

T = TypeVar("T")

CLOSE_S = 1.0  # a farewell may take so long
_AS_IT_WAS = frozenset(("25006",))  # read-only: a session stays so, whatever becomes of its database
CONFUSED = frozenset(("26000", "42P05", "0A000"))
"""A name that is not known, or known twice, or stands for something else by now: the session is not what it was."""


class _Transaction:
    """One that was begun by hand, to be ended as the driver's own ones are."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    async def commit(self) -> None:
        await self._driver.execute("COMMIT;")

    async def rollback(self) -> None:
        await self._driver.execute("ROLLBACK;")


class Session(AsyncAdapt_asyncpg_connection):
    """A session as SQLAlchemy drives it, with a way past that for what is run all the time."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)  # pyright: ignore[reportUnknownMemberType]
        self.since = 0
        self.watch: Watch | None = None
        self.named = False
        self._statements: dict[str, Any] = {}

    @property
    def lost(self) -> bool:
        """Whether the connection is gone."""
        return bool(self._driver.is_closed())

    @property
    def _driver(self) -> Any:
        return self._connection

    def alive(self) -> None:
        """It was answered: whoever waits begins to wait now."""
        if self.watch is not None:
            self.since = self.watch.now

    def give_up(self) -> None:
        """Break off: whoever waits is told that the connection is lost."""
        self._driver.terminate()

    async def begin(self, words: str) -> None:
        """Begin a transaction, with all that is to hold in it."""
        await self._driver.execute(words)
        self._transaction: Any = _Transaction(self._driver)

    async def end(self, words: str) -> None:
        """End the transaction that was begun, in the driver's own errors."""
        self._transaction = None
        await self._driver.execute(words)

    async def say(self, words: str) -> None:
        """Whatever it is, without values and without an answer."""
        await self._driver.execute(words)

    async def run(self, text: str, values: Sequence[Any]) -> tuple[list[Any], str]:
        """Run a statement; its rows, and what PostgreSQL says it has done."""
        ready = await self._ready(text)
        rows = await ready.fetch(*values)
        return rows, ready.get_statusmsg()

    async def run_many(self, text: str, values: list[Sequence[Any]]) -> None:
        """Run a statement that brings nothing for each of many lists of values, in one way there and back."""
        await (await self._ready(text)).executemany(values)

    async def _ready(self, text: str) -> Any:
        ready = self._statements.get(text)
        if ready is None:
            ready = await self._driver.prepare(text, name=f"wanreel_{len(self._statements)}" if self.named else "")
            if self.named:
                self._statements[text] = ready
        return ready

    def close(self) -> None:
        """Say farewell, if anybody is there to hear it."""
        try:
            await_(self._driver.close(timeout=CLOSE_S))
        except Exception:  # noqa: BLE001 - then without
            self._driver.terminate()
        self._transaction = None


class Piece:
    """A piece of work in a transaction of its own, and how far it came."""

    __slots__ = ("committing", "cut", "words")

    def __init__(self, words: str) -> None:
        """`words` begin the transaction."""
        self.words = words
        self.committing = False  # from here on nobody knows how it ended
        self.cut = False  # the connection was lost


@dataclass(frozen=True, slots=True)
class _Held:
    """A session, and what SQLAlchemy knows it by."""

    conn: AsyncConnection
    session: Session

    async def drop(self) -> None:
        """End it."""
        await self.conn.invalidate()
        await self.conn.close()


@dataclass(slots=True, eq=False)
class _Making:
    """A connection that is being made."""

    task: asyncio.Future[AsyncConnection]
    since: int
    given_up: bool = False

    def give_up(self) -> None:
        """Break off."""
        self.given_up = True
        self.task.cancel()


async def _begun(engine: AsyncEngine) -> AsyncConnection:
    return await engine.connect()


class Sessions:
    """So many at most, made when they are needed, and kept."""

    def __init__(self, engine: AsyncEngine, most: int, watch: Watch, at: str, *, named: bool) -> None:
        """`named`: whether sessions may keep statements."""
        self._engine = engine
        self.named = named
        self._watch = watch
        self._at = at
        self._free: list[_Held] = []
        self._places = asyncio.Semaphore(most)

    async def do(self, piece: Piece, work: Callable[[Connection], T]) -> T:
        """Carry a piece of work into the database. Raises what it raises, and what the driver raises."""
        held = await self._take()
        try:
            return await held.conn.run_sync(_through, held.session, piece, work)
        except BaseException as error:
            if not isinstance(error, Exception) or gone(error) or code_of(error) in _AS_IT_WAS:
                held.session.give_up()
            piece.cut = held.session.lost
            if code_of(error) in CONFUSED:
                held.session.give_up()
            raise
        finally:
            await self._put_back(held)

    async def at_once(self, words: str) -> None:
        """Say something that is a transaction of its own, in one way there and back. Raises as `do`."""
        held = await self._take()
        try:
            await held.session.say(words)
        except BaseException:
            held.session.give_up()  # who knows where in its words it stands
            raise
        finally:
            await self._put_back(held)

    async def _take(self) -> _Held:
        if self._watch.away:
            raise Unavailable(f"the database {self._at} cannot be reached: nothing answers there. Is the network well?")
        if self._places.locked():
            async with asyncio.timeout(ANSWER_S):
                await self._places.acquire()
        else:
            await self._places.acquire()
        try:
            held = await self._whole()
        except BaseException:
            self._places.release()
            raise
        held.session.alive()
        self._watch.waiting.add(held.session)
        return held

    async def _whole(self) -> _Held:
        while self._free:
            held = self._free.pop()
            forgets = held.session.named and not self.named  # one has been found not to know its names: no more of them
            if not held.session.lost and not forgets:
                return held
            await held.drop()
        conn = await self._connected()
        at: Any = conn.sync_connection
        session: Session = at.connection.dbapi_connection
        session.watch, session.named = self._watch, self.named
        return _Held(conn, session)

    async def _connected(self) -> AsyncConnection:
        """A new connection; the watch may have it broken off."""
        making = _Making(asyncio.ensure_future(_begun(self._engine)), self._watch.now)
        self._watch.waiting.add(making)
        try:
            return await making.task
        except asyncio.CancelledError:
            making.task.cancel()  # no harm where it is what was cancelled
            if making.given_up:
                raise Unavailable(f"the database {self._at} cannot be reached: nothing answers there") from None
            raise
        finally:
            self._watch.waiting.discard(making)

    async def _put_back(self, held: _Held) -> None:
        self._watch.waiting.discard(held.session)
        try:
            if held.session.lost:
                await asyncio.shield(held.drop())
            else:
                self._free.append(held)
        finally:
            self._places.release()

    async def close(self) -> None:
        """All of them; nothing is under way."""
        while self._free:
            held = self._free.pop()
            if self._watch.away:
                held.session.give_up()
            await held.drop()
        await self._engine.dispose()


def _through(sync: Connection, session: Session, piece: Piece, work: Callable[[Connection], T]) -> T:
    """Begin, do, commit; or roll back. What went through SQLAlchemy is ended by SQLAlchemy."""
    await_(session.begin(piece.words))
    try:
        done = work(prepared(sync, session))
        session.alive()
        piece.committing = True
        if sync.in_transaction():
            sync.commit()
        else:
            await_(session.end("COMMIT;"))
    except Exception:
        if not session.lost:
            try:
                if sync.in_transaction():
                    sync.rollback()
                else:
                    await_(session.end("ROLLBACK;"))
            except Exception:  # noqa: BLE001 - what went wrong first is what is told
                session.give_up()
        raise
    return done
