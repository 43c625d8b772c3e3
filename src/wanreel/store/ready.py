"""Statements that are made ready once, for connections that run the same hundred again and again.

SQLAlchemy works out anew at each execution what a statement's text is, where its values go and what its rows are like;
that costs several times what a database itself takes. Here it does so when one and the same statement object is run for
the second time, and what came of that is kept for as long as the object lives. Statements that are made as they are
run, or whose text hangs on their values (`IN`), go the ordinary way. What is different from database to database is
told: `prepared.py` and `postgres/prepared.py`.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Values = Mapping[str, Any]
Layout = Callable[[Values], Sequence[Any]]
"""What puts the values that are given into the order of a statement's places."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value goes in a statement's text."""

    name: str
    type: TypeEngine[Any]
    make: Callable[[Any], Any] | None  # what SQLAlchemy would make of a value for the driver; None: nothing
    is_given: bool
    fixed: Any  # what goes there each time, where nothing is given


class Ready:
    """A statement's text, and how its values are laid out, for the names of values it was made ready for."""

    __slots__ = ("row", "text", "values")

    def __init__(self, text: str, values: Layout) -> None:
        self.text = text
        self.values = values
        self.row: Callable[[Sequence[Any]], Any] | None = None  # makes a row; known once it has been run


class Statements:
    """The statements that connections of one kind have run."""

    def __init__(
        self,
        lay_out: Callable[[Sequence[Place]], Layout | None],
        plain: Callable[[TypeEngine[Any], DefaultDialect], bool],
    ) -> None:
        """`lay_out`: how values are made; None where it must go the ordinary way. `plain`: whether what the driver
        brings of such a column is what it is to be.
        """
        self._lay_out = lay_out
        self._plain = plain
        self._known: WeakKeyDictionary[Any, dict[tuple[str, ...], Ready | None]] = WeakKeyDictionary()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._known)

    def ready(self, statement: Any, names: tuple[str, ...], dialect: DefaultDialect) -> Ready | None:
        """One that is to be run with values of these names; None: it must go the ordinary way."""
        known = self._known.get(statement)
        if known is None:
            self._known[statement] = {}  # seen once: if it comes again it is worth the while
            return None
        try:
            return known[names]
        except KeyError:
            made = known[names] = self._made(statement, names, dialect)
            return made

    def _made(self, statement: Any, names: tuple[str, ...], dialect: DefaultDialect) -> Ready | None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        assert isinstance(compiled, SQLCompiler)
        if compiled.positiontup is None or compiled.insert_prefetch or compiled.update_prefetch:
            return None
        columns: Iterable[ColumnElement[Any]] = getattr(statement, "exported_columns", ())
        if not all(self._plain(column.type, dialect) for column in columns):
            return None
        places: list[Place] = []
        for name in compiled.positiontup:
            bound = compiled.binds[name]
            if bound.expanding or bound.literal_execute or bound.callable is not None:
                return None
            is_given = bound.key in names
            if not is_given and bound.required:
                return None  # the ordinary way says what is wrong
            make = bound.type.dialect_impl(dialect).bind_processor(dialect)
            places.append(Place(bound.key, bound.type, make, is_given, None if is_given else bound.value))
        values = self._lay_out(places)
        return None if values is None else Ready(str(compiled), values)


class Prepared:
    """Takes the place of a SQLAlchemy connection in pieces of work. One thread uses it at a time."""

    statements: ClassVar[Statements]

    def __init__(self, conn: Connection) -> None:
        self.ordinary = conn
        self.dialect: DefaultDialect = conn.dialect  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ordinary, name)

    def execute(self, statement: Any, given: Values | list[Values] | None = None, **more: Any) -> Any:
        """As SQLAlchemy's; see the `Rows` of each database for what comes of it."""
        first: Values = (given[0] if given else {}) if isinstance(given, list) else given or {}
        ready = None if more else self.statements.ready(statement, tuple(first), self.dialect)
        if ready is None:
            return spelt_out(self, statement, given, **more)
        return self._run_many(ready, given) if isinstance(given, list) else self._run(ready, first)

    def _run(self, ready: Ready, given: Values) -> Any:
        raise NotImplementedError

    def _run_many(self, ready: Ready, given: list[Values]) -> Any:
        raise NotImplementedError


def spelt_out(conn: Prepared, statement: Any, given: Values | list[Values] | None = None, **more: Any) -> Any:
    """Run a statement the ordinary way, whatever is known of it: where somebody listens to what is said."""
    return conn.ordinary.execute(statement, given, **more)


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
    return cast("Callable[[Sequence[Any]], Any]", made._make)
