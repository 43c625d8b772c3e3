"""What is kept of a finished job, and for how long."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wanreel.domain.job import Job
from wanreel.domain.keeping import Custody, KeptViews, Share


class Gallery(Protocol):
    """What was derived from clips, and the stable links that show them."""

    async def views_of(self, job_id: str) -> KeptViews | None:
        """What was derived from a job's clip."""
        ...

    async def keep_views(self, views: KeptViews) -> None:
        """Note what was derived, in place of what was noted before. Raises NotFound."""
        ...

    async def drop_views(self, job_id: str) -> None:
        """Forget it; nothing there is as good."""
        ...

    async def share(self, share: Share) -> Share:
        """The live link to the same artifact if there is one; else this one, stored. Raises NotFound."""
        ...

    async def shared(self, token: str) -> Share | None:
        """The link of a token, revoked or not."""
        ...

    async def shares_of(self, job_id: str) -> list[Share]:
        """All links of a job, oldest first."""
        ...

    async def revoke(self, token: str, at: float) -> bool:
        """End a link for good; whether it was live."""
        ...


@dataclass(frozen=True, slots=True)
class Worn:
    """Which clips have become too old: of these projects, or of all but these, made before an instant."""

    before: float
    limit: int
    projects: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision about a job's clip, and the one it was made from: it counts only while that one stands."""

    was: Custody
    now: Custody


class Custodian(Protocol):
    """What was decided about keeping clips."""

    async def custody_of(self, job_ids: Sequence[str]) -> Mapping[str, Custody]:
        """Decisions by job; jobs about which nothing was decided are left out."""
        ...

    async def decide(self, rulings: Sequence[Ruling]) -> None:
        """Write decisions, all or none, each in the place of the very one it was made from: of two people (or a person
        and a sweep) who decide at the same moment, the later one is told and looks again. Raises Stale, NotFound.
        """
        ...

    async def worn(self, which: Worn) -> list[Job]:
        """Succeeded jobs that are too old and about which nothing was decided, oldest first."""
        ...

    async def due(self, now: float, limit: int) -> list[Custody]:
        """Trash whose grace is over and erasures that were asked for and not finished; never what is held."""
        ...

    async def trash(self, limit: int) -> list[Custody]:
        """What can still be brought back, the first to be purged first."""
        ...

    async def erase(self, jobs: Sequence[Job], at: float) -> None:
        """Put wordless jobs (`domain.keeping.erased`) in the place of those they were made of; their history, notices,
        tags, views and links go. All or none. Raises Stale, NotFound, and Conflict for what is under a hold.
        """
        ...

    async def prune(self, before: float) -> int:
        """Remove what happened, and notices that were delivered, from before an instant; how much there was. Jobs and
        their own histories stay, and so does the last thing that happened: numbers go on from it.
        """
        ...

    async def refers(self, sha256: str, but: Collection[str]) -> bool:
        """Whether any job but these starts from a kept file and has not lost its clip to a purge or an erasure."""
        ...

    async def needed_inputs(self) -> frozenset[str]:
        """The hashes of all kept files that jobs start from which have not lost their clips. Reads every such job."""
        ...
