"""Claims: who may work on what, until when. What a claim hands out nobody else gets while it lasts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from wanreel.domain.event import ALL, Pause, SlotKey
from wanreel.domain.job import Job
from wanreel.domain.slots import Learned, allowed
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
_KEY = (jobs.c.account, jobs.c.model)
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


def _leaping() -> CTE:
    """Every key that has queued work, with the first of its groups, found by leaping from key to key, however long the
    queues are.
    """
    start = select(*_KEY, *_GROUP).where(IS_QUEUED).order_by(*_KEY, *_GROUP).limit(1).subquery()
    found = select(start).cte("queued", recursive=True)
    one, after = jobs.alias("one"), jobs.alias("after")
    place = (after.c.account, after.c.model, after.c.project, after.c.priority)
    further = tuple_(after.c.account, after.c.model) > tuple_(found.c.account, found.c.model)
    leap = select(after.c.id).where(after.c.queued_at.is_not(None), further).order_by(*place).limit(1)
    there = one.c.id == leap.correlate(found).scalar_subquery()
    mine = (one.c.account, one.c.model, one.c.project, one.c.priority)
    return found.union_all(select(*mine).join_from(found, one, there))


_QUEUED = _leaping()
_KEYS = select(_QUEUED.c.account, _QUEUED.c.model).order_by(_QUEUED.c.account, _QUEUED.c.model)
HOLDS = (OF_KEY, jobs.c.slot_until > _NOW)
_HELD = select(func.count()).where(*HOLDS)
_HELD_EACH = select(jobs.c.project, func.count().label("slots")).where(*HOLDS).group_by(jobs.c.project)
_HELD_OF_QUEUED = (
    select(func.count())
    .where(jobs.c.account == _QUEUED.c.account, jobs.c.model == _QUEUED.c.model, jobs.c.slot_until > _NOW)
    .correlate(_QUEUED)
)
_FURTHER_GROUP = (
    select(jobs.c.id)
    .where(
        IS_QUEUED,
        jobs.c.account == _QUEUED.c.account,
        jobs.c.model == _QUEUED.c.model,
        tuple_(*_GROUP) > tuple_(_QUEUED.c.project, _QUEUED.c.priority),
    )
    .correlate(_QUEUED)
)
_LINES = select(
    *_QUEUED.c,
    _HELD_OF_QUEUED.scalar_subquery().label("held"),
    case((_FURTHER_GROUP.exists(), 1), else_=0).label("has_more"),
).order_by(_QUEUED.c.account, _QUEUED.c.model)
_READY = (
    select(*_KEY, jobs.c.project, func.count().label("slots"))
    .where(jobs.c.lane == bindparam("lane", Lane.SUBMIT), jobs.c.claim_until > _NOW)
    .group_by(*_KEY, jobs.c.project)
)
_ALL_IN_THE_AIR = select(*_KEY).where(jobs.c.intent_at > bindparam("quiet_from")).distinct()
IN_THE_AIR = select(jobs.c.id).where(OF_KEY, jobs.c.intent_at > bindparam("quiet_from")).limit(1)
BY_HAND = parks.c.kind == Pause.HAND.value
PARKS_KEY = and_(
    or_(parks.c.account == bindparam("account"), parks.c.account == ALL),
    or_(parks.c.model == bindparam("model"), parks.c.model == ALL),
)
IN_FORCE = or_(BY_HAND, and_(parks.c.until > _NOW, parks.c.until <= _FAR))  # later ends: of a clock that jumped
_PARKED = select(parks.c.project).where(PARKS_KEY, IN_FORCE).distinct()
_HAS_ENDED = and_(parks.c.until <= _NOW, not_(BY_HAND))
_PARKS = select(
    parks.c.account,
    parks.c.model,
    parks.c.project,
    case((IN_FORCE, 1), else_=0).label("in_force"),
    case((_HAS_ENDED, 1), else_=0).label("has_ended"),
)
_FORGET_PARKS = delete(parks).where(_HAS_ENDED)
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
    if asked.lane is Lane.SUBMIT:
        heads = _heads(conn, asked, limits)
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
    found = [conn.execute(_NAMED_ONE, {**at, "the_id": job_id}).first() for job_id in dict.fromkeys(asked.ids)]
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


def queued_keys(conn: Connection) -> list[SlotKey]:
    """Every slot key that has queued work."""
    return [SlotKey(row.account, row.model) for row in conn.execute(_KEYS)]


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
    return conn.execute(IN_THE_AIR, asked).first() is not None


@dataclass(frozen=True, slots=True)
class _Standing:
    """What decides who of the queued goes next, of all keys: read in a few statements, however many keys there are."""

    air: frozenset[SlotKey]  # a submit went out and has not been answered
    ready: Mapping[SlotKey, Counter[str]]  # claimed and about to be sent, by project
    parks: Mapping[SlotKey, set[str]]  # whose jobs are held back, by project; the key may be of ALL
    learned: Mapping[SlotKey, Learned]

    def parked(self, key: SlotKey) -> frozenset[str]:
        """Whose jobs of a key are held back; "" for everybody's."""
        of = (key, SlotKey(key.account, ALL), SlotKey(ALL, key.model), SlotKey(ALL, ALL))
        return frozenset[str]().union(*(self.parks.get(one, ()) for one in of)) if self.parks else frozenset()


