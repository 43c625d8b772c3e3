"""What settles a doubt: the calls whose task nobody knows, the evidence gathered about them, and the verdicts.

A call is *lost* when its answer was, and *in the air* while it may still be answered. A row of the vendor's list that
belongs to no job of ours is a *candidate* for every call that could have made it. `domain.weighing` decides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property

from wanreel.domain import request as requests
from wanreel.domain.job import Intent, Job, Submitting, Unconfirmed
from wanreel.domain.policy import Policy
from wanreel.domain.request import FIRST_FRAME, LAST_FRAME, Stored
from wanreel.domain.sighting import Sighting

DEAD = ("FAILED", "CANCELED", "CANCELLED")  # the vendor's words for an end that costs nothing
DONE = "SUCCEEDED"


@dataclass(frozen=True)
class Call:
    """A paid call whose task nobody knows (yet)."""

    job: Job
    intent: Intent
    lost: bool  # False: in the air

    @cached_property
    def prompt(self) -> str:
        """The words that went out: the request's, unless the caller's extra fields override them."""
        extra: object = json.loads(self.job.request.extra_input).get("prompt")
        return extra if isinstance(extra, str) else self.job.request.prompt

    @cached_property
    def body(self) -> tuple[str, bool]:
        """Equal for calls that differ in nothing but their seed."""
        return requests.fingerprint(replace(self.job.request, seed=None)), self.job.prompt_extend_off

    @cached_property
    def pictures(self) -> tuple[str | None, str | None]:
        """Hashes of the first and last frame, None for what is not given or lies elsewhere."""
        return self._hash(FIRST_FRAME), self._hash(LAST_FRAME)

    def _hash(self, role: str) -> str | None:
        source = self.job.request.source(role)
        return source.sha256 if isinstance(source, Stored) else None


def call_of(job: Job) -> Call | None:
    """The call a job waits to hear of; None where it has a task, or has sent nothing."""
    state = job.state
    if isinstance(state, (Submitting, Unconfirmed)):
        return Call(job, state.intent, lost=isinstance(state, Unconfirmed))
    return None


def asks_person(job: Job) -> bool:
    """Whether a doubt waits for somebody's word; any other one is still being looked up."""
    return isinstance(job.state, Unconfirmed) and job.state.asks != ""


def proof_wait_s(policy: Policy, lag_s: float = 0.0) -> float:
    """Seconds after a call was sent from which a list that does not show its task counts against it: the vendor has
    taken it by then or never will, and shows it, however late it was met to (`lag_s`).
    """
    return policy.absence_s + max(lag_s, policy.list_lag_s)


def outlook(state: Unconfirmed, policy: Policy, now: float) -> str:
    """What comes next of a doubt, and by when: instants, so that the words stay the same until one has passed."""
    slot_until = state.intent.at + policy.vendor_deadline_s
    slot = f"its slot is held until {utc(slot_until)} UTC at the latest" if now < slot_until else "it holds no slot"
    if state.asks:
        return f"a person decides, unless the vendor's list does first: it is read on; {slot}"
    proven_at = state.intent.at + proof_wait_s(policy)
    if now < proven_at:
        return (
            "the vendor's list is searched for its task; if none is there, that can be proven from "
            f"{utc(proven_at)} UTC on, and it is sent again or a person is asked; {slot}"
        )
    return f"the vendor's list is searched for its task; any look may end it now: found, sent again, or asked; {slot}"


def utc(at: float) -> str:
    """An instant as people read it, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True, slots=True)
class Exam:
    """What a finished candidate said when it was asked. Its words may be a stranger's: kept in memory alone.

    `distances` are of its clip's end frames from those of a job's pictures, 0 alike to 1, by job; None: not compared.
    """

    prompt: str | None
    billed_s: float | None = None
    distances: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """How far the absence of a call's task is proven. Only complete reads that came late enough are counted."""

    since: float  # by the vendor's clock: the first complete read after the answer was lost
    seeing: int = 0  # reads that showed a later task of ours on the account and model
    blind: int = 0  # reads that did not


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that is known about the doubts of one account and model at one moment."""

    calls: tuple[Call, ...]
    rows: tuple[Sighting, ...]  # candidates: of this model, in no job of ours, from the last complete read
    now: float
    reads_needed: int
    exams: Mapping[str, Exam] = field(default_factory=dict[str, Exam])
    proofs: Mapping[str, Proof] = field(default_factory=dict[str, Proof])  # by job
    key_ids: frozenset[str] = frozenset()  # of our own keys, as far as they were learned
    keys_seen: frozenset[str] = frozenset()  # of whoever uses the account, from the last complete read
    key_alone: bool = False  # nobody else uses our keys: declared
    overruled: bool = False  # within a day a person has ended a doubt without a task: that call may have made one
    teachable: bool = False  # other jobs of ours are under way that may teach us our key's id
    timed_by_others: frozenset[str] = frozenset()  # jobs whose call another process's clock has timed, perhaps wrongly
    skew_min_s: float = 0.0  # the vendor's clock minus ours, at the least and the most that was met
    skew_max_s: float = 0.0
    unreadable: str = ""  # why the list has not been readable for so long that a person is asked


@dataclass(frozen=True, slots=True)
class Adopt:
    """This task was made by this job's call."""

    job_id: str
    task_id: str
    evidence: str
    seed_certain: bool = True


@dataclass(frozen=True, slots=True)
class Absent:
    """The vendor never took this job's call."""

    job_id: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Only a person can tell, for this reason; unless later evidence can."""

    job_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Examine:
    """Ask the vendor after this finished candidate: it tells its prompt."""

    task_id: str


@dataclass(frozen=True, slots=True)
class Compare:
    """Hold this candidate's clip against the pictures of these jobs."""

    task_id: str
    job_ids: tuple[str, ...]


Verdict = Adopt | Absent | Ask | Examine | Compare
