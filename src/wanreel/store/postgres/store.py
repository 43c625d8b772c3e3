"""Jobs, slots and outbox in a PostgreSQL database that other processes, on other machines, work in as well.

A piece of work is a transaction of its own, on one of a few connections; PostgreSQL itself lets those that commit at
the same time share an fsync. What must not be read before it is guarded takes its turn first (`sql/locks`). Two that
met all the same (a row that both wanted to be the first to write, a deadlock) are told so by the database, and the
later one is done again from its beginning.

Nothing is kept in a session, so that a pooler may give each transaction another one. No transaction outlives a process
that stands still: the database ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Double, Table, cast, func, select, text, update

from wanreel.domain.errors import Unavailable
from wanreel.domain.event import Change, SlotKey
from wanreel.domain.group import Group
from wanreel.domain.job import Job
from wanreel.domain.policy import Policy
from wanreel.ports.feed import HAPPENINGS, JOBS, Happening
from wanreel.ports.jobs import Claim
from wanreel.ports.watching import Told
from wanreel.store.doors import Doors
from wanreel.store.postgres import opening
from wanreel.store.postgres.faults import AGAIN, code_of, translated
from wanreel.store.postgres.line import ANSWER_S, Line, Watch
from wanreel.store.postgres.nudges import Nudges, is_direct
from wanreel.store.postgres.sessions import CLOSE_S, CONFUSED, Piece, Sessions
from wanreel.store.sql import feed
from wanreel.store.sql.claims import Limits
from wanreel.store.sql.tables import deliveries, history, jobs, messages, notices
from wanreel.store.writer import Work

T = TypeVar("T")

STALL_S = 5.0  # a process that stands still in a transaction loses it after so long, and with it what it held up
TRIES_MAX = 8
_BOUNDS = (
    f"SET LOCAL idle_in_transaction_session_timeout = '{STALL_S:.0f}s'; "
    f"SET LOCAL statement_timeout = '{ANSWER_S / 2:.0f}s'"
)
_WRITES = f"BEGIN; {_BOUNDS}"
_READS = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_STANDS_STILL = text(  # where a statement was sent and its values were not, the two bounds above are not heard
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usename = current_user AND pid <> pg_backend_pid() AND state = 'active' AND wait_event = 'ClientRead' "
    "AND query NOT ILIKE 'copy%' AND state_change < clock_timestamp() - make_interval(secs => :still_s)"
)
_TIME = select(cast(func.extract("epoch", func.clock_timestamp()), Double))
_WIPED: tuple[Table, ...] = (jobs, history, notices, messages, deliveries)


class PostgresStore(Doors):
    """All doors of `ports` to a store over a database: `async with` it, in the loop it is used in."""

    def __init__(self, url: str, limits: Limits, policy: Policy, name: str = "", listen_url: str | None = None) -> None:
        """`limits` says how many tasks of a key may run at once; `name` is this process's among others, whose writes
        it hears of through `listen_url` (`nudges`); without a name it neither speaks nor listens. Raises Invalid: no
        URL of a PostgreSQL database.
        """
        super().__init__(limits, policy)
        self.url = opening.check_url(url)
        self.at = opening.where(self.url)
        self._watch = Watch(Line(self.url))
        self._sessions: Sessions | None = None
        self._may_be_direct = listen_url is None  # else it goes, or may go, through a pooler
        self._under_way: set[asyncio.Task[Any]] = set()
        self._nudges = Nudges(self.url, name, listen_url) if name else None
        self.nudges = self._nudges
        self._unsure: list[tuple[str, float]] = []  # claims that may have been made, though we were not told

    async def __aenter__(self) -> Self:
        """Raises Unavailable, in words: not reachable, not let in, not migrated."""
        if self._sessions is None:
            made = opening.engine(self.url)
            try:
                await opening.in_words(made, self.at, lambda conn: opening.look(conn, self.at))
            finally:
                await made.dispose()
            named = self._may_be_direct and await is_direct(self.url)
            self._sessions = Sessions(
                opening.engine(self.url, watched=True), opening.POOL, self._watch, self.at, named=named
            )
            self._watch.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what was handed in, and let go."""
        self._watch.hurry()
        while self._under_way:
            await asyncio.wait(self._under_way)
        if self._nudges is not None:
            await self._nudges.close()
        sessions, self._sessions = self._sessions, None
        if sessions is not None:
            await sessions.close()
        await self._watch.close()

    # --- what is done otherwise where several write ------------------------------------------------------------------

    async def claim(self, claim: Claim) -> list[Job]:
        """Due jobs of a lane, claimed for their new owner. A claim whose answer was lost is given back by the next."""
        unsure, self._unsure = self._unsure, []
        try:
            for owner, until in unsure:
                await self._write(lambda conn, owner=owner, until=until: _give_back(conn, owner, until))
            unsure = []
            return await super().claim(claim)
        except Unavailable:
            self._unsure += [*unsure, (claim.owner, claim.until)]
            raise

    async def add(self, jobs: Sequence[Job], group: Group | None = None) -> list[Job]:
        """Store new jobs, and say so to whoever works them."""
        stored = await super().add(jobs, group)
        self._say(JOBS, HAPPENINGS)
        return stored

    async def commit(self, change: Change, owner: str | None = None) -> Job:
        """Write a change whole. What nobody who works the jobs has written is news to those who do."""
        job = await super().commit(change, owner)
        self._say(HAPPENINGS, *([JOBS] if owner is None else []))
        return job

    async def begin(self, change: Change, now: float, quiet_s: float, claimed_until: float) -> bool:
        """Commit a change to Submitting if a slot is free now."""
        begun = await super().begin(change, now, quiet_s, claimed_until)
        if begun:
            self._say(HAPPENINGS)
        return begun

    async def resume(self, key: SlotKey, project: str = "") -> int:
        """End what was held by hand on a key."""
        ended = await super().resume(key, project)
        self._say(JOBS)
        return ended

    async def lift(self, account: str | None) -> int:
        """End the parks of an account."""
        ended = await super().lift(account)
        if ended:
            self._say(JOBS)
        return ended

    async def clear(self, model: str | None) -> int:
        """Somebody has looked at the price of a model: it is sent again."""
        ended = await super().clear(model)
        self._say(JOBS)
        return ended

    async def since(self, seq: int, limit: int, subject: str | None = None) -> list[Happening]:
        """What happened after number `seq`, oldest first; what has no number yet gets one."""
        await self._number()
        return await super().since(seq, limit, subject)

    async def newest(self) -> int:
        """The number of the last thing that happened; 0 when nothing has."""
        await self._number()
        return await super().newest()

    async def told_since(self, mark: int | None) -> Told:
        """What began and ended to run after a mark; what has no number yet gets one."""
        await self._number()
        return await super().told_since(mark)

    async def bury(self, now: float) -> int:
        """Give back what the silent had claimed, and end what they hold up in the database; how many jobs that were."""
        await self._read(lambda conn: conn.execute(_STANDS_STILL, {"still_s": STALL_S}).scalar_one())
        return await super().bury(now)

    async def time(self) -> float:
        """What the database's clock says: seconds since the epoch, UTC. For the Clock alone; no statement reads it."""
        return float(await self._read(lambda conn: conn.execute(_TIME).scalar_one()))

    async def carry(self, work: Work[T]) -> T:
        """Do a long piece of work, once, without the bounds of ordinary ones: all of it, or nothing."""
        made = opening.engine(self.url)
        try:
            return await opening.in_words(made, self.at, work)
        finally:
            await made.dispose()

    async def look(self, work: Work[T]) -> T:
        """Read for long, at one moment of the database."""
        return await self._read(work)

    def _say(self, *topics: str) -> None:
        if self._nudges is not None and self._sessions is not None:
            self._nudges.say(self._sessions, *topics)

    async def _number(self) -> None:
        if await self._read(feed.waiting):
            await self._write(feed.number)

    # --- connections ------------------------------------------------------------------------------------------------

    async def _write(self, work: Work[T]) -> T:
        """As `Doors`; it is done to its end even if whoever asked is cancelled meanwhile."""
        task = asyncio.get_running_loop().create_task(self._tried(work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _tried(self, work: Work[T]) -> T:
        """Again from the beginning where that is safe: nothing was written, and the database said so."""
        for tried in range(1, TRIES_MAX + 1):
            piece = Piece(_WRITES)
            try:
                return await self._open().do(piece, work)
            except Exception as error:
                lost = piece.cut and not piece.committing and tried == 1 and not self._watch.away
                if tried < TRIES_MAX and (lost or code_of(error) in AGAIN or self._confused(error)):
                    continue
                ours = translated(error, self.at)
                if ours is error:
                    raise
                raise ours from error
        raise AssertionError  # the last try returns or raises

    async def _read(self, work: Work[T]) -> T:
        """All of `work` sees one moment of the database."""
        for tried in range(3):
            piece = Piece(_READS)
            try:
                return await self._open().do(piece, work)
            except Exception as error:
                lost = piece.cut and tried == 0 and not self._watch.away  # a restart has left us dead connections
                if tried < 2 and (lost or self._confused(error)):
                    continue
                ours = translated(error, self.at)
                if ours is error:
                    raise
                raise ours from error
        raise AssertionError  # the last try returns or raises

    def _open(self) -> Sessions:
        if self._sessions is None:
            raise Unavailable("the database is closed")
        return self._sessions

    def _confused(self, error: Exception) -> bool:
        """Whether a session did not know what we thought it knew: a pooler has come between us. None is asked to keep
        anything from now on, and the same can be done again.
        """
        confused = code_of(error) in CONFUSED
        if confused and self._sessions is not None:
            self._sessions.named = False
        return confused

    async def _erase(self, work: Work[T]) -> T:
        """Write something that deletes for good: the space of what was deleted is cleared at once, not some day."""
        done = await self._write(work)
        try:
            driver = await Line(self.url).connect(command_timeout=ANSWER_S)
            try:
                for table in _WIPED:
                    await driver.execute(f"VACUUM {table.name}")
            finally:
                await driver.close(timeout=CLOSE_S)
        except Exception as error:
            ours = translated(error, self.at)
            if ours is error:
                raise
            raise ours from error
        return done


def _give_back(conn: Connection, owner: str, until: float) -> None:
    same = (jobs.c.claim_owner == owner) & (jobs.c.claim_until == until)
    conn.execute(update(jobs).where(same).values(claim_owner=None, claim_until=None))
