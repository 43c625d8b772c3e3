"""Carrying everything a database holds into another one, of either kind, in one transaction of the other.

A backup is a database in a file, whatever it was taken from, and is restored into either kind. What was sent after it
was taken is not known any more: in a restored database every job that might have been sent since starts in doubt, so
that its task is looked for before anything is paid for again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Integer, delete, func, insert, select, update

from wanreel.domain.errors import Conflict, NotFound
from wanreel.domain.event import Lost, SubmitBegun
from wanreel.domain.job import Intent, Job, Queued
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy
from wanreel.money.books import Books
from wanreel.store import opening
from wanreel.store.rows import job_of
from wanreel.store.sql import changes, locks
from wanreel.store.sql.tables import about, jobs, leases, metadata
from wanreel.store.writer import driver_of

_AT_ONCE = 500
_OF_THE_FILE = ("taken_at", opening.CLOSED)  # what is said about a database and not about what is in it
TAKEN_AT, EPOCH = "taken_at", "epoch"  # in `about`: when a backup was taken; which life of the database this is
WHY = "the database was restored from a backup that was taken before: it may have been sent since"


@dataclass(frozen=True, slots=True)
class Chance:
    """What a restore needs of the clock."""

    now: float
    new_id: Callable[[str], str]
    draw: Callable[[], float]


@contextmanager
def reading_file(path: Path, *, closed_too: bool = False) -> Generator[Connection]:
    """One moment of a database in a file. Raises NotFound, Unavailable."""
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    opening.prepare(path, opening.BUSY_S, closed_too=closed_too)
    made = opening.engine(path, opening.BUSY_S, read_only=True)
    try:
        with closing(made.connect()) as conn:
            driver_of(conn).execute("BEGIN")
            yield conn
    finally:
        made.dispose()


@contextmanager
def writing_file(path: Path, *, closed_too: bool = False) -> Generator[Connection]:
    """A transaction in a database in a file, made if there is none. Raises Unavailable."""
    opening.prepare(path, opening.BUSY_S, closed_too=closed_too)
    made = opening.engine(path, opening.BUSY_S)
    try:
        with closing(made.connect()) as conn:
            driver_of(conn).execute("BEGIN IMMEDIATE")
            yield conn
            driver_of(conn).execute("COMMIT")
    finally:
        made.dispose()


def carry(source: Connection, target: Connection) -> dict[str, int]:
    """All rows, into a database without jobs; how many of each table. Nobody has a claim there. Raises Conflict."""
    if target.execute(select(jobs.c.id).limit(1)).first() is not None:
        raise Conflict("there are jobs in it already: everything is carried into an empty database, and into no other")
    carried: dict[str, int] = {}
    for table in metadata.sorted_tables:
        target.execute(delete(table))
        if table is leases:
            continue
        count = 0
        found = select(table) if table is not about else select(table).where(about.c.name.not_in(_OF_THE_FILE))
        for rows in source.execute(found).mappings().partitions(_AT_ONCE):
            target.execute(insert(table), [dict(row) for row in rows])
            count += len(rows)
        carried[table.name] = count
    target.execute(update(jobs).values(claim_owner=None, claim_until=None))
    if locks.concurrent(target):
        _count_on(target)
    return carried


def _count_on(target: Connection) -> None:
    """Numbers that count up go on behind the last one that was carried."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None and column.autoincrement is True:
            last = target.execute(select(func.max(column))).scalar() or 0
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            target.execute(select(func.setval(sequence, last + 1, False).cast(Integer)))


def start_in_doubt(target: Connection, taken_at: float, policy: Policy, books: Books, chance: Chance) -> int:
    """Put every job that has not been sent, as far as is known, into doubt; how many. Those whose call was in the air
    are found without an owner, like those of any process that has died; those with a task are asked after.
    """
    waiting = target.execute(select(jobs.c.body).where(jobs.c.state == "queued").order_by(jobs.c.id)).scalars().all()
    for text in waiting:
        _doubt(target, job_of(text), taken_at, policy, books, chance)
    _say(target, EPOCH, chance.new_id("epo"))
    return len(waiting)


def _doubt(target: Connection, job: Job, taken_at: float, policy: Policy, books: Books, chance: Chance) -> None:
    assert isinstance(job.state, Queued)
    intent = Intent(chance.new_id("int"), taken_at, chance.now, "")
    begun = books.enter(job, transition(job, SubmitBegun(intent), chance.now, policy, chance.draw()))
    changes.write(target, begun, policy)
    lost = transition(begun.job, Lost(intent.id, WHY), chance.now, policy, chance.draw())
    changes.write(target, books.enter(begun.job, lost), policy)


def taken_at_of(source: Connection) -> float:
    """When a backup was taken. Raises NotFound: it is none."""
    told = source.execute(select(about.c.value).where(about.c.name == TAKEN_AT)).scalar()
    if told is None:
        raise NotFound("this is no backup: `wanreel db backup` makes one")
    return float(told)


def mark_taken(target: Connection, at: float) -> None:
    """This is a backup, taken at an instant."""
    _say(target, TAKEN_AT, repr(at))


def closed(source: Connection) -> str | None:
    """Why a database is closed, in words; None for one that is not."""
    return source.execute(select(about.c.value).where(about.c.name == opening.CLOSED)).scalar()


def close_for_good(source: Connection, words: str) -> None:
    """Nothing is written there any more, by whoever has it open; it is refused in these words when it is opened."""
    _say(source, opening.CLOSED, words)
    for name, table, deed in _guards():
        driver_of(source).execute(
            f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {deed} ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'its jobs have moved to another database'); END"
        )


def open_again(source: Connection) -> None:
    """As if it had never been closed."""
    source.execute(delete(about).where(about.c.name == opening.CLOSED))
    for name, _, _ in _guards():
        driver_of(source).execute(f"DROP TRIGGER IF EXISTS {name}")


def _guards() -> list[tuple[str, str, str]]:
    return [
        (f"closed_{table}_{deed.lower()}", table, deed)
        for table in ("jobs", "history", "ledger")
        for deed in ("INSERT", "UPDATE", "DELETE")
    ]


def _say(conn: Connection, name: str, value: str) -> None:
    conn.execute(delete(about).where(about.c.name == name))
    conn.execute(insert(about), {"name": name, "value": value})
