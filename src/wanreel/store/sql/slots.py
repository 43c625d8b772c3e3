"""Slots: admission at the very moment of sending, what holds them, and what holds work back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Integer,
    String,
    bindparam,
    delete,
    func,
    not_,
    or_,
    select,
    tuple_,
)

from wanreel.domain.errors import Internal
from wanreel.domain.event import ALL, Change, SlotKey
from wanreel.domain.job import Job, Submitting
from wanreel.domain.policy import Policy, longest_delay_s
from wanreel.domain.slots import allowed
from wanreel.domain.turn import slot_key
from wanreel.ports.slots import Parked
from wanreel.store.rows import job_of, park_of
from wanreel.store.sql import admission, changes, claims, ledger, locks
from wanreel.store.sql.claims import BY_HAND, IS_FREE, IS_QUEUED, OF_KEY, Limits
from wanreel.store.sql.tables import jobs, parks

_NOW: ColumnElement[float] = bindparam("now")
_IN_USE = (
    select(jobs.c.account, jobs.c.model, func.count().label("slots"))
    .where(jobs.c.slot_until > _NOW)
    .group_by(jobs.c.account, jobs.c.model)
)
_WAITING = (
    select(jobs.c.account, jobs.c.model, func.count().label("jobs"))
    .where(IS_QUEUED)
    .group_by(jobs.c.account, jobs.c.model)
)
_MOVABLE = (
    select(jobs.c.body)
    .where(IS_QUEUED, OF_KEY, jobs.c.bound == 0, IS_FREE)
    .order_by(jobs.c.priority.desc(), jobs.c.queued_at, jobs.c.place, jobs.c.id)
    .limit(bindparam("most"))
)
_PLACE = tuple_(-jobs.c.priority, jobs.c.queued_at, jobs.c.place, jobs.c.id)
_ITS: tuple[ColumnElement[int], ColumnElement[float], ColumnElement[int], ColumnElement[str]] = (
    bindparam("last", type_=Integer),
    bindparam("since", type_=Double),
    bindparam("place", type_=Integer),
    bindparam("the_job", type_=String),
)
_OWN_PLACE = tuple_(*_ITS)
_AHEAD = select(func.count()).where(IS_QUEUED, OF_KEY, _PLACE < _OWN_PLACE)
_NUMBERED = (
    select(
        jobs.c.id,
        func.row_number()
        .over(order_by=(jobs.c.priority.desc(), jobs.c.queued_at, jobs.c.place, jobs.c.id))
        .label("number"),
    )
    .where(IS_QUEUED, OF_KEY)
    .subquery()
)
_PLACES = select(_NUMBERED.c.id, _NUMBERED.c.number).where(_NUMBERED.c.id.in_(bindparam("some", expanding=True)))
_PARKS = (
    select(parks.c.body, parks.c.since)
    .where(or_(parks.c.until > _NOW, BY_HAND))
    .order_by(parks.c.account, parks.c.model, parks.c.kind, parks.c.project)
)
_LIFT_ALL = delete(parks).where(not_(BY_HAND))
_LIFT = _LIFT_ALL.where(parks.c.account == bindparam("the_account"))
_LOST = (
    select(jobs.c.id, jobs.c.body)
    .where(jobs.c.intent_at.is_not(None), IS_FREE)
    .order_by(jobs.c.intent_at, jobs.c.id)
    .with_for_update(skip_locked=True)
)
_STAKE = select(func.coalesce(func.sum(jobs.c.stake_bytes), 0)).where(jobs.c.stake_bytes.is_not(None))
_SEEN = (
    select(jobs.c.id)
    .where(
        jobs.c.account == bindparam("the_account"),
        jobs.c.seen_at >= bindparam("since"),
        jobs.c.id != bindparam("but"),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A change to Submitting that wants a slot now; the arguments of `ports.Slots.begin`."""

    change: Change
    now: float
    quiet_s: float
    claimed_until: float


