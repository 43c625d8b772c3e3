"""Where clips wait for the user's storage, and what that must have room for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from wanreel.domain.job import SpoolCopy
from wanreel.domain.spooling import SpoolRoom


class Stakes(Protocol):
    """What would be lost if the user's storage failed for days and there were no spool."""

    async def stake_bytes(self) -> int:
        """What all clips under way may yet ask of the spool, together: running, or made and in no place of ours."""
        ...


class Copies(Protocol):
    """Whose spools hold clips, where several machines work the same jobs and none can read another's spool."""

    async def note_copy(self, job_id: str, holder: str, at: float) -> None:
        """The spool of this name may hold a job's clip from now on: noted before it does."""
        ...

    async def drop_copy(self, job_id: str, holder: str) -> None:
        """It does not any more; noted after."""
        ...

    async def copies(self, job_ids: Sequence[str] | None = None) -> Mapping[str, tuple[str, ...]]:
        """Whose spools may hold the clips of some jobs (None: of all), by job; jobs nobody holds are left out."""
        ...


class Spool(Protocol):
    """A bounded place on this machine where clips wait for the user's storage."""

    @property
    def name(self) -> str:
        """What other machines know it by; "": there are none."""
        ...

    async def take(self, job_id: str, pieces: AsyncIterator[bytes], expected_bytes: int) -> SpoolCopy | None:
        """Keep a clip, checked to be a whole MP4 and durable on return. One of that job which lies there whole is taken
        as it is, and `pieces` are left alone. None: there is no room for what is expected. Raises KeepFailed (SPOOL,
        BAD_BYTES, and whatever `pieces` raises); then nothing of it stays.
        """
        ...

    def read(self, job_id: str, copy: SpoolCopy) -> AsyncIterator[bytes]:
        """Its bytes. Raises KeepFailed (SPOOL) while iterating, before the last of them, if they are not those."""
        ...

    async def drop(self, job_id: str) -> None:
        """Let go of a clip; none there is as good. Raises Unavailable."""
        ...

    async def held(self) -> list[str]:
        """The jobs whose clips lie there. Raises Unavailable."""
        ...

    async def has(self, job_id: str) -> bool:
        """Whether a job's clip lies there."""
        ...

    async def noted(self) -> list[str]:
        """The jobs whose clips other machines believe to lie there: they do, did, or were to. Raises Unavailable."""
        ...

    async def others(self, job_id: str) -> tuple[str, ...]:
        """The names of other machines' spools that a job's clip may lie in. Raises Unavailable."""
        ...

    async def room(self) -> SpoolRoom:
        """How much lies there and what could be added. Raises Unavailable."""
        ...

    async def sweep(self) -> int:
        """Remove what dead processes left half-written; how much there was."""
        ...
