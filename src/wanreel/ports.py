"""The contracts between what decides and what touches the outside: small, in the domain's words.

No method mentions HTTP, SQL or a field of the vendor's. Errors named are the only ones that may pass.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from wanreel.domain.access import Deed, Project, Token
from wanreel.domain.booking import Booking
from wanreel.domain.clip import ClipFacts, Fit, Frame, Sampled, Sampling, Still, Views
from wanreel.domain.event import (
    Accepted,
    CancelFailed,
    CancelRefused,
    CancelTaken,
    Change,
    Entry,
    Finished,
    FinishedBlank,
    Lost,
    Notice,
    NotSent,
    Park,
    QueryFailed,
    Refused,
    SlotKey,
    StillRunning,
    TaskCancelled,
    TaskFailed,
    TaskUnknown,
    Trouble,
)
from wanreel.domain.facts import Facts, Zone
from wanreel.domain.group import Group
from wanreel.domain.hook import Delivery, Hook, Message
from wanreel.domain.job import Account, Artifact, Intent, Job, Remark, SpoolCopy
from wanreel.domain.keeping import Custody, KeptViews, Share
from wanreel.domain.mark import Mark, Marking
from wanreel.domain.runtimes import RunKind, RunTime, RunTimes
from wanreel.domain.sighting import Sighting
from wanreel.domain.slots import Learned
from wanreel.domain.spooling import SpoolRoom
from wanreel.domain.verdict import Opinion, Pick, Review
from wanreel.money.budget import Budget, Stop, Used
from wanreel.money.ledger import Overrun, Posting


class Clock(Protocol):
    """Time and chance; the only door to either."""

    def now(self) -> float:
        """Seconds since the epoch, UTC; never goes back while the process lives."""
        ...

    def draw(self) -> float:
        """A random number in [0, 1)."""
        ...

    def new_id(self, prefix: str) -> str:
        """An unguessable, roughly time-ordered id: `prefix_` and 26 characters."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


# --- the store ------------------------------------------------------------------------------------------------------


class Lane(StrEnum):
    """The three kinds of work a runner does, each with a concurrency of its own."""

    SUBMIT = "submit"  # Queued
    WATCH = "watch"  # Generating, and Archiving that asks for another URL
    ARCHIVE = "archive"  # Archiving


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker asks for: due work of a lane, for itself alone until an instant."""

    lane: Lane
    owner: str
    now: float
    until: float
    limit: int
    far_at: float  # a due instant beyond this was written by a clock that jumped: due now
    quiet_s: float = 10.0  # SUBMIT: nothing of a key whose last submit went out less than this ago, unanswered
    ids: tuple[str, ...] = ()  # not SUBMIT: these jobs alone, due or not: something was just heard about them
    spool: str = ""  # ARCHIVE: whose spool the claimer reads; what others hold is left to them for LEFT_S. "": all


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs; unset fields don't narrow. Newest first; `after` is the id of the last one seen."""

    states: tuple[str, ...] = ()
    group: str | None = None
    spare_of: str | None = None
    project: str | None = None
    tag: str | None = None
    ask: str | None = None
    ids: tuple[str, ...] = ()  # ids, or unique beginnings of ids
    words: str | None = None  # in the prompt or the name; capitals of the Latin alphabet are as small ones
    models: tuple[str, ...] = ()
    favourites: bool = False  # only those
    limit: int = 100
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """A park as stored."""

    park: Park
    since: float


class Jobs(Protocol):
    """Durable jobs. A change commits whole (job, history, notices, spares, parks) or not at all."""

    async def add(self, jobs: Sequence[Job], group: Group | None = None) -> list[Job]:
        """Store new jobs, all or none, with the record of their group where any of them is new; where a job's `key` is
        taken, the job that has it is returned in its place. Raises Conflict when the two carry different `ask`s.
        """
        ...

    async def get(self, job_id: str) -> Job:
        """The job as it stands. Raises NotFound."""
        ...

    async def find(self, which: Filter) -> list[Job]:
        """Jobs by filter, newest first."""
        ...

    async def claim(self, claim: Claim) -> list[Job]:
        """Due jobs of a lane, claimed for their new owner; those nearest their due instant (archive: expiry) first.

        SUBMIT: at most one per slot key, only where a slot is free, nothing parks the key and no other submit of it
        is in the air. Of a key's the highest priority goes first, then whose project holds the fewest slots, then the
        oldest.
        """
        ...

    async def commit(self, change: Change, owner: str | None = None) -> Job:
        """Write a change if the job still has version `change.was`. Raises Stale, TaskTaken, NotFound.

        Ends any claim on the job, but for one whose paid call is still in the air. A spare whose task is known already
        is left out, silently, with its notices.
        """
        ...

    async def release(self, owner: str | None, job_id: str | None = None) -> int:
        """End an owner's claims (None: everybody's, used by a runner that has just locked the home), or only the one
        on `job_id`; how many there were.
        """
        ...

    async def hasten(self, now: float) -> int:
        """Make every clip due that waits to be archived, whatever its own back-off: the user's storage answers again.
        How many there were.
        """
        ...

    async def history(self, job_id: str) -> list[Entry]:
        """All entries of a job, oldest first."""
        ...


