"""A job: our durable record of one request, and the states it can be in, each carrying exactly what is true in it.

Instants are float seconds since the epoch, UTC (`_at`); durations are seconds (`_s`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from wanreel.domain.labels import PROJECT
from wanreel.domain.request import Request

TASK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:~-]{0,199}")
"""What may be an id of the vendor's tasks, from its answers or a person: it is stored, and put into a path."""


class Fault(StrEnum):
    """Whose fault a failure is, which decides what happens next."""

    OURS = "ours"  # the request is wrong; sending it again cannot help
    THEIRS = "theirs"  # the vendor's fault; a FAILED task of this kind cost nothing and may be made anew
    POLICY = "policy"  # content refused; final
    ACCOUNT = "account"  # key, purchase or billing; the account is parked, the job waits
    THROTTLE = "throttle"  # not now
    DOUBT = "doubt"  # nobody knows whether the paid call was accepted
    TIME = "time"  # a deadline passed
    BUDGET = "budget"  # there was no money for it; nothing was sent


@dataclass(frozen=True, slots=True)
class Account:
    """A main account in a region; a job keeps it, and its host, for life (a task is visible only there)."""

    id: str
    region: str
    base_url: str  # ends in /api/v1, no trailing slash


@dataclass(frozen=True, slots=True)
class Intent:
    """The decision to make one paid call, durable before the call is made."""

    id: str
    at: float
    send_by: float  # after this instant the first byte must not leave
    fingerprint: str  # SHA-256 of the whole wire body, media by their hashes


@dataclass(frozen=True, slots=True)
class Task:
    """The vendor's asynchronous unit that was paid for."""

    id: str
    accepted_at: float
    request_id: str = ""
    how: str = "answer"  # "answer" of the submit, or "adopted" afterwards
    seed_certain: bool = True  # False: adopted among calls that differed in nothing but their seed
    sent_at: float | None = None  # when its paid call was decided on, where that is known: its price is that day's


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the vendor told about a SUCCEEDED task."""

    video_url: str
    url_expires_at: float
    orig_prompt: str | None = None
    actual_prompt: str | None = None
    usage: str = "{}"  # the vendor's usage object as canonical JSON
    billed_s: float | None = None  # billed seconds of video, when usage tells
    took_s: float | None = None  # from its submit to its end, by the vendor's clock, where the answer tells both


@dataclass(frozen=True, slots=True)
class Artifact:
    """The archived file: in the user's own storage, whole, its hash known."""

    key: str
    size_bytes: int
    sha256: str
    media_type: str = "video/mp4"
    archive: str = ""  # the name of the archive it lies in; "": the one that is set


@dataclass(frozen=True, slots=True)
class SpoolCopy:
    """A clip as it lies in the spool: whole, durable, on this machine, waiting for the user's storage."""

    at: float
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody asked to cancel; `discard` says that a clip which comes all the same need not be kept."""

    asked_at: float
    discard: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """What the lint said of the prompt when the job was ordered. `start` and `end` count its code points."""

    code: str
    label: str
    severity: str  # "error" only where the order said to make it all the same
    message: str
    start: int
    end: int


# --- states ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Queued:
    """Waits for a slot of its account and model. `tries` counts submits of this attempt that came to nothing."""

    due_at: float
    tries: int = 0
    why: str = ""  # why it is not sent yet, in words, "" when it is merely waiting its turn
    held_by: str = ""  # what the vendor's last refusal was about (a Pause, or "input"): said once, tried again once


@dataclass(frozen=True, slots=True)
class Submitting:
    """The paid call is in the air, or its process died: the intent is durable, the answer is not."""

    intent: Intent
    tries: int = 0
    held_by: str = ""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The answer was lost: the vendor may have accepted and will bill. Never sent again by itself."""

    intent: Intent
    since: float
    why: str
    tries: int = 0
    held_by: str = ""
    asks: str = ""  # what only a person can decide, in words; "" while the vendor's list may still tell


class CancelStep(StrEnum):
    """How far a cancel has got with the vendor."""

    NONE = "none"
    WANTED = "wanted"  # the vendor's cancel is to be called
    UNSURE = "unsure"  # that call told nothing: look first, then ask again if the task still waits
    TAKEN = "taken"  # the vendor said yes; a query decides
    TOO_LATE = "too_late"  # it runs: it will be paid, and kept unless discard was given


