"""What is kept beside clips, the links that show them, and what was decided about keeping them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, insert, select, update

from wanreel.domain.clip import Aspect
from wanreel.domain.errors import NotFound, Stale
from wanreel.domain.job import Job
from wanreel.domain.keeping import Custody, KeptViews, Share, input_hashes, is_gone, must_not_be_held, todo_at
from wanreel.ports.keeping import Ruling, Worn
from wanreel.store.rows import custody_of, custody_text, group_of, group_text, job_of, job_text, views_of, views_text
from wanreel.store.sql import locks
from wanreel.store.sql.tables import (
    arrivals,
    custody,
    deliveries,
    feed,
    groups,
    history,
    jobs,
    marks,
    messages,
    notices,
    picks,
    reviews,
    shares,
    tags,
    views,
)

_READ_AT_ONCE = 500

# --- views ----------------------------------------------------------------------------------------------------------


def views_for(conn: Connection, job_id: str) -> KeptViews | None:
    """What was derived from a job's clip."""
    text = conn.execute(select(views.c.body).where(views.c.job_id == job_id)).scalar()
    return None if text is None else views_of(text)


def keep_views(conn: Connection, kept: KeptViews) -> None:
    """Note what was derived. Raises NotFound."""
    _must_be(conn, kept.job_id)
    drop_views(conn, kept.job_id)
    conn.execute(insert(views), {"job_id": kept.job_id, "body": views_text(kept)})


def drop_views(conn: Connection, job_id: str) -> None:
    """Forget it."""
    conn.execute(delete(views).where(views.c.job_id == job_id))


# --- shares ---------------------------------------------------------------------------------------------------------


def share(conn: Connection, new: Share) -> Share:
    """The live link to the same artifact, or this one. Raises NotFound."""
    _must_be(conn, new.job_id)
    locks.take(conn, f"share {new.job_id} {new.aspect}")
    same = and_(shares.c.job_id == new.job_id, shares.c.aspect == str(new.aspect), shares.c.revoked_at.is_(None))
    there = conn.execute(select(shares).where(same).order_by(shares.c.created_at).limit(1)).first()
    if there is not None:
        return _share(there)
    row = {"token": new.token, "job_id": new.job_id, "aspect": str(new.aspect), "created_at": new.created_at}
    conn.execute(insert(shares), row | {"revoked_at": new.revoked_at})
    return new


def shared(conn: Connection, token: str) -> Share | None:
    """The link of a token."""
    row = conn.execute(select(shares).where(shares.c.token == token)).first()
    return None if row is None else _share(row)


def shares_of(conn: Connection, job_id: str) -> list[Share]:
    """All links of a job, oldest first."""
    statement = select(shares).where(shares.c.job_id == job_id).order_by(shares.c.created_at, shares.c.token)
    return [_share(row) for row in conn.execute(statement)]


def revoke(conn: Connection, token: str, at: float) -> bool:
    """End a link."""
    live = and_(shares.c.token == token, shares.c.revoked_at.is_(None))
    return conn.execute(update(shares).where(live).values(revoked_at=at)).rowcount > 0


def _share(row: Any) -> Share:
    return Share(row.token, row.job_id, Aspect(row.aspect), row.created_at, row.revoked_at)


# --- custody --------------------------------------------------------------------------------------------------------


def custodies(conn: Connection, job_ids: Sequence[str]) -> Mapping[str, Custody]:
    """Decisions by job."""
    found: dict[str, Custody] = {}
    for start in range(0, len(job_ids), _READ_AT_ONCE):
        some = select(custody.c.body).where(custody.c.job_id.in_(job_ids[start : start + _READ_AT_ONCE]))
        for text in conn.execute(some).scalars():
            one = custody_of(text)
            found[one.job_id] = one
    return found


def decide(conn: Connection, rulings: Sequence[Ruling]) -> None:
    """Write decisions, each over the one it was made from. Raises Stale, NotFound: the caller rolls back."""
    ids = [ruling.now.job_id for ruling in rulings]
    locks.take(conn, *map(_turn, ids))
    standing = custodies(conn, ids)
    for ruling in rulings:
        job_id = ruling.now.job_id
        _must_be(conn, job_id)
        if standing.get(job_id, Custody(job_id)) != ruling.was:
            raise Stale(f"what was decided about job {job_id} has changed meanwhile")
        _write(conn, ruling.now)


def _write(conn: Connection, decided: Custody) -> None:
    conn.execute(delete(custody).where(custody.c.job_id == decided.job_id))
    if decided != Custody(decided.job_id):  # nothing decided: no row
        row = {"job_id": decided.job_id, "todo_at": todo_at(decided), "gone": int(is_gone(decided))}
        conn.execute(insert(custody), row | {"body": custody_text(decided)})


def worn(conn: Connection, which: Worn) -> list[Job]:
    """Succeeded jobs that are too old and about which nothing was decided, oldest first."""
    statement = (
        select(jobs.c.body)
        .outerjoin(custody, custody.c.job_id == jobs.c.id)
        .where(jobs.c.state == "succeeded", jobs.c.created_at < which.before, custody.c.job_id.is_(None))
        .order_by(jobs.c.created_at, jobs.c.place, jobs.c.id)
        .limit(which.limit)
    )
    if which.projects:
        statement = statement.where(jobs.c.project.in_(which.projects))
    if which.but:
        statement = statement.where(jobs.c.project.not_in(which.but))
    return [job_of(text) for text in conn.execute(statement).scalars()]


