"""What `wanreel doctor` finds out about a PostgreSQL: can it be used as it must be, and what is to be done if not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from wanreel.domain.errors import Unavailable
from wanreel.store.postgres import opening
from wanreel.store.postgres.faults import translated
from wanreel.store.postgres.nudges import CHANNEL, OFF, connected, direct
from wanreel.store.sql.tables import metadata

VERSION_MIN = 14  # older ones get no security fixes any more
SKEW_S_MAX = 5.0
HEARS_S = 5.0
_DO = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found. `amiss`: what is to be done, first things first; `hears` None: not asked for."""

    at: str
    version: str
    revision: str
    skew_s: float  # the database's clock minus ours
    hears: bool | None
    amiss: tuple[str, ...]

    @property
    def words(self) -> str:
        """One line for people."""
        if self.hears is None:
            heard = "what other processes write is looked for now and then (WANREEL_DATABASE_LISTEN_URL=off)"
        elif self.hears:
            heard = "what other processes write is heard of at once"
        else:
            heard = (
                "a pooler stands before it, so what other processes write is looked for now and then: set "
                "WANREEL_DATABASE_LISTEN_URL to a way around it to hear of it at once"
            )
        skew = f"its clock is {self.skew_s:+.1f} s from this machine's, and is the one gone by"
        return f"{self.at}, PostgreSQL {self.version}, revision {self.revision}, all rights; {skew}; {heard}"


async def examine(url: str, listen_url: str | None, now: Callable[[], float]) -> Examined:
    """Look a database over. Raises Unavailable, in words: not there, not let in, not migrated; Invalid: no URL."""
    at, made = opening.where(opening.check_url(url)), opening.engine(url)
    try:
        await opening.in_words(made, at, lambda conn: opening.look(conn, at))
        before = now()
        found = await opening.in_words(made, at, _facts)
        skew_s = found["time"] - (before + now()) / 2
        hears = None if listen_url == OFF else await _hears(url, listen_url, made)
    finally:
        await made.dispose()
    amiss: list[str] = []
    if found["standby"]:
        amiss.append(f"{at} is a standby and takes no writes: name the primary in WANREEL_DATABASE_URL")
    elif found["read_only"]:
        amiss.append(
            f"{at} takes no writes: default_transaction_read_only is on; some services set it on a full disk. "
            f"Mend that, and set it off for the server, for the database and for the user {found['user']}"
        )
    if found["missing"]:
        tables = ", ".join(found["missing"][:5])
        amiss.append(
            f"the user {found['user']} may not write {tables}: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN "
            f"SCHEMA public TO {found['user']}, and USAGE, SELECT ON ALL SEQUENCES; or connect as the tables' owner"
        )
    if found["number"] // 10_000 < VERSION_MIN:
        amiss.append(f"PostgreSQL {found['version']} is no longer maintained: upgrade it to {VERSION_MIN} or newer")
    if abs(skew_s) > SKEW_S_MAX:
        amiss.append(
            f"this machine's clock is {-skew_s:+.1f} s from the database's, which wanreel goes by: set it (NTP)"
        )
    if listen_url not in {None, OFF} and not hears:
        amiss.append(
            "WANREEL_DATABASE_LISTEN_URL leads to another database or through a pooler: nothing is heard there"
        )
    return Examined(at, found["version"], found["revision"], skew_s, hears, tuple(amiss))


def _facts(conn: Connection) -> dict[str, Any]:
    row = conn.execute(
        text(
            "SELECT current_setting('server_version'), current_setting('server_version_num')::int, "
            "pg_is_in_recovery(), current_user::text, extract(epoch FROM clock_timestamp())::float8, "
            "current_setting('transaction_read_only') = 'on'"
        )
    ).one()
    may = text("SELECT has_table_privilege(:the_table, :the_right)")
    missing = [
        table.name
        for table in metadata.sorted_tables
        if not all(conn.execute(may, {"the_table": table.name, "the_right": right}).scalar() for right in _DO)
    ]
    return {
        "version": row[0].split(" ")[0],
        "number": row[1],
        "standby": row[2],
        "user": row[3],
        "time": row[4],
        "read_only": row[5],
        "revision": opening.revision(conn) or "",
        "missing": missing,
    }


async def _hears(url: str, listen_url: str | None, made: AsyncEngine) -> bool:
    """Whether word that goes out through the one arrives at the other. Raises Unavailable."""
    arrived, told = asyncio.Event(), "doctor - "
    try:
        session = await connected(listen_url or url)
        try:
            if listen_url is None and not await direct(session):
                return False
            await session.add_listener(CHANNEL, lambda *said: arrived.set() if said[-1] == told else None)
            async with made.begin() as conn:
                await conn.execute(text("SELECT pg_notify(:channel, :told)"), {"channel": CHANNEL, "told": told})
            async with asyncio.timeout(HEARS_S):
                await arrived.wait()
        except TimeoutError:
            return False
        finally:
            session.terminate()
    except Exception as error:
        ours = translated(error, "that is listened to")
        if isinstance(ours, Unavailable):
            raise ours from error
        raise
    return True
