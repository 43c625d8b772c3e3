"""Figures of the SQLite store, printed and not judged: writes a second, and a tick with a hundred thousand jobs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.factories import NOW, make_change, make_job
from tests.store.children import store_at
from wanreel.domain.job import Generating, Job, Queued
from wanreel.ports.jobs import Claim, Lane
from wanreel.store.sqlite import SqliteStore

pytestmark = pytest.mark.bench


@pytest.mark.parametrize(("callers", "each"), [(1, 1000), (10, 500), (100, 100)])
async def test_writes_a_second(tmp_path: Path, callers: int, each: int) -> None:
    """Changes with a line of history each, committed by so many callers at once."""
    jobs = [make_job(Generating) for _ in range(callers)]

    async def change(job: Job) -> None:
        for _ in range(each):
            job = await store.commit(make_change(job, job.state))

    async with store_at(str(tmp_path / "w.sqlite3")) as store:
        await store.add(jobs)
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(change(job) for job in jobs))
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu

    writes = callers * each
    print(f"\n{callers} callers: {writes / took_s:,.0f} writes/s, {cpu_s / writes * 1e3:.2f} ms of CPU each")


@pytest.mark.long
async def test_a_tick_with_many_jobs(tmp_path: Path) -> None:
    """What the runner asks at every tick, with 50,000 jobs queued and 50,000 watched over 20 keys."""

    async def timed(name: str, ask: Callable[[], Awaitable[object]]) -> None:
        await ask()
        began = time.perf_counter()
        for _ in range(20):
            await ask()
        print(f"{name}: {(time.perf_counter() - began) / 20 * 1e3:.2f} ms")

    async with store_at(str(tmp_path / "w.sqlite3"), limit=100_000) as store:
        await _fill(store)
        print()
        for lane in Lane:
            claim = Claim(lane, "w", NOW, NOW + 60, 10, NOW + 5000)
            await timed(f"claim {lane}", lambda claim=claim: store.claim(claim))
        await timed("next_due", lambda: store.next_due(NOW))
        await timed("lost_submits", lambda: store.lost_submits(NOW, "w"))
        await timed("in_use", lambda: store.in_use(NOW))
        await timed("seen_since", lambda: store.seen_since("main", NOW, "job"))


async def _fill(store: SqliteStore) -> None:
    began = time.perf_counter()
    for kind in (Queued, Generating):
        for first in range(0, 50_000, 1000):
            await store.add(
                [make_job(kind, due_at=NOW + n / 100, model=f"m{n % 20}") for n in range(first, first + 1000)]
            )
    print(f"\n100,000 jobs added in {time.perf_counter() - began:.1f} s")
