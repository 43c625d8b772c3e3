"""What people say of a job after it was ordered: that it is a favourite, and other tags.

It is kept beside the job, so that nobody who sorts clips is in the way of who makes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.job import Job
from wanreel.domain.labels import TAGS_MAX, tag_names


@dataclass(frozen=True, slots=True)
class Mark:
    """What was last said of a job, when (seconds since the epoch, UTC) and by whom. `tags` None: as it was ordered."""

    job_id: str
    favourite: bool = False
    tags: tuple[str, ...] | None = None
    at: float = 0.0
    by: str = ""


@dataclass(frozen=True, slots=True)
class Marking:
    """A change: `tags` in the place of those there are, then `add`, then `remove`. What is None stays as it is."""

    favourite: bool | None = None
    tags: tuple[str, ...] | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


def marking_of(favourite: bool | None, tags: object, add: object, remove: object) -> Marking:  # noqa: FBT001
    """A change as a face was given it; tags are lists, or texts with commas. Raises Invalid: no tags, or nothing."""
    made = Marking(favourite, None if tags is None else tag_names(tags), tag_names(add), tag_names(remove))
    if made == Marking():
        raise Invalid("", (Problem("favourite", "or tags must be given: there is nothing to change"),))
    return made


def marked(job: Job, there: Mark | None, change: Marking, at: float, by: str) -> Mark:
    """What stands after a change; what stood, where it changes nothing. Raises Invalid: too many tags."""
    before = there or Mark(job.id)
    had = tags_of(job, there)
    wanted = dict.fromkeys((*(had if change.tags is None else change.tags), *change.add))
    tags = tuple(tag for tag in wanted if tag not in change.remove)
    if len(tags) > TAGS_MAX:
        raise Invalid("", (Problem("tags", f"are at most {TAGS_MAX}", str(len(tags)), "too_many_tags"),))
    favourite = before.favourite if change.favourite is None else change.favourite
    if (favourite, tags) == (before.favourite, had):
        return before
    return Mark(job.id, favourite, tags if tags != had else before.tags, at, by)


def tags_of(job: Job, mark: Mark | None) -> tuple[str, ...]:
    """A job's tags as they stand."""
    return job.tags if mark is None or mark.tags is None else mark.tags
