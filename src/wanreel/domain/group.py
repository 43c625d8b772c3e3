"""A group: jobs made from one wish with different seeds (its variants), or from one batch. Plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wanreel.domain.job import Job, Succeeded, is_final


class Kind(StrEnum):
    """What makes jobs a group."""

    VARIANTS = "variants"  # one wish, several seeds
    BATCH = "batch"  # several wishes, stored all or none


class Seeds(StrEnum):
    """Where a group's seeds came from."""

    GIVEN = "given"  # one by one
    DERIVED = "derived"  # counted up from one that was given
    DRAWN = "drawn"  # counted up from one that was drawn
    MIXED = "mixed"  # each row of a batch says its own


@dataclass(frozen=True, slots=True)
class Group:
    """The record of a group, written with its first jobs."""

    id: str
    kind: Kind
    project: str
    created_at: float
    wanted: int  # so many clips
    seeds: Seeds
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """One place of a group: the job that stands there now, and those it replaced."""

    index: int
    job: Job
    replaced: tuple[Job, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """How a group stands."""

    wanted: int
    succeeded: int
    ended: int
    done: bool  # nothing will change by itself


def takes(jobs: Iterable[Job]) -> list[Take]:
    """A group's places in their order. A job made anew (`retry_of`) stands in the place of the one it repeats, unless
    it came to nothing and that one did not; spares stand in nobody's.
    """
    here = [job for job in jobs if job.spare_of is None]
    repeated = {job.retry_of for job in here if job.retry_of is not None}
    places: dict[int, list[Job]] = {}
    for job in sorted(here, key=lambda j: (j.created_at, j.id)):
        places.setdefault(job.index, []).append(job)
    found: list[Take] = []
    for index, line in sorted(places.items()):
        standing = [job for job in line if job.id not in repeated] or line[-1:]
        if all(is_final(job) for job in standing):  # a take that was to be bettered, and was not, is there still
            standing = [job for job in line if isinstance(job.state, Succeeded)][-1:] or standing
        best = max(standing, key=lambda j: (isinstance(j.state, Succeeded), not is_final(j), j.created_at, j.id))
        found.append(Take(index, best, tuple(job for job in line if job is not best)))
    return found


def tally(group: Group, standing: Sequence[Take]) -> Tally:
    """How many of the wanted clips are there, and whether more can come by themselves."""
    jobs = [take.job for take in standing]
    return Tally(
        wanted=group.wanted,
        succeeded=sum(isinstance(job.state, Succeeded) for job in jobs),
        ended=sum(is_final(job) for job in jobs),
        done=all(is_final(job) for job in jobs),
    )
