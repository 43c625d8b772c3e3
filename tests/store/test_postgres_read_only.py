"""A database that is set read-only for a while: what was opened meanwhile does not stay so."""

from __future__ import annotations

import pytest

from tests.factories import make_job
from tests.store.pg_server import Server
from wanreel.domain.errors import Unavailable
from wanreel.domain.policy import Policy
from wanreel.store.postgres.store import PostgresStore


async def test_it_is_written_to_as_soon_as_it_takes_writes(pg_server: Server, pg_url: str) -> None:
    """A session keeps what it was opened with: the one that was told no is not asked again."""
    name = pg_url.rpartition("/")[2]
    pg_server.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        async with PostgresStore(pg_url, lambda _: 1, Policy()) as store:
            with pytest.raises(Unavailable, match="takes no writes"):
                await store.add([make_job(id="job_1")])
            pg_server.sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            assert 1 == len(await store.add([make_job(id="job_1")]))
    finally:
        pg_server.sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
