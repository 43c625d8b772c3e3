"""What the shell is tested with: a vendor, an archive and a store that do as they are told, through the ports alone."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from tests.domain.catalog_file import BOOKS
from tests.factories import FakeClock, make_artifact
from wanreel.domain.errors import Unavailable
from wanreel.domain.event import Change, Event, Notice, SlotKey, Undecided
from wanreel.domain.job import Account, Artifact, Intent, Job
from wanreel.domain.policy import Policy
from wanreel.ports.archive import KeepFailed, Label
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.ports.vendor import Listing, Prepared, Window
from wanreel.store.memory import MemoryStore
from wanreel.worker.tools import Tools

Answer = Any
"""An event, an exception to raise, or a function that is called (and awaited) with the call's arguments first."""


class Vendor:
    """Answers each kind of call from a list; what is not scripted is an error of the test."""

    def __init__(self, **scripts: Answer) -> None:
        self.scripts = {name: deque(_many(answers)) for name, answers in scripts.items()}
        self.calls: list[tuple[str, str]] = []
        self.busy: Counter[str] = Counter()
        self.busiest: Counter[str] = Counter()

    def script(self, name: str, *answers: Answer) -> None:
        """Add answers for a kind of call."""
        self.scripts.setdefault(name, deque()).extend(answers)

    def count(self, name: str) -> int:
        """How often a kind of call was made."""
        return sum(name == called for called, _ in self.calls)

    async def prepare(self, job: Job) -> Prepared:
        return await self._answer("prepare", job.id, Prepared("f" * 64, job.request))

    async def submit(self, job: Job, intent: Intent, prepared: Prepared) -> Any:
        return await self._answer("submit", job.id, None, job, intent)

    async def look(self, account: Account, task_id: str) -> Any:
        return await self._answer("look", task_id, None)

    async def cancel(self, account: Account, task_id: str) -> Any:
        return await self._answer("cancel", task_id, None)

    async def list(self, account: Account, window: Window, page: int) -> Listing:
        raise AssertionError("no step lists")

    async def _answer(self, name: str, subject: str, default: Answer, *args: Any) -> Any:
        self.calls.append((name, subject))
        self.busy[name] += 1
        self.busiest[name] = max(self.busiest[name], self.busy[name])
        try:
            return await _give(self.scripts.get(name), default, name, *args)
        finally:
            self.busy[name] -= 1


class Archive:
    """Takes what it is told to take, and reads the pieces to their end."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = deque(answers)
        self.kept: list[tuple[str, bytes]] = []
        self.sweeps: deque[Answer] = deque()

    async def keep(self, key: str, pieces: AsyncIterator[bytes], label: Label | None = None) -> Artifact:
        data = b"".join([piece async for piece in pieces])
        artifact = await _give(self.answers, make_artifact(key, len(data)), "keep")
        self.kept.append((key, data))
        return artifact

    async def sweep(self) -> int:
        return await _give(self.sweeps, 0, "sweep")


class Results:
    """Where clips come from: two pieces, or a trouble."""

    def __init__(self, trouble: KeepFailed | None = None) -> None:
        self.trouble = trouble
        self.urls: list[str] = []

    async def fetch(self, account: Account, url: str) -> AsyncIterator[bytes]:
        self.urls.append(url)
        yield b"first "
        if self.trouble is not None:
            raise self.trouble
        yield b"last"


class FlakyStore(MemoryStore):
    """The memory store, unwell when told: the named methods raise Unavailable so many times."""

    def __init__(self, limit: int, policy: Policy) -> None:
        super().__init__(lambda _: limit, policy)
        self.unwell: Counter[str] = Counter()
        self.claims = 0
        self.before_commit: Callable[[Change], Any] | None = None

    async def commit(self, change: Change, owner: str | None = None) -> Job:
        if self.before_commit is not None:
            hook, self.before_commit = self.before_commit, None
            await hook(change)
        self._check("commit")
        return await super().commit(change, owner)

    async def get(self, job_id: str) -> Job:
        self._check("get")
        return await super().get(job_id)

    async def begin(self, change: Change, now: float, quiet_s: float, claimed_until: float) -> bool:
        self._check("begin")
        return await super().begin(change, now, quiet_s, claimed_until)

    async def find(self, which: Filter) -> list[Job]:
        self._check("find")
        return await super().find(which)

    async def claim(self, claim: Claim) -> list[Job]:
        self.claims += 1
        self._check("claim")
        return await super().claim(claim)

    async def stake_bytes(self) -> int:
        self._check("stake_bytes")
        return await super().stake_bytes()

    async def delivered(self, ids: Sequence[str], now: float) -> None:
        self._check("delivered")
        await super().delivered(ids, now)

    def _check(self, method: str) -> None:
        if self.unwell[method] > 0:
            self.unwell[method] -= 1
            raise Unavailable(f"the disk is full ({method})")


class Notifier:
    """Takes notices, or says so many times that it cannot."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = deque(answers)
        self.told: list[str] = []

    async def tell(self, notice: Notice) -> None:
        await _give(self.answers, True, "tell")
        self.told.append(notice.id)


