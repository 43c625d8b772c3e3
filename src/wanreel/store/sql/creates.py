"""Creates of foreign faces: announced one after the other, so that of two equal ones each sees which came first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from wanreel.ports.hooks import Announced
from wanreel.store.sql import locks
from wanreel.store.sql.tables import creates

_BEFORE = (
    select(creates)
    .where(creates.c.ask == bindparam("the_ask"), creates.c.began_at >= bindparam("since"))
    .order_by(creates.c.seq)
)
_INSERT = insert(creates)
_FORGET = delete(creates).where(creates.c.began_at < bindparam("since"))
_MINE = creates.c.id == bindparam("the_id")
_ONE = select(creates).where(_MINE)
_DROP = delete(creates).where(_MINE)
_CONCLUDE = (
    update(creates)
    .where(_MINE)
    .values(job_id=bindparam("the_job"), ended_at=bindparam("the_end"), lost=bindparam("the_loss"))
)
_FOLLOW = update(creates).where(creates.c.job_id == bindparam("the_job"), creates.c.followed == 0).values(followed=1)


def announce(conn: Connection, call: Announced, since: float) -> list[Announced]:
    """Those of its fingerprint before it; see `ports.Announcements`."""
    locks.take(conn, f"create {call.ask}")
    found = [_announced(row) for row in conn.execute(_BEFORE, {"the_ask": call.ask, "since": since})]
    conn.execute(_FORGET, {"since": since})
    conn.execute(_INSERT, {"id": call.id, "ask": call.ask, "began_at": call.began_at, "lost": 0, "followed": 0})
    return found


def announced(conn: Connection, call_id: str) -> Announced | None:
    """A create as it stands."""
    row = conn.execute(_ONE, {"the_id": call_id}).first()
    return None if row is None else _announced(row)


def conclude(conn: Connection, call: Announced) -> None:
    """What a create has come to."""
    end = {"the_id": call.id, "the_job": call.job_id, "the_end": call.ended_at, "the_loss": int(call.lost)}
    conn.execute(_CONCLUDE, end)


def withdraw(conn: Connection, call_id: str) -> None:
    """A create came to nothing."""
    conn.execute(_DROP, {"the_id": call_id})


def follow(conn: Connection, job_id: str) -> None:
    """A job's id was named."""
    conn.execute(_FOLLOW, {"the_job": job_id})


def _announced(row: Row[Any]) -> Announced:
    return Announced(row.id, row.ask, row.began_at, row.job_id, row.ended_at, bool(row.lost), bool(row.followed))
