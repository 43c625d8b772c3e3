"""The folder archive on bad days: full, read-only and vanished disks, dead processes, other people's files."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.archive.clips import bare_clip, pieces, real_clip
from wanreel.archive.disk import Disk
from wanreel.archive.draft import sweep
from wanreel.archive.facts import facts_path, read_facts
from wanreel.archive.local import LocalArchive
from wanreel.archive.naming import variant_key
from wanreel.archive.pieces import BLOCK_BYTES
from wanreel.archive.threads import Threads
from wanreel.domain.errors import Invalid
from wanreel.domain.event import Trouble
from wanreel.ports.archive import KeepFailed, Label

KEY = "default/2026/09/21/job_1.mp4"


class FaultyDisk(Disk):
    """A disk whose one operation fails, from its n-th call on."""

    def __init__(self, operation: str, number: int, *, after: int = 0) -> None:
        self._operation, self._number, self._left = operation, number, after
        self._linked = False

    def _fail(self, operation: str, path: Path | None = None) -> None:
        if operation == self._operation:
            if self._left <= 0:
                raise OSError(self._number, os.strerror(self._number), None if path is None else str(path))
            self._left -= 1

    def create(self, path: Path) -> int:
        self._fail("create", path)
        return super().create(path)

    def write(self, fd: int, data: bytes | memoryview) -> None:
        self._fail("write")
        super().write(fd, data)

    def sync(self, fd: int) -> None:
        self._fail("sync")
        super().sync(fd)

    def sync_folder(self, folder: Path) -> None:
        self._fail("sync_folder after link" if self._linked else "sync_folder", folder)
        super().sync_folder(folder)

    def link(self, source: Path, target: Path) -> None:
        self._fail("link", source)
        super().link(source, target)
        self._linked = True

    def make_folders(self, folder: Path) -> None:
        self._fail("make_folders", folder)
        super().make_folders(folder)


def files(root: Path) -> dict[str, bytes]:
    """Everything that lies below a folder."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("operation", "number", "words"),
    [
        ("make_folders", errno.EACCES, "no permission to write"),
        ("make_folders", errno.EROFS, "mounted read-only"),
        ("create", errno.EROFS, "mounted read-only"),
        ("create", errno.EMFILE, "Too many open files"),
        ("write", errno.ENOSPC, "no space is left"),
        ("write", errno.EDQUOT, "no space is left"),
        ("write", errno.EIO, "answers with errors"),
        ("sync", errno.EIO, "answers with errors"),
        ("sync", errno.ENOSPC, "no space is left"),
        ("link", errno.ENOSPC, "no space is left"),
        ("link", errno.ENOENT, "is gone"),
        ("sync_folder", errno.EIO, "answers with errors"),
        ("sync_folder after link", errno.EIO, "answers with errors"),
    ],
)
async def test_a_failing_disk_is_said_in_words_and_leaves_nothing(
    tmp_path: Path, operation: str, number: int, words: str
) -> None:
    """Whatever fails, whenever: the destination is to blame, the folder is named, and no file stays."""
    archive = LocalArchive(tmp_path / "clips", FaultyDisk(operation, number))
    with pytest.raises(KeepFailed, match=words) as error:
        await archive.keep(KEY, pieces(real_clip()))
    assert Trouble.DESTINATION == error.value.trouble
    assert str(tmp_path / "clips") in error.value.why
    assert {} == files(tmp_path)


async def test_facts_are_taken_back_with_a_clip_that_is_not_durable(tmp_path: Path) -> None:
    """Both names stand on one sync of their folder: where that fails, neither stays."""
    archive = LocalArchive(tmp_path, FaultyDisk("sync_folder after link", errno.EIO))
    with pytest.raises(KeepFailed, match="answers with errors"):
        await archive.keep(KEY, pieces(real_clip()), Label())
    assert {} == files(tmp_path)


async def test_a_clip_without_facts_is_no_less_kept(tmp_path: Path) -> None:
    """Their own sync fails, the clip's did not: nothing of them stays, and all of it."""
    artifact = await LocalArchive(tmp_path, FaultyDisk("sync", errno.ENOSPC, after=1)).keep(
        KEY, pieces(real_clip()), Label()
    )
    assert {artifact.key: real_clip()} == files(tmp_path)