def due(conn: Connection, now: float, limit: int) -> list[Custody]:
    """Trash whose grace is over, and erasures not finished."""
    statement = select(custody.c.body).where(custody.c.todo_at <= now).order_by(custody.c.todo_at, custody.c.job_id)
    return [custody_of(text) for text in conn.execute(statement.limit(limit)).scalars()]


def trash(conn: Connection, limit: int) -> list[Custody]:
    """What can still be brought back."""
    statement = (
        select(custody.c.body)
        .where(custody.c.todo_at.is_not(None), custody.c.gone == 0)
        .order_by(custody.c.todo_at, custody.c.job_id)
        .limit(limit)
    )
    return [custody_of(text) for text in conn.execute(statement).scalars()]


def erase(conn: Connection, wordless: Sequence[Job], at: float) -> None:
    """Jobs without words in the place of those they were made of. Raises Stale, NotFound, Conflict: the caller rolls
    back.
    """
    ids = [job.id for job in wordless]
    locks.take(conn, *map(_turn, ids))
    standing = custodies(conn, ids)
    for job in wordless:
        decided = standing.get(job.id, Custody(job.id, erase_asked_at=at))
        must_not_be_held(decided, "erased")
        same = and_(jobs.c.id == job.id, jobs.c.version == job.version - 1)
        changed = update(jobs).where(same).values(version=job.version, ask=None, body=job_text(job))
        if conn.execute(changed).rowcount != 1:
            _must_be(conn, job.id)
            raise Stale(f"job {job.id} has changed meanwhile; nothing was erased")
        tables: tuple[Table, ...] = (history, tags, marks, views, shares, reviews, picks)
        for table in tables:
            conn.execute(delete(table).where(table.c.job_id == job.id))
        named = f'"{job.id}"'
        conn.execute(delete(notices).where(notices.c.body.contains(named, autoescape=True)))
        told = select(messages.c.id).where(messages.c.body.contains(named, autoescape=True))
        conn.execute(delete(deliveries).where(deliveries.c.message.in_(told)))
        conn.execute(delete(messages).where(messages.c.body.contains(named, autoescape=True)))
        for told_to_all in (feed, arrivals):
            conn.execute(update(told_to_all).where(told_to_all.c.job_id == job.id).values(reason=""))
        _unname(conn, job)
        _write(conn, replace(decided, erased_at=at))


def _unname(conn: Connection, job: Job) -> None:
    """A group keeps its name for as long as one of its other jobs has words."""
    if job.group is None:
        return
    gone = select(custody.c.job_id).where(custody.c.job_id == jobs.c.id, custody.c.gone == 1)
    others = select(jobs.c.id).where(jobs.c.batch == job.group, jobs.c.id != job.id, ~gone.exists()).limit(1)
    text = conn.execute(select(groups.c.body).where(groups.c.id == job.group)).scalar()
    if text is not None and conn.execute(others).first() is None:
        nameless = group_text(replace(group_of(text), name=None))
        conn.execute(update(groups).where(groups.c.id == job.group).values(body=nameless))


def prune(conn: Connection, before: float) -> int:
    """Remove what happened, and what was told to everybody who was to know, from before an instant."""
    newest = select(func.max(feed.c.seq)).scalar_subquery()  # stays: numbers go on from it
    gone = conn.execute(delete(feed).where(feed.c.at < before, feed.c.seq < newest)).rowcount
    told = and_(notices.c.at < before, notices.c.delivered_at.is_not(None))
    return gone + conn.execute(delete(notices).where(told)).rowcount


def refers(conn: Connection, sha256: str, but: Collection[str]) -> bool:
    """Whether another job that still has its clip starts from a kept file."""
    statement = (
        select(jobs.c.id)
        .outerjoin(custody, and_(custody.c.job_id == jobs.c.id, custody.c.gone == 1))
        .where(jobs.c.body.contains(f'"{sha256}"', autoescape=True), custody.c.job_id.is_(None))
        .where(jobs.c.id.not_in(but))
        .limit(1)
    )
    return conn.execute(statement).first() is not None


def needed_inputs(conn: Connection) -> frozenset[str]:
    """The kept files that jobs start from which still have their clips. Only jobs with such files are handed over."""
    statement = (
        select(jobs.c.body)
        .outerjoin(custody, and_(custody.c.job_id == jobs.c.id, custody.c.gone == 1))
        .where(jobs.c.body.contains('"sha256":"', autoescape=True), jobs.c.body.contains('"role":"', autoescape=True))
        .where(custody.c.job_id.is_(None))
    )
    return input_hashes(job_of(text) for text in conn.execute(statement).scalars())


def _turn(job_id: str) -> str:
    """The turn at what is decided about a job's clip."""
    return f"custody {job_id}"


def _must_be(conn: Connection, job_id: str) -> None:
    if conn.execute(select(jobs.c.id).where(jobs.c.id == job_id)).first() is None:
        raise NotFound(f"there is no job {job_id} here")
