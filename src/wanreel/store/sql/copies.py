"""Whose spools hold clips, and which archives clips may lie in: what machines that share a database tell each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, and_, delete, insert, select

from wanreel.store.sql import locks
from wanreel.store.sql.tables import archives, copies

_READ_AT_ONCE = 500


def note(conn: Connection, job_id: str, holder: str, at: float) -> None:
    """A spool may hold a job's clip from now on. Noted before the clip is there, so that none lies anywhere unknown."""
    locks.take(conn, f"copies {job_id}")
    drop(conn, job_id, holder)
    conn.execute(insert(copies), {"job_id": job_id, "holder": holder, "at": at})


def drop(conn: Connection, job_id: str, holder: str) -> None:
    """It does not any more."""
    conn.execute(delete(copies).where(and_(copies.c.job_id == job_id, copies.c.holder == holder)))


def holders(conn: Connection, job_ids: Sequence[str] | None) -> Mapping[str, tuple[str, ...]]:
    """Whose spools may hold the clips of some jobs, or of all; jobs nobody holds are left out."""
    held: dict[str, tuple[str, ...]] = {}
    every = select(copies.c.job_id, copies.c.holder).order_by(copies.c.at, copies.c.holder)
    parts = [every]
    if job_ids is not None:
        starts = range(0, len(job_ids), _READ_AT_ONCE)
        parts = [every.where(copies.c.job_id.in_(job_ids[start : start + _READ_AT_ONCE])) for start in starts]
    for part in parts:
        for job_id, holder in conn.execute(part):
            held[job_id] = (*held.get(job_id, ()), holder)
    return held


def known(conn: Connection) -> Mapping[str, str]:
    """Archives by name, and how each is reached, as text."""
    return {row.name: row.reach for row in conn.execute(select(archives).order_by(archives.c.name))}


def remember(conn: Connection, name: str, reach: str) -> None:
    """An archive is in use."""
    locks.take(conn, "archives")
    forget(conn, name)
    conn.execute(insert(archives), {"name": name, "reach": reach})


def forget(conn: Connection, name: str) -> bool:
    """It is not any more; whether it was known."""
    return conn.execute(delete(archives).where(archives.c.name == name)).rowcount > 0