@pytest.mark.parametrize("left", [b"", b'{"media_type": "vid', b"[]"])
async def test_facts_that_a_dead_process_left_are_replaced(tmp_path: Path, left: bytes) -> None:
    """Cut short or of an earlier try, with the clip there already or not: the clip's own are there in the end."""
    for clip_is_there in (False, True):
        place = facts_path(tmp_path / KEY)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(left)
        artifact = await LocalArchive(tmp_path).keep(
            KEY, pieces(real_clip()), Label("video/mp4", facts=(("job", "j"),))
        )
        told = ("video/mp4", (("job", "j"), ("sha256", artifact.sha256)))
        assert told == read_facts(tmp_path / KEY), clip_is_there
        assert 2 == len(files(tmp_path))


async def test_a_disk_that_fills_up_half_way_leaves_nothing(tmp_path: Path) -> None:
    """The second mebibyte no longer fits."""
    archive = LocalArchive(tmp_path, FaultyDisk("write", errno.ENOSPC, after=1))
    with pytest.raises(KeepFailed, match="no space is left"):
        await archive.keep(KEY, pieces(bare_clip(bytes(3_000_000)), 1_000_000))
    assert {} == files(tmp_path)


async def test_a_real_limit_on_file_size_is_a_trouble_of_the_destination(tmp_path: Path) -> None:
    """No fake: the operating system itself refuses to let the file grow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    clip = bare_clip(bytes(3_000_000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, hard))
    try:
        with pytest.raises(KeepFailed, match="larger than a file may be") as error:
            await LocalArchive(tmp_path).keep(KEY, pieces(clip, 100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert Trouble.DESTINATION == error.value.trouble
    assert {} == files(tmp_path)


async def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    """The archive's path is taken by a file."""
    (tmp_path / "clips").write_text("not a folder")
    with pytest.raises(KeepFailed, match="is not a folder"):
        await LocalArchive(tmp_path / "clips").keep(KEY, pieces(real_clip()))
    assert {"clips": b"not a folder"} == files(tmp_path)


async def test_a_folder_deleted_while_the_clip_comes(tmp_path: Path) -> None:
    """Somebody removes the day's folder under our hands: the try fails, the next one makes it again."""
    clip = bare_clip(bytes(2 * BLOCK_BYTES))
    archive = LocalArchive(tmp_path)

    async def deleting() -> AsyncIterator[bytes]:
        yield clip[:-1]
        shutil.rmtree(tmp_path / "default")
        yield clip[-1:]

    with pytest.raises(KeepFailed, match="is gone") as error:
        await archive.keep(KEY, deleting())
    assert Trouble.DESTINATION == error.value.trouble
    await archive.keep(KEY, pieces(clip))
    assert {KEY: clip} == files(tmp_path)


async def test_an_archive_that_vanished_is_not_made_anew(tmp_path: Path) -> None:
    """A disk that was unplugged leaves no folder; clips must not pile up where its mount point was."""
    root = tmp_path / "disk" / "clips"
    archive = LocalArchive(root)
    await archive.keep(KEY, pieces(real_clip()))
    shutil.rmtree(tmp_path / "disk")
    for key in (KEY, "default/2026/09/22/job_2.mp4"):
        with pytest.raises(KeepFailed, match="is gone"):
            await archive.keep(key, pieces(real_clip()))
    assert not (tmp_path / "disk").exists()
    root.mkdir(parents=True)
    await archive.keep(KEY, pieces(real_clip()))
    assert {KEY: real_clip()} == files(root)


# --- what a clip costs ---


class CountingDisk(Disk):
    """Counts what must reach the disk itself."""

    def __init__(self) -> None:
        self.synced = Counter[str]()

    def sync(self, fd: int) -> None:
        self.synced["file"] += 1
        super().sync(fd)

    def sync_folder(self, folder: Path) -> None:
        self.synced["folder"] += 1
        super().sync_folder(folder)


