"""The writing thread: groups share a transaction, each piece of work stands or falls alone, answers follow COMMIT."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from wanreel.domain.errors import Conflict, Unavailable
from wanreel.store.faults import translated
from wanreel.store.writer import BUSY, BUSY_APART_S, Work, Writer, driver_of


class Table:
    """A writer on a file with one table of numbers, telling which statements went to the database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[str] = []
        engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as conn:
            conn.exec_driver_sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
            conn.exec_driver_sql("CREATE TABLE wishes (n INTEGER REFERENCES numbers DEFERRABLE INITIALLY DEFERRED)")

        def connect() -> Connection:
            conn = engine.connect()
            conn.exec_driver_sql("PRAGMA foreign_keys = ON")
            driver_of(conn).set_trace_callback(self.said.append)
            return conn

        self.writer = Writer(connect, lambda error: translated(error, path))

    def numbers(self) -> list[int]:
        """What is committed, seen from outside."""
        other = sqlite3.connect(self.path)
        found = [n for (n,) in other.execute("SELECT n FROM numbers ORDER BY n")]
        other.close()
        return found


def insert(n: int) -> Work[int]:
    """Write a number and answer it."""

    def work(conn: Connection) -> int:
        conn.exec_driver_sql("INSERT INTO numbers VALUES (?)", (n,))
        return n

    return work


def insert_and_fail(n: int, error: Exception) -> Work[None]:
    """Write a number, then fail."""

    def work(conn: Connection) -> None:
        insert(n)(conn)
        raise error

    return work


def wish(conn: Connection) -> None:
    """Refer to a number that is not there, which only COMMIT finds out."""
    conn.exec_driver_sql("INSERT INTO wishes VALUES (404)")


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    """A table whose writer runs."""
    made = Table(tmp_path / "numbers.sqlite3")
    made.writer.start()
    yield made
    made.writer.stop()


async def grouped(table: Table, *works: Work[object]) -> list[object]:
    """Hand in work while the thread is held up, so that it finds all of it at once."""
    held, go = threading.Event(), threading.Event()

    def hold(_conn: Connection) -> None:
        held.set()
        go.wait(10)

    first = asyncio.ensure_future(table.writer.write(hold))
    await asyncio.to_thread(held.wait, 10)
    table.said.clear()
    rest = [asyncio.ensure_future(table.writer.write(work)) for work in works]
    await asyncio.sleep(0)
    go.set()
    await first
    return list(await asyncio.gather(*rest, return_exceptions=True))


def times(table: Table, statement: str) -> int:
    """How often a statement was executed."""
    return sum(said.startswith(statement) for said in table.said)


async def test_what_waits_shares_a_transaction(table: Table) -> None:
    """Fifty writes that wait together are one transaction and one COMMIT, answered in their order."""
    assert list(range(50)) == await grouped(table, *(insert(n) for n in range(50)))

    assert 1 == times(table, "BEGIN IMMEDIATE")
    assert 0 == times(table, "SAVEPOINT")
    assert list(range(50)) == table.numbers()


async def test_one_bad_write_fails_alone(table: Table) -> None:
    """In one group, what fails leaves no trace and takes nothing from its neighbours; each hears its own error."""
    answers = await grouped(
        table,
        insert(1),
        insert_and_fail(2, Conflict("no")),
        insert(3),
        insert(3),
        insert_and_fail(4, ValueError()),
        insert(5),
    )

    assert [int, Conflict, int, "Internal", ValueError, int] == [
        "Internal" if type(a).__name__ == "Internal" else type(a) for a in answers
    ]
    assert [1, 3, 5] == table.numbers()


async def test_a_group_with_a_bad_write_is_begun_again(table: Table) -> None:
    """Only then has each write a savepoint; what the first attempt wrote is gone, and each answer is the second's."""
    runs: list[int] = []

    def counted(conn: Connection) -> int:
        runs.append(len(runs))
        return insert(len(runs))(conn)

    answers = await grouped(table, counted, insert_and_fail(9, Conflict("no")), insert(3))

    assert [2, Conflict, 3] == [a if isinstance(a, int) else type(a) for a in answers]
    assert [2, 3] == table.numbers()
    assert (2, 3) == (times(table, "BEGIN IMMEDIATE"), times(table, "SAVEPOINT"))


