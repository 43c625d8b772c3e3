"""A budget for 37 clips, two real processes, and two hundred submits at once in each of them."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from tests.e2e.place import emulator
from tests.e2e.spender import POLICY
from tests.factories import make_account, make_job, numbered_id
from wanreel.clock import SystemClock
from wanreel.domain.job import Generating, Queued
from wanreel.money.budget import Budget
from wanreel.money.ledger import Purse, balances
from wanreel.ports.jobs import Filter
from wanreel.ports.ledger import Slice
from wanreel.store.sqlite import SqliteStore

PROCESSES, EACH, CLIPS = 2, 200, 37
CLIP = Decimal(3)  # 5 s of wan2.5-t2v-preview at 720P in Beijing


async def begun(command: list[str]) -> Process:
    """A child that waits for its word."""
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)


def out_of(child: Process) -> asyncio.StreamReader:
    """What a child says."""
    assert child.stdout is not None
    return child.stdout


async def test_exactly_as_many_are_sent_as_there_is_money_for(tmp_path: Path) -> None:
    """37 tasks at the vendor, 37 reservations; the other 363 jobs wait and say why; nothing is left over or over."""
    database, now = tmp_path / "home" / "wanreel.sqlite3", SystemClock().now()
    with emulator(running=5, queued=1000) as emu:
        async with SqliteStore(database, lambda _: 1000, POLICY) as store:
            account = make_account(region="beijing", base_url=emu.base_url)
            jobs = [make_job(id=numbered_id("job", n), at=now, account=account) for n in range(PROCESSES * EACH)]
            await store.add(jobs)
            money = CLIPS * CLIP + CLIP / 2  # what is left in the end is not enough for another
            await store.put_budget(Budget("default", "month", money, "CNY", "Asia/Shanghai"))

            command = [sys.executable, "-m", "tests.e2e.spender", str(database), emu.base_url]
            children = [await begun([*command, str(n * EACH), str(EACH)]) for n in range(PROCESSES)]
            try:
                for child in children:
                    assert b"ready\n" == await out_of(child).readline()
                ended = await asyncio.wait_for(
                    asyncio.gather(*(child.communicate(b"go\n") for child in children)), timeout=120
                )
            finally:
                for child in children:
                    with suppress(ProcessLookupError):
                        child.kill()
                    await child.wait()
            assert [0] * PROCESSES == [child.returncode for child in children], ended

            found = await store.find(Filter(limit=1000))
            held = [job.state for job in found if isinstance(job.state, Queued)]
            assert CLIPS == emu.counters()["tasks_accepted"]
            assert CLIPS == sum(isinstance(job.state, Generating) for job in found)
            assert PROCESSES * EACH - CLIPS == len(held)
            assert all("111.00 of 112.50 CNY a month" in state.why for state in held)
            assert CLIPS * CLIP == balances(await store.postings(Slice()))["CNY", Purse.RESERVED]