def begin(conn: Connection, wish: Beginning, limits: Limits, policy: Policy) -> bool:
    """Commit the change if a slot is free at this moment; see `ports.Slots.begin`."""
    job = wish.change.job
    if not isinstance(job.state, Submitting):
        raise Internal(f"job {job.id}: begin is for changes to Submitting")
    key = slot_key(job)
    turns = [locks.of_key(key)]
    if job.group is not None and job.group_max_cost is not None:
        turns.append(f"money of group {job.group}")
    locks.take(conn, *turns)  # before anything is read that decides
    now = admission.look(conn, wish.change, wish.now, wish.quiet_s, wish.now + longest_delay_s(policy))
    changes.check_version(wish.change, now.version)
    if now.held >= allowed(limits(key), now.learned, wish.now) or now.is_held_back:
        return False
    warnings = ledger.affordable(conn, wish.change, limited=now.may_be_stopped)
    change = replace(wish.change, notices=(*wish.change.notices, *warnings))
    changes.write(conn, change, policy, wish.claimed_until)
    return True


def in_use(conn: Connection, now: float) -> Mapping[SlotKey, int]:
    """Slots held, by key."""
    return {SlotKey(row.account, row.model): row.slots for row in conn.execute(_IN_USE, {"now": now})}


def waiting(conn: Connection) -> Mapping[SlotKey, int]:
    """Queued jobs, by key."""
    return {SlotKey(row.account, row.model): row.jobs for row in conn.execute(_WAITING)}


def movable(conn: Connection, key: SlotKey, now: float, limit: int) -> list[Job]:
    """Queued jobs of a key that may change their account and that nobody has claimed; who is next comes first."""
    asked = {"account": key.account, "model": key.model, "now": now, "most": limit}
    return [job_of(body) for body in conn.execute(_MOVABLE, asked).scalars()]


def ahead(conn: Connection, which: Sequence[Job]) -> dict[str, int]:
    """How many queued jobs go before each of these; see `ports.Holds`."""
    if len(which) == 1:
        return {which[0].id: _ahead_of_one(conn, which[0])}
    found: dict[str, int] = {}
    for key in {slot_key(job) for job in which}:
        mine = [job.id for job in which if slot_key(job) == key]
        rows = conn.execute(_PLACES, {"account": key.account, "model": key.model, "some": mine})
        found |= {job_id: place - 1 for job_id, place in rows}
    return found


def _ahead_of_one(conn: Connection, job: Job) -> int:
    """Those in front alone are counted, where the whole line would have to be put in order for many."""
    key = {"account": job.account.id, "model": job.request.model}
    place = {"last": -job.priority, "since": job.created_at, "place": job.index, "the_job": job.id}
    return int(conn.execute(_AHEAD, key | place).scalar_one())


def in_force(conn: Connection, now: float) -> list[Parked]:
    """Parks in force, by account, model and kind."""
    return [Parked(park_of(row.body), row.since) for row in conn.execute(_PARKS, {"now": now})]


def lift(conn: Connection, account: str | None) -> int:
    """End the parks of an account (None: all), but not those made by hand, and say how many."""
    if account is None:
        return conn.execute(_LIFT_ALL).rowcount
    return conn.execute(_LIFT, {"the_account": account}).rowcount


def resume(conn: Connection, key: SlotKey, project: str) -> int:
    """End what was held by hand, and say how many that were."""
    found = delete(parks).where(BY_HAND, parks.c.account == key.account, parks.c.project == project)
    return conn.execute(found if key.model == ALL else found.where(parks.c.model == key.model)).rowcount


def lost_submits(conn: Connection, now: float, owner: str, policy: Policy) -> list[Job]:
    """Jobs in Submitting that nobody holds, oldest intent first, claimed for `owner` for `send_by_s`."""
    rows = conn.execute(_LOST, {"now": now}).all()
    claims.take(conn, [row.id for row in rows], owner, now + policy.send_by_s)
    return [job_of(row.body) for row in rows]


def stake_bytes(conn: Connection) -> int:
    """What all clips under way may yet ask of the spool, together."""
    return int(conn.execute(_STAKE).scalar_one())


def seen_since(conn: Connection, account: str, since: float, but: str) -> bool:
    """Whether the vendor has shown any task of the account, other than job `but`'s, at or after `since`."""
    return conn.execute(_SEEN, {"the_account": account, "since": since, "but": but}).first() is not None