def _parks(conn: Connection, asked: Claim) -> Mapping[SlotKey, set[str]]:
    """What the parks in force hold back; those that have ended are forgotten."""
    held_back: defaultdict[SlotKey, set[str]] = defaultdict(set)
    parked = conn.execute(_PARKS, {"now": asked.now, "far_at": asked.far_at}).all()
    for row in parked:
        if row.in_force:
            held_back[SlotKey(row.account, row.model)].add(row.project)
    if any(row.has_ended for row in parked):
        conn.execute(_FORGET_PARKS, {"now": asked.now})
    return held_back


def _standing(conn: Connection, asked: Claim, held_back: Mapping[SlotKey, set[str]]) -> _Standing:
    ready: defaultdict[SlotKey, Counter[str]] = defaultdict(Counter)
    for row in conn.execute(_READY, {"now": asked.now}):
        ready[SlotKey(row.account, row.model)][row.project] += row.slots
    air = conn.execute(_ALL_IN_THE_AIR, {"quiet_from": asked.now - asked.quiet_s})
    return _Standing(
        air=frozenset(SlotKey(row.account, row.model) for row in air),
        ready=ready,
        parks=held_back,
        learned=learning.everything(conn),
    )


def _heads(conn: Connection, asked: Claim, limits: Limits) -> list[Any]:
    """The next queued job of every key that has one, where nobody else is choosing or sending just now: what is left
    for that is due a moment later.
    """
    mine: set[SlotKey] | None = None
    if locks.concurrent(conn):  # a turn is taken before what decides is read
        mine = {key for key in queued_keys(conn) if locks.take_if_free(conn, locks.of_key(key))}
    held_back = _parks(conn, asked)
    lines = conn.execute(_LINES, {"now": asked.now}).all()
    if not lines:
        return []
    standing = _standing(conn, asked, held_back)
    keys = [(SlotKey(line.account, line.model), line) for line in lines]
    heads = [_head(conn, key, line, standing, asked, limits) for key, line in keys if mine is None or key in mine]
    return [head for head in heads if head is not None]


def _head(conn: Connection, key: SlotKey, line: Any, standing: _Standing, asked: Claim, limits: Limits) -> Any:
    """The next queued job of a key, where a slot is free that nobody is getting ready for and nothing holds it back: of
    the highest priority, whose project has the fewest slots, the oldest.
    """
    held_back = standing.parked(key)
    if "" in held_back or key in standing.air:
        return None
    most = allowed(limits(key), standing.learned.get(key), asked.now)
    ready = standing.ready.get(key, Counter[str]())
    if most - line.held - ready.total() <= 0:
        return None
    at = {"account": key.account, "model": key.model, "now": asked.now}
    waiting: dict[int, list[str]] = {}
    for project, priority in groups(conn, key) if line.has_more else [(line.project, line.priority)]:
        if project not in held_back:
            waiting.setdefault(priority, []).append(project)
    for priority in sorted(waiting, reverse=True):
        here = {**at, "far_at": asked.far_at, "priority": priority}
        found = [conn.execute(_HEAD, {**here, "project": project}).first() for project in waiting[priority]]
        rows = [row for row in found if row is not None]
        if len(rows) > 1:
            taken = Counter({row.project: row.slots for row in conn.execute(_HELD_EACH, at)}) + ready
            return min(rows, key=lambda row: (taken[row.project], row.queued_at, row.place, row.id))
        if rows:
            return rows[0]
    return None
