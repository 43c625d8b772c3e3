"""The API under load for minutes: a thousand listeners, each on a group of its own, and fifty submits a second.

No event is lost or doubled through reconnects, reads stay quick, memory stays where it was. `make bench-api` runs it
alone; WANREEL_TEST_MINUTES says how long (10), WANREEL_TEST_LISTENERS and WANREEL_TEST_RATE how much.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

MINUTES = float(os.environ.get("WANREEL_TEST_MINUTES", "10"))
LISTENERS = int(os.environ.get("WANREEL_TEST_LISTENERS", "1000"))
RATE = float(os.environ.get("WANREEL_TEST_RATE", "50"))
ORDER = {"orders": [{"prompt": "A red kite over a grey sea", "model": "wan2.5-t2v-preview"}]}
READS_IDLE = 300
P99_FACTOR_MAX = 5.0
MEMORY_GROWTH_MAX = 1.10


@dataclass
class Books:
    """What the listeners have seen, and how long reads took."""

    ordered: int = 0
    heard: int = 0
    reconnects: int = 0
    wrong: list[str] = field(default_factory=list[str])
    reads_ms: list[float] = field(default_factory=list[float])
    a_job: str = ""


class Pace:
    """Gives out so many goes a second, evenly."""

    def __init__(self, rate: float, ends_at: float) -> None:
        self._gap_s = 1 / rate
        self._next_at = time.monotonic()
        self._ends_at = ends_at

    async def go(self) -> bool:
        """Wait for a turn; False once it is over."""
        at, self._next_at = self._next_at, self._next_at + self._gap_s
        if at >= self._ends_at:
            return False
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        loop.call_later(max(0.0, at - time.monotonic()), turn.set_result, None)
        await turn
        return True


async def listen(base: str, session: aiohttp.ClientSession, pace: Pace, books: Books, draw: random.Random) -> None:
    """Order a group of one, hear all of it, end it, and order the next, for as long as there are turns."""
    more = await pace.go()
    while more:
        async with session.post(f"{base}/v1/groups", json=ORDER) as got:
            made = await got.json()
            if got.status != 202:
                books.wrong.append(f"{got.status}: {made}")
                return
        books.ordered += 1
        job = books.a_job = made["jobs"][0]["id"]
        hearing = asyncio.create_task(hear(base, session, made["group"], books, draw))
        more = await pace.go()
        async with session.post(f"{base}/v1/jobs/{job}/cancel") as got:
            if got.status != 200:
                books.wrong.append(f"{got.status}: {await got.text()}")
        async with asyncio.timeout(60):
            versions = await hearing
        if versions != [1, 2]:
            books.wrong.append(f"{job}: heard {versions}")


async def hear(base: str, session: aiohttp.ClientSession, group: str, books: Books, draw: random.Random) -> list[int]:
    """Versions of a group's one job as they were told, over as many connections as it takes."""
    versions: list[int] = []
    last = "0"
    while True:
        drops = draw.random() < 0.5 and not versions
        async with session.get(f"{base}/v1/events", params={"group": group}, headers={"Last-Event-ID": last}) as got:
            async for raw in got.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("id: "):
                    last = line[4:]
                if line.startswith("data: "):
                    body: dict[str, Any] = json.loads(line[6:])
                    versions.append(body["version"])
                    books.heard += 1
                if not line and versions and (drops or versions[-1] >= 2):
                    break
        if versions and versions[-1] >= 2:
            return versions
        books.reconnects += 1


async def read(base: str, session: aiohttp.ClientSession, job: str, into: list[float]) -> None:
    """One look at a job, timed."""
    began = time.perf_counter()
    async with session.get(f"{base}/v1/jobs/{job}") as got:
        await got.read()
        assert got.status == 200
    into.append((time.perf_counter() - began) * 1000)


def p99(figures: list[float]) -> float:
    """The 99th of a hundred."""
    return sorted(figures)[int(len(figures) * 0.99)]


def memory_mb(pid: int) -> float:
    """What a process holds."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


@pytest.mark.long
def test_a_thousand_listeners_and_fifty_submits_a_second(tmp_path: Path) -> None:
    """For minutes nothing is lost or doubled, reads stay within five times their idle p99, memory within a tenth."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    env = {**os.environ, "WANREEL_HOME": str(tmp_path), "DASHSCOPE_API_KEY": "sk-bench-0123456789"}
    command = [sys.executable, "-m", "wanreel", "api", "--port", "0"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            base = process.stdout.readline().strip()
            asyncio.run(_load(base, process.pid))
        finally:
            process.terminate()


async def _load(base: str, pid: int) -> None:
    books, idle = Books(), list[float]()
    connector, timeout = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=None, sock_read=60)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        async with session.post(f"{base}/v1/groups", json=ORDER) as got:
            job = (await got.json())["jobs"][0]["id"]
        for _ in range(READS_IDLE):
            await read(base, session, job, idle)
        began = time.monotonic()
        pace, draw = Pace(RATE, began + MINUTES * 60), random.Random(1)
        listeners = [asyncio.create_task(listen(base, session, pace, books, draw)) for _ in range(LISTENERS)]
        looks = Pace(10, began + MINUTES * 60)
        early_mb = 0.0
        while await looks.go():
            await read(base, session, job, books.reads_ms)
            if not early_mb and time.monotonic() - began >= MINUTES * 60 * 0.2:
                early_mb = memory_mb(pid)
        late_mb = memory_mb(pid)
        await asyncio.gather(*listeners)
    print(
        f"\n{books.ordered} groups ordered, {books.heard} events heard, {books.reconnects} reconnects; reads p99 "
        f"{p99(idle):.1f} ms idle, {p99(books.reads_ms):.1f} ms under load; memory {early_mb:.0f} MB after a fifth of "
        f"the time, {late_mb:.0f} MB at its end"
    )
    assert [] == books.wrong[:5]
    assert 2 * books.ordered == books.heard
    assert late_mb <= early_mb * MEMORY_GROWTH_MAX
    assert p99(books.reads_ms) <= P99_FACTOR_MAX * p99(idle)
