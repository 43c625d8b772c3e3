"""A connection to SQLite whose statements are made ready once: a database of many jobs runs the same hundred again.

SQLAlchemy works out anew at each execution what a statement's text is, where its values go and what its rows are like;
that costs several times what SQLite itself takes. Here it does so when one and the same statement object is run for the
second time, and what came of that is kept for as long as the object lives. Statements that are made as they are run, or
whose text hangs on their values (`IN`), go the ordinary way.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, Float
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]


class _Ready:
    """A statement's text, and how its values are laid out, for the names of values it was made ready for."""

    __slots__ = ("row", "text", "values")

    def __init__(self, text: str, names: tuple[str, ...], fixed: Values) -> None:
        self.text = text
        self.values = _laid_out(names, fixed)  # in the order of their places
        self.row: Callable[[Sequence[Any]], Any] | None = None  # makes a row; known once it has been run


def _laid_out(names: tuple[str, ...], fixed: Values) -> Callable[[Values], Sequence[Any]]:
    """What takes the values of a statement's places, by their names, from those that are given and those that never
    change.
    """
    if not names:
        return lambda _given: ()
    if len(names) == 1:
        name = names[0]
        return lambda given: (fixed[name] if name in fixed else given[name],)
    take = cast("Callable[[Values], Sequence[Any]]", itemgetter(*names))
    return (lambda given: take({**given, **fixed})) if fixed else take


class Rows:
    """What came of a statement, as much of SQLAlchemy's result as is used here. Read once, front to back."""

    __slots__ = ("_cursor", "_ready")

    def __init__(self, cursor: sqlite3.Cursor, ready: _Ready) -> None:
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


class Listed(list[Any]):
    """Values, as a result of SQLAlchemy's."""

    def all(self) -> list[Any]:
        """Every one."""
        return self

    def first(self) -> Any:
        """The first one; None for none."""
        return self[0] if self else None


def row_of(names: list[str]) -> Callable[[Sequence[Any]], Any]:
    """What makes a row, with its columns as attributes, of a row's values."""
    made: Any = namedtuple("Row", names, rename=True)  # noqa: PYI024  # pyright: ignore[reportUntypedNamedTuple]
    return made._make


class Prepared:
    """Takes the place of a SQLAlchemy connection in pieces of work. One thread uses it at a time."""

    def __init__(self, conn: Connection) -> None:
        self.ordinary = conn
        driver = conn.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self._driver = driver
        self.dialect: DefaultDialect = conn.dialect  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ordinary, name)

    def execute(self, statement: Any, given: Values | list[Values] | None = None, **more: Any) -> Any:
        """As SQLAlchemy's; see `Rows` for what comes of it."""
        first: Values = (given[0] if given else {}) if isinstance(given, list) else given or {}
        ready = None if more else self._ready(statement, tuple(first))
        if ready is None:
            return spelt_out(self, statement, given, **more)
        if isinstance(given, list):
            return Rows(self._driver.executemany(ready.text, map(ready.values, given)), ready)
        return Rows(self._driver.execute(ready.text, ready.values(first)), ready)

    def _ready(self, statement: Any, names: tuple[str, ...]) -> _Ready | None:
        known = _KNOWN.get(statement)
        if known is None:
            _KNOWN[statement] = {}  # seen once: if it comes again it is worth the while
            return None
        try:
            return known[names]
        except KeyError:
            made = known[names] = _made(statement, names, self.dialect)
            return made


def spelt_out(conn: Prepared, statement: Any, given: Values | list[Values] | None = None, **more: Any) -> Any:
    """Run a statement the ordinary way, whatever is known of it: where somebody listens to what is said."""
    return conn.ordinary.execute(statement, given, **more)


def prepared(conn: Connection) -> Connection:
    """The same connection to whoever runs statements on it, and quicker."""
    return cast("Connection", Prepared(conn))


_KNOWN: WeakKeyDictionary[Any, dict[tuple[str, ...], _Ready | None]] = WeakKeyDictionary()


def _made(statement: Any, names: tuple[str, ...], dialect: DefaultDialect) -> _Ready | None:
    """None: it must go the ordinary way."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert isinstance(compiled, SQLCompiler)
    if compiled.positiontup is None or _translates(statement, dialect):
        return None
    places: list[str] = []
    fixed: dict[str, Any] = {}
    for name in compiled.positiontup:
        bound = compiled.binds[name]
        plain = isinstance(bound.type, Float) or bound.type.dialect_impl(dialect).bind_processor(dialect) is None
        if not plain or bound.expanding or bound.literal_execute or bound.callable is not None:
            return None
        is_given = bound.key in names
        if not is_given and bound.required:
            return None  # the ordinary way says what is wrong
        places.append(bound.key)
        if not is_given:
            fixed[bound.key] = bound.value
    return _Ready(str(compiled), tuple(places), fixed)


def _translates(statement: Any, dialect: DefaultDialect) -> bool:
    """Whether what it brings is not simply what SQLite says."""
    columns: Iterable[ColumnElement[Any]] = getattr(statement, "exported_columns", ())
    return any(column.type.result_processor(dialect, None) for column in columns)


def count_known() -> int:
    """How many statements are remembered."""
    return len(_KNOWN)
