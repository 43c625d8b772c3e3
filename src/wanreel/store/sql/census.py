"""How the database stands at one moment: only what is unfinished is read, however much has ended."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

from wanreel.domain.job import FINAL, STATES, state_name
from wanreel.money.amount import of_nanos
from wanreel.money.ledger import Purse
from wanreel.ports.census import Census, Standing
from wanreel.ports.jobs import Lane
from wanreel.store.sql.tables import jobs, ledger

_UNFINISHED = jobs.c.state.in_([state_name(state) for state in STATES if state not in FINAL])
_STANDINGS = (
    select(jobs.c.state, func.count().label("jobs"), func.min(jobs.c.created_at).label("oldest_at"))
    .where(_UNFINISHED)
    .group_by(jobs.c.state)
)
_DIES_FIRST = select(func.min(jobs.c.order_at)).where(
    jobs.c.lane == Lane.ARCHIVE.value,
    jobs.c.stake_bytes.is_not(None),  # what lies in the spool has none
)
_IN = case((ledger.c.target == Purse.RESERVED.value, ledger.c.nanos), else_=-ledger.c.nanos)
_RESERVED = (
    select(ledger.c.currency, func.sum(_IN).label("nanos"))
    .join(jobs, jobs.c.id == ledger.c.holder)
    .where(
        _UNFINISHED,
        ledger.c.nanos.is_not(None),
        (ledger.c.source == Purse.RESERVED.value) | (ledger.c.target == Purse.RESERVED.value),
    )
    .group_by(ledger.c.currency)
    .order_by(ledger.c.currency)
)


def census(conn: Connection) -> Census:
    """Unfinished jobs by state, the nearest loss, and what is reserved."""
    return Census(
        {row.state: Standing(row.jobs, row.oldest_at) for row in conn.execute(_STANDINGS)},
        conn.execute(_DIES_FIRST).scalar(),
        {row.currency: of_nanos(int(row.nanos)) for row in conn.execute(_RESERVED) if row.nanos},
    )
