"""A PostgreSQL that is restored from a backup while its vendor went on: nothing is paid for twice, all ends or asks.

At the backup jobs are queued, on their way out, and running; some are sent after it, some never, some ordered after it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from tests.e2e.crew import Crew, crew, order, surroundings
from tests.e2e.place import emulator, tasks_by_prompt
from tests.store.pg_server import Server

pytestmark = pytest.mark.long
COUNT, SENT_BEFORE, SENT_LATER = 24, 6, 14
LOOKS, LOOK_S = 900, 0.2
_STATES = "SELECT state, count(*) FROM jobs GROUP BY state"


async def _until(url: str, hands: Crew, true: object, what: str) -> dict[str, int]:
    seen: dict[str, int] = {}
    conn = await asyncpg.connect(url)
    try:
        for _ in range(LOOKS):
            seen = {row["state"]: row["count"] for row in await conn.fetch(_STATES)}
            if true(seen):  # type: ignore[operator]
                return seen
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await asyncio.Event().wait()
    finally:
        await conn.close()
    pytest.fail(f"never came true: {what}: {seen}\n{hands.said()}")


def wanreel(env: dict[str, str], *words: str) -> None:
    """A command, as a user gives it."""
    command = [sys.executable, "-m", "wanreel", *words]
    done = subprocess.run(command, env={**os.environ, **env}, check=False, capture_output=True, text=True)
    assert 0 == done.returncode, done.stderr


async def test_a_restored_database_under_real_workers(tmp_path: Path, pg_server: Server, pg_template: str) -> None:
    """Two workers before, killed as they send; two other workers on what was restored."""
    old, new = pg_server.database(pg_template), pg_server.database(pg_template)
    home, kept = tmp_path / "home", tmp_path / "kept.sqlite3"
    with emulator(speed=40.0, running=5, over_limit="reject") as emu:
        await order(home, emu, old, COUNT)
        env = surroundings(home, emu, old) | {"WANREEL_POLICY__ABSENCE_S": "5", "WANREEL_LOG": "info"}
        with crew(env, tmp_path) as hands:
            hands.hire()
            hands.hire()
            await _until(old, hands, lambda s: COUNT - s.get("queued", 0) >= SENT_BEFORE, "some were sent")
            await asyncio.to_thread(wanreel, env, "db", "backup", str(kept))
            await _until(old, hands, lambda s: COUNT - s.get("queued", 0) >= SENT_BEFORE + SENT_LATER, "more were sent")
        paid = emu.counters()["tasks_accepted"]
        assert paid < COUNT
        there = env | {"WANREEL_DATABASE_URL": new}
        await asyncio.to_thread(wanreel, there, "db", "restore", str(kept))
        with crew(there, tmp_path) as hands:
            hands.hire()
            hands.hire()
            left = {"succeeded": paid, "unconfirmed": COUNT - paid}
            await _until(new, hands, lambda s: s == left, "all that were sent are found, and no other is sent")
            await order(home, emu, new, 1, first=COUNT)  # what comes later shows that those before it are not there
            ends = await _until(new, hands, lambda s: s == {"succeeded": COUNT + 1}, "all ended")
        each = Counter(len(tasks) for tasks in tasks_by_prompt(emu).values())
    print(f"\n{paid} of {COUNT} were paid for at the restore, {each} in the end: {ends}")
    assert {1: COUNT + 1} == each