@dataclass(frozen=True, slots=True)
class Generating:
    """The vendor works on a paid task."""

    task: Task
    due_at: float
    polls: int = 0
    status: str = "PENDING"  # the vendor's last word that was not an end: PENDING, RUNNING
    seen_at: float | None = None  # when the vendor last showed that it knows the task
    unknown_since: float | None = None
    unknown_looks: int = 0
    blank_looks: int = 0  # SUCCEEDED without a URL
    cancel: CancelStep = CancelStep.NONE
    trouble: str = ""  # why the last look told nothing


@dataclass(frozen=True, slots=True)
class Archiving:
    """The clip exists at the vendor and its URL is dying; it is being copied to the user's storage. Once `spooled` it
    is safe on this machine, and its URL may die.
    """

    task: Task
    outcome: Outcome
    due_at: float
    tries: int = 0
    requery: bool = False  # the URL was refused: ask the vendor once for another
    trouble: str = ""
    seen_at: float | None = None
    since: float | None = None  # when its URL was heard of: its life is counted from here
    failing_since: float | None = None  # since when the user's storage has taken nothing
    spooled: SpoolCopy | None = None
    unspoolable: bool = False  # the spool did not take it the last time: the storage itself is asked first
    alarmed: int = 0  # per cent of its URL's life that somebody was alarmed about


@dataclass(frozen=True, slots=True)
class Succeeded:
    """In the user's storage, whole. Final."""

    task: Task
    outcome: Outcome
    artifact: Artifact
    finished_at: float


@dataclass(frozen=True, slots=True)
class Failed:
    """Ended without a clip, with the vendor's own code and words where it has spoken. Final."""

    code: str
    message: str
    fault: Fault
    finished_at: float
    task: Task | None = None
    outcome: Outcome | None = None  # set when the vendor did make (and bill) a clip that could not be kept


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Ended because somebody asked. `outcome` is set when it was paid for all the same. Final."""

    finished_at: float
    task: Task | None = None
    outcome: Outcome | None = None


State = Queued | Submitting | Unconfirmed | Generating | Archiving | Succeeded | Failed | Cancelled
STATES: tuple[type[State], ...] = (
    Queued,
    Submitting,
    Unconfirmed,
    Generating,
    Archiving,
    Succeeded,
    Failed,
    Cancelled,
)
FINAL: tuple[type[State], ...] = (Succeeded, Failed, Cancelled)


@dataclass(frozen=True, slots=True)
class Job:
    """One request on its way to one artifact. Only `domain.lifecycle.transition` makes its next state."""

    id: str
    request: Request
    account: Account
    state: State
    created_at: float
    version: int = 1  # grows by one with every committed change
    attempt: int = 1  # which task this is the try for; grows when a FAILED task is made anew
    prompt_extend_off: bool = False  # set when the vendor's rewriting failed and the next attempt goes without
    cancel: Cancel | None = None
    past: tuple[Task, ...] = ()  # earlier tasks that the vendor ended as FAILED
    group: str | None = None
    index: int = 0  # place in its group, from 0
    key: str | None = None  # unique: the same key never makes a second job
    name: str | None = None  # the caller's own name for it: a batch row's id
    ask: str | None = None  # hash of the call that ordered it: what a key, or a resend, is compared by
    spare_of: str | None = None  # a paid task beyond the one that job needed
    retry_of: str | None = None  # the ended job that this one repeats
    project: str = PROJECT  # whose it is: budgets, reports and the archive go by it
    tags: tuple[str, ...] = ()
    priority: int = 0  # the higher goes first
    remarks: tuple[Remark, ...] = ()  # what the lint said of its prompt
    bound: bool = False  # to its account, for good: the vendor may have had it, or it names a file that lies there
    max_cost: Decimal | None = None  # all its tasks together may cost this, in its account's currency
    group_max_cost: Decimal | None = None  # the same for its whole group


def state_name(state: State | type[State]) -> str:
    """The word for a state that faces and the store use: `queued`, `submitting`, ..."""
    kind = state if isinstance(state, type) else type(state)
    return kind.__name__.lower()


def is_final(job: Job) -> bool:
    """Whether nothing will change any more."""
    return isinstance(job.state, FINAL)


def is_bound(job: Job) -> bool:
    """Whether a job must stay with its account for good: a task is visible only there, and so may be a paid one."""
    return job.bound or bool(job.past)


def current_task(job: Job) -> Task | None:
    """The paid task the job stands on now, if any."""
    state = job.state
    return None if isinstance(state, (Queued, Submitting, Unconfirmed)) else state.task


def known_tasks(job: Job) -> frozenset[str]:
    """Ids of all the vendor's tasks that this job has owned."""
    task = current_task(job)
    tasks = job.past if task is None else (*job.past, task)
    return frozenset(t.id for t in tasks)
