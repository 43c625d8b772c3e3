"""What happens to jobs, told in order; and word that it did, between processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a job, in the order of the whole home. `event` is "" for a job that was just made."""

    seq: int
    at: float
    project: str
    group: str | None
    job_id: str
    version: int  # of the job, after it
    state: str
    event: str
    reason: str


class Feed(Protocol):
    """What happens to all jobs, numbered in the order in which it became visible."""

    async def since(self, seq: int, limit: int, subject: str | None = None) -> list[Happening]:
        """What happened after number `seq`, oldest first: to everything, or to one job or group (`subject`, its id)."""
        ...

    async def newest(self) -> int:
        """The number of the last thing that happened; 0 when nothing has."""
        ...


class Nudges(Protocol):
    """Word between the processes of a shared database that something was written. It may be lost: everybody goes on
    looking now and then, and only less often where word would be heard.
    """

    @property
    def heard(self) -> bool:
        """Whether word would be heard just now."""
        ...

    def listen(self, topic: str, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` when another process speaks of JOBS or HAPPENINGS, until what is returned is called."""
        ...


JOBS, HAPPENINGS = "jobs", "happenings"  # work may be due that was not; the feed has something new
