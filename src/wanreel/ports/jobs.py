"""Durable jobs and groups, and how due work is claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from wanreel.domain.event import Change, Entry
from wanreel.domain.group import Group
from wanreel.domain.job import Job


class Lane(StrEnum):
    """The three kinds of work a runner does, each with a concurrency of its own."""

    SUBMIT = "submit"  # Queued
    WATCH = "watch"  # Generating, and Archiving that asks for another URL
    ARCHIVE = "archive"  # Archiving


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker asks for: due work of a lane, for itself alone until an instant."""

    lane: Lane
    owner: str
    now: float
    until: float
    limit: int
    far_at: float  # a due instant beyond this was written by a clock that jumped: due now
    quiet_s: float = 10.0  # SUBMIT: nothing of a key whose last submit went out less than this ago, unanswered
    ids: tuple[str, ...] = ()  # not SUBMIT: these jobs alone, due or not: something was just heard about them
    spool: str = ""  # ARCHIVE: whose spool the claimer reads; what others hold is left to them for LEFT_S. "": all


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs; unset fields don't narrow. Newest first; `after` is the id of the last one seen."""

    states: tuple[str, ...] = ()
    group: str | None = None
    spare_of: str | None = None
    project: str | None = None
    tag: str | None = None
    ask: str | None = None
    ids: tuple[str, ...] = ()  # ids, or unique beginnings of ids
    words: str | None = None  # in the prompt or the name; capitals of the Latin alphabet are as small ones
    models: tuple[str, ...] = ()
    favourites: bool = False  # only those
    limit: int = 100
    after: str | None = None


class Jobs(Protocol):
    """Durable jobs. A change commits whole (job, history, notices, spares, parks) or not at all."""

    async def add(self, jobs: Sequence[Job], group: Group | None = None) -> list[Job]:
        """Store new jobs, all or none, with the record of their group where any of them is new; where a job's `key` is
        taken, the job that has it is returned in its place. Raises Conflict when the two carry different `ask`s.
        """
        ...

    async def get(self, job_id: str) -> Job:
        """The job as it stands. Raises NotFound."""
        ...

    async def find(self, which: Filter) -> list[Job]:
        """Jobs by filter, newest first."""
        ...

    async def claim(self, claim: Claim) -> list[Job]:
        """Due jobs of a lane, claimed for their new owner; those nearest their due instant (archive: expiry) first.

        SUBMIT: at most one per slot key, only where a slot is free, nothing parks the key and no other submit of it
        is in the air. Of a key's the highest priority goes first, then whose project holds the fewest slots, then the
        oldest.
        """
        ...

    async def commit(self, change: Change, owner: str | None = None) -> Job:
        """Write a change if the job still has version `change.was`. Raises Stale, TaskTaken, NotFound.

        Ends any claim on the job, but for one whose paid call is still in the air. A spare whose task is known already
        is left out, silently, with its notices.
        """
        ...

    async def release(self, owner: str | None, job_id: str | None = None) -> int:
        """End an owner's claims (None: everybody's, used by a runner that has just locked the home), or only the one
        on `job_id`; how many there were.
        """
        ...

    async def hasten(self, now: float) -> int:
        """Make every clip due that waits to be archived, whatever its own back-off: the user's storage answers again.
        How many there were.
        """
        ...

    async def history(self, job_id: str) -> list[Entry]:
        """All entries of a job, oldest first."""
        ...


class Groups(Protocol):
    """The records of groups; a group is stored with its first jobs (`Jobs.add`)."""

    async def group(self, group_id: str) -> Group:
        """The record. Raises NotFound."""
        ...

    async def groups(self, project: str | None, limit: int, after: str | None = None) -> list[Group]:
        """Records, newest first; `after` is the id of the last one seen."""
        ...
