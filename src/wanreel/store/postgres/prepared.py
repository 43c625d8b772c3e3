"""A connection to PostgreSQL whose statements are made ready once (`store.ready`) and run past SQLAlchemy from then on.

Where a session stays ours, PostgreSQL keeps a statement ready there too, under a name: from then on it is sent by its
name, neither read nor planned again, in one way there and back. Through a pooler it has no name, and lasts as long as
its transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, cast

from sqlalchemy import Connection
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import Boolean, Float, Integer, NullType, String, TypeEngine
from sqlalchemy.util import await_

from wanreel.store.ready import Layout, Listed, Place, Prepared, Ready, Statements, Values, row_of

_AS_THEY_COME = (Boolean, Float, Integer, NullType, String)
_COUNT = re.compile(r"(?:SELECT|UPDATE|DELETE|INSERT \d+) (\d+)")


class Runs(Protocol):
    """A session that statements are run in, past SQLAlchemy."""

    def alive(self) -> None:
        """It was answered."""
        ...

    async def run(self, text: str, values: Sequence[Any]) -> tuple[list[Any], str]:
        """A statement's rows, and what PostgreSQL says it has done."""
        ...

    async def run_many(self, text: str, values: list[Sequence[Any]]) -> None:
        """Run a statement that brings nothing for each of many lists of values."""
        ...


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


def _laid_out(places: Sequence[Place]) -> Layout:
    """As the driver takes them."""
    parts = [
        (place.name if place.is_given else None, _fixed(place), place.make if place.is_given else None)
        for place in places
    ]
    return lambda given: [
        fixed if name is None else given[name] if make is None else make(given[name]) for name, fixed, make in parts
    ]


def _fixed(place: Place) -> Any:
    return place.fixed if place.is_given or place.make is None else place.make(place.fixed)


def _plain(kind: TypeEngine[Any], _dialect: DefaultDialect) -> bool:
    return isinstance(kind, _AS_THEY_COME)


class OnPostgres(Prepared):
    """One to PostgreSQL, inside a transaction that has begun."""

    statements = Statements(_laid_out, _plain)

    def __init__(self, conn: Connection, session: Runs) -> None:
        super().__init__(conn)
        self._session = session

    def execute(self, statement: Any, given: Values | list[Values] | None = None, **more: Any) -> Any:
        """As SQLAlchemy's; see `Rows` for what comes of it. Whoever waits begins to wait now."""
        self._session.alive()
        return super().execute(statement, given, **more)

    def _run(self, ready: Ready, given: Values) -> Rows:
        rows, status = await_(self._session.run(ready.text, ready.values(given)))
        return Rows(rows, status, ready)

    def _run_many(self, ready: Ready, given: list[Values]) -> Rows:
        await_(self._session.run_many(ready.text, [ready.values(each) for each in given]))
        return Rows([], "", ready)


def prepared(conn: Connection, session: Runs) -> Connection:
    """The same connection to whoever runs statements on it, and quicker."""
    return cast("Connection", OnPostgres(conn, session))
