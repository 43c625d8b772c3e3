"""What decides whether a job may be sent at this very moment, in one look: it is asked for every paid call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, bindparam, case, func, or_, select

from wanreel.domain.event import Change
from wanreel.domain.slots import Learned
from wanreel.domain.turn import slot_key
from wanreel.store.sql.claims import HOLDS, IN_FORCE, IN_THE_AIR, PARKS_KEY
from wanreel.store.sql.tables import budgets, jobs, learned, overruns, parks

_ACCOUNT: ColumnElement[str] = bindparam("account", type_=String)
_MODEL: ColumnElement[str] = bindparam("model", type_=String)
_PROJECT: ColumnElement[str] = bindparam("project", type_=String)


def _is_there(found: Select[Any]) -> ColumnElement[int]:
    return case((found.correlate(None).exists(), 1), else_=0)


_LOOK = (
    select(
        jobs.c.version,
        select(func.count()).where(*HOLDS).correlate(None).scalar_subquery().label("held"),
        _is_there(IN_THE_AIR).label("in_the_air"),
        _is_there(
            select(parks.c.kind).where(PARKS_KEY, IN_FORCE, or_(parks.c.project == "", parks.c.project == _PROJECT))
        ).label("is_parked"),
        _is_there(select(budgets.c.id).where(or_(budgets.c.project == "*", budgets.c.project == _PROJECT))).label(
            "has_budget"
        ),
        _is_there(select(overruns.c.id).where(overruns.c.account == _ACCOUNT, overruns.c.model == _MODEL)).label(
            "has_overrun"
        ),
        learned.c.slots,
        learned.c.at,
        learned.c.probe_s,
    )
    .select_from(jobs.outerjoin(learned, (learned.c.account == _ACCOUNT) & (learned.c.model == _MODEL)))
    .where(jobs.c.id == bindparam("the_id"))
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with a job's key and money. `version` None: there is no such job."""

    version: int | None
    held: int = 0  # slots of the key
    learned: Learned | None = None
    is_held_back: bool = False  # a park in force, or a submit that has not been answered
    may_be_stopped: bool = False  # there are budgets over the job's project, or wrong prices of its key


def look(conn: Connection, change: Change, now: float, quiet_s: float, far_at: float) -> Standing:
    """What stands for the job of a change that begins a submit; a park that ends beyond `far_at` was written by a clock
    that jumped.
    """
    job, key = change.job, slot_key(change.job)
    row = conn.execute(
        _LOOK,
        {
            "the_id": job.id,
            "account": key.account,
            "model": key.model,
            "project": job.project,
            "now": now,
            "quiet_from": now - quiet_s,
            "far_at": far_at,
        },
    ).first()
    if row is None:
        return Standing(None)
    return Standing(
        version=row.version,
        held=row.held,
        learned=None if row.slots is None else Learned(row.slots, row.at, row.probe_s),
        is_held_back=bool(row.in_the_air or row.is_parked),
        may_be_stopped=bool(row.has_budget or row.has_overrun),
    )
