"""What can happen to a job, as frozen values in the past tense, and what comes of it: changes, notices, parks.

An event is made by whoever saw it (the vendor's adapter, the archive, a person) and judged by `domain.lifecycle`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wanreel.domain.booking import Booking
from wanreel.domain.job import Account, Artifact, Fault, Intent, Job, Outcome, SpoolCopy

# --- submitting -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SubmitBegun:
    """A slot is held and the paid call may be made once this is durable."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proven: not one byte of the paid call left this machine."""

    intent_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The vendor took the task; it will be paid if it succeeds. Never late news."""

    intent_id: str
    task_id: str
    request_id: str = ""


class Pause(StrEnum):
    """What a refusal that is "not now" asks us to hold back, and roughly for how long."""

    NONE = "none"
    BUSY = "busy"  # slots or rate: seconds, lifted early when a slot frees
    BURST = "burst"  # rate rose too quickly: seconds
    QUOTA = "quota"  # allocated quota: minutes
    ACCOUNT = "account"  # key or billing: until somebody mends it; probed rarely
    MODEL = "model"  # this account may not use this model: like ACCOUNT, for one model
    KEY = "key"  # this key is refused and another of the account is tried at once: nothing is held back
    HAND = "hand"  # somebody wants it so: until somebody wants it otherwise


NEEDS_PERSON = (Pause.ACCOUNT, Pause.MODEL, Pause.HAND)
"""Pauses that end only when somebody mends the key, the bill or a permission, or says that it may go on."""

FOREVER = 253_402_300_800.0
"""The end of a pause that has none, in the year 10000; what is paused by hand is held back whatever its end says."""

ALL = "*"
"""Every model of an account, or every account, in what is held back."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The vendor said no to the submit and nothing was bought; `code` and `message` are its own."""

    intent_id: str
    http_status: int
    code: str
    message: str
    fault: Fault
    pause: Pause = Pause.NONE
    again: bool = False  # worth one more try as it is (the vendor could not fetch an input)
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """The call may have reached the vendor and no usable answer came back."""

    intent_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """What the request refers to can no longer be used (a stored input is gone); nothing was sent or paid."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Another account of the region has room, or the job's own sends nothing for now; nobody has ever sent it."""

    account: Account
    why: str


@dataclass(frozen=True, slots=True)
class OverBudget:
    """A budget, a highest cost or a wrong price stopped it before its paid call: it waits, or with `refuse` it ends."""

    why: str
    refuse: bool = False


@dataclass(frozen=True, slots=True)
class MoneyFreed:
    """What it was held for has changed: it need not wait until it would have asked again."""

    why: str = ""


# --- settling a doubt -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """The task of a doubtful submit is known after all. Paid, so never late news."""

    task_id: str
    by: str  # who settled it: "person" or "list"
    evidence: str = ""
    seed_certain: bool = True  # False: made by one of several calls that differed in nothing but their seed


@dataclass(frozen=True, slots=True)
class NotFound:
    """The vendor never took the doubtful submit: proven, or a person's word. `intent_id` is the submit that a proof
    speaks of; a person speaks of the job as it stands.
    """

    by: str
    evidence: str = ""
    intent_id: str = ""


@dataclass(frozen=True, slots=True)
class Undecided:
    """The vendor's list cannot settle this doubt, or not yet; `why` says what a person has to look at."""

    intent_id: str
    why: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A person ends a doubtful job without knowing."""

    by: str
    evidence: str = ""


# --- watching -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StillRunning:
    """The vendor knows the task and it is not done; `status` is PENDING or RUNNING."""

    status: str


@dataclass(frozen=True, slots=True)
class QueryFailed:
    """The look told nothing: "not now"."""

    why: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The vendor made the clip."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class FinishedBlank:
    """The vendor says SUCCEEDED and gives no URL (its output check took the clip away, or it is late)."""

    usage: str = "{}"


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """The vendor's task ended as FAILED, which costs nothing; `code` and `message` are its own."""

    code: str
    message: str
    fault: Fault
    without_extend: bool = False  # the prompt rewriter failed: worth one try with prompt_extend off


@dataclass(frozen=True, slots=True)
class TaskCancelled:
    """The vendor's task ended as cancelled."""


@dataclass(frozen=True, slots=True)
class TaskUnknown:
    """The vendor does not know the id. `witnessed`: another task of the account was visible since that began."""

    witnessed: bool


# --- cancelling -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """Somebody wants the job stopped."""

    discard: bool = False


