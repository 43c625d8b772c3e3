"""The feed: what happens to all jobs, numbered in the order of the commits that made it visible.

Only one connection writes at a time, so numbers become visible in their order and a reader misses none.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, insert, select

from wanreel.domain.event import Entry
from wanreel.domain.job import Job, state_name
from wanreel.ports import Happening
from wanreel.store.sql.tables import feed

_INSERT = insert(feed)
_SINCE = select(feed).where(feed.c.seq > bindparam("last")).order_by(feed.c.seq).limit(bindparam("most"))
_NEWEST = select(func.max(feed.c.seq))


def made(conn: Connection, job: Job) -> None:
    """A job is new."""
    conn.execute(_INSERT, _row(job, job.created_at, "", "ordered" if job.spare_of is None else "a spare was found"))


def changed(conn: Connection, job: Job, entry: Entry) -> None:
    """Something happened to a job; looks that found nothing new are not told."""
    conn.execute(_INSERT, _row(job, entry.at, type(entry.event).__name__, entry.reason))


def since(conn: Connection, seq: int, limit: int) -> list[Happening]:
    """What happened after a number, oldest first."""
    return [
        Happening(r.seq, r.at, r.project, r.batch, r.job_id, r.version, r.state, r.event, r.reason)
        for r in conn.execute(_SINCE, {"last": seq, "most": limit})
    ]


def newest(conn: Connection) -> int:
    """The number of the last thing that happened."""
    return conn.execute(_NEWEST).scalar() or 0


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