@pytest.mark.parametrize(
    ("blocks", "label", "steps", "synced"),
    [
        (0, None, 1, {"file": 1, "folder": 1}),
        (0, Label(), 1, {"file": 2, "folder": 1}),
        (3, Label(), 4, {"file": 2, "folder": 1}),
    ],
)
async def test_a_clip_changes_threads_and_waits_for_the_disk_no_oftener_than_it_must(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    blocks: int,
    label: Label | None,
    steps: int,
    synced: dict[str, int],
) -> None:
    """One step for each MiB and one for the rest; one sync for each file and one for the names of both."""
    disk, taken = CountingDisk(), list[str]()
    archive = LocalArchive(tmp_path, disk)
    await archive.keep("default/2026/09/21/job_0.mp4", pieces(real_clip()), label)  # makes the folders
    disk.synced.clear()
    real = Threads.run

    async def counted(self: Threads, step: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        taken.append(step.__name__)
        return await real(self, step, *args, **kwargs)

    monkeypatch.setattr(Threads, "run", counted)
    clip = bare_clip(bytes(blocks * BLOCK_BYTES + 1))
    await archive.keep(KEY, pieces(clip, BLOCK_BYTES), label)
    assert clip == (tmp_path / KEY).read_bytes()
    assert steps == len(taken), taken
    assert synced == dict(disk.synced)


# --- names that are taken ---


@pytest.mark.parametrize("kind", ["folder", "fifo", "dangling link", "empty file"])
async def test_something_odd_under_the_key_is_left_alone(tmp_path: Path, kind: str) -> None:
    """What lies under the key and is no clip of ours stays as it is, and never makes us wait."""
    path = tmp_path / KEY
    path.parent.mkdir(parents=True)
    {
        "folder": path.mkdir,
        "fifo": lambda: os.mkfifo(path),
        "dangling link": lambda: path.symlink_to(tmp_path / "nowhere"),
        "empty file": path.touch,
    }[kind]()
    before = path.lstat()
    artifact = await LocalArchive(tmp_path).keep(KEY, pieces(real_clip()))
    assert variant_key(KEY, artifact.sha256) == artifact.key
    assert before.st_ino == path.lstat().st_ino
    assert real_clip() == (tmp_path / artifact.key).read_bytes()


async def test_all_names_taken_is_a_trouble_of_the_destination(tmp_path: Path) -> None:
    """With other files under the key and both its variants there is nowhere left to go."""
    clip = real_clip()
    sha256 = hashlib.sha256(clip).hexdigest()
    for key in (KEY, variant_key(KEY, sha256), variant_key(KEY, sha256, 64)):
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_text("mine")
    before = files(tmp_path)
    with pytest.raises(KeepFailed, match="move them away"):
        await LocalArchive(tmp_path).keep(KEY, pieces(clip))
    assert before == files(tmp_path)


async def test_a_key_that_leads_out_is_refused(tmp_path: Path) -> None:
    """Keys come from us, and are checked again at the door."""
    archive = LocalArchive(tmp_path / "clips")
    with pytest.raises(Invalid):
        await archive.keep("../out.mp4", pieces(real_clip()))
    assert {} == files(tmp_path)


# --- without hard links ---


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK])
async def test_a_file_system_without_hard_links(tmp_path: Path, number: int) -> None:
    """Memory cards and some network folders have none: the promises are the same."""
    archive = LocalArchive(tmp_path, FaultyDisk("link", number))
    first, other = real_clip(), real_clip(shade=100)
    assert KEY == (await archive.keep(KEY, pieces(first))).key
    assert KEY == (await archive.keep(KEY, pieces(first))).key
    moved = (await archive.keep(KEY, pieces(other))).key
    assert {KEY: first, moved: other} == files(tmp_path)


async def test_without_hard_links_many_at_once_lose_nothing(tmp_path: Path) -> None:
    """Every artifact is true, whoever won the name."""
    archive = LocalArchive(tmp_path, FaultyDisk("link", errno.EPERM))
    clips = [real_clip(shade=20 * number) for number in range(4)]
    kept = await asyncio.gather(*(archive.keep(KEY, pieces(clips[number % 4])) for number in range(16)))
    for number, artifact in enumerate(kept):
        assert clips[number % 4] == (tmp_path / artifact.key).read_bytes()
    assert not [name for name in files(tmp_path) if "/." in name]


