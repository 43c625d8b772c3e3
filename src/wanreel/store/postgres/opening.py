"""Opening a PostgreSQL database: is it there, is it ours, is it of a version we can work with; and migrating it.

A migration is a decision of its own (`wanreel db migrate`), for other machines work in the database meanwhile. So one
that is older than we need is refused in words; one that is newer is worked in, as long as it says that a wanreel of
our age may: migrations only add, and the release before goes on running beside them.
"""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy import URL, Connection, insert, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from wanreel.domain.errors import Invalid, Unavailable
from wanreel.store.opening import HEAD, migrate
from wanreel.store.postgres.dialect import NAME
from wanreel.store.postgres.faults import translated
from wanreel.store.postgres.line import ANSWER_S, Line
from wanreel.store.sql import locks
from wanreel.store.sql.tables import about
from wanreel.store.writer import Work

T = TypeVar("T")

POOL = 8  # connections of one process
OLDEST = "oldest"  # in `about`: the newest revision that code must know of to work in this database


def where(url: str) -> str:
    """The database in words, without what opens it."""
    parts = urlsplit(url)
    host = parts.hostname or "this machine"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.path.lstrip('/') or parts.username or '?'} at {host}{port}"


def check_url(url: str) -> str:
    """A URL as the driver takes it. Raises Invalid."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"WANREEL_DATABASE_URL is no URL: {error}") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise Invalid(
            f"WANREEL_DATABASE_URL must be postgresql://user:password@host:port/database, not '{parts.scheme}:'; "
            "leave it out to keep jobs in a file of the home."
        )
    Line(url.strip())
    return url.strip()


def engine(url: str, *, watched: bool = False) -> AsyncEngine:
    """Connections to the database, made when they are needed. `watched`: a watch is kept on whoever waits in one, so
    that the driver need not keep count of the time itself. Raises Invalid.
    """
    told = {"line": Line(check_url(url)), "command_timeout": None if watched else ANSWER_S}
    return create_async_engine(
        URL.create(NAME), connect_args=told, pool_size=POOL, max_overflow=0, pool_timeout=ANSWER_S
    )


def revision(conn: Connection) -> str | None:
    """The schema's revision; None in a database without tables of ours. Raises Unavailable where they are another's."""
    names = set(inspect(conn).get_table_names())
    if "alembic_version" not in names and "jobs" not in names:
        return None
    if "alembic_version" not in names or "jobs" not in names:
        raise Unavailable("its tables are those of some other program; nothing was changed. Choose another database.")
    found = conn.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return "" if found is None else str(found[0])


def must_fit(found: str | None, oldest: str, at: str) -> None:
    """Raises Unavailable where we cannot work in a database of this revision."""
    if found is None:
        raise Unavailable(f"the database {at} is empty: run `wanreel db migrate` once, before anything else")
    if found < HEAD:
        raise Unavailable(
            f"the database {at} is older than this wanreel (its revision is {found}, needed is {HEAD}): run "
            "`wanreel db migrate`. What runs on it now may go on meanwhile."
        )
    if oldest > HEAD:
        raise Unavailable(
            f"the database {at} is for a newer wanreel (it asks for revision {oldest}, this one knows up to {HEAD}). "
            "Upgrade wanreel; nothing was changed."
        )


def oldest_of(conn: Connection) -> str:
    """What code must know of to work here."""
    return conn.execute(select(about.c.value).where(about.c.name == OLDEST)).scalar() or ""


def look(conn: Connection, at: str) -> None:
    """Raises Unavailable unless we can work here."""
    found = revision(conn)
    must_fit(found, oldest_of(conn) if found is not None and found >= HEAD else "", at)


def upgrade(conn: Connection) -> tuple[str | None, str]:
    """Bring the schema to HEAD in the transaction that was begun; from which revision to which. One at a time."""
    locks.take(conn, "migration")
    before = revision(conn)
    if before is not None and before >= HEAD:
        return before, before
    migrate(conn)
    return before, HEAD


def say_about(conn: Connection, name: str, value: str) -> None:
    """Write down something about the database itself."""
    if conn.execute(update(about).where(about.c.name == name).values(value=value)).rowcount == 0:
        conn.execute(insert(about), {"name": name, "value": value})


async def in_words(made: AsyncEngine, at: str, work: Work[T]) -> T:
    """Do `work` in a transaction of its own, with errors in our words. Raises Unavailable."""
    try:
        async with made.begin() as conn:
            return await conn.run_sync(work)
    except Exception as error:
        ours = translated(error, at)
        if ours is error:
            raise
        raise ours from error