async def test_after_a_group_of_many_the_next_gathers_for_a_moment(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that under load more writes share a commit; a write by itself is never kept waiting."""
    waits: list[float | None] = []
    monkeypatch.setattr(table.writer._ending, "wait", waits.append)

    await grouped(table, *(insert(n) for n in range(BUSY - 1)))
    await table.writer.write(insert(50))
    assert [] == waits
    await grouped(table, *(insert(n) for n in range(60, 60 + BUSY)))
    await table.writer.write(insert(70))
    await table.writer.write(insert(71))

    assert [BUSY_APART_S] == waits


async def test_nobody_is_answered_before_the_commit(table: Table) -> None:
    """When an answer comes, another connection sees what was written."""
    for n in range(20):
        await table.writer.write(insert(n))
        assert n in table.numbers()


async def test_a_commit_that_fails_fails_for_all(table: Table) -> None:
    """When the database refuses the whole group everybody hears it, nothing is written, and the next group works."""
    answers = await grouped(table, insert(1), wish, insert_and_fail(2, Conflict("no")))

    assert ["Internal"] * 3 == [type(a).__name__ for a in answers]
    assert [] == table.numbers()
    assert 7 == await table.writer.write(insert(7))


async def test_a_transaction_lost_under_a_write_fails_for_all(table: Table) -> None:
    """Where the database itself has taken everything back, no neighbour is told that it was written."""

    def lose(conn: Connection) -> None:
        driver_of(conn).execute("ROLLBACK")
        raise sqlite3.OperationalError("disk full")

    answers = await grouped(table, insert(1), lose, insert(2))

    assert [True] * 3 == [isinstance(a, Exception) for a in answers]
    assert [] == table.numbers()
    assert 7 == await table.writer.write(insert(7))


async def test_a_cancelled_caller_changes_nothing_for_the_others(table: Table) -> None:
    """A write whose caller has gone is made all the same, and its neighbours are answered."""
    held, go = threading.Event(), threading.Event()

    def hold(_conn: Connection) -> None:
        held.set()
        go.wait(10)

    first = asyncio.ensure_future(table.writer.write(hold))
    await asyncio.to_thread(held.wait, 10)
    gone, stays = (asyncio.ensure_future(table.writer.write(insert(n))) for n in (1, 2))
    await asyncio.sleep(0)
    gone.cancel()
    go.set()

    await first
    assert 2 == await stays
    assert gone.cancelled()
    assert [1, 2] == table.numbers()


async def test_stopping_finishes_what_was_handed_in(table: Table) -> None:
    """Stop waits for all that was handed in; then nothing is taken. Stopping twice is harmless, so is starting."""
    waiting = [asyncio.ensure_future(table.writer.write(insert(n))) for n in range(30)]
    await asyncio.sleep(0)
    await asyncio.to_thread(table.writer.stop)
    table.writer.stop()

    assert list(range(30)) == await asyncio.gather(*waiting)
    with pytest.raises(Unavailable, match="closed"):
        await table.writer.write(insert(99))
    table.writer.start()
    table.writer.start()
    assert 99 == await table.writer.write(insert(99))


def test_a_writer_that_never_started_takes_nothing(tmp_path: Path) -> None:
    """Stopping before starting is harmless, and writing then is refused."""
    table = Table(tmp_path / "numbers.sqlite3")
    table.writer.stop()

    with pytest.raises(Unavailable):
        asyncio.run(table.writer.write(insert(1)))


def test_a_loop_that_has_gone_holds_nobody_up(table: Table) -> None:
    """Answers for a loop that was closed meanwhile are dropped; other loops are answered."""
    held, go = threading.Event(), threading.Event()

    def hold(_conn: Connection) -> None:
        held.set()
        go.wait(10)

    async def leave() -> None:
        task = asyncio.ensure_future(table.writer.write(hold))
        await asyncio.to_thread(held.wait, 10)
        task.cancel()

    asyncio.run(leave())
    go.set()

    assert 5 == asyncio.run(table.writer.write(insert(5)))


async def test_without_a_connection_everybody_hears_why(tmp_path: Path) -> None:
    """A database that cannot be opened for writing fails the group in words; it is tried afresh the next time."""
    table = Table(tmp_path / "numbers.sqlite3")
    working: Callable[[], Connection] = table.writer._connect
    broken = create_engine(f"sqlite:///{tmp_path}/no/such/folder.sqlite3", poolclass=NullPool)
    connects = iter([broken.connect, working])

    def connect() -> Connection:
        return next(connects)()

    writer = Writer(connect, lambda error: translated(error, table.path))
    writer.start()

    with pytest.raises(Unavailable, match="cannot be opened"):
        await writer.write(insert(1))
    assert 1 == await writer.write(insert(1))
    writer.stop()
