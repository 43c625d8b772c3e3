"""Worker processes on one PostgreSQL, and what may happen to them: killed, stopped, their database restarted."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from tests.client.small_world import environment
from tests.e2e.clip import small_clip
from tests.e2e.place import KEY, emulator
from tests.factories import make_job, make_request, numbered_id
from tests.notify.receiver import Receiver, receiving
from tests.store.pg_server import Server
from wanreel.clock import SystemClock
from wanreel.data.shelf import load_catalog
from wanreel.domain.policy import Policy
from wanreel.emulator.server import Emulator
from wanreel.service.addresses import accounts_of
from wanreel.service.webhooks import Webhooks
from wanreel.settings import load
from wanreel.store.postgres.store import PostgresStore

RUNNING = 5
PATIENCE_S = 1200.0
LOOK_S = 0.2
STILL_S = 60.0
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

    def all_started(self) -> bool:
        """Whether whoever is alive has begun to work."""
        logs = [self._folder / f"worker-{n}.log" for n, hand in enumerate(self.hands) if hand.poll() is None]
        return all(b"runner.state" in log.read_bytes() for log in logs)

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


async def order(home: Path, emu: Emulator, url: str, count: int, first: int = 0) -> None:
    """So many jobs in the queue, numbered from the first on."""
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
                for number in range(first, first + count)
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


async def harass(tmp_path: Path, pg_server: Server, url: str, count: int, engine: Engine = LOOP) -> None:
    """So many jobs, and no peace: whenever three workers are there, one of them is killed and another one hired; one
    stands still for a minute; the database is restarted. A receiver hears of every end.
    """
    home = tmp_path / "home"
    async with receiving() as receiver:
        with emulator(speed=40.0, running=RUNNING, over_limit="reject") as emu:
            await order(home, emu, url, count)
            async with PostgresStore(url, lambda _: RUNNING, Policy()) as store:
                hooks = Webhooks(store.hooks, SystemClock(), lambda to: to)
                receiver.secret = (await hooks.add(receiver.url, None, ("job.succeeded",))).secrets[0].value
            env = surroundings(home, emu, url, engine) | {"WANREEL_WEBHOOK_PRIVATE": "true", "WANREEL_LOG": "info"}
            with crew(env, tmp_path) as hands:
                kills = await _harassed(url, hands, pg_server, count, engine)
                await receiver.until(lambda: len(_told(receiver)) == count, PATIENCE_S)
            told = emu.counters()
    sent = {answer: times for answer, times in told["answers"].items() if answer.startswith("create.")}
    whole = [1 for clip in home.glob("archive/**/*.mp4") if clip.read_bytes() == small_clip()]
    print(f"\n{count} jobs, {kills} kills -9, a minute of SIGSTOP, PostgreSQL restarted: {len(whole)} archived,")
    print(f"  {told['tasks_accepted']} tasks paid, answers to creates {sent},")
    print(f"  {len(_told(receiver))} jobs' webhooks delivered in {receiver.tries} tries, {receiver.forged} forged")
    assert count == told["tasks_accepted"] == len(whole)
    assert {"create.200": count} == sent  # a task too many at once would have been refused
    assert receiver.forged == 0


def _told(receiver: Receiver) -> set[str]:
    return {str(body["data"]["job"]) for _, body in receiver.heard}


@dataclass
class _Harassment:
    """What has been done to the workers so far, and what comes next."""

    hands: Crew
    server: Server
    engine: Engine
    count: int
    stopped: subprocess.Popen[bytes]
    still_since: float | None = None
    continued: bool = False
    restarted: bool = False
    kills: int = 0

    def over(self, states: dict[str, int]) -> bool:
        """Whether all is done and everything was met; with every look, the oldest worker is killed once all work."""
        done, now = states.get("succeeded", 0), SystemClock().now()
        if self.still_since is None and done >= self.count // 4:
            self.stopped.send_signal(signal.SIGSTOP)
            self.still_since = now
        if self.still_since is not None and not self.continued and now - self.still_since > STILL_S:
            self.stopped.send_signal(signal.SIGCONT)
            self.continued = True
        if not self.restarted and done >= self.count // 2:
            self.restarted = True
            self.server.stop()
            self.server.start()
            self.engine.restart()
        alive = [hand for hand in self.hands.hands if hand.poll() is None and hand is not self.stopped]
        if done < self.count and self.hands.all_started():
            alive[0].kill()
            self.kills += 1
            self.hands.hire()
        return done == self.count and self.continued


async def _harassed(url: str, hands: Crew, pg_server: Server, count: int, engine: Engine) -> int:
    """Until all are archived; how often a worker was killed."""
    it = _Harassment(hands, pg_server, engine, count, hands.hire())
    hands.hire()
    hands.hire()
    looked = asyncio.Event()
    last: object = None
    for _ in range(int(PATIENCE_S / LOOK_S)):
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # it is being restarted
            conn = await asyncpg.connect(url)
            states = {row["state"]: row["count"] for row in await conn.fetch(_STATES)}
            await conn.close()
            last = states
            if it.over(states):
                return it.kills
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await looked.wait()
    pytest.fail(f"never came true: all are archived: {last}\n{hands.said()}")
