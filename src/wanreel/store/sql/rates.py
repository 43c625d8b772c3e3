"""Turns at calls whose rate the vendor counts over all who make them: one after the other, so far apart.

They stand among the leases, under names of their own: until when the next call of a kind has to wait.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, select, update

from wanreel.store.sql import locks
from wanreel.store.sql.tables import leases

FAR_S = 600.0  # nobody waits so long: what lies further ahead was written by a clock that jumped
_MINE = leases.c.account == bindparam("the_name")
_DUE = select(leases.c.until).where(_MINE)
_NEXT = update(leases).where(_MINE).values(until=bindparam("the_end"))


def turn(conn: Connection, kind: str, now: float, apart_s: float, by: float | None) -> float | None:
    """When a call of a kind may be made, and the next one only `apart_s` after it; None, and nothing is written, if
    that would be after `by`.
    """
    name = f"rate {kind}"
    locks.take(conn, name)
    due_at = conn.execute(_DUE, {"the_name": name}).scalar()
    at = now if due_at is None or due_at > now + FAR_S else max(now, due_at)
    if by is not None and at > by:
        return None
    if conn.execute(_NEXT, {"the_name": name, "the_end": at + apart_s}).rowcount == 0:
        conn.execute(insert(leases), {"account": name, "owner": "", "until": at + apart_s})
    return at
