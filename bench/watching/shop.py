"""A shop in virtual time: slots that are always filled, over the emulator's desk with its limits enforced.

Admission is the same whoever watches: a slot is filled once its task is known to have ended, one submit at a time.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from wanreel.emulator.accounts import Account
from wanreel.emulator.desk import Desk, DeskSettings
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import Reply
from wanreel.emulator.scripts import Fate, Instruction
from wanreel.emulator.tasks import Task
from wanreel.vendor.limits import MARGIN, TASKS_PER_S, Bucket

START = 1_790_000_000.0
CALL_S = 0.04  # a request and its answer: half of it on the way there
KEY = {"authorization": "Bearer sk-bench"}
CREATING = {**KEY, "x-dashscope-async": "enable"}
MODEL = "wan2.6-t2v"
BODY: dict[str, Any] = {
    "model": MODEL,
    "input": {"prompt": "a paper boat at dawn"},
    "parameters": {"size": "1280*720", "duration": 5},
}
SIGMA = math.log(4.0) / 2.326  # the 99th of a hundred takes four times the median (FS §11)
SAMPLES = (59.0, 73.0, 90.0, 168.0, 224.0, 234.0, 247.0, 301.0, 429.0, 490.0, 576.0, 699.0, 1003.0)  # run s of FS §11


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement: who watches what, at which kind of vendor."""

    watcher: str
    running: int
    runs: str  # the median in seconds, or "FS"
    lag_s: float = 0.0
    page: int = 100
    over_limit: str = "queue"
    processes: int = 1
    videos: int = 1000
    seed: int = 1


@dataclass(slots=True)
class Clip:
    """One video of the shop, as its maker sees it."""

    number: int
    task_id: str
    accepted_at: float
    task: Task
    noticed_at: float | None = None


@dataclass(slots=True)
class Tally:
    """What a cell came to, after its warm-up."""

    lags: list[float] = field(default_factory=list[float])  # from the vendor's end to the result in hand
    noticed: list[float] = field(default_factory=list[float])  # from the vendor's end to knowing of it
    requests: Counter[str] = field(default_factory=Counter[str])
    throttled: Counter[str] = field(default_factory=Counter[str])
    busy: float = 0.0
    took_s: float = 0.0


class Shop:
    """Runs one cell to its end. A watcher calls `look_later`, `query` and `known`; it hears `accepted`."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.now = START
        self.heap: list[tuple[float, int, Callable[[], None]]] = []
        self.ties = 0
        quirks = Quirks(
            list_lag_s=cell.lag_s, page_size_max=cell.page, over_limit=cell.over_limit, keep_s=900.0, queued_max=50
        )
        self.submits_per_s = 5.0 if cell.running <= 50 else 20.0
        account = Account("main", running=cell.running, submit_rate=self.submits_per_s, queued=50)
        self.desk = Desk(DeskSettings(accounts=(account,), quirks=quirks, log_max=1), seed=cell.seed)
        self.submits = Bucket(MARGIN / self.submits_per_s)
        self.calls = {kind: Bucket(MARGIN / TASKS_PER_S) for kind in ("query", "list")}
        self.rng = random.Random(cell.seed)
        self.clips: dict[str, Clip] = {}
        self.made = 0
        self.done = 0
        self.warm = max(cell.videos // 4, min(150, cell.videos // 2)) + cell.running
        self.goal = self.warm + cell.videos
        self.tally = Tally()
        self.measured_from: float | None = None
        self.spans: list[tuple[float, float]] = []
        self.accepted: Callable[[Clip], None] = lambda clip: None
        self.ended: Callable[[Clip], None] = lambda clip: None

    # --- time --------------------------------------------------------------------------------------------------------

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        """Let something happen a while from now."""
        self.ties += 1
        heappush(self.heap, (self.now + max(seconds, 0.0), self.ties, what))

    def run(self) -> Tally:
        """From the first submit to the last clip that counts."""
        for place in range(self.cell.running):
            self.after(place * max(0.25, MARGIN / self.submits_per_s), self.fill)
        while self.heap and self.done < self.goal:
            at, _, what = heappop(self.heap)
            self.now = max(self.now, at)
            what()
        assert self.measured_from is not None
        tally, span_s = self.tally, self.now - self.measured_from
        running = [(clip.task.submit_at, self.now) for clip in self.clips.values()]
        busy = sum(max(0.0, min(b, self.now) - max(a, self.measured_from)) for a, b in (*self.spans, *running))
        tally.busy, tally.took_s = busy / (span_s * self.cell.running), span_s
        return tally

    # --- admission ---------------------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Fill a free slot, as soon as the limit on submits allows."""
        self.after(self.submits.take(self.now) + CALL_S / 2, self._create)

    def _create(self) -> None:
        self.made += 1
        fate = Fate(outcome="ok", run_s=self._run_s(), queue_s=5.0 * math.exp(0.5 * self.rng.gauss(0, 1)))
        reply = self.desk.create("video-generation", CREATING, BODY, self.now, fault=Instruction("pass", fate=fate))
        if reply.status != 200:
            self._count("submit", reply)
            self.after(1.0, self.fill)
            return
        assert isinstance(reply.body, dict)
        task_id = reply.body["output"]["task_id"]
        self.after(CALL_S / 2, lambda: self._accept(task_id))

    def _accept(self, task_id: str) -> None:
        clip = Clip(self.made, task_id, self.now, self.desk.ledger.tasks[task_id])
        self.clips[task_id] = clip
        self.accepted(clip)

    def _run_s(self) -> float:
        if self.cell.runs == "FS":
            return self.rng.choice(SAMPLES) * math.exp(0.08 * self.rng.gauss(0, 1))
        return float(self.cell.runs) * math.exp(SIGMA * self.rng.gauss(0, 1))

    # --- what watchers do --------------------------------------------------------------------------------------------

    def query(self, task_id: str) -> Reply:
        """One question about one task, arriving now."""
        reply = self.desk.query(task_id, KEY, self.now, fault=None)
        self._count("query", reply)
        return reply

    def list(self, params: dict[str, str]) -> Reply:
        """One page of the list, asked for now."""
        reply = self.desk.list(params, KEY, self.now, fault=None)
        self._count("list", reply)
        return reply

    def noticed(self, clip: Clip) -> None:
        """It is known that this one has ended."""
        if clip.noticed_at is None:
            clip.noticed_at = self.now

    def known(self, clip: Clip) -> None:
        """The result of this one is in hand: its slot is filled again."""
        if self.clips.pop(clip.task_id, None) is None:
            return
        self.noticed(clip)
        end_at = clip.task.end_at
        assert end_at is not None
        assert clip.noticed_at is not None
        self.done += 1
        self.spans.append((clip.task.submit_at, end_at))
        if self.done == self.warm:
            self.measured_from, self.tally = self.now, Tally()
            self.spans.clear()
        elif self.measured_from is not None:
            self.tally.lags.append(self.now - end_at)
            self.tally.noticed.append(clip.noticed_at - end_at)
        self.ended(clip)
        self.fill()

    def _count(self, kind: str, reply: Reply) -> None:
        self.tally.requests[kind] += 1
        if reply.status == 429:
            self.tally.throttled[kind] += 1


def raw(reply: Reply) -> bytes:
    """An answer's bytes."""
    return reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()


def mean(values: Sequence[float]) -> float:
    """The mean; 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0
