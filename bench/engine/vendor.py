"""A vendor inside the process, so that the engine is what is measured: no sockets, no limits, clips of 250 bytes.

Interface for any engine (plain calls, none blocks, none needs asyncio; times are unix seconds):

    shop = Shop(folder, run_s=2.0)    # one per process; all processes of a run give the same `folder`
    task_id = shop.submit("job-17")   # the paid call; the word is whose it is, for the audit
    seen = shop.query(task_id)        # Seen(status="PENDING"|"RUNNING"|"SUCCEEDED"|"UNKNOWN", url, usage, took_s)
    rows, total = shop.list(since, until, page=1, page_size=100)   # newest first: Row(task_id, model, status, …)
    clip = shop.fetch(seen.url)       # the bytes of a whole MP4 (`check_clip` says so, cheaply)
    shop.paid()                       # Counter of the words given to `submit`, over all processes: 1 each, or doubles

The pipeline that is the same for every engine, per job: (1) take an order, durable before it is acknowledged; (2) write
down the intent, durable, before `submit`; (3) write down the task id; (4) watch by `query` or `list` until it has
ended, and write that down; (5) `fetch`, `check_clip`, write the clip to a folder: temporary file, fsync, link or
rename, fsync of the folder; (6) write down the end with what it cost; (7) tell a subscriber by a row or a line that
survives. No engine looks into the pictures (ffprobe, PyAV): that costs the same whoever calls it.

What the vendor knows lies in `folder/tasks.log`, a line for each task, so that it survives a kill -9 of any process and
any process can list what another one submitted. A task id carries its own begin and end, so a query reads nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import struct
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from wanreel.domain.catalog import Catalog
from wanreel.domain.event import Accepted, CancelFailed, Finished, NotSent, StillRunning, TaskUnknown
from wanreel.domain.job import Account, Intent, Job, Outcome
from wanreel.domain.sighting import Sighting
from wanreel.ports.vendor import CancelAnswer, Listing, LookAnswer, Prepared, SubmitAnswer, Window
from wanreel.vendor.body import build, fingerprint, model_of

URL = "http://127.0.0.1:9/clips/"
USAGE = '{"duration":5,"size":"1280*720","video_count":1}'
PENDING_SHARE = 0.1  # of its time a task waits before it runs
DAY_S = 86_400.0
ANSWER_S = "BENCH_ANSWER_S"  # seconds an answer to a submit is under way, where kills are to find calls in the air


@dataclass(frozen=True, slots=True)
class Seen:
    """What a query says of a task. `url` is "" until it has SUCCEEDED."""

    status: str
    url: str = ""
    usage: str = ""
    took_s: float = 0.0


class Row(NamedTuple):
    """A task as the list shows it."""

    task_id: str
    model: str
    status: str
    created_at: float
    ended_at: float | None


@dataclass(slots=True)
class _Account:
    """The tasks of an account, in the order of their birth."""

    born: list[float] = field(default_factory=list[float])
    tasks: list[tuple[str, str, float, float]] = field(default_factory=list[tuple[str, str, float, float]])
    """Beside it: id, model, and its times, for the vendor's own work is not what is measured."""


