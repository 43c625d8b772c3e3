"""What lies in the storage and in the spools, beside what the jobs say.

Nothing is removed because it is not known: strays are reported, a person decides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from wanreel.domain.errors import Conflict, NotFound, Unavailable, WanreelError
from wanreel.domain.job import Archiving, Artifact, Cancelled, Job, Succeeded, state_name
from wanreel.domain.keeping import (
    INPUTS_PREFIX,
    Custody,
    input_hashes,
)
from wanreel.ports.archive import Shelf
from wanreel.ports.jobs import Filter
from wanreel.service.keeping_room import (
    AT_ONCE,
    KeepingRoom,
    know_archives,
)

YOUNG_S = 2 * 3600.0  # what lies in the storage for less may belong to a job that is just being archived


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


async def check(room: KeepingRoom) -> Checked:
    """Compare what lies in the storage with what the jobs say; remove nothing."""
    await know_archives(room)
    young_at = room.clock.now() - YOUNG_S
    here = room.shelf.of("")
    lying = {here.place(there.key): there async for there in here.list()}  # before the jobs: later ones are none
    orphans = dict(lying)
    missing: list[Stray] = []
    hashes: set[str] = set()
    clips, size_bytes = 0, 0
    async for job, wanted in wanted_files(room):
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
    spooled, stays = await in_spool(room)
    return Checked(clips, size_bytes, tuple(strays), tuple(missing), tuple(unused), tuple(spooled), tuple(stays))


async def must_be_moved(room: KeepingRoom, name: str, old: Shelf, here: Shelf) -> None:
    """Raises Conflict while clips of this home lie in the archive of that name alone, or still lie there beside the one
    that is set; Unavailable where that cannot be seen.
    """
    stays: list[str] = []
    lacking: list[str] = []
    try:
        inputs = [there.key async for there in old.list(INPUTS_PREFIX)]
        stays += [key for key in inputs if old.place(key) != here.place(key)]
        async for _, wanted in wanted_files(room):
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


async def spools_of(room: KeepingRoom) -> Mapping[str, list[str]]:
    """The spools of all machines that may hold clips, by name, and the jobs whose clips those are; this machine's
    first, whether or not it holds any. Only where several machines share a database. Raises Unavailable.
    """
    found: dict[str, list[str]] = {room.spool.name: []} if room.copies is not None else {}
    for job_id, holders in (await room.copies.copies()).items() if room.copies is not None else ():
        for holder in holders:
            found.setdefault(holder, []).append(job_id)
    return found


async def in_spool(room: KeepingRoom) -> tuple[list[Stray], list[Stray]]:
    """The clips in the spool that wait for the storage, and those that nobody waits with."""
    waiting: list[Stray] = []
    orphans: list[Stray] = []
    for name, job_ids in (await spools_of(room)).items():
        if name != room.spool.name:
            waiting += [Stray(job_id, job_id, f"lies in the spool of {name}, or did") for job_id in job_ids]
    for job_id in await room.spool.held():
        try:
            state = (await room.jobs.get(job_id)).state
        except NotFound:
            orphans.append(Stray(job_id, "", "belongs to no job here"))
            continue
        if isinstance(state, Archiving):
            size_bytes = state.spooled.size_bytes if state.spooled else 0
            waiting.append(Stray(job_id, job_id, "waits for the storage", size_bytes))
        elif not isinstance(state, (Succeeded, Cancelled)):  # those are let go of by themselves
            orphans.append(Stray(job_id, job_id, f"its job is {state_name(state)}"))
    return waiting, orphans


async def wanted_files(room: KeepingRoom) -> AsyncIterator[tuple[Job, list[Artifact]]]:
    """Every job, and the files that should lie in the storage for it."""
    after: str | None = None
    while jobs := await room.jobs.find(Filter(limit=AT_ONCE, after=after)):
        custody = await room.custodian.custody_of([job.id for job in jobs])
        for job in jobs:
            decided = custody.get(job.id, Custody(job.id))
            kept = isinstance(job.state, Succeeded) and decided.purged_at is None and decided.erased_at is None
            yield job, await _files(room, job) if kept else []
        after = jobs[-1].id


async def _files(room: KeepingRoom, job: Job) -> list[Artifact]:
    assert isinstance(job.state, Succeeded)
    views = await room.gallery.views_of(job.id)
    return [job.state.artifact, *(view.artifact for view in (views.views if views else ()))]
