"""Notices, owed and delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from wanreel.domain.event import Notice


@dataclass(frozen=True, slots=True)
class Owed:
    """A notice not delivered yet, and how often that was tried."""

    notice: Notice
    tries: int


class Outbox(Protocol):
    """Notices owed to subscribers, delivered at least once."""

    async def owed(self, now: float, limit: int) -> list[Owed]:
        """Notices due for delivery, oldest first."""
        ...

    async def delivered(self, ids: Sequence[str], now: float) -> None:
        """Strike them off."""
        ...

    async def postpone(self, notice_id: str, due_at: float) -> None:
        """Try again later."""
        ...


class Notifier(Protocol):
    """Whoever is to be told."""

    async def tell(self, notice: Notice) -> None:
        """Deliver one notice. Raises Unavailable: it is tried again later."""
        ...


@runtime_checkable
class TellsMany(Notifier, Protocol):
    """A notifier for whom many at once cost little more than one."""

    async def tell_all(self, notices: Sequence[Notice]) -> None:
        """Deliver notices in their order. Raises Unavailable: some may have been, each is to be told by itself."""
        ...
