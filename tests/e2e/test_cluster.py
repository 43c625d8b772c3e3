"""Jobs on a real Temporal service and a real PostgreSQL: what the engine could spoil, it does not."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.e2e.crew import Engine, play
from tests.store.pg_server import Server
from tests.temporal.server import TemporalServer, temporal


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


async def test_fifty_jobs_are_paid_once_whatever_happens_to_workers_and_servers(
    tmp_path: Path, pg_server: Server, pg_template: str, temporal_server: TemporalServer
) -> None:
    """50 archived, 50 paid for, and never more running at the vendor than it allows."""
    await play(tmp_path, pg_server, pg_server.database(pg_template), 50, cluster(temporal_server))


@pytest.mark.long
async def test_five_hundred_jobs_are_paid_once(
    tmp_path: Path, pg_server: Server, pg_template: str, temporal_server: TemporalServer
) -> None:
    """The same with 500."""
    await play(tmp_path, pg_server, pg_server.database(pg_template), 500, cluster(temporal_server))
