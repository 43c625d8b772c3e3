"""Finished jobs again from what lies in the storage: after a home was lost, or a storage given to another one.

A clip's file tells which job it is of (its metadata; in a folder, a small hidden file beside it), by which task, model
and seed it was made and when. Its words are not in there (only their hash), nor what it cost: those are gone with the
home. A job that is known stays as it is; what nobody can make sense of is told and left alone.

Whoever can write to the storage can write such facts. So a clip must be a whole MP4, with the hash that was noted where
one was; and where several claim to be one job's, the one that lies where this home would have put it is taken, however
they are listed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wanreel.domain.errors import Conflict, Internal, Invalid, NotFound, TaskTaken, WanreelError
from wanreel.domain.job import Artifact, Job, Succeeded, state_name
from wanreel.domain.keeping import is_clip_of
from wanreel.ports.archive import Shelf, Shelved
from wanreel.ports.jobs import Filter, Jobs

Recover = Callable[[Shelved, Artifact], Job]
"""The job a clip is of, from its facts. Raises Invalid: they do not say."""

Whole = Callable[[AsyncIterator[bytes]], Awaitable[str]]
"""The SHA-256 of a clip. Raises Invalid: it is not a whole one."""


@dataclass(frozen=True, slots=True)
class Knowing:
    """What can be made of a file. `keys_of`: where this home would have put a job's clip."""

    recover: Recover
    keys_of: Callable[[Job], Sequence[str]]
    whole: Whole


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What a look through the storage came to: ids of jobs, and keys with what is strange about them."""

    clips: int
    restored: tuple[str, ...]
    known: int
    strange: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A file that says it is a job's clip, and how likely that is: the lowest goes first."""

    archive: str
    there: Shelved
    job: Job
    rank: tuple[int, int, float, str]


@dataclass(slots=True)
class _Found:
    clips: int = 0
    known: int = 0
    restored: list[str] = field(default_factory=list[str])
    strange: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


async def reindex(jobs: Jobs, shelf: Shelf, knowing: Knowing, *, dry_run: bool = False) -> Reindexed:
    """Make a finished job of every clip in all known archives whose job is not here. Each such clip is read whole, for
    its hash. Raises Unavailable; what was restored by then stays, and the next run goes on from there.
    """
    found = _Found()
    for claims in (await _claims(shelf, knowing, found)).values():
        taken = ""
        for claim in sorted(claims, key=lambda one: one.rank):
            key = claim.there.key
            if taken:
                found.strange.append((key, f"its job {claim.job.id} has another clip, {taken}"))
                continue
            try:
                if await _is_known(jobs, shelf, claim.job):
                    found.known += 1
                else:
                    job = await _checked(jobs, shelf, claim, knowing.whole)
                    if not dry_run:
                        await jobs.add([job])
                    found.restored.append(job.id)
                taken = key
            except (NotFound, Conflict, TaskTaken) as why:
                found.strange.append((key, why.message))
            except WanreelError as why:
                if why.code == "unavailable":
                    raise
                found.strange.append((key, str(why)))
    return Reindexed(found.clips, tuple(found.restored), found.known, tuple(found.strange))


async def _claims(shelf: Shelf, knowing: Knowing, found: _Found) -> Mapping[str, list[_Claim]]:
    """All clips that lie anywhere, by the job they say they are of."""
    claims: dict[str, list[_Claim]] = {}
    met: set[str] = set()  # one archive may lie inside another, or have two names
    for number, (archive, one) in enumerate(shelf.all().items()):
        async for listed in one.list():
            place = one.place(listed.key)
            if not listed.key.endswith(".mp4") or place in met:
                continue
            met.add(place)
            found.clips += 1
            there = await one.look(listed.key)
            if there is None:
                found.strange.append((listed.key, "it went away meanwhile"))
                continue
            try:
                job = knowing.recover(there, Artifact(listed.key, there.size_bytes, "", archive=archive))
            except Invalid as why:
                found.strange.append((listed.key, str(why)))
                continue
            rank = (_distance(listed.key, knowing.keys_of(job)), number, there.modified_at, listed.key)
            claims.setdefault(job.id, []).append(_Claim(archive, there, job, rank))
    return claims


def _distance(key: str, expected: Sequence[str]) -> int:
    """0: it lies where this home would have put it; 1: beside that, under its hash; 2: elsewhere."""
    return 0 if key in expected else 1 if any(is_clip_of(one, key) for one in expected) else 2


async def _is_known(jobs: Jobs, shelf: Shelf, job: Job) -> bool:
    """Whether the job is here, with this clip, by whatever name of its archive. Raises Conflict: it is here with
    another one, or ended otherwise.
    """
    try:
        there = await jobs.get(job.id)
    except NotFound:
        return False
    if not isinstance(there.state, Succeeded):
        raise Conflict(f"its job {job.id} is here and {state_name(there.state)}")
    assert isinstance(job.state, Succeeded)
    if _place(shelf, there.state.artifact) != _place(shelf, job.state.artifact):
        raise Conflict(f"its job {job.id} is here with another clip, {there.state.artifact.key}")
    return True


def _place(shelf: Shelf, artifact: Artifact) -> str:
    return shelf.of(artifact.archive).place(artifact.key)


async def _checked(jobs: Jobs, shelf: Shelf, claim: _Claim, whole: Whole) -> Job:
    """The job with its clip's hash, as the clip lies there now. Raises Invalid: it is no whole clip, or not the one
    that was put there; Conflict: its group is another project's.
    """
    job = claim.job
    if not isinstance(job.state, Succeeded):
        raise Internal(f"{job.id} was recovered as {state_name(job.state)}")
    if job.group is not None:
        others = await jobs.find(Filter(group=job.group, limit=1))
        if others and others[0].project != job.project:
            raise Conflict(f"it says it is of group {job.group}, which is another project's")
    sha256 = await whole(await shelf.of(claim.archive).open(job.state.artifact))
    noted = dict(claim.there.facts).get("sha256", sha256)
    if noted != sha256:
        raise Invalid("its bytes are not those that were put there: their hash was noted, and is another one")
    return replace(job, state=replace(job.state, artifact=replace(job.state.artifact, sha256=sha256)))
