"""Three real worker processes on one PostgreSQL: one killed, one stopped and continued, the database restarted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.crew import harass, play
from tests.store.pg_server import Server


async def test_fifty_jobs_are_paid_once_whatever_happens_to_the_workers(
    tmp_path: Path, pg_server: Server, pg_template: str
) -> None:
    """50 archived, 50 paid for, and never more running at the vendor than it allows."""
    await play(tmp_path, pg_server, pg_server.database(pg_template), 50)


@pytest.mark.long
async def test_five_hundred_jobs_are_paid_once(tmp_path: Path, pg_server: Server, pg_template: str) -> None:
    """500, with a worker killed whenever three are there, one stopped for a minute, and the database restarted."""
    await harass(tmp_path, pg_server, pg_server.database(pg_template), int(os.environ.get("WANREEL_TEST_JOBS", "500")))
