"""The plainest correct store, in memory: the oracle the others are compared with, and the simulator's.

One object is all doors (`ports.Jobs`, `Slots`, `Holds`, `Ledger`, `Feed`, `Watching`,
`Outbox`). Methods are coroutines that
never wait: each is whole, so there is nothing to lock. Every rule that a database would put into a statement is spelled
out here as a loop over all jobs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from wanreel.data.zones import zone_of
from wanreel.domain.booking import Booking, Kind
from wanreel.domain.errors import BudgetReached, Conflict, Internal, NotFound, Stale, TaskTaken
from wanreel.domain.event import ALL, Change, Entry, Notice, Park, Pause, SlotKey
from wanreel.domain.facts import Facts, together
from wanreel.domain.group import Group
from wanreel.domain.job import (
    Archiving,
    Generating,
    Job,
    Queued,
    State,
    Submitting,
    Succeeded,
    current_task,
    is_final,
    known_tasks,
    state_name,
)
from wanreel.domain.mark import Mark, Marking, marked, tags_of
from wanreel.domain.policy import Policy, longest_delay_s
from wanreel.domain.runtimes import Histogram, RunKind, RunTime, RunTimes, kind_of, one_more
from wanreel.domain.slots import Learned, allowed, free_at, learn
from wanreel.domain.spooling import LEFT_S
from wanreel.domain.turn import slot_key
from wanreel.domain.verdict import Pick, Review
from wanreel.money.budget import Budget, Spending, Stop, Used, overrun_notice, period_of, stop_for, warnings_for
from wanreel.money.ledger import Overrun, Posting, Purse, balances, committed, post
from wanreel.ports.census import Census, Standing
from wanreel.ports.feed import Happening
from wanreel.ports.hooks import Announced
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.ports.ledger import Slice
from wanreel.ports.notices import Owed
from wanreel.ports.overview import Line, Sight
from wanreel.ports.reviews import DueReview
from wanreel.ports.slots import Parked
from wanreel.ports.watching import Known, Run, Told, Watched
from wanreel.store.memory_keeping import MemoryKeeping
from wanreel.store.rows import SAFE_S, Index, index, known_of, same_ask
from wanreel.store.sql.rates import FAR_S

_TOLD_AT_ONCE = 500


@dataclass(slots=True)
class _Row:
    job: Job
    index: Index
    key: SlotKey
    owner: str | None = None
    until: float | None = None  # of the claim
    seen_at: float | None = None  # never forgotten, unlike the state's own

    def claimed(self, now: float) -> bool:
        return self.until is not None and self.until > now

    def holds(self, now: float) -> bool:
        return self.index.slot_until is not None and self.index.slot_until > now

    def turn(self, taken: Mapping[tuple[SlotKey, str], int]) -> tuple[Any, ...]:
        """Whose turn it is in the queue of a key, the lowest first."""
        return (-self.job.priority, taken.get((self.key, self.job.project), 0), *self.place())

    def place(self) -> tuple[float, int, str]:
        order_at = self.index.order_at if self.index.queued_at is None else self.index.queued_at
        assert order_at is not None
        return (order_at, self.job.index, self.job.id)


@dataclass(slots=True)
class _Debt:
    notice: Notice
    due_at: float
    tries: int = 0
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class _Due:
    at: float | None
    tries: int = 0


class MemoryStore:
    """Jobs, slots and outbox over plain dictionaries; gone with the process."""

    def __init__(self, limits: Callable[[SlotKey], int], policy: Policy) -> None:
        """`limits` says how many tasks of a key may run at once."""
        self._limits = limits
        self._policy = policy
        self._rows: dict[str, _Row] = {}
        self._moving: dict[str, _Row] = {}  # those of them that are due some day, hold a slot or are in the air
        self._by_key: dict[str, str] = {}
        self._tasks: dict[tuple[str, str], str] = {}  # (account, task) -> job, past tasks too
        self._history: dict[str, list[Entry]] = {}
        self._feed: list[Happening] = []
        self._groups: dict[str, Group] = {}
        self._due: dict[str, _Due] = {}  # by job: when its clip is to be judged
        self._reviews: dict[str, Review] = {}
        self._picks: dict[str, Pick] = {}
        self._marks: dict[str, Mark] = {}
        self._creates: dict[str, Announced] = {}
        self._debts: dict[str, _Debt] = {}
        self._parks: dict[tuple[SlotKey, Pause, str], Parked] = {}
        self._learned: dict[SlotKey, Learned] = {}
        self._histograms: dict[RunKind, Histogram] = {}
        self._facts: dict[str, Facts] = {}
        self.keeping = MemoryKeeping(self)
        self._postings: list[Posting] = []
        self._budgets: dict[str, Budget] = {}
        self._overruns: dict[str, Overrun] = {}
        self._copies: dict[str, dict[str, float]] = {}  # job -> spool -> since when it may hold the clip
        self._archives: dict[str, str] = {}
        self._leases: dict[str, tuple[str, float]] = {}  # account -> who watches it, until when
        self._turns: dict[str, float] = {}  # kind of call -> when the next one may be made
        self._roll: dict[str, float] = {}  # worker -> until when it is taken for alive

    # --- jobs -------------------------------------------------------------------------------------------------------

    async def add(self, jobs: Sequence[Job], group: Group | None = None) -> list[Job]:
        """Store new jobs, all or none; see `ports.Jobs`. Raises Conflict (id taken), TaskTaken, Invalid."""
        stored: list[Job] = []
        new: dict[str, Job] = {}
        keys: dict[str, Job] = {}
        tasks: set[tuple[str, str]] = set()
        for job in jobs:
            index(job, self._policy)
            if job.key is not None:
                there = keys.get(job.key) or self._keyed(job.key)
                if there is not None:
                    stored.append(same_ask(job, there))
                    continue
                keys[job.key] = job
            if job.id in self._rows or job.id in new:
                raise Conflict(f"there is a job {job.id} already; nothing was stored")
            mine = {(job.account.id, task) for task in known_tasks(job)}
            for account, task in mine:
                if (account, task) in self._tasks or (account, task) in tasks:
                    raise TaskTaken(f"task {task} of account {account} belongs to another job; nothing was stored")
            tasks |= mine
            new[job.id] = job
            stored.append(job)
        for job in new.values():
            self._insert(job)
            if group is not None and job.group == group.id:
                self._groups.setdefault(group.id, group)
        return stored

    async def get(self, job_id: str) -> Job:
        """The job as it stands. Raises NotFound."""
        return self._row(job_id).job

    async def find(self, which: Filter) -> list[Job]:
        """Jobs by filter, newest first. Raises NotFound when `after` names no job."""
        rows = [row for row in self._rows.values() if _matches(row, which, self._marks.get(row.job.id))]
        if which.after is not None:
            last = _age(self._row(which.after))
            rows = [row for row in rows if _age(row) < last]
        return [row.job for row in sorted(rows, key=_age, reverse=True)[: which.limit]]

    async def claim(self, claim: Claim) -> list[Job]:
        """Due jobs of a lane, claimed for their new owner; see `ports.Jobs`."""
        if claim.lane is Lane.SUBMIT:
            self._forget_parks(claim.now)
        due = [
            row
            for row in self._moving.values()
            if row.index.lane is claim.lane
            and not row.claimed(claim.now)
            and (row.job.id in claim.ids if claim.ids else _is_due(row, claim.now, claim.far_at))
            and (claim.ids or not claim.spool or self._is_for(row, claim))
        ]
        due.sort(key=_Row.place)
        if claim.lane is Lane.SUBMIT:
            due = sorted(self._admissible(due, claim), key=lambda row: (-row.job.priority, *row.place()))
        chosen = due[: claim.limit]
        for row in chosen:
            row.owner, row.until = claim.owner, claim.until
        return [row.job for row in chosen]

    async def commit(self, change: Change, owner: str | None = None) -> Job:
        """Write a change whole, on the version read; see `ports.Jobs`. Raises Stale, TaskTaken, NotFound.

        The claim ends, but for one case: the paid call of a job that stays Submitting is still in somebody's hands.
        """
        row = self._row(change.job.id)
        if change.late:
            return row.job
        in_the_air = isinstance(row.job.state, Submitting) and isinstance(change.job.state, Submitting)
        self._write(change)
        if not in_the_air:
            row.owner = row.until = None
        return change.job

    async def release(self, owner: str | None, job_id: str | None = None) -> int:
        """End an owner's claims (None: everybody's), or only the one on a job, and say how many."""
        mine = [
            row
            for row in self._rows.values()
            if row.until is not None and owner in (None, row.owner) and job_id in (None, row.job.id)
        ]
        for row in mine:
            row.owner = row.until = None
        return len(mine)

    def _is_for(self, row: _Row, claim: Claim) -> bool:
        """Whether a clip may be brought home by whoever reads a spool: it lies in none, in that one, or was left."""
        held = self._copies.get(row.job.id, {})
        if row.index.stake_bytes is not None or not held or claim.spool in held:
            return True
        assert row.index.due_at is not None
        assert row.index.order_at is not None
        return row.index.due_at <= claim.now - LEFT_S and row.index.order_at > claim.now + SAFE_S

    async def note_copy(self, job_id: str, holder: str, at: float) -> None:
        """A spool may hold a job's clip from now on."""
        self._copies.setdefault(job_id, {})[holder] = at

    async def drop_copy(self, job_id: str, holder: str) -> None:
        """It does not any more."""
        self._copies.get(job_id, {}).pop(holder, None)

    async def copies(self, job_ids: Sequence[str] | None = None) -> Mapping[str, tuple[str, ...]]:
        """Whose spools may hold the clips of some jobs, or of all, by job."""
        wanted = [job_id for job_id, held in self._copies.items() if held and (job_ids is None or job_id in job_ids)]
        return {
            job_id: tuple(holder for _, holder in sorted((at, holder) for holder, at in self._copies[job_id].items()))
            for job_id in wanted
        }

    async def archives(self) -> Mapping[str, str]:
        """Where clips may lie, by name, and how that is reached."""
        return dict(sorted(self._archives.items()))

    async def remember_archive(self, name: str, reach: str) -> None:
        """An archive is used, reached so."""
        self._archives[name] = reach

    async def forget_archive(self, name: str) -> bool:
        """It is not used any more; whether it was known."""
        return self._archives.pop(name, None) is not None

    async def hasten(self, now: float) -> int:
        """Make all that waits to be archived due; see `ports.Jobs`."""
        waiting = [
            row
            for row in self._rows.values()
            if row.index.lane is Lane.ARCHIVE and row.index.due_at is not None and row.index.due_at > now
        ]
        for row in waiting:
            row.index = replace(row.index, due_at=now)
        return len(waiting)

    async def history(self, job_id: str) -> list[Entry]:
        """All entries of a job, oldest first; none for a job that is not here."""
        return list(self._history.get(job_id, ()))

    # --- slots ------------------------------------------------------------------------------------------------------

    async def begin(self, change: Change, now: float, quiet_s: float, claimed_until: float) -> bool:
        """Commit a change to Submitting if a slot is free now, see `ports.Slots`.

        Raises Stale, NotFound, BudgetReached.
        """
        if not isinstance(change.job.state, Submitting):
            raise Internal(f"job {change.job.id}: begin is for changes to Submitting")
        row = self._row(change.job.id)
        self._check_version(row, change)
        if self._held(row.key, now) >= self._most(row.key, now) or self._in_the_air(row.key, now, quiet_s):
            return False
        if self._parked(row.key, now, now + longest_delay_s(self._policy)) & {"", row.job.project}:
            return False
        warnings = self._affordable(change)
        self._write(replace(change, notices=(*change.notices, *warnings)))
        row.until = claimed_until
        return True

    async def in_use(self, now: float) -> Mapping[SlotKey, int]:
        """Slots held, by key."""
        return dict(Counter(row.key for row in self._moving.values() if row.holds(now)))

    async def census(self) -> Census:
        """Unfinished jobs by state, the nearest loss, and what is reserved."""
        live = [row.job for row in self._rows.values() if not is_final(row.job)]
        ids = {job.id for job in live}
        mine = [posting for posting in self._postings if posting.holder in ids]
        ends = [at for job in live if (at := _dies_at(job.state)) is not None]
        return Census(
            {
                state: Standing(len(them), min(job.created_at for job in them))
                for state in {state_name(job.state) for job in live}
                if (them := [job for job in live if state_name(job.state) == state])
            },
            min(ends, default=None),
            {currency: held for (currency, purse), held in balances(mine).items() if purse is Purse.RESERVED and held},
        )

    async def parks(self, now: float) -> list[Parked]:
        """Parks in force, by account, model and kind; a key held back for two reasons has two."""
        in_force = [at for at, p in self._parks.items() if p.park.until > now or p.park.kind is Pause.HAND]
        return [self._parks[at] for at in sorted(in_force, key=_park_place)]

    async def lift(self, account: str | None) -> int:
        """End the parks of an account (None: all), but not those made by hand, and say how many."""
        ended = [at for at in self._parks if at[1] is not Pause.HAND and account in (None, at[0].account)]
        for at in ended:
            del self._parks[at]
        return len(ended)

    async def lost_submits(self, now: float, owner: str) -> list[Job]:
        """Jobs in Submitting that nobody holds, oldest intent first, claimed for `owner` for `send_by_s`."""
        lost = [r for r in self._moving.values() if r.index.intent_at is not None and not r.claimed(now)]
        lost.sort(key=lambda row: (row.index.intent_at, row.job.id))
        for row in lost:
            row.owner, row.until = owner, now + self._policy.send_by_s
        return [row.job for row in lost]

    async def seen_since(self, account: str, since: float, but: str) -> bool:
        """Whether the vendor has shown any task of the account, other than job `but`'s, at or after `since`."""
        return any(
            row.seen_at is not None and row.seen_at >= since
            for row in self._rows.values()
            if row.key.account == account and row.job.id != but
        )

    async def stake_bytes(self) -> int:
        """What all clips under way may yet ask of the spool, together."""
        return sum(row.index.stake_bytes or 0 for row in self._rows.values())

    async def next_due(self, now: float) -> float | None:
        """The earliest instant at which anything needs attention; it may lie in the past. None: nothing is pending."""
        instants = [debt.due_at for debt in self._debts.values() if not debt.delivered]
        far_at = now + longest_delay_s(self._policy)
        queued: dict[SlotKey, list[tuple[str, float]]] = {}
        for row in self._moving.values():
            columns = row.index
            if columns.intent_at is not None:
                instants.append(row.until if row.until is not None else columns.intent_at)
            if columns.lane is Lane.SUBMIT:
                queued.setdefault(row.key, []).append((row.job.project, _ready_at(row, now, far_at)))
            elif columns.lane is not None:
                instants.append(_ready_at(row, now, far_at))
        earliest = min(instants, default=math.inf)
        for key, mine in queued.items():
            parked = self._parked(key, now, far_at)
            ready_at = min((at for project, at in mine if project not in parked), default=math.inf)
            if ready_at < earliest:  # else whatever gate there is, it is not the first
                earliest = min(earliest, max(ready_at, self._gate(key, now, far_at)))
        return None if earliest == math.inf else earliest

    # --- holds ------------------------------------------------------------------------------------------------------

    async def learned(self) -> Mapping[SlotKey, Learned]:
        """What refusals have taught about limits, by key."""
        return dict(self._learned)

    async def hold(self, park: Park, now: float) -> None:
        """Send nothing more on what the park covers, until `resume`."""
        self._park(park, now)

    async def resume(self, key: SlotKey, project: str = "") -> int:
        """End what was held by hand on a key, and say how many that were."""
        ended = [
            (held, kind, whose)
            for held, kind, whose in self._parks
            if kind is Pause.HAND and held.account == key.account and key.model in (ALL, held.model)
            if whose == project
        ]
        for at in ended:
            del self._parks[at]
        return len(ended)

    async def waiting(self) -> Mapping[SlotKey, int]:
        """Queued jobs, by key."""
        return dict(Counter(row.key for row in self._moving.values() if row.index.lane is Lane.SUBMIT))

    async def movable(self, key: SlotKey, now: float, limit: int) -> list[Job]:
        """Queued jobs of a key that may change their account and that nobody has claimed; who is next comes first."""
        mine = [row for row in self._moving.values() if row.key == key and row.index.lane is Lane.SUBMIT]
        free = [row for row in mine if not row.index.bound and not row.claimed(now)]
        return [row.job for row in sorted(free, key=lambda row: (-row.job.priority, *row.place()))[:limit]]

    async def ahead(self, jobs: Sequence[Job]) -> Mapping[str, int]:
        """How many queued jobs go before each of these; see `ports.Holds`."""
        return {job.id: self._ahead(job) for job in jobs}

    def _ahead(self, job: Job) -> int:
        key, turn = slot_key(job), _turn(job)
        mine = [row.job for row in self._moving.values() if row.key == key and row.index.lane is Lane.SUBMIT]
        return sum(_turn(other) < turn for other in mine)

    async def line(self, now: float) -> Line:
        """What holds for every job that waits or runs, all of one moment."""
        return Line(
            in_use=await self.in_use(now),
            learned=await self.learned(),
            parks=tuple(parked.park for parked in await self.parks(now)),
            doubtful=tuple(await self.find(Filter(states=("unconfirmed",), limit=len(self._rows)))),
            times=await self.runtimes(),
        )

    async def sight(self, job_id: str) -> Sight:
        """A job with what an answer about it says beside. Raises NotFound."""
        job = await self.get(job_id)
        in_front = self._ahead(job) if isinstance(job.state, Queued) else 0
        return Sight(job, in_front, tuple(await self.postings(Slice(jobs=(job_id,)))), self._marks.get(job_id))

    async def unlearn(self, account: str | None) -> int:
        """Forget what was learned of an account (None: of all) and say how much it was."""
        known = [key for key in self._learned if account in (None, key.account)]
        for key in known:
            del self._learned[key]
        return len(known)

    # --- creates of foreign faces -----------------------------------------------------------------------------------

    async def announce(self, call: Announced, since: float) -> list[Announced]:
        """Say that a create has come; see `ports.Announcements`."""
        self._creates = {one.id: one for one in self._creates.values() if one.began_at >= since}
        found = [one for one in self._creates.values() if one.ask == call.ask]
        self._creates[call.id] = Announced(call.id, call.ask, call.began_at)
        return found

    async def announced(self, call_id: str) -> Announced | None:
        """A create as it stands."""
        return self._creates.get(call_id)

    async def conclude(self, call: Announced) -> None:
        """Say what a create has come to."""
        if call.id in self._creates:
            self._creates[call.id] = replace(call, followed=self._creates[call.id].followed)

    async def withdraw(self, call_id: str) -> None:
        """A create came to nothing, or was an earlier one's."""
        self._creates.pop(call_id, None)

    async def follow(self, job_id: str) -> None:
        """The id of a job was named: its create's answer has arrived."""
        for one in [one for one in self._creates.values() if one.job_id == job_id]:
            self._creates[one.id] = replace(one, followed=True)

    # --- groups, reviews --------------------------------------------------------------------------------------------

    async def group(self, group_id: str) -> Group:
        """The record. Raises NotFound."""
        if group_id not in self._groups:
            raise NotFound(f"there is no group {group_id} here")
        return self._groups[group_id]

    async def groups(self, project: str | None, limit: int, after: str | None = None) -> list[Group]:
        """Records, newest first. Raises NotFound when `after` names none."""
        found = sorted(self._groups.values(), key=_group_age, reverse=True)
        if after is not None:
            last = _group_age(await self.group(after))
            found = [group for group in found if _group_age(group) < last]
        return [group for group in found if project in (None, group.project)][:limit]

    async def due_reviews(self, now: float, until: float, limit: int) -> list[DueReview]:
        """Clips to be judged now; see `ports.Reviews`."""
        due = sorted((d.at, job_id) for job_id, d in self._due.items() if d.at is not None and d.at <= now)
        found = [DueReview(job_id, self._due[job_id].tries) for _, job_id in due[:limit]]
        for one in found:
            self._due[one.job_id] = _Due(until, one.tries + 1)
        return found

    async def keep_review(self, review: Review, due_at: float | None) -> None:
        """Keep it in place of an earlier one."""
        self._reviews[review.job_id] = review
        self._due[review.job_id] = _Due(due_at, self._due.get(review.job_id, _Due(None)).tries)

    async def reviews(self, job_ids: Sequence[str]) -> Mapping[str, Review]:
        """What was found, by job."""
        return {job_id: self._reviews[job_id] for job_id in job_ids if job_id in self._reviews}

    async def pick(self, pick: Pick, *, change: bool = False) -> Pick:
        """Keep a person's word. Raises Conflict."""
        there = self._picks.get(pick.subject)
        if there is not None and there.job_id == pick.job_id:
            return there
        if there is not None and not change:
            raise Conflict(f"{there.job_id} has been picked already; to pick another one in its place, say --change")
        self._picks[pick.subject] = pick
        return pick

    async def picks(self, subjects: Sequence[str]) -> Mapping[str, Pick]:
        """Picks, by group or job."""
        return {subject: self._picks[subject] for subject in subjects if subject in self._picks}

    async def mark(self, job_id: str, change: Marking, at: float, by: str = "") -> Mark:
        """Change what is said of a job. Raises NotFound, Invalid."""
        made = marked(self._row(job_id).job, self._marks.get(job_id), change, at, by)
        if made != Mark(job_id):
            self._marks[job_id] = made
        return made

    async def marks(self, job_ids: Sequence[str]) -> Mapping[str, Mark]:
        """What is said of jobs."""
        return {job_id: self._marks[job_id] for job_id in job_ids if job_id in self._marks}

    # --- feed -------------------------------------------------------------------------------------------------------

    async def since(self, seq: int, limit: int, subject: str | None = None) -> list[Happening]:
        """What happened after number `seq`, oldest first, to everything or to one job or group."""
        start = max(0, seq - (self._feed[0].seq - 1 if self._feed else 0))
        if subject is None:
            return self._feed[start : start + limit]
        return [h for h in self._feed[start:] if subject in (h.group, h.job_id)][:limit]

    async def newest(self) -> int:
        """The number of the last thing that happened; 0 when nothing has."""
        return self._feed[-1].seq if self._feed else 0

    # --- watching ---------------------------------------------------------------------------------------------------

    async def running(self, account: str) -> list[Watched]:
        """Every task of the account that a job in Generating stands on, oldest first."""
        here = (row.job for row in self._rows.values() if row.job.account.id == account)
        found = [watched for job in here if (watched := _watched(job)) is not None]
        return sorted(found, key=lambda task: (task.accepted_at, task.job_id))

    async def told_since(self, mark: int | None) -> Told:
        """What began and ended to run after a mark; see `ports.Running`."""
        waiting = any(isinstance(row.job.state, Queued) for row in self._rows.values())
        if mark is None:
            return Told(await self.newest(), (), more=False, waiting=waiting)
        told = await self.since(mark, _TOLD_AT_ONCE)
        jobs = [self._rows[one.job_id].job for one in told if one.job_id in self._rows]
        runs = tuple(Run(job.id, job.account.id, _watched(job)) for job in jobs)
        return Told(told[-1].seq if told else mark, runs, more=len(told) == _TOLD_AT_ONCE, waiting=waiting)

    async def learn(self, *met: RunTime) -> None:
        """Remember how long tasks took that have succeeded."""
        for one in met:
            self._histograms[one.kind] = one_more(self._histograms.get(one.kind), one.took_s)

    async def runtimes(self) -> RunTimes:
        """All that was learned of run times."""
        return RunTimes(dict(self._histograms))

    async def facts(self, account: str) -> Facts:
        """What was learned about the account's list."""
        return self._facts.get(account, Facts())

    async def note(self, account: str, met: Facts) -> Facts:
        """Put what was met together with what is stored, and say what now stands."""
        self._facts[account] = together(await self.facts(account), met)
        return self._facts[account]

    async def known_tasks(self, account: str, ids: Sequence[str]) -> Mapping[str, Known]:
        """Those of some task ids that belong to jobs of ours."""
        owners = {task: self._tasks[account, task] for task in ids if (account, task) in self._tasks}
        return {task: known_of(self._rows[job_id].job, task) for task, job_id in owners.items()}

    # --- ledger -----------------------------------------------------------------------------------------------------

    async def postings(self, which: Slice) -> list[Posting]:
        """Double entries by filter, oldest first."""
        return [p for p in self._postings if _in_slice(p, which)]

    async def stop(self, job: Job, wanted: Booking, now: float) -> Stop | None:
        """What would speak against a reservation just now; only `begin` decides."""
        return stop_for(job, wanted, self._spending(job, wanted, now))

    async def budgets(self, now: float) -> list[Used]:
        """All budgets, each with what is committed in the period that holds now."""
        return [self._used(self._budgets[name], now) for name in sorted(self._budgets)]

    async def put_budget(self, budget: Budget) -> None:
        """Set a budget, in place of the one with its id."""
        self._budgets[budget.id] = budget

    async def drop_budget(self, budget_id: str) -> None:
        """End a budget. Raises NotFound."""
        if self._budgets.pop(budget_id, None) is None:
            raise NotFound(f"there is no budget {budget_id} here")

    async def overruns(self) -> list[Overrun]:
        """Settlements above their reservations that nobody has cleared yet, oldest first."""
        return sorted(self._overruns.values(), key=lambda overrun: (overrun.at, overrun.id))

    async def clear(self, model: str | None) -> int:
        """Somebody has looked at the price of a model (None: all): it is sent again. How many there were."""
        seen = [name for name, overrun in self._overruns.items() if model in (None, overrun.model)]
        for name in seen:
            del self._overruns[name]
        return len(seen)

    async def lease(self, account: str, owner: str, now: float, until: float) -> bool:
        """Whether `owner` may watch the account until then."""
        holder, ends = self._leases.get(account, (owner, until))
        if holder != owner and now < ends <= until:
            return False
        self._leases[account] = (owner, until)
        return True

    # --- workers ----------------------------------------------------------------------------------------------------

    async def present(self, owner: str, until: float) -> None:
        """A worker is alive, and will say so again before then."""
        self._roll[owner] = until

    async def gone(self, owner: str) -> None:
        """A worker has ended by itself."""
        self._roll.pop(owner, None)

    async def bury(self, now: float) -> int:
        """Give back what the silent had claimed; how many jobs that were."""
        self._roll = {owner: until for owner, until in self._roll.items() if until > now}
        lost = [row for row in self._rows.values() if row.until is not None and row.owner not in self._roll]
        for row in lost:
            row.owner = row.until = None
        return len(lost)

    async def alive(self, now: float) -> list[str]:
        """The workers that are there."""
        return sorted(owner for owner, until in self._roll.items() if until > now)

    async def turn(self, kind: str, now: float, apart_s: float, by: float | None) -> float | None:
        """When a call may be made whose rate counts over all processes; see `ports.Rates`."""
        due_at = self._turns.get(kind, now)
        at = now if due_at > now + FAR_S else max(now, due_at)
        if by is not None and at > by:
            return None
        self._turns[kind] = at + apart_s
        return at

    # --- outbox -----------------------------------------------------------------------------------------------------

    async def owed(self, now: float, limit: int) -> list[Owed]:
        """Notices due for delivery, oldest first."""
        due = [debt for debt in self._debts.values() if not debt.delivered and debt.due_at <= now]
        due.sort(key=lambda debt: debt.notice.at)  # stable: of one instant, in the order they were written
        return [Owed(debt.notice, debt.tries) for debt in due[:limit]]

    async def delivered(self, ids: Sequence[str], now: float) -> None:
        """Strike them off."""
        for notice_id in ids:
            if notice_id in self._debts:
                self._debts[notice_id].delivered = True

    async def postpone(self, notice_id: str, due_at: float) -> None:
        """Try again later; one more try has been made."""
        debt = self._debts.get(notice_id)
        if debt is not None:
            debt.due_at = due_at
            debt.tries += 1

    # --- rules ------------------------------------------------------------------------------------------------------

    def _admissible(self, due: list[_Row], claim: Claim) -> Iterator[_Row]:
        """The first of each key, where a slot is free that nobody is getting ready for and nothing holds it back."""
        taken = self._taken(claim.now)
        for key in dict.fromkeys(row.key for row in due):
            free = self._most(key, claim.now) - self._held(key, claim.now) - self._getting_ready(key, claim.now)
            parked = self._parked(key, claim.now, claim.far_at)
            if free <= 0 or "" in parked or self._in_the_air(key, claim.now, claim.quiet_s):
                continue
            mine = [row for row in due if row.key == key and row.job.project not in parked]
            if mine:
                yield min(mine, key=lambda row: row.turn(taken))

    def _parked(self, key: SlotKey, now: float, far_at: float) -> frozenset[str]:
        """Whose jobs of a key are held back, by project; "" for everybody's."""
        held = [p.park for p in self._parks_on(key) if p.park.kind is Pause.HAND or now < p.park.until <= far_at]
        return frozenset(park.project for park in held)

    def _taken(self, now: float) -> Mapping[tuple[SlotKey, str], int]:
        """Slots of a key that a project's jobs hold, or are getting ready for."""
        return Counter(
            (row.key, row.job.project)
            for row in self._moving.values()
            if row.holds(now) or (row.index.lane is Lane.SUBMIT and row.claimed(now))
        )

    def _affordable(self, change: Change) -> tuple[Notice, ...]:
        """The warnings this change brings, if its reservations may be made. Raises BudgetReached."""
        warnings: list[Notice] = []
        for booking in change.money:
            if booking.kind is Kind.RESERVE:
                spending = self._spending(change.job, booking, booking.at)
                stop = stop_for(change.job, booking, spending)
                if stop is not None:
                    raise BudgetReached(stop.why, final=stop.final)
                warnings.extend(warnings_for(booking, spending.budgets))
        return tuple(warnings)

    def _spending(self, job: Job, wanted: Booking, now: float) -> Spending:
        """Everything that may speak against a reservation."""
        currency = wanted.currency
        covering = [self._budgets[name] for name in sorted(self._budgets)]
        of_group = [p for p in self._postings if wanted.group is not None and p.group == wanted.group]
        return Spending(
            budgets=tuple(self._used(b, now) for b in covering if b.covers(job.project, currency)),
            job=committed((p for p in self._postings if p.job == wanted.job), currency),
            group=committed(of_group, currency),
            overruns=tuple(
                o for o in self._overruns.values() if (o.account, o.model) == (wanted.account, wanted.model)
            ),
        )

    def _used(self, budget: Budget, now: float) -> Used:
        begins_at, ends_at = period_of(budget, now, zone_of(budget.zone) or UTC)
        mine = (p for p in self._postings if budget.covers(p.project, p.currency) and begins_at <= p.since < ends_at)
        return Used(budget, committed(mine, budget.currency), begins_at, ends_at)

    def _book(self, change: Change, left_out: set[str]) -> tuple[Notice, ...]:
        """Enter a change's bookings; the alarms they raise."""
        alarms: list[Notice] = []
        for booking in change.money:
            if booking.holder in left_out:
                continue
            posted = post(booking, [p for p in self._postings if p.holder == booking.holder])
            self._postings.extend(posted.postings)
            if posted.overrun is not None:
                self._overruns[posted.overrun.id] = posted.overrun
                alarms.append(overrun_notice(posted.overrun, booking.holder))
        return tuple(alarms)

    def _most(self, key: SlotKey, now: float) -> int:
        """How many of a key may run now: what was set or told, as far as refusals have not taught otherwise."""
        return allowed(self._limits(key), self._learned.get(key), now)

    def _held(self, key: SlotKey, now: float) -> int:
        return sum(row.key == key and row.holds(now) for row in self._moving.values())

    def _getting_ready(self, key: SlotKey, now: float) -> int:
        """Queued jobs of a key whose worker is about to ask for a slot."""
        return sum(r.key == key and r.index.lane is Lane.SUBMIT and r.claimed(now) for r in self._moving.values())

    def _in_the_air(self, key: SlotKey, now: float, quiet_s: float) -> bool:
        """Whether a submit of the key went out less than `quiet_s` ago and has not been answered."""
        return any(
            row.index.intent_at is not None and row.index.intent_at > now - quiet_s
            for row in self._moving.values()
            if row.key == key
        )

    def _parks_on(self, key: SlotKey) -> Iterator[Parked]:
        return (p for (held, _, _), p in self._parks.items() if held.covers(key))

    def _gate(self, key: SlotKey, now: float, far_at: float) -> float:
        """When, as far as is known, the next job of a key may be sent: no park, nothing in the air, a slot free."""
        gates = [-math.inf]
        for park in (parked.park for parked in self._parks_on(key)):
            if not park.project and park.kind is Pause.HAND:
                return math.inf
            if not park.project and now < park.until <= far_at:
                gates.append(park.until)
        ends: list[float] = []
        for row in self._moving.values():
            columns = row.index
            if row.key != key:
                continue
            if columns.intent_at is not None and columns.intent_at > now - self._policy.quiet_s:
                gates.append(columns.intent_at + self._policy.quiet_s)
            if columns.slot_until is not None and row.holds(now):
                ends.append(columns.slot_until)
            if columns.lane is Lane.SUBMIT and row.until is not None and row.claimed(now):
                ends.append(row.until)
        gates.append(free_at(self._limits(key), self._learned.get(key), sorted(ends), now))
        return max(gates)

    # --- what `keeping` stands on ---

    def all_jobs(self) -> list[Job]:
        """Every job."""
        return [row.job for row in self._rows.values()]

    def make_wordless(self, job: Job) -> None:
        """Put a job in the place of the one it was made of; its history, notices, reviews and the feed's reasons go."""
        row = self._row(job.id)
        row.job, row.index = job, index(job, self._policy)
        self._sort_in(row)
        self._history.pop(job.id, None)
        self._reviews.pop(job.id, None)
        self._due.pop(job.id, None)
        self._marks.pop(job.id, None)
        self._picks = {subject: pick for subject, pick in self._picks.items() if pick.job_id != job.id}
        for notice_id in [id_ for id_, debt in self._debts.items() if debt.notice.job_id == job.id]:
            del self._debts[notice_id]
        self._feed = [replace(one, reason="") if one.job_id == job.id else one for one in self._feed]

    def unname(self, group_id: str) -> None:
        """A group's record without its name."""
        if group_id in self._groups:
            self._groups[group_id] = replace(self._groups[group_id], name=None)

    def prune(self, before: float) -> int:
        """Remove what happened, but for the last thing, and notices delivered, from before an instant; how much."""
        kept = [one for one in self._feed[:-1] if one.at >= before] + self._feed[-1:]
        told = [id_ for id_, debt in self._debts.items() if debt.delivered and debt.notice.at < before]
        gone = len(self._feed) - len(kept) + len(told)
        self._feed = kept
        for notice_id in told:
            del self._debts[notice_id]
        return gone

    # --- writing ----------------------------------------------------------------------------------------------------

    def _row(self, job_id: str) -> _Row:
        row = self._rows.get(job_id)
        if row is None:
            raise NotFound(f"there is no job {job_id} here")
        return row

    def _keyed(self, key: str) -> Job | None:
        job_id = self._by_key.get(key)
        return None if job_id is None else self._rows[job_id].job

    def _insert(self, job: Job) -> None:
        columns = index(job, self._policy)
        row = self._rows[job.id] = _Row(job, columns, slot_key(job), seen_at=columns.seen_at)
        self._sort_in(row)
        if job.key is not None:
            self._by_key[job.key] = job.id
        self._happened(job, job.created_at, "", "ordered" if job.spare_of is None else "a spare was found")
        for task in known_tasks(job):
            self._tasks[job.account.id, task] = job.id

    def _sort_in(self, row: _Row) -> None:
        """Keep apart what the loops over all jobs are about: most jobs have long ended."""
        columns = row.index
        if columns.lane is not None or columns.slot_until is not None or columns.intent_at is not None:
            self._moving[row.job.id] = row
        else:
            self._moving.pop(row.job.id, None)

    def _check_version(self, row: _Row, change: Change) -> None:
        if row.job.version != change.was:
            raise Stale(f"job {row.job.id} is at version {row.job.version}, the change was made on {change.was}")

    def _write(self, change: Change) -> None:
        """All of a change, after everything that can be wrong with it has been looked at."""
        job = change.job
        row = self._row(job.id)
        self._check_version(row, change)
        if job.version != change.was + 1:
            raise Internal(f"job {job.id}: a change on version {change.was} must make {change.was + 1}")
        columns = index(job, self._policy)
        mine = {(job.account.id, task) for task in known_tasks(job)}
        for account, task in mine:
            if self._tasks.get((account, task), job.id) != job.id:
                raise TaskTaken(f"task {task} of account {account} belongs to another job; nothing was written")
        born, left_out = self._spares(change, mine)

        row.job, row.index, row.key = job, columns, slot_key(job)
        self._sort_in(row)
        row.seen_at = row.seen_at if columns.seen_at is None else columns.seen_at
        self._tasks.update(dict.fromkeys(mine, job.id))
        for spare in born:
            self._insert(spare)
        if isinstance(job.state, Succeeded) and job.id not in self._due:
            self._due[job.id] = _Due(job.state.finished_at)
        if change.entry is not None:
            self._history.setdefault(job.id, []).append(change.entry)
            self._happened(job, change.entry.at, type(change.entry.event).__name__, change.entry.reason)
        for notice in (*change.notices, *self._book(change, left_out)):
            if notice.job_id not in left_out:
                self._debts.setdefault(notice.id, _Debt(notice, notice.at))
        if change.lift is not None:
            self._parks.pop((change.lift, Pause.BUSY, ""), None)
        if change.park is not None:
            self._park(change.park, _at(change))
        if change.full is not None:
            at, key = _at(change), change.full
            self._learned[key] = learn(self._learned.get(key), self._held(key, at), at, self._policy)

    def _happened(self, job: Job, at: float, event: str, reason: str) -> None:
        """Number what happened."""
        seq, state = (self._feed[-1].seq if self._feed else 0) + 1, state_name(job.state)
        self._feed.append(Happening(seq, at, job.project, job.group, job.id, job.version, state, event, reason))

    def _spares(self, change: Change, mine: set[tuple[str, str]]) -> tuple[list[Job], set[str]]:
        """The spares that are to be stored, and the ids of those whose task is known already."""
        born: list[Job] = []
        left_out: set[str] = set()
        known = set(mine)
        for spare in change.born:
            task = current_task(spare)
            at = None if task is None else (spare.account.id, task.id)
            if at is not None and (at in self._tasks or at in known):
                left_out.add(spare.id)
                continue
            if spare.id in self._rows or any(spare.id == other.id for other in born):
                raise Internal(f"there is a job {spare.id} already, with another task; nothing was written")
            if at is not None:
                known.add(at)
            born.append(spare)
        return born, left_out

    def _park(self, park: Park, at: float) -> None:
        place = (park.key, park.kind, park.project)
        before = self._parks.get(place)
        since = before.since if before is not None and before.park.until > at else at
        self._parks[place] = Parked(park, since)

    def _forget_parks(self, now: float) -> None:
        for at in [at for at, p in self._parks.items() if p.park.until <= now and p.park.kind is not Pause.HAND]:
            del self._parks[at]


