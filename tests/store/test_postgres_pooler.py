"""PostgreSQL behind a pooler that gives each transaction another session: nothing of ours is kept in one."""

from __future__ import annotations

import asyncio
from random import Random

import asyncpg
import pytest

from tests.factories import NOW, make_job
from tests.properties.store_operations import Stream
from tests.properties.test_store_oracle import Run
from tests.store.pg_server import Server
from tests.store.pooler import pooled
from wanreel.domain.policy import Policy
from wanreel.store.memory import MemoryStore
from wanreel.store.postgres import opening
from wanreel.store.postgres.store import PostgresStore


async def test_the_store_answers_as_ever_and_leaves_nothing_behind(pg_server: Server, pg_url: str) -> None:
    """Drawn operations are answered as the oracle answers, and no session holds a statement, a lock or a listener."""
    stream = Stream(Random(7))
    oracle = MemoryStore(stream.limit, stream.policy)
    async with pooled(pg_url) as pooler:
        async with PostgresStore(pooler.url, stream.limit, stream.policy) as real:
            run = Run(7, stream, oracle, real)
            for _ in range(12):
                await run.step()
        left = [await _left(pooler.url) for _ in range(6)]
        assert pooler.given > 100
    assert [(0, 0, 0)] * 6 == left


async def _left(url: str) -> tuple[int, int, int]:
    """What the next session holds: prepared statements, locks, channels."""
    conn = await asyncpg.connect(url, statement_cache_size=0)
    try:
        async with conn.transaction():
            held = "SELECT (SELECT count(*) FROM pg_prepared_statements WHERE name <> '')"
            locks = "SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"
            heard = "SELECT count(*) FROM pg_listening_channels()"
            return (await conn.fetchval(held), await conn.fetchval(locks), await conn.fetchval(heard))
    finally:
        await conn.close()


async def test_many_at_once_through_few_sessions(pg_url: str) -> None:
    """More transactions than sessions wait for their turn and all come through."""
    async with pooled(pg_url, sessions=3) as pooler, PostgresStore(pooler.url, lambda _key: 2, Policy()) as store:
        jobs = [make_job(id=f"job_{n}", at=NOW) for n in range(30)]
        await asyncio.gather(*(store.add([job]) for job in jobs))
        assert 30 == len(await store.since(0, 100))


async def test_a_database_is_migrated_through_a_pooler(pg_server: Server) -> None:
    """The migrations are one transaction, and that is one session."""
    async with pooled(pg_server.database()) as pooler:
        made = opening.engine(pooler.url)
        try:
            assert (None, opening.HEAD) == await opening.in_words(made, "here", opening.upgrade)
        finally:
            await made.dispose()


async def test_the_pooler_of_these_tests_is_strict(pg_url: str) -> None:
    """What is kept in a session is lost at once here: a statement prepared by name is not found again."""
    async with pooled(pg_url) as pooler:
        conn = await asyncpg.connect(pooler.url)
        try:
            await conn.fetchval("SELECT count(*) FROM jobs")
            with pytest.raises(asyncpg.InvalidSQLStatementNameError):
                await conn.fetchval("SELECT count(*) FROM jobs")
        finally:
            conn.terminate()
