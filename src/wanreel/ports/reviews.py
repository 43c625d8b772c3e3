"""Judges of clips, what they found, what people picked and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wanreel.domain.job import Job
from wanreel.domain.mark import Mark, Marking
from wanreel.domain.verdict import Opinion, Pick, Review
from wanreel.ports.media import FileBytes


@dataclass(frozen=True, slots=True)
class DueReview:
    """A clip that waits to be judged, and how often that was tried."""

    job_id: str
    tries: int


class Reviews(Protocol):
    """What was found in clips, and what people picked: kept beside the jobs, never in them."""

    async def due_reviews(self, now: float, until: float, limit: int) -> list[DueReview]:
        """Clips to be judged now, oldest first; nobody else is told of them before `until`. A job that succeeds is due
        at once, by the commit that made it so.
        """
        ...

    async def keep_review(self, review: Review, due_at: float | None) -> None:
        """Keep it in place of an earlier one; with `due_at`, judge again then."""
        ...

    async def reviews(self, job_ids: Sequence[str]) -> Mapping[str, Review]:
        """What was found, by job; jobs nobody has judged are left out."""
        ...

    async def pick(self, pick: Pick, *, change: bool = False) -> Pick:
        """Keep a person's word. The same again is harmless; another clip needs `change`. Raises Conflict."""
        ...

    async def picks(self, subjects: Sequence[str]) -> Mapping[str, Pick]:
        """Picks, by group or job."""
        ...


class Marks(Protocol):
    """What people say of jobs after they were ordered: kept beside the jobs, never in them. `Filter` goes by it."""

    async def mark(self, job_id: str, change: Marking, at: float, by: str = "") -> Mark:
        """Change it, and say what now stands; several at a time come one after the other. Raises NotFound, Invalid."""
        ...

    async def marks(self, job_ids: Sequence[str]) -> Mapping[str, Mark]:
        """By job; jobs of which nothing was said are left out."""
        ...


class JudgeFailed(Exception):
    """A judge has nothing to say of a clip. `later`: it may have, another time."""

    def __init__(self, why: str, *, later: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.later = later


class Judge(Protocol):
    """Looks at a finished clip and says how good it is. It is told of the job and can change nothing about it."""

    @property
    def name(self) -> str:
        """What its opinions are signed with."""
        ...

    async def judge(self, job: Job, clip: FileBytes) -> Opinion:
        """Its opinion, within a time of its own. Raises JudgeFailed and nothing else."""
        ...


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What all judges said; `again`: one of them failed in a way that may pass."""

    review: Review
    again: bool


class Panel(Protocol):
    """All judges of a home."""

    async def review(self, job: Job, now: float) -> Reviewed:
        """The opinions on a succeeded job's clip. Raises nothing: what went wrong is in the review."""
        ...
