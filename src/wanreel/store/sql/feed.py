"""The feed: what happens to all jobs, numbered in the order of the commits that made it visible.

A reader must miss none: what has a lower number never becomes visible after what has a higher one. Where only one
connection writes at a time that is so by itself. Where several do, what happens is written down without a number and
numbered once it is visible, by whoever reads, one at a time.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select

from wanreel.domain.event import Entry
from wanreel.domain.job import Job, state_name
from wanreel.ports.feed import Happening
from wanreel.store.sql import locks
from wanreel.store.sql.tables import arrivals, feed

_NUMBER_MOST = 5000  # at once
_COLUMNS = ("at", "project", "batch", "job_id", "version", "state", "event", "reason")
_INSERT = insert(feed)
_ARRIVE = insert(arrivals)
_WAITING = select(arrivals.c.seq).limit(1)
_FIRST = select(arrivals.c.seq).order_by(arrivals.c.seq).limit(_NUMBER_MOST)
_TAKEN = delete(arrivals).where(arrivals.c.seq.in_(_FIRST)).returning(*arrivals.c).cte("taken")
_NUMBER = insert(feed).from_select(
    _COLUMNS, select(*(_TAKEN.c[name] for name in _COLUMNS)).order_by(_TAKEN.c.seq), include_defaults=False
)
_SINCE = select(feed).where(feed.c.seq > bindparam("last")).order_by(feed.c.seq).limit(bindparam("most"))
_OF_ONE = (
    select(feed)
    .where(feed.c.seq > bindparam("last"), or_(feed.c.batch == bindparam("whose"), feed.c.job_id == bindparam("whose")))
    .order_by(feed.c.seq)
    .limit(bindparam("most"))
)
_NEWEST = select(func.max(feed.c.seq))


def made(conn: Connection, job: Job) -> None:
    """A job is new."""
    _tell(conn, _row(job, job.created_at, "", "ordered" if job.spare_of is None else "a spare was found"))


def changed(conn: Connection, job: Job, entry: Entry) -> None:
    """Something happened to a job; looks that found nothing new are not told."""
    _tell(conn, _row(job, entry.at, type(entry.event).__name__, entry.reason))


def waiting(conn: Connection) -> bool:
    """Whether anything that is visible has no number yet."""
    return conn.execute(_WAITING).first() is not None


def number(conn: Connection) -> None:
    """Give numbers to what is visible and has none, if nobody else is about it."""
    if locks.take_if_free(conn, "numbers of the feed"):
        conn.execute(_NUMBER)


def since(conn: Connection, seq: int, limit: int, subject: str | None = None) -> list[Happening]:
    """What happened after a number, oldest first, to everything or to one job or group."""
    asked = {"last": seq, "most": limit}
    rows = conn.execute(_SINCE, asked) if subject is None else conn.execute(_OF_ONE, asked | {"whose": subject})
    return [Happening(r.seq, r.at, r.project, r.batch, r.job_id, r.version, r.state, r.event, r.reason) for r in rows]


def newest(conn: Connection) -> int:
    """The number of the last thing that happened."""
    return conn.execute(_NEWEST).scalar() or 0


def _tell(conn: Connection, row: dict[str, object]) -> None:
    conn.execute(_ARRIVE if locks.concurrent(conn) else _INSERT, row)


def _row(job: Job, at: float, event: str, reason: str) -> dict[str, object]:
    return {
        "at": at,
        "project": job.project,
        "batch": job.group,
        "job_id": job.id,
        "version": job.version,
        "state": state_name(job.state),
        "event": event,
        "reason": reason,
    }
