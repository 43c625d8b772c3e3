"""A connection to PostgreSQL whose statements are made ready once, as `store.prepared` does it for SQLite.

What a statement's text is, where its values go and what its rows are like is found out when one and the same statement
object is run for the second time in a process. Where a session stays ours, PostgreSQL keeps it ready there too, under
a name: from then on it is sent by its name, neither read nor planned again, in one way there and back. Through a
pooler it has no name, and lasts as long as its transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, cast
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import Boolean, Float, Integer, NullType, String
from sqlalchemy.util import await_

from wanreel.store.prepared import Listed, row_of

Values = Mapping[str, Any]
_AS_THEY_COME = (Boolean, Float, Integer, NullType, String)
_COUNT = re.compile(r"(?:SELECT|UPDATE|DELETE|INSERT \d+) (\d+)")


class Runs(Protocol):
    """A session that statements are run in, past SQLAlchemy."""

    def alive(self) -> None:
        """It was answered."""
        ...

    async def run(self, text: str, values: list[Any]) -> tuple[list[Any], str]:
        """A statement's rows, and what PostgreSQL says it has done."""
        ...

    async def run_many(self, text: str, values: list[list[Any]]) -> None:
        """Run a statement that brings nothing for each of many lists of values."""
        ...


class Ready:
    """A statement's text, and how its values are laid out, for the names of values it was made ready for."""

    __slots__ = ("fixed", "makers", "names", "row", "text")

    def __init__(
        self,
        text: str,
        names: tuple[str | None, ...],
        fixed: tuple[Any, ...],
        makers: tuple[Callable[[Any], Any] | None, ...],
    ) -> None:
        self.text = text
        self.names = names  # of each place; None: `fixed` has its value
        self.fixed = fixed
        self.makers = makers  # of each place, what makes of a value what the driver takes; None: nothing need
        self.row: Callable[[Any], Any] | None = None  # makes a row; known once it has been run

    def values(self, given: Values) -> list[Any]:
        """In the order of their places."""
        return [
            fixed if name is None else given[name] if make is None else make(given[name])
            for name, fixed, make in zip(self.names, self.fixed, self.makers, strict=True)
        ]


class Rows:
    """What came of a statement, as much of SQLAlchemy's result as is used here. Read once, front to back."""

    __slots__ = ("_ready", "_rows", "_status")

    def __init__(self, rows: list[Any], status: str, ready: Ready) -> None:
        self._rows = rows
        self._status = status
        self._ready = ready

    @property
    def rowcount(self) -> int:
        """How many rows were written."""
        told = _COUNT.match(self._status)
        return int(told[1]) if told else -1

    def _row(self) -> Callable[[Any], Any]:
        made = self._ready.row
        if made is None:
            made = self._ready.row = row_of(list(self._rows[0].keys()))
        return made

    def __iter__(self) -> Iterator[Any]:
        return iter(self.all())

    def all(self) -> list[Any]:
        """Every row."""
        return list(map(self._row(), self._rows)) if self._rows else []

    def first(self) -> Any:
        """The first row; None for none."""
        return self._row()(self._rows[0]) if self._rows else None

    def one(self) -> Any:
        """The row there must be."""
        if not self._rows:
            raise LookupError("a row that must be there is not")
        return self._row()(self._rows[0])

    def scalar(self) -> Any:
        """The first column of the first row; None for none."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """The same, of the row there must be."""
        return self.one()[0]

    def scalars(self) -> Listed:
        """The first column of every row."""
        return Listed(row[0] for row in self._rows)

    def mappings(self) -> Listed:
        """Every row as a mapping by the names of its columns."""
        return Listed(dict(row) for row in self._rows)


class Prepared:
    """Takes the place of a SQLAlchemy connection in pieces of work, inside a transaction that has begun."""

    def __init__(self, conn: Connection, session: Runs) -> None:
        self.ordinary = conn
        self._session = session
        self.dialect: DefaultDialect = conn.dialect  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ordinary, name)

    def execute(self, statement: Any, given: Values | list[Values] | None = None, **more: Any) -> Any:
        """As SQLAlchemy's; see `Rows` for what comes of it."""
        first: Values = (given[0] if given else {}) if isinstance(given, list) else given or {}
        ready = None if more else self._ready(statement, tuple(first))
        self._session.alive()
        if ready is None:
            return spelt_out(self, statement, given, **more)
        if isinstance(given, list):
            await_(self._session.run_many(ready.text, [ready.values(each) for each in given]))
            return Rows([], "", ready)
        rows, status = await_(self._session.run(ready.text, ready.values(first)))
        return Rows(rows, status, ready)

    def _ready(self, statement: Any, names: tuple[str, ...]) -> Ready | None:
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


def prepared(conn: Connection, session: Runs) -> Connection:
    """The same connection to whoever runs statements on it, and quicker."""
    return cast("Connection", Prepared(conn, session))


_KNOWN: WeakKeyDictionary[Any, dict[tuple[str, ...], Ready | None]] = WeakKeyDictionary()


def _made(statement: Any, names: tuple[str, ...], dialect: DefaultDialect) -> Ready | None:
    """None: it must go the ordinary way."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert isinstance(compiled, SQLCompiler)
    if compiled.positiontup is None or compiled.insert_prefetch or compiled.update_prefetch:
        return None
    if _translates(statement):
        return None
    places: list[str | None] = []
    fixed: list[Any] = []
    makers: list[Callable[[Any], Any] | None] = []
    for name in compiled.positiontup:
        bound = compiled.binds[name]
        if bound.expanding or bound.literal_execute or bound.callable is not None:
            return None
        make = bound.type.dialect_impl(dialect).bind_processor(dialect)
        is_given = bound.key in names
        if not is_given and bound.required:
            return None  # the ordinary way says what is wrong
        places.append(bound.key if is_given else None)
        fixed.append(None if is_given else bound.value if make is None else make(bound.value))
        makers.append(make)
    return Ready(str(compiled), tuple(places), tuple(fixed), tuple(makers))


def _translates(statement: Any) -> bool:
    """Whether what it brings might not be simply what the driver says."""
    columns: Iterable[ColumnElement[Any]] = getattr(statement, "exported_columns", ())
    return not all(isinstance(column.type, _AS_THEY_COME) for column in columns)