class Slots(Protocol):
    """The right to a running task of a model on an account, held from the intent to the vendor's last word."""

    async def begin(self, change: Change, now: float, quiet_s: float, claimed_until: float) -> bool:
        """Commit a change to Submitting if at this very moment a slot is free, nothing parks the key and nothing else
        of it is in the air; False, and nothing written, if not. The claim is kept. Raises Stale, NotFound, and
        BudgetReached where there is no money for it.
        """
        ...

    async def in_use(self, now: float) -> Mapping[SlotKey, int]:
        """Slots held, by key."""
        ...

    async def parks(self, now: float) -> list[Parked]:
        """Parks in force."""
        ...

    async def lift(self, account: str | None) -> int:
        """End the parks of an account (None: all), but not those made by hand, and say how many."""
        ...

    async def lost_submits(self, now: float, owner: str) -> list[Job]:
        """Jobs in Submitting whose claim has run out or is nobody's, claimed for `owner` for rescue."""
        ...

    async def seen_since(self, account: str, since: float, but: str) -> bool:
        """Whether the vendor has shown any task of the account, other than job `but`'s, at or after `since`."""
        ...

    async def next_due(self, now: float) -> float | None:
        """The earliest instant at which any job, park or notice needs attention; None when nothing is pending."""
        ...


class Stakes(Protocol):
    """What would be lost if the user's storage failed for days and there were no spool."""

    async def stake_bytes(self) -> int:
        """What all clips under way may yet ask of the spool, together: running, or made and in no place of ours."""
        ...


class Copies(Protocol):
    """Whose spools hold clips, where several machines work the same jobs and none can read another's spool."""

    async def note_copy(self, job_id: str, holder: str, at: float) -> None:
        """The spool of this name may hold a job's clip from now on: noted before it does."""
        ...

    async def drop_copy(self, job_id: str, holder: str) -> None:
        """It does not any more; noted after."""
        ...

    async def copies(self, job_ids: Sequence[str] | None = None) -> Mapping[str, tuple[str, ...]]:
        """Whose spools may hold the clips of some jobs (None: of all), by job; jobs nobody holds are left out."""
        ...


