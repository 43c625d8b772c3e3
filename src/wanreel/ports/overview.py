"""What answers about jobs are made of, in one look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from wanreel.domain.event import Park, SlotKey
from wanreel.domain.job import Job
from wanreel.domain.mark import Mark
from wanreel.domain.runtimes import RunTimes
from wanreel.domain.slots import Learned
from wanreel.money.ledger import Posting


@dataclass(frozen=True, slots=True)
class Line:
    """What holds for every job that waits or runs, all of one moment."""

    in_use: Mapping[SlotKey, int]
    learned: Mapping[SlotKey, Learned]
    parks: tuple[Park, ...]
    doubtful: tuple[Job, ...]
    times: RunTimes


@dataclass(frozen=True, slots=True)
class Sight:
    """A job with what an answer about it says beside, all of one moment."""

    job: Job
    ahead: int  # queued jobs that go before it (`Holds.ahead`); 0 when it is not queued
    postings: tuple[Posting, ...]  # caused by it and its spares
    mark: Mark | None = None  # what was said of it after it was ordered


class Overview(Protocol):
    """What faces show, each in one look at the store: a look changes threads twice, and everybody who waits meanwhile
    is let in between. Raises Unavailable.
    """

    async def line(self, now: float) -> Line:
        """What holds for every job."""
        ...

    async def sight(self, job_id: str) -> Sight:
        """One job and what is said beside it. Raises NotFound."""
        ...
