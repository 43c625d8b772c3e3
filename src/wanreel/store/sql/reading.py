"""Reading: a job, jobs by filter, and a job's history."""

from __future__ import annotations

import json

from sqlalchemy import JSON, Connection, bindparam, cast, or_, select, tuple_, type_coerce

from wanreel.domain.errors import NotFound
from wanreel.domain.event import Entry
from wanreel.domain.job import Job
from wanreel.ports import Filter
from wanreel.store.rows import entry_of, job_of
from wanreel.store.sql.tables import history, jobs, tags

_MOST = 2**31 - 1  # PostgreSQL counts no further there
_BEYOND_ALL_TEXT = "\U0010ffff"

_BODY = select(jobs.c.body).where(jobs.c.id == bindparam("the_id"))
_AGE = select(jobs.c.created_at, jobs.c.place, jobs.c.id).where(jobs.c.id == bindparam("the_id"))
_HISTORY = select(history.c.body).where(history.c.job_id == bindparam("the_id")).order_by(history.c.version)


def get(conn: Connection, job_id: str) -> Job:
    """The job as it stands. Raises NotFound."""
    text = conn.execute(_BODY, {"the_id": job_id}).scalar()
    if text is None:
        raise NotFound(f"there is no job {job_id} here")
    return job_of(text)


def find(conn: Connection, which: Filter) -> list[Job]:
    """Jobs by filter, newest first: the later made, in a group the later in line. Raises NotFound for `after`."""
    statement = select(jobs.c.body)
    if which.states:
        statement = statement.where(jobs.c.state.in_(which.states))
    if which.group is not None:
        statement = statement.where(jobs.c.batch == which.group)
    if which.spare_of is not None:
        statement = statement.where(jobs.c.spare_of == which.spare_of)
    if which.project is not None:
        statement = statement.where(jobs.c.project == which.project)
    if which.tag is not None:
        statement = statement.where(jobs.c.id.in_(select(tags.c.job_id).where(tags.c.tag == which.tag)))
    if which.ask is not None:
        statement = statement.where(jobs.c.ask == which.ask)
    if which.ids:
        # a range, not LIKE: ids are told apart by case, and hold underscores
        ranges = [jobs.c.id.between(beginning, beginning + _BEYOND_ALL_TEXT) for beginning in which.ids]
        statement = statement.where(or_(*ranges))
    if which.models:
        statement = statement.where(jobs.c.model.in_(which.models))
    if which.words is not None:
        # the whole body first: it is cheap to look through, and few rows are left to be read as JSON
        body = type_coerce(jobs.c.body, JSON) if conn.dialect.name == "sqlite" else cast(jobs.c.body, JSON)
        places = (body["request"]["prompt"].as_string(), body["name"].as_string())
        statement = statement.where(
            jobs.c.body.icontains(json.dumps(which.words, ensure_ascii=False)[1:-1], autoescape=True),
            or_(*(place.icontains(which.words, autoescape=True) for place in places)),
        )
    if which.after is not None:
        last = conn.execute(_AGE, {"the_id": which.after}).first()
        if last is None:
            raise NotFound(f"there is no job {which.after} here")
        statement = statement.where(tuple_(jobs.c.created_at, jobs.c.place, jobs.c.id) < tuple_(*last))
    statement = statement.order_by(jobs.c.created_at.desc(), jobs.c.place.desc(), jobs.c.id.desc()).limit(
        min(which.limit, _MOST)
    )
    return [job_of(text) for text in conn.execute(statement).scalars()]


def history_of(conn: Connection, job_id: str) -> list[Entry]:
    """All entries of a job, oldest first."""
    return [entry_of(text) for text in conn.execute(_HISTORY, {"the_id": job_id}).scalars()]
