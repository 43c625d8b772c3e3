"""The vendor, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from wanreel.domain.event import (
    Accepted,
    CancelFailed,
    CancelRefused,
    CancelTaken,
    Finished,
    FinishedBlank,
    Lost,
    NotSent,
    QueryFailed,
    Refused,
    StillRunning,
    TaskCancelled,
    TaskFailed,
    TaskUnknown,
)
from wanreel.domain.facts import Zone
from wanreel.domain.job import Account, Intent, Job
from wanreel.domain.sighting import Sighting


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request as it will go out, its media reachable for the vendor. Opaque to everybody but the vendor's adapter."""

    fingerprint: str
    body: object


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the list is asked for: by instants of the vendor's clock, in pages of a size."""

    since: float
    until: float
    model: str | None = None  # None: all models
    page_size: int = 100
    zone: Zone = Zone.UTC8  # how the vendor is thought to read the two instants


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the vendor's task list."""

    rows: tuple[Sighting, ...]
    page: int
    pages: int
    skew_s: float | None = None  # the vendor's clock minus ours, when its answer told
    total: int | None = None  # rows on all pages, where the vendor says
    page_size: int | None = None  # how many rows a page holds, where the vendor says


SubmitAnswer = Accepted | Refused | NotSent | Lost


LookAnswer = StillRunning | Finished | FinishedBlank | TaskFailed | TaskCancelled | TaskUnknown | QueryFailed


CancelAnswer = CancelTaken | CancelRefused | CancelFailed


@dataclass(frozen=True, slots=True)
class Ended:
    """A job whose task has most likely ended; `answer` is the vendor's own word, where it was asked for that alone."""

    job_id: str
    task_id: str
    answer: LookAnswer | None = None


@dataclass(frozen=True, slots=True)
class Turned:
    """What a watcher's turn came to, and when the next one is to be taken; where something changes before, not sooner
    than `apart_s` seconds after this one: with many tasks a turn goes over all of them.
    """

    ended: tuple[Ended, ...]
    until: float
    apart_s: float = 0.1


class Watcher(Protocol):
    """Watches the running tasks of one account. A turn neither sleeps nor spawns; what it shows is in memory alone."""

    @property
    def account(self) -> Account:
        """Whose tasks."""
        ...

    async def turn(self) -> Turned:
        """One look, or none, and what it showed. Raises Unavailable while the store is away."""
        ...

    def changed(self) -> None:
        """Something in this process has changed what runs."""
        ...

    def seen_since(self, since: float, but: str) -> bool:
        """Whether the vendor has shown any task of the account but this one at or after an instant."""
        ...


class PrepareFailed(Exception):
    """An input could not be made reachable. `fatal`: it never will be; otherwise "not now"."""

    def __init__(self, why: str, *, code: str = "input_unavailable", fatal: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.code = code
        self.fatal = fatal


class Vendor(Protocol):
    """The video service. Answers are events; nothing but PrepareFailed and ListFailed is raised."""

    async def prepare(self, job: Job) -> Prepared:
        """Make the request's media reachable (nothing is paid by this) and fix the words that will go out.
        Raises PrepareFailed.
        """
        ...

    async def submit(self, job: Job, intent: Intent, prepared: Prepared) -> SubmitAnswer:
        """The paid call, made at most once, its first byte not after `intent.send_by`."""
        ...

    async def look(self, account: Account, task_id: str) -> LookAnswer:
        """Ask after one task (`TaskUnknown.witnessed` is left False; the caller knows better)."""
        ...

    async def cancel(self, account: Account, task_id: str) -> CancelAnswer:
        """Ask to stop a task that has not begun."""
        ...

    async def list(self, account: Account, window: Window, page: int) -> Listing:
        """One page of the account's tasks in a window. Raises ListFailed."""
        ...


class Quotas(Protocol):
    """What the vendor says an account may do, where it says so."""

    async def limits(self, account: Account) -> Mapping[str, int]:
        """How many tasks of each model may run at once; models whose figure is unset are left out. Raises ListFailed:
        it could not be asked, or does not say.
        """
        ...


@dataclass(frozen=True, slots=True)
class Offered:
    """A model the vendor lists. `ends` is when it is retired, in the vendor's words ("": nothing is announced), and
    `ends_at` the same instant where those can be read as one.
    """

    ends: str = ""
    ends_at: float | None = None


class Offers(Protocol):
    """Which models the vendor lists, and until when."""

    async def offers(self, account: Account) -> Mapping[str, Offered]:
        """The models listed for an account, by id. Raises ListFailed: it could not be asked, or does not say."""
        ...


class LikenessFailed(Exception):
    """A clip could not be compared with pictures. `final`: it never will be; otherwise "not now"."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.final = final


class Likeness(Protocol):
    """Tells whose clip it is by its end frames."""

    async def distances(
        self, account: Account, url: str, pictures: Mapping[str, tuple[str | None, str | None]]
    ) -> Mapping[str, float]:
        """How far a finished clip's first and last frame are from some pairs of kept pictures (hashes; None: not
        given), by name: 0 alike, 1 as unlike as can be. Raises LikenessFailed.
        """
        ...


class ListFailed(Exception):
    """The list told nothing: "not now". `refused`: the vendor understood the question and does not take it so."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.refused = refused
