"""Statements that were made ready say and bring the same as those that are not."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Double,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from wanreel.store import opening
from wanreel.store.prepared import OnSqlite, prepared
from wanreel.store.ready import Prepared, spelt_out

_META = MetaData()
_BOATS = Table(
    "boats",
    _META,
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("length", Double),
)
_INSERT = insert(_BOATS)
_BY_LENGTH = select(_BOATS.c.name, _BOATS.c.length).where(_BOATS.c.length >= bindparam("least")).order_by(_BOATS.c.id)
_RENAME = update(_BOATS).where(_BOATS.c.id == bindparam("the_id")).values(name=bindparam("word"))
_COUNT = select(func.count().label("boats")).select_from(_BOATS).where(_BOATS.c.length > 2.5)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """A database with three boats in it."""
    engine = opening.engine(tmp_path / "boats.sqlite3", 5.0)
    with engine.connect() as ordinary:
        _META.create_all(ordinary)
        made = prepared(ordinary)
        for number, name in enumerate(("kite", None, "öl"), 1):
            made.execute(_INSERT, {"id": number, "name": name, "length": number + 0.5})
        yield made
    engine.dispose()


def _both(conn: Connection, statement: Any, given: Any = None) -> tuple[Any, Any]:
    """What a statement brings in the ordinary way, and when it is made ready."""
    assert isinstance(conn, Prepared)
    conn.execute(statement, given).all()
    return spelt_out(conn, statement, given), conn.execute(statement, given)


def test_rows_are_the_same(conn: Connection) -> None:
    """By name, by place, as mappings, as single values; whatever is asked of what came."""
    for take in (
        lambda found: [(row.name, row.length, row[0], tuple(row)) for row in found],
        lambda found: found.all(),
        lambda found: [dict(row) for row in found.mappings()],
        lambda found: [dict(row) for row in found.mappings().all()],
        lambda found: list(found.scalars()),
        lambda found: found.scalars().all(),
        lambda found: found.first(),
        lambda found: found.scalar(),
    ):
        ordinary, ready = (take(found) for found in _both(conn, _BY_LENGTH, {"least": 2.0}))
        assert ordinary == ready
    nothing = [found.first() for found in _both(conn, _BY_LENGTH, {"least": 9.0})]
    assert [None, None] == nothing


def test_values_that_stand_in_the_statement_are_kept(conn: Connection) -> None:
    """A figure that is no parameter goes along."""
    assert [1, 1] == [found.scalar_one() for found in _both(conn, _COUNT)]


def test_writes_are_counted(conn: Connection) -> None:
    """One at a time and many at once; names of values in any order."""
    for given in ({"the_id": 1, "word": "a"}, {"word": "b", "the_id": 2}, {"the_id": 99, "word": "c"}):
        conn.execute(_RENAME, given)
        assert (given["the_id"] != 99) == conn.execute(_RENAME, given).rowcount
    conn.execute(_RENAME, [{"the_id": n, "word": f"w{n}"} for n in (1, 2, 3)])
    assert ["w1", "w2", "w3"] == list(conn.execute(_BY_LENGTH, {"least": 0.0}).scalars())


def test_a_missing_value_is_refused_the_second_time_too(conn: Connection) -> None:
    """Nothing is guessed for what was not given."""
    for _ in range(3):
        with pytest.raises(SQLAlchemyError):
            conn.execute(_RENAME, {"the_id": 1})


def test_a_list_of_values_goes_the_ordinary_way(conn: Connection) -> None:
    """The text of `IN` hangs on how many there are."""
    some = select(_BOATS.c.id).where(_BOATS.c.id.in_(bindparam("ids", expanding=True)))
    assert [1, 3, 1] == [len(conn.execute(some, {"ids": list(range(n + 1))}).all()) for n in (1, 3, 1)]


def test_what_is_made_as_it_is_run_is_not_kept(conn: Connection) -> None:
    """Nothing grows with statements that are made anew each time."""
    gc.collect()
    before = len(OnSqlite.statements)
    for number in range(50):
        conn.execute(select(_BOATS.c.id).where(_BOATS.c.id == number)).first()
    gc.collect()
    assert len(OnSqlite.statements) <= before + 1  # SQLAlchemy keeps one of them, as the pattern for the others
