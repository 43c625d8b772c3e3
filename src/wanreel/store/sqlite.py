"""Jobs, slots and outbox in one SQLite file: one thread writes, a few read, other processes may do the same.

The file is in WAL mode and every commit is on the disk (synchronous FULL) before anybody hears of it. Statements and
rules are those of `store/sql`; this file knows connections and threads. `limits` is called in the writer's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection, Engine

from wanreel.domain.errors import Unavailable
from wanreel.domain.event import SlotKey
from wanreel.domain.policy import Policy
from wanreel.store import opening
from wanreel.store.doors import Doors
from wanreel.store.faults import translated
from wanreel.store.writer import Work, Writer, driver_of

T = TypeVar("T")

_READERS = 4


class SqliteStore(Doors):
    """All doors of `ports` to a store over a file: `async with` it, or `open` and `close`."""

    def __init__(
        self, path: Path, limits: Callable[[SlotKey], int], policy: Policy, *, busy_s: float = opening.BUSY_S
    ) -> None:
        """`limits` says how many tasks of a key may run at once; `busy_s` is how long to wait for other processes."""
        super().__init__(limits, policy)
        self.path = path
        self._busy_s = busy_s
        self._writer = Writer(self._connect_to_write, self._translate)
        self._write_engine: Engine | None = None
        self._read_engine: Engine | None = None
        self._readers: ThreadPoolExecutor | None = None

    # --- opening and closing ----------------------------------------------------------------------------------------

    def open(self) -> None:
        """Make or upgrade the database where needed, and start; harmless when it is open. Blocks for a moment.

        Raises Unavailable, in words: a newer database, a damaged one, a network disk, no right to write.
        """
        if self._readers is not None:
            return
        opening.prepare(self.path, self._busy_s)
        self._write_engine = opening.engine(self.path, self._busy_s)
        self._read_engine = opening.engine(self.path, self._busy_s, read_only=True)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="wanreel-reader")
        self._writer.start()

    def close(self) -> None:
        """Write what was handed in and let go of the file; harmless when it is closed."""
        readers, self._readers = self._readers, None
        if readers is None:
            return
        readers.shutdown(wait=True)
        self._writer.stop()
        for engine in (self._read_engine, self._write_engine):  # the writer last: who leaves last tidies up
            if engine is not None:
                engine.dispose()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    # --- threads ----------------------------------------------------------------------------------------------------

    async def _write(self, work: Work[T]) -> T:
        return await self._writer.write(work)

    async def _read(self, work: Work[T]) -> T:
        readers = self._readers
        if readers is None:
            raise Unavailable("the database is closed")
        return await asyncio.get_running_loop().run_in_executor(readers, self._read_now, work)

    def _read_now(self, work: Work[T]) -> T:
        """All of `work` sees one moment of the database."""
        assert self._read_engine is not None
        try:
            with self._read_engine.connect() as conn:
                driver = driver_of(conn)
                driver.execute("BEGIN")
                try:
                    return work(conn)
                finally:
                    driver.rollback()
        except Exception as error:
            ours = self._translate(error)
            if ours is error:
                raise
            raise ours from error

    async def _erase(self, work: Work[T]) -> T:
        """Write something that deletes for good: it is overwritten, not only forgotten, here and in the side file, the
        latter as far as other processes let us.
        """

        def overwriting(conn: Connection) -> T:
            driver = driver_of(conn)
            driver.execute("PRAGMA secure_delete = ON")
            try:
                return work(conn)
            finally:
                driver.execute("PRAGMA secure_delete = OFF")

        done = await self._write(overwriting)
        await asyncio.to_thread(opening.empty_side_file, self.path, self._busy_s)
        return done

    def _connect_to_write(self) -> Connection:
        assert self._write_engine is not None
        return self._write_engine.connect()

    def _translate(self, error: BaseException) -> BaseException:
        return translated(error, self.path)
