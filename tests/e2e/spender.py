"""A process that begins all of its jobs at once: `python -m tests.e2e.spender DATABASE VENDOR_URL FIRST HOWMANY`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, cast

from tests.client.small_world import KEY
from tests.domain.catalog_file import BOOKS, CATALOG
from wanreel.clock import SystemClock
from wanreel.domain.job import Queued
from wanreel.domain.policy import Policy
from wanreel.domain.submitting import BUDGET
from wanreel.ports.archive import Archive, Results
from wanreel.ports.inputs import Inputs
from wanreel.ports.jobs import Filter
from wanreel.store.sqlite import SqliteStore
from wanreel.vendor.client import DashScope
from wanreel.worker.step import step
from wanreel.worker.tools import Tools

POLICY = Policy(quiet_s=0.0)


async def main(database: Path, base_url: str, first: int, count: int) -> None:
    """Wait for a line on stdin, so that the processes begin together; then steps of all jobs side by side."""
    clock = SystemClock()
    async with SqliteStore(database, lambda _: 1000, POLICY) as store:
        unused = cast("Any", None)
        vendor = DashScope(CATALOG, clock, cast("Inputs", unused), lambda _: KEY)
        tools = Tools(
            clock=clock,
            jobs=store,
            slots=store,
            ledger=store,
            watching=store,
            outbox=store,
            vendor=vendor,
            results=cast("Results", unused),
            archive=cast("Archive", unused),
            policy=POLICY,
            books=BOOKS,
            owner=f"spender-{first}",
            artifact_key=lambda job: f"{job.id}.mp4",
        )
        jobs = sorted(await store.find(Filter(limit=1000)), key=lambda job: job.id)[first : first + count]
        print("ready", flush=True)
        sys.stdin.readline()
        while jobs:  # a submit that met another one in the air has not been decided on yet
            await asyncio.gather(*(step(job, tools) for job in jobs))
            now = [await store.get(job.id) for job in jobs]
            jobs = [job for job in now if isinstance(job.state, Queued) and job.state.held_by != BUDGET]
        await vendor.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
