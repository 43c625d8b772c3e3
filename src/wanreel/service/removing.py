"""Taking away: what is too old, what has lain in the trash long enough, what must be erased.

Every step that takes something away is written down before it is taken, and finished by the next sweep if its process
died in between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from wanreel.domain.errors import Conflict, Stale, Unavailable, WanreelError
from wanreel.domain.job import Job, Succeeded, is_final, state_name
from wanreel.domain.keeping import (
    DAY_S,
    INPUTS_PREFIX,
    OTHERS,
    Custody,
    ask_erasure,
    begin_purge,
    end_purge,
    erased,
    input_hashes,
    is_clip_of,
    is_view_of,
    put_off,
)
from wanreel.ports.archive import Shelf
from wanreel.ports.jobs import Filter
from wanreel.ports.keeping import Ruling, Worn
from wanreel.service.keeping_room import (
    AT_ONCE,
    SWEEP_EVERY_S,
    TRIES_MAX,
    KeepingRoom,
    custody_of,
    know_archives,
    trashed,
)
from wanreel.telemetry import KEEPING, log


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did, or would do: ids of jobs, hashes of inputs; and what it could not do, in words."""

    trashed: tuple[str, ...] = ()
    purged: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    inputs: tuple[str, ...] = ()  # hashes of kept inputs that no job needs


async def sweep(room: KeepingRoom, *, dry_run: bool = False) -> Swept:
    """Trash what is too old, purge trash whose grace is over, finish erasures that were cut short."""
    await know_archives(room)
    now = room.clock.now()
    trashed: list[str] = []
    purged: list[str] = []
    gone: list[str] = []
    failed: list[tuple[str, str]] = []
    async for job, why in _worn(room, now, dry_run=dry_run):
        if not dry_run and not await _wear(room, job, why):
            continue
        trashed.append(job.id)
    while True:
        due = await room.custodian.due(now, 1_000_000 if dry_run else AT_ONCE)
        for custody in due:
            erasing = custody.erase_asked_at is not None
            try:
                if dry_run or await (_finish_erasing if erasing else _purge)(room, custody.job_id):
                    (gone if erasing else purged).append(custody.job_id)
            except WanreelError as why:  # tried again at the next sweep
                failed.append((custody.job_id, why.message))
        if dry_run or failed or len(due) < AT_ONCE:
            break
    unused = await _let_go_unused(room, now - room.input_days * DAY_S, dry_run=dry_run)
    if not dry_run:
        await _prune(room, now - room.history_days * DAY_S)
        if room.uploads is not None:
            await room.uploads.sweep()
    return Swept(tuple(trashed), tuple(purged), tuple(gone), tuple(failed), tuple(unused))


async def erase(room: KeepingRoom, job_id: str) -> tuple[str, ...]:
    """Erase a job and its spares: clip, derived files, inputs only they needed, prompts, the vendor's words and the
    history. What stays keeps them from being bought or adopted again. The ids of what was erased. Raises Conflict
    (not ended, held).
    """
    await know_archives(room)
    job = await room.service.get(job_id)
    family = await _family(room, job)
    for one in family:
        if not is_final(one):
            raise Conflict(f"{one.id} is still {state_name(one.state)}: cancel it, and erase it when it has ended")
    await _ask_erasure(room, [one.id for one in family])
    for one in family:
        await _finish_erasing(room, one.id)
    return tuple(one.id for one in family)


async def _prune(room: KeepingRoom, before: float) -> None:
    await room.custodian.prune(before)
    if room.hooks is not None:
        await room.hooks.prune(before)


async def _worn(room: KeepingRoom, now: float, *, dry_run: bool) -> AsyncIterator[tuple[Job, str]]:
    """Clips that are too old, each with the rule that says so."""
    days = room.retention.days
    for project in days:
        limit_s = days[project] * DAY_S
        named = tuple(name for name in days if name != OTHERS)
        which = Worn(now - limit_s, AT_ONCE) if project == OTHERS else Worn(now - limit_s, AT_ONCE, (project,))
        which = replace(which, but=named) if project == OTHERS else which
        which = replace(which, limit=1_000_000) if dry_run else which
        whose = "clips" if project == OTHERS else f"clips of {project}"
        while found := await room.custodian.worn(which):
            for job in found:
                yield job, f"older than {days[project]:g} days, as long as {whose} are kept"
            if dry_run or len(found) < AT_ONCE:
                break


