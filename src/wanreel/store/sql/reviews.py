"""What was found in clips and what people picked: beside the jobs, so that no judge can hold one up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Double, Text, bindparam, cast, delete, insert, literal, select, update

from wanreel.domain.errors import Conflict
from wanreel.domain.job import Job, Succeeded
from wanreel.domain.verdict import Pick, Review
from wanreel.ports.reviews import DueReview
from wanreel.store.rows import review_of, review_text
from wanreel.store.sql.tables import picks, reviews

_MINE = reviews.c.job_id == bindparam("the_job")
_THERE = select(reviews.c.tries).where(_MINE)
_INSERT = insert(reviews)
_OWED: ColumnElement[str] = bindparam("the_job", type_=Text)
_ENDED_AT: ColumnElement[float] = cast(bindparam("the_end"), Double)
_OWE = insert(reviews).from_select(
    ("job_id", "due_at", "tries"),
    select(_OWED, _ENDED_AT, literal(0)).where(~select(reviews.c.job_id).where(_MINE).exists()),
    include_defaults=False,
)
_DUE = (
    select(reviews.c.job_id, reviews.c.tries)
    .where(reviews.c.due_at <= bindparam("now"))
    .order_by(reviews.c.due_at, reviews.c.job_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_TAKE = update(reviews).where(_MINE).values(due_at=bindparam("later_at"), tries=reviews.c.tries + 1)
_KEEP = (
    update(reviews)
    .where(_MINE)
    .values(
        due_at=bindparam("later_at"), at=bindparam("the_at"), score=bindparam("the_score"), body=bindparam("the_body")
    )
)
_SUBJECT = picks.c.subject == bindparam("the_subject")
_PICK = select(picks).where(_SUBJECT)
_DROP_PICK = delete(picks).where(_SUBJECT)
_INSERT_PICK = insert(picks)


def owe(conn: Connection, job: Job) -> None:
    """A job that has just succeeded has a clip to be judged."""
    if isinstance(job.state, Succeeded):
        conn.execute(_OWE, {"the_job": job.id, "the_end": job.state.finished_at})


def due(conn: Connection, now: float, until: float, limit: int) -> list[DueReview]:
    """What waits to be judged, kept from everybody else until an instant."""
    rows = [DueReview(row.job_id, row.tries) for row in conn.execute(_DUE, {"now": now, "most": limit})]
    for row in rows:
        conn.execute(_TAKE, {"the_job": row.job_id, "later_at": until})
    return rows


def keep(conn: Connection, review: Review, due_at: float | None) -> None:
    """In place of an earlier one."""
    if conn.execute(_THERE, {"the_job": review.job_id}).first() is None:
        conn.execute(_INSERT, {"job_id": review.job_id, "due_at": None, "tries": 0})
    conn.execute(
        _KEEP,
        {
            "the_job": review.job_id,
            "later_at": due_at,
            "the_at": review.at,
            "the_score": review.score,
            "the_body": review_text(review),
        },
    )


def of_jobs(conn: Connection, job_ids: Sequence[str]) -> Mapping[str, Review]:
    """By job; those nobody has judged are left out."""
    wanted = select(reviews.c.job_id, reviews.c.body).where(reviews.c.job_id.in_(job_ids), reviews.c.body.is_not(None))
    return {row.job_id: review_of(row.body) for row in conn.execute(wanted)} if job_ids else {}


def pick(conn: Connection, word: Pick, *, change: bool) -> Pick:
    """A person's word is final: only the same person-made request to change it does. Raises Conflict."""
    row = conn.execute(_PICK, {"the_subject": word.subject}).first()
    if row is not None:
        there = Pick(row.subject, row.job_id, row.project, row.at, row.who, row.note)
        if there.job_id == word.job_id:
            return there
        if not change:
            raise Conflict(already_picked(there))
        conn.execute(_DROP_PICK, {"the_subject": word.subject})
    values = {"subject": word.subject, "job_id": word.job_id, "project": word.project, "at": word.at}
    conn.execute(_INSERT_PICK, {**values, "who": word.by, "note": word.note})
    return word


def picked(conn: Connection, subjects: Sequence[str]) -> Mapping[str, Pick]:
    """Picks, by group or job."""
    rows = conn.execute(select(picks).where(picks.c.subject.in_(subjects))) if subjects else ()
    return {row.subject: Pick(row.subject, row.job_id, row.project, row.at, row.who, row.note) for row in rows}


def already_picked(there: Pick) -> str:
    """Why another clip is not picked just so."""
    return f"{there.job_id} has been picked already; to pick another one in its place, say --change"
