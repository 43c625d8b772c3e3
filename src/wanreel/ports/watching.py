"""What the watcher of an account remembers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wanreel.domain.facts import Facts
from wanreel.domain.runtimes import RunKind, RunTime, RunTimes


@dataclass(frozen=True, slots=True)
class Watched:
    """One task the vendor works on, as the watcher needs it."""

    job_id: str
    task_id: str
    kind: RunKind
    accepted_at: float
    answered: bool  # the submit's own answer told of it, so that its list row tells our key; not so when adopted


@dataclass(frozen=True, slots=True)
class Known:
    """A task of the vendor's that belongs to a job of ours."""

    job_id: str
    accepted_at: float  # by our clock
    answered: bool  # a submit's own answer told of it; not so when it was adopted
    runs: bool = False  # the job is Generating, on this task


@dataclass(frozen=True, slots=True)
class Run:
    """How a job stands for whoever watches its account: on a task that runs, or on none."""

    job_id: str
    account: str
    watched: Watched | None


@dataclass(frozen=True, slots=True)
class Told:
    """What was told after a mark, by whatever process."""

    mark: int  # where to read on
    runs: tuple[Run, ...]  # of the jobs spoken of, as they stand now, oldest word first; a job may come twice
    more: bool  # there is more to read
    waiting: bool  # whether any job waits to be sent


class Running(Protocol):
    """What begins and ends to run, told to whoever keeps a picture of it."""

    async def told_since(self, mark: int | None) -> Told:
        """What was told after a mark, some hundreds at a time; None: nothing yet, only where to begin. What a process
        has committed is told at the latest once no other is just about numbering what happens.
        """
        ...


class News(Protocol):
    """What begins and ends to run, on all accounts of a process."""

    async def read(self) -> frozenset[str]:
        """Read on: the accounts whose watchers have something to hear. Raises Unavailable."""
        ...


class Watching(Protocol):
    """What the watcher of an account remembers: what runs, how long such tasks take, what its list is like."""

    async def running(self, account: str) -> list[Watched]:
        """Every task of the account that a job in Generating stands on, oldest first. Cheap for ten thousand."""
        ...

    async def learn(self, *met: RunTime) -> None:
        """Remember how long tasks took that have succeeded."""
        ...

    async def runtimes(self) -> RunTimes:
        """All that was learned of run times, over all accounts."""
        ...

    async def facts(self, account: str) -> Facts:
        """What was learned about the account's list; nothing at first."""
        ...

    async def known_tasks(self, account: str, ids: Sequence[str]) -> Mapping[str, Known]:
        """Those of some task ids that belong to jobs of ours, running, ended or spare."""
        ...

    async def note(self, account: str, met: Facts) -> Facts:
        """Put what was met together with what is stored (`domain.facts.together`), and say what now stands."""
        ...

    async def lease(self, account: str, owner: str, now: float, until: float) -> bool:
        """Whether `owner` may watch the account until then: nobody else may, or their time has run out."""
        ...
