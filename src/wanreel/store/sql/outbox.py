"""The outbox: notices owed to subscribers, and how often each was tried."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, update

from wanreel.ports.notices import Owed
from wanreel.store.rows import notice_of
from wanreel.store.sql.tables import notices

_OWED = (
    select(notices.c.body, notices.c.tries)
    .where(notices.c.delivered_at.is_(None), notices.c.due_at <= bindparam("now"))
    .order_by(notices.c.at, notices.c.seq)
    .limit(bindparam("most"))
)
_DELIVERED = update(notices).where(notices.c.id == bindparam("the_id")).values(delivered_at=bindparam("now"))
_POSTPONE = (
    update(notices)
    .where(notices.c.id == bindparam("the_id"))
    .values(due_at=bindparam("later_at"), tries=notices.c.tries + 1)
)


def owed(conn: Connection, now: float, limit: int) -> list[Owed]:
    """Notices due for delivery, oldest first."""
    rows = conn.execute(_OWED, {"now": now, "most": limit})
    return [Owed(notice_of(row.body), row.tries) for row in rows]


def delivered(conn: Connection, ids: Sequence[str], now: float) -> None:
    """Strike them off."""
    if ids:
        conn.execute(_DELIVERED, [{"the_id": notice_id, "now": now} for notice_id in ids])


def postpone(conn: Connection, notice_id: str, due_at: float) -> None:
    """Try again later; one more try has been made."""
    conn.execute(_POSTPONE, {"the_id": notice_id, "later_at": due_at})
