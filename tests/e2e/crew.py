"""Worker processes on one PostgreSQL, and what may happen to them: killed, stopped, their database restarted."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from tests.client.small_world import environment
from tests.e2e.clip import small_clip
from tests.e2e.place import KEY, emulator
from tests.factories import make_job, make_request, numbered_id
from tests.store.pg_server import Server
from wanreel.clock import SystemClock
from wanreel.data.shelf import load_catalog
from wanreel.domain.policy import Policy
from wanreel.emulator.server import Emulator
from wanreel.service.addresses import accounts_of
from wanreel.settings import load
from wanreel.store.postgres.store import PostgresStore

RUNNING = 5
PATIENCE_S = 1200.0
LOOK_S = 0.2
_STATES = "SELECT state, count(*) FROM jobs GROUP BY state"
_ALIVE = "SELECT count(*) FROM leases WHERE account LIKE 'worker %'"


class Crew:
    """Workers, each a process of its own."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self._env = {**os.environ, **env}
        self._folder = folder
        self.hands: list[subprocess.Popen[bytes]] = []

    def hire(self) -> subprocess.Popen[bytes]:
        """One more."""
        number = len(self.hands)
        with (self._folder / f"worker-{number}.log").open("wb") as said:
            command = [sys.executable, "-m", "wanreel", "worker"]
            hand = subprocess.Popen(command, env=self._env, cwd=self._folder, stdout=said, stderr=said)
        self.hands.append(hand)
        return hand

    def dismiss(self) -> None:
        """All of them, whatever they do."""
        for hand in self.hands:
            if hand.poll() is None:
                hand.send_signal(signal.SIGCONT)
                hand.kill()
            hand.wait()

    def said(self) -> str:
        """The end of what each has said."""
        return "\n".join(log.read_text()[-1500:] for log in sorted(self._folder.glob("worker-*.log")))


@contextmanager
def crew(env: dict[str, str], folder: Path) -> Generator[Crew]:
    """Nobody yet; nobody any more in the end."""
    hands = Crew(env, folder)
    try:
        yield hands
    finally:
        hands.dismiss()


async def until(url: str, true: Callable[[dict[str, int], int], bool], what: str, hands: Crew) -> None:
    """Look until the database says so: jobs by state, and how many workers are there."""
    tick = asyncio.Event()
    seen: tuple[dict[str, int], int] = {}, 0
    conn = await asyncpg.connect(url)
    try:
        for _ in range(int(PATIENCE_S / LOOK_S)):
            states = {row["state"]: row["count"] for row in await conn.fetch(_STATES)}
            seen = states, await conn.fetchval(_ALIVE)
            if true(*seen):
                return
            try:
                async with asyncio.timeout(LOOK_S):
                    await tick.wait()
            except TimeoutError:
                continue
    finally:
        await conn.close()
    pytest.fail(f"never came true: {what}: {seen}\n{hands.said()}")


@dataclass(frozen=True)
class Engine:
    """What makes jobs take their steps, beside the workers' own loops: how they are told of it, how it is restarted."""

    env: Mapping[str, str] = field(default_factory=dict[str, str])
    restart: Callable[[], None] = lambda: None


LOOP = Engine()


def surroundings(home: Path, emu: Emulator, url: str, engine: Engine = LOOP) -> dict[str, str]:
    """What the workers of a home are told. A call that never left is proven absent only once its worker, which may just
    stand still, could not send it any more.
    """
    env = environment(home, emu, KEY) | {"WANREEL_DATABASE_URL": url, "WANREEL_JUDGE": "off"}
    env |= {"WANREEL_SLOTS": f'{{"*": {RUNNING}}}', "WANREEL_POLICY__ABSENCE_S": "45"}
    return {**env, **engine.env}


async def order(home: Path, emu: Emulator, url: str, count: int) -> None:
    """So many jobs in the queue."""
    settings = load(home=home, api_key=KEY, vendor_url=emu.base_url, database_url=url)
    account = accounts_of(settings, load_catalog()).main.account
    async with PostgresStore(url, lambda _: RUNNING, Policy()) as store:
        now = SystemClock().now()
        await store.add(
            [
                make_job(
                    id=numbered_id("job", number),
                    at=now + number / 1000,
                    account=account,
                    request=make_request(prompt=f"A red kite over a grey sea, take {number}", seed=number),
                )
                for number in range(count)
            ]
        )


async def play(tmp_path: Path, pg_server: Server, url: str, count: int, engine: Engine = LOOP) -> None:
    """So many jobs through all of it."""
    home = tmp_path / "home"
    with emulator(speed=40.0, running=RUNNING, over_limit="reject") as emu:
        await order(home, emu, url, count)
        env = surroundings(home, emu, url, engine)
        with crew(env, tmp_path) as hands:
            first, second, _third = (hands.hire() for _ in range(3))
            await until(url, lambda s, w: w == 3 and s.get("succeeded", 0) >= count // 10, "three work", hands)
            first.kill()
            second.send_signal(signal.SIGSTOP)
            await until(url, lambda _, w: w == 1, "the dead and the one that stands still are known as such", hands)
            engine.restart()
            await until(url, lambda s, _: s.get("succeeded", 0) >= count // 2, "one goes on alone", hands)
            pg_server.stop()
            second.send_signal(signal.SIGCONT)
            pg_server.start()
            await until(url, lambda s, _: s == {"succeeded": count}, "all are archived", hands)
        told = emu.counters()
        sent = {answer: times for answer, times in told["answers"].items() if answer.startswith("create.")}
        assert count == told["tasks_accepted"]
        assert {"create.200": count} == sent  # a task too many would have been refused
        assert count == len([1 for clip in home.glob("archive/**/*.mp4") if clip.read_bytes() == small_clip()])
