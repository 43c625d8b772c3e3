"""Keeping and deleting: retention, trash, legal holds, erasure, and a look at what lies in the storage.

Every step that takes something away is written down before it is taken, and finished by the next sweep if its process
died in between. Nothing is removed because it is not known: orphans are reported, a person decides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from wanreel.domain.errors import Conflict, Internal, NotFound, Stale, Unavailable, WanreelError
from wanreel.domain.job import Archiving, Artifact, Cancelled, Job, Succeeded, is_final, state_name
from wanreel.domain.keeping import (
    DAY_S,
    INPUTS_PREFIX,
    OTHERS,
    Custody,
    Retention,
    ask_erasure,
    begin_purge,
    end_purge,
    erased,
    hold,
    input_hashes,
    is_clip_of,
    is_gone,
    is_view_of,
    put_off,
    release,
    restore,
    trash,
)
from wanreel.domain.spooling import SpoolRoom
from wanreel.ports.archive import Shelf
from wanreel.ports.clock import Clock
from wanreel.ports.hooks import Hooks
from wanreel.ports.inputs import Inputs
from wanreel.ports.jobs import Filter, Jobs
from wanreel.ports.keeping import Custodian, Gallery, Ruling, Worn
from wanreel.ports.spools import Copies, Spool, Stakes
from wanreel.ports.uploads import Uploads
from wanreel.service.reindexing import Knowing, Recover, Reindexed, Whole, reindex
from wanreel.service.uses import Service
from wanreel.telemetry import KEEPING, log

AT_ONCE = 500  # jobs handled in one go
SWEEP_EVERY_S = 3600.0
TRIES_MAX = 20  # decisions about one job that meet
YOUNG_S = 2 * 3600.0  # what lies in the storage for less may belong to a job that is just being archived


@dataclass(frozen=True, slots=True)
class KeepingRoom:
    """What keeping needs."""

    clock: Clock
    service: Service
    jobs: Jobs
    gallery: Gallery
    custodian: Custodian
    shelf: Shelf
    inputs: Inputs
    retention: Retention
    spool: Spool
    stakes: Stakes
    recover: Recover | None = None
    whole: Whole | None = None
    own: Callable[[str], bool] = lambda _: False  # whether what lies at a place is the home's, and no clip
    keys_of: Callable[[Job], Sequence[str]] = lambda _: ()  # under which a job's clip may have been put
    drop_archive: Callable[[str], Awaitable[None]] | None = None  # look for its clips in the one that is set
    know_archives: Callable[[], Awaitable[None]] | None = None  # learn of those that other machines have used
    forget_words: Callable[[str], Awaitable[int]] | None = None  # what was kept of a prompt outside the store
    hooks: Hooks | None = None
    uploads: Uploads | None = None  # what callers have sent ahead of orders
    copies: Copies | None = None  # whose spools hold clips, where there are several machines
    history_days: float = 90.0
    input_days: float = 7.0  # that inputs stay which no job needs


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did, or would do: ids of jobs, hashes of inputs; and what it could not do, in words."""

    trashed: tuple[str, ...] = ()
    purged: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    inputs: tuple[str, ...] = ()  # hashes of kept inputs that no job needs


