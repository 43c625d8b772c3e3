"""Accounts in earnest: a limit cut, a key revoked in the middle of a batch; and a pool of two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.place import QUICK, client, emulator, is_kept, tasks_by_prompt
from wanreel.client import EmbeddedClient, Video
from wanreel.domain.errors import Conflict
from wanreel.emulator.accounts import Account
from wanreel.emulator.server import Emulator
from wanreel.wiring import open_home

MODEL = "wan2.5-t2v-preview"
JOBS = 24
HOUR_S = 1.5  # an hour, at the pace of these tests
SOON = {"account_s": 0.3, "probe_first_s": 3600.0}


async def ordered(wan: EmbeddedClient, count: int = JOBS) -> list[str]:
    """So many different clips."""
    return [(await wan.submit(f"a paper boat, number {n}", model=MODEL))[0].id for n in range(count)]


async def until(holds: Callable[[], bool]) -> None:
    """Look until something holds; the suite's own limit ends a wait in vain."""
    while not holds():
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)


def done(emu: Emulator) -> int:
    """Tasks that have succeeded, by the vendor's books."""
    return int(emu.counters()["tasks_succeeded"])


async def all_end(wan: EmbeddedClient, emu: Emulator, ids: list[str]) -> list[Video]:
    """Wait until all have ended; a person who sees the vendor's console settles what stays in doubt."""
    while True:
        videos = await wan.wait_all(ids, timeout_s=100)
        if all(video.done for video in videos):
            return videos
        for video in videos:
            if video.state == "unconfirmed":
                tasks = tasks_by_prompt(emu).get(video.job.request.prompt, [])
                with suppress(Conflict):  # it was settled meanwhile
                    await wan.resolve(video.id, adopt=tasks[0] if tasks else None, resubmit=not tasks)
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)


def refusal(times: int) -> dict[str, Any]:
    """The vendor does not take the key, so often."""
    words = "Invalid API-key provided."
    return {"fault": "status", "status": 401, "code": "InvalidApiKey", "message": words, "times": times}


def paid_once(emu: Emulator, videos: list[Video]) -> None:
    """Every clip is kept, and no prompt was bought twice."""
    assert all(is_kept(video) for video in videos), [v.error for v in videos if not is_kept(v)]
    bought = tasks_by_prompt(emu)
    assert {1} == {len(tasks) for tasks in bought.values()}
    assert len(videos) == len(bought)


@pytest.mark.parametrize("trouble", ["limit", "key", "host"])
async def test_trouble_in_the_middle_of_a_batch_costs_time_alone(trouble: str, tmp_path: Path) -> None:
    """Its limit cut in half, its key revoked, its host down: all end well once it heals, none is paid twice."""
    async with (
        emulator(running=4, over_limit="reject", speed=400) as emu,
        client(tmp_path / "home", emu.base_url, policy=SOON) as wan,
    ):
        ids = await ordered(wan)
        await until(lambda: done(emu) >= JOBS // 4)
        if trouble == "limit":
            (account,) = emu.desk.gate.doors.accounts.values()
            object.__setattr__(account, "running", 2)  # the vendor has changed its mind
        elif trouble == "host":
            emu.script({"create": [{"fault": "down", "for_s": HOUR_S}]}, account="*")
        else:
            emu.script({"create": [refusal(4)], "query": [refusal(8)]}, account="*")
        videos = await all_end(wan, emu, ids)
    paid_once(emu, videos)


async def test_two_accounts_share_the_work(tmp_path: Path) -> None:
    """Both run at once, each within its limit, and when one is refused its waiting jobs go to the other."""
    keys = ("sk-first-0123456789", "sk-other-0123456789")
    accounts = (
        Account("one", (keys[0],), submit_rate=0, running=2),
        Account("two", (keys[1],), submit_rate=0, running=2),
    )
    async with emulator(accounts=accounts, over_limit="reject", speed=400) as emu:
        named: dict[str, Any] = {
            name: {"base_url": emu.base_url, "api_key": key, "slots": {"*": 2}}
            for name, key in zip(("one", "two"), keys, strict=True)
        }
        given = {"home": tmp_path / "home", "policy": QUICK | {"account_s": 3600.0}, "accounts": named}
        async with EmbeddedClient(open_home, given) as wan:
            ids = await ordered(wan, 12)
            placed = [(await wan.get(job_id)).job.account.id for job_id in ids]
            await until(lambda: done(emu) >= 4)
            emu.script({"create": [refusal(1)]}, key=keys[1])
            left = [job_id for job_id, account in zip(ids, placed, strict=True) if account == "one"]
            await wan.wait_all(left, timeout_s=100)
            videos = await all_end(wan, emu, ids)
    assert {"one", "two"} == set(placed)
    assert {"one", "two"} == {video.job.account.id for video in videos}
    paid_once(emu, videos)
    assert 0 == emu.counters()["answers"].get("create.429", 0)
