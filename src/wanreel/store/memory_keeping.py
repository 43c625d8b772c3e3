"""The memory store's doors to what is kept of finished jobs (`ports.Gallery`, `ports.Custodian`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from wanreel.domain.errors import NotFound, Stale
from wanreel.domain.job import Job, Succeeded
from wanreel.domain.keeping import Custody, KeptViews, Share, input_hashes, is_gone, must_not_be_held, todo_at
from wanreel.ports.keeping import Ruling, Worn


class Shelves(Protocol):
    """The jobs themselves."""

    def all_jobs(self) -> list[Job]:
        """Every job."""
        ...

    def make_wordless(self, job: Job) -> None:
        """Put a job in the place of the one it was made of; its history, notices and the feed's reasons go."""
        ...

    def unname(self, group_id: str) -> None:
        """A group's record without its name."""
        ...

    def prune(self, before: float) -> int:
        """Remove what happened, and was told, before an instant."""
        ...


class MemoryKeeping:
    """Both doors."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._views: dict[str, KeptViews] = {}
        self._shares: dict[str, Share] = {}
        self._custody: dict[str, Custody] = {}

    async def views_of(self, job_id: str) -> KeptViews | None:
        return self._views.get(job_id)

    async def keep_views(self, views: KeptViews) -> None:
        self._job(views.job_id)
        self._views[views.job_id] = views

    async def drop_views(self, job_id: str) -> None:
        self._views.pop(job_id, None)

    async def share(self, share: Share) -> Share:
        self._job(share.job_id)
        for one in await self.shares_of(share.job_id):
            if one.aspect == share.aspect and one.revoked_at is None:
                return one
        self._shares[share.token] = share
        return share

    async def shared(self, token: str) -> Share | None:
        return self._shares.get(token)

    async def shares_of(self, job_id: str) -> list[Share]:
        found = [share for share in self._shares.values() if share.job_id == job_id]
        return sorted(found, key=lambda share: (share.created_at, share.token))

    async def revoke(self, token: str, at: float) -> bool:
        share = self._shares.get(token)
        if share is None or share.revoked_at is not None:
            return False
        self._shares[token] = replace(share, revoked_at=at)
        return True

    async def custody_of(self, job_ids: Sequence[str]) -> Mapping[str, Custody]:
        return {job_id: self._custody[job_id] for job_id in job_ids if job_id in self._custody}

    async def decide(self, rulings: Sequence[Ruling]) -> None:
        for ruling in rulings:
            job_id = self._job(ruling.now.job_id).id
            if self._custody.get(job_id, Custody(job_id)) != ruling.was:
                raise Stale(f"what was decided about job {job_id} has changed meanwhile")
        for ruling in rulings:
            self._custody.pop(ruling.now.job_id, None)
            if ruling.now != Custody(ruling.now.job_id):
                self._custody[ruling.now.job_id] = ruling.now

    async def worn(self, which: Worn) -> list[Job]:
        found = [
            job
            for job in self._shelves.all_jobs()
            if isinstance(job.state, Succeeded)
            and job.created_at < which.before
            and job.id not in self._custody
            and (not which.projects or job.project in which.projects)
            and job.project not in which.but
        ]
        return sorted(found, key=lambda job: (job.created_at, job.index, job.id))[: which.limit]

    async def due(self, now: float, limit: int) -> list[Custody]:
        return [one for one in self._in_turn() if (todo_at(one) or 0.0) <= now][:limit]

    async def trash(self, limit: int) -> list[Custody]:
        return [one for one in self._in_turn() if not is_gone(one)][:limit]

    async def erase(self, jobs: Sequence[Job], at: float) -> None:
        for job in jobs:
            there = self._job(job.id)
            if there.version != job.version - 1:
                raise Stale(f"job {job.id} has changed meanwhile; nothing was erased")
            must_not_be_held(self._custody.get(job.id, Custody(job.id)), "erased")
        for job in jobs:
            self._shelves.make_wordless(job)
            self._views.pop(job.id, None)
            for share in await self.shares_of(job.id):
                del self._shares[share.token]
            decided = self._custody.get(job.id, Custody(job.id, erase_asked_at=at))
            self._custody[job.id] = replace(decided, erased_at=at)
            others = [one for one in self._shelves.all_jobs() if one.group == job.group and one.id != job.id]
            if job.group and all(is_gone(self._custody.get(one.id, Custody(one.id))) for one in others):
                self._shelves.unname(job.group)

    async def prune(self, before: float) -> int:
        return self._shelves.prune(before)

    async def needed_inputs(self) -> frozenset[str]:
        jobs = self._shelves.all_jobs()
        return input_hashes(job for job in jobs if not is_gone(self._custody.get(job.id, Custody(job.id))))

    async def refers(self, sha256: str, but: Collection[str]) -> bool:
        return any(
            sha256 in input_hashes([job])
            for job in self._shelves.all_jobs()
            if job.id not in but and not is_gone(self._custody.get(job.id, Custody(job.id)))
        )

    def _in_turn(self) -> list[Custody]:
        todo = [(at, one.job_id, one) for one in self._custody.values() if (at := todo_at(one)) is not None]
        return [one for _, _, one in sorted(todo, key=lambda row: row[:2])]

    def _job(self, job_id: str) -> Job:
        job = next((job for job in self._shelves.all_jobs() if job.id == job_id), None)
        if job is None:
            raise NotFound(f"there is no job {job_id} here")
        return job
