"""Keep the statements of a release: `python -m tests.store.record_statements v1`, once, and commit the file.

While a new release is rolled out the one before it goes on working, in a database that was migrated already. So what it
says to the database must be understood there. What is said in a drawn session is written down, each statement once for
each set of values' shapes, for both databases, with the revision it was said to.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, event

from tests.factories import NOW
from tests.properties.store_operations import Store, Stream
from tests.store.make_old_data import fill
from tests.store.pg_server import migrated, postgres
from wanreel.domain.errors import WanreelError
from wanreel.domain.facts import Facts
from wanreel.domain.policy import Policy
from wanreel.ports.jobs import Filter
from wanreel.store.doors import Doors
from wanreel.store.opening import HEAD
from wanreel.store.postgres.store import PostgresStore
from wanreel.store.ready import Prepared, spelt_out
from wanreel.store.sqlite import SqliteStore

DATA = Path(__file__).parent / "data"
OPERATIONS = 400
Said = tuple[str, bool, Any]  # a statement, whether it was said of many rows at once, its values


@contextmanager
def heard() -> Generator[list[Said]]:
    """All that is said meanwhile to any database, in order."""
    said: list[Said] = []

    def hear(_conn: Any, _cursor: Any, statement: str, values: Any, _context: Any, executemany: bool) -> None:
        rows: list[Any] = list(values) if executemany else [values]
        said.append((statement, executemany, [list(row) for row in rows] if executemany else list(rows[0] or ())))

    event.listen(Engine, "after_cursor_execute", hear)
    try:
        with patch.object(Prepared, "execute", spelt_out):
            yield said
    finally:
        event.remove(Engine, "after_cursor_execute", hear)


async def session(store: Store, stream: Stream) -> None:
    """Everything a database can hold, a drawn stream of operations, and a turn at every other door."""
    assert isinstance(store, Doors)
    await fill(store)  # type: ignore[arg-type]
    await _tour(store)
    for _ in range(OPERATIONS):
        _, ask = stream.next()
        try:
            await ask(store)
        except WanreelError:
            continue
        stream.jobs = {job.id: job for job in await store.find(Filter(limit=1000))}


async def _tour(store: Doors) -> None:
    await store.present("w", NOW + 9)
    await store.present("w", NOW + 18)
    await store.bury(NOW)
    await store.alive(NOW)
    await store.lease("main", "w", NOW, NOW + 9)
    await store.lease("main", "w", NOW + 1, NOW + 10)
    await store.gone("w")
    await store.note("main", Facts(key_ids=("1",)))
    for account in ("main", "second"):
        await store.running(account)
        await store.known_tasks(account, ["task-1", "task-4"])
        await store.facts(account)
        await store.seen_since(account, NOW - 60, "job_x")
    await store.runtimes()
    await store.census()
    await store.waiting()
    await store.since(0, 100)
    await store.since(0, 100, "job_life")
    await store.newest()
    await store.groups(None, 10)
    await store.reviews(["job_life"])
    await store.picks(["job_life"])
    await store.due_reviews(NOW + 1e6, NOW + 2e6, 10)
    await store.unlearn(None)
    await store.hasten(NOW)
    await store.release("w")
    await store.release(None)
    await store.lost_submits(NOW + 1e6, "w")
    await store.hooks.all()


def once_each(said: list[Said]) -> list[Said]:
    """Each statement the first time it was said, in order."""
    first: dict[tuple[str, bool], Said] = {}
    for one in said:
        first.setdefault(one[:2], one)
    return list(first.values())


async def record_sqlite(folder: Path) -> list[Said]:
    """What is said to SQLite."""
    stream = Stream(Random(1))
    async with SqliteStore(folder / "recorded.sqlite3", stream.limit, Policy()) as store:
        with heard() as said:
            await session(store, stream)
    return once_each(said)


async def record_postgres(url: str) -> list[Said]:
    """What is said to PostgreSQL."""
    stream = Stream(Random(1))
    async with PostgresStore(url, stream.limit, Policy()) as store:
        with heard() as said:
            await session(store, stream)
    return once_each(said)


def main(name: str) -> None:
    """Write them down; what is there already stays as it is."""
    path = DATA / f"{name}.statements.json"
    if path.exists():
        sys.exit(f"{path} is there already, and stays as it is")
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        sqlite = asyncio.run(record_sqlite(Path(folder)))
        url = server.url(migrated(server))
        told = {"revision": HEAD, "sqlite": sqlite, "postgresql": asyncio.run(record_postgres(url))}
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
