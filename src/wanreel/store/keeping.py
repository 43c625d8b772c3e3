"""The database's doors to what is kept of finished jobs (`ports.Gallery`, `ports.Custodian`)."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import Protocol, TypeVar

from wanreel.domain.job import Job
from wanreel.domain.keeping import Custody, KeptViews, Share
from wanreel.ports.keeping import Ruling, Worn
from wanreel.store.sql import keeping
from wanreel.store.writer import Work

T = TypeVar("T")


class Run(Protocol):
    """Does a piece of work in the database."""

    def __call__(self, work: Work[T], /) -> Awaitable[T]:
        """Its result, once it is durable."""
        ...


class DatabaseKeeping:
    """Both doors over whoever runs work in the database; `wipe` writes so that nothing deleted can be read any more."""

    def __init__(self, write: Run, read: Run, wipe: Run) -> None:
        self._write = write
        self._read = read
        self._wipe = wipe

    async def views_of(self, job_id: str) -> KeptViews | None:
        return await self._read(lambda conn: keeping.views_for(conn, job_id))

    async def keep_views(self, views: KeptViews) -> None:
        await self._write(lambda conn: keeping.keep_views(conn, views))

    async def drop_views(self, job_id: str) -> None:
        await self._write(lambda conn: keeping.drop_views(conn, job_id))

    async def share(self, share: Share) -> Share:
        return await self._write(lambda conn: keeping.share(conn, share))

    async def shared(self, token: str) -> Share | None:
        return await self._read(lambda conn: keeping.shared(conn, token))

    async def shares_of(self, job_id: str) -> list[Share]:
        return await self._read(lambda conn: keeping.shares_of(conn, job_id))

    async def revoke(self, token: str, at: float) -> bool:
        return await self._write(lambda conn: keeping.revoke(conn, token, at))

    async def custody_of(self, job_ids: Sequence[str]) -> Mapping[str, Custody]:
        return await self._read(lambda conn: keeping.custodies(conn, job_ids))

    async def decide(self, rulings: Sequence[Ruling]) -> None:
        await self._write(lambda conn: keeping.decide(conn, rulings))

    async def worn(self, which: Worn) -> list[Job]:
        return await self._read(lambda conn: keeping.worn(conn, which))

    async def due(self, now: float, limit: int) -> list[Custody]:
        return await self._read(lambda conn: keeping.due(conn, now, limit))

    async def trash(self, limit: int) -> list[Custody]:
        return await self._read(lambda conn: keeping.trash(conn, limit))

    async def erase(self, jobs: Sequence[Job], at: float) -> None:
        await self._wipe(lambda conn: keeping.erase(conn, jobs, at))

    async def prune(self, before: float) -> int:
        return await self._write(lambda conn: keeping.prune(conn, before))

    async def needed_inputs(self) -> frozenset[str]:
        return await self._read(keeping.needed_inputs)

    async def refers(self, sha256: str, but: Collection[str]) -> bool:
        return await self._read(lambda conn: keeping.refers(conn, sha256, but))
