"""Who is alive: each worker says so again and again, and the claims of whoever has stopped saying it are given back."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, insert, not_, select, update

from wanreel.store.sql import locks
from wanreel.store.sql.tables import jobs, leases

_PREFIX = "worker "  # of the names in `leases`; accounts are not called so
_IS_WORKER = leases.c.account.startswith(_PREFIX)
_MINE = leases.c.account == bindparam("the_name")
_SAY = update(leases).where(_MINE).values(until=bindparam("the_end"))
_ENROL = insert(leases)
_LEAVE = delete(leases).where(_MINE)
_SILENT = delete(leases).where(_IS_WORKER, leases.c.until <= bindparam("now"))
_GIVE_BACK = (
    update(jobs)
    .where(jobs.c.claim_until.is_not(None), not_(jobs.c.claim_owner.in_(select(leases.c.owner).where(_IS_WORKER))))
    .values(claim_owner=None, claim_until=None)
)
_ALIVE = select(leases.c.owner).where(_IS_WORKER, leases.c.until > bindparam("now")).order_by(leases.c.owner)


def present(conn: Connection, owner: str, until: float) -> None:
    """A worker is alive, and will say so again before `until`."""
    name = f"{_PREFIX}{owner}"
    if conn.execute(_SAY, {"the_name": name, "the_end": until}).rowcount == 0:
        conn.execute(_ENROL, {"account": name, "owner": owner, "until": until})


def gone(conn: Connection, owner: str) -> None:
    """A worker has ended by itself."""
    conn.execute(_LEAVE, {"the_name": f"{_PREFIX}{owner}"})


def bury(conn: Connection, now: float) -> int:
    """Give back what the silent had claimed; how many jobs that were."""
    if not locks.take_if_free(conn, "the roll"):
        return 0
    conn.execute(_SILENT, {"now": now})
    return conn.execute(_GIVE_BACK).rowcount


def alive(conn: Connection, now: float) -> list[str]:
    """Who is there."""
    return list(conn.execute(_ALIVE, {"now": now}).scalars())
