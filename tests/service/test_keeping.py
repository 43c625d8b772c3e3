"""Sweeps finish what was begun, take nothing that is held, and let go of inputs that nobody needs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories import NOW, make_change, make_job
from tests.inputs.pictures import wav
from tests.service.shops import Shelf, make_counter
from wanreel.archive.local_shelf import LocalShelf
from wanreel.archive.spool import LocalSpool
from wanreel.domain.errors import Unavailable
from wanreel.domain.job import Artifact, Generating, Job, Succeeded
from wanreel.domain.keeping import DAY_S, Custody, Retention, erased
from wanreel.domain.request import Media, Stored
from wanreel.inputs.home import HomeInputs
from wanreel.media.looks import Looks
from wanreel.ports.archive import Label
from wanreel.ports.keeping import Ruling
from wanreel.service.keeping import Keeping
from wanreel.service.keeping_room import SWEEP_EVERY_S, KeepingRoom

PICTURE = Stored("ab" * 32, "image/png", 4, 1280, 720, "kite.png")


class Forgetting(Shelf):
    """`ports.Inputs`, as far as keeping goes."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.broken = False

    async def forget(self, sha256: str) -> bool:
        if self.broken:
            raise Unavailable("not now")
        self.forgotten.append(sha256)
        return True


class Bench:
    """A storage in a folder, a store in memory, and two clips made from one picture."""

    def __init__(self, folder: Path, days: dict[str, float]) -> None:
        counter = make_counter()
        self.clock, self.store, self.shelf, self.inputs = counter.clock, counter.store, LocalShelf(folder), Forgetting()
        self.keeping = Keeping(
            KeepingRoom(
                clock=self.clock,
                service=counter.service,
                jobs=self.store,
                gallery=self.store.keeping,
                custodian=self.store.keeping,
                shelf=self.shelf,
                inputs=self.inputs,
                retention=Retention(days, grace_days=1),
                spool=LocalSpool(folder / "spool", 10**9, self.clock),
                stakes=self.store,
            )
        )

    async def clip(self, id: str) -> Job:  # noqa: A002 - named as the field is
        """A job with its clip in the storage."""
        artifact = await self.shelf.put(f"{id}.mp4", b"clip", Label())
        media = (Media("first_frame", PICTURE),)
        job = make_job(
            Succeeded, id=id, task_id=id, at=NOW - 10 * DAY_S, media=media, artifact=artifact, prompt="words"
        )
        return (await self.store.add([job]))[0]

    async def lies(self, artifact: Artifact) -> bool:
        """Whether it is in the storage."""
        return await self.shelf.look(artifact.key) is not None


async def test_an_erasure_that_was_cut_short_is_finished_by_the_next_sweep(tmp_path: Path) -> None:
    """Asked for and not finished, the process gone: nothing of the job's words stays."""
    bench = Bench(tmp_path, {})
    job = await bench.clip("job_a")
    await bench.store.keeping.decide([Ruling(Custody("job_a"), Custody("job_a", erase_asked_at=NOW))])
    assert ("job_a",) == (await bench.keeping.sweep()).erased
    assert erased(job) == await bench.store.get("job_a")
    assert [PICTURE.sha256] == bench.inputs.forgotten
    assert () == (await bench.keeping.sweep()).erased


async def test_an_input_stays_while_another_job_needs_it(tmp_path: Path) -> None:
    """The last job that started from it takes it along."""
    bench = Bench(tmp_path, {})
    for name in ("job_a", "job_b"):
        await bench.clip(name)
    await bench.keeping.erase("job_a")
    assert [] == bench.inputs.forgotten
    await bench.keeping.erase("job_b")
    assert [PICTURE.sha256] == bench.inputs.forgotten


async def test_rules_of_age_trash_first_and_purge_after_the_grace(tmp_path: Path) -> None:
    """A day in between, in which a hold still saves a clip."""
    bench = Bench(tmp_path, {"*": 5})
    jobs = [await bench.clip(name) for name in ("job_a", "job_b")]
    assert ("job_a", "job_b") == (await bench.keeping.sweep()).trashed
    assert ((), ()) == ((again := await bench.keeping.sweep()).trashed, again.purged)
    await bench.keeping.hold("job_b", "case 7")
    bench.clock.advance(DAY_S + 1)
    assert ("job_a",) == (await bench.keeping.sweep()).purged
    assert [False, True] == [await bench.lies(j.state.artifact) for j in jobs if isinstance(j.state, Succeeded)]


class Broken(LocalShelf):
    """A storage that removes nothing today."""

    async def remove(self, key: str) -> None:
        raise Unavailable("not now")