def _watched(job: Job) -> Watched | None:
    """What its account's watcher needs of a job that the vendor works on."""
    if not isinstance(job.state, Generating):
        return None
    task = job.state.task
    return Watched(job.id, task.id, kind_of(job.request), task.accepted_at, task.how == "answer")


def _in_slice(posting: Posting, which: Slice) -> bool:
    return (
        (which.since is None or posting.since >= which.since)
        and (which.until is None or posting.since < which.until)
        and which.project in (None, posting.project)
        and which.account in (None, posting.account)
        and (not which.jobs or posting.job in which.jobs)
    )


def _at(change: Change) -> float:
    return change.entry.at if change.entry is not None else change.job.created_at


def _group_age(group: Group) -> tuple[float, str]:
    return (group.created_at, group.id)


def _dies_at(state: State) -> float | None:
    """When a clip is lost that lies in no place of ours yet; None: it does not, or it is being asked after."""
    if not isinstance(state, Archiving) or state.requery or state.spooled is not None:
        return None
    return state.outcome.url_expires_at


def _turn(job: Job) -> tuple[int, float, int, str]:
    """Who goes first, as far as can be said: between projects it depends on what they hold by then."""
    return (-job.priority, job.created_at, job.index, job.id)


def _age(row: _Row) -> tuple[float, int, str]:
    return (row.job.created_at, row.job.index, row.job.id)