class Archives(Protocol):
    """Where clips may lie, and how that is reached, for machines that share a database."""

    async def archives(self) -> Mapping[str, str]:
        """All that were ever used, by name; how they are reached, as a text."""
        ...

    async def remember_archive(self, name: str, reach: str) -> None:
        """One is used, reached so."""
        ...

    async def forget_archive(self, name: str) -> bool:
        """One is not used any more; whether it was known."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """The jobs in one unfinished state: how many, and when the oldest of them was ordered (unix seconds)."""

    jobs: int
    oldest_at: float


@dataclass(frozen=True, slots=True)
class Census:
    """How a store stands at one moment. A state that no job is in is left out, and so is a currency nothing is in."""

    standings: Mapping[str, Standing]
    expires_at: float | None  # of the made clip that dies first and lies in no place of ours; None: there is none
    reserved: Mapping[str, Decimal]  # by currency, of unfinished jobs


class Counted(Protocol):
    """What may be counted at any moment without reading what has ended."""

    async def census(self) -> Census:
        """Unfinished jobs by state, the nearest loss, and what is reserved."""
        ...


class Holds(Protocol):
    """What refusals have taught, and what people have decided, about sending no more than so much."""

    async def learned(self) -> Mapping[SlotKey, Learned]:
        """What refusals have taught about limits, by key."""
        ...

    async def hold(self, park: Park, now: float) -> None:
        """Send nothing more on what the park covers, until `resume`: through restarts, whatever the vendor says."""
        ...

    async def resume(self, key: SlotKey, project: str = "") -> int:
        """End what was held by hand on a key (of "*" models: on all of the account's), and say how many that were."""
        ...

    async def waiting(self) -> Mapping[SlotKey, int]:
        """Queued jobs, by key."""
        ...

    async def movable(self, key: SlotKey, now: float, limit: int) -> list[Job]:
        """Queued jobs of a key that may change their account and that nobody has claimed; who is next comes first."""
        ...

    async def ahead(self, jobs: Sequence[Job]) -> Mapping[str, int]:
        """How many queued jobs of the same account and model go before each of these, projects and parks left out of
        account: by id, those of them that are queued. One question, however many jobs.
        """
        ...

    async def unlearn(self, account: str | None) -> int:
        """Forget what was learned of an account (None: of all): what was set or told holds again. How much it was."""
        ...


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a job, in the order of the whole home. `event` is "" for a job that was just made."""

    seq: int
    at: float
    project: str
    group: str | None
    job_id: str
    version: int  # of the job, after it
    state: str
    event: str
    reason: str


class Feed(Protocol):
    """What happens to all jobs, numbered in the order in which it became visible."""

    async def since(self, seq: int, limit: int, subject: str | None = None) -> list[Happening]:
        """What happened after number `seq`, oldest first: to everything, or to one job or group (`subject`, its id)."""
        ...

    async def newest(self) -> int:
        """The number of the last thing that happened; 0 when nothing has."""
        ...


@dataclass(frozen=True, slots=True)
class Watched:
    """One task the vendor works on, as the watcher needs it."""

    job_id: str
    task_id: str
    kind: RunKind
    accepted_at: float
    answered: bool  # the submit's own answer told of it, so that its list row tells our key; not so when adopted


@dataclass(frozen=True, slots=True)
class Known:
    """A task of the vendor's that belongs to a job of ours."""

    job_id: str
    accepted_at: float  # by our clock
    answered: bool  # a submit's own answer told of it; not so when it was adopted


class Rates(Protocol):
    """Turns at calls whose rate is counted over all processes of a database together. Raises Unavailable."""

    async def turn(self, kind: str, now: float, apart_s: float, by: float | None) -> float | None:
        """When a call of a kind may be made, the next one `apart_s` after it; None, and nothing counted, if that would
        be after `by`. Instants are unix seconds.
        """
        ...


class Nudges(Protocol):
    """Word between the processes of a shared database that something was written. It may be lost: everybody goes on
    looking now and then, and only less often where word would be heard.
    """

    @property
    def heard(self) -> bool:
        """Whether word would be heard just now."""
        ...

    def listen(self, topic: str, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` when another process speaks of JOBS or HAPPENINGS, until what is returned is called."""
        ...


JOBS, HAPPENINGS = "jobs", "happenings"  # work may be due that was not; the feed has something new


class Watching(Protocol):
    """What the watcher of an account remembers: what runs, how long such tasks take, what its list is like."""

    async def running(self, account: str) -> list[Watched]:
        """Every task of the account that a job in Generating stands on, oldest first. Cheap for ten thousand."""
        ...

    async def learn(self, met: RunTime) -> None:
        """Remember how long a task took that has succeeded."""
        ...

    async def runtimes(self) -> RunTimes:
        """All that was learned of run times, over all accounts."""
        ...

    async def facts(self, account: str) -> Facts:
        """What was learned about the account's list; nothing at first."""
        ...

    async def known_tasks(self, account: str, ids: Sequence[str]) -> Mapping[str, Known]:
        """Those of some task ids that belong to jobs of ours, running, ended or spare."""
        ...

    async def note(self, account: str, met: Facts) -> Facts:
        """Put what was met together with what is stored (`domain.facts.together`), and say what now stands."""
        ...

    async def lease(self, account: str, owner: str, now: float, until: float) -> bool:
        """Whether `owner` may watch the account until then: nobody else may, or their time has run out."""
        ...


@dataclass(frozen=True, slots=True)
class Owed:
    """A notice not delivered yet, and how often that was tried."""

    notice: Notice
    tries: int


@dataclass(frozen=True, slots=True)
class DueReview:
    """A clip that waits to be judged, and how often that was tried."""

    job_id: str
    tries: int


class Reviews(Protocol):
    """What was found in clips, and what people picked: kept beside the jobs, never in them."""

    async def due_reviews(self, now: float, until: float, limit: int) -> list[DueReview]:
        """Clips to be judged now, oldest first; nobody else is told of them before `until`. A job that succeeds is due
        at once, by the commit that made it so.
        """
        ...

    async def keep_review(self, review: Review, due_at: float | None) -> None:
        """Keep it in place of an earlier one; with `due_at`, judge again then."""
        ...

    async def reviews(self, job_ids: Sequence[str]) -> Mapping[str, Review]:
        """What was found, by job; jobs nobody has judged are left out."""
        ...

    async def pick(self, pick: Pick, *, change: bool = False) -> Pick:
        """Keep a person's word. The same again is harmless; another clip needs `change`. Raises Conflict."""
        ...

    async def picks(self, subjects: Sequence[str]) -> Mapping[str, Pick]:
        """Picks, by group or job."""
        ...


class Marks(Protocol):
    """What people say of jobs after they were ordered: kept beside the jobs, never in them. `Filter` goes by it."""

    async def mark(self, job_id: str, change: Marking, at: float, by: str = "") -> Mark:
        """Change it, and say what now stands; several at a time come one after the other. Raises NotFound, Invalid."""
        ...

    async def marks(self, job_ids: Sequence[str]) -> Mapping[str, Mark]:
        """By job; jobs of which nothing was said are left out."""
        ...


class Groups(Protocol):
    """The records of groups; a group is stored with its first jobs (`Jobs.add`)."""

    async def group(self, group_id: str) -> Group:
        """The record. Raises NotFound."""
        ...

    async def groups(self, project: str | None, limit: int, after: str | None = None) -> list[Group]:
        """Records, newest first; `after` is the id of the last one seen."""
        ...


class Outbox(Protocol):
    """Notices owed to subscribers, delivered at least once."""

    async def owed(self, now: float, limit: int) -> list[Owed]:
        """Notices due for delivery, oldest first."""
        ...

    async def delivered(self, ids: Sequence[str], now: float) -> None:
        """Strike them off."""
        ...

    async def postpone(self, notice_id: str, due_at: float) -> None:
        """Try again later."""
        ...


# --- uploads --------------------------------------------------------------------------------------------------------


UPLOAD_BYTES_MAX = 64 * 1024 * 1024
UPLOAD_BEGIN_S = 300.0  # how long the right to send a file holds
UPLOAD_LIFE_S = 48 * 3600.0  # as long as the vendor keeps what is uploaded to it (FS §7)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent ahead of an order, or the right to send it: `path` is None until it has come whole."""

    id: str
    project: str | None  # None: of a caller who may see all projects
    name: str
    expires_at: float
    size_bytes: int = 0
    path: Path | None = None


class Uploads(Protocol):
    """Files that callers of a server send ahead of an order. Raises Unavailable."""

    async def begin(self, project: str | None) -> Upload:
        """The right to send one file within a few minutes, under an id nobody guesses."""
        ...

    async def keep(self, upload_id: str, name: str, pieces: AsyncIterator[bytes], part: str = "") -> Upload:
        """Take the file, whole or not at all. With `part` (hex digits), one of several that one right is used for: its
        id is the two together. Raises NotFound, Conflict (it has come already), Invalid (its size).
        """
        ...

    async def find(self, upload_id: str) -> Upload:
        """An upload by its id. Raises NotFound, in the same words for one that has expired."""
        ...

    async def sweep(self) -> None:
        """Remove what has expired."""
        ...


# --- access ---------------------------------------------------------------------------------------------------------


class Access(Protocol):
    """Projects, tokens and the audit log. Raises Unavailable only."""

    async def add_project(self, project: Project) -> None:
        """Store a project; one of that name stays as it is."""
        ...

    async def projects(self) -> list[Project]:
        """All projects, oldest first."""
        ...

    async def put_token(self, token: Token) -> None:
        """Store a token, in place of what stood under its id."""
        ...

    async def tokens(self) -> list[Token]:
        """All tokens, revoked ones too, oldest first."""
        ...

    async def token_of(self, sha256: str) -> Token | None:
        """The token whose secret has this hash."""
        ...

    async def mark_used(self, token_id: str, at: float) -> None:
        """Note its last use."""
        ...

    async def note(self, deed: Deed) -> None:
        """Append to the audit log."""
        ...

    async def deeds(self, limit: int) -> list[Deed]:
        """The audit log, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Announced:
    """A create of a foreign face, as every process that takes them is told of it."""

    id: str
    ask: str  # its fingerprint
    began_at: float
    job_id: str | None = None
    ended_at: float | None = None  # when its answer went out, or could not
    lost: bool = False  # nobody was there any more to take the answer
    followed: bool = False  # its job's id was named by a later request


class Announcements(Protocol):
    """The creates of foreign faces under way and of late, for the several processes that may get one and the same.
    Raises Unavailable only.
    """

    async def announce(self, call: Announced, since: float) -> list[Announced]:
        """Say that a create has come, before anything is done about it. Those of its fingerprint that were announced
        before it and have come since an instant, the first first; what is older, of anybody, is forgotten.
        """
        ...

    async def announced(self, call_id: str) -> Announced | None:
        """A create as it stands; None: it came to nothing, or is forgotten."""
        ...

    async def conclude(self, call: Announced) -> None:
        """Say what a create has come to."""
        ...

    async def withdraw(self, call_id: str) -> None:
        """A create came to nothing, or was an earlier one's; nothing there is as good."""
        ...

    async def follow(self, job_id: str) -> None:
        """The id of a job was named: its create's answer has arrived."""
        ...


class Hooks(Protocol):
    """Webhooks, what was to be told, and what each hook is still owed of it. Raises Unavailable only."""

    async def put(self, hook: Hook) -> None:
        """Store a hook, in place of what stood under its id."""
        ...

    async def remove(self, hook_id: str) -> None:
        """Forget a hook and what it was owed; nothing there is as good."""
        ...

    async def all(self) -> list[Hook]:
        """Every hook, oldest first."""
        ...

    async def tell(self, message: Message, hooks: Sequence[str], due_at: float) -> None:
        """Store a message and owe it to these hooks; one that is known by its id changes nothing."""
        ...

    async def due(self, now: float, limit: int) -> list[tuple[Delivery, Message]]:
        """What is owed and due, at most one of each hook, the longest due first."""
        ...

    async def settle(self, delivery: Delivery) -> None:
        """Write down how a try went."""
        ...

    async def owed(self, hook_id: str, limit: int) -> list[tuple[Delivery, Message]]:
        """What a hook was owed, delivered or not, newest first."""
        ...

    async def again(self, hook: Hook, now: float, *, message: str | None, since: float | None) -> int:
        """Owe a hook anew what it wants of one message, or of all since an instant; how many there were."""
        ...

    async def prune(self, before: float) -> int:
        """Remove messages from before an instant that nobody is owed any more, and how they were delivered; how many
        messages there were.
        """
        ...


# --- what is kept of a finished job ---------------------------------------------------------------------------------


class Gallery(Protocol):
    """What was derived from clips, and the stable links that show them."""

    async def views_of(self, job_id: str) -> KeptViews | None:
        """What was derived from a job's clip."""
        ...

    async def keep_views(self, views: KeptViews) -> None:
        """Note what was derived, in place of what was noted before. Raises NotFound."""
        ...

    async def drop_views(self, job_id: str) -> None:
        """Forget it; nothing there is as good."""
        ...

    async def share(self, share: Share) -> Share:
        """The live link to the same artifact if there is one; else this one, stored. Raises NotFound."""
        ...

    async def shared(self, token: str) -> Share | None:
        """The link of a token, revoked or not."""
        ...

    async def shares_of(self, job_id: str) -> list[Share]:
        """All links of a job, oldest first."""
        ...

    async def revoke(self, token: str, at: float) -> bool:
        """End a link for good; whether it was live."""
        ...


@dataclass(frozen=True, slots=True)
class Worn:
    """Which clips have become too old: of these projects, or of all but these, made before an instant."""

    before: float
    limit: int
    projects: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision about a job's clip, and the one it was made from: it counts only while that one stands."""

    was: Custody
    now: Custody


class Custodian(Protocol):
    """What was decided about keeping clips."""

    async def custody_of(self, job_ids: Sequence[str]) -> Mapping[str, Custody]:
        """Decisions by job; jobs about which nothing was decided are left out."""
        ...

    async def decide(self, rulings: Sequence[Ruling]) -> None:
        """Write decisions, all or none, each in the place of the very one it was made from: of two people (or a person
        and a sweep) who decide at the same moment, the later one is told and looks again. Raises Stale, NotFound.
        """
        ...

    async def worn(self, which: Worn) -> list[Job]:
        """Succeeded jobs that are too old and about which nothing was decided, oldest first."""
        ...

    async def due(self, now: float, limit: int) -> list[Custody]:
        """Trash whose grace is over and erasures that were asked for and not finished; never what is held."""
        ...

    async def trash(self, limit: int) -> list[Custody]:
        """What can still be brought back, the first to be purged first."""
        ...

    async def erase(self, jobs: Sequence[Job], at: float) -> None:
        """Put wordless jobs (`domain.keeping.erased`) in the place of those they were made of; their history, notices,
        tags, views and links go. All or none. Raises Stale, NotFound, and Conflict for what is under a hold.
        """
        ...

    async def prune(self, before: float) -> int:
        """Remove what happened, and notices that were delivered, from before an instant; how much there was. Jobs and
        their own histories stay, and so does the last thing that happened: numbers go on from it.
        """
        ...

    async def refers(self, sha256: str, but: Collection[str]) -> bool:
        """Whether any job but these starts from a kept file and has not lost its clip to a purge or an erasure."""
        ...

    async def needed_inputs(self) -> frozenset[str]:
        """The hashes of all kept files that jobs start from which have not lost their clips. Reads every such job."""
        ...


# --- the ledger -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slice:
    """Which postings; unset fields don't narrow. `since` and `until` speak of when money was committed."""

    since: float | None = None
    until: float | None = None
    project: str | None = None
    account: str | None = None
    jobs: tuple[str, ...] = ()  # caused by these


class Ledger(Protocol):
    """The money: double entries that are written with the changes they belong to, and the budgets that guard them.

    `Jobs.commit` and `Slots.begin` enter a change's bookings. `begin` also reads the budgets, under the same lock, and
    refuses what they do not allow.
    """

    async def postings(self, which: Slice) -> list[Posting]:
        """Double entries by filter, oldest first."""
        ...

    async def stop(self, job: Job, wanted: Booking, now: float) -> Stop | None:
        """What would speak against a reservation just now; only `begin` decides."""
        ...

    async def budgets(self, now: float) -> list[Used]:
        """All budgets, each with what is committed in the period that holds now."""
        ...

    async def put_budget(self, budget: Budget) -> None:
        """Set a budget, in place of the one with its id."""
        ...

    async def drop_budget(self, budget_id: str) -> None:
        """End a budget. Raises NotFound."""
        ...

    async def overruns(self) -> list[Overrun]:
        """Settlements above their reservations that nobody has cleared yet, oldest first."""
        ...

    async def clear(self, model: str | None) -> int:
        """Somebody has looked at the price of a model (None: all): it is sent again. How many there were."""
        ...


# --- what answers about jobs are made of ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """What holds for every job that waits or runs, all of one moment."""

    in_use: Mapping[SlotKey, int]
    learned: Mapping[SlotKey, Learned]
    parks: tuple[Park, ...]
    doubtful: tuple[Job, ...]
    times: RunTimes


@dataclass(frozen=True, slots=True)
class Sight:
    """A job with what an answer about it says beside, all of one moment."""

    job: Job
    ahead: int  # queued jobs that go before it (`Holds.ahead`); 0 when it is not queued
    postings: tuple[Posting, ...]  # caused by it and its spares
    mark: Mark | None = None  # what was said of it after it was ordered


class Overview(Protocol):
    """What faces show, each in one look at the store: a look changes threads twice, and everybody who waits meanwhile
    is let in between. Raises Unavailable.
    """

    async def line(self, now: float) -> Line:
        """What holds for every job."""
        ...

    async def sight(self, job_id: str) -> Sight:
        """One job and what is said beside it. Raises NotFound."""
        ...


# --- the vendor -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request as it will go out, its media reachable for the vendor. Opaque to everybody but the vendor's adapter."""

    fingerprint: str
    body: object


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the list is asked for: by instants of the vendor's clock, in pages of a size."""

    since: float
    until: float
    model: str | None = None  # None: all models
    page_size: int = 100
    zone: Zone = Zone.UTC8  # how the vendor is thought to read the two instants


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the vendor's task list."""

    rows: tuple[Sighting, ...]
    page: int
    pages: int
    skew_s: float | None = None  # the vendor's clock minus ours, when its answer told
    total: int | None = None  # rows on all pages, where the vendor says
    page_size: int | None = None  # how many rows a page holds, where the vendor says


SubmitAnswer = Accepted | Refused | NotSent | Lost
LookAnswer = StillRunning | Finished | FinishedBlank | TaskFailed | TaskCancelled | TaskUnknown | QueryFailed
CancelAnswer = CancelTaken | CancelRefused | CancelFailed


@dataclass(frozen=True, slots=True)
class Ended:
    """A job whose task has most likely ended; `answer` is the vendor's own word, where it was asked for that alone."""

    job_id: str
    task_id: str
    answer: LookAnswer | None = None


@dataclass(frozen=True, slots=True)
class Turned:
    """What a watcher's turn came to, and when the next one is to be taken."""

    ended: tuple[Ended, ...]
    until: float


class Watcher(Protocol):
    """Watches the running tasks of one account. A turn neither sleeps nor spawns; what it shows is in memory alone."""

    @property
    def account(self) -> Account:
        """Whose tasks."""
        ...

    async def turn(self) -> Turned:
        """One look, or none, and what it showed. Raises Unavailable while the store is away."""
        ...

    def changed(self) -> None:
        """Something in this process has changed what runs."""
        ...

    def seen_since(self, since: float, but: str) -> bool:
        """Whether the vendor has shown any task of the account but this one at or after an instant."""
        ...


class PrepareFailed(Exception):
    """An input could not be made reachable. `fatal`: it never will be; otherwise "not now"."""

    def __init__(self, why: str, *, code: str = "input_unavailable", fatal: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.code = code
        self.fatal = fatal


class Vendor(Protocol):
    """The video service. Answers are events; nothing but PrepareFailed and ListFailed is raised."""

    async def prepare(self, job: Job) -> Prepared:
        """Make the request's media reachable (nothing is paid by this) and fix the words that will go out.
        Raises PrepareFailed.
        """
        ...

    async def submit(self, job: Job, intent: Intent, prepared: Prepared) -> SubmitAnswer:
        """The paid call, made at most once, its first byte not after `intent.send_by`."""
        ...

    async def look(self, account: Account, task_id: str) -> LookAnswer:
        """Ask after one task (`TaskUnknown.witnessed` is left False; the caller knows better)."""
        ...

    async def cancel(self, account: Account, task_id: str) -> CancelAnswer:
        """Ask to stop a task that has not begun."""
        ...

    async def list(self, account: Account, window: Window, page: int) -> Listing:
        """One page of the account's tasks in a window. Raises ListFailed."""
        ...


class Quotas(Protocol):
    """What the vendor says an account may do, where it says so."""

    async def limits(self, account: Account) -> Mapping[str, int]:
        """How many tasks of each model may run at once; models whose figure is unset are left out. Raises ListFailed:
        it could not be asked, or does not say.
        """
        ...


class LikenessFailed(Exception):
    """A clip could not be compared with pictures. `final`: it never will be; otherwise "not now"."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.final = final


class Likeness(Protocol):
    """Tells whose clip it is by its end frames."""

    async def distances(
        self, account: Account, url: str, pictures: Mapping[str, tuple[str | None, str | None]]
    ) -> Mapping[str, float]:
        """How far a finished clip's first and last frame are from some pairs of kept pictures (hashes; None: not
        given), by name: 0 alike, 1 as unlike as can be. Raises LikenessFailed.
        """
        ...


class ListFailed(Exception):
    """The list told nothing: "not now". `refused`: the vendor understood the question and does not take it so."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.refused = refused


# --- results and the archive ----------------------------------------------------------------------------------------


class KeepFailed(Exception):
    """A clip could not be fetched or kept this time."""

    def __init__(self, trouble: Trouble, why: str) -> None:
        super().__init__(why)
        self.trouble = trouble
        self.why = why


class Results(Protocol):
    """Where the vendor's finished clips are fetched."""

    def fetch(self, account: Account, url: str) -> AsyncIterator[bytes]:
        """The file's bytes in pieces of bounded size, resumed after a cut, ending only when the announced length has
        come. Raises KeepFailed (SOURCE_REFUSED, SOURCE_FAILED, UNSAFE_URL) while iterating.
        """
        ...


@dataclass(frozen=True, slots=True)
class Label:
    """What storage is told of a file beside its bytes. `facts` are stored with it: names of a-z, 0-9 and dashes, values
    of printable ASCII, few and short (a bucket takes 2 kB in all).
    """

    media_type: str = "video/mp4"
    filename: str = ""  # what a browser calls it when it is saved; "": the last part of its key
    facts: tuple[tuple[str, str], ...] = ()


class Archive(Protocol):
    """The user's own storage, where clips are put for good."""

    async def keep(self, key: str, pieces: AsyncIterator[bytes], label: Label | None = None) -> Artifact:
        """Store a clip durably under `key`, checked to be a whole MP4. The same bytes again are harmless; if other
        bytes lie there the artifact says under which key these went. Raises KeepFailed (BAD_BYTES, DESTINATION, and
        whatever `pieces` raises); then nothing is visible under the key.
        """
        ...

    async def sweep(self) -> int:
        """Remove what dead processes left half-written; how much there was. Raises Unavailable."""
        ...


class Spool(Protocol):
    """A bounded place on this machine where clips wait for the user's storage."""

    @property
    def name(self) -> str:
        """What other machines know it by; "": there are none."""
        ...

    async def take(self, job_id: str, pieces: AsyncIterator[bytes], expected_bytes: int) -> SpoolCopy | None:
        """Keep a clip, checked to be a whole MP4 and durable on return. One of that job which lies there whole is taken
        as it is, and `pieces` are left alone. None: there is no room for what is expected. Raises KeepFailed (SPOOL,
        BAD_BYTES, and whatever `pieces` raises); then nothing of it stays.
        """
        ...

    def read(self, job_id: str, copy: SpoolCopy) -> AsyncIterator[bytes]:
        """Its bytes. Raises KeepFailed (SPOOL) while iterating, before the last of them, if they are not those."""
        ...

    async def drop(self, job_id: str) -> None:
        """Let go of a clip; none there is as good. Raises Unavailable."""
        ...

    async def held(self) -> list[str]:
        """The jobs whose clips lie there. Raises Unavailable."""
        ...

    async def has(self, job_id: str) -> bool:
        """Whether a job's clip lies there."""
        ...

    async def noted(self) -> list[str]:
        """The jobs whose clips other machines believe to lie there: they do, did, or were to. Raises Unavailable."""
        ...

    async def others(self, job_id: str) -> tuple[str, ...]:
        """The names of other machines' spools that a job's clip may lie in. Raises Unavailable."""
        ...

    async def room(self) -> SpoolRoom:
        """How much lies there and what could be added. Raises Unavailable."""
        ...

    async def sweep(self) -> int:
        """Remove what dead processes left half-written; how much there was."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file: from byte `start` up to, not including, `stop` (None: its end)."""

    start: int = 0
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Shelved:
    """A file as it lies in the user's storage. A listing leaves `facts` and `media_type` out; `look` fills them in."""

    key: str
    size_bytes: int
    modified_at: float
    media_type: str = ""
    facts: tuple[tuple[str, str], ...] = ()


class Shelf(Protocol):
    """The user's own storage, as it is read, looked after and emptied. Clips come in by `Archive.keep` alone."""

    def of(self, archive: str) -> Shelf:
        """The shelf of an archive by its name (`Artifact.archive`), which may be an earlier one than is set now. Raises
        Unavailable.
        """
        ...

    def all(self) -> Mapping[str, Shelf]:
        """The shelves of all archives that are known, by name; the one that is set now comes first. Raises
        Unavailable.
        """
        ...

    def where(self, artifact: Artifact) -> str:
        """The path or address a person can find it by; gives no access by itself."""
        ...

    def place(self, key: str) -> str:
        """Where a key lies, for comparing: the same for one file, whichever archive or link it is named by."""
        ...

    async def open(self, artifact: Artifact, span: Span | None = None) -> AsyncIterator[bytes]:
        """The stored bytes, or a part of them, in pieces. Raises NotFound, Unavailable; so does the iterating."""
        ...

    async def link(self, artifact: Artifact, life_s: float, filename: str | None = None) -> str | None:
        """A link that anybody can read it by for `life_s` seconds; made anew at each call and never stored. With a
        `filename` a browser saves it under that name. None: this storage has no links, serve the bytes. Raises
        Unavailable.
        """
        ...

    async def look(self, key: str) -> Shelved | None:
        """What lies under a key; None for nothing. Raises Unavailable."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[Shelved]:
        """Everything whose key begins so, in no order. Raises Unavailable while iterating."""
        ...

    async def put(self, key: str, data: bytes, label: Label) -> Artifact:
        """Store a small file (a poster, an input) durably, in place of what lay under its key. Raises Unavailable."""
        ...

    async def remove(self, key: str) -> None:
        """Delete for good; nothing there is as good. Raises Unavailable."""
        ...


class FileBytes(Protocol):
    """A file to look into, wherever it lies: read in parts, never whole. `name` is for words."""

    @property
    def name(self) -> str:
        """What a message calls it."""
        ...

    @property
    def size_bytes(self) -> int:
        """How large it is."""
        ...

    async def read(self, start: int, size: int) -> bytes:
        """The bytes from `start` on, `size` of them; fewer only where the file ends. Raises NotFound, Unavailable."""
        ...


class Media(Protocol):
    """Looks into foreign clips and pictures, in a process of its own that ends at a limit or a crash, alone.

    All raise Invalid (not a clip, not one that may be decoded, or past a limit of pixels, pictures, bytes, memory or
    computing), Unavailable (it took too long, no process could be started), and what reading the file raises.
    """

    async def probe(self, clip: FileBytes) -> ClipFacts:
        """Sides, rate, length, codecs: from the index alone, a small part of the file."""
        ...

    async def frames(self, clip: FileBytes, wanted: Sampling) -> Sampled:
        """Pictures of the clip as plain pixels (see `domain.clip.Sampling`), decoded forward once. At most 1,000, of at
        most 4,096 pixels across, and 128 MB of pixels in all: ask for small ones when you want many.
        """
        ...

    async def views(self, clip: FileBytes) -> Views:
        """Poster, thumbnail, contact sheet and sprite of a clip, with its facts, made in one go through it."""
        ...

    async def still(self, file: FileBytes, fit: Fit | None = None) -> Still:
        """Facts of a picture (JPEG, PNG, BMP, WEBP) that decodes to its end. One whose EXIF data asks for a turn is
        written anew, upright; with `fit`, one that is too large is made smaller.
        """
        ...

    async def pixels(self, file: FileBytes, width: int) -> Frame:
        """A picture as one sees it: upright, grey, transparency on white, at most so many pixels across."""
        ...


class JudgeFailed(Exception):
    """A judge has nothing to say of a clip. `later`: it may have, another time."""

    def __init__(self, why: str, *, later: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.later = later


class Judge(Protocol):
    """Looks at a finished clip and says how good it is. It is told of the job and can change nothing about it."""

    @property
    def name(self) -> str:
        """What its opinions are signed with."""
        ...

    async def judge(self, job: Job, clip: FileBytes) -> Opinion:
        """Its opinion, within a time of its own. Raises JudgeFailed and nothing else."""
        ...


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What all judges said; `again`: one of them failed in a way that may pass."""

    review: Review
    again: bool


class Panel(Protocol):
    """All judges of a home."""

    async def review(self, job: Job, now: float) -> Reviewed:
        """The opinions on a succeeded job's clip. Raises nothing: what went wrong is in the review."""
        ...


class Inputs(Protocol):
    """Pictures and sounds a request refers to, kept in the home so that the job can always be sent.

    The same bytes are kept, and looked into, once. A picture that lies on its side is kept upright; with `fit`, one
    that is too large is kept smaller; `StoredInput.changes` says so.
    """

    async def keep(self, source: Path, fit: Fit | None = None) -> StoredInput:
        """Copy a local file into the home, by hash. Raises Invalid (unreadable, not a picture or sound, too large),
        Unavailable (the home is full or not writable).
        """
        ...

    async def keep_bytes(self, data: bytes, name: str, fit: Fit | None = None) -> StoredInput:
        """The same for content that came inline. Raises Invalid, Unavailable."""
        ...

    async def keep_link(self, url: str, fit: Fit | None = None) -> StoredInput | None:
        """The same for what an http(s) link leads to; None where links are set to be passed on to the vendor as they
        are. Raises Invalid (also: not reachable, not safe to follow), Unavailable.
        """
        ...

    def path(self, sha256: str) -> Path:
        """Where the copy lies. Raises NotFound."""
        ...

    async def forget(self, sha256: str) -> bool:
        """Remove a copy for good; whether it was there. Raises Unavailable."""
        ...

    async def kept(self) -> list[str]:
        """The hashes of all copies. Raises Unavailable."""
        ...

    async def idle(self, before: float) -> list[str]:
        """The hashes of copies that were neither kept nor noted as in use since an instant. Raises Unavailable."""
        ...

    async def in_use(self, sha256: str) -> None:
        """Note that a copy is needed now; one that is not there is none. Raises Unavailable."""
        ...

    async def forget_idle(self, sha256: str, before: float) -> bool:
        """Remove a copy for good unless it was kept or noted as in use since an instant, even this very moment; whether
        it is gone. Raises Unavailable.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredInput:
    """Facts of a kept input; picture sides in pixels, 0 for what is not a picture."""

    sha256: str
    mime: str
    size_bytes: int
    name: str
    width: int = 0
    height: int = 0
    format: str = ""
    has_alpha: bool = False
    changes: tuple[str, ...] = ()  # what was done to it, in words


class ReadFailed(Exception):
    """A language model has nothing to say of a prompt; `why` in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class PromptReader(Protocol):
    """A language model that reads a prompt before it is paid for. Never needed: what it says are warnings."""

    async def read(self, prompt: str, mode: str, size: str | None) -> tuple[Remark, ...]:
        """What it finds, in the order of the text. Raises ReadFailed."""
        ...


class OwnTemplates(Protocol):
    """Where the templates of a home lie that its users keep. Calls block for as long as a small file takes."""

    def rows(self) -> Mapping[str, object]:
        """Each by its name, as it was kept. Raises Invalid (somebody wrote there what cannot be read), Unavailable."""
        ...

    def change(self, edit: Callable[[dict[str, object]], None]) -> None:
        """Keep what `edit` makes of the rows; of two who change at once both are kept. What `edit` raises changes
        nothing. Raises Invalid, Unavailable.
        """
        ...


class Notifier(Protocol):
    """Whoever is to be told."""

    async def tell(self, notice: Notice) -> None:
        """Deliver one notice. Raises Unavailable: it is tried again later."""
        ...


# --- an engine of somebody else's -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """What a job's turn came to, for whoever decides when it has another. Nothing of its request stands here."""

    state: str  # the word for it; "" when nobody could tell
    wait_s: float | None = None  # until the next turn is due; None: not before somebody says so
    over: bool = False  # ended, or back in the queue: it takes no more turns until it is woken
    heavy: bool = False  # the next turn moves a clip
    trouble: bool = False  # nothing was done, and nobody knows why that should be better at once


TakeTurn = Callable[[str, str], Coroutine[Any, Any, Turn]]
"""Take a job's turn here and now: its id, and who has claimed it for that ("": nobody). Raises nothing of ours."""


class Engine(Protocol):
    """Another program that says where and when jobs take their turns: never two of one job at once."""

    def working(self, take: TakeTurn, owner: str) -> AbstractAsyncContextManager[None]:
        """Let it have turns taken by this worker while the block lasts; those under way at its end are waited for. An
        engine that is away is waited for, too. Raises Invalid, Unauthorized: it will never let us.
        """
        ...

    async def wake(self, job: Job, claimed_by: str = "") -> None:
        """See to it that a job takes a turn soon, whether or not the engine knows it yet. Where this worker is the one
        who has claimed it, this worker takes that turn. Raises Unavailable: nobody knows whether it will.
        """
        ...
