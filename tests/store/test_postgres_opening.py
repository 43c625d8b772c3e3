"""Opening a PostgreSQL database: used as it is, or refused in words that say what to do, with nothing changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from tests.archive.seaweed import free_ports
from tests.factories import make_job
from tests.store.pg_server import Server
from wanreel.domain.errors import Invalid, Unavailable
from wanreel.domain.policy import Policy
from wanreel.ports.jobs import Filter
from wanreel.settings import load
from wanreel.store.opening import HEAD
from wanreel.store.postgres import opening
from wanreel.store.postgres.store import PostgresStore
from wanreel.store.sql.tables import metadata
from wanreel.store.tending import migrate, standing


def store_at(url: str) -> PostgresStore:
    """A store on a database."""
    return PostgresStore(url, lambda _key: 2, Policy())


async def refused(url: str) -> str:
    """The words a database is refused with."""
    with pytest.raises(Unavailable) as caught:
        async with store_at(url):
            pass
    return caught.value.message


async def test_the_tables_are_those_the_statements_speak_of(pg_url: str) -> None:
    """The migrations make on PostgreSQL what store/sql/tables describes, and text compares by code point."""

    def look(conn: Connection) -> tuple[list[object], int, int]:
        found = compare_metadata(MigrationContext.configure(conn, opts={"compare_type": False}), metadata)
        text = "SELECT count(*) FROM information_schema.columns WHERE data_type = 'text' AND table_schema = 'public'"
        loose = conn.exec_driver_sql(f"{text} AND collation_name IS DISTINCT FROM 'C'").scalar_one()
        return found, conn.exec_driver_sql(text).scalar_one(), loose

    made = opening.engine(pg_url)
    try:
        found, texts, loose = await opening.in_words(made, "here", look)
    finally:
        await made.dispose()
    assert [] == found
    assert texts > 50
    assert 0 == loose


async def test_a_database_without_tables_says_so(pg_server: Server) -> None:
    """It is not made on the way: others may be waiting for it to be made."""
    url = pg_server.database()
    assert "wanreel db migrate" in await refused(url)
    assert "0" == pg_server.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", url.rpartition("/")[2])


async def test_an_older_one_wants_to_be_migrated(pg_server: Server, pg_template: str) -> None:
    """It is told which revision it has and which is needed."""
    url = pg_server.database(pg_template)
    pg_server.sql("UPDATE alembic_version SET version_num = '0001'", url.rpartition("/")[2])
    words = await refused(url)
    assert "0001" in words
    assert "wanreel db migrate" in words


async def test_the_release_before_goes_on_in_a_newer_one(pg_server: Server, pg_template: str) -> None:
    """A newer schema is worked in, unless it says that a wanreel of our age may not."""
    url = pg_server.database(pg_template)
    name = url.rpartition("/")[2]
    pg_server.sql("UPDATE alembic_version SET version_num = '9990'", name)
    async with store_at(url) as store:
        await store.add([make_job(id="job_1")])
        assert 1 == len(await store.find(Filter()))
    pg_server.sql("INSERT INTO about VALUES ('oldest', '9990')", name)
    assert "Upgrade wanreel" in await refused(url)


async def test_another_programs_tables_are_left_alone(pg_server: Server) -> None:
    """Tables that are not ours are no place for ours."""
    url = pg_server.database()
    pg_server.sql("CREATE TABLE jobs (id int)", url.rpartition("/")[2])
    assert "some other program" in await refused(url)
    with pytest.raises(Unavailable, match="some other program"):
        await migrate(url, Path("nowhere"))


async def test_a_search_path_that_leads_nowhere_is_named(pg_server: Server) -> None:
    """It is no bug of ours: the words say what to create or mend."""
    url = pg_server.database()
    name = url.rpartition("/")[2]
    pg_server.sql(f"ALTER DATABASE {name} SET search_path = nowhere", name)
    with pytest.raises(Unavailable, match="search_path"):
        await migrate(url, Path("nowhere"))


async def test_a_database_that_is_not_there_is_named(pg_server: Server) -> None:
    """The words name the database and the host, and never the password."""
    words = await refused(pg_server.url("nothing").replace("postgres@", "postgres:secret@"))
    assert f"nothing at 127.0.0.1:{pg_server.port}" in words
    assert "secret" not in words


async def test_a_server_that_is_down_is_named() -> None:
    """Nobody listens there."""
    [port] = free_ports(1)
    assert f"127.0.0.1:{port} cannot be reached" in await refused(f"postgresql://u:secret@127.0.0.1:{port}/jobs")


async def test_a_restart_of_the_server_is_outlived(pg_server: Server, pg_url: str) -> None:
    """What is asked after it is answered; what is asked meanwhile is refused as unavailable, and nothing is lost."""
    async with store_at(pg_url) as store:
        await store.add([make_job(id="job_1")])
        pg_server.stop()
        try:
            with pytest.raises(Unavailable):
                await store.add([make_job(id="job_2")])
            with pytest.raises(Unavailable):
                await store.get("job_1")
        finally:
            pg_server.start()
        await store.add([make_job(id="job_3")])
        assert {"job_1", "job_3"} == {job.id for job in await store.find(Filter())}


async def test_migrating_twice_is_harmless(pg_server: Server) -> None:
    """The second one finds nothing to do, and the database can be used."""
    url = pg_server.database()
    before = await standing(url, Path("nowhere"))
    done = [await migrate(url, Path("nowhere")) for _ in range(2)]
    assert (None, False) == (before.revision, before.fits)
    assert [(None, HEAD), (HEAD, HEAD)] == [(one.before, one.after) for one in done]
    async with store_at(url) as store:
        await store.add([make_job(id="job_1")])
    assert {"queued": 1} == (await standing(url, Path("nowhere"))).jobs


def test_a_url_of_something_else_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where settings are read, in words, without the password in them."""
    monkeypatch.setenv("WANREEL_DATABASE_URL", "mysql://me:secret@host/db")
    with pytest.raises(Invalid) as caught:
        load(home=tmp_path)
    assert "postgresql://" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_without_a_url_nothing_of_it_is_imported(tmp_path: Path) -> None:
    """A home that keeps its jobs in a file never loads the driver, nor SQLAlchemy's bridge to it."""
    program = f"""
import asyncio, pathlib, sys
import wanreel.wiring
from wanreel.domain.policy import Policy
from wanreel.store.choosing import store_of
async def main():
    async with store_of(None, pathlib.Path({str(tmp_path)!r}), lambda key: 1, Policy()) as store:
        await store.newest()
asyncio.run(main())
print({{'asyncpg', 'sqlalchemy.ext.asyncio'}} & set(sys.modules))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "set()" == ran.stdout.strip()


def test_a_missing_driver_is_named() -> None:
    """Whoever sets a URL without the extra is told what to install."""
    program = """
import sys
sys.modules['asyncpg'] = None
from wanreel.store.choosing import postgres_room
try:
    postgres_room()
except Exception as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'wanreel[postgres]'" in ran.stdout
