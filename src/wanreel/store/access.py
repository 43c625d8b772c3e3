"""Projects, tokens and the audit log: in memory, and in the database through whoever reads and writes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from wanreel.domain.access import Deed, Project, Token
from wanreel.store.sql import access as sql

Door = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


class MemoryAccess:
    """`ports.Access` over plain dictionaries."""

    def __init__(self) -> None:
        self._projects: dict[str, Project] = {}
        self._tokens: dict[str, Token] = {}
        self._deeds: list[Deed] = []

    async def add_project(self, project: Project) -> None:
        self._projects.setdefault(project.name, project)

    async def projects(self) -> list[Project]:
        return sorted(self._projects.values(), key=lambda p: (p.created_at, p.name))

    async def put_token(self, token: Token) -> None:
        self._tokens[token.id] = token

    async def tokens(self) -> list[Token]:
        return sorted(self._tokens.values(), key=lambda t: (t.created_at, t.id))

    async def token_of(self, sha256: str) -> Token | None:
        return next((t for t in self._tokens.values() if t.sha256 == sha256), None)

    async def mark_used(self, token_id: str, at: float) -> None:
        if token_id in self._tokens:
            self._tokens[token_id] = replace(self._tokens[token_id], used_at=at)

    async def note(self, deed: Deed) -> None:
        self._deeds.append(deed)

    async def deeds(self, limit: int) -> list[Deed]:
        return self._deeds[::-1][:limit]


class SqlAccess:
    """`ports.Access` in the database."""

    def __init__(self, write: Door, read: Door) -> None:
        self._write = write
        self._read = read

    async def add_project(self, project: Project) -> None:
        await self._write(lambda conn: sql.add_project(conn, project))

    async def projects(self) -> list[Project]:
        return await self._read(sql.projects)

    async def put_token(self, token: Token) -> None:
        await self._write(lambda conn: sql.put_token(conn, token))

    async def tokens(self) -> list[Token]:
        return await self._read(sql.tokens)

    async def token_of(self, sha256: str) -> Token | None:
        return await self._read(lambda conn: sql.token_of(conn, sha256))

    async def mark_used(self, token_id: str, at: float) -> None:
        await self._write(lambda conn: sql.mark_used(conn, token_id, at))

    async def note(self, deed: Deed) -> None:
        await self._write(lambda conn: sql.note(conn, deed))

    async def deeds(self, limit: int) -> list[Deed]:
        return await self._read(lambda conn: sql.deeds(conn, limit))
