"""Claims: who may work on what, until when. What a claim hands out nobody else gets while it lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, not_, or_, select, tuple_, update

from wanreel.domain.event import ALL, Pause, SlotKey
from wanreel.domain.job import Job
from wanreel.domain.spooling import LEFT_S
from wanreel.ports.jobs import Claim, Lane
from wanreel.store.rows import SAFE_S, job_of
from wanreel.store.sql import learning, locks
from wanreel.store.sql.tables import copies, jobs, parks

Limits = Callable[[SlotKey], int]

# --- conditions -----------------------------------------------------------------------------------------------------

_NOW: ColumnElement[float] = bindparam("now")
_FAR: ColumnElement[float] = bindparam("far_at")
IS_FREE = or_(jobs.c.claim_until.is_(None), jobs.c.claim_until <= _NOW)
IS_QUEUED = jobs.c.queued_at.is_not(None)
OF_KEY = and_(jobs.c.account == bindparam("account"), jobs.c.model == bindparam("model"))
_IS_DUE = or_(jobs.c.due_at <= _NOW, jobs.c.due_at > _FAR)
_IN_LANE = jobs.c.lane == bindparam("lane")
_PLACE = (jobs.c.order_at, jobs.c.place, jobs.c.id)
_QUEUE_PLACE = (jobs.c.queued_at, jobs.c.place, jobs.c.id)
_GROUP = (jobs.c.project, jobs.c.priority)

# --- statements -----------------------------------------------------------------------------------------------------

_DUE = (  # the lane stands in both halves so that an index serves each
    select(jobs.c.id, jobs.c.body)
    .where(or_(and_(_IN_LANE, jobs.c.due_at <= _NOW), and_(_IN_LANE, jobs.c.due_at > _FAR)), IS_FREE)
    .order_by(*_PLACE)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)  # what somebody else is just claiming or changing is theirs
)
_COPY = select(copies.c.job_id).where(copies.c.job_id == jobs.c.id)
_ELSEWHERE = and_(  # what lies in a spool has no stake
    jobs.c.stake_bytes.is_(None), _COPY.exists(), ~_COPY.where(copies.c.holder == bindparam("spool")).exists()
)
_LEFT = and_(jobs.c.due_at <= bindparam("left_at"), jobs.c.order_at > bindparam("alive_at"))
_DUE_HERE = _DUE.where(or_(not_(_ELSEWHERE), _LEFT))
_NAMED = (
    select(jobs.c.id, jobs.c.body)
    .where(_IN_LANE, IS_FREE)
    .order_by(*_PLACE)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_NAMED_ONE = select(jobs.c.id, jobs.c.body, *_PLACE[:2]).where(jobs.c.id == bindparam("the_id"), _IN_LANE, IS_FREE)
_HEAD = (
    select(jobs.c.id, jobs.c.body, *_GROUP, *_QUEUE_PLACE[:2])
    .where(
        IS_QUEUED,
        OF_KEY,
        jobs.c.project == bindparam("project"),
        jobs.c.priority == bindparam("priority"),
        _IS_DUE,
        IS_FREE,
    )
    .order_by(*_QUEUE_PLACE)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_FIRST_GROUP = select(*_GROUP).where(IS_QUEUED, OF_KEY).order_by(*_GROUP).limit(1)
_NEXT_GROUP = _FIRST_GROUP.where(tuple_(*_GROUP) > tuple_(bindparam("project"), bindparam("priority")))
_FIRST_KEY = select(jobs.c.account, jobs.c.model).where(IS_QUEUED).order_by(jobs.c.account, jobs.c.model).limit(1)
_NEXT_KEY = _FIRST_KEY.where(
    tuple_(jobs.c.account, jobs.c.model) > tuple_(bindparam("account"), bindparam("model")),
)
_HOLDS = (OF_KEY, jobs.c.slot_until > _NOW)
_IS_GETTING_READY = (OF_KEY, jobs.c.lane == bindparam("lane", Lane.SUBMIT), jobs.c.claim_until > _NOW)
_HELD = select(func.count()).where(*_HOLDS)
_HELD_EACH = select(jobs.c.project, func.count().label("slots")).where(*_HOLDS).group_by(jobs.c.project)
_READY_EACH = select(jobs.c.project, func.count().label("slots")).where(*_IS_GETTING_READY).group_by(jobs.c.project)
_IN_THE_AIR = select(jobs.c.id).where(OF_KEY, jobs.c.intent_at > bindparam("quiet_from")).limit(1)
BY_HAND = parks.c.kind == Pause.HAND.value
PARKS_KEY = and_(
    or_(parks.c.account == bindparam("account"), parks.c.account == ALL),
    or_(parks.c.model == bindparam("model"), parks.c.model == ALL),
)
_PARKED = (
    select(parks.c.project)
    .where(
        PARKS_KEY,
        or_(BY_HAND, and_(parks.c.until > _NOW, parks.c.until <= _FAR)),  # later ends: of a clock that jumped
    )
    .distinct()
)
_FORGET_PARKS = delete(parks).where(parks.c.until <= _NOW, not_(BY_HAND))
_TAKE = (
    update(jobs)
    .where(jobs.c.id == bindparam("the_id"))
    .values(claim_owner=bindparam("owner"), claim_until=bindparam("until"))
)
_HASTEN = update(jobs).where(jobs.c.lane == bindparam("the_lane"), jobs.c.due_at > _NOW).values(due_at=bindparam("now"))
_IS_CLAIMED = jobs.c.claim_until.is_not(None)
_RELEASE_ALL = update(jobs).where(_IS_CLAIMED).values(claim_owner=None, claim_until=None)


# --- what they are for ----------------------------------------------------------------------------------------------


def claim(conn: Connection, asked: Claim, limits: Limits) -> list[Job]:
    """Due jobs of a lane for a new owner; see `ports.Jobs.claim`."""
    conn.execute(_FORGET_PARKS, {"now": asked.now})
    if asked.lane is Lane.SUBMIT:
        heads = [head for key in queued_keys(conn) if (head := _head(conn, key, asked, limits)) is not None]
        rows = sorted(heads, key=lambda row: (-row.priority, row.queued_at, row.place, row.id))[: asked.limit]
    elif asked.ids:
        rows = _named(conn, asked)
    else:
        due = {"lane": asked.lane, "now": asked.now, "far_at": asked.far_at, "most": asked.limit}
        if asked.spool:
            left = {"spool": asked.spool, "left_at": asked.now - LEFT_S, "alive_at": asked.now + SAFE_S}
            rows = conn.execute(_DUE_HERE, due | left).all()
        else:
            rows = conn.execute(_DUE, due).all()
    take(conn, [row.id for row in rows], asked.owner, asked.until)
    return [job_of(row.body) for row in rows]


def _named(conn: Connection, asked: Claim) -> list[Any]:
    """Those of the jobs asked for by name that can be had."""
    at = {"lane": asked.lane, "now": asked.now}
    if locks.concurrent(conn):  # one way there and back, however many they are
        return list(conn.execute(_NAMED.where(jobs.c.id.in_(asked.ids)), {**at, "most": asked.limit}).all())
    found = [conn.execute(_NAMED_ONE, {**at, "the_id": job_id}).first() for job_id in asked.ids]
    rows = [row for row in found if row is not None]
    return sorted(rows, key=lambda row: (row.order_at, row.place, row.id))[: asked.limit]


def take(conn: Connection, ids: Sequence[str], owner: str, until: float) -> None:
    """Mark jobs as claimed."""
    if ids:
        conn.execute(_TAKE, [{"the_id": job_id, "owner": owner, "until": until} for job_id in ids])


def release(conn: Connection, owner: str | None, job_id: str | None) -> int:
    """End an owner's claims (None: everybody's), or only the one on a job, and say how many."""
    found = _RELEASE_ALL if owner is None else _RELEASE_ALL.where(jobs.c.claim_owner == owner)
    return conn.execute(found if job_id is None else found.where(jobs.c.id == job_id)).rowcount


def hasten(conn: Connection, now: float) -> int:
    """Make all that waits to be archived due; see `ports.Jobs.hasten`. The job itself keeps the instant it planned."""
    return conn.execute(_HASTEN, {"the_lane": Lane.ARCHIVE, "now": now}).rowcount


def queued_keys(conn: Connection) -> Iterator[SlotKey]:
    """Every slot key that has queued work, found by leaping from key to key, however long the queues are."""
    row = conn.execute(_FIRST_KEY).first()
    while row is not None:
        yield SlotKey(row.account, row.model)
        row = conn.execute(_NEXT_KEY, {"account": row.account, "model": row.model}).first()


def groups(conn: Connection, key: SlotKey) -> Iterator[tuple[str, int]]:
    """Every project and priority that has queued work of a key, found by leaping, however long the queues are."""
    at: dict[str, Any] = {"account": key.account, "model": key.model}
    row = conn.execute(_FIRST_GROUP, at).first()
    while row is not None:
        yield row.project, row.priority
        row = conn.execute(_NEXT_GROUP, {**at, "project": row.project, "priority": row.priority}).first()


def parked(conn: Connection, key: SlotKey, now: float, far_at: float) -> frozenset[str]:
    """Whose jobs of a key are held back, by project; "" for everybody's. An end beyond `far_at` was written by a clock
    that jumped.
    """
    at = {"account": key.account, "model": key.model, "now": now, "far_at": far_at}
    return frozenset(conn.execute(_PARKED, at).scalars())


def held(conn: Connection, key: SlotKey, now: float) -> int:
    """Slots of a key that are held."""
    return conn.execute(_HELD, {"account": key.account, "model": key.model, "now": now}).scalar_one()


def in_the_air(conn: Connection, key: SlotKey, now: float, quiet_s: float) -> bool:
    """Whether a submit of the key went out less than `quiet_s` ago and has not been answered."""
    asked = {"account": key.account, "model": key.model, "quiet_from": now - quiet_s}
    return conn.execute(_IN_THE_AIR, asked).first() is not None


def _head(conn: Connection, key: SlotKey, asked: Claim, limits: Limits) -> Any:
    """The next queued job of a key, where a slot is free that nobody is getting ready for and nothing holds it back: of
    the highest priority, whose project has the fewest slots, the oldest.
    """
    if not locks.take_if_free(conn, locks.of_key(key)):
        return None  # somebody else is choosing, or sending, just now: what is left is due a moment later
    at = {"account": key.account, "model": key.model, "now": asked.now}
    held_back = parked(conn, key, asked.now, asked.far_at)
    if "" in held_back:
        return None
    if in_the_air(conn, key, asked.now, asked.quiet_s):
        return None
    most = learning.most(conn, key, limits(key), asked.now)
    taken: Counter[str] = Counter()
    for statement in (_HELD_EACH, _READY_EACH):
        taken.update({row.project: row.slots for row in conn.execute(statement, at)})
    if most - taken.total() <= 0:
        return None
    waiting: dict[int, list[str]] = {}
    for project, priority in groups(conn, key):
        if project not in held_back:
            waiting.setdefault(priority, []).append(project)
    for priority in sorted(waiting, reverse=True):
        here = {**at, "far_at": asked.far_at, "priority": priority}
        found = [conn.execute(_HEAD, {**here, "project": project}).first() for project in waiting[priority]]
        heads = [row for row in found if row is not None]
        if heads:
            return min(heads, key=lambda row: (taken[row.project], row.queued_at, row.place, row.id))
    return None