@dataclass(frozen=True, slots=True)
class CancelTaken:
    """The vendor accepted the cancel."""


@dataclass(frozen=True, slots=True)
class CancelRefused:
    """The vendor says it is too late."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class CancelFailed:
    """The cancel call told nothing: "not now"."""

    why: str


# --- archiving ------------------------------------------------------------------------------------------------------


class Trouble(StrEnum):
    """Why a clip could not be kept this time."""

    SOURCE_REFUSED = "source_refused"  # 403/404 from the result's host
    SOURCE_FAILED = "source_failed"  # unreachable, 5xx, cut and not resumable
    BAD_BYTES = "bad_bytes"  # it came whole and is not a whole MP4
    DESTINATION = "destination"  # the user's storage: full, read-only, gone
    UNSAFE_URL = "unsafe_url"  # not a host results may be fetched from
    SPOOL = "spool"  # this machine's spool: full, gone, or what lay there is not what was put there


@dataclass(frozen=True, slots=True)
class Stored:
    """The clip lies in the user's storage, checked."""

    artifact: Artifact


@dataclass(frozen=True, slots=True)
class Spooled:
    """The clip lies whole in this machine's spool, and goes on from there when the user's storage answers."""

    copy: SpoolCopy


@dataclass(frozen=True, slots=True)
class StoreFailed:
    """This try at archiving failed."""

    trouble: Trouble
    why: str


Event = (
    SubmitBegun
    | NotSent
    | Accepted
    | Refused
    | Lost
    | Unfit
    | Moved
    | OverBudget
    | MoneyFreed
    | Found
    | NotFound
    | Undecided
    | GivenUp
    | StillRunning
    | QueryFailed
    | Finished
    | FinishedBlank
    | TaskFailed
    | TaskCancelled
    | TaskUnknown
    | CancelAsked
    | CancelTaken
    | CancelRefused
    | CancelFailed
    | Stored
    | Spooled
    | StoreFailed
)
EVENTS: tuple[type[Event], ...] = (
    SubmitBegun,
    NotSent,
    Accepted,
    Refused,
    Lost,
    Unfit,
    Moved,
    OverBudget,
    MoneyFreed,
    Found,
    NotFound,
    Undecided,
    GivenUp,
    StillRunning,
    QueryFailed,
    Finished,
    FinishedBlank,
    TaskFailed,
    TaskCancelled,
    TaskUnknown,
    CancelAsked,
    CancelTaken,
    CancelRefused,
    CancelFailed,
    Stored,
    Spooled,
    StoreFailed,
)


# --- what comes of an event -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a job's history. Folding the entries through `transition` gives the stored state again."""

    job_id: str
    version: int  # the job's version after it
    at: float
    draw: float
    event: Event
    state_from: str
    state_to: str
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What subscribers are owed; the id lets a receiver drop a second delivery."""

    id: str
    job_id: str
    kind: str  # job.succeeded, job.failed, job.cancelled, job.needs_attention, job.spare, job.spooled, job.at_risk, ...
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class SlotKey:
    """What limits are counted on: a main account and one of the vendor's models."""

    account: str  # "*" in a park: all accounts
    model: str  # "*" in a park: all models of the account

    def covers(self, key: SlotKey) -> bool:
        """Whether a park on this key holds back work of another."""
        return self.account in (ALL, key.account) and self.model in (ALL, key.model)


@dataclass(frozen=True, slots=True)
class Park:
    """Nothing new is sent on what `key` covers before `until`."""

    key: SlotKey
    kind: Pause
    until: float
    why: str
    project: str = ""  # only the jobs of this project; "": of all

    def covers(self, job: Job) -> bool:
        """Whether it holds back this job."""
        return self.key.covers(SlotKey(job.account.id, job.request.model)) and self.project in ("", job.project)


@dataclass(frozen=True, slots=True)
class Change:
    """A new job with its history entry, notices and side rows, to be committed together on the version read."""

    job: Job
    was: int  # the version this was decided on
    entry: Entry | None = None  # None: a look that found nothing new
    notices: tuple[Notice, ...] = ()
    born: tuple[Job, ...] = ()  # spares
    park: Park | None = None
    lift: SlotKey | None = None  # a slot came free: a BUSY park on this key ends
    full: SlotKey | None = None  # no more may run on this key, said the vendor: what others hold now is its limit
    late: bool = False  # late news: nothing to commit
    money: tuple[Booking, ...] = ()
