"""All doors of `ports` to jobs in a database, whichever it is: a method names the piece of work of `store/sql` it is.

Who carries a piece of work into the database, in one transaction, is the business of the stores built on this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from wanreel.domain.booking import Booking
from wanreel.domain.event import Change, Entry, Park, SlotKey
from wanreel.domain.facts import Facts
from wanreel.domain.group import Group
from wanreel.domain.job import Job
from wanreel.domain.mark import Mark, Marking
from wanreel.domain.policy import Policy
from wanreel.domain.runtimes import RunTime, RunTimes
from wanreel.domain.slots import Learned
from wanreel.domain.verdict import Pick, Review
from wanreel.money.budget import Budget, Stop, Used
from wanreel.money.ledger import Overrun, Posting
from wanreel.ports.census import Census
from wanreel.ports.feed import Happening, Nudges
from wanreel.ports.hooks import Announced
from wanreel.ports.jobs import Claim, Filter
from wanreel.ports.ledger import Slice
from wanreel.ports.notices import Owed
from wanreel.ports.overview import Line, Sight
from wanreel.ports.reviews import DueReview
from wanreel.ports.slots import Parked
from wanreel.ports.watching import Known, Told, Watched
from wanreel.store.access import SqlAccess
from wanreel.store.hooks import SqlHooks
from wanreel.store.keeping import DatabaseKeeping
from wanreel.store.sql import (
    census,
    changes,
    claims,
    copies,
    creates,
    due,
    feed,
    groups,
    learning,
    ledger,
    marks,
    outbox,
    overview,
    rates,
    reading,
    reviews,
    roll,
    slots,
    watching,
)
from wanreel.store.sql.claims import Limits
from wanreel.store.writer import Work

T = TypeVar("T")


class Doors:
    """The doors. A store says in `_write`, `_read` and `_erase` how a piece of work gets into its database."""

    def __init__(self, limits: Limits, policy: Policy) -> None:
        """`limits` says how many tasks of a key may run at once."""
        self._limits = limits
        self._policy = policy
        self.nudges: Nudges | None = None  # where other processes can be heard
        self.keeping = DatabaseKeeping(self._write, self._read, self._erase)

    async def time(self) -> float:
        """What the database's clock says, where it has one: seconds since the epoch, UTC."""
        raise NotImplementedError

    async def _write(self, work: Work[T]) -> T:
        """Do `work` whole or not at all, and return its result once that is durable. Raises what `work` raises."""
        raise NotImplementedError

    async def _read(self, work: Work[T]) -> T:
        """Do `work`, which writes nothing, on one moment of the database."""
        raise NotImplementedError

    async def _erase(self, work: Work[T]) -> T:
        """Write something that deletes for good."""
        raise NotImplementedError

    # --- jobs -------------------------------------------------------------------------------------------------------

    async def add(self, jobs: Sequence[Job], group: Group | None = None) -> list[Job]:
        """Store new jobs, all or none; see `ports.Jobs`. Raises Conflict (id taken), TaskTaken, Invalid."""
        return await self._write(lambda conn: changes.add(conn, jobs, self._policy, group))

    async def get(self, job_id: str) -> Job:
        """The job as it stands. Raises NotFound."""
        return await self._read(lambda conn: reading.get(conn, job_id))

    async def find(self, which: Filter) -> list[Job]:
        """Jobs by filter, newest first. Raises NotFound when `after` names no job."""
        return await self._read(lambda conn: reading.find(conn, which))

    async def claim(self, claim: Claim) -> list[Job]:
        """Due jobs of a lane, claimed for their new owner; see `ports.Jobs`."""
        return await self._write(lambda conn: claims.claim(conn, claim, self._limits))

    async def commit(self, change: Change, owner: str | None = None) -> Job:
        """Write a change whole, on the version read; see `ports.Jobs`. Raises Stale, TaskTaken, NotFound.

        The claim ends, but for one case: the paid call of a job that stays Submitting is still in somebody's hands.
        """
        if change.late:
            return await self.get(change.job.id)
        await self._write(lambda conn: changes.write(conn, change, self._policy))
        return change.job

    async def release(self, owner: str | None, job_id: str | None = None) -> int:
        """End an owner's claims (None: everybody's), or only the one on a job, and say how many."""
        return await self._write(lambda conn: claims.release(conn, owner, job_id))

    async def hasten(self, now: float) -> int:
        """Make all that waits to be archived due; see `ports.Jobs`."""
        return await self._write(lambda conn: claims.hasten(conn, now))

    async def history(self, job_id: str) -> list[Entry]:
        """All entries of a job, oldest first; none for a job that is not here."""
        return await self._read(lambda conn: reading.history_of(conn, job_id))

    # --- slots ------------------------------------------------------------------------------------------------------

    async def begin(self, change: Change, now: float, quiet_s: float, claimed_until: float) -> bool:
        """Commit a change to Submitting if a slot is free now, see `ports.Slots`.

        Raises Stale, NotFound, BudgetReached.
        """
        wish = slots.Beginning(change, now, quiet_s, claimed_until)
        return await self._write(lambda conn: slots.begin(conn, wish, self._limits, self._policy))

    async def in_use(self, now: float) -> Mapping[SlotKey, int]:
        """Slots held, by key."""
        return await self._read(lambda conn: slots.in_use(conn, now))

    async def parks(self, now: float) -> list[Parked]:
        """Parks in force, by account, model and kind; a key held back for two reasons has two."""
        return await self._read(lambda conn: slots.in_force(conn, now))

    async def lift(self, account: str | None) -> int:
        """End the parks of an account (None: all), but not those made by hand, and say how many."""
        return await self._write(lambda conn: slots.lift(conn, account))

    async def lost_submits(self, now: float, owner: str) -> list[Job]:
        """Jobs in Submitting that nobody holds, oldest intent first, claimed for `owner` for `send_by_s`."""
        return await self._write(lambda conn: slots.lost_submits(conn, now, owner, self._policy))

    async def seen_since(self, account: str, since: float, but: str) -> bool:
        """Whether the vendor has shown any task of the account, other than job `but`'s, at or after `since`."""
        return await self._read(lambda conn: slots.seen_since(conn, account, since, but))

    async def stake_bytes(self) -> int:
        """What all clips under way may yet ask of the spool, together."""
        return await self._read(slots.stake_bytes)

    async def note_copy(self, job_id: str, holder: str, at: float) -> None:
        """A spool may hold a job's clip from now on."""
        await self._write(lambda conn: copies.note(conn, job_id, holder, at))

    async def drop_copy(self, job_id: str, holder: str) -> None:
        """It does not any more."""
        await self._write(lambda conn: copies.drop(conn, job_id, holder))

    async def copies(self, job_ids: Sequence[str] | None = None) -> Mapping[str, tuple[str, ...]]:
        """Whose spools may hold the clips of some jobs, or of all, by job."""
        return await self._read(lambda conn: copies.holders(conn, job_ids))

    async def archives(self) -> Mapping[str, str]:
        """Where clips may lie, by name, and how that is reached."""
        return await self._read(copies.known)

    async def remember_archive(self, name: str, reach: str) -> None:
        """An archive is used, reached so."""
        await self._write(lambda conn: copies.remember(conn, name, reach))

    async def forget_archive(self, name: str) -> bool:
        """It is not used any more; whether it was known."""
        return await self._write(lambda conn: copies.forget(conn, name))

    async def census(self) -> Census:
        """Unfinished jobs by state, the nearest loss, and what is reserved."""
        return await self._read(census.census)

    async def next_due(self, now: float) -> float | None:
        """The earliest instant at which anything needs attention; it may lie in the past. None: nothing is pending."""
        return await self._read(lambda conn: due.next_due(conn, now, self._limits, self._policy))

    # --- holds ------------------------------------------------------------------------------------------------------

    async def learned(self) -> Mapping[SlotKey, Learned]:
        """What refusals have taught about limits, by key."""
        return await self._read(learning.everything)

    async def hold(self, park: Park, now: float) -> None:
        """Send nothing more on what the park covers, until `resume`."""
        await self._write(lambda conn: changes.set_park(conn, park, now))

    async def resume(self, key: SlotKey, project: str = "") -> int:
        """End what was held by hand on a key, and say how many that were."""
        return await self._write(lambda conn: slots.resume(conn, key, project))

    async def waiting(self) -> Mapping[SlotKey, int]:
        """Queued jobs, by key."""
        return await self._read(slots.waiting)

    async def movable(self, key: SlotKey, now: float, limit: int) -> list[Job]:
        """Queued jobs of a key that may change their account and that nobody has claimed; who is next comes first."""
        return await self._read(lambda conn: slots.movable(conn, key, now, limit))

    async def ahead(self, jobs: Sequence[Job]) -> Mapping[str, int]:
        """How many queued jobs go before each of these; see `ports.Holds`."""
        return await self._read(lambda conn: slots.ahead(conn, jobs)) if jobs else {}

    async def unlearn(self, account: str | None) -> int:
        """Forget what was learned of an account (None: of all) and say how much it was."""
        return await self._write(lambda conn: learning.forget(conn, account))

    # --- groups, reviews --------------------------------------------------------------------------------------------

    async def group(self, group_id: str) -> Group:
        """The record. Raises NotFound."""
        return await self._read(lambda conn: groups.get(conn, group_id))

    async def groups(self, project: str | None, limit: int, after: str | None = None) -> list[Group]:
        """Records, newest first. Raises NotFound when `after` names none."""
        return await self._read(lambda conn: groups.newest(conn, project, limit, after))

    async def due_reviews(self, now: float, until: float, limit: int) -> list[DueReview]:
        """Clips to be judged now; see `ports.Reviews`."""
        return await self._write(lambda conn: reviews.due(conn, now, until, limit))

    async def keep_review(self, review: Review, due_at: float | None) -> None:
        """Keep it in place of an earlier one."""
        await self._write(lambda conn: reviews.keep(conn, review, due_at))

    async def reviews(self, job_ids: Sequence[str]) -> Mapping[str, Review]:
        """What was found, by job."""
        return await self._read(lambda conn: reviews.of_jobs(conn, job_ids))

    async def pick(self, pick: Pick, *, change: bool = False) -> Pick:
        """Keep a person's word. Raises Conflict."""
        return await self._write(lambda conn: reviews.pick(conn, pick, change=change))

    async def mark(self, job_id: str, change: Marking, at: float, by: str = "") -> Mark:
        """Change what is said of a job. Raises NotFound, Invalid."""
        return await self._write(lambda conn: marks.mark(conn, job_id, change, at, by))

    async def marks(self, job_ids: Sequence[str]) -> Mapping[str, Mark]:
        """What is said of jobs."""
        return await self._read(lambda conn: marks.of_jobs(conn, job_ids)) if job_ids else {}

    async def picks(self, subjects: Sequence[str]) -> Mapping[str, Pick]:
        """Picks, by group or job."""
        return await self._read(lambda conn: reviews.picked(conn, subjects))

    # --- feed -------------------------------------------------------------------------------------------------------

    async def since(self, seq: int, limit: int, subject: str | None = None) -> list[Happening]:
        """What happened after number `seq`, oldest first, to everything or to one job or group."""
        return await self._read(lambda conn: feed.since(conn, seq, limit, subject))

    async def newest(self) -> int:
        """The number of the last thing that happened; 0 when nothing has."""
        return await self._read(feed.newest)

    # --- watching ---------------------------------------------------------------------------------------------------

    async def running(self, account: str) -> list[Watched]:
        """Every task of the account that a job in Generating stands on, oldest first."""
        return await self._read(lambda conn: watching.running(conn, account))

    async def told_since(self, mark: int | None) -> Told:
        """What began and ended to run after a mark; see `ports.Running`."""
        return await self._read(lambda conn: watching.told_since(conn, mark))

    async def learn(self, *met: RunTime) -> None:
        """Remember how long tasks took that have succeeded."""
        await self._write(lambda conn: watching.learn(conn, met))

    async def runtimes(self) -> RunTimes:
        """All that was learned of run times."""
        return await self._read(watching.runtimes)

    async def facts(self, account: str) -> Facts:
        """What was learned about the account's list."""
        return await self._read(lambda conn: watching.facts(conn, account))

    async def note(self, account: str, met: Facts) -> Facts:
        """Put what was met together with what is stored, and say what now stands."""
        return await self._write(lambda conn: watching.note(conn, account, met))

    async def known_tasks(self, account: str, ids: Sequence[str]) -> Mapping[str, Known]:
        """Those of some task ids that belong to jobs of ours."""
        return await self._read(lambda conn: watching.known_tasks(conn, account, ids))

    # --- ledger -----------------------------------------------------------------------------------------------------

    async def postings(self, which: Slice) -> list[Posting]:
        """Double entries by filter, oldest first."""
        return await self._read(lambda conn: ledger.postings(conn, which))

    async def stop(self, job: Job, wanted: Booking, now: float) -> Stop | None:
        """What would speak against a reservation just now; only `begin` decides."""
        return await self._read(lambda conn: ledger.stop(conn, job, wanted, now))

    async def budgets(self, now: float) -> list[Used]:
        """All budgets, each with what is committed in the period that holds now."""
        return await self._read(lambda conn: ledger.used(conn, now))

    async def put_budget(self, budget: Budget) -> None:
        """Set a budget, in place of the one with its id."""
        await self._write(lambda conn: ledger.put_budget(conn, budget))

    async def drop_budget(self, budget_id: str) -> None:
        """End a budget. Raises NotFound."""
        await self._write(lambda conn: ledger.drop_budget(conn, budget_id))

    async def overruns(self) -> list[Overrun]:
        """Settlements above their reservations that nobody has cleared yet, oldest first."""
        return await self._read(ledger.uncleared)

    async def clear(self, model: str | None) -> int:
        """Somebody has looked at the price of a model (None: all): it is sent again. How many there were."""
        return await self._write(lambda conn: ledger.clear(conn, model))

    async def lease(self, account: str, owner: str, now: float, until: float) -> bool:
        """Whether `owner` may watch the account until then."""
        return await self._write(lambda conn: watching.lease(conn, account, owner, now, until))

    # --- creates of foreign faces -----------------------------------------------------------------------------------

    async def announce(self, call: Announced, since: float) -> list[Announced]:
        """Say that a create has come; see `ports.Announcements`."""
        return await self._write(lambda conn: creates.announce(conn, call, since))

    async def announced(self, call_id: str) -> Announced | None:
        """A create as it stands."""
        return await self._read(lambda conn: creates.announced(conn, call_id))

    async def conclude(self, call: Announced) -> None:
        """Say what a create has come to."""
        await self._write(lambda conn: creates.conclude(conn, call))

    async def withdraw(self, call_id: str) -> None:
        """A create came to nothing, or was an earlier one's."""
        await self._write(lambda conn: creates.withdraw(conn, call_id))

    async def follow(self, job_id: str) -> None:
        """The id of a job was named: its create's answer has arrived."""
        await self._write(lambda conn: creates.follow(conn, job_id))

    # --- overview ---------------------------------------------------------------------------------------------------

    async def line(self, now: float) -> Line:
        """What holds for every job that waits or runs, all of one moment."""
        return await self._read(lambda conn: overview.line(conn, now))

    async def sight(self, job_id: str) -> Sight:
        """A job with what an answer about it says beside. Raises NotFound."""
        return await self._read(lambda conn: overview.sight(conn, job_id))

    # --- workers ----------------------------------------------------------------------------------------------------

    async def present(self, owner: str, until: float) -> None:
        """A worker is alive, and will say so again before then."""
        await self._write(lambda conn: roll.present(conn, owner, until))

    async def gone(self, owner: str) -> None:
        """A worker has ended by itself."""
        await self._write(lambda conn: roll.gone(conn, owner))

    async def bury(self, now: float) -> int:
        """Give back what the silent had claimed; how many jobs that were."""
        return await self._write(lambda conn: roll.bury(conn, now))

    async def alive(self, now: float) -> list[str]:
        """The workers that are there."""
        return await self._read(lambda conn: roll.alive(conn, now))

    async def turn(self, kind: str, now: float, apart_s: float, by: float | None) -> float | None:
        """When a call may be made whose rate counts over all processes; see `ports.Rates`."""
        return await self._write(lambda conn: rates.turn(conn, kind, now, apart_s, by))

    # --- outbox -----------------------------------------------------------------------------------------------------

    async def owed(self, now: float, limit: int) -> list[Owed]:
        """Notices due for delivery, oldest first."""
        return await self._read(lambda conn: outbox.owed(conn, now, limit))

    async def delivered(self, ids: Sequence[str], now: float) -> None:
        """Strike them off."""
        await self._write(lambda conn: outbox.delivered(conn, ids, now))

    async def postpone(self, notice_id: str, due_at: float) -> None:
        """Try again later; one more try has been made."""
        await self._write(lambda conn: outbox.postpone(conn, notice_id, due_at))

    # --- doors of their own -----------------------------------------------------------------------------------------

    @property
    def access(self) -> SqlAccess:
        """Projects, tokens and the audit log."""
        return SqlAccess(self._write, self._read)

    @property
    def hooks(self) -> SqlHooks:
        """Webhooks and what they are owed."""
        return SqlHooks(self._write, self._read)
