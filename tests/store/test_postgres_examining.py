"""What doctor finds out about a PostgreSQL: each thing, when all is well and when it is not."""

from __future__ import annotations

import re

import pytest

from tests.store.pg_server import Server
from tests.store.pooler import pooled
from wanreel.clock import SystemClock
from wanreel.domain.errors import Unavailable
from wanreel.store.opening import HEAD
from wanreel.store.postgres.examining import examine

now = SystemClock().now


async def test_all_is_well(pg_url: str) -> None:
    """Version, revision, clock, and that word arrives."""
    found = await examine(pg_url, None, now)
    assert found.amiss == ()
    assert found.hears
    assert found.revision == HEAD
    assert "heard of at once" in found.words


async def test_a_pooler_is_told_and_a_way_around_it_tried(pg_url: str, pg_server: Server) -> None:
    """Behind a pooler it says what to set; a way around it is tried, and one to elsewhere found out."""
    async with pooled(pg_url) as pooler:
        found = await examine(pooler.url, None, now)
        assert found.amiss == ()
        assert "WANREEL_DATABASE_LISTEN_URL" in found.words
        assert (await examine(pooler.url, pg_url, now)).hears
        (elsewhere,) = (await examine(pooler.url, pg_server.url(), now)).amiss
        assert "another database" in elsewhere
        assert (await examine(pooler.url, "off", now)).hears is None


async def test_a_user_without_rights_is_told_what_to_grant(pg_server: Server, pg_url: str) -> None:
    """It names the user and the statement."""
    name = pg_url.rpartition("/")[2]
    pg_server.sql("DROP ROLE IF EXISTS reader")
    pg_server.sql("CREATE ROLE reader LOGIN")
    pg_server.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", name)
    try:
        (words,) = (await examine(pg_url.replace("postgres@", "reader@"), None, now)).amiss
        assert "GRANT SELECT, INSERT" in words
        assert "reader" in words
    finally:
        pg_server.sql("DROP OWNED BY reader", name)
        pg_server.sql("DROP ROLE reader")


async def test_a_database_that_was_set_read_only_is_told(pg_server: Server, pg_url: str) -> None:
    """It is no standby, and says what to switch off."""
    name = pg_url.rpartition("/")[2]
    pg_server.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        (words,) = (await examine(pg_url, "off", now)).amiss
    finally:
        pg_server.sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert "default_transaction_read_only" in words
    assert "standby" not in words


async def test_a_clock_that_is_off_is_told(pg_url: str) -> None:
    """In seconds, with what to do."""
    (words,) = (await examine(pg_url, None, lambda: now() + 90.0)).amiss
    assert re.search(r"\+(8|9|1\d)\d\.\d s", words), words  # the asking may take a while
    assert "NTP" in words


async def test_one_that_is_empty_or_away_is_unavailable(pg_server: Server) -> None:
    """In the words of every other command."""
    with pytest.raises(Unavailable, match="wanreel db migrate"):
        await examine(pg_server.database(), None, now)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await examine("postgresql://postgres@127.0.0.1:9/none", None, now)