async def test_without_hard_links_a_reservation_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    """A process that died between reserving the name and filling it does not block the name for ever."""
    (tmp_path / KEY).parent.mkdir(parents=True)
    (tmp_path / KEY).touch()
    archive = LocalArchive(tmp_path, FaultyDisk("link", errno.EPERM))
    assert KEY == (await archive.keep(KEY, pieces(real_clip()))).key
    assert {KEY: real_clip()} == files(tmp_path)


async def test_without_hard_links_a_live_reservation_is_respected(tmp_path: Path) -> None:
    """While another process is between reserving the name and filling it, our clip goes under its variant."""
    path = tmp_path / KEY
    path.parent.mkdir(parents=True)
    archive = LocalArchive(tmp_path, FaultyDisk("link", errno.EPERM))
    held = Disk().create(path)
    try:
        artifact = await archive.keep(KEY, pieces(real_clip()))
    finally:
        os.close(held)
    assert variant_key(KEY, artifact.sha256) == artifact.key
    assert {KEY: b"", artifact.key: real_clip()} == files(tmp_path)


# --- cancels, deaths, sweeping ---


class SlowDisk(Disk):
    """A disk that stands still in one operation until it is let go."""

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self.reached = threading.Event()
        self.go = threading.Event()

    def _wait(self, operation: str) -> None:
        if operation == self._operation:
            self.reached.set()
            assert self.go.wait(30)

    def create(self, path: Path) -> int:
        fd = super().create(path)
        self._wait("create")
        return fd

    def write(self, fd: int, data: bytes | memoryview) -> None:
        super().write(fd, data)
        self._wait("write")

    def sync(self, fd: int) -> None:
        super().sync(fd)
        self._wait("sync")

    def remove(self, path: Path) -> None:
        self._wait("remove")
        super().remove(path)


@pytest.mark.parametrize("operation", ["create", "write", "sync", "remove"])
async def test_a_cancel_waits_for_the_disk_and_then_cleans_up(tmp_path: Path, operation: str) -> None:
    """A thread in the middle of a disk operation is never left behind, even by two cancels; the loop goes on."""
    disk = SlowDisk(operation)
    keeping = asyncio.create_task(LocalArchive(tmp_path, disk).keep(KEY, pieces(real_clip())))
    await asyncio.to_thread(disk.reached.wait, 30)
    keeping.cancel()
    await asyncio.wait({keeping}, timeout=0.02)
    keeping.cancel()
    assert not keeping.done()
    disk.go.set()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    left = files(tmp_path)
    assert left in ({}, {KEY: real_clip()})


WRITER = """
import asyncio, sys
from pathlib import Path
from wanreel.archive.local import LocalArchive

async def pieces():
    yield (8).to_bytes(4, "big") + b"ftyp" + bytes(0)
    yield (4_000_000_000).to_bytes(4, "big") + b"mdat" + bytes(2_000_000)
    yield bytes(1_500_000)
    print("writing", flush=True)
    await asyncio.Event().wait()

asyncio.run(LocalArchive(Path(sys.argv[1])).keep("a/b.mp4", pieces()))
"""


async def test_the_sweep_removes_what_dead_processes_left_and_nothing_else(tmp_path: Path) -> None:
    """A killed process leaves its temporary; the sweep takes it, and spares the living, the clips and strangers."""
    archive = LocalArchive(tmp_path)
    await archive.keep(KEY, pieces(real_clip()))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".b.mp4.1-1.part").write_text("somebody else's")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert b"writing\n" == await process.stdout.readline()
    assert 0 == await archive.sweep()
    process.kill()
    await process.wait()
    assert 3 == len(files(tmp_path))
    assert 1 == await archive.sweep()
    assert {KEY: real_clip(), "a/.b.mp4.1-1.part": b"somebody else's"} == files(tmp_path)


