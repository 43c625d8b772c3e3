"""The oracle: the same drawn operations to the memory store and to a real one; answers and snapshots agree after each.

A seed tells a whole stream. `WANREEL_ORACLE_SEEDS=500` runs so many (25 by default on SQLite, 2 on PostgreSQL),
`WANREEL_ORACLE_SEEDS=7-7` one.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.properties.store_operations import OPERATIONS, Ask, Store, Stream
from tests.store.pg_server import Server
from wanreel.domain.errors import WanreelError
from wanreel.domain.job import Job, state_name
from wanreel.domain.policy import longest_delay_s
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.ports.ledger import Slice
from wanreel.store.memory import MemoryStore
from wanreel.store.postgres.store import PostgresStore
from wanreel.store.sqlite import SqliteStore

STEPS = 120
FAR_S = 1e9


@dataclass
class Run:
    """One seed's stores, what was asked of them so far, and which operations have had an answer worth having."""

    seed: int
    stream: Stream
    oracle: MemoryStore
    real: Store
    told: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)

    async def step(self) -> None:
        """Ask both stores the same and compare what they say and what they then hold."""
        name, ask = self.stream.next()
        expected = await _answer(self.oracle, ask)
        got = await _answer(self.real, ask)
        self.told.append(f"{name} -> {_brief(expected)}")
        self.same(name, expected, got)
        if not isinstance(expected, type):
            self.met[name] += bool(expected) or name in (
                "delivered",
                "postpone",
                "hold",
                "stop",
                "put_budget",
                "drop_budget",
            )
        await self.compare()

    async def compare(self, *, whole: bool = False) -> None:
        """Compare what both stores hold; `whole` with every history."""
        now = self.stream.now
        held = await _snapshot(self.oracle, now)
        self.same("snapshot", held, await _snapshot(self.real, now))
        before, self.stream.jobs = self.stream.jobs, {job.id: job for job in held["jobs"]}
        for id_, job in self.stream.jobs.items():
            if whole or job != before.get(id_):
                self.same(f"history {id_}", await self.oracle.history(id_), await self.real.history(id_))

    async def attend(self) -> None:
        """What next_due says holds: where something is due there is something to do, and else there is not."""
        now = self.stream.now
        far_at = now + longest_delay_s(self.stream.policy)
        while True:
            due_at = await self.oracle.next_due(now)
            work = [await self.oracle.lost_submits(now, "w"), await self.oracle.owed(now, 100)]
            work += [await self.oracle.claim(Claim(lane, "w", now, now + 60, 1, far_at)) for lane in Lane]
            await self.oracle.delivered([owed.notice.id for owed in await self.oracle.owed(now, 100)], now)
            self.same("something to do", due_at is not None and due_at <= now, any(work))
            if not any(work):
                return

    def same(self, what: str, expected: object, got: object) -> None:
        """Fail with the seed and the last things asked."""
        story = "\n".join(self.told[-12:])
        if expected != got:
            raise AssertionError(f"seed {self.seed}, step {len(self.told)}, {what}:\n{story}\n{expected}\n!=\n{got}")


async def _answer(store: Store, ask: Ask) -> Any:
    """What the store answers; of an error of ours its type, for words may differ."""
    try:
        return await ask(store)
    except WanreelError as error:
        return type(error)


def _brief(answer: object) -> str:
    """An answer in a line: of jobs, who and where they stand."""
    if isinstance(answer, list):
        return f"[{', '.join(_brief(one) for one in answer)}]"
    if isinstance(answer, Job):
        return f"{answer.id} v{answer.version} {state_name(answer.state)}"
    return str(answer)


async def _snapshot(store: Store, now: float) -> dict[str, Any]:
    return {
        "jobs": await store.find(Filter(limit=1000)),
        "parks": await store.parks(now),
        "learned": dict(await store.learned()),
        "in_use": dict(await store.in_use(now)),
        "stake": await store.stake_bytes(),
        "owed": await store.owed(now + FAR_S, 1000),
        "next_due": await store.next_due(now),
        "postings": await store.postings(Slice()),
        "overruns": await store.overruns(),
        "budgets": await store.budgets(now),
    }


async def _run(seed: int, open_real: Callable[[Stream], AbstractAsyncContextManager[Store]]) -> Counter[str]:
    stream = Stream(Random(seed))
    oracle = MemoryStore(stream.limit, stream.policy)
    async with open_real(stream) as real:
        run = Run(seed, stream, oracle, real)
        for _ in range(STEPS):
            await run.step()
    async with open_real(stream) as real:
        run.real = real
        await run.compare(whole=True)
    await run.attend()
    return run.met


def _seeds(most: str) -> range:
    first, _, last = os.environ.get("WANREEL_ORACLE_SEEDS", most).partition("-")
    return range(int(first), int(last) + 1) if last else range(int(first))


async def test_every_store_answers_as_the_oracle_does(tmp_path: Path) -> None:
    """Whatever is asked in whatever order, SQLite says and holds what the memory store does, also when opened again."""
    blank = tmp_path / "blank.sqlite3"
    async with SqliteStore(blank, lambda _key: 1, Stream(Random(0)).policy):
        pass
    met: Counter[str] = Counter()
    for seed in _seeds("25"):
        path = tmp_path / f"{seed}.sqlite3"
        path.write_bytes(blank.read_bytes())
        met += await _run(seed, lambda stream, path=path: SqliteStore(path, stream.limit, stream.policy))

    assert len(_seeds("25")) == 1 or set(OPERATIONS) == set(met), f"never succeeded: {set(OPERATIONS) - set(met)}"


async def test_postgres_answers_as_the_oracle_does(pg_server: Server, pg_template: str) -> None:
    """Whatever is asked in whatever order, PostgreSQL says and holds what the memory store does, also opened again."""
    for seed in _seeds("2"):
        url = pg_server.database(pg_template)
        await _run(seed, lambda stream, url=url: PostgresStore(url, stream.limit, stream.policy))
