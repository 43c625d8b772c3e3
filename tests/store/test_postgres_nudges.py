"""Word between the processes of a PostgreSQL: it makes whoever listens look sooner, and nobody needs it.

Whoever would look by itself looks once an hour here, so that what comes, comes by word.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.factories import NOW, FakeClock, make_job
from tests.store.pg_server import Server
from tests.store.pooler import pooled
from wanreel.api.hub import Hub, Pace
from wanreel.domain.errors import Invalid
from wanreel.domain.policy import Policy
from wanreel.ports.feed import JOBS
from wanreel.store.postgres.nudges import Nudges, direct
from wanreel.store.postgres.store import PostgresStore

NEVER = 3600.0
PATIENCE_S = 60.0
RARELY = Pace(look_s=NEVER, hearing_s=NEVER, rest_s=NEVER)


def store_of(url: str, name: str, listen_url: str | None = None) -> PostgresStore:
    """A process's store."""
    return PostgresStore(url, lambda _key: 2, Policy(), name, listen_url)


def nudges_of(store: PostgresStore) -> Nudges:
    """What it hears by."""
    found = store.nudges
    assert isinstance(found, Nudges)
    return found


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that needs no more than a moment."""
    tick = asyncio.Event()
    for _ in range(int(PATIENCE_S / 0.02)):
        if true():
            return
        try:
            async with asyncio.timeout(0.02):
                await tick.wait()
        except TimeoutError:
            continue
    pytest.fail("never came true")


@asynccontextmanager
async def listening(url: str, listen_url: str | None = None) -> AsyncGenerator[tuple[PostgresStore, asyncio.Event]]:
    """A process that has been listening for a while."""
    async with store_of(url, "listener", listen_url) as store:
        woken = asyncio.Event()
        store.nudges and store.nudges.listen(JOBS, woken.set)  # type: ignore[func-returns-value]
        await until(lambda: nudges_of(store).heard)
        woken.clear()
        yield store, woken


async def test_an_event_reaches_a_hub_that_would_not_look_for_an_hour(pg_url: str) -> None:
    """Another process stores a job, and whoever listens to what happens is told."""
    async with store_of(pg_url, "api") as mine, store_of(pg_url, "other") as theirs:
        hub = Hub(mine, FakeClock(), mine.nudges, RARELY)
        await hub.open()
        listener = hub.listen(lambda _: True)
        await until(lambda: nudges_of(mine).heard)
        await theirs.add([make_job(id="job_1", at=NOW)])
        happening = await listener.next(PATIENCE_S)
        await hub.close()
    assert happening is not None
    assert happening.job_id == "job_1"


async def test_a_worker_hears_of_a_job_and_not_of_its_own(pg_url: str) -> None:
    """What another process has stored wakes it; what it stores itself does not come back to it."""
    async with listening(pg_url) as (mine, woken), store_of(pg_url, "other") as theirs:
        heard: list[str] = []
        nudges_of(mine).listen("mine", lambda: heard.append("mine"))
        await mine.add([make_job(id="job_0", at=NOW)])
        await theirs.add([make_job(id="job_1", at=NOW)])
        async with asyncio.timeout(PATIENCE_S):
            await woken.wait()
        assert heard == []


async def test_a_lost_session_is_made_anew_and_nothing_is_missed(pg_server: Server, pg_url: str) -> None:
    """After the database has thrown everybody out it is listened to again, and whoever listens looks at once."""
    async with listening(pg_url) as (mine, woken):
        database = pg_url.rpartition("/")[2]
        pg_server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
        async with asyncio.timeout(PATIENCE_S):
            await woken.wait()
        assert nudges_of(mine).heard


async def test_behind_a_strict_pooler_nobody_listens_and_all_goes_on(pg_url: str) -> None:
    """It is noticed, nothing is left in a session, word is given all the same, and looking finds what happened."""
    async with pooled(pg_url) as pooler, listening(pg_url) as (_, woken):
        async with store_of(pooler.url, "pooled") as mine:
            hub = Hub(mine, FakeClock(), mine.nudges, Pace(look_s=0.02, hearing_s=NEVER, rest_s=0.02))
            await hub.open()
            listener = hub.listen(lambda _: True)
            await mine.add([make_job(id="job_1", at=NOW)])
            happening = await listener.next(PATIENCE_S)
            assert happening is not None
            assert not nudges_of(mine).heard
            await hub.close()
        async with asyncio.timeout(PATIENCE_S):
            await woken.wait()  # whoever has a session of its own hears of what came through the pooler
        for _ in range(6):
            conn = await asyncpg.connect(pooler.url, statement_cache_size=0)
            assert not await direct(conn)
            async with conn.transaction():
                assert await conn.fetchval("SELECT count(*) FROM pg_listening_channels()") == 0
            conn.terminate()


async def test_a_way_around_the_pooler_is_taken(pg_url: str) -> None:
    """With the direct URL given beside that of the pooler, word is heard."""
    async with (
        pooled(pg_url) as pooler,
        listening(pooler.url, pg_url) as (_, woken),
        store_of(pooler.url, "other") as theirs,
    ):
        await theirs.add([make_job(id="job_1", at=NOW)])
        async with asyncio.timeout(PATIENCE_S):
            await woken.wait()


async def test_off_is_off(pg_url: str) -> None:
    """Nobody listens who was told not to, and a way that is none is refused."""
    async with store_of(pg_url, "quiet", "off") as store:
        nudges_of(store).listen(JOBS, lambda: None)
        assert not nudges_of(store).heard
    with pytest.raises(Invalid):
        store_of(pg_url, "wrong", "mysql://nowhere")
