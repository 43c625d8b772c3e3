"""A new home's tables as migrating makes them: made once in a run, repeated by the word where a test begins a home."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from wanreel.domain.policy import Policy
from wanreel.store import opening
from wanreel.store.sqlite import SqliteStore
from wanreel.store.writer import driver_of

migrate = opening.migrate


def repeat(conn: Connection) -> None:
    """In place of `opening.migrate`: an empty file gets the statements that migrating one has led to, and the rows it
    has left; any other is migrated.
    """
    driver = driver_of(conn)
    if conn.dialect.name != "sqlite" or driver.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        migrate(conn)
        return
    for statement in _statements():
        driver.execute(statement)


@cache
def _statements() -> Sequence[str]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "blank.sqlite3"
        repeated, opening.migrate = opening.migrate, migrate
        try:
            store = SqliteStore(path, lambda _key: 1, Policy())
            store.open()
            store.close()
        finally:
            opening.migrate = repeated
        with closing(sqlite3.connect(path)) as made:
            return [line for line in made.iterdump() if line not in {"BEGIN TRANSACTION;", "COMMIT;"}]
