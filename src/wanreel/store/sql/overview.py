"""What faces show, each in one look at the database."""

from __future__ import annotations

from sqlalchemy import Connection, select

from wanreel.domain.job import Queued
from wanreel.ports.overview import Line, Sight
from wanreel.store.rows import job_of
from wanreel.store.sql import learning, ledger, marks, reading, slots, watching
from wanreel.store.sql.tables import jobs

_DOUBTFUL = (
    select(jobs.c.body)
    .where(jobs.c.state == "unconfirmed")
    .order_by(jobs.c.created_at.desc(), jobs.c.place.desc(), jobs.c.id.desc())
)


def line(conn: Connection, now: float) -> Line:
    """What holds for every job that waits or runs."""
    return Line(
        in_use=slots.in_use(conn, now),
        learned=learning.everything(conn),
        parks=tuple(parked.park for parked in slots.in_force(conn, now)),
        doubtful=tuple(job_of(text) for text in conn.execute(_DOUBTFUL).scalars()),
        times=watching.runtimes(conn),
    )


def sight(conn: Connection, job_id: str) -> Sight:
    """A job with what an answer about it says beside. Raises NotFound."""
    job = reading.get(conn, job_id)
    in_front = slots.ahead(conn, [job])[job.id] if isinstance(job.state, Queued) else 0
    return Sight(job, in_front, tuple(ledger.of_job(conn, job_id)), marks.of_job(conn, job_id))
