"""The spool of one machine among several that work the same jobs: the others are told which clips it holds.

A machine reads its own spool alone. So what may lie in one is noted in the store before it lies there, and struck after
it is gone: at any moment the notes name every spool a clip may be in, and whoever meets a clip that is not here knows
whose it is, in place of taking it for lost.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from wanreel.archive.spool import LocalSpool
from wanreel.domain.errors import Unavailable
from wanreel.domain.job import SpoolCopy
from wanreel.domain.spooling import SpoolRoom
from wanreel.ports.clock import Clock
from wanreel.ports.spools import Copies

_NAME = ".name"
_NAME_BYTES_MAX = 200


class SharedSpool:
    """`ports.Spool` over a folder of this machine, and the notes of what lies in which."""

    def __init__(self, spool: LocalSpool, name: str, copies: Copies, clock: Clock) -> None:
        self._spool = spool
        self._copies = copies
        self._clock = clock
        self.name = name

    async def take(self, job_id: str, pieces: AsyncIterator[bytes], expected_bytes: int) -> SpoolCopy | None:
        """As `ports.Spool.take`; raises Unavailable where the store cannot note it."""
        await self._copies.note_copy(job_id, self.name, self._clock.now())
        copy: SpoolCopy | None = None
        try:
            copy = await self._spool.take(job_id, pieces, expected_bytes)
        finally:
            if copy is None:
                with suppress(Unavailable):  # a note too many is struck by the next sweep
                    await self._copies.drop_copy(job_id, self.name)
        if copy is not None:  # a neighbour's sweep may have struck it meanwhile
            await self._copies.note_copy(job_id, self.name, self._clock.now())
        return copy

    def read(self, job_id: str, copy: SpoolCopy) -> AsyncIterator[bytes]:
        """As `ports.Spool.read`."""
        return self._spool.read(job_id, copy)

    async def drop(self, job_id: str) -> None:
        """As `ports.Spool.drop`."""
        await self._spool.drop(job_id)
        await self._copies.drop_copy(job_id, self.name)

    async def held(self) -> list[str]:
        """As `ports.Spool.held`."""
        return await self._spool.held()

    async def has(self, job_id: str) -> bool:
        """As `ports.Spool.has`."""
        return await self._spool.has(job_id)

    async def noted(self) -> list[str]:
        """As `ports.Spool.noted`."""
        return sorted(job_id for job_id, holders in (await self._copies.copies()).items() if self.name in holders)

    async def others(self, job_id: str) -> tuple[str, ...]:
        """As `ports.Spool.others`."""
        holders = (await self._copies.copies([job_id])).get(job_id, ())
        return tuple(holder for holder in holders if holder != self.name)

    async def room(self) -> SpoolRoom:
        """As `ports.Spool.room`."""
        return await self._spool.room()

    async def sweep(self) -> int:
        """As `ports.Spool.sweep`."""
        return await self._spool.sweep()


def name_in(folder: Path, fresh: str) -> str:
    """The name of the spool in a folder, given to it once: the machine's and something nobody else has, so that a
    person finds it. It stays with the folder, whatever the machine is called later. Raises Unavailable.
    """
    path = folder / _NAME
    draft = folder / f"{_NAME}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            draft.write_text(f"{socket.gethostname()}-{fresh[-8:]}", "utf-8")
            with suppress(FileExistsError):
                os.link(draft, path)  # whole or not at all, and only for the first
            draft.unlink()
        return path.read_text("utf-8")[:_NAME_BYTES_MAX].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"the spool {folder} cannot be used ({error}): mend it, or set WANREEL_SPOOL") from None
