"""Consistent values for tests: a job in any state, events of any kind, and a clock that moves only when told.

    clock = FakeClock()
    job = make_job(Generating, at=clock.now(), due_at=clock.now() + 5, group="grp_1")

Every override goes where its name belongs: to the request, the state or the job. A `cancel` is the job's; that of
Generating is set with `make_state(Generating, cancel=...)`.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import fields, replace
from typing import Any

from wanreel.domain import event as ev
from wanreel.domain.event import Change, Entry, Event, Notice, SlotKey
from wanreel.domain.job import (
    Account,
    Archiving,
    Artifact,
    Cancelled,
    Failed,
    Fault,
    Generating,
    Intent,
    Job,
    Outcome,
    Queued,
    SpoolCopy,
    State,
    Submitting,
    Succeeded,
    Task,
    Unconfirmed,
    state_name,
)
from wanreel.domain.request import Request

NOW = 1_790_000_000.0
DAY_S = 86_400.0
MODEL = "wan2.5-t2v-preview"
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_numbers = itertools.count(1)


class FakeClock:
    """`ports.Clock` for tests: stands still until `advance` or `sleep`; chance and ids are the same in every run."""

    def __init__(self, now: float = NOW, *, draws: tuple[float, ...] = ()) -> None:
        self._now = now
        self._draws = list(draws)
        self._drawn = 0
        self._ids = 0
        self.slept: list[float] = []

    def now(self) -> float:
        """The instant that was set."""
        return self._now

    def latest(self) -> float:
        """The same."""
        return self.now()

    def advance(self, seconds: float) -> float:
        """Let time pass (a negative figure is a clock that jumped back) and say what time it is now."""
        self._now += seconds
        return self._now

    def draw(self) -> float:
        """The draws that were given, then a fixed sequence spread evenly over [0, 1)."""
        if self._draws:
            return self._draws.pop(0)
        self._drawn += 1
        return (self._drawn * 0.6180339887498949) % 1.0

    def new_id(self, prefix: str) -> str:
        """As long as real ones, ordered by making."""
        self._ids += 1
        return numbered_id(prefix, self._ids)

    async def sleep(self, seconds: float) -> None:
        """Time passes at once; `slept` tells how long it would have been."""
        self.slept.append(seconds)
        self._now += max(0.0, seconds)


def numbered_id(prefix: str, number: int) -> str:
    """`prefix_` and 26 characters, ordered by number."""
    letters = [_LETTERS[(number >> (5 * place)) & 31] for place in range(25, -1, -1)]
    return f"{prefix}_{''.join(letters)}"


def make_account(id: str = "main", region: str = "intl", base_url: str = "http://127.0.0.1:9/api/v1") -> Account:  # noqa: A002 - named as the field is
    """A main account whose host refuses every connection."""
    return Account(id, region, base_url)


def make_request(**overrides: Any) -> Request:
    """A valid text-to-video request: 5 s, 1280*720, an explicit seed."""
    base = Request(
        mode="t2v",
        model=MODEL,
        prompt="Wide shot, a red kite over a grey sea, slow pan",
        size="1280*720",
        duration_s=5,
        seed=7,
    )
    return replace(base, **overrides)


def make_intent(at: float = NOW, id: str = "int_1", send_by_s: float = 30.0) -> Intent:  # noqa: A002 - named as the field is
    """The decision to make one paid call."""
    return Intent(id, at, at + send_by_s, hashlib.sha256(id.encode()).hexdigest())


def make_task(id: str | None = None, at: float = NOW) -> Task:  # noqa: A002 - named as the field is
    """A task of the vendor's; its id is new unless given."""
    return Task(id or f"task-{next(_numbers)}", at, request_id="req-1")


def make_outcome(at: float = NOW, url: str = "http://127.0.0.1:9/clip.mp4") -> Outcome:
    """What the vendor tells about a finished clip whose URL lives for a day from `at`."""
    usage = '{"duration":5,"size":"1280*720","video_count":1}'
    return Outcome(url, at + DAY_S, orig_prompt="a red kite", usage=usage, billed_s=5.0)


def make_artifact(key: str = "clip.mp4", size_bytes: int = 1234) -> Artifact:
    """An archived file."""
    return Artifact(key, size_bytes, hashlib.sha256(key.encode()).hexdigest())


