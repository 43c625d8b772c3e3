"""Another program that says where and when jobs take their turns."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from wanreel.domain.job import Job


@dataclass(frozen=True, slots=True)
class Turn:
    """What a job's turn came to, for whoever decides when it has another. Nothing of its request stands here."""

    state: str  # the word for it; "" when nobody could tell
    wait_s: float | None = None  # until the next turn is due; None: not before somebody says so
    over: bool = False  # ended, or back in the queue: it takes no more turns until it is woken
    heavy: bool = False  # the next turn moves a clip
    trouble: bool = False  # nothing was done, and nobody knows why that should be better at once


@dataclass(frozen=True, slots=True)
class Room:
    """How many turns a worker takes at once: of its own submits, of clips, of the rest."""

    submits: int
    clips: int
    looks: int


TakeTurn = Callable[[str, str], Coroutine[Any, Any, Turn]]
"""Take a job's turn here and now: its id, and who has claimed it for that ("": nobody). Raises nothing of ours."""


class Engine(Protocol):
    """Another program that says where and when jobs take their turns: never two of one job at once."""

    def working(self, take: TakeTurn, owner: str) -> AbstractAsyncContextManager[None]:
        """Let it have turns taken by this worker while the block lasts; those under way at its end are waited for. An
        engine that is away is waited for, too. Raises Invalid, Unauthorized: it will never let us.
        """
        ...

    async def wake(self, job: Job, claimed_by: str = "") -> None:
        """See to it that a job takes a turn soon, whether or not the engine knows it yet. Where this worker is the one
        who has claimed it, this worker takes that turn. Raises Unavailable: nobody knows whether it will.
        """
        ...
