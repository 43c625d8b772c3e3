"""One vendor task and the lane it runs in: times are drawn once at accept, states follow from `now` alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf
from typing import Any

PENDING, RUNNING, SUCCEEDED, FAILED, CANCELED = "PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED"


@dataclass(frozen=True, slots=True)
class Shot:
    """What the clip of a task has to show."""

    mode: str
    width: int
    height: int
    fps: int
    duration_s: float
    prompt: str
    seed: int
    audio: bool
    model: str
    watermark: bool
    first_image: str = ""  # content hash of a kept picture
    last_image: str = ""


@dataclass(slots=True)
class Task:
    """One accepted task. ``*_at`` of None: not (yet) known."""

    id: str
    account: str
    key_id: str
    request_id: str
    model: str
    path: str
    number: int
    submit_at: float
    queue_s: float
    run_s: float
    deadline_at: float
    shot: Shot
    usage: dict[str, Any]
    billed_s: float
    orig_prompt: str | None
    actual_prompt: str | None = None
    code: str = ""  # not empty: it will fail with this code
    message: str = ""
    no_url: bool = False
    url_life_s: float = 0.0
    picked_up_s: float = 0.0
    script: str = ""
    region: str = ""
    result_key: str = ""
    settled: bool = False  # its end is in the counters
    body: dict[str, Any] = field(default_factory=dict[str, Any])  # the request, long texts cut
    scheduled_at: float | None = None
    end_at: float | None = None
    canceled_at: float | None = None

    def status_at(self, at: float) -> str:
        """The vendor's status word at an instant the lane has already been advanced to."""
        if self.canceled_at is not None and self.canceled_at <= at:
            return CANCELED
        if self.end_at is not None and self.end_at <= at:
            return FAILED if self.code else SUCCEEDED
        if self.scheduled_at is not None and self.scheduled_at + self.picked_up_s <= at:
            return RUNNING
        return PENDING

    @property
    def final_at(self) -> float | None:
        """When it ended in any way, if that is already decided."""
        return self.canceled_at if self.canceled_at is not None else self.end_at

    @property
    def expires_at(self) -> int:
        """The ``Expires`` of its result URL, fixed when the file is made."""
        return int((self.end_at or 0.0) + self.url_life_s)


@dataclass(slots=True)
class Lane:
    """The tasks of one (account, model): who runs, who waits, in the order they became ready.

    A small event simulation: `advance` handles every start and end up to `now` in time order, so asking late gives
    the same times as asking often.
    """

    running_max: int
    started: Callable[[Task], None]
    ended: Callable[[Task], None]
    at: float = -inf
    waiting: list[tuple[float, int, Task]] = field(default_factory=list[tuple[float, int, Task]])
    running: list[tuple[float, int, Task]] = field(default_factory=list[tuple[float, int, Task]])
    deadlines: deque[Task] = field(default_factory=deque[Task])
    waiting_count: int = 0

    @property
    def active(self) -> int:
        """Tasks pending or running."""
        return self.waiting_count + len(self.running)

    def add(self, task: Task) -> None:
        """Take in a task that was accepted now."""
        heappush(self.waiting, (task.submit_at + task.queue_s, task.number, task))
        self.deadlines.append(task)
        self.waiting_count += 1

    def cancel(self, task: Task, now: float) -> None:
        """Take out a task that still waits."""
        task.canceled_at = now
        self.waiting_count -= 1

    def resume(self, task: Task) -> None:
        """Put back a task whose start was already decided (after a restart)."""
        assert task.end_at is not None
        heappush(self.running, (task.end_at, task.number, task))

    def advance(self, now: float) -> None:
        """Let everything happen that happens up to now."""
        while True:
            while self.waiting and (self.waiting[0][2].final_at is not None):
                heappop(self.waiting)
            while self.deadlines and (
                self.deadlines[0].scheduled_at is not None or self.deadlines[0].final_at is not None
            ):
                self.deadlines.popleft()
            end = self.running[0][0] if self.running else inf
            start = inf
            if self.waiting and len(self.running) < self.running_max:
                start = max(self.waiting[0][0], self.at)
            late = self.deadlines[0].deadline_at if self.deadlines else inf
            when = min(end, start, late)
            if when > now:
                return
            self.at = max(self.at, when)
            if end == when:
                self.ended(heappop(self.running)[2])
            elif late == when:
                self._time_out_waiting(self.deadlines.popleft())
            else:
                self._start(heappop(self.waiting)[2], when)

    def next_at(self) -> float:
        """When something happens next, as far as is known now."""
        end = self.running[0][0] if self.running else inf
        if self.waiting and len(self.running) < self.running_max:
            return min(end, max(self.waiting[0][0], self.at))
        return end

    def _start(self, task: Task, when: float) -> None:
        self.waiting_count -= 1
        task.scheduled_at = when
        task.end_at = when + task.run_s
        if task.end_at > task.deadline_at:
            task.end_at = task.deadline_at
            _time_out(task)
        heappush(self.running, (task.end_at, task.number, task))
        self.started(task)

    def _time_out_waiting(self, task: Task) -> None:
        self.waiting_count -= 1
        task.end_at = task.deadline_at
        _time_out(task)
        self.started(task)
        self.ended(task)


def _time_out(task: Task) -> None:
    task.code = "InternalError.Timeout"
    task.message = ""
