"""Reading: a job, jobs by filter, and a job's history."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Connection, Select, bindparam, cast, or_, select, tuple_, type_coerce

from wanreel.domain.errors import NotFound
from wanreel.domain.event import Entry
from wanreel.domain.job import Job
from wanreel.ports.jobs import Filter
from wanreel.store.rows import entry_of, job_of
from wanreel.store.sql.tables import history, jobs, marks, tags

_MOST = 2**31 - 1  # PostgreSQL counts no further there
_BEYOND_ALL_TEXT = "\U0010ffff"

_BODY = select(jobs.c.body).where(jobs.c.id == bindparam("the_id"))
_AGE = select(jobs.c.created_at, jobs.c.place, jobs.c.id).where(jobs.c.id == bindparam("the_id"))
_BY = {
    "group": jobs.c.batch,
    "spare_of": jobs.c.spare_of,
    "project": jobs.c.project,
    "tag": tags.c.tag,
    "ask": jobs.c.ask,
}
_HISTORY = select(history.c.body).where(history.c.job_id == bindparam("the_id")).order_by(history.c.version)


def get(conn: Connection, job_id: str) -> Job:
    """The job as it stands. Raises NotFound."""
    text = conn.execute(_BODY, {"the_id": job_id}).scalar()
    if text is None:
        raise NotFound(f"there is no job {job_id} here")
    return job_of(text)


def find(conn: Connection, which: Filter) -> list[Job]:
    """Jobs by filter, newest first: the later made, in a group the later in line. Raises NotFound for `after`."""
    asked: dict[str, Any] = {name: value for name in _BY if (value := getattr(which, name)) is not None}
    statement = _statement(tuple(asked), len(which.states), len(which.ids), which.after is not None)
    asked |= {f"state_{place}": state for place, state in enumerate(which.states)}
    for place, beginning in enumerate(which.ids):
        asked |= {f"from_{place}": beginning, f"to_{place}": beginning + _BEYOND_ALL_TEXT}
    if which.favourites:
        statement = statement.where(jobs.c.id.in_(select(marks.c.job_id).where(marks.c.favourite.is_not(None))))
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
        asked |= {"last_at": last.created_at, "last_place": last.place, "last_id": last.id}
    asked["most"] = min(which.limit, _MOST)
    return [job_of(text) for text in conn.execute(statement, asked).scalars()]


@lru_cache(maxsize=256)
def _statement(by: tuple[str, ...], states: int, ids: int, after: bool) -> Select[Any]:  # noqa: FBT001
    """The statement for filters of one shape: putting one together costs more than reading a job by it."""
    statement = select(jobs.c.body)
    if states:
        statement = statement.where(jobs.c.state.in_([bindparam(f"state_{place}") for place in range(states)]))
    for name in by:
        if name == "tag":
            statement = statement.where(jobs.c.id.in_(select(tags.c.job_id).where(tags.c.tag == bindparam("tag"))))
        else:
            statement = statement.where(_BY[name] == bindparam(name))
    if ids:
        # a range, not LIKE: ids are told apart by case, and hold underscores
        ranges = [jobs.c.id.between(bindparam(f"from_{place}"), bindparam(f"to_{place}")) for place in range(ids)]
        statement = statement.where(or_(*ranges))
    if after:
        last = tuple_(bindparam("last_at"), bindparam("last_place"), bindparam("last_id"))
        statement = statement.where(tuple_(jobs.c.created_at, jobs.c.place, jobs.c.id) < last)
    newest_first = (jobs.c.created_at.desc(), jobs.c.place.desc(), jobs.c.id.desc())
    return statement.order_by(*newest_first).limit(bindparam("most"))


def history_of(conn: Connection, job_id: str) -> list[Entry]:
    """All entries of a job, oldest first."""
    return [entry_of(text) for text in conn.execute(_HISTORY, {"the_id": job_id}).scalars()]
