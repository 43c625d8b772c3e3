"""The statements of the release before, said to a database that was migrated to today: all are understood.

`record_statements.py` writes them down, once a release.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.store.pg_server import Server
from wanreel.domain.policy import Policy
from wanreel.store.opening import HEAD
from wanreel.store.postgres.store import PostgresStore
from wanreel.store.sqlite import SqliteStore

DATA = Path(__file__).parent / "data"
RELEASES = sorted(DATA.glob("*.statements.json"))
_OF_THE_ROWS = ("unique", "duplicate key", "foreign key")
ENOUGH = 100  # statements of a release


def test_the_release_before_has_left_its_statements() -> None:
    """There is one at least, of a revision that today's migrations lead on from."""
    revisions = [said_in(path)["revision"] for path in RELEASES]
    assert revisions
    assert max(revisions) <= HEAD


def said_in(saved: Path) -> Any:
    """What a release has said."""
    return json.loads(saved.read_text(encoding="utf-8"))


def misunderstood(conn: Connection, said: list[Any]) -> list[str]:
    """The statements that the database does not take, and why. A row that is there already is no misunderstanding, nor
    one whose job is not: each statement was kept once, and its job may have been written by another.
    """
    assert len(said) >= ENOUGH
    found: list[str] = []
    for statement, many, values in said:
        rows: Any = [tuple(row) for row in values] if many else tuple(values)
        try:
            with conn.begin_nested():
                conn.exec_driver_sql(statement, rows or None)
        except IntegrityError as error:
            if not any(word in str(error).lower() for word in _OF_THE_ROWS):
                found.append(f"{statement}: {error.orig}")
        except DBAPIError as error:
            found.append(f"{statement}: {error.orig}")
    return found


@pytest.mark.parametrize("saved", RELEASES, ids=lambda path: path.name)
async def test_sqlite_understands_the_release_before(tmp_path: Path, saved: Path) -> None:
    """In a file as today's migrations make it; and not in one where a column has another name."""
    said = said_in(saved)["sqlite"]
    async with SqliteStore(tmp_path / "today.sqlite3", lambda _key: 2, Policy()) as store:
        assert [] == await store._write(lambda conn: misunderstood(conn, said))
        harm = "ALTER TABLE jobs RENAME COLUMN project TO whose"
        await store._write(lambda conn: conn.exec_driver_sql(harm))
        assert await store._write(lambda conn: misunderstood(conn, said))


@pytest.mark.parametrize("saved", RELEASES, ids=lambda path: path.name)
async def test_postgresql_understands_the_release_before(pg_server: Server, pg_template: str, saved: Path) -> None:
    """The same; a new column with a default is no harm, one without is."""
    said = said_in(saved)["postgresql"]
    async with PostgresStore(pg_server.database(pg_template), lambda _key: 2, Policy()) as store:
        assert [] == await store._write(lambda conn: misunderstood(conn, said))
        harmless, harm = "ADD COLUMN needed TEXT NOT NULL DEFAULT ''", "ALTER COLUMN needed DROP DEFAULT"
        await store._write(lambda conn: conn.exec_driver_sql(f"ALTER TABLE jobs {harmless}"))
        assert [] == await store._write(lambda conn: misunderstood(conn, said))
        await store._write(lambda conn: conn.exec_driver_sql(f"ALTER TABLE jobs {harm}"))
        assert await store._write(lambda conn: misunderstood(conn, said))