DYING = """
import asyncio, os, sys
from pathlib import Path
from tests.archive.clips import pieces, real_clip
from wanreel.archive.disk import Disk
from wanreel.archive.local import LocalArchive

def dying(name, before):
    def operation(self, *arguments):
        if not before:
            getattr(Disk, name)(self, *arguments)
        os._exit(7)
    return operation

root, name, before, key = sys.argv[1:]
disk = type("Dying", (Disk,), {name: dying(name, before == "before")})()
asyncio.run(LocalArchive(Path(root), disk).keep(key, pieces(real_clip())))
"""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("operation", ["make_folders", "create", "write", "sync", "link", "remove"])
async def test_a_process_that_dies_at_any_operation_harms_nothing(tmp_path: Path, operation: str, moment: str) -> None:
    """Dead at each step of the protocol: what is visible is whole; the next process cleans up and keeps the clip."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", DYING, str(tmp_path), operation, moment, KEY),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert 7 == await process.wait()
    assert {name: content for name, content in files(tmp_path).items() if "/." not in name} in ({}, {KEY: real_clip()})
    archive = LocalArchive(tmp_path)
    await archive.sweep()
    assert KEY == (await archive.keep(KEY, pieces(real_clip()))).key
    assert {KEY: real_clip()} == files(tmp_path)


async def test_the_sweep_spares_a_clip_on_its_way(tmp_path: Path) -> None:
    """A temporary of this very process is held as well."""
    clip = bare_clip(bytes(2 * BLOCK_BYTES))
    archive = LocalArchive(tmp_path)

    async def swept_meanwhile() -> AsyncIterator[bytes]:
        yield clip[:-1]
        assert 1 == len(files(tmp_path))
        assert 0 == await archive.sweep()
        yield clip[-1:]

    await archive.keep(KEY, swept_meanwhile())
    assert {KEY: clip} == files(tmp_path)


def test_nothing_to_sweep_is_fine(tmp_path: Path) -> None:
    """The archive's folder need not exist yet, and is not made by sweeping."""
    assert 0 == sweep(tmp_path / "none")
    assert not (tmp_path / "none").exists()


async def test_a_name_left_by_an_earlier_process_of_our_number_is_passed_over(tmp_path: Path) -> None:
    """Process numbers come again, in containers always: a temporary of that name is not touched."""
    folder = (tmp_path / KEY).parent
    folder.mkdir(parents=True)
    names: list[str] = []

    class Watching(FaultyDisk):
        def create(self, path: Path) -> int:
            names.append(path.name)
            return super().create(path)

    with pytest.raises(KeepFailed):
        await LocalArchive(tmp_path, Watching("sync", errno.EIO)).keep(KEY, pieces(real_clip()))
    stem, number = names[-1].removesuffix(".wanreel-part").rsplit("-", 1)
    for ahead in range(1, 5):
        (folder / f"{stem}-{int(number) + ahead}.wanreel-part").write_text("old")
    await LocalArchive(tmp_path).keep(KEY, pieces(real_clip()))
    assert 4 == sum(content == b"old" for content in files(tmp_path).values())


# --- memory ---

MEASURE = """
import asyncio, resource, struct, sys
from pathlib import Path
from wanreel.archive.local import LocalArchive

MEGABYTES = int(sys.argv[2])

async def pieces():
    yield struct.pack(">I4s", 16, b"ftyp") + b"isom" + bytes(4) + struct.pack(">I4s", 8, b"moov")
    yield struct.pack(">I4s", 8 + MEGABYTES * 1_000_000, b"mdat")
    for number in range(MEGABYTES * 10):
        yield number.to_bytes(4, "big") * 25_000

artifact = asyncio.run(LocalArchive(Path(sys.argv[1])).keep("a/b.mp4", pieces()))
print(artifact.size_bytes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def test_a_large_clip_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    """200 MB through the archive cost at most 24 MB more at the peak than 1 MB does, in processes of their own."""
    peaks: dict[int, int] = {}
    for megabytes in (1, 200):
        command = [sys.executable, "-c", MEASURE, str(tmp_path / str(megabytes)), str(megabytes)]
        size_bytes, peak = map(int, subprocess.check_output(command).split())
        assert megabytes * 1_000_000 + 32 == size_bytes
        peaks[megabytes] = peak
    shutil.rmtree(tmp_path / "200")
    assert peaks[200] - peaks[1] <= 24_000_000
