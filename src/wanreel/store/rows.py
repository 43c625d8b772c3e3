"""What the stores keep of a job beside its JSON: the columns it is found by, all derived from the job itself."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from wanreel.domain.errors import Conflict, Internal, Invalid, Unavailable
from wanreel.domain.event import Entry, Notice, Park
from wanreel.domain.facts import Facts
from wanreel.domain.group import Group
from wanreel.domain.job import Archiving, Generating, Job, Queued, Submitting, current_task, is_bound, state_name
from wanreel.domain.keeping import Custody, KeptViews
from wanreel.domain.lifecycle import slot_held_until
from wanreel.domain.policy import Policy
from wanreel.domain.runtimes import Histogram, kind_of
from wanreel.domain.spooling import stake_bytes
from wanreel.domain.verdict import Review
from wanreel.ports.jobs import Lane
from wanreel.ports.watching import Known
from wanreel.store import codec

T = TypeVar("T")

SAFE_S = 1e11  # further off than any URL's end


@dataclass(frozen=True, slots=True)
class Index:
    """A job's columns. `due_at` is set where there is a lane, and one of `queued_at` and `order_at`: who goes first."""

    state: str
    account: str
    model: str
    lane: Lane | None
    due_at: float | None
    queued_at: float | None  # submit: when the job was made
    order_at: float | None  # watch: when it is due; archive: when its URL dies, in the spool after all others
    slot_until: float | None  # it holds a slot before this instant; infinite: until the vendor's last word
    intent_at: float | None  # when the paid call that is in the air was decided on
    seen_at: float | None  # when the vendor last showed that it knows the job's task
    bound: int  # 1: never leaves its account
    task_id: str | None = None  # this one and the next four: of a task the vendor works on
    accepted_at: float | None = None
    task_how: str | None = None
    tier: str | None = None
    clip_s: int | None = None
    stake_bytes: int | None = None  # what its clip may yet ask of the spool


def index(job: Job, policy: Policy) -> Index:
    """The columns of a job. Raises Invalid where a name that jobs are found by is no text (half a surrogate pair)."""
    for name in (
        job.id,
        job.key,
        job.group,
        job.spare_of,
        job.account.id,
        job.request.model,
        job.project,
        job.ask,
        *job.tags,
    ):
        if name is not None and not _is_text(name):
            raise Invalid(f"{name!r} holds characters that no database can store; use plain text")
    state = job.state
    lane: Lane | None = None
    due_at: float | None = None
    queued_at: float | None = None
    order_at: float | None = None
    if isinstance(state, Queued):
        lane, due_at, queued_at = Lane.SUBMIT, state.due_at, job.created_at
    elif isinstance(state, Generating):
        lane, due_at, order_at = Lane.WATCH, state.due_at, state.due_at
    elif isinstance(state, Archiving):
        lane = Lane.WATCH if state.requery else Lane.ARCHIVE
        due_at = state.due_at
        order_at = state.due_at if state.requery else _dies_at(state)
    generating = isinstance(state, Generating)
    kind = kind_of(job.request) if generating else None
    return Index(
        state=state_name(state),
        account=job.account.id,
        model=job.request.model,
        lane=lane,
        due_at=due_at,
        queued_at=queued_at,
        order_at=order_at,
        slot_until=slot_held_until(job, policy),
        intent_at=state.intent.at if isinstance(state, Submitting) else None,
        seen_at=state.seen_at if isinstance(state, (Generating, Archiving)) else None,
        bound=int(is_bound(job)),
        task_id=state.task.id if generating else None,
        accepted_at=state.task.accepted_at if generating else None,
        task_how=state.task.how if generating else None,
        tier=kind.tier if kind else None,
        clip_s=kind.clip_s if kind else None,
        stake_bytes=stake_bytes(job, policy),
    )


def _dies_at(state: Archiving) -> float:
    """When the clip would be lost; what lies in the spool is not, and goes after everything else."""
    dies_at = state.outcome.url_expires_at
    return dies_at if state.spooled is None else dies_at + SAFE_S


def same_ask(wanted: Job, there: Job) -> Job:
    """The job that has a key already, if it was ordered by the same call. Raises Conflict."""
    if wanted.ask != there.ask and wanted.ask is not None:
        raise Conflict(f"this key stands for another order already ({there.id}): give a new key; nothing was stored")
    return there


def known_of(job: Job, task_id: str) -> Known:
    """What is known of a task that this job owns or has owned."""
    task = next(t for t in (current_task(job), *job.past) if t is not None and t.id == task_id)
    runs = isinstance(job.state, Generating) and job.state.task.id == task_id
    return Known(job.id, task.accepted_at, answered=task.how == "answer", runs=runs)


