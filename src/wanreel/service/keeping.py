"""Keeping and deleting: retention, trash, legal holds, erasure, and a look at what lies in the storage.

Every step that takes something away is written down before it is taken, and finished by the next sweep if its process
died in between. Nothing is removed because it is not known: orphans are reported, a person decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from wanreel.domain.errors import Conflict, Internal, NotFound, WanreelError
from wanreel.domain.job import Job, Succeeded, state_name
from wanreel.domain.keeping import (
    OTHERS,
    Custody,
    hold,
    is_gone,
    release,
    restore,
)
from wanreel.domain.spooling import SpoolRoom
from wanreel.ports.jobs import Filter
from wanreel.service.inventory import Checked, check, must_be_moved, spools_of
from wanreel.service.keeping_room import (
    AT_ONCE,
    SWEEP_EVERY_S,
    KeepingRoom,
    custody_of,
    decide,
    know_archives,
    trashed,
)
from wanreel.service.reindexing import Knowing, Reindexed, reindex
from wanreel.service.removing import Swept, erase, sweep
from wanreel.telemetry import KEEPING, log


@dataclass(frozen=True, slots=True)
class Spooling:
    """How the spool stands: what lies there, and what of the rest may be needed."""

    room: SpoolRoom
    stake_bytes: int

    @property
    def short(self) -> bool:
        """Whether what is under way may already need all that is left, so that nothing new is sent."""
        return self.room.bytes_max > 0 and self.stake_bytes > self.room.left_bytes


class Keeping:
    """The use cases of whoever looks after the storage."""

    def __init__(self, room: KeepingRoom) -> None:
        self._room = room

    async def custody(self, job_id: str) -> Custody:
        """What was decided about a job's clip. Raises NotFound."""
        return await custody_of(self._room, await self._room.service.get(job_id))

    async def hold(self, job_id: str, why: str) -> Custody:
        """Put a job under legal hold, out of the trash if it lies there. Raises Conflict, Invalid (no reason)."""
        job = await self._room.service.get(job_id)
        return await decide(self._room, job.id, lambda custody: hold(custody, self._room.clock.now(), why), "held")

    async def release(self, job_id: str) -> Custody:
        """End a hold. Raises Conflict."""
        job = await self._room.service.get(job_id)
        return await decide(self._room, job.id, release, "released")

    async def delete(self, job_id: str, why: str = "") -> Custody:
        """Move a job's clip to the trash. Raises Conflict (held, gone, no clip yet)."""
        job = await self._room.service.get(job_id)
        if not isinstance(job.state, Succeeded):
            raise Conflict(f"{job.id} is {state_name(job.state)} and has no clip to delete")
        return await decide(
            self._room, job.id, lambda custody: trashed(self._room, custody, why or "by hand"), "trashed"
        )

    async def put_away(self, job_id: str) -> Custody:
        """Show a job's clip to nobody any more, whether or not there is one yet; it is purged as what lies in the trash
        is. Raises Conflict (held).
        """
        job = await self._room.service.get(job_id)

        def away(custody: Custody) -> Custody:
            return custody if is_gone(custody) else trashed(self._room, custody, "by hand")

        return await decide(self._room, job.id, away, "trashed")

    async def put_aside(self, job_ids: Sequence[str]) -> frozenset[str]:
        """Which of some jobs are shown to nobody any more: in the trash, purged or erased."""
        custody = await self._room.custodian.custody_of(list(job_ids))
        return frozenset(job_id for job_id, decided in custody.items() if not decided.readable)

    async def idle_rules(self, projects: Collection[str] = ()) -> list[str]:
        """Projects that have a rule of age and no job, and are not among those that are known otherwise: most likely
        misspelt, so that clips somebody wants gone are kept for ever.
        """
        named = [one for one in self._room.retention.days if one != OTHERS and one not in projects]
        return sorted([one for one in named if not await self._room.jobs.find(Filter(project=one, limit=1))])

    def ends_at(self, job: Job) -> float | None:
        """When a finished clip will be too old to be kept; None where no rule says."""
        limit_s = self._room.retention.limit_s(job.project)
        return job.state.finished_at + limit_s if isinstance(job.state, Succeeded) and limit_s is not None else None

    async def restore(self, job_id: str) -> Custody:
        """Bring a clip back from the trash. Raises Conflict."""
        job = await self._room.service.get(job_id)
        return await decide(self._room, job.id, lambda custody: restore(custody, self._room.clock.now()), "restored")

    async def trash(self, limit: int = AT_ONCE) -> list[Custody]:
        """What lies in the trash, the first to be purged first."""
        return [c for c in await self._room.custodian.trash(limit) if c.trashed_at is not None]

    # --- sweeping ---------------------------------------------------------------------------------------------------

    async def sweep(self, *, dry_run: bool = False) -> Swept:
        """Trash what is too old, purge trash whose grace is over, finish erasures that were cut short."""
        return await sweep(self._room, dry_run=dry_run)

    async def tend(self) -> None:
        """Sweep now and every hour, until cancelled; what could not be done is tried again the next time."""
        while True:
            try:
                done = await self.sweep()
                for job_id, why in done.failed:
                    log.warning(KEEPING, job=job_id, what="not swept", why=why)
            except WanreelError as why:
                log.warning(KEEPING, what="not swept", why=why.message)
            await self._room.clock.sleep(SWEEP_EVERY_S)

    # --- erasing ----------------------------------------------------------------------------------------------------

    async def erase(self, job_id: str) -> tuple[str, ...]:
        """Erase a job and its spares: clip, derived files, inputs only they needed, prompts, the vendor's words and the
        history. What stays keeps them from being bought or adopted again. The ids of what was erased. Raises Conflict
        (not ended, held).
        """
        return await erase(self._room, job_id)

    # --- looking ----------------------------------------------------------------------------------------------------

    async def check(self) -> Checked:
        """Compare what lies in the storage with what the jobs say; remove nothing."""
        return await check(self._room)

    async def reindex(self, *, dry_run: bool = False) -> Reindexed:
        """Make finished jobs again of clips whose jobs are not here. Raises Unavailable."""
        room = self._room
        if room.recover is None or room.whole is None:
            raise Internal("this home was put together without a way to recover jobs")
        await know_archives(self._room)
        return await reindex(room.jobs, room.shelf, Knowing(room.recover, room.keys_of, room.whole), dry_run=dry_run)

    async def forget_archive(self, name: str, *, lost: bool = False) -> None:
        """Look for an earlier archive's clips in the one that is set, from now on. `lost`: what still lay there is lost
        for good. Raises NotFound, Conflict: it is the one that is set, or clips of this home still lie in it, or were
        not moved: an erasure would leave them behind; Unavailable.
        """
        room = self._room
        if room.drop_archive is None:
            raise Internal("this home was put together without a memory of its archives")
        await know_archives(self._room)
        here, old = room.shelf.of(""), room.shelf.all().get(name)
        if old is not None and old is not here and not lost:
            await must_be_moved(self._room, name, old, here)
        await room.drop_archive(name)

    async def spooling(self) -> Spooling:
        """How the spool stands. Raises Unavailable."""
        return Spooling(await self._room.spool.room(), await self._room.stakes.stake_bytes())

    async def spools(self) -> Mapping[str, list[str]]:
        """The spools of all machines that may hold clips, by name, and the jobs whose clips those are; this machine's
        first, whether or not it holds any. Only where several machines share a database. Raises Unavailable.
        """
        return await spools_of(self._room)

    async def spool_is_gone(self, name: str) -> list[str]:
        """A machine is lost for good, with what lay in its spool: nobody waits for it any more, neither a job, which is
        fetched by its URL or fails where that is dead, nor an erasure. The jobs whose clips may have lain there. Raises
        NotFound, Conflict (it is this machine's), Unavailable.
        """
        room, spools = self._room, await self.spools()
        if room.copies is None or name not in spools:
            raise NotFound(f"no spool is called {name}: `wanreel storage spools` lists those that hold clips")
        if name == room.spool.name:
            raise Conflict(f"{name} is this machine's own spool, and not gone")
        for job_id in spools[name]:
            await room.copies.drop_copy(job_id, name)
            log.warning(KEEPING, job=job_id, what="its copy is gone with a spool", why=name)
        return spools[name]

    # --- inside -----------------------------------------------------------------------------------------------------
