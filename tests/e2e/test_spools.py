"""Two real worker processes on one PostgreSQL, each with a home and a spool of its own, while the storage is away."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.client.small_world import environment
from tests.e2e.clip import small_clip
from tests.e2e.place import KEY, emulator
from tests.factories import make_job, make_request, numbered_id
from wanreel.clock import SystemClock
from wanreel.data.shelf import load_catalog
from wanreel.domain.policy import Policy
from wanreel.service.addresses import accounts_of
from wanreel.settings import load
from wanreel.store.postgres.store import PostgresStore

JOBS = 12
PATIENCE_S = 600.0
_LOOK = """
SELECT (SELECT count(*) FROM jobs WHERE state = 'succeeded') AS done,
       (SELECT count(*) FROM jobs WHERE state = 'archiving' AND body LIKE '%"spooled":{%') AS spooled,
       (SELECT count(*) FROM copies) AS copies,
       (SELECT count(DISTINCT holder) FROM copies) AS holders
"""


@contextmanager
def worker(env: dict[str, str], log: Path) -> Generator[subprocess.Popen[bytes]]:
    """A worker of its own machine, as far as it can tell; killed in the end if it is still there."""
    with log.open("ab") as said:
        hand = subprocess.Popen([sys.executable, "-m", "wanreel", "worker"], env=env, stdout=said, stderr=said)
    try:
        yield hand
    finally:
        hand.kill()
        hand.wait()


async def until(url: str, true: Callable[[asyncpg.Record], bool], what: str, logs: Sequence[Path]) -> None:
    """Look until the database says so."""
    seen: object = None
    for _ in range(int(PATIENCE_S / 0.2)):
        conn = await asyncpg.connect(url)
        try:
            row = await conn.fetchrow(_LOOK)
        finally:
            await conn.close()
        seen = row
        if true(row):
            return
        try:
            async with asyncio.timeout(0.2):
                await asyncio.Event().wait()
        except TimeoutError:
            continue
    pytest.fail(f"never came true: {what}: {seen}\n" + "\n".join(log.read_text()[-1500:] for log in logs))


@pytest.mark.long
async def test_a_storage_that_is_away_loses_nothing_though_a_machine_dies_meanwhile(
    tmp_path: Path, pg_url: str
) -> None:
    """Both spools hold clips, one worker is killed, the storage comes back: the other brings home its own and leaves
    the dead one's alone; started again on its machine, that one brings home the rest. Each clip was paid for once.
    """
    archive, logs = tmp_path / "archive", [tmp_path / f"{name}.log" for name in "ab"]
    archive.write_text("a file where the folder should be: nothing can be put there")
    with emulator(speed=200.0, running=4, over_limit="reject") as emu:
        envs: list[dict[str, str]] = []
        for name in "ab":
            env = {**os.environ, **environment(tmp_path / name, emu, KEY), "WANREEL_DATABASE_URL": pg_url}
            env |= {"WANREEL_ARCHIVE": str(archive), "WANREEL_JUDGE": "off", "WANREEL_SLOTS": json.dumps({"*": 4})}
            env |= {"WANREEL_POLICY__SPOOL_AFTER_S": "0", "WANREEL_POLICY__SPOOL_RETRY_S": "2"}
            envs.append(env | {"WANREEL_ARCHIVES_MAX": "1"})
        settings = load(home=tmp_path / "a", api_key=KEY, vendor_url=emu.base_url, database_url=pg_url)
        account = accounts_of(settings, load_catalog()).main.account
        async with PostgresStore(pg_url, lambda _: 4, Policy()) as store:
            now = SystemClock().now()
            request = make_request(prompt="A red kite over a grey sea")
            ids = [numbered_id("job", n) for n in range(JOBS)]
            await store.add([make_job(id=id_, at=now, account=account, request=request) for id_ in ids])
        with worker(envs[0], logs[0]) as first, worker(envs[1], logs[1]):
            await until(pg_url, lambda row: row["spooled"] == JOBS, "all lie in spools", logs)
            held = sorted(path.stem for path in (tmp_path / "a" / "spool").glob("job_*.mp4"))
            first.send_signal(signal.SIGKILL)
            first.wait()
            archive.unlink()
            rest = len(held)
            await until(pg_url, lambda row: row["done"] >= JOBS - rest, "the other brings home what it holds", logs)
            assert held == sorted(path.stem for path in (tmp_path / "a" / "spool").glob("job_*.mp4"))
            with worker(envs[0], logs[0]):
                await until(pg_url, lambda row: row["done"] == JOBS and not row["copies"], "nothing is left", logs)
        assert JOBS == emu.counters()["tasks_accepted"]
    clips = list(archive.rglob("*.mp4"))
    assert JOBS == len([clip for clip in clips if clip.read_bytes() == small_clip()]) == len(clips)