class _Memory(Generic[T]):
    """What the last texts that were written or read stand for: whoever writes a job reads it again a moment later.
    Equal texts are equal values, so that nothing in here can be old.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[str, T] = {}
        self._gate = Lock()

    def of(self, text: str) -> T | None:
        """The value of a text, where it is remembered."""
        return self._values.get(text)

    def keep(self, text: str, value: T) -> None:
        """Remember it, in the place of the oldest."""
        with self._gate:
            self._values[text] = value
            if len(self._values) > self._most:
                del self._values[next(iter(self._values))]


_LATELY: _Memory[Job] = _Memory(2048)
_LATELY_LEARNED: _Memory[Histogram] = _Memory(256)


def job_text(job: Job) -> str:
    """A job as it is stored."""
    text = _write(Job, job, f"job {job.id}")
    _LATELY.keep(text, job)
    return text


def job_of(text: str) -> Job:
    """The job of a stored text. Raises Unavailable when a newer wanreel has written it."""
    job = _LATELY.of(text)
    if job is None:
        job = _read(Job, text, "a job")
        _LATELY.keep(text, job)
    return job


def entry_text(entry: Entry) -> str:
    """A line of history as it is stored."""
    return _write(Entry, entry, f"history of job {entry.job_id}")


def entry_of(text: str) -> Entry:
    """The line of history of a stored text. Raises Unavailable when a newer wanreel has written it."""
    return _read(Entry, text, "a line of history")


def notice_text(notice: Notice) -> str:
    """A notice as it is stored."""
    return _write(Notice, notice, f"notice {notice.id}")


def notice_of(text: str) -> Notice:
    """The notice of a stored text. Raises Unavailable when a newer wanreel has written it."""
    return _read(Notice, text, "a notice")


def park_text(park: Park) -> str:
    """A park as it is stored."""
    return _write(Park, park, "a park")


def park_of(text: str) -> Park:
    """The park of a stored text. Raises Unavailable when a newer wanreel has written it."""
    return _read(Park, text, "a park")


def group_text(group: Group) -> str:
    """A group's record as it is stored."""
    return _write(Group, group, f"group {group.id}")


def group_of(text: str) -> Group:
    """The record of a stored text. Raises Unavailable when a newer wanreel has written it."""
    return _read(Group, text, "a group")


def review_text(review: Review) -> str:
    """What was found in a clip, as it is stored."""
    return _write(Review, review, f"the review of {review.job_id}")


def review_of(text: str) -> Review:
    """What was found, of a stored text. Raises Unavailable when a newer wanreel has written it."""
    return _read(Review, text, "a review")


def histogram_text(seen: Histogram) -> str:
    """Run times as they are stored."""
    text = _write(Histogram, seen, "run times")
    _LATELY_LEARNED.keep(text, seen)
    return text


def histogram_of(text: str) -> Histogram:
    """The run times of a stored text. Raises Unavailable when a newer wanreel has written it."""
    seen = _LATELY_LEARNED.of(text)
    if seen is None:
        seen = _read(Histogram, text, "run times")
        _LATELY_LEARNED.keep(text, seen)
    return seen


def facts_text(facts: Facts) -> str:
    """What is known of an account's list, as it is stored."""
    return _write(Facts, facts, "facts about a list")


def facts_of(text: str) -> Facts:
    """The facts of a stored text. Raises Unavailable when a newer wanreel has written it."""
    return _read(Facts, text, "facts about a list")


def views_text(views: KeptViews) -> str:
    """What was derived from a clip, as it is stored."""
    return _write(KeptViews, views, f"what was derived from the clip of job {views.job_id}")


def views_of(text: str) -> KeptViews:
    """What was derived from a clip, of a stored text. Raises Unavailable when a newer wanreel has written it."""
    return _read(KeptViews, text, "what was derived from a clip")


def custody_text(custody: Custody) -> str:
    """A decision about keeping a clip, as it is stored."""
    return _write(Custody, custody, f"a decision about job {custody.job_id}")


def custody_of(text: str) -> Custody:
    """The decision of a stored text. Raises Unavailable when a newer wanreel has written it."""
    return _read(Custody, text, "a decision about a clip")


def _write(kind: type[Any], value: object, what: str) -> str:
    try:
        return codec.dumps(kind, value)
    except ValueError as error:
        raise Internal(f"{what} cannot be stored: {error}") from error


def _read(kind: type[Any], text: str, what: str) -> Any:
    try:
        return codec.loads(kind, text)
    except codec.Unreadable as error:
        raise Unavailable(
            f"the database holds {what} that this wanreel cannot read ({error}); a newer wanreel must have written it. "
            f"Upgrade wanreel; nothing was changed. It begins: {text[:80]}"
        ) from error


def _is_text(name: str) -> bool:
    return name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name)
