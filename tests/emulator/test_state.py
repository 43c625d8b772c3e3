"""A killed emulator wakes up with its tasks, files, scripts and counters; a torn last line costs that line only."""

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.emulator.caller import call, create, fetch, finished
from tests.emulator.front_desk import T2V, fake_clip
from wanreel.emulator.journal import Journal
from wanreel.emulator.server import Emulator


def emulator_in(state: Path) -> Emulator:
    """An emulator in virtual time with a state folder."""
    return Emulator(virtual=True, seed=1, submit_rate=0, running=2, render=fake_clip, state=state)


async def test_wakes_with_everything(tmp_path: Path) -> None:
    """Ended, running, waiting and canceled tasks, counters, time and open scripts are as they were."""
    async with emulator_in(tmp_path) as first:
        done = await finished(first)
        running = [(await create(first))[1]["output"]["task_id"] for _ in range(4)]
        canceled = (await create(first))[1]["output"]["task_id"]
        await call(first, "POST", f"/tasks/{canceled}/cancel")
        first.advance(30)
        first.script({"create": [{"fault": "status", "status": 503, "times": 2}]}, account="*")
        await create(first)
        before, now = first.counters(), first.clock.now()
        views = first.tasks()

    async with emulator_in(tmp_path) as second:
        assert now == second.clock.now()
        assert before == second.counters()
        assert views == second.tasks()
        assert {"script-1": {"create": [{"fault": "status", "met": 1, "times": 2}]}} == second.unmet()
        assert 503 == (await create(second))[0]
        status, fresh = await create(second)
        second.advance(5000)
        states = [(await call(second, "GET", f"/tasks/{task}"))[1]["output"]["task_status"] for task in running]
        address = done["output"]["video_url"].split("/results/")[1]
        file = await fetch(f"{second.host_url}/results/{address}")
        after = second.counters()

    assert 200 == status
    assert fresh["output"]["task_id"] not in {view["task_id"] for view in views}
    assert ["SUCCEEDED"] * 4 == states
    assert 200 == file[0]
    assert before["tasks_accepted"] + 1 == after["tasks_accepted"]
    assert 6 * 5.0 == after["paid_seconds"]


async def test_wakes_twice_without_counting_twice(tmp_path: Path) -> None:
    """Each start rewrites the journal; nothing is counted again."""
    async with emulator_in(tmp_path) as first:
        await finished(first)
        before = first.counters()
    for _ in range(3):
        async with emulator_in(tmp_path) as again:
            assert before == again.counters()


def test_torn_line(tmp_path: Path) -> None:
    """A line the kill cut short is dropped; those before it stand."""
    journal = Journal(tmp_path)
    journal.append({"k": "wake", "at": 1.0})
    journal.close()
    with journal.path.open("ab") as file:
        file.write(b'{"k":"task","at":2.0,"ta')

    after = Journal(tmp_path)
    assert [{"k": "wake", "at": 1.0}] == after.load()
    after.close()


async def test_one_at_a_time(tmp_path: Path) -> None:
    """A second emulator on a state folder is refused, since each would forget the other's tasks; later it may."""
    async with emulator_in(tmp_path) as first:
        with pytest.raises(ValueError, match="another emulator"):
            emulator_in(tmp_path)
        await create(first)
    with pytest.raises(ValueError, match="nope"):
        Emulator(state=tmp_path, rates={"nope": {}})
    async with emulator_in(tmp_path) as second:
        assert 1 == second.counters()["tasks_accepted"]


async def started(*arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    """The emulator as a program, and its base URL."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wanreel.emulator", "--port", "0", *arguments), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    found = re.match(r"wanreel emulator ready: (http://127\.0\.0\.1:\d+/api/v1) ", line)
    assert found, line
    return process, found[1]


async def asked(method: str, url: str, body: Any = None) -> Any:
    """One call to a program's emulator."""
    headers = {"Authorization": "Bearer sk-test", "X-DashScope-Async": "enable"} if method == "POST" else None
    async with aiohttp.ClientSession() as session, session.request(method, url, json=body, headers=headers) as answer:
        return await answer.json()


async def test_killed_program(tmp_path: Path) -> None:
    """Kill -9 right after a submit was answered: the next start knows the task. SIGTERM ends it cleanly."""
    state = ("--state", str(tmp_path / "state"))
    process, base = await started(*state)
    made = await asked("POST", f"{base}/services/aigc/video-generation/video-synthesis", T2V)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()

    process, base = await started(*state)
    counters = await asked("GET", f"{base.removesuffix('/api/v1')}/_emulator/counters")
    tasks = await asked("GET", f"{base.removesuffix('/api/v1')}/_emulator/tasks")
    process.terminate()
    code = await asyncio.wait_for(process.wait(), 10)

    assert 1 == counters["tasks_accepted"]
    assert [made["output"]["task_id"]] == [task["task_id"] for task in tasks["tasks"]]
    assert 0 == code


async def test_answer_before_kill_is_on_file(tmp_path: Path) -> None:
    """The task is written down before its id is told."""
    async with emulator_in(tmp_path) as emulator:
        _, made = await create(emulator)
        lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text("utf-8").splitlines()]

    assert made["output"]["task_id"] in [line["task"]["id"] for line in lines if line["k"] == "task"]
