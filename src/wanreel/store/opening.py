"""Opening a database file: is it ours, is it of a version we know, does it need upgrading; and how to connect to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from wanreel.domain.errors import Unavailable
from wanreel.store.disk import network_file_system
from wanreel.store.faults import translated
from wanreel.store.writer import driver_of

HEAD = "0017"  # the newest revision in store/migrations; a test compares
CLOSED = "closed"  # in `about`: why nobody works in it any more, in words
BUSY_S = 15.0  # how long to wait while another process writes

_MIGRATIONS = Path(__file__).parent / "migrations"
_WAL_BYTES_MAX = 64 * 1024 * 1024  # what the side file is cut back to after a checkpoint
_STATEMENTS = 400  # that a connection holds ready
_SETTINGS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",  # an intent must be on the disk before the paid call
    f"PRAGMA journal_size_limit = {_WAL_BYTES_MAX}",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 4000",  # pages: each is moved into the file less often, and synced with more others
)
_WRITING = "PRAGMA cache_size = -16000"  # KiB: what is written next lies where the last was, in every index


def engine(path: Path, busy_s: float, *, read_only: bool = False) -> Engine:
    """Connections to the file in autocommit: transactions are begun and ended by name. Whoever opens one keeps it."""
    made = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        isolation_level="AUTOCOMMIT",
        connect_args={"check_same_thread": False, "timeout": busy_s, "cached_statements": _STATEMENTS},
        poolclass=NullPool,
    )

    def on_connect(driver: Any, _record: Any) -> None:
        for setting in _SETTINGS:
            driver.execute(setting)
        driver.execute("PRAGMA query_only = ON" if read_only else _WRITING)

    event.listen(made, "connect", on_connect)
    return made


def empty_side_file(path: Path, busy_s: float) -> None:
    """Move everything out of the write-ahead log and cut it; left for later while somebody reads."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=busy_s, isolation_level=None)) as driver:
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def prepare(path: Path, busy_s: float, *, closed_too: bool = False) -> None:
    """Make the file if there is none, upgrade it if it is older. Raises Unavailable and leaves it alone otherwise, also
    where it was closed for good.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = network_file_system(path.parent)
        if kind is not None:
            raise Unavailable(
                f"{path.parent} lies on a network file system ({kind}), where SQLite can lose data. "
                "Use a home on a local disk (--home or WANREEL_HOME)."
            )
        if path.is_dir():
            raise Unavailable(
                f"{path} is a folder, where the database should be. Move it away, or choose another home."
            )
        if revision_of_file(path, closed_too=closed_too) != HEAD:
            _upgrade(path, busy_s)
    except (OSError, sqlite3.Error) as error:
        raise _in_words(error, path) from error


def revision_of_file(path: Path, *, closed_too: bool = True) -> str | None:
    """The file's revision, read without writing anything; None when there is nothing in it yet. Raises Unavailable."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as driver:
        revision = _revision(driver, path)
        if not closed_too:
            _must_be_open(driver, path)
        return revision


def _must_be_open(driver: sqlite3.Connection, path: Path) -> None:
    """Raises Unavailable where all that was in it has moved away."""
    if driver.execute("SELECT name FROM sqlite_master WHERE name = 'about'").fetchone() is None:
        return
    closed = driver.execute("SELECT value FROM about WHERE name = ?", (CLOSED,)).fetchone()
    if closed is not None:
        raise Unavailable(f"the database {path} is closed: {closed[0]}")


def _revision(driver: sqlite3.Connection, path: Path) -> str | None:
    names = {name for (name,) in driver.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not names:
        return None
    if "alembic_version" not in names or "jobs" not in names:
        raise Unavailable(f"{path} is a database of some other program; nothing was changed. Choose another home.")
    found = driver.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = "" if found is None else str(found[0])
    if revision > HEAD:
        raise Unavailable(
            f"the database {path} was written by a newer wanreel (its revision is {revision}, this one knows up to "
            f"{HEAD}). Upgrade wanreel, or use another home. The file was not touched."
        )
    return revision


def _upgrade(path: Path, busy_s: float) -> None:
    """Bring the file to HEAD in one transaction that other processes wait for."""
    made = engine(path, busy_s)
    try:
        with made.connect() as conn:
            _use_wal(driver_of(conn), path)
            with conn.begin():  # Alembic leaves a transaction alone that it finds begun; SQLite's own begins here:
                driver_of(conn).execute("BEGIN IMMEDIATE")
                if _revision(driver_of(conn), path) != HEAD:  # another process may have been faster
                    migrate(conn)
    except Exception as error:
        ours = translated(error, path)
        if ours is error:
            raise
        raise ours from error
    finally:
        made.dispose()


def _use_wal(driver: sqlite3.Connection, path: Path) -> None:
    mode = driver.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise Unavailable(f"{path.parent} cannot hold a database: its file system knows no shared memory.")


def migrate(conn: Connection) -> None:
    """Bring the tables to HEAD, in the transaction that was begun."""
    # slow to import, and needed once in the life of a home
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _in_words(error: OSError | sqlite3.Error, path: Path) -> BaseException:
    if isinstance(error, sqlite3.Error):
        return translated(error, path)
    return Unavailable(f"{path.parent} cannot be used: {error.strerror}. Choose a folder you may write to (--home).")
