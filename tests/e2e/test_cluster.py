"""Jobs on a real Temporal service and a real PostgreSQL: what the engine could spoil, it does not.

The store of this mode is PostgreSQL as it is in shared mode, with the same contract suite and the same oracle: these
need no second run. What an engine can spoil is how often a step is taken, by whom, and what comes of it when one dies.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.e2e.crew import Engine, crew, harass, order, play, surroundings, until
from tests.e2e.place import QUICK, client, emulator, is_kept
from tests.e2e.test_fault_table import ROWS, Row
from tests.store.pg_server import Server
from tests.temporal.server import TemporalServer, temporal
from wanreel.client import EmbeddedClient
from wanreel.emulator.server import Emulator

MODEL = "wan2.5-t2v-preview"
ANSWER_S = 1.0
NAMES = (
    "submit answer dropped",
    "submit 500 after accept",
    "submit 200 with a code",
    "submit 429 Throttling.RateQuota",
    "submit content block",
    "query unknown once",
    "download cut",
    "download down for long",
    "task failed by the vendor's fault",
    "succeeded without url",
)


@pytest.fixture
def temporal_server(tmp_path: Path) -> Generator[TemporalServer]:
    """A server of this test's own."""
    with temporal(tmp_path / "temporal") as server:
        yield server


def cluster(server: TemporalServer) -> Engine:
    """How workers are told of it."""

    def restart() -> None:
        server.stop()
        server.start()

    return Engine({"WANREEL_ENGINE": "temporal", "WANREEL_TEMPORAL_ADDRESS": server.address}, restart)


@asynccontextmanager
async def at_work(tmp_path: Path, url: str, server: TemporalServer) -> AsyncGenerator[tuple[EmbeddedClient, Emulator]]:
    """A client that works its jobs on Temporal, and the vendor it talks to."""
    on = {"database_url": url, "engine": "temporal", "temporal_address": server.address, "judge": "off"}
    async with emulator() as emu:
        given = {**on, "slots": {"*": 5}, "answer_timeout_s": ANSWER_S}
        async with client(tmp_path / "home", emu.base_url, policy={**QUICK, "quiet_s": 0.05}, **given) as wan:
            yield wan, emu


async def test_every_fault_ends_as_it_does_without_temporal(
    tmp_path: Path, pg_server: Server, pg_template: str, temporal_server: TemporalServer
) -> None:
    """Success, failure, doubt, throttling, dead URLs: the same states, the same number of paid tasks. A cancel works,
    and what is ordered while Temporal is away is made once it is back.
    """
    rows = {row.name: row for row in ROWS}
    url = pg_server.database(pg_template)
    async with at_work(tmp_path, url, temporal_server) as (wan, emu):
        for name in NAMES:
            await _meets(wan, emu, rows[name])

        emu.script({"create": [{"fate": {"queue_s": 3600}}]}, account="*")
        (cancelled,) = await wan.submit("a boat nobody wants any more", model=MODEL)
        with crew({}, tmp_path) as nobody:
            await until(url, lambda s, _: s.get("generating") == 1, "it waits at the vendor", nobody)
        await wan.cancel(cancelled.id)
        assert "cancelled" == (await wan.wait(cancelled.id, timeout_s=120)).state

        temporal_server.stop()
        (ordered,) = await wan.submit("a boat in the fog", model=MODEL)
        assert "queued" == (await wan.get(ordered.id)).state
        temporal_server.start()
        assert is_kept(await wan.wait(ordered.id, timeout_s=120))
        found = temporal_server.ask("workflow", "list", "--query", "WanreelState = 'cancelled'")
        ended = {one["execution"]["workflowId"] for one in json.loads(found.stdout)}
        assert {cancelled.id} == ended  # by as many runs as there were calls
        await _meets(wan, emu, rows["submit 503"])  # its doubt waits for a person, or a later task: so it is the last


async def _meets(wan: EmbeddedClient, emu: Emulator, row: Row) -> None:
    """One job meets the fault, and stands where it should, paid for as often as it should be."""
    before = emu.counters()["tasks_accepted"]
    emu.script(row.script, account="*")
    (ordered,) = await wan.submit(f"a paper boat, {row.name}", model=MODEL, seed=0)
    video = await wan.wait(ordered.id, timeout_s=120)
    assert (row.name, row.state) == (row.name, video.state), video.error or video.attention
    assert (row.name, row.paid) == (row.name, emu.counters()["tasks_accepted"] - before)
    assert {} == emu.unmet()
    assert row.state != "succeeded" or is_kept(video)


async def test_a_worker_killed_in_mid_call_or_mid_clip_leaves_one_paid_task_and_a_whole_clip(
    tmp_path: Path, pg_server: Server, pg_template: str, temporal_server: TemporalServer
) -> None:
    """Dead between the sending and the commit: the doubt is settled by another worker and nothing is bought twice.
    Dead over a download: the heartbeat stops, and another worker brings the clip home.
    """
    url, home = pg_server.database(pg_template), tmp_path / "home"
    slow = [{"fault": "slow", "delay_s": 60.0}]
    with emulator(speed=40.0) as emu:
        emu.script({"create": slow, "download": slow}, account="*")
        await order(home, emu, url, 1)
        env = surroundings(home, emu, url, cluster(temporal_server))
        with crew(env, tmp_path) as hands:
            first = hands.hire()
            await until(url, lambda s, _: s == {"submitting": 1}, "it is being sent", hands)
            await until(url, _sent(emu), "the vendor has it", hands)
            first.kill()
            second = hands.hire()
            await until(url, lambda s, _: s == {"archiving": 1}, "the doubt is settled, the clip is made", hands)
            await until(url, _fetched(emu), "the clip is being fetched", hands)
            second.kill()
            hands.hire()
            await until(url, lambda s, _: s == {"succeeded": 1}, "it is archived", hands)
        assert 1 == emu.counters()["tasks_accepted"]
        assert {} == emu.unmet()


def _sent(emu: Emulator) -> Callable[[dict[str, int], int], bool]:
    return lambda _states, _workers: emu.counters()["tasks_accepted"] == 1


def _fetched(emu: Emulator) -> Callable[[dict[str, int], int], bool]:
    return lambda _states, _workers: emu.unmet() == {}


async def test_fifty_jobs_are_paid_once_whatever_happens_to_workers_and_servers(
    tmp_path: Path, pg_server: Server, pg_template: str, temporal_server: TemporalServer
) -> None:
    """50 archived, 50 paid for, and never more running at the vendor than it allows."""
    await play(tmp_path, pg_server, pg_server.database(pg_template), 50, cluster(temporal_server))


@pytest.mark.long
async def test_five_hundred_jobs_are_paid_once(
    tmp_path: Path, pg_server: Server, pg_template: str, temporal_server: TemporalServer
) -> None:
    """500, with a worker killed whenever three are there, one stopped for a minute, and both servers restarted."""
    await harass(tmp_path, pg_server, pg_server.database(pg_template), 500, cluster(temporal_server))
