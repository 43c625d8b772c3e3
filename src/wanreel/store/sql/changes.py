"""Writing: new jobs, and a change whole (job, tasks, history, notices, spares, parks, limits) on the version read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Double,
    Text,
    Update,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from wanreel.domain.errors import Conflict, Internal, NotFound, Stale, TaskTaken
from wanreel.domain.event import Change, Park, Pause
from wanreel.domain.group import Group
from wanreel.domain.job import Job, Submitting, current_task, known_tasks
from wanreel.domain.policy import Policy
from wanreel.store.rows import entry_text, index, job_of, job_text, notice_text, park_text, same_ask
from wanreel.store.sql import claims, feed, groups, learning, ledger, locks, reviews
from wanreel.store.sql.tables import history, jobs, notices, parks, tags, tasks

# --- statements, made once: a database of many jobs runs little else ------------------------------------------------

_STATE_COLUMNS = (
    "state",
    "account",
    "model",
    "lane",
    "due_at",
    "queued_at",
    "order_at",
    "slot_until",
    "intent_at",
    "bound",
    "body",
    "task_id",
    "accepted_at",
    "task_how",
    "tier",
    "clip_s",
    "stake_bytes",
)


_NEW_SEEN_AT: BindParameter[float | None] = bindparam("new_seen_at")


def _update(**claim: Any) -> Update:
    """The job's new columns where it still has the version that was read; what becomes of its claim differs."""
    columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _STATE_COLUMNS}
    return (
        update(jobs)
        .where(jobs.c.id == bindparam("the_id"), jobs.c.version == bindparam("was"))
        .values(
            version=bindparam("new_version"),
            seen_at=func.coalesce(_NEW_SEEN_AT, jobs.c.seen_at),
            **columns,
            **claim,
        )
    )


_END_CLAIM = _update(claim_owner=null(), claim_until=null())
_KEEP_IN_THE_AIR = _update(
    claim_owner=case((jobs.c.intent_at.is_not(None), jobs.c.claim_owner), else_=null()),
    claim_until=case((jobs.c.intent_at.is_not(None), jobs.c.claim_until), else_=null()),
)
_HOLD_CLAIM = _update(claim_until=bindparam("claimed_until"))
_INSERT = insert(jobs)
_VERSION = select(jobs.c.version).where(jobs.c.id == bindparam("the_id"))
_BY_KEY = select(jobs.c.body).where(jobs.c.key == bindparam("the_key"))
_TASK = select(tasks.c.job_id).where(
    tasks.c.account == bindparam("the_account"), tasks.c.task_id == bindparam("the_task")
)
_INSERT_TASK = insert(tasks)
_INSERT_TAG = insert(tags)
_INSERT_ENTRY = insert(history)
_NOTICE: ColumnElement[str] = bindparam("id", type_=Text)
_SINCE: ColumnElement[float] = cast(bindparam("at"), Double)
_BODY: ColumnElement[str] = bindparam("body", type_=Text)
_INSERT_NOTICE = insert(notices).from_select(
    ("id", "at", "due_at", "tries", "body"),
    select(_NOTICE, _SINCE, _SINCE, literal(0), _BODY).where(
        ~select(notices.c.seq).where(notices.c.id == _NOTICE).exists()
    ),
    include_defaults=False,
)
_PARK_KEY = (
    (parks.c.account == bindparam("the_account"))
    & (parks.c.model == bindparam("the_model"))
    & (parks.c.kind == bindparam("the_kind"))
    & (parks.c.project == bindparam("the_project"))
)
_PARK = select(parks.c.until, parks.c.since).where(_PARK_KEY)
_DROP_PARK = delete(parks).where(_PARK_KEY)
_INSERT_PARK = insert(parks)


# --- new jobs -------------------------------------------------------------------------------------------------------


def add(conn: Connection, new: Sequence[Job], policy: Policy, group: Group | None = None) -> list[Job]:
    """Store new jobs, or the first error and none; a job whose key is taken is answered by the one that has it."""
    stored: list[Job] = []
    for job in new:
        there = None if job.key is None else conn.execute(_BY_KEY, {"the_key": job.key}).scalar()
        if there is not None:
            stored.append(same_ask(job, job_of(there)))
            continue
        if conn.execute(_VERSION, {"the_id": job.id}).first() is not None:
            raise Conflict(f"there is a job {job.id} already; nothing was stored")
        _insert(conn, job, policy)
        stored.append(job)
        if group is not None and job.group == group.id:
            groups.keep(conn, group)
    return stored


def _insert(conn: Connection, job: Job, policy: Policy) -> None:
    columns = index(job, policy)
    conn.execute(
        _INSERT,
        {
            "id": job.id,
            "version": job.version,
            "state": columns.state,
            "account": columns.account,
            "model": columns.model,
            "lane": columns.lane,
            "due_at": columns.due_at,
            "queued_at": columns.queued_at,
            "order_at": columns.order_at,
            "slot_until": columns.slot_until,
            "intent_at": columns.intent_at,
            "seen_at": columns.seen_at,
            "created_at": job.created_at,
            "place": job.index,
            "batch": job.group,
            "key": job.key,
            "spare_of": job.spare_of,
            "project": job.project,
            "ask": job.ask,
            "priority": job.priority,
            "bound": columns.bound,
            "claim_owner": None,
            "claim_until": None,
            "body": job_text(job),
            "task_id": columns.task_id,
            "accepted_at": columns.accepted_at,
            "task_how": columns.task_how,
            "tier": columns.tier,
            "clip_s": columns.clip_s,
            "stake_bytes": columns.stake_bytes,
        },
    )
    _own_tasks(conn, job)
    feed.made(conn, job)
    if job.tags:
        conn.execute(_INSERT_TAG, [{"tag": tag, "job_id": job.id} for tag in job.tags])


