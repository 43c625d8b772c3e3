"""A process that dies at any call of a purge, an erasure or a reindexing: the next one goes on from there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.archive.clips import bare_clip, pieces
from tests.factories import NOW, make_account, make_job
from tests.service.test_keeping import PICTURE, Bench
from wanreel.archive.labels import job_of, label_of
from wanreel.archive.local import LocalArchive
from wanreel.archive.local_shelf import LocalShelf
from wanreel.archive.whole import whole_clip
from wanreel.domain.errors import Conflict
from wanreel.domain.job import Succeeded
from wanreel.domain.keeping import DAY_S
from wanreel.ports.archive import Label, Shelf
from wanreel.ports.inputs import Inputs
from wanreel.ports.jobs import Filter, Jobs
from wanreel.ports.keeping import Custodian, Gallery
from wanreel.ports.spools import Spool
from wanreel.service.keeping import Keeping

CALLS_MAX = 90
_ALL = Filter()


class Killed(BaseException):
    """The process is no more."""


class Doomed:
    """Passes calls on until there were so many; that one is not made, or made and never answered."""

    def __init__(self, calls: int, *, answered: bool) -> None:
        self.left, self._answered = calls, answered

    def over(self, door: Any) -> Any:
        """A door whose calls count."""
        return _Door(door, self)

    def count(self) -> bool:
        """Whether this call is the last one."""
        self.left -= 1
        if self.left == 0 and not self._answered:
            raise Killed
        return self.left == 0


class _Door:
    def __init__(self, door: Any, doom: Doomed) -> None:
        self._door, self._doom = door, doom

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._door, name)
        if name in ("place", "where", "name"):
            return found
        if name == "of":
            return lambda _: self
        if name == "all":
            return lambda: {"": self}
        if name == "list":
            return found

        async def call(*given: Any, **named: Any) -> Any:
            last = self._doom.count()
            try:
                return await found(*given, **named)
            finally:
                if last:
                    raise Killed  # whatever the answer was

        return call


def doomed(bench: Bench, doom: Doomed) -> Keeping:
    """The keeping of a process that will die."""
    room = bench.keeping._room
    return Keeping(
        replace(
            room,
            jobs=cast("Jobs", doom.over(room.jobs)),
            gallery=cast("Gallery", doom.over(room.gallery)),
            custodian=cast("Custodian", doom.over(room.custodian)),
            shelf=cast("Shelf", doom.over(room.shelf)),
            inputs=cast("Inputs", doom.over(room.inputs)),
            spool=cast("Spool", doom.over(room.spool)),
        )
    )


@pytest.mark.parametrize("how", ["purge", "erase"])
async def test_what_was_begun_is_finished_wherever_it_was_cut_short(tmp_path: Path, how: str) -> None:
    """At each call, before or after it took effect: either a hold can still be set, and everything lies there, or it is
    refused, and the next sweep leaves nothing; the picture is let go of, nothing is done twice for ever.
    """
    held, gone = 0, 0
    for calls in range(1, CALLS_MAX):
        answered = bool(calls % 2)
        bench = Bench(tmp_path / f"{calls}", {})
        job = await bench.clip("job_a")
        await bench.shelf.put("job_a.poster.jpg", b"jpeg", Label("image/jpeg"))
        if how == "purge":
            await bench.keeping.delete(job.id)
            bench.clock.advance(DAY_S + 1)
        dying = doomed(bench, Doomed((calls + 1) // 2, answered=answered))
        try:
            await (dying.sweep() if how == "purge" else dying.erase(job.id))
        except Killed:
            pass
        else:
            assert min(held, gone) > 3, "it was killed in all places, and here no more"
            return
        files = sorted([there.key async for there in bench.shelf.list()])
        try:
            await bench.keeping.hold(job.id, "case 7")
        except Conflict:
            gone += 1
            await bench.keeping.sweep()
            assert [] == [there.key async for there in bench.shelf.list()], calls
            assert [PICTURE.sha256] == list(dict.fromkeys(bench.inputs.forgotten)), calls
            again = await bench.keeping.sweep()
            assert ((), ()) == (again.purged, again.erased)
        else:
            held += 1
            assert ["job_a.mp4", "job_a.poster.jpg"] == files, calls
            await bench.keeping.sweep()
            assert 2 == len([there.key async for there in bench.shelf.list()])
    raise AssertionError("it never came to its end")


async def test_a_reindexing_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    """Each clip becomes one job, whichever call was the last."""
    archive = LocalArchive(tmp_path / "clips")
    for n in range(3):
        label = label_of(make_job(Succeeded, id=f"job_{n}", task_id=f"task-{n}", at=NOW))
        await archive.keep(f"films/job_{n}.mp4", pieces(bare_clip(b"%d" % n)), label)
    for calls in range(1, CALLS_MAX):
        bench = Bench(tmp_path / f"{calls}", {})
        bench.shelf = LocalShelf(tmp_path / "clips")
        bench.keeping = Keeping(
            replace(
                bench.keeping._room,
                shelf=bench.shelf,
                recover=lambda there, artifact: job_of(there, artifact, make_account),
                whole=whole_clip,
            )
        )
        dying = doomed(bench, Doomed((calls + 1) // 2, answered=bool(calls % 2)))
        try:
            await dying.reindex()
        except Killed:
            done = await bench.keeping.reindex()
            assert ((), 3) == (done.strange, done.known + len(done.restored))
            assert 3 == len(await bench.store.find(_ALL))
        else:
            assert calls > 10
            return
    raise AssertionError("it never came to its end")
