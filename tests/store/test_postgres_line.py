"""The line to a PostgreSQL: what a URL says of it, when it is given up, and what sessions keep where they stay ours."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress

import asyncpg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.util import await_

from tests.factories import make_job
from tests.store.line import over_a_line
from tests.store.pg_server import Server
from wanreel.domain.errors import Invalid, Stale, Unavailable
from wanreel.domain.policy import Policy
from wanreel.ports.jobs import Filter
from wanreel.store.postgres import line
from wanreel.store.postgres.line import Line
from wanreel.store.postgres.opening import check_url
from wanreel.store.postgres.store import PostgresStore

_ALIKE = "SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a second is asked about."""
    monkeypatch.setattr(line, "PATIENCE_S", 1)


def store_at(url: str) -> PostgresStore:
    """A store on a database."""
    return PostgresStore(url, lambda _key: 2, Policy())


async def _works(store: PostgresStore) -> bool:
    try:
        await store.add([make_job(id="job_3", key="third")])
        await store.get("job_1")
    except Unavailable:
        return False
    return True


# --- what a URL says ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "idle", "user"),
    [("", 10, 20_000), ("?keepalives_idle=33&tcp_user_timeout=7000", 33, 7_000), ("?keepalives_idle=0", None, 20_000)],
)
async def test_the_network_is_watched_as_the_url_says(pg_url: str, said: str, idle: int | None, user: int) -> None:
    """Names and units are those of libpq; what is not said has our own figures, and 0 leaves it to the system."""
    session = await Line(f"{pg_url}{said}").connect()
    try:
        end = session._transport.get_extra_info("socket")
        assert end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        found = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        assert found == idle or (idle is None and found > 33)
        assert user == end.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    finally:
        session.terminate()


async def test_a_url_of_libpqs_is_understood(pg_url: str) -> None:
    """What other programs find in it does not trouble the server, and what is the server's reaches it."""
    said = "connect_timeout=3&sslmode=prefer&channel_binding=prefer&gssencmode=disable&application_name=boats"
    session = await Line(f"{pg_url}?{said}").connect()
    try:
        assert "boats" == await session.fetchval("SELECT current_setting('application_name')")
    finally:
        session.terminate()


@pytest.mark.parametrize("said", ["channel_binding=require", "connect_timeout=soon", "tcp_user_timeout="])
def test_what_cannot_be_done_is_refused(said: str) -> None:
    """In words, before anything is connected to."""
    with pytest.raises(Invalid, match=said.partition("=")[0]):
        check_url(f"postgresql://wanreel@db.example/wanreel?{said}")


# --- a network that goes away without a word ------------------------------------------------------------------------


async def test_a_frozen_line_is_noticed_and_used_again_when_it_is_back(pg_url: str, hasty: None) -> None:
    """Reads and writes under way end in words, the next ones at once; afterwards all goes on."""
    async with over_a_line(pg_url) as there, store_at(there.url) as store:
        await store.add([make_job(id="job_1")])
        there.freeze()
        ends = await asyncio.gather(store.get("job_1"), store.add([make_job(id="job_2")]), return_exceptions=True)
        assert [Unavailable, Unavailable] == [type(end) for end in ends]
        with pytest.raises(Unavailable, match="nothing answers"):
            await store.get("job_1")
        there.thaw()
        while not await _works(store):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await asyncio.Event().wait()
        assert "job_3" == (await store.get("job_3")).id


