"""One thread that writes, and commits in groups: as many waiting writes as there are share one transaction, one fsync.

One that fails takes nothing from its neighbours: the group is taken back and begun again, then with a savepoint for
each, which nearly no group needs. So a piece of work may be run twice, and must change nothing but the database. Nobody
is answered before COMMIT has returned. A write whose caller has been cancelled meanwhile is made all the same.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import Connection

from wanreel.domain.errors import Unavailable

T = TypeVar("T")
Work = Callable[[Connection], T]

_GROUP_MAX = 256  # writes in one transaction: other processes wait that long for their turn
BUSY, BUSY_APART_S = 4, 0.004  # after a group of so many others follow soon: a little later more of them share the next


class _Item(NamedTuple):
    work: Work[Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


class _Done(NamedTuple):
    item: _Item
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Runs pieces of work, each whole or not at all, in the order they were handed in."""

    def __init__(self, connect: Callable[[], Connection], translate: Callable[[BaseException], BaseException]) -> None:
        """`connect` opens the thread's connection, in autocommit; `translate` makes foreign errors ours."""
        self._connect = connect
        self._translate = translate
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._gate = threading.Lock()  # nothing is handed in after the last item
        self._thread: threading.Thread | None = None
        self._conn: Connection | None = None
        self._busy = False  # the last group was one of many
        self._ending = threading.Event()

    def start(self) -> None:
        """Begin to write; harmless when it has begun."""
        with self._gate:
            if self._thread is None:
                self._ending.clear()
                self._thread = threading.Thread(target=self._run, name="wanreel-writer", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Write what was handed in, then end; harmless when it has ended."""
        with self._gate:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._items.put(None)
                self._ending.set()
        if thread is not None:
            thread.join()

    async def write(self, work: Work[T]) -> T:
        """Do `work` in a transaction and return its result once that is durable. Raises what `work` raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        with self._gate:
            if self._thread is None:
                raise Unavailable("the database is closed")
            self._items.put(_Item(work, loop, answer))
        return cast("T", await answer)

    # --- in the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        last = False
        while not last:
            group = self._next_group()
            last = None in group
            items = [item for item in group if item is not None]
            if items:
                self._answer(self._commit(items))
        self._drop_connection()

    def _next_group(self) -> list[_Item | None]:
        if self._busy:
            self._ending.wait(BUSY_APART_S)
        group = [self._items.get()]
        with suppress(queue.Empty):
            while group[-1] is not None and len(group) < _GROUP_MAX:
                group.append(self._items.get_nowait())
        self._busy = len(group) >= BUSY
        return group

    def _commit(self, items: list[_Item]) -> list[_Done]:
        """One transaction. When it fails as a whole, what single items said in it no longer counts."""
        try:
            if self._conn is None:
                self._conn = self._connect()
            driver = driver_of(self._conn)
            driver.execute("BEGIN IMMEDIATE")
            done = self._all(self._conn, driver, items) or [self._try(self._conn, driver, item) for item in items]
            driver.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it is, everybody who waits must hear of it
            self._drop_connection()
            ours = self._translate(error)
            return [_Done(item, error=ours) for item in items]
        return done

    def _all(self, conn: Connection, driver: sqlite3.Connection, items: list[_Item]) -> list[_Done] | None:
        """Every item after the other; None where one failed, and a transaction is begun in which nothing is written."""
        try:
            return [_Done(item, result=item.work(conn)) for item in items]
        except Exception:
            if not driver.in_transaction:
                raise  # the database itself has taken everything back
            driver.execute("ROLLBACK")
            driver.execute("BEGIN IMMEDIATE")
        return None

    def _try(self, conn: Connection, driver: sqlite3.Connection, item: _Item) -> _Done:
        driver.execute("SAVEPOINT item")
        try:
            done = _Done(item, result=item.work(conn))
        except Exception as error:
            if not driver.in_transaction:
                raise  # the database itself has taken everything back
            driver.execute("ROLLBACK TO item")
            done = _Done(item, error=self._translate(error))
        driver.execute("RELEASE item")
        return done

    def _drop_connection(self) -> None:
        """Take back whatever is open and begin afresh next time: after a failure nothing of it can be trusted."""
        conn, self._conn = self._conn, None
        if conn is not None:
            with suppress(Exception):
                driver_of(conn).rollback()
            with suppress(Exception):
                conn.close()

    def _answer(self, done: list[_Done]) -> None:
        by_loop: defaultdict[asyncio.AbstractEventLoop, list[_Done]] = defaultdict(list)
        for one in done:
            by_loop[one.item.loop].append(one)
        for loop, mine in by_loop.items():
            with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
                loop.call_soon_threadsafe(_tell, mine)


def driver_of(conn: Connection) -> sqlite3.Connection:
    """The driver's own connection, for what is about the transaction itself."""
    return cast("sqlite3.Connection", conn.connection.driver_connection)


def _tell(done: list[_Done]) -> None:
    for one in done:
        answer = one.item.answer
        if answer.done():
            continue
        if one.error is None:
            answer.set_result(one.result)
        else:
            answer.set_exception(one.error)
