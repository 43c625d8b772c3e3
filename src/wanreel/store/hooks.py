"""Webhooks and what they are owed: in memory, and in the database through whoever reads and writes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from wanreel.domain.hook import Delivery, Hook, Message
from wanreel.store.sql import hooks as sql

Door = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
Pair = tuple[Delivery, Message]


class MemoryHooks:
    """`ports.Hooks` over plain dictionaries."""

    def __init__(self) -> None:
        self._hooks: dict[str, Hook] = {}
        self._messages: dict[str, Message] = {}
        self._owed: dict[tuple[str, str], Delivery] = {}

    async def put(self, hook: Hook) -> None:
        self._hooks[hook.id] = hook

    async def remove(self, hook_id: str) -> None:
        self._hooks.pop(hook_id, None)
        self._owed = {key: owed for key, owed in self._owed.items() if key[0] != hook_id}

    async def all(self) -> list[Hook]:
        return sorted(self._hooks.values(), key=lambda hook: (hook.created_at, hook.id))

    async def tell(self, message: Message, hooks: Sequence[str], due_at: float) -> None:
        if message.id not in self._messages:
            self._messages[message.id] = message
            self._owed |= {(hook, message.id): Delivery(hook, message.id, due_at) for hook in hooks}

    async def due(self, now: float, limit: int) -> list[Pair]:
        open_ = [d for d in self._owed.values() if d.delivered_at is None and d.parked_at is None and d.due_at <= now]
        open_.sort(key=lambda d: (d.due_at, d.hook, self._messages[d.message].at, d.message))
        firsts: dict[str, Delivery] = {}
        for delivery in open_:
            firsts.setdefault(delivery.hook, delivery)
        return [(d, self._messages[d.message]) for d in list(firsts.values())[:limit]]

    async def settle(self, delivery: Delivery) -> None:
        if (delivery.hook, delivery.message) in self._owed:
            self._owed[delivery.hook, delivery.message] = delivery

    async def owed(self, hook_id: str, limit: int) -> list[Pair]:
        mine = [(d, self._messages[d.message]) for d in self._owed.values() if d.hook == hook_id]
        mine.sort(key=lambda pair: (pair[1].at, pair[1].id), reverse=True)
        return mine[:limit]

    async def again(self, hook: Hook, now: float, *, message: str | None, since: float | None) -> int:
        wanted = [
            m
            for m in self._messages.values()
            if (m.id == message if message else m.at >= (since or 0.0)) and hook.wants(m.kind, m.project)
        ]
        self._owed |= {(hook.id, m.id): Delivery(hook.id, m.id, now) for m in wanted}
        return len(wanted)

    async def prune(self, before: float) -> int:
        owed = {d.message for d in self._owed.values() if d.delivered_at is None and d.parked_at is None}
        gone = {m.id for m in self._messages.values() if m.at < before} - owed
        self._messages = {id_: m for id_, m in self._messages.items() if id_ not in gone}
        self._owed = {key: d for key, d in self._owed.items() if d.message not in gone}
        return len(gone)


class SqlHooks:
    """`ports.Hooks` in the database."""

    def __init__(self, write: Door, read: Door) -> None:
        self._write = write
        self._read = read

    async def put(self, hook: Hook) -> None:
        await self._write(lambda conn: sql.put(conn, hook))

    async def remove(self, hook_id: str) -> None:
        await self._write(lambda conn: sql.remove(conn, hook_id))

    async def all(self) -> list[Hook]:
        return await self._read(sql.everyone)

    async def tell(self, message: Message, hooks: Sequence[str], due_at: float) -> None:
        await self._write(lambda conn: sql.tell(conn, message, hooks, due_at))

    async def due(self, now: float, limit: int) -> list[Pair]:
        return await self._read(lambda conn: sql.due(conn, now, limit))

    async def settle(self, delivery: Delivery) -> None:
        await self._write(lambda conn: sql.settle(conn, delivery))

    async def owed(self, hook_id: str, limit: int) -> list[Pair]:
        return await self._read(lambda conn: sql.owed(conn, hook_id, limit))

    async def again(self, hook: Hook, now: float, *, message: str | None, since: float | None) -> int:
        return await self._write(lambda conn: sql.again(conn, hook, now, message, since))

    async def prune(self, before: float) -> int:
        return await self._write(lambda conn: sql.prune(conn, before))

    def for_one(self, is_mine: Callable[[], Awaitable[bool]]) -> SqlHooks:
        """The same where several couriers look for what is due: only the one whose duty it is finds any."""
        return _OneOfSeveral(self._write, self._read, is_mine)


class _OneOfSeveral(SqlHooks):
    def __init__(self, write: Door, read: Door, is_mine: Callable[[], Awaitable[bool]]) -> None:
        super().__init__(write, read)
        self._is_mine = is_mine

    async def due(self, now: float, limit: int) -> list[Pair]:
        return await super().due(now, limit) if await self._is_mine() else []
