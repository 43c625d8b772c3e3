"""Finished jobs again from what lies in the storage: after a home was lost, or a storage given to another one.

A clip's file tells which job it is of (its metadata; in a folder, a small hidden file beside it), by which task, model
and seed it was made and when. Its words are not in there (only their hash), nor what it cost: those are gone with the
home. A job that is known stays as it is; what nobody can make sense of is told and left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from wanreel.domain.errors import Conflict, Internal, NotFound, TaskTaken, WanreelError
from wanreel.domain.job import Artifact, Job, Succeeded, state_name
from wanreel.ports import Jobs, Shelf, Shelved

Recover = Callable[[Shelved, Artifact], Job]
"""The job a clip is of, from its facts. Raises Invalid: they do not say."""


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What a look through the storage came to: ids of jobs, and keys with what is strange about them."""

    clips: int
    restored: tuple[str, ...]
    known: int
    strange: tuple[tuple[str, str], ...]


async def reindex(jobs: Jobs, shelf: Shelf, recover: Recover, *, dry_run: bool = False) -> Reindexed:
    """Make a finished job of every clip in all known archives whose job is not here. Each such clip is read whole, for
    its hash. Raises Unavailable; what was restored by then stays, and the next run goes on from there.
    """
    clips, known = 0, 0
    restored: list[str] = []
    strange: list[tuple[str, str]] = []
    async for archive, there in _clips(shelf):
        clips += 1
        try:
            job = await _read(shelf, archive, there.key, recover)
            if await _is_known(jobs, job):
                known += 1
                continue
            if not dry_run:
                await jobs.add([await _hashed(shelf, archive, job)])
            restored.append(job.id)
        except (NotFound, Conflict, TaskTaken) as why:
            strange.append((there.key, why.message))
        except WanreelError as why:
            if why.code == "unavailable":
                raise
            strange.append((there.key, str(why)))
    return Reindexed(clips, tuple(restored), known, tuple(strange))


async def _clips(shelf: Shelf) -> AsyncIterator[tuple[str, Shelved]]:
    met: set[str] = set()  # one archive may lie inside another, or have two names
    for archive, one in shelf.all().items():
        async for there in one.list():
            place = one.where(Artifact(there.key, there.size_bytes, ""))
            if there.key.endswith(".mp4") and place not in met:
                met.add(place)
                yield archive, there


async def _read(shelf: Shelf, archive: str, key: str, recover: Recover) -> Job:
    there = await shelf.of(archive).look(key)
    if there is None:
        raise NotFound("it went away meanwhile")
    return recover(there, Artifact(key, there.size_bytes, "", there.media_type or "video/mp4", archive))


async def _is_known(jobs: Jobs, job: Job) -> bool:
    """Whether the job is here, with this clip. Raises Conflict: it is here with another one, or ended otherwise."""
    try:
        there = await jobs.get(job.id)
    except NotFound:
        return False
    if not isinstance(there.state, Succeeded):
        raise Conflict(f"its job {job.id} is here and {state_name(there.state)}")
    assert isinstance(job.state, Succeeded)
    if there.state.artifact.key != job.state.artifact.key:
        raise Conflict(f"its job {job.id} is here with another clip, {there.state.artifact.key}")
    return True


async def _hashed(shelf: Shelf, archive: str, job: Job) -> Job:
    """The job with its clip's hash, as the clip lies there now."""
    if not isinstance(job.state, Succeeded):
        raise Internal(f"{job.id} was recovered as {state_name(job.state)}")
    digest = hashlib.sha256()
    async for piece in await shelf.of(archive).open(job.state.artifact):
        digest.update(piece)
    artifact = replace(job.state.artifact, sha256=digest.hexdigest())
    return replace(job, state=replace(job.state, artifact=artifact))