class Gate:
    """A call that waits: `entered` says that somebody stands at it, `open` lets everybody through."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, *args: Any) -> Answer:
        self.entered.set()
        await self.opened.wait()
        return self.answer(*args) if callable(self.answer) else self.answer


class Bench:
    """Everything a step touches, on one table."""

    def __init__(self, *, limit: int = 5, policy: Policy | None = None, vendor: Vendor | None = None) -> None:
        self.clock = FakeClock()
        self.policy = policy or Policy()
        self.store = FlakyStore(limit, self.policy)
        self.vendor = vendor or Vendor()
        self.results = Results()
        self.archive = Archive()
        self.limit = limit

    @property
    def tools(self) -> Tools:
        """The tools of one worker."""
        return self.tools_of("worker-1")

    def tools_of(self, owner: str) -> Tools:
        """The tools of a worker with a name."""
        return Tools(
            clock=self.clock,
            jobs=self.store,
            slots=self.store,
            ledger=self.store,
            watching=self.store,
            outbox=self.store,
            vendor=self.vendor,
            results=self.results,
            archive=self.archive,
            policy=self.policy,
            books=BOOKS,
            owner=owner,
            artifact_key=lambda job: f"{job.id}.mp4",
        )

    def limit_of(self, key: SlotKey) -> int:
        """Slots of every key."""
        return self.limit

    async def take(self, lane: Lane, owner: str = "worker-1", claim_s: float = 600.0) -> list[Job]:
        """Claim all that is due in a lane."""
        now = self.clock.now()
        return await self.store.claim(Claim(lane, owner, now, now + claim_s, 100, now + 5000.0))

    async def taken(self, job: Job, lane: Lane, owner: str = "worker-1") -> Job:
        """Store a job and claim it."""
        await self.store.add([job])
        (claimed,) = [j for j in await self.take(lane, owner) if j.id == job.id]
        return claimed


class Asker:
    """A search for lost calls that finds nothing and asks a person about each, or does as it is told."""

    def __init__(self, bench: Bench, *answers: Answer) -> None:
        self.bench = bench
        self.answers = deque(answers)
        self.turns = 0

    async def turn(self) -> tuple[list[tuple[Job, Event]], float]:
        self.turns += 1
        lost = await self.bench.store.find(Filter(states=("unconfirmed",)))
        asked = [(job, Undecided(job.state.intent.id, "nobody can tell")) for job in lost]  # type: ignore[union-attr]
        return await _give(self.answers, (asked, 0.0), "turn", lost)


def _many(answers: Answer) -> Sequence[Answer]:
    return answers if isinstance(answers, (list, tuple)) else [answers]


async def _give(script: deque[Answer] | None, default: Answer, name: str, *args: Any) -> Any:
    if not script:
        if default is None:
            raise AssertionError(f"nobody scripted this {name}")
        return default
    answer = script.popleft()
    if isinstance(answer, Exception):
        raise answer
    if callable(answer):
        answer = answer(*args)
        if asyncio.iscoroutine(answer):
            answer = await answer
    return answer
