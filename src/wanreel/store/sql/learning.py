"""What refusals have taught about limits: read where slots are counted, written with the refusal itself."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select

from wanreel.domain.event import SlotKey
from wanreel.domain.policy import Policy
from wanreel.domain.slots import Learned, allowed, learn
from wanreel.store.sql.tables import learned

_ALL = select(learned)
_OF_KEY = (learned.c.account == bindparam("the_account")) & (learned.c.model == bindparam("the_model"))
_ONE = _ALL.where(_OF_KEY)
_DROP = delete(learned).where(_OF_KEY)
_INSERT = insert(learned)
_FORGET_ALL = delete(learned)
_FORGET = _FORGET_ALL.where(learned.c.account == bindparam("the_account"))


def of_key(conn: Connection, key: SlotKey) -> Learned | None:
    """What was learned of a key."""
    row = conn.execute(_ONE, {"the_account": key.account, "the_model": key.model}).first()
    return None if row is None else Learned(row.slots, row.at, row.probe_s)


def most(conn: Connection, key: SlotKey, limit: int, now: float) -> int:
    """How many of a key may run now, where `limit` was set or told."""
    return allowed(limit, of_key(conn, key), now)


def refused(conn: Connection, key: SlotKey, others: int, now: float, policy: Policy) -> None:
    """No more than these may run, said the vendor."""
    found = learn(of_key(conn, key), others, now, policy)
    conn.execute(_DROP, {"the_account": key.account, "the_model": key.model})
    row = {"account": key.account, "model": key.model, "slots": found.slots, "at": found.at, "probe_s": found.probe_s}
    conn.execute(_INSERT, row)


def everything(conn: Connection) -> Mapping[SlotKey, Learned]:
    """All that was learned."""
    rows = conn.execute(_ALL)
    return {SlotKey(row.account, row.model): Learned(row.slots, row.at, row.probe_s) for row in rows}


def forget(conn: Connection, account: str | None) -> int:
    """Forget what was learned of an account, or all of it; how much it was."""
    if account is None:
        return conn.execute(_FORGET_ALL).rowcount
    return conn.execute(_FORGET, {"the_account": account}).rowcount
