"""Keeping, deleting and finding again on all three archives: a folder, a real S3 server, a stand-in for OSS."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.archive.clips import bare_clip, pieces
from tests.contract.archives import STORES, Store
from tests.factories import NOW, make_account, make_job
from tests.service.shops import make_counter
from tests.service.test_keeping import Forgetting
from wanreel.archive.labels import job_of, label_of, written
from wanreel.archive.spool import LocalSpool
from wanreel.archive.whole import whole_clip
from wanreel.domain.errors import Conflict
from wanreel.domain.job import Artifact, Cancelled, Failed, Job, Succeeded
from wanreel.domain.keeping import DAY_S, INPUTS_PREFIX, Retention, erased
from wanreel.domain.request import Media, Stored
from wanreel.ports.archive import Label
from wanreel.ports.jobs import Filter
from wanreel.service.keeping import Keeping
from wanreel.service.keeping_room import KeepingRoom

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
                inputs=Forgetting(),
                retention=Retention(days or {}, grace_days=1),
                spool=LocalSpool(folder / "spool", 10**9, self.clock),
                stakes=self.store,
                recover=lambda there, artifact: job_of(there, artifact, make_account),
                forget_words=self._forget,
                keys_of=lambda job: (f"films/{job.id}.mp4",),
                whole=whole_clip,
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


NONSENSE = {
    "index": "4294967296",
    "project": "../other",
    "account": "a b\nc",
    "region": "<script>",
    "mode": "T2V; DROP",
    "model": "x" * 150,
    "duration-s": "-5",
    "task": "../../task",
    "job": "job_../x",
}


async def test_facts_that_make_no_sense_are_told_and_left_alone(store: Store, tmp_path: Path) -> None:
    """Whoever can write to the storage can write facts: what is not of its field's form restores nothing."""
    home = Home(store, tmp_path)
    for fact, value in NONSENSE.items():
        job_id = f"job_{fact.replace('-', '')}"
        label = label_of(make_job(Succeeded, id=job_id, task_id=job_id, at=NOW))
        facts = tuple(written((dict(label.facts) | {fact: value}).items()))
        await store.archive.keep(f"films/{fact}.mp4", pieces(bare_clip(b"a")), replace(label, facts=facts))
    done = await home.keeping.reindex()
    assert ((), {f"films/{fact}.mp4" for fact in NONSENSE}) == (done.restored, {key for key, _ in done.strange})


async def test_a_clip_is_not_older_or_younger_than_it_can_be(store: Store, tmp_path: Path) -> None:
    """A time that cannot be would have a rule of age take it at once, or never: that of the file counts instead."""
    home, times = Home(store, tmp_path), ("0", "nan", "1e12", "99999999999")
    for n, at in enumerate(times):
        label = label_of(make_job(Succeeded, id=f"job_{n}", task_id=f"task-{n}", at=NOW))
        facts = tuple(written((dict(label.facts) | {"created-at": at, "accepted-at": at}).items()))
        await store.archive.keep(f"films/job_{n}.mp4", pieces(bare_clip(b"a")), replace(label, facts=facts))
    assert len(times) == len((await home.keeping.reindex()).restored)
    for n in range(len(times)):
        job, there = await home.store.get(f"job_{n}"), await store.shelf.look(f"films/job_{n}.mp4")
        assert there is not None
        assert isinstance(job.state, Succeeded)
        assert (there.modified_at, there.modified_at) == (job.created_at, job.state.task.accepted_at)


async def test_a_restored_clip_is_a_whole_mp4_whatever_its_storage_calls_it(store: Store, tmp_path: Path) -> None:
    """A page with a job's facts restores nothing; a clip that is called a page is served as a video."""
    home = Home(store, tmp_path)
    for name, media_type in (("page", "video/mp4"), ("clip", "text/html")):
        label = label_of(make_job(Succeeded, id=f"job_{name}", task_id=f"task-{name}", at=NOW))
        data = b"<script>alert(1)</script>" if name == "page" else bare_clip(b"a")
        await store.shelf.put(f"films/job_{name}.mp4", data, replace(label, media_type=media_type))
    done = await home.keeping.reindex()
    assert (("job_clip",), ["films/job_page.mp4"]) == (done.restored, [key for key, _ in done.strange])
    state = (await home.store.get("job_clip")).state
    assert isinstance(state, Succeeded)
    assert "video/mp4" == state.artifact.media_type


async def test_bytes_that_were_changed_since_are_not_restored(store: Store, tmp_path: Path) -> None:
    """Where the hash was noted beside the clip: it is another, whole one by now, of the same size."""
    home = Home(store, tmp_path)
    label = label_of(make_job(Succeeded, id="job_a", task_id="task-a", at=NOW))
    clip = bare_clip(b"a")
    noted = (*label.facts, ("sha256", hashlib.sha256(clip).hexdigest()))
    await store.shelf.put("films/job_a.mp4", bare_clip(b"b"), replace(label, facts=noted))
    done = await home.keeping.reindex()
    assert ((), ["hash was noted"]) == (
        done.restored,
        [w for _, why in done.strange for w in ("hash was noted",) if w in why],
    )
    await store.shelf.put("films/job_a.mp4", clip, replace(label, facts=noted))
    assert ("job_a",) == (await home.keeping.reindex()).restored


async def test_of_several_that_say_they_are_a_jobs_clip_the_one_in_its_place_is_taken(
    store: Store, tmp_path: Path
) -> None:
    """However they are listed: a copy that comes first by name or by time is told and left alone."""
    home = Home(store, tmp_path)
    label = label_of(make_job(Succeeded, id="job_a", task_id="task-a", at=NOW))
    copies = ("a/first.mp4", "films/job_a.0123456789ab.mp4", "zz/last.mp4")
    for number, key in enumerate(copies):
        await store.archive.keep(key, pieces(bare_clip(b"%d" % number)), label)
    await store.archive.keep("films/job_a.mp4", pieces(bare_clip(b"a")), label)
    done = await home.keeping.reindex()
    assert (("job_a",), sorted(copies)) == (done.restored, sorted(key for key, _ in done.strange))
    state = (await home.store.get("job_a")).state
    assert isinstance(state, Succeeded)
    assert "films/job_a.mp4" == state.artifact.key
    again = await home.keeping.reindex()
    assert (1, sorted(copies)) == (again.known, sorted(key for key, _ in again.strange))


async def test_a_group_of_another_project_is_not_joined(store: Store, tmp_path: Path) -> None:
    """By a clip that says it was part of it."""
    home = Home(store, tmp_path)
    await home.store.add([make_job(id="job_x", group="grp_1", project="theirs")])
    label = label_of(make_job(Succeeded, id="job_a", task_id="task-a", at=NOW, group="grp_1", project="ours"))
    await store.archive.keep("films/job_a.mp4", pieces(bare_clip(b"a")), label)
    done = await home.keeping.reindex()
    assert ((), ["films/job_a.mp4"]) == (done.restored, [key for key, _ in done.strange])


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
