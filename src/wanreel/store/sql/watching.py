"""What the watcher of an account remembers: what runs, how long such tasks take, and what its list is like."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from wanreel.domain.facts import Facts, together
from wanreel.domain.runtimes import RunKind, RunTime, RunTimes, one_more
from wanreel.ports.watching import Known, Run, Told, Watched
from wanreel.store.rows import facts_of, facts_text, histogram_of, histogram_text, job_of, known_of
from wanreel.store.sql import feed, locks
from wanreel.store.sql.claims import IS_QUEUED
from wanreel.store.sql.tables import facts as facts_table
from wanreel.store.sql.tables import feed as feed_table
from wanreel.store.sql.tables import jobs, tasks
from wanreel.store.sql.tables import leases as leases_table
from wanreel.store.sql.tables import runtimes as runtimes_table

_TASK = (jobs.c.task_id, jobs.c.model, jobs.c.tier, jobs.c.clip_s, jobs.c.accepted_at, jobs.c.task_how)
_RUNNING = (
    select(jobs.c.id, *_TASK)
    .where(jobs.c.account == bindparam("the_account"), jobs.c.accepted_at.is_not(None))
    .order_by(jobs.c.accepted_at, jobs.c.id)
)
_TOLD_AT_ONCE = 500
_TOLD = (  # a job that was erased meanwhile is not there any more
    select(feed_table.c.seq, feed_table.c.job_id, jobs.c.account, *_TASK)
    .join_from(feed_table, jobs, jobs.c.id == feed_table.c.job_id, isouter=True)
    .where(feed_table.c.seq > bindparam("last"))
    .order_by(feed_table.c.seq)
    .limit(_TOLD_AT_ONCE)
)
_IS_WAITING = select(jobs.c.id).where(IS_QUEUED).limit(1)
_KNOWN = (
    select(tasks.c.task_id, jobs.c.body)
    .join(jobs, jobs.c.id == tasks.c.job_id)
    .where(tasks.c.account == bindparam("the_account"), tasks.c.task_id.in_(bindparam("some", expanding=True)))
)
_IDS_AT_ONCE = 500
_OF_KIND = (
    (runtimes_table.c.model == bindparam("the_model"))
    & (runtimes_table.c.tier == bindparam("the_tier"))
    & (runtimes_table.c.clip_s == bindparam("the_clip_s"))
)
_HISTOGRAM = select(runtimes_table.c.body).where(_OF_KIND)
_SET_HISTOGRAM = update(runtimes_table).where(_OF_KIND).values(body=bindparam("the_body"))
_INSERT_HISTOGRAM = insert(runtimes_table)
_HISTOGRAMS = select(runtimes_table)
_OF_ACCOUNT = facts_table.c.account == bindparam("the_account")
_FACTS = select(facts_table.c.body).where(_OF_ACCOUNT)
_DROP_FACTS = delete(facts_table).where(_OF_ACCOUNT)
_INSERT_FACTS = insert(facts_table)
_LEASED = leases_table.c.account == bindparam("the_account")
_LEASE = select(leases_table.c.owner, leases_table.c.until).where(_LEASED)
_DROP_LEASE = delete(leases_table).where(_LEASED)
_INSERT_LEASE = insert(leases_table)


@lru_cache(maxsize=1000)
def _kind(model: str, tier: str, clip_s: int) -> RunKind:
    """One object for each kind, not one for each of a hundred thousand tasks."""
    return RunKind(model, tier, clip_s)


def running(conn: Connection, account: str) -> list[Watched]:
    """Every task that a job in Generating stands on, oldest first."""
    return [
        Watched(job_id, task_id, _kind(model, tier, clip_s), accepted_at, how == "answer")
        for job_id, task_id, model, tier, clip_s, accepted_at, how in conn.execute(_RUNNING, {"the_account": account})
    ]


def told_since(conn: Connection, mark: int | None) -> Told:
    """What happened after a mark, as it stands now; see `ports.Running`."""
    waiting = conn.execute(_IS_WAITING).first() is not None
    if mark is None:
        return Told(feed.newest(conn), (), more=False, waiting=waiting)
    runs: list[Run] = []
    count = 0
    for seq, job_id, account, task_id, model, tier, clip_s, accepted_at, how in conn.execute(_TOLD, {"last": mark}):
        mark, count = seq, count + 1
        if account is not None:
            watched = None
            if accepted_at is not None:
                watched = Watched(job_id, task_id, _kind(model, tier, clip_s), accepted_at, how == "answer")
            runs.append(Run(job_id, account, watched))
    assert mark is not None
    return Told(mark, tuple(runs), more=count == _TOLD_AT_ONCE, waiting=waiting)


def learn(conn: Connection, met: Sequence[RunTime]) -> None:
    """Remember how long tasks took: each kind is read and written once, in an order that is everybody's."""
    for kind in sorted({one.kind for one in met}, key=lambda kind: (kind.model, kind.tier, kind.clip_s)):
        _learn_of(conn, kind, [one.took_s for one in met if one.kind == kind])


def _learn_of(conn: Connection, kind: RunKind, took: Sequence[float]) -> None:
    at = {"the_model": kind.model, "the_tier": kind.tier, "the_clip_s": kind.clip_s}
    locks.take(conn, f"run times {kind.model} {kind.tier} {kind.clip_s}")
    before = conn.execute(_HISTOGRAM, at).scalar()
    after = None if before is None else histogram_of(before)
    for took_s in took:
        after = one_more(after, took_s)
    if after is None:
        return
    body = histogram_text(after)
    if before is not None:
        conn.execute(_SET_HISTOGRAM, {**at, "the_body": body})
    else:
        conn.execute(_INSERT_HISTOGRAM, {"model": kind.model, "tier": kind.tier, "clip_s": kind.clip_s, "body": body})


def known_tasks(conn: Connection, account: str, ids: Sequence[str]) -> dict[str, Known]:
    """Those of some task ids that belong to jobs of ours."""
    found: dict[str, Known] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = list(ids[start : start + _IDS_AT_ONCE])
        for row in conn.execute(_KNOWN, {"the_account": account, "some": some}):
            found[row.task_id] = known_of(job_of(row.body), row.task_id)
    return found


def runtimes(conn: Connection) -> RunTimes:
    """All that was learned of run times."""
    return RunTimes(
        {RunKind(row.model, row.tier, row.clip_s): histogram_of(row.body) for row in conn.execute(_HISTOGRAMS)}
    )


def lease(conn: Connection, account: str, owner: str, now: float, until: float) -> bool:
    """Whether `owner` may watch the account until then; an end beyond what is asked for was written by a clock that
    jumped.
    """
    at = {"the_account": account}
    locks.take(conn, f"lease {account}")
    holder = conn.execute(_LEASE, at).first()
    if holder is not None and holder.owner != owner and now < holder.until <= until:
        return False
    conn.execute(_DROP_LEASE, at)
    conn.execute(_INSERT_LEASE, {"account": account, "owner": owner, "until": until})
    return True


def facts(conn: Connection, account: str) -> Facts:
    """What was learned about an account's list."""
    stored = conn.execute(_FACTS, {"the_account": account}).scalar()
    return Facts() if stored is None else facts_of(stored)


def note(conn: Connection, account: str, met: Facts) -> Facts:
    """Put what was met together with what is stored; nothing is written where it says nothing new."""
    locks.take(conn, f"facts {account}")
    stored = facts(conn, account)
    now = together(stored, met)
    if now != stored:
        conn.execute(_DROP_FACTS, {"the_account": account})
        conn.execute(_INSERT_FACTS, {"account": account, "body": facts_text(now)})
    return now
