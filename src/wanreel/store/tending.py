"""Looking after a database as a whole, with nobody's work in it: which version it is, and making it the newest."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, func, select

from wanreel.store import opening
from wanreel.store.choosing import FILE, postgres_room
from wanreel.store.sql.tables import jobs


@dataclass(frozen=True, slots=True)
class Standing:
    """How a database stands. `revision` is None for one that has no tables yet."""

    kind: str  # sqlite, postgresql
    where: str
    revision: str | None
    newest: str = opening.HEAD
    jobs: Mapping[str, int] = field(default_factory=dict[str, int])  # by state

    @property
    def fits(self) -> bool:
        """Whether this wanreel can work in it as it is."""
        return self.revision is not None and self.revision >= self.newest


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration has done."""

    where: str
    before: str | None
    after: str


async def standing(url: str | None, home: Path) -> Standing:
    """How the database stands; nothing is made or changed. Raises Invalid, Unavailable."""
    if url is None:
        return _of_file(home / FILE)
    room = postgres_room()
    made = room.opening.engine(url)
    at = room.opening.where(url)
    try:
        revision = await room.opening.in_words(made, at, room.opening.revision)
        fits = revision is not None and revision >= opening.HEAD
        counts: dict[str, int] = await room.opening.in_words(made, at, by_state) if fits else {}
    finally:
        await made.dispose()
    return Standing("postgresql", at, revision, jobs=counts)


async def migrate(url: str | None, home: Path) -> Migrated:
    """Bring the database to the newest revision; others may go on working in it. Raises Invalid, Unavailable."""
    if url is None:
        before = _of_file(home / FILE).revision
        opening.prepare(home / FILE, opening.BUSY_S)
        return Migrated(str(home / FILE), before, opening.HEAD)
    room = postgres_room()
    made = room.opening.engine(url)
    at = room.opening.where(url)
    try:
        before, after = await room.opening.in_words(made, at, room.opening.upgrade)
    finally:
        await made.dispose()
    return Migrated(at, before, after)


def by_state(conn: Connection) -> dict[str, int]:
    """How many jobs there are, by state."""
    counted = select(jobs.c.state, func.count().label("jobs")).group_by(jobs.c.state).order_by(jobs.c.state)
    return {row.state: row.jobs for row in conn.execute(counted)}


def _of_file(path: Path) -> Standing:
    revision = opening.revision_of_file(path)
    if revision is None or revision < opening.HEAD:
        return Standing("sqlite", str(path), revision)
    engine = opening.engine(path, opening.BUSY_S, read_only=True)
    with closing(engine.connect()) as conn:
        counts = by_state(conn)
    engine.dispose()
    return Standing("sqlite", str(path), revision, jobs=counts)
