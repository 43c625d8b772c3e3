"""One bench per store: the suites in this folder run on every adapter by naming its fixture."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.contract.stores import Bench, memory_bench, postgres_bench, sqlite_bench
from wanreel.domain.policy import Policy
from wanreel.store.sqlite import SqliteStore


@pytest.fixture(scope="session")
def blank_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty database, made once: copying it is quicker than migrating for every test."""
    path = tmp_path_factory.mktemp("blank") / "wanreel.sqlite3"
    store = SqliteStore(path, lambda _key: 1, Policy())
    store.open()
    store.close()
    return path.read_bytes()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path, blank_database: bytes) -> AsyncIterator[Bench]:
    """A store of each kind with nothing in it, a clock, and limits that a test may set."""
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield memory_bench()
        elif request.param == "postgres":
            yield await postgres_bench(request.getfixturevalue("pg_url"), stack)
        else:
            path = tmp_path / "wanreel.sqlite3"
            path.write_bytes(blank_database)
            yield await sqlite_bench(path, stack)
