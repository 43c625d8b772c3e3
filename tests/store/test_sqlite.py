"""SQLite as it is run: its settings, its life, other processes beside it, and disks that fill up."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.factories import NOW, make_change, make_job
from wanreel.domain.errors import Invalid, NotFound, Unavailable
from wanreel.domain.job import Generating
from wanreel.domain.policy import Policy
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.store.faults import translated
from wanreel.store.ready import Prepared, spelt_out
from wanreel.store.sqlite import SqliteStore
from wanreel.store.writer import driver_of


def store_at(path: Path, busy_s: float = 5.0) -> SqliteStore:
    """A store on a file, one slot a key."""
    return SqliteStore(path, lambda _key: 1, Policy(), busy_s=busy_s)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An open store."""
    async with store_at(tmp_path / "w.sqlite3") as made:
        yield made


async def child(what: str, *args: object) -> str:
    """What another process says when it has ended well."""
    command = [sys.executable, "-m", "tests.store.children", what, *map(str, args)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return out.decode().strip()


# --- settings -------------------------------------------------------------------------------------------------------


async def test_commits_are_on_the_disk(store: SqliteStore) -> None:
    """The file is in WAL mode, commits are synced in full, and references are enforced."""
    settings = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")

    told = await store._write(lambda conn: [driver_of(conn).execute(f"PRAGMA {s}").fetchone()[0] for s in settings])
    assert ["wal", 2, 1, 5000] == told


async def test_readers_cannot_write(store: SqliteStore) -> None:
    """A reading connection refuses to change anything."""
    with pytest.raises(Unavailable):
        await store._read(lambda conn: conn.exec_driver_sql("DELETE FROM jobs"))


async def test_the_queries_of_every_tick_use_their_indexes(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """No statement of claiming and waiting reads the whole table, or sorts a whole lane."""
    monkeypatch.setattr(Prepared, "execute", spelt_out)
    await store.add([make_job(model=f"m{n % 3}", due_at=NOW + n % 2) for n in range(500)])
    await store.add([make_job(Generating, model=f"m{n % 3}", due_at=NOW + n) for n in range(500)])
    said: list[tuple[str, Any]] = []

    def listen(_conn: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        said.append((statement, values[0] if many else values))

    for engine in (store._write_engine, store._read_engine):
        event.listen(engine, "before_cursor_execute", listen)
    for lane in Lane:
        await store.claim(Claim(lane, "w", NOW, NOW + 60, 5, NOW + 5000))
    await store.lost_submits(NOW, "w")
    await store.next_due(NOW)
    await store.release("w")
    await store.seen_since("main", NOW, "but")

    plans = await store._read(lambda conn: [(s, _plan(driver_of(conn), s, values)) for s, values in said])
    assert len(plans) > 40
    assert [] == [(s, plan) for s, plan in plans if "SCAN jobs" in plan and "USING" not in plan]
    assert [] == [(s, plan) for s, plan in plans if "(lane=?)" in plan and "TEMP B-TREE" in plan]


def _plan(driver: sqlite3.Connection, statement: str, values: Any) -> str:
    return "; ".join(str(row[3]) for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", values))


# --- life -----------------------------------------------------------------------------------------------------------


async def test_closing_and_opening_may_be_repeated(tmp_path: Path) -> None:
    """Closing before opening, opening twice and closing twice are harmless; what was stored is there again."""
    store = store_at(tmp_path / "w.sqlite3")
    store.close()
    store.open()
    store.open()
    job = make_job()
    await store.add([job])
    store.close()
    store.close()

    with pytest.raises(Unavailable, match="closed"):
        await store.get(job.id)
    with pytest.raises(Unavailable, match="closed"):
        await store.add([make_job()])
    store.open()
    assert job == await store.get(job.id)
    store.close()


def test_closing_leaves_one_file(tmp_path: Path) -> None:
    """Whoever leaves last takes the side files along, so that the database can be copied."""
    store = store_at(tmp_path / "w.sqlite3")
    store.open()
    asyncio.run(store.add([make_job()]))
    asyncio.run(store.find(Filter()))
    store.close()

    assert [store.path] == list(tmp_path.iterdir())


def test_one_store_serves_several_loops(tmp_path: Path) -> None:
    """A blocking client that runs a loop per call can keep one store open."""
    store = store_at(tmp_path / "w.sqlite3")
    store.open()
    job = make_job()
    asyncio.run(store.add([job]))

    assert job == asyncio.run(store.get(job.id))
    store.close()


async def test_a_name_that_is_no_text_is_refused_in_words(store: SqliteStore) -> None:
    """Asking by a name with broken bytes is the caller's mistake, not a crash."""
    with pytest.raises(Invalid, match="characters"):
        await store.find(Filter(group="\udcff"))


# --- other processes ------------------------------------------------------------------------------------------------


async def test_what_another_process_adds_is_seen(store: SqliteStore) -> None:
    """A job that another process stores can be claimed here without opening anything again."""
    added = await child("open_once", store.path)

    assert [added] == [job.id for job in await store.claim(Claim(Lane.SUBMIT, "w", 2e9, 2e9 + 60, 5, 3e9))]


async def test_of_many_processes_one_gets_the_last_slot(store: SqliteStore) -> None:
    """Four processes ask for the one slot for four jobs at once: one begins."""
    jobs = [make_job() for _ in range(4)]
    await store.add(jobs)

    answers = await asyncio.gather(*(child("begin", store.path, job.id) for job in jobs))

    assert ["False", "False", "False", "True"] == sorted(answers)
    assert 1 == len(await store.find(Filter(states=("submitting",))))


async def test_a_busy_writer_lets_others_in(store: SqliteStore) -> None:
    """While a hundred callers write here without a pause, another process still gets its job stored."""
    jobs = [make_job(Generating) for _ in range(100)]
    await store.add(jobs)
    done = asyncio.Event()

    async def write_on(number: int) -> int:
        job, written = jobs[number], 0
        while not done.is_set():
            job = await store.commit(make_change(job, job.state, quiet=True))
            written += 1
        return written

    writers = [asyncio.ensure_future(write_on(n)) for n in range(100)]
    added = await child("open_once", store.path)
    done.set()

    assert all(await asyncio.gather(*writers))
    assert added == (await store.get(added)).id


async def test_a_writer_that_is_kept_waiting_says_so(tmp_path: Path) -> None:
    """When another process holds the database too long the write fails in words, and works when it is free again."""
    path = tmp_path / "w.sqlite3"
    async with store_at(path, busy_s=0.05) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="busy"):
                await store.add([make_job()])
            assert [] == await store.find(Filter())
            other.execute("ROLLBACK")
        job = make_job()
        assert [job] == await store.add([job])


# --- full disks -----------------------------------------------------------------------------------------------------


async def test_a_database_that_may_not_grow_says_so(store: SqliteStore) -> None:
    """With no room left a write fails in words and leaves nothing; with room again the next one works."""
    await store._write(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count = 100"))
    stored: list[str] = []
    said = ""
    while not said:
        new = [make_job(prompt="x" * 4000) for _ in range(5)]
        try:
            await store.add(new)
            stored += [job.id for job in new]
        except Unavailable as error:
            said = error.message

    assert "disk is full" in said
    assert sorted(stored) == sorted(job.id for job in await store.find(Filter(limit=1000)))
    await store._write(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count = 1000000"))
    job = make_job(prompt="x" * 4000)
    assert [job] == await store.add([job])


async def test_a_full_disk_loses_nothing_and_heals(tmp_path: Path) -> None:
    """A process whose files may not grow hears it in words; what it was told is stored is stored, and no more."""
    said = await child("fill_disk", tmp_path / "w.sqlite3")

    lost, counts, words = said.split("; ", 2)
    assert "half-written []" == lost
    held, told = counts.removeprefix("held ").split(" of ")
    assert int(held) == int(told) > 0
    assert "the disk is full" in words


# --- words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_READONLY, "read-only"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "read-only"),
        (sqlite3.SQLITE_FULL, "disk is full"),
        (sqlite3.SQLITE_IOERR_FSYNC, "failing"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "another process"),
        (sqlite3.SQLITE_CORRUPT, "damaged"),
        (sqlite3.SQLITE_NOTADB, "damaged"),
    ],
)
def test_every_trouble_of_the_disk_has_its_words(code: int, words: str) -> None:
    """What SQLite reports is told with the file's name and something to do."""
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code

    told = translated(error, Path("/home/me/w.sqlite3"))
    assert isinstance(told, Unavailable)
    assert words in told.message
    assert "/home/me/w.sqlite3" in told.message
    assert "as SQLite says it" in told.message


def test_other_errors_stay_what_they_are() -> None:
    """Our own errors and bugs pass through untouched; a statement SQLite cannot run is a bug."""
    ours, bug = NotFound("x"), ZeroDivisionError()

    assert ours is translated(ours, Path("w"))
    assert bug is translated(bug, Path("w"))
    assert "Internal" == type(translated(sqlite3.OperationalError("no such table"), Path("w"))).__name__