def make_state(kind: type[State], at: float = NOW, **overrides: Any) -> State:
    """A state entered at `at` and due then, with everything in it that it must have."""
    task_id = overrides.pop("task_id", None)
    intent_id = overrides.pop("intent_id", "int_1")
    state: State
    if kind is Queued:
        state = Queued(due_at=at)
    elif kind is Submitting:
        state = Submitting(make_intent(at, intent_id))
    elif kind is Unconfirmed:
        state = Unconfirmed(make_intent(at, intent_id), since=at, why="connection reset")
    elif kind is Generating:
        state = Generating(make_task(task_id, at), due_at=at)
    elif kind is Archiving:
        state = Archiving(make_task(task_id, at), make_outcome(at), due_at=at, seen_at=at)
    elif kind is Succeeded:
        state = Succeeded(make_task(task_id, at), make_outcome(at), make_artifact(), finished_at=at)
    elif kind is Failed:
        task = make_task(task_id, at)
        state = Failed("InternalError", "the vendor failed", Fault.THEIRS, finished_at=at, task=task)
    else:
        state = Cancelled(finished_at=at)
    return replace(state, **overrides)


def make_job(kind: type[State] | State = Queued, *, at: float = NOW, id: str | None = None, **overrides: Any) -> Job:  # noqa: A002 - named as the field is
    """A consistent job in a state (a type, or a state as it is), created at `at`; a new id unless given.

    `model` and other fields of the request, fields of the state (`due_at`, `task_id`, `intent_id`, ...) and of the job
    may be mixed.
    """
    for_request = {n: overrides.pop(n) for n in _names(Request) & overrides.keys()}
    if isinstance(kind, type):
        mine = (_names(kind) | {"task_id", "intent_id"}) - _names(Job)
        state = make_state(kind, at, **{n: overrides.pop(n) for n in mine & overrides.keys()})
    else:
        state = kind
    request = overrides.pop("request", None) or make_request()
    base = Job(
        id=id or numbered_id("job", next(_numbers)),
        request=replace(request, **for_request),
        account=make_account(),
        state=state,
        created_at=at,
    )
    return replace(base, **overrides)


def make_event(kind: type[Event]) -> Event:
    """An event of a kind, speaking of the intent and outcome that `make_state` uses."""
    return _EVENTS[kind]


def make_entry(job: Job, at: float = NOW, event: Event | None = None, reason: str = "for a test") -> Entry:
    """The history line of the change that made `job` what it is."""
    word = state_name(job.state)
    return Entry(job.id, job.version, at, 0.5, event or ev.CancelAsked(), word, word, reason)


def make_notice(job: Job, at: float = NOW, kind: str = "job.succeeded", id: str | None = None) -> Notice:  # noqa: A002 - named as the field is
    """A notice about a job; its id is that of the job's version and kind unless given."""
    return Notice(id or f"{job.id}.{job.version}.{kind}", job.id, kind, at, "for a test")


def make_change(job: Job, state: State, *, at: float = NOW, quiet: bool = False, **fields_: Any) -> Change:
    """The change that brings `job` into `state`: next version, a history entry unless `quiet`.

    Fields of Change (notices, born, park, lift) and of Job may be mixed. No rule of the life of a job is applied.
    """
    of_change = {n: fields_.pop(n) for n in _names(Change) & fields_.keys()}
    after = replace(job, state=state, version=job.version + 1, **fields_)
    entry = None if quiet else replace(make_entry(after, at), state_from=state_name(job.state))
    return replace(Change(after, job.version, entry), **of_change)


def key_of(job: Job) -> SlotKey:
    """What the job's slot is counted on."""
    return SlotKey(job.account.id, job.request.model)


def _names(kind: type[Any]) -> set[str]:
    return {f.name for f in fields(kind)}


_EVENTS: dict[type[Event], Event] = {
    type(e): e
    for e in (
        ev.SubmitBegun(make_intent()),
        ev.NotSent("int_1", "connection refused"),
        ev.Accepted("int_1", "task-new", "req-2"),
        ev.Refused("int_1", 429, "Throttling.RateQuota", "slow down", Fault.THROTTLE, ev.Pause.BUSY),
        ev.Lost("int_1", "connection reset"),
        ev.Unfit("input_missing", "the picture is gone"),
        ev.Moved(make_account("second"), "it has room"),
        ev.OverBudget("of 5 CNY a day 5 are committed"),
        ev.MoneyFreed(),
        ev.Found("task-found", "person", "seen in the console"),
        ev.NotFound("person", "not in the console"),
        ev.Undecided("int_1", "no later task of ours is shown"),
        ev.GivenUp("person"),
        ev.StillRunning("RUNNING"),
        ev.QueryFailed("connection refused"),
        ev.Finished(make_outcome()),
        ev.FinishedBlank(),
        ev.TaskFailed("InternalError", "the vendor failed", Fault.THEIRS),
        ev.TaskCancelled(),
        ev.TaskUnknown(witnessed=False),
        ev.CancelAsked(),
        ev.CancelTaken(),
        ev.CancelRefused("UnsupportedOperation", "it runs"),
        ev.CancelFailed("connection refused"),
        ev.Stored(make_artifact()),
        ev.Spooled(SpoolCopy(NOW, 1234, "5" * 64)),
        ev.StoreFailed(ev.Trouble.SOURCE_FAILED, "cut"),
    )
}
