"""Webhooks and creates that are announced between processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from wanreel.domain.hook import Delivery, Hook, Message


@dataclass(frozen=True, slots=True)
class Announced:
    """A create of a foreign face, as every process that takes them is told of it."""

    id: str
    ask: str  # its fingerprint
    began_at: float
    job_id: str | None = None
    ended_at: float | None = None  # when its answer went out, or could not
    lost: bool = False  # nobody was there any more to take the answer
    followed: bool = False  # its job's id was named by a later request


class Announcements(Protocol):
    """The creates of foreign faces under way and of late, for the several processes that may get one and the same.
    Raises Unavailable only.
    """

    async def announce(self, call: Announced, since: float) -> list[Announced]:
        """Say that a create has come, before anything is done about it. Those of its fingerprint that were announced
        before it and have come since an instant, the first first; what is older, of anybody, is forgotten.
        """
        ...

    async def announced(self, call_id: str) -> Announced | None:
        """A create as it stands; None: it came to nothing, or is forgotten."""
        ...

    async def conclude(self, call: Announced) -> None:
        """Say what a create has come to."""
        ...

    async def withdraw(self, call_id: str) -> None:
        """A create came to nothing, or was an earlier one's; nothing there is as good."""
        ...

    async def follow(self, job_id: str) -> None:
        """The id of a job was named: its create's answer has arrived."""
        ...


class Hooks(Protocol):
    """Webhooks, what was to be told, and what each hook is still owed of it. Raises Unavailable only."""

    async def put(self, hook: Hook) -> None:
        """Store a hook, in place of what stood under its id."""
        ...

    async def remove(self, hook_id: str) -> None:
        """Forget a hook and what it was owed; nothing there is as good."""
        ...

    async def all(self) -> list[Hook]:
        """Every hook, oldest first."""
        ...

    async def tell(self, message: Message, hooks: Sequence[str], due_at: float) -> None:
        """Store a message and owe it to these hooks; one that is known by its id changes nothing."""
        ...

    async def due(self, now: float, limit: int) -> list[tuple[Delivery, Message]]:
        """What is owed and due, at most one of each hook, the longest due first."""
        ...

    async def settle(self, delivery: Delivery) -> None:
        """Write down how a try went."""
        ...

    async def owed(self, hook_id: str, limit: int) -> list[tuple[Delivery, Message]]:
        """What a hook was owed, delivered or not, newest first."""
        ...

    async def again(self, hook: Hook, now: float, *, message: str | None, since: float | None) -> int:
        """Owe a hook anew what it wants of one message, or of all since an instant; how many there were."""
        ...

    async def prune(self, before: float) -> int:
        """Remove messages from before an instant that nobody is owed any more, and how they were delivered; how many
        messages there were.
        """
        ...