async def test_a_store_closes_over_a_frozen_line(pg_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing answers, and what is under way would wait for long yet: who leaves has less patience."""
    monkeypatch.setattr(line, "PATIENCE_S", 100_000)
    async with over_a_line(pg_url) as there:
        store = await store_at(there.url).__aenter__()
        there.freeze()
        writing = asyncio.ensure_future(store.add([make_job(id="job_1")]))
        await asyncio.sleep(0)
        await store.__aexit__(None, None, None)
        with pytest.raises(Unavailable):
            await writing


async def test_a_slow_statement_is_left_alone(pg_url: str, hasty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked whether anybody is there, and somebody is."""
    monkeypatch.setattr(line, "PROBE_S", 300.0)  # however busy this machine is
    async with store_at(pg_url) as store:
        assert 3 == await store._read(lambda conn: conn.execute(text("SELECT 3 FROM pg_sleep(3)")).scalar())


# --- sessions that are ended ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ends", ["well", "badly"])
async def test_a_session_that_is_ended_between_two_statements_is_said_to_be(pg_url: str, ends: str) -> None:
    """PostgreSQL's last word is there before its connection ends: whatever is said next goes nowhere, and says so."""
    other = await asyncpg.connect(pg_url)

    async def end(pid: int) -> None:
        await other.execute("SELECT pg_terminate_backend($1)", pid)
        while await other.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid):
            pass

    def work(conn: Connection) -> None:
        await_(end(conn.execute(text("SELECT pg_backend_pid()")).scalar_one()))
        if ends == "badly":
            raise Stale("somebody was quicker")

    try:
        async with over_a_line(pg_url) as there, store_at(there.url) as store:
            there.dawdles = True
            with pytest.raises(Unavailable if ends == "well" else Stale):
                await store._write(work)
            await store.add([make_job(id="job_1")])
            await store.get("job_1")
    finally:
        await other.close()


# --- statements that are kept ---------------------------------------------------------------------------------------


@pytest.fixture
def kept(pg_server: Server, pg_url: str) -> Iterator[PostgresStore]:
    """A store not opened yet, on a database whose tables are put right afterwards."""
    yield store_at(pg_url)
    pg_server.sql("ALTER TABLE jobs DROP COLUMN IF EXISTS fresh", pg_url.rpartition("/")[2])


async def _use(store: PostgresStore, number: int) -> None:
    for n in range(3):
        await store.add([make_job(id=f"job_{number}_{n}")])
        await store.get(f"job_{number}_{n}")


def _count(conn: Connection) -> int:
    return int(conn.execute(text(_ALIKE)).scalar_one())


async def test_a_session_keeps_what_it_has_been_told(kept: PostgresStore) -> None:
    """Statements have names where nobody stands between."""
    async with kept as store:
        await _use(store, 1)
        assert await store._read(_count) > 0


async def test_a_session_that_forgets_is_not_asked_to_remember_again(kept: PostgresStore) -> None:
    """A pooler has come between us meanwhile: nothing fails, and no names are given any more."""
    async with kept as store:
        await _use(store, 1)
        await store._read(lambda conn: conn.exec_driver_sql("DEALLOCATE ALL"))
        await _use(store, 2)
        assert 0 == await store._read(_count)
        assert 6 == len(await store.find(Filter()))


async def test_however_many_sessions_forget_nobody_is_told(kept: PostgresStore) -> None:
    """All of them know their statements otherwise by now: what is read next is answered all the same."""
    async with kept as store:
        await _use(store, 1)
        assert store._sessions is not None
        held = [await store._sessions._take() for _ in range(4)]
        for one in held:
            await store._sessions._put_back(one)
        for one in held:  # each has a turn at the front
            store._sessions._free.remove(one)
            store._sessions._free.append(one)
            await store.get("job_1_0")
            await one.session.say("DEALLOCATE ALL")
        assert "job_1_0" == (await store.get("job_1_0")).id


async def test_tables_may_grow_under_statements_that_are_kept(kept: PostgresStore, pg_server: Server) -> None:
    """A migration only adds: whoever works meanwhile goes on."""
    async with kept as store:
        await _use(store, 1)
        pg_server.sql("ALTER TABLE jobs ADD COLUMN fresh integer", store.url.rpartition("/")[2])
        await _use(store, 2)
        assert 6 == len(await store.find(Filter()))