# --- changes --------------------------------------------------------------------------------------------------------


def write(conn: Connection, change: Change, policy: Policy, claimed_until: float | None = None) -> None:
    """All of a change. The job's claim ends, or with `claimed_until` lasts until then.

    A job that stays Submitting keeps its claim: the paid call is still in somebody's hands. Raises Stale, NotFound,
    TaskTaken, Internal; then the caller rolls back.
    """
    job = change.job
    if change.full is not None:
        locks.take(conn, locks.of_key(change.full))
    statement = _KEEP_IN_THE_AIR if isinstance(job.state, Submitting) else _END_CLAIM
    values = _columns(change, policy)
    if claimed_until is not None:
        statement = _HOLD_CLAIM
        values["claimed_until"] = claimed_until
    if conn.execute(statement, values).rowcount != 1:
        check_version(change, conn.execute(_VERSION, {"the_id": job.id}).scalar())
    if job.version != change.was + 1:
        raise Internal(f"job {job.id}: a change on version {change.was} must make {change.was + 1}")
    _own_tasks(conn, job)
    reviews.owe(conn, job)
    left_out = _bear(conn, change, policy)
    if change.entry is not None:
        line = {"job_id": job.id, "version": change.entry.version, "body": entry_text(change.entry)}
        conn.execute(_INSERT_ENTRY, line)
        feed.changed(conn, job, change.entry)
    alarms = ledger.book(conn, change.money, left_out) if change.money else []
    for notice in (*change.notices, *alarms):
        if notice.job_id not in left_out:  # one that is known already stays as it is
            row = {"id": notice.id, "at": notice.at, "body": notice_text(notice)}
            conn.execute(_INSERT_NOTICE, row)
    if change.lift is not None:
        busy = {"the_account": change.lift.account, "the_model": change.lift.model, "the_kind": Pause.BUSY.value}
        busy["the_project"] = ""
        conn.execute(_DROP_PARK, busy)
    at = job.created_at if change.entry is None else change.entry.at
    if change.park is not None:
        set_park(conn, change.park, at)
    if change.full is not None:
        learning.refused(conn, change.full, claims.held(conn, change.full, at), at, policy)


def check_version(change: Change, version: int | None) -> None:
    """Raises NotFound where the job has none, or Stale when it is no longer the one the change was made on."""
    if version is None:
        raise NotFound(f"there is no job {change.job.id} here")
    if version != change.was:
        raise Stale(f"job {change.job.id} is at version {version}, the change was made on {change.was}")


def _columns(change: Change, policy: Policy) -> dict[str, Any]:
    job = change.job
    columns = index(job, policy)
    return {
        "the_id": job.id,
        "was": change.was,
        "new_version": job.version,
        "new_state": columns.state,
        "new_account": columns.account,
        "new_model": columns.model,
        "new_lane": columns.lane,
        "new_due_at": columns.due_at,
        "new_queued_at": columns.queued_at,
        "new_order_at": columns.order_at,
        "new_slot_until": columns.slot_until,
        "new_intent_at": columns.intent_at,
        "new_seen_at": columns.seen_at,
        "new_bound": columns.bound,
        "new_body": job_text(job),
        "new_task_id": columns.task_id,
        "new_accepted_at": columns.accepted_at,
        "new_task_how": columns.task_how,
        "new_tier": columns.tier,
        "new_clip_s": columns.clip_s,
        "new_stake_bytes": columns.stake_bytes,
    }


def _own_tasks(conn: Connection, job: Job) -> None:
    """Enter the job's tasks, past ones too. Raises TaskTaken."""
    for task in sorted(known_tasks(job)):
        at = {"the_account": job.account.id, "the_task": task}
        owner = conn.execute(_TASK, at).scalar()
        if owner is None:
            conn.execute(_INSERT_TASK, {"account": job.account.id, "task_id": task, "job_id": job.id})
        elif owner != job.id:
            raise TaskTaken(f"task {task} of account {job.account.id} belongs to job {owner}; nothing was written")


def _bear(conn: Connection, change: Change, policy: Policy) -> set[str]:
    """Store the spares, and say which were left out because their task is known already."""
    left_out: set[str] = set()
    for spare in change.born:
        task = current_task(spare)
        at: Mapping[str, str] = {} if task is None else {"the_account": spare.account.id, "the_task": task.id}
        if at and conn.execute(_TASK, at).first() is not None:
            left_out.add(spare.id)
            continue
        if conn.execute(_VERSION, {"the_id": spare.id}).first() is not None:
            raise Internal(f"there is a job {spare.id} already, with another task; nothing was written")
        _insert(conn, spare, policy)
    return left_out


def set_park(conn: Connection, park: Park, at: float) -> None:
    """A park takes the place of an earlier one of its kind on its key; other kinds stand beside it."""
    place = {"the_account": park.key.account, "the_model": park.key.model, "the_kind": park.kind.value}
    place["the_project"] = park.project
    before = conn.execute(_PARK, place).first()
    since = before.since if before is not None and before.until > at else at
    conn.execute(_DROP_PARK, place)
    conn.execute(
        _INSERT_PARK,
        {
            "account": park.key.account,
            "model": park.key.model,
            "kind": park.kind.value,
            "project": park.project,
            "until": park.until,
            "since": since,
            "body": park_text(park),
        },
    )
