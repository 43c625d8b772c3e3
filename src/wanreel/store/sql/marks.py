"""What people said of jobs after they were ordered; the tags that jobs are found by follow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from wanreel.domain.errors import NotFound
from wanreel.domain.mark import Mark, Marking, marked, tags_of
from wanreel.store.rows import job_of
from wanreel.store.sql.tables import jobs, marks, tags

_JOB = select(jobs.c.body).where(jobs.c.id == bindparam("the_job")).with_for_update()
_MINE = marks.c.job_id == bindparam("the_job")
_THERE = select(marks).where(_MINE)
_DROP = delete(marks).where(_MINE)
_INSERT = insert(marks)
_UNTAG = delete(tags).where(tags.c.job_id == bindparam("the_job"))
_TAG = insert(tags)


def mark(conn: Connection, job_id: str, change: Marking, at: float, by: str) -> Mark:
    """Change what is said of a job, one after the other where several do. Raises NotFound, Invalid."""
    text = conn.execute(_JOB, {"the_job": job_id}).scalar()
    if text is None:
        raise NotFound(f"there is no job {job_id} here")
    job, row = job_of(text), conn.execute(_THERE, {"the_job": job_id}).first()
    there = None if row is None else _mark_of(row)
    made = marked(job, there, change, at, by)
    if made == (there or Mark(job_id)):
        return made
    conn.execute(_DROP, {"the_job": job_id})
    told = None if made.tags is None else json.dumps(made.tags, ensure_ascii=False)
    favourite = 1 if made.favourite else None
    conn.execute(_INSERT, {"job_id": job_id, "favourite": favourite, "tags": told, "at": at, "who": by})
    if tags_of(job, made) != tags_of(job, there):
        conn.execute(_UNTAG, {"the_job": job_id})
        if found := tags_of(job, made):
            conn.execute(_TAG, [{"tag": tag, "job_id": job_id} for tag in found])
    return made


def of_job(conn: Connection, job_id: str) -> Mark | None:
    """What was said of one job."""
    row = conn.execute(_THERE, {"the_job": job_id}).first()
    return None if row is None else _mark_of(row)


def of_jobs(conn: Connection, job_ids: Sequence[str]) -> Mapping[str, Mark]:
    """By job; those of whom nothing was said are left out."""
    if not job_ids:
        return {}
    return {row.job_id: _mark_of(row) for row in conn.execute(select(marks).where(marks.c.job_id.in_(job_ids)))}


def _mark_of(row: Row[Any]) -> Mark:
    said = None if row.tags is None else tuple(json.loads(row.tags))
    return Mark(row.job_id, row.favourite is not None, said, row.at, row.who)
