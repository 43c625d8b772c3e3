"""What a store suite works on: a store, a second door to the same jobs, limits that can be set, and short words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.factories import FakeClock, make_change, make_intent
from wanreel.domain.event import Change, SlotKey
from wanreel.domain.job import Job, Submitting
from wanreel.domain.policy import Policy, longest_delay_s
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.store.memory import MemoryStore
from wanreel.store.postgres.store import PostgresStore
from wanreel.store.sqlite import SqliteStore

Store = MemoryStore | SqliteStore | PostgresStore
LIMIT = 2


@dataclass
class Bench:
    """A store under test. `limits` holds what differs from LIMIT; `second()` is another process's view of it."""

    store: Store
    second: Callable[[], Awaitable[Store]]
    limits: dict[SlotKey, int]
    policy: Policy = field(default_factory=Policy)
    clock: FakeClock = field(default_factory=FakeClock)

    async def add(self, *jobs: Job) -> list[Job]:
        """Store jobs."""
        return await self.store.add(jobs)

    async def claim(self, lane: Lane, owner: str = "w1", *, limit: int = 10, for_s: float = 60.0) -> list[Job]:
        """Claim due work now."""
        now = self.clock.now()
        return await self.store.claim(Claim(lane, owner, now, now + for_s, limit, now + longest_delay_s(self.policy)))

    async def begin(self, job: Job, **changes: Any) -> bool:
        """Ask for a slot for a queued job now, as a worker does."""
        change = submitting(job, self.clock.now(), **changes)
        return await self.store.begin(change, self.clock.now(), self.policy.quiet_s, self.clock.now() + 60.0)

    async def ids(self, **which: Any) -> list[str]:
        """Ids of what a filter finds."""
        return [job.id for job in await self.store.find(Filter(**which))]


def submitting(job: Job, now: float, **changes: Any) -> Change:
    """The change that begins to submit a queued job."""
    return make_change(job, Submitting(make_intent(now, id=f"int_{job.id}")), at=now, **changes)


def memory_bench() -> Bench:
    """A bench on the memory store, whose second door is the store itself."""
    limits: dict[SlotKey, int] = {}
    store = MemoryStore(lambda key: limits.get(key, LIMIT), Policy())

    async def second() -> Store:
        return store

    return Bench(store, second, limits)


async def sqlite_bench(path: Path, stack: AsyncExitStack) -> Bench:
    """A bench on a SQLite file, whose second door is a store of its own on that file."""
    limits: dict[SlotKey, int] = {}

    def make() -> SqliteStore:
        return SqliteStore(path, lambda key: limits.get(key, LIMIT), Policy())

    async def second() -> Store:
        return await stack.enter_async_context(make())

    return Bench(await stack.enter_async_context(make()), second, limits)


async def postgres_bench(url: str, stack: AsyncExitStack) -> Bench:
    """A bench on a PostgreSQL database, whose second door is another process's connections."""
    limits: dict[SlotKey, int] = {}

    def make() -> PostgresStore:
        return PostgresStore(url, lambda key: limits.get(key, LIMIT), Policy())

    async def second() -> Store:
        return await stack.enter_async_context(make())

    return Bench(await stack.enter_async_context(make()), second, limits)