def _is_due(row: _Row, now: float, far_at: float) -> bool:
    due_at = row.index.due_at
    return due_at is not None and (due_at <= now or due_at > far_at)


def _ready_at(row: _Row, now: float, far_at: float) -> float:
    """When a job with a lane can be claimed: due, and no longer claimed."""
    due_at = row.index.due_at
    assert due_at is not None
    if due_at > far_at:
        due_at = now  # written by a clock that jumped
    return max(due_at, row.until) if row.until is not None and row.until > now else due_at


def _matches(row: _Row, which: Filter, mark: Mark | None) -> bool:
    job = row.job
    return (
        (not which.states or row.index.state in which.states)
        and (which.group is None or job.group == which.group)
        and (which.spare_of is None or job.spare_of == which.spare_of)
        and (which.project is None or job.project == which.project)
        and (which.ask is None or job.ask == which.ask)
        and (which.tag is None or which.tag in tags_of(job, mark))
        and (not which.favourites or (mark is not None and mark.favourite))
        and (not which.ids or any(job.id.startswith(beginning) for beginning in which.ids))
        and (not which.models or job.request.model in which.models)
        and (which.words is None or any(_small(which.words) in _small(t) for t in (job.request.prompt, job.name or "")))
    )


def _small(text: str) -> str:
    """Latin capitals made small, as databases compare; other letters are left as they are."""
    return "".join(c.lower() if c.isascii() else c for c in text)


def _park_place(at: tuple[SlotKey, Pause, str]) -> tuple[str, str, str, str]:
    return (at[0].account, at[0].model, at[1].value, at[2])
