"""The worlds of several workers on a real PostgreSQL: each call of its store comes back before the world goes on.

So the world is the one that the memory's store gives with the same seed, to the last line, or the stores differ.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

import asyncpg

from wanreel.domain.policy import Policy
from wanreel.store.postgres.store import PostgresStore
from wanreel.store.sql.claims import Limits
from wanreel.store.sql.tables import metadata
from wanreel.store.writer import Work

T = TypeVar("T")

_EMPTY = "".join(f"DELETE FROM {table.name};" for table in reversed(metadata.sorted_tables))  # quicker than TRUNCATE


class SteppedStore(PostgresStore):
    """The real store, with a loop of its own that runs while a call is under way and stands still between calls."""

    def __init__(self, url: str, limits: Limits, policy: Policy, loop: asyncio.Runner) -> None:
        super().__init__(url, limits, policy)
        self._loop = loop

    async def _write(self, work: Work[T]) -> T:
        return self._loop.run(super()._write(work))

    async def _read(self, work: Work[T]) -> T:
        return self._loop.run(super()._read(work))


@contextmanager
def stores(url: str) -> Generator[Callable[[int, Policy], SteppedStore]]:
    """Makes one store after the other for one world after the other, each over the database emptied."""
    with asyncio.Runner() as loop:
        opened: list[SteppedStore] = []

        def close() -> None:
            while opened:
                loop.run(opened.pop().__aexit__(None, None, None))

        def make(limit: int, policy: Policy) -> SteppedStore:
            close()
            loop.run(_emptied(url))
            store = SteppedStore(url, lambda _: limit, policy, loop)
            opened.append(loop.run(store.__aenter__()))
            return store

        try:
            yield make
        finally:
            close()


async def _emptied(url: str) -> None:
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(_EMPTY)
    finally:
        await conn.close()