async def test_a_storage_that_is_away_is_tried_again(tmp_path: Path) -> None:
    """The failure is told, and nothing is noted as gone that still lies there."""
    bench = Bench(tmp_path, {})
    job = await bench.clip("job_a")
    await bench.keeping.delete("job_a")
    bench.clock.advance(DAY_S + 1)
    whole = bench.keeping._room
    broken = Keeping(
        KeepingRoom(
            clock=whole.clock,
            service=whole.service,
            jobs=whole.jobs,
            gallery=whole.gallery,
            custodian=whole.custodian,
            shelf=Broken(tmp_path),
            inputs=whole.inputs,
            retention=whole.retention,
            spool=whole.spool,
            stakes=whole.stakes,
        )
    )
    assert (("job_a", "not now"),) == (await broken.sweep()).failed
    assert ("job_a",) == (await bench.keeping.sweep()).purged
    assert isinstance(job.state, Succeeded)
    assert not await bench.lies(job.state.artifact)


async def test_a_purge_that_was_cut_short_lets_go_of_its_inputs_later(tmp_path: Path) -> None:
    """The clip gone and the picture not: the next sweep goes on from there, and the one after has nothing to do."""
    bench = Bench(tmp_path, {})
    await bench.clip("job_a")
    await bench.keeping.delete("job_a")
    bench.clock.advance(DAY_S + 1)
    bench.inputs.broken = True
    assert (("job_a", "not now"),) == (await bench.keeping.sweep()).failed
    assert [] == bench.inputs.forgotten
    bench.inputs.broken = False
    assert ("job_a",) == (await bench.keeping.sweep()).purged
    assert [PICTURE.sha256] == bench.inputs.forgotten
    assert () == (await bench.keeping.sweep()).purged


async def test_what_was_put_away_before_it_ended_is_purged_when_it_has(tmp_path: Path) -> None:
    """A clip that comes after the purge would stay for ever."""
    bench = Bench(tmp_path, {})
    job = make_job(Generating, id="job_a", task_id="job_a", at=NOW)
    await bench.store.add([job])
    await bench.keeping.put_away("job_a")
    bench.clock.advance(DAY_S + 1)
    assert ((), ()) == ((swept := await bench.keeping.sweep()).purged, swept.failed)
    artifact = await bench.shelf.put("job_a.mp4", b"clip", Label())
    done = make_job(Succeeded, id="job_a", task_id="job_a", at=NOW, artifact=artifact)
    await bench.store.commit(make_change(job, done.state))
    bench.clock.advance(SWEEP_EVERY_S + 1)
    assert ("job_a",) == (await bench.keeping.sweep()).purged
    assert not await bench.lies(artifact)


async def test_tending_sweeps_every_hour(tmp_path: Path) -> None:
    """Until it is stopped."""
    bench = Bench(tmp_path, {"*": 5})
    await bench.clip("job_a")

    async def sleep(seconds: float) -> None:
        bench.clock.advance(seconds)
        if bench.clock.now() > NOW + 2 * DAY_S:
            raise InterruptedError

    bench.clock.sleep = sleep
    with pytest.raises(InterruptedError):
        await bench.keeping.tend()
    assert (await bench.keeping.custody("job_a")).purged_at is not None


async def test_inputs_that_no_job_needs_go_after_a_week(tmp_path: Path) -> None:
    """Looked at, refused, dry runs, or left by a job that is gone; a dry sweep only says so, and those in use stay."""
    bench = Bench(tmp_path, {})
    inputs = HomeInputs(tmp_path / "inputs", Looks())
    bench.keeping = Keeping(replace(bench.keeping._room, inputs=inputs))
    folder = tmp_path / "inputs"
    kept = [(await inputs.keep_bytes(wav(n), f"{n}.wav")).sha256 for n in (1, 2, 3)]
    stored = Stored(kept[0], "audio/wav", 4)
    await bench.store.add([make_job(id="job_a", media=(Media("audio", stored),))])
    for path in folder.iterdir():
        os.utime(path, (NOW - 8 * DAY_S, NOW - 8 * DAY_S))
    os.utime(folder / kept[2], (NOW - 6 * DAY_S, NOW - 6 * DAY_S))
    assert (kept[1],) == (await bench.keeping.sweep(dry_run=True)).inputs
    assert sorted(kept) == await inputs.kept()
    assert (kept[1],) == (await bench.keeping.sweep()).inputs
    assert sorted([kept[0], kept[2]]) == await inputs.kept()
    assert [] == await inputs.idle(NOW - 7 * DAY_S), "the one in use is not asked after again at every sweep"
