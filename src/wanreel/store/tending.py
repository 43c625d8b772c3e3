"""Looking after a database as a whole: which version it is, making it the newest, moving it, keeping copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, func, select

from wanreel.domain.errors import Conflict, NotFound
from wanreel.domain.event import SlotKey
from wanreel.domain.policy import Policy
from wanreel.money.books import Books
from wanreel.store import carrying, opening
from wanreel.store.choosing import FILE, postgres_room
from wanreel.store.sql.tables import jobs

_SPOOLED = '"spooled":{'  # in the text of a job whose clip lies in the spool


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


async def copy(url: str, home: Path) -> dict[str, int]:
    """Carry a home's file into the database at `url`, and close the file for good; the home's lock must be held. How
    many rows of each table. Raises Conflict (the database holds jobs), NotFound, Invalid, Unavailable.
    """
    room = postgres_room()
    path, at = _there(home / FILE), room.opening.where(url)

    def put(target: Connection) -> dict[str, int]:
        with carrying.reading_file(path, closed_too=True) as source:
            return carrying.carry(source, target)

    async with room.PostgresStore(url, _no_limit, Policy()) as target:
        # closed before anything is there: never two databases that would both send
        with carrying.writing_file(path, closed_too=True) as source:
            if source.execute(select(jobs.c.id).where(jobs.c.body.contains(_SPOOLED, autoescape=True))).first():
                raise Conflict("clips lie in the spool: wait until your storage has taken them, then copy")
            first = carrying.closed(source) is None
            carrying.close_for_good(source, f"its jobs are in {at}: set WANREEL_DATABASE_URL, or name another home")
        try:
            carried: dict[str, int] = await target.carry(put)
        except Conflict:
            if first:  # refused before anything was carried; in any other case nobody knows, and copying again tells
                with carrying.writing_file(path, closed_too=True) as source:
                    carrying.open_again(source)
            raise
    return carried


async def backup(url: str | None, home: Path, file: Path, now: float) -> dict[str, int]:
    """Write all that stands in the database at one moment into a new file; whoever works goes on. How many rows of each
    table. `now` is of a file's calls; those of a shared database go by its own clock. Raises Conflict (there is such a
    file), NotFound, Invalid, Unavailable.
    """
    _must_be_new(file)
    draft = file.with_name(f"{file.name}.part")
    draft.unlink(missing_ok=True)

    def take(source: Connection, at: float) -> dict[str, int]:
        with carrying.writing_file(draft) as target:
            carried = carrying.carry(source, target)
            carrying.mark_taken(target, at)
        return carried

    if url is None:
        with carrying.reading_file(home / FILE) as source:
            carried = take(source, now)
    else:
        async with postgres_room().PostgresStore(url, _no_limit, Policy()) as store:
            at = await store.time()
            carried = await store.look(partial(take, at=at))
    opening.empty_side_file(draft, opening.BUSY_S)
    draft.replace(file)
    return carried


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has done: the rows of each table, and how many jobs are looked for before they are sent."""

    rows: Mapping[str, int]
    in_doubt: int
    taken_at: float


async def restore(
    url: str | None, home: Path, file: Path, policy: Policy, books: Books, chance: carrying.Chance
) -> Restored:
    """Carry a backup into a database that holds no jobs; where that is shared, its clock says when. Raises Conflict,
    NotFound, Invalid, Unavailable.
    """
    with TemporaryDirectory() as folder:
        own = Path(folder) / FILE  # an older backup is brought to this version, and stays as it is itself
        shutil.copyfile(_there(file), own)
        with carrying.reading_file(own) as source:
            taken_at = carrying.taken_at_of(source)

            def put(target: Connection, chance: carrying.Chance) -> tuple[dict[str, int], int]:
                rows = carrying.carry(source, target)
                return rows, carrying.start_in_doubt(target, taken_at, policy, books, chance)

            if url is None:
                with carrying.writing_file(home / FILE) as target:
                    rows, in_doubt = put(target, chance)
            else:
                async with postgres_room().PostgresStore(url, _no_limit, policy) as store:
                    theirs = replace(chance, now=await store.time())
                    rows, in_doubt = await store.carry(partial(put, chance=theirs))
    return Restored(rows, in_doubt, taken_at)


def _must_be_new(file: Path) -> None:
    if file.exists():
        raise Conflict(f"there is a file {file} already; a backup overwrites nothing")


def _no_limit(_key: SlotKey) -> int:
    return 0


def _there(file: Path) -> Path:
    if not file.is_file():
        raise NotFound(f"there is no file {file}")
    return file