@dataclass(frozen=True, slots=True)
class Stray:
    """Something that is not as it should be: an object, the job it belongs to if any, what is wrong with it."""

    key: str
    job_id: str
    words: str
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at the storage found."""

    clips: int
    size_bytes: int
    orphans: tuple[Stray, ...]  # lie there and belong to nothing known
    missing: tuple[Stray, ...]  # should lie there and don't, or have another size
    inputs: tuple[str, ...]  # kept inputs that no job refers to
    spooled: tuple[Stray, ...] = ()  # lie on this machine until the storage takes them
    spool_orphans: tuple[Stray, ...] = ()  # lie in the spool and no job waits with them

    @property
    def clean(self) -> bool:
        """Whether there is nothing to report."""
        return not (self.orphans or self.missing or self.inputs or self.spooled or self.spool_orphans)


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
        return await self._custody(await self._room.service.get(job_id))

    async def hold(self, job_id: str, why: str) -> Custody:
        """Put a job under legal hold, out of the trash if it lies there. Raises Conflict, Invalid (no reason)."""
        job = await self._room.service.get(job_id)
        return await self._decide(job.id, lambda custody: hold(custody, self._room.clock.now(), why), "held")

    async def release(self, job_id: str) -> Custody:
        """End a hold. Raises Conflict."""
        job = await self._room.service.get(job_id)
        return await self._decide(job.id, release, "released")

    async def delete(self, job_id: str, why: str = "") -> Custody:
        """Move a job's clip to the trash. Raises Conflict (held, gone, no clip yet)."""
        job = await self._room.service.get(job_id)
        if not isinstance(job.state, Succeeded):
            raise Conflict(f"{job.id} is {state_name(job.state)} and has no clip to delete")
        return await self._decide(job.id, lambda custody: self._trashed(custody, why or "by hand"), "trashed")

    async def put_away(self, job_id: str) -> Custody:
        """Show a job's clip to nobody any more, whether or not there is one yet; it is purged as what lies in the trash
        is. Raises Conflict (held).
        """
        job = await self._room.service.get(job_id)

        def away(custody: Custody) -> Custody:
            return custody if is_gone(custody) else self._trashed(custody, "by hand")

        return await self._decide(job.id, away, "trashed")

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
        return await self._decide(job.id, lambda custody: restore(custody, self._room.clock.now()), "restored")

    async def trash(self, limit: int = AT_ONCE) -> list[Custody]:
        """What lies in the trash, the first to be purged first."""
        return [c for c in await self._room.custodian.trash(limit) if c.trashed_at is not None]

    # --- sweeping ---------------------------------------------------------------------------------------------------

    async def sweep(self, *, dry_run: bool = False) -> Swept:
        """Trash what is too old, purge trash whose grace is over, finish erasures that were cut short."""
        await self._know()
        now = self._room.clock.now()
        trashed: list[str] = []
        purged: list[str] = []
        gone: list[str] = []
        failed: list[tuple[str, str]] = []
        async for job, why in self._worn(now, dry_run=dry_run):
            if not dry_run and not await self._wear(job, why):
                continue
            trashed.append(job.id)
        while True:
            due = await self._room.custodian.due(now, 1_000_000 if dry_run else AT_ONCE)
            for custody in due:
                erasing = custody.erase_asked_at is not None
                try:
                    if dry_run or await (self._finish_erasing if erasing else self._purge)(custody.job_id):
                        (gone if erasing else purged).append(custody.job_id)
                except WanreelError as why:  # tried again at the next sweep
                    failed.append((custody.job_id, why.message))
            if dry_run or failed or len(due) < AT_ONCE:
                break
        unused = await self._let_go_unused(now - self._room.input_days * DAY_S, dry_run=dry_run)
        if not dry_run:
            await self._prune(now - self._room.history_days * DAY_S)
            if self._room.uploads is not None:
                await self._room.uploads.sweep()
        return Swept(tuple(trashed), tuple(purged), tuple(gone), tuple(failed), tuple(unused))

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

    async def _prune(self, before: float) -> None:
        await self._room.custodian.prune(before)
        if self._room.hooks is not None:
            await self._room.hooks.prune(before)

    async def _worn(self, now: float, *, dry_run: bool) -> AsyncIterator[tuple[Job, str]]:
        """Clips that are too old, each with the rule that says so."""
        days = self._room.retention.days
        for project in days:
            limit_s = days[project] * DAY_S
            named = tuple(name for name in days if name != OTHERS)
            which = Worn(now - limit_s, AT_ONCE) if project == OTHERS else Worn(now - limit_s, AT_ONCE, (project,))
            which = replace(which, but=named) if project == OTHERS else which
            which = replace(which, limit=1_000_000) if dry_run else which
            whose = "clips" if project == OTHERS else f"clips of {project}"
            while found := await self._room.custodian.worn(which):
                for job in found:
                    yield job, f"older than {days[project]:g} days, as long as {whose} are kept"
                if dry_run or len(found) < AT_ONCE:
                    break

    async def _let_go_unused(self, before: float, *, dry_run: bool) -> list[str]:
        """Inputs that were kept for orders that never came (looked at, refused, a dry run, a cut connection), or whose
        jobs are gone. Those in use are noted as such, so that jobs are read through now and then and not every time.
        """
        room = self._room
        idle = await room.inputs.idle(before)
        needed = await room.custodian.needed_inputs() if idle else frozenset[str]()
        gone: list[str] = []
        for sha256 in idle:
            if sha256 in needed:
                if not dry_run:
                    await room.inputs.in_use(sha256)
            elif dry_run or await room.inputs.forget_idle(sha256, before):
                gone.append(sha256)
        return gone

    async def _wear(self, job: Job, why: str) -> bool:
        """Into the trash by a rule of age; False when somebody decided something about it this very moment."""
        fresh = Custody(job.id)
        try:
            await self._room.custodian.decide([Ruling(fresh, self._trashed(fresh, why))])
        except Stale:
            return False
        log.info(KEEPING, job=job.id, what="trashed")
        return True

    async def _purge(self, job_id: str) -> bool:
        """Remove a clip and what was derived from it for good, and the inputs that only it needed. That it is on its
        way is written down before the first byte goes, unless a hold came first; after that no hold is taken, and
        whoever sweeps next goes on from there. False when it was held or brought back a moment ago.
        """
        room = self._room
        now = room.clock.now()
        job = await room.jobs.get(job_id)
        was = await self._custody(job)
        going = begin_purge(was, now)
        if going is None:
            return False
        try:
            if not is_final(job):
                await room.custodian.decide([Ruling(was, put_off(was, now + SWEEP_EVERY_S))])
                return False
            await room.custodian.decide([Ruling(was, going)])
        except Stale:
            return False  # decided about this very moment: the next sweep looks again
        await self._remove_files(job)
        await room.gallery.drop_views(job.id)
        await self._let_go([job])
        with suppress(Stale):  # an erasure was asked for meanwhile, and goes on from there
            await room.custodian.decide([Ruling(going, end_purge(going))])
        log.info(KEEPING, job=job.id, what="purged")
        return True

    # --- erasing ----------------------------------------------------------------------------------------------------

    async def erase(self, job_id: str) -> tuple[str, ...]:
        """Erase a job and its spares: clip, derived files, inputs only they needed, prompts, the vendor's words and the
        history. What stays keeps them from being bought or adopted again. The ids of what was erased. Raises Conflict
        (not ended, held).
        """
        await self._know()
        job = await self._room.service.get(job_id)
        family = await self._family(job)
        for one in family:
            if not is_final(one):
                raise Conflict(f"{one.id} is still {state_name(one.state)}: cancel it, and erase it when it has ended")
        await self._ask_erasure([one.id for one in family])
        for one in family:
            await self._finish_erasing(one.id)
        return tuple(one.id for one in family)

    async def _ask_erasure(self, job_ids: Sequence[str]) -> None:
        """Written down first, of all or none: whatever happens now, the next sweep finishes it, and no hold is taken
        any more. Raises Conflict: one of them is held.
        """
        now = self._room.clock.now()
        for tried in range(1, TRIES_MAX + 1):
            there = await self._room.custodian.custody_of(list(job_ids))
            standing = [there.get(job_id, Custody(job_id)) for job_id in job_ids]
            try:
                await self._room.custodian.decide([Ruling(was, ask_erasure(was, now)) for was in standing])
            except Stale:
                if tried == TRIES_MAX:
                    raise
                continue
            break
        for job_id in job_ids:
            log.info(KEEPING, job=job_id, what="erasure asked for")

    async def _family(self, job: Job) -> list[Job]:
        return [job, *await self._room.jobs.find(Filter(spare_of=job.id, limit=AT_ONCE))]

    async def _finish_erasing(self, job_id: str) -> bool:
        room = self._room
        job = await room.jobs.get(job_id)
        await self._remove_files(job)
        for key in room.keys_of(job):  # it may have ended otherwise after its clip had been put there
            for shelf in room.shelf.all().values():
                await _clear(shelf, key)
        await room.spool.drop(job.id)
        others = await room.spool.others(job.id)
        if others:  # its own worker lets go of it, since it is written down what is to be erased
            raise Unavailable(
                f"a copy may lie in the spool of {', '.join(others)}, which lets go of it within the hour"
            )
        await self._let_go([job])
        if room.forget_words is not None and job.request.prompt:
            await room.forget_words(job.request.prompt)
        await room.custodian.erase([erased(job)], room.clock.now())
        log.info(KEEPING, job=job.id, what="erased")
        return True

    async def _remove_files(self, job: Job) -> None:
        room = self._room
        views = await room.gallery.views_of(job.id)
        for view in views.views if views else ():
            await room.shelf.of(view.artifact.archive).remove(view.artifact.key)
        if isinstance(job.state, Succeeded):
            clip = job.state.artifact
            await _clear(room.shelf.of(clip.archive), clip.key)

    async def _let_go(self, jobs: list[Job]) -> None:
        """Remove the inputs that no other job needs, here and in the storage."""
        room = self._room
        ids = [job.id for job in jobs]
        for sha256 in sorted(input_hashes(jobs)):
            if not await room.custodian.refers(sha256, ids):
                await room.inputs.forget(sha256)
                for shelf in room.shelf.all().values():
                    async for there in shelf.list(f"{INPUTS_PREFIX}{sha256}"):
                        await shelf.remove(there.key)

    # --- looking ----------------------------------------------------------------------------------------------------

    async def check(self) -> Checked:
        """Compare what lies in the storage with what the jobs say; remove nothing."""
        await self._know()
        room = self._room
        young_at = room.clock.now() - YOUNG_S
        here = room.shelf.of("")
        lying = {here.place(there.key): there async for there in here.list()}  # before the jobs: later ones are none
        orphans = dict(lying)
        missing: list[Stray] = []
        hashes: set[str] = set()
        clips, size_bytes = 0, 0
        async for job, wanted in self._wanted():
            hashes |= input_hashes([job])
            for artifact in wanted:
                shelf = room.shelf.of(artifact.archive)
                place = shelf.place(artifact.key)  # one archive may lie inside another, or have two names
                there = lying.get(place)
                orphans.pop(place, None)
                if there is None:
                    there = await shelf.look(artifact.key)
                if there is None:
                    missing.append(Stray(artifact.key, job.id, "is not there", artifact.size_bytes))
                elif there.size_bytes != artifact.size_bytes:
                    words = f"has {there.size_bytes} bytes, {artifact.size_bytes} were kept"
                    missing.append(Stray(artifact.key, job.id, words, there.size_bytes))
                else:
                    size_bytes += there.size_bytes
            clips += bool(wanted)
        shelves = [here]
        with suppress(WanreelError):  # one whose driver is not installed any more holds nothing of this one's
            shelves += room.shelf.all().values()
        inputs = {one.place(f"{INPUTS_PREFIX}{sha256}") for one in shelves for sha256 in hashes}
        for place in list(orphans):
            folder, slash, name = place.rpartition("/")
            input_ = folder + slash + name.partition(".")[0] in inputs
            if input_ or orphans[place].modified_at > young_at or room.own(place):
                del orphans[place]
        left = sorted(orphans.values(), key=lambda there: there.key)
        strays = [Stray(there.key, "", "belongs to no job", there.size_bytes) for there in left]
        unused = [sha256 for sha256 in await room.inputs.kept() if sha256 not in hashes]
        spooled, stays = await self._in_spool()
        return Checked(clips, size_bytes, tuple(strays), tuple(missing), tuple(unused), tuple(spooled), tuple(stays))

    async def reindex(self, *, dry_run: bool = False) -> Reindexed:
        """Make finished jobs again of clips whose jobs are not here. Raises Unavailable."""
        room = self._room
        if room.recover is None or room.whole is None:
            raise Internal("this home was put together without a way to recover jobs")
        await self._know()
        return await reindex(room.jobs, room.shelf, Knowing(room.recover, room.keys_of, room.whole), dry_run=dry_run)

    async def forget_archive(self, name: str, *, lost: bool = False) -> None:
        """Look for an earlier archive's clips in the one that is set, from now on. `lost`: what still lay there is lost
        for good. Raises NotFound, Conflict: it is the one that is set, or clips of this home still lie in it, or were
        not moved: an erasure would leave them behind; Unavailable.
        """
        room = self._room
        if room.drop_archive is None:
            raise Internal("this home was put together without a memory of its archives")
        await self._know()
        here, old = room.shelf.of(""), room.shelf.all().get(name)
        if old is not None and old is not here and not lost:
            await self._must_be_moved(name, old, here)
        await room.drop_archive(name)

    async def _must_be_moved(self, name: str, old: Shelf, here: Shelf) -> None:
        stays: list[str] = []
        lacking: list[str] = []
        try:
            inputs = [there.key async for there in old.list(INPUTS_PREFIX)]
            stays += [key for key in inputs if old.place(key) != here.place(key)]
            async for _, wanted in self._wanted():
                for artifact in (one for one in wanted if one.archive == name):
                    if old.place(artifact.key) != here.place(artifact.key) and await old.look(artifact.key) is not None:
                        stays.append(artifact.key)
                    moved = await here.look(artifact.key)
                    if moved is None or moved.size_bytes != artifact.size_bytes:
                        lacking.append(artifact.key)
        except Unavailable as why:
            words = f"{name} cannot be looked at ({why.message}): forget it with --lost if it is gone for good"
            raise Unavailable(words) from why
        if lacking:
            first = f"{len(lacking)} files of this home are not in the archive that is set, such as {lacking[0]}"
            raise Conflict(f"{first}: move them there first, or say --lost if they are lost")
        if stays:
            first = f"{len(stays)} files of this home still lie in {name}, such as {stays[0]}"
            raise Conflict(f"{first}: nobody would erase them there; remove them first")

    async def spooling(self) -> Spooling:
        """How the spool stands. Raises Unavailable."""
        return Spooling(await self._room.spool.room(), await self._room.stakes.stake_bytes())

    async def spools(self) -> Mapping[str, list[str]]:
        """The spools of all machines that may hold clips, by name, and the jobs whose clips those are; this machine's
        first, whether or not it holds any. Only where several machines share a database. Raises Unavailable.
        """
        room = self._room
        found: dict[str, list[str]] = {room.spool.name: []} if room.copies is not None else {}
        for job_id, holders in (await room.copies.copies()).items() if room.copies is not None else ():
            for holder in holders:
                found.setdefault(holder, []).append(job_id)
        return found

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

    async def _in_spool(self) -> tuple[list[Stray], list[Stray]]:
        """The clips in the spool that wait for the storage, and those that nobody waits with."""
        waiting: list[Stray] = []
        orphans: list[Stray] = []
        for name, job_ids in (await self.spools()).items():
            if name != self._room.spool.name:
                waiting += [Stray(job_id, job_id, f"lies in the spool of {name}, or did") for job_id in job_ids]
        for job_id in await self._room.spool.held():
            try:
                state = (await self._room.jobs.get(job_id)).state
            except NotFound:
                orphans.append(Stray(job_id, "", "belongs to no job here"))
                continue
            if isinstance(state, Archiving):
                size_bytes = state.spooled.size_bytes if state.spooled else 0
                waiting.append(Stray(job_id, job_id, "waits for the storage", size_bytes))
            elif not isinstance(state, (Succeeded, Cancelled)):  # those are let go of by themselves
                orphans.append(Stray(job_id, job_id, f"its job is {state_name(state)}"))
        return waiting, orphans

    async def _wanted(self) -> AsyncIterator[tuple[Job, list[Artifact]]]:
        """Every job, and the files that should lie in the storage for it."""
        room = self._room
        after: str | None = None
        while jobs := await room.jobs.find(Filter(limit=AT_ONCE, after=after)):
            custody = await room.custodian.custody_of([job.id for job in jobs])
            for job in jobs:
                decided = custody.get(job.id, Custody(job.id))
                kept = isinstance(job.state, Succeeded) and decided.purged_at is None and decided.erased_at is None
                yield job, await self._files(job) if kept else []
            after = jobs[-1].id

    async def _files(self, job: Job) -> list[Artifact]:
        assert isinstance(job.state, Succeeded)
        views = await self._room.gallery.views_of(job.id)
        return [job.state.artifact, *(view.artifact for view in (views.views if views else ()))]

    # --- inside -----------------------------------------------------------------------------------------------------

    async def _custody(self, job: Job) -> Custody:
        return (await self._room.custodian.custody_of([job.id])).get(job.id, Custody(job.id))

    async def _know(self) -> None:
        if self._room.know_archives is not None:
            await self._room.know_archives()

    def _trashed(self, custody: Custody, why: str) -> Custody:
        return trash(custody, self._room.clock.now(), self._room.retention.grace_days, why)

    async def _decide(self, job_id: str, rule: Callable[[Custody], Custody], what: str) -> Custody:
        """What `rule` makes of the decision that stands. Where another one came first, of that one."""
        for tried in range(1, TRIES_MAX + 1):
            was = (await self._room.custodian.custody_of([job_id])).get(job_id, Custody(job_id))
            custody = rule(was)
            if custody == was:
                return was
            try:
                await self._room.custodian.decide([Ruling(was, custody)])
            except Stale:
                if tried == TRIES_MAX:
                    raise
                continue
            log.info(KEEPING, job=job_id, what=what)
            return custody
        raise AssertionError  # the last try returns or raises


async def _clear(shelf: Shelf, key: str) -> None:
    """Remove a clip, other bytes of its job's, and what was derived from them, also by a home that was lost."""
    there = [one.key async for one in shelf.list(key.removesuffix(".mp4") + ".")]
    clips = [one for one in there if is_clip_of(key, one)]
    for one in there:
        if any(is_view_of(clip, one) for clip in (key, *clips)):
            await shelf.remove(one)
    for clip in clips:
        await shelf.remove(clip)
