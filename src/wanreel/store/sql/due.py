"""When to look again: the earliest instant at which a job, a park or a notice needs somebody."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, func, select

from wanreel.domain.event import SlotKey
from wanreel.domain.policy import Policy, longest_delay_s
from wanreel.domain.slots import free_at
from wanreel.ports.jobs import Lane
from wanreel.store.sql import claims, learning
from wanreel.store.sql.claims import BY_HAND, IS_FREE, IS_QUEUED, OF_KEY, PARKS_KEY, Limits, queued_keys
from wanreel.store.sql.tables import jobs, notices, parks

_NOW: ColumnElement[float] = bindparam("now")
_FAR: ColumnElement[float] = bindparam("far_at")
_IN_LANE = jobs.c.lane == bindparam("lane")
_IS_CLAIMED = jobs.c.claim_until > _NOW


@dataclass(frozen=True, slots=True)
class _Ready:
    """The statements that tell when some part of the queue can next be claimed."""

    soonest: Select[Any]
    far: Select[Any]  # due further ahead than anybody plans: a clock jumped, so it is due now
    claimed: Select[Any]  # once its claim has run out


def _ready(free: ColumnElement[bool], claimed: ColumnElement[bool]) -> _Ready:
    due_or_until = case(
        (and_(jobs.c.due_at > jobs.c.claim_until, jobs.c.due_at <= _FAR), jobs.c.due_at), else_=jobs.c.claim_until
    )
    return _Ready(
        soonest=select(jobs.c.due_at).where(free, IS_FREE).order_by(jobs.c.due_at).limit(1),
        far=select(jobs.c.id).where(free, jobs.c.due_at > _FAR, IS_FREE).limit(1),
        claimed=select(func.min(due_or_until)).where(claimed, _IS_CLAIMED),
    )


_OF_LANE = _ready(_IN_LANE, _IN_LANE)
_OF_PROJECT = and_(OF_KEY, jobs.c.project == bindparam("project"))
_OF_QUEUE = _ready(and_(IS_QUEUED, _OF_PROJECT), and_(_IN_LANE, _OF_PROJECT))
_RESCUE = select(func.min(func.coalesce(jobs.c.claim_until, jobs.c.intent_at))).where(jobs.c.intent_at.is_not(None))
_NOTICE = select(func.min(notices.c.due_at)).where(notices.c.delivered_at.is_(None))
_SLOT_ENDS = select(jobs.c.slot_until).where(OF_KEY, jobs.c.slot_until > _NOW)
_CLAIM_ENDS = select(jobs.c.claim_until).where(_IN_LANE, OF_KEY, _IS_CLAIMED)
_LAST_INTENT = select(func.max(jobs.c.intent_at)).where(OF_KEY, jobs.c.intent_at > bindparam("quiet_from"))
_PARKED_UNTIL = select(func.max(parks.c.until)).where(
    PARKS_KEY,
    parks.c.project == "",
    parks.c.until > _NOW,
    parks.c.until <= _FAR,
)

_HELD_BY_HAND = select(parks.c.kind).where(PARKS_KEY, parks.c.project == "", BY_HAND).limit(1)


def next_due(conn: Connection, now: float, limits: Limits, policy: Policy) -> float | None:
    """The earliest instant at which anything needs attention; it may lie in the past. None: nothing is pending.

    Queued work whose key has no slot, is parked or has a submit in the air counts from when that ends; where nobody
    knows when (a running task ends when it ends), it counts not at all.
    """
    far_at = now + longest_delay_s(policy)
    instants = [
        conn.execute(_NOTICE).scalar(),
        conn.execute(_RESCUE).scalar(),
        _ready_at(conn, _OF_LANE, {"lane": Lane.WATCH, "now": now, "far_at": far_at}),
        _ready_at(conn, _OF_LANE, {"lane": Lane.ARCHIVE, "now": now, "far_at": far_at}),
    ]
    for key in queued_keys(conn):
        at = {"lane": Lane.SUBMIT, "account": key.account, "model": key.model, "now": now, "far_at": far_at}
        held_back = claims.parked(conn, key, now, far_at)
        projects = sorted({project for project, _ in claims.groups(conn, key)} - held_back)
        ready = [_ready_at(conn, _OF_QUEUE, {**at, "project": project}) for project in projects]
        if found := [ready_at for ready_at in ready if ready_at is not None]:
            instants.append(max(min(found), _gate(conn, key, at, limits, policy)))
    earliest = min((i for i in instants if i is not None), default=math.inf)
    return None if earliest == math.inf else earliest


def _ready_at(conn: Connection, part: _Ready, at: dict[str, Any]) -> float | None:
    instants = [conn.execute(part.soonest, at).scalar(), conn.execute(part.claimed, at).scalar()]
    if conn.execute(part.far, at).first() is not None:
        instants.append(at["now"])
    return min((i for i in instants if i is not None), default=None)


def _gate(conn: Connection, key: SlotKey, at: dict[str, Any], limits: Limits, policy: Policy) -> float:
    """When, as far as is known, the next job of a key may be sent: no park, nothing in the air, a slot free."""
    gates: list[float] = []
    if conn.execute(_HELD_BY_HAND, at).first() is not None:
        return math.inf
    parked_until = conn.execute(_PARKED_UNTIL, at).scalar()
    if parked_until is not None:
        gates.append(parked_until)
    last_intent = conn.execute(_LAST_INTENT, {**at, "quiet_from": at["now"] - policy.quiet_s}).scalar()
    if last_intent is not None:
        gates.append(last_intent + policy.quiet_s)
    ends = sorted([*conn.execute(_SLOT_ENDS, at).scalars(), *conn.execute(_CLAIM_ENDS, at).scalars()])
    gates.append(free_at(limits(key), learning.of_key(conn, key), ends, at["now"]))
    return max(gates)
