"""A few threads that read, each with a connection of its own that stays open, and one queue before them.

A piece of work sees one moment of the database. The executor of the standard library would do as well; it costs twice
as much for each read, and a server that is busy makes hundreds a second.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import Connection

from wanreel.domain.errors import Unavailable
from wanreel.store.writer import Work, driver_of

T = TypeVar("T")


class _Item(NamedTuple):
    work: Work[Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


class Readers:
    """Runs pieces of work that write nothing, several at a time, in the order they were handed in."""

    def __init__(
        self, connect: Callable[[], Connection], translate: Callable[[BaseException], BaseException], count: int
    ) -> None:
        """`connect` opens a thread's connection, in autocommit; `translate` makes foreign errors ours."""
        self._connect = connect
        self._translate = translate
        self._count = count
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._gate = threading.Lock()  # nothing is handed in after the last item
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to read; harmless when it has begun."""
        with self._gate:
            if not self._threads:
                self._threads = [
                    threading.Thread(target=self._run, name=f"wanreel-reader-{number}", daemon=True)
                    for number in range(self._count)
                ]
                for thread in self._threads:
                    thread.start()

    def stop(self) -> None:
        """Read what was handed in, then end; harmless when it has ended."""
        with self._gate:
            threads, self._threads = self._threads, []
            for _ in threads:
                self._items.put(None)
        for thread in threads:
            thread.join()

    async def read(self, work: Work[T]) -> T:
        """Do `work` on one moment of the database. Raises what `work` raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        with self._gate:
            if not self._threads:
                raise Unavailable("the database is closed")
            self._items.put(_Item(work, loop, answer))
        return cast("T", await answer)

    # --- in the threads ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        conn: Connection | None = None
        while (item := self._items.get()) is not None:
            if item.answer.cancelled():
                continue
            result, error = None, None
            try:
                conn = conn or self._connect()
                result = _in_one_moment(conn, item.work)
            except BaseException as trouble:  # noqa: BLE001 - whatever it is, who waits must hear of it
                error = self._translate(trouble)
                if error is not trouble:
                    error.__cause__ = trouble
                    conn = _dropped(conn)  # the database's own trouble: begin afresh next time
            with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
                item.loop.call_soon_threadsafe(_tell, item.answer, result, error)
            del item, result, error  # nothing of it is held while there is nothing to do
        _dropped(conn)


def _in_one_moment(conn: Connection, work: Work[T]) -> T:
    driver = driver_of(conn)
    driver.execute("BEGIN")
    try:
        return work(conn)
    finally:
        driver.rollback()


def _dropped(conn: Connection | None) -> None:
    if conn is not None:
        with suppress(Exception):
            conn.close()


def _tell(answer: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)