async def _let_go_unused(room: KeepingRoom, before: float, *, dry_run: bool) -> list[str]:
    """Inputs that were kept for orders that never came (looked at, refused, a dry run, a cut connection), or whose
    jobs are gone. Those in use are noted as such, so that jobs are read through now and then and not every time.
    """
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


async def _wear(room: KeepingRoom, job: Job, why: str) -> bool:
    """Into the trash by a rule of age; False when somebody decided something about it this very moment."""
    fresh = Custody(job.id)
    try:
        await room.custodian.decide([Ruling(fresh, trashed(room, fresh, why))])
    except Stale:
        return False
    log.info(KEEPING, job=job.id, what="trashed")
    return True


async def _purge(room: KeepingRoom, job_id: str) -> bool:
    """Remove a clip and what was derived from it for good, and the inputs that only it needed. That it is on its
    way is written down before the first byte goes, unless a hold came first; after that no hold is taken, and
    whoever sweeps next goes on from there. False when it was held or brought back a moment ago.
    """
    now = room.clock.now()
    job = await room.jobs.get(job_id)
    was = await custody_of(room, job)
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
    await _remove_files(room, job)
    await room.gallery.drop_views(job.id)
    await _let_go(room, [job])
    with suppress(Stale):  # an erasure was asked for meanwhile, and goes on from there
        await room.custodian.decide([Ruling(going, end_purge(going))])
    log.info(KEEPING, job=job.id, what="purged")
    return True


async def _ask_erasure(room: KeepingRoom, job_ids: Sequence[str]) -> None:
    """Written down first, of all or none: whatever happens now, the next sweep finishes it, and no hold is taken
    any more. Raises Conflict: one of them is held.
    """
    now = room.clock.now()
    for tried in range(1, TRIES_MAX + 1):
        there = await room.custodian.custody_of(list(job_ids))
        standing = [there.get(job_id, Custody(job_id)) for job_id in job_ids]
        try:
            await room.custodian.decide([Ruling(was, ask_erasure(was, now)) for was in standing])
        except Stale:
            if tried == TRIES_MAX:
                raise
            continue
        break
    for job_id in job_ids:
        log.info(KEEPING, job=job_id, what="erasure asked for")


async def _family(room: KeepingRoom, job: Job) -> list[Job]:
    return [job, *await room.jobs.find(Filter(spare_of=job.id, limit=AT_ONCE))]


async def _finish_erasing(room: KeepingRoom, job_id: str) -> bool:
    job = await room.jobs.get(job_id)
    await _remove_files(room, job)
    for key in room.keys_of(job):  # it may have ended otherwise after its clip had been put there
        for shelf in room.shelf.all().values():
            await _clear(shelf, key)
    await room.spool.drop(job.id)
    others = await room.spool.others(job.id)
    if others:  # its own worker lets go of it, since it is written down what is to be erased
        raise Unavailable(f"a copy may lie in the spool of {', '.join(others)}, which lets go of it within the hour")
    await _let_go(room, [job])
    if room.forget_words is not None and job.request.prompt:
        await room.forget_words(job.request.prompt)
    await room.custodian.erase([erased(job)], room.clock.now())
    log.info(KEEPING, job=job.id, what="erased")
    return True


async def _remove_files(room: KeepingRoom, job: Job) -> None:
    views = await room.gallery.views_of(job.id)
    for view in views.views if views else ():
        await room.shelf.of(view.artifact.archive).remove(view.artifact.key)
    if isinstance(job.state, Succeeded):
        clip = job.state.artifact
        await _clear(room.shelf.of(clip.archive), clip.key)


async def _let_go(room: KeepingRoom, jobs: list[Job]) -> None:
    """Remove the inputs that no other job needs, here and in the storage."""
    ids = [job.id for job in jobs]
    for sha256 in sorted(input_hashes(jobs)):
        if not await room.custodian.refers(sha256, ids):
            await room.inputs.forget(sha256)
            for shelf in room.shelf.all().values():
                async for there in shelf.list(f"{INPUTS_PREFIX}{sha256}"):
                    await shelf.remove(there.key)


async def _clear(shelf: Shelf, key: str) -> None:
    """Remove a clip, other bytes of its job's, and what was derived from them, also by a home that was lost."""
    there = [one.key async for one in shelf.list(key.removesuffix(".mp4") + ".")]
    clips = [one for one in there if is_clip_of(key, one)]
    for one in there:
        if any(is_view_of(clip, one) for clip in (key, *clips)):
            await shelf.remove(one)
    for clip in clips:
        await shelf.remove(clip)
