"""A legal hold and a purge or an erasure at the same moment, in two processes: one of them comes first, never both."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tests.contract.stores import Bench, Store
from tests.factories import NOW, make_job
from wanreel.archive.local_shelf import LocalShelf
from wanreel.archive.spool import LocalSpool
from wanreel.domain.errors import Conflict
from wanreel.domain.job import Artifact, Job, Succeeded
from wanreel.domain.keeping import Retention
from wanreel.ports.archive import Label
from wanreel.ports.inputs import Inputs
from wanreel.service.keeping import Keeping
from wanreel.service.keeping_room import KeepingRoom
from wanreel.service.uses import Service

JOBS = 8
CASE = "case 7"


@dataclass(frozen=True)
class Finds:
    """`Service`, as far as keeping asks it."""

    store: Store

    async def get(self, job_id: str) -> Job:
        return await self.store.get(job_id)


class NoInputs:
    """A home without pictures."""

    async def idle(self, before: float) -> list[str]:
        return []


def keeping_on(store: Store, bench: Bench, shelf: LocalShelf, folder: Path) -> Keeping:
    """One process's keeping; the jobs of these tests start from no input."""
    return Keeping(
        KeepingRoom(
            clock=bench.clock,
            service=cast("Service", Finds(store)),
            jobs=store,
            gallery=store.keeping,
            custodian=store.keeping,
            shelf=shelf,
            inputs=cast("Inputs", NoInputs()),
            retention=Retention({}, grace_days=0),
            spool=LocalSpool(folder / "spool", 10**9, bench.clock),
            stakes=store,
        )
    )


class Slow(LocalShelf):
    """A storage at which somebody may do something just before the first byte goes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def remove(self, key: str) -> None:
        self.begun.set()
        await self.go_on.wait()
        await super().remove(key)


async def clip(bench: Bench, shelf: LocalShelf, name: str) -> Artifact:
    """A job that has its clip."""
    artifact = await LocalShelf.put(shelf, f"{name}.mp4", b"clip", Label())
    await bench.add(make_job(Succeeded, id=name, task_id=name, at=NOW - 9, artifact=artifact))
    return artifact


@pytest.mark.parametrize("how", ["purge", "erase"])
async def test_a_hold_that_comes_while_the_bytes_go_is_refused_in_words(bench: Bench, tmp_path: Path, how: str) -> None:
    """By the other process, too; nobody is told that a clip is held which is about to be gone."""
    shelf = Slow(tmp_path / "archive")
    ours = keeping_on(bench.store, bench, shelf, tmp_path)
    theirs = keeping_on(await bench.second(), bench, shelf, tmp_path)
    artifact = await clip(bench, shelf, "job_a")
    if how == "purge":
        await ours.delete("job_a")
    going = asyncio.create_task(ours.sweep() if how == "purge" else ours.erase("job_a"))
    await shelf.begun.wait()
    with pytest.raises(Conflict, match="is being"):
        await theirs.hold("job_a", CASE)
    shelf.go_on.set()
    await going
    assert await shelf.look(artifact.key) is None
    assert (await theirs.custody("job_a")).held_at is None


@pytest.mark.parametrize("how", ["purge", "erase"])
async def test_whoever_comes_first_decides(bench: Bench, tmp_path: Path, how: str) -> None:
    """A dozen clips, each held by one process while another takes it away: what is held lies there, and what could
    not be held is gone.
    """
    shelf = LocalShelf(tmp_path / "archive")
    ours = keeping_on(bench.store, bench, shelf, tmp_path)
    theirs = keeping_on(await bench.second(), bench, shelf, tmp_path)
    names = [f"job_{n}" for n in range(JOBS)]
    for name in names:
        await clip(bench, shelf, name)
        if how == "purge":
            await ours.delete(name)
    takers = [ours.sweep()] if how == "purge" else [ours.erase(name) for name in names]
    holds = [theirs.hold(name, CASE) for name in reversed(names)]
    said = await asyncio.gather(*takers, *holds, return_exceptions=True)
    assert all(isinstance(one, Conflict) for one in said if isinstance(one, BaseException))
    custody = await bench.store.keeping.custody_of(names)
    for name, told in zip(reversed(names), said[len(takers) :], strict=True):
        held = not isinstance(told, BaseException)
        assert (held, held) == (custody[name].held_at is not None, await shelf.look(f"{name}.mp4") is not None)
