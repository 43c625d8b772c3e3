"""Webhooks, messages and deliveries as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from wanreel.domain.hook import Delivery, Hook, Message
from wanreel.store import codec
from wanreel.store.sql.tables import deliveries, hooks, messages

_ALL = select(hooks.c.body).order_by(hooks.c.created_at, hooks.c.id)
_DROP = delete(hooks).where(hooks.c.id == bindparam("the_id"))
_PUT = insert(hooks)
_DROP_OWED = delete(deliveries).where(deliveries.c.hook == bindparam("the_hook"))
_MESSAGE = select(messages.c.id).where(messages.c.id == bindparam("the_message"))
_TELL = insert(messages)
_OWE = insert(deliveries)
_SINCE = select(messages).where(messages.c.at >= bindparam("since")).order_by(messages.c.at, messages.c.id)
_ONE = select(messages).where(messages.c.id == bindparam("the_message"))
_OF = (deliveries.c.hook == bindparam("the_hook")) & (deliveries.c.message == bindparam("the_message"))
_DROP_ONE = delete(deliveries).where(_OF)
_SETTLE = (
    update(deliveries)
    .where(_OF)
    .values(
        due_at=bindparam("new_due_at"),
        tries=bindparam("new_tries"),
        delivered_at=bindparam("new_delivered_at"),
        parked_at=bindparam("new_parked_at"),
        trouble=bindparam("new_trouble"),
    )
)
_MESSAGE_COLUMNS = (messages.c.id, messages.c.kind, messages.c.at, messages.c.project, messages.c.body)
_BOTH = select(deliveries, *_MESSAGE_COLUMNS).join(messages, messages.c.id == deliveries.c.message)
_FIRST = (
    select(deliveries.c.hook, func.min(deliveries.c.due_at).label("first_at"))
    .where(deliveries.c.due_at <= bindparam("now"))
    .group_by(deliveries.c.hook)
    .subquery()
)
_DUE = _BOTH.join(_FIRST, (_FIRST.c.hook == deliveries.c.hook) & (_FIRST.c.first_at == deliveries.c.due_at)).order_by(
    deliveries.c.due_at, deliveries.c.hook, messages.c.at, messages.c.id
)
_OWED = (
    _BOTH.where(deliveries.c.hook == bindparam("the_hook"))
    .order_by(messages.c.at.desc(), messages.c.id.desc())
    .limit(bindparam("most"))
)


def put(conn: Connection, hook: Hook) -> None:
    """Store a hook, in place of what stood under its id."""
    conn.execute(_DROP, {"the_id": hook.id})
    conn.execute(_PUT, {"id": hook.id, "created_at": hook.created_at, "body": codec.dumps(Hook, hook)})


def remove(conn: Connection, hook_id: str) -> None:
    """Forget a hook and what it was owed."""
    conn.execute(_DROP, {"the_id": hook_id})
    conn.execute(_DROP_OWED, {"the_hook": hook_id})


def everyone(conn: Connection) -> list[Hook]:
    """Every hook, oldest first."""
    return [codec.loads(Hook, text) for text in conn.execute(_ALL).scalars()]


def tell(conn: Connection, message: Message, to: Sequence[str], due_at: float) -> None:
    """Store a message and owe it; nothing where it is known."""
    if conn.execute(_MESSAGE, {"the_message": message.id}).first() is not None:
        return
    row = {"id": message.id, "kind": message.kind, "at": message.at, "project": message.project, "body": message.body}
    conn.execute(_TELL, row)
    for hook in to:
        _owe(conn, hook, message.id, due_at)


def due(conn: Connection, now: float, limit: int) -> list[tuple[Delivery, Message]]:
    """What is due, at most one of each hook."""
    found: dict[str, tuple[Delivery, Message]] = {}
    for row in conn.execute(_DUE, {"now": now}):
        if row.hook not in found:
            found[row.hook] = _pair(row)
        if len(found) >= limit:
            break
    return list(found.values())


def settle(conn: Connection, delivery: Delivery) -> None:
    """Write down how a try went."""
    over = delivery.delivered_at is not None or delivery.parked_at is not None
    conn.execute(
        _SETTLE,
        {
            "the_hook": delivery.hook,
            "the_message": delivery.message,
            "new_due_at": None if over else delivery.due_at,
            "new_tries": delivery.tries,
            "new_delivered_at": delivery.delivered_at,
            "new_parked_at": delivery.parked_at,
            "new_trouble": delivery.trouble,
        },
    )


def owed(conn: Connection, hook_id: str, limit: int) -> list[tuple[Delivery, Message]]:
    """What a hook was owed, newest first."""
    return [_pair(row) for row in conn.execute(_OWED, {"the_hook": hook_id, "most": limit})]


def again(conn: Connection, hook: Hook, now: float, message: str | None, since: float | None) -> int:
    """Owe anew."""
    rows = conn.execute(_ONE, {"the_message": message}) if message else conn.execute(_SINCE, {"since": since or 0.0})
    wanted = [row.id for row in rows if hook.wants(row.kind, row.project)]
    for one in wanted:
        conn.execute(_DROP_ONE, {"the_hook": hook.id, "the_message": one})
        _owe(conn, hook.id, one, now)
    return len(wanted)


def prune(conn: Connection, before: float) -> int:
    """Remove old messages that nobody is owed any more, and how they were delivered."""
    owed = select(deliveries.c.message).where(
        deliveries.c.message == messages.c.id,
        deliveries.c.due_at.is_not(None),
    )
    old = and_(messages.c.at < before, ~owed.exists())
    conn.execute(delete(deliveries).where(deliveries.c.message.in_(select(messages.c.id).where(old))))
    return conn.execute(delete(messages).where(old)).rowcount


def _owe(conn: Connection, hook: str, message: str, due_at: float) -> None:
    row = {"hook": hook, "message": message, "due_at": due_at, "tries": 0, "trouble": ""}
    conn.execute(_OWE, row)


def _pair(row: Any) -> tuple[Delivery, Message]:
    delivery = Delivery(
        row.hook, row.message, row.due_at or 0.0, row.tries, row.delivered_at, row.parked_at, row.trouble
    )
    return delivery, Message(row.id, row.kind, row.at, row.project, row.body)
