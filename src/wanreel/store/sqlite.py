"""Jobs, slots and outbox in one SQLite file: one thread writes, a few read, other processes may do the same.

The file is in WAL mode and every commit is on the disk (synchronous FULL) before anybody hears of it. Statements and
rules are those of `store/sql`; this file knows connections and threads. `limits` is called in the writer's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection, Engine

from wanreel.domain.event import SlotKey
from wanreel.domain.policy import Policy
from wanreel.store import opening
from wanreel.store.doors import Doors
from wanreel.store.faults import translated
from wanreel.store.prepared import prepared
from wanreel.store.reader import Readers
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
        self._readers = Readers(self._connect_to_read, self._translate, _READERS)
        self._open = False
        self._write_engine: Engine | None = None
        self._read_engine: Engine | None = None

    # --- opening and closing ----------------------------------------------------------------------------------------

    def open(self) -> None:
        """Make or upgrade the database where needed, and start; harmless when it is open. Blocks for a moment.

        Raises Unavailable, in words: a newer database, a damaged one, a network disk, no right to write.
        """
        if self._open:
            return
        opening.prepare(self.path, self._busy_s)
        self._write_engine = opening.engine(self.path, self._busy_s)
        self._read_engine = opening.engine(self.path, self._busy_s, read_only=True)
        self._open = True
        self._readers.start()
        self._writer.start()

    def close(self) -> None:
        """Write what was handed in and let go of the file; harmless when it is closed."""
        if not self._open:
            return
        self._open = False
        self._readers.stop()
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
        """All of `work` sees one moment of the database."""
        return await self._readers.read(work)

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
        return prepared(self._write_engine.connect())

    def _connect_to_read(self) -> Connection:
        assert self._read_engine is not None
        return prepared(self._read_engine.connect())

    def _translate(self, error: BaseException) -> BaseException:
        return translated(error, self.path)