class Shop:
    """The vendor. `run_s` is how long tasks run, or draws it anew for each; `clock` may be a simulated one. What
    has ended and was born longer than `listed_s` ago is listed no more; the real one keeps a day.
    """

    def __init__(
        self,
        folder: Path,
        run_s: float | Callable[[], float] = 2.0,
        clock: Callable[[], float] = time.time,
        listed_s: float = DAY_S,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._run_s = run_s if callable(run_s) else lambda: run_s
        self.clock = clock
        self._listed_s = listed_s
        self._log = os.open(folder / "tasks.log", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        self._read_to = 0
        self._rest = b""
        self._accounts: dict[str, _Account] = {}
        self._count = 0
        self._mine = f"{os.getpid():x}{random.getrandbits(24):06x}"
        self.calls = Counter[str]()

    def submit(self, word: str, account: str = "-", model: str = "-") -> str:
        """Buy a clip; the task's id."""
        self.calls["submit"] += 1
        now = self.clock()
        self._count += 1
        ends_at = now + self._run_s()
        task_id = f"t-{int(now * 1000):x}-{int(ends_at * 1000):x}-{self._mine}-{self._count:x}"
        os.write(self._log, f"{task_id} {word} {account} {model}\n".encode())
        return task_id

    def query(self, task_id: str) -> Seen:
        """One task as it stands."""
        self.calls["query"] += 1
        born_at, ends_at = _times(task_id)
        now = self.clock()
        if not born_at:
            return Seen("UNKNOWN")
        if now < ends_at:
            return Seen(_word(born_at, ends_at, now))
        return Seen("SUCCEEDED", URL + task_id, USAGE, ends_at - born_at)

    def list(
        self, since: float, until: float, page: int = 1, page_size: int = 100, account: str = "-"
    ) -> tuple[list[Row], int]:
        """A page of an account's tasks born between two instants, newest first, and how many there are on all pages."""
        self.calls["list"] += 1
        self._catch_up()
        there = self._accounts.get(account, _Account())
        first, after = bisect_left(there.born, since), bisect_right(there.born, until)
        end = after - (page - 1) * page_size
        now = self.clock()
        rows = [_row(*there.tasks[place], now) for place in range(end - 1, max(first, end - page_size) - 1, -1)]
        return rows, after - first

    def fetch(self, url: str) -> bytes:
        """A clip."""
        self.calls["fetch"] += 1
        return clip_of(url.removeprefix(URL))

    def paid(self) -> Counter[str]:
        """How many tasks were bought under each word, by any process."""
        size = os.fstat(self._log).st_size
        lines = os.pread(self._log, size, 0).decode().splitlines()
        return Counter(line.split(" ", 2)[1] for line in lines)

    def _catch_up(self) -> None:
        """Read what was written since: nearly in order, for processes write a millisecond apart."""
        while more := os.pread(self._log, 1 << 20, self._read_to):
            self._read_to += len(more)
            *lines, self._rest = (self._rest + more).split(b"\n")
            for line in lines:
                task_id, _, account, model = line.decode().split(" ")
                there = self._accounts.setdefault(account, _Account())
                born_at, ends_at = _times(task_id)
                place = bisect_right(there.born, born_at)
                there.born.insert(place, born_at)
                there.tasks.insert(place, (task_id, model, born_at, ends_at))
                self._drop(there)

    def _drop(self, there: _Account) -> None:
        """Forget what is listed no more, many at a time."""
        old_at = self.clock() - self._listed_s
        if there.born[len(there.born) // 2] < old_at:
            old = bisect_left(there.born, old_at)
            kept = [task for task in there.tasks[:old] if task[3] > old_at]
            there.tasks[:old], there.born[:old] = kept, [task[2] for task in kept]


def _times(task_id: str) -> tuple[float, float]:
    """When a task was born and when it ends; zeros for what is none of ours."""
    try:
        _, born, ends, _, _ = task_id.split("-")
        return int(born, 16) / 1000.0, int(ends, 16) / 1000.0
    except ValueError:
        return 0.0, 0.0


def _row(task_id: str, model: str, born_at: float, ends_at: float, now: float) -> Row:
    if now < ends_at:
        return Row(task_id, model, _word(born_at, ends_at, now), born_at, None)
    return Row(task_id, model, "SUCCEEDED", born_at, ends_at)


def _word(born_at: float, ends_at: float, now: float) -> str:
    return "PENDING" if now < born_at + PENDING_SHARE * (ends_at - born_at) else "RUNNING"


# --- clips ----------------------------------------------------------------------------------------------------------


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


_HEAD = _box(b"ftyp", b"isom\0\0\x02\0isommp41") + _box(
    b"moov", _box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, 5000) + bytes(80))
)


def clip_of(task_id: str) -> bytes:
    """The clip of a task: a whole MP4 of three boxes whose pictures are 128 bytes of its own hash."""
    return _HEAD + _box(b"mdat", hashlib.sha256(task_id.encode()).digest() * 4)


def check_clip(clip: bytes) -> str:
    """Whether it is a whole MP4, by its boxes: its hash. Raises ValueError. What other engines' flows check with."""
    at, kinds = 0, list[bytes]()
    while at < len(clip):
        size, kind = struct.unpack_from(">I4s", clip, at)
        if size < 8 or at + size > len(clip):
            raise ValueError("a box is cut")
        kinds.append(kind)
        at += size
    if b"moov" not in kinds or b"mdat" not in kinds:
        raise ValueError("no index, or no pictures")
    return hashlib.sha256(clip).hexdigest()


# --- behind our own ports -------------------------------------------------------------------------------------------


class ShopVendor:
    """`ports.Vendor` over the shop. The body that would go out is made and hashed as for the real one."""

    def __init__(self, shop: Shop, catalog: Catalog) -> None:
        self.shop = shop
        self.catalog = catalog
        self.answer_s = float(os.environ.get(ANSWER_S, "0"))

    async def prepare(self, job: Job) -> Prepared:
        """The body and its fingerprint; benches order no pictures."""
        model = model_of(job.request, self.catalog, job.account.region)
        outgoing = build(job.request, model, [], extend_off=job.prompt_extend_off)
        return Prepared(fingerprint(job.request, model, extend_off=job.prompt_extend_off), outgoing)

    async def submit(self, job: Job, intent: Intent, prepared: Prepared) -> SubmitAnswer:
        """The paid call."""
        if self.shop.clock() > intent.send_by:
            return NotSent(intent.id, "too late to send")
        task_id = self.shop.submit(job.id, job.account.id, job.request.model)
        if self.answer_s:
            await asyncio.sleep(self.answer_s)
        return Accepted(intent.id, task_id, "req")

    async def look(self, account: Account, task_id: str) -> LookAnswer:
        """One task."""
        seen = self.shop.query(task_id)
        if seen.status == "UNKNOWN":
            return TaskUnknown(witnessed=False)
        if not seen.url:
            return StillRunning(seen.status)
        expires_at = self.shop.clock() + DAY_S
        return Finished(Outcome(seen.url, expires_at, usage=seen.usage, billed_s=5.0, took_s=seen.took_s))

    async def cancel(self, account: Account, task_id: str) -> CancelAnswer:
        """Benches cancel nothing."""
        return CancelFailed("no bench cancels")

    async def list(self, account: Account, window: Window, page: int) -> Listing:
        """One page, as long as the vendor's are at most."""
        size = min(window.page_size, 100)
        rows, total = self.shop.list(window.since, window.until, page, size, account.id)
        found = tuple(Sighting(r.task_id, r.model, r.status, r.created_at, "key-1", "", r.ended_at) for r in rows)
        return Listing(found, page, max(1, -(-total // size)), 0.0, total, size)

    async def limits(self, account: Account) -> dict[str, int]:
        """`ports.Quotas`: nothing is said that the settings do not say."""
        return {}

    async def close(self) -> None:
        """Nothing is open."""


class ShopResults:
    """`ports.Results` over the shop."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def fetch(self, account: Account, url: str) -> AsyncIterator[bytes]:
        """The clip, in one piece."""
        yield self.shop.fetch(url)

    async def close(self) -> None:
        """Nothing is open."""
