"""A connection to SQLite whose statements are made ready once (`store.ready`), and run past SQLAlchemy from then on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Connection, Float
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeEngine

from wanreel.store.ready import Layout, Listed, Place, Prepared, Ready, Statements, Values, row_of


class Rows:
    """What came of a statement, as much of SQLAlchemy's result as is used here. Read once, front to back."""

    __slots__ = ("_cursor", "_ready")

    def __init__(self, cursor: sqlite3.Cursor, ready: Ready) -> None:
        self._cursor = cursor
        self._ready = ready

    @property
    def rowcount(self) -> int:
        """How many rows were written."""
        return self._cursor.rowcount

    def _row(self) -> Callable[[Sequence[Any]], Any]:
        made = self._ready.row
        if made is None:
            names = [column[0] for column in self._cursor.description]
            made = self._ready.row = row_of(names)
        return made

    def __iter__(self) -> Iterator[Any]:
        return iter(self.all())

    def all(self) -> list[Any]:
        """Every row."""
        rows = self._cursor.fetchall()
        return list(map(self._row(), rows)) if rows else []

    def first(self) -> Any:
        """The first row; None for none."""
        row = self._cursor.fetchone()
        self._cursor.close()
        return None if row is None else self._row()(row)

    def one(self) -> Any:
        """The row there must be."""
        row = self.first()
        if row is None:
            raise LookupError("a row that must be there is not")
        return row

    def scalar(self) -> Any:
        """The first column of the first row; None for none."""
        row = self._cursor.fetchone()
        self._cursor.close()
        return None if row is None else row[0]

    def scalar_one(self) -> Any:
        """The same, of the row there must be."""
        return self.one()[0]

    def scalars(self) -> Listed:
        """The first column of every row."""
        return Listed(row[0] for row in self._cursor.fetchall())

    def mappings(self) -> Listed:
        """Every row as a mapping by the names of its columns."""
        rows = self._cursor.fetchall()
        names = [column[0] for column in self._cursor.description]
        return Listed([dict(zip(names, row, strict=True)) for row in rows])


def _laid_out(places: Sequence[Place]) -> Layout | None:
    """As they are, or the ordinary way. A float is one already."""
    if any(place.make is not None and not isinstance(place.type, Float) for place in places):
        return None
    fixed = {place.name: place.fixed for place in places if not place.is_given}
    names = [place.name for place in places]
    if not names:
        return lambda _given: ()
    if len(names) == 1:
        name = names[0]
        return lambda given: (fixed[name] if name in fixed else given[name],)
    take = cast("Layout", itemgetter(*names))
    return (lambda given: take({**given, **fixed})) if fixed else take


def _plain(kind: TypeEngine[Any], dialect: DefaultDialect) -> bool:
    return not kind.result_processor(dialect, None)


class OnSqlite(Prepared):
    """One to SQLite."""

    statements = Statements(_laid_out, _plain)

    def __init__(self, conn: Connection) -> None:
        super().__init__(conn)
        driver = conn.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self._driver = driver

    def _run(self, ready: Ready, given: Values) -> Rows:
        return Rows(self._driver.execute(ready.text, ready.values(given)), ready)

    def _run_many(self, ready: Ready, given: list[Values]) -> Rows:
        return Rows(self._driver.executemany(ready.text, map(ready.values, given)), ready)


def prepared(conn: Connection) -> Connection:
    """The same connection to whoever runs statements on it, and quicker."""
    return cast("Connection", OnSqlite(conn))
