"""Keeping, deleting and finding again on all three archives: a folder, a real S3 server, a stand-in for OSS."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.archive.clips import bare_clip, pieces
from tests.contract.archives import STORES, Store
from tests.factories import NOW, make_account, make_job
from tests.service.shops import make_counter
from tests.service.test_keeping import Forgetting
from wanreel.archive.labels import job_of, label_of
from wanreel.archive.spool import LocalSpool
from wanreel.domain.errors import Conflict
from wanreel.domain.job import Artifact, Cancelled, Failed, Job, Succeeded
from wanreel.domain.keeping import DAY_S, INPUTS_PREFIX, Retention, erased
from wanreel.domain.request import Media, Stored
from wanreel.ports import Filter, Label
from wanreel.service.keeping import Keeping, KeepingRoom

PICTURE = Stored("ab" * 32, "image/png", 4, 1280, 720, "kite.png")
_ALL = Filter()
POSTER = Label(media_type="image/jpeg")


@pytest.fixture(params=list(STORES))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Store]:
    """An archive of each kind, empty."""
    async with AsyncExitStack() as stack:
        yield await STORES[request.param](request, tmp_path / "archive", stack)


class Home:
    """A store in memory and the keeping over an archive, as often as wanted: each time a home that knows nothing."""

    def __init__(self, store: Store, folder: Path, days: dict[str, float] | None = None) -> None:
        counter = make_counter()
        self.storage, self.clock, self.store, self.forgotten = store, counter.clock, counter.store, list[str]()
        self.keeping = Keeping(
            KeepingRoom(
                clock=self.clock,
                service=counter.service,
                jobs=self.store,
                gallery=self.store.keeping,
                custodian=self.store.keeping,
                shelf=store.shelf,
                inputs=Forgetting(),  # type: ignore[arg-type] # only what keeping calls
                retention=Retention(days or {}, grace_days=1),
                spool=LocalSpool(folder / "spool", 10**9, self.clock),
                stakes=self.store,
                recover=lambda there, artifact: job_of(there, artifact, make_account),
                forget_words=self._forget,
                keys_of=lambda job: (f"films/{job.id}.mp4",),
            )
        )
        self.spool = self.keeping._room.spool

    async def _forget(self, prompt: str) -> int:
        self.forgotten.append(prompt)
        return 1

    async def clip(self, ending: str, clip: bytes, **changes: Any) -> Job:
        """A job whose clip lies in the storage with its label, as a worker puts it there."""
        given: dict[str, Any] = {
            "task_id": f"task-{ending}",
            "at": NOW - 10 * DAY_S,
            "prompt": "a red kite",
            "seed": 7,
        } | changes
        job = make_job(Succeeded, id=f"job_{ending}", **given)
        artifact = await self.storage.archive.keep(f"films/{job.id}.mp4", pieces(clip), label_of(job))
        job = make_job(Succeeded, id=job.id, artifact=artifact, **given)
        return (await self.store.add([job]))[0]

    async def lies(self, job: Job) -> bool:
        """Whether its clip is in the storage."""
        assert isinstance(job.state, Succeeded)
        return await self.storage.shelf.look(job.state.artifact.key) is not None


async def test_trash_hold_restore_and_purge(store: Store, tmp_path: Path) -> None:
    """The rule takes both; one is held, one brought back and deleted again, and only that one is purged."""
    home = Home(store, tmp_path, {"*": 5})
    held, gone = await home.clip("held", bare_clip(b"h")), await home.clip("gone", bare_clip(b"g"))
    assert {held.id, gone.id} == set((await home.keeping.sweep(dry_run=True)).trashed)
    assert {held.id, gone.id} == set((await home.keeping.sweep()).trashed)
    await home.keeping.hold(held.id, "case 7")
    assert (await home.keeping.restore(gone.id)).readable
    await home.keeping.delete(gone.id)
    with pytest.raises(Conflict, match="hold"):
        await home.keeping.erase(held.id)
    assert (True, True) == (await home.lies(held), await home.lies(gone))
    home.clock.advance(DAY_S + 1)
    swept = await home.keeping.sweep()
    assert ((gone.id,), (), ()) == (swept.purged, swept.trashed, swept.failed)
    assert (True, False) == (await home.lies(held), await home.lies(gone))


async def test_an_erasure_takes_clip_inputs_and_words(store: Store, tmp_path: Path) -> None:
    """What was delivered from the bucket goes, too, and what was said of the prompt."""
    home = Home(store, tmp_path)
    job = await home.clip("a", bare_clip(b"a"), media=(Media("first_frame", PICTURE),))
    await store.shelf.put(f"{INPUTS_PREFIX}{PICTURE.sha256}.png", b"kite", Label(media_type="image/png"))
    assert (job.id,) == await home.keeping.erase(job.id)
    assert {} == await store.visible()
    assert ["a red kite"] == home.forgotten
    assert erased(job) == await home.store.get(job.id)


@pytest.mark.parametrize("kind", [Failed, Cancelled])
async def test_erasing_a_job_that_did_not_succeed_takes_what_it_has(
    store: Store, tmp_path: Path, kind: type[Failed | Cancelled]
) -> None:
    """Its copy in the spool, a clip that was put under its key and never written down, other bytes of its beside that
    one, and posters of both; its neighbour's clip stays.
    """
    home = Home(store, tmp_path)
    job = make_job(kind, id="job_a", task_id="task-a", at=NOW, prompt="a red kite")
    await home.store.add([job])
    await home.spool.take(job.id, pieces(bare_clip(b"a")), 10**6)
    first = await store.archive.keep("films/job_a.mp4", pieces(bare_clip(b"a")))
    second = await store.archive.keep("films/job_a.mp4", pieces(bare_clip(b"b")))
    assert first.key != second.key
    for clip in (first, second):
        await store.shelf.put(clip.key.removesuffix(".mp4") + ".poster.jpg", b"jpeg", POSTER)
    await store.archive.keep("films/job_ab.mp4", pieces(bare_clip(b"c")))
    assert (job.id,) == await home.keeping.erase(job.id)
    assert ({"films/job_ab.mp4"}, []) == (set(await store.visible()), await home.spool.held())


async def test_a_lost_home_is_made_again_from_what_lies_there(store: Store, tmp_path: Path) -> None:
    """Jobs come back with all that was kept beside their clips, and can be kept and erased as before; what lies there
    and says nothing is left alone; nothing is done twice.
    """
    first = Home(store, tmp_path)
    small, large = bare_clip(b"s"), bare_clip(b"large" * 2_000_000)  # the larger goes up in parts
    jobs = [
        await first.clip("a", small, project="films", name="kite nº 7", group="grp_1", index=3),
        await first.clip("b", large, resolution="720P", size=None, duration_s=10, spare_of="job_x"),
    ]
    await store.shelf.put("films/job_a.poster.jpg", b"jpeg", POSTER)
    await store.archive.keep("films/stray.mp4", pieces(bare_clip(b"x")))

    again = Home(store, tmp_path)
    told = await again.keeping.reindex(dry_run=True)
    assert ({"job_a", "job_b"}, 0) == (set(told.restored), len(await again.store.find(_ALL)))
    done = await again.keeping.reindex()
    assert (3, {"job_a", "job_b"}, 0) == (done.clips, set(done.restored), done.known)
    assert ["films/stray.mp4"] == [key for key, _ in done.strange]
    for job, clip in zip(jobs, (small, large), strict=True):
        there = await again.store.get(job.id)
        assert _told(job) == _told(there)
        assert isinstance(there.state, Succeeded)
        assert hashlib.sha256(clip).hexdigest() == there.state.artifact.sha256
        assert ("", "adopted") == (there.request.prompt, there.state.task.how)
    known = await again.keeping.reindex()
    assert ((), 2) == (known.restored, known.known)
    await again.keeping.erase("job_a")
    assert {"films/job_b.mp4", "films/stray.mp4"} == set(await store.visible()), "a poster nobody knew of went along"
    assert (("job_b",), 0) == ((await Home(store, tmp_path).keeping.reindex()).restored, done.known)


async def test_a_clip_whose_job_says_otherwise_is_left_alone(store: Store, tmp_path: Path) -> None:
    """A second clip that claims to be the same job's, a task that another job has: told, and nothing is overwritten."""
    home = Home(store, tmp_path)
    job = await home.clip("a", bare_clip(b"a"))
    await store.archive.keep("films/copy.mp4", pieces(bare_clip(b"b")), label_of(job))
    twin = make_job(Succeeded, id="job_twin", task_id="task-a", at=NOW)
    await store.archive.keep("films/twin.mp4", pieces(bare_clip(b"c")), label_of(twin))
    done = await home.keeping.reindex()
    assert (1, ()) == (done.known, done.restored)
    assert ["films/copy.mp4", "films/twin.mp4"] == sorted(key for key, _ in done.strange)
    assert job == await home.store.get(job.id)


def _told(job: Job) -> tuple[Any, ...]:
    """What a clip's file tells of its job."""
    assert isinstance(job.state, Succeeded)
    request, task, artifact = job.request, job.state.task, job.state.artifact
    return (
        (job.id, job.project, job.name, job.group, job.index, job.spare_of, job.account.id, job.account.region),
        (request.mode, request.model, request.size, request.resolution, request.duration_s, request.seed),
        (round(job.created_at, 3), task.id, round(task.accepted_at, 3)),
        Artifact(artifact.key, artifact.size_bytes, artifact.sha256),
    )
