"""Favourites and tags of jobs, changed after they were ordered, and jobs as they stand with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wanreel.domain.job import Job
from wanreel.domain.mark import Mark, Marking
from wanreel.ports.clock import Clock
from wanreel.ports.reviews import Marks

BY_CHARS_MAX = 100


class MarkBook:
    """The use cases of whoever sorts clips."""

    def __init__(self, marks: Marks, clock: Clock) -> None:
        self._marks = marks
        self._clock = clock

    async def mark(self, job: Job, change: Marking, by: str = "") -> Mark:
        """Change what is said of a job; `by` is whoever says so. Raises Invalid (too many tags)."""
        who = "".join(filter(str.isprintable, by))[:BY_CHARS_MAX]
        return await self._marks.mark(job.id, change, self._clock.now(), who)

    async def of(self, jobs: Iterable[Job]) -> Mapping[str, Mark]:
        """What is said of jobs, by id; jobs of which nothing was said are left out."""
        return await self._marks.marks([job.id for job in jobs])
