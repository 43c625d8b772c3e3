"""The spool in a folder: whole or not at all, bounded, found again after a crash, and never believed blindly."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.archive.clips import bare_clip, pieces
from tests.factories import NOW, FakeClock
from wanreel.archive.disk import Disk
from wanreel.archive.shared_spool import name_in
from wanreel.archive.spool import LocalSpool
from wanreel.domain.errors import Unavailable
from wanreel.domain.event import Trouble
from wanreel.domain.job import SpoolCopy
from wanreel.ports.archive import KeepFailed

CLIP = bare_clip(b"clip" * 1000)
OTHER = bare_clip(b"other" * 1000)
ROOM = 100_000


class FullDisk(Disk):
    """A disk on which nothing can be written, or which says so beforehand."""

    def __init__(self, free: int = 10**9) -> None:
        self.free = free

    def write(self, fd: int, data: bytes | memoryview) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def free_bytes(self, folder: Path) -> int:
        return self.free


def spool_in(folder: Path, room: int = ROOM, disk: Disk | None = None) -> LocalSpool:
    """A spool, as a process that has just started has it."""
    return LocalSpool(folder / "spool", room, FakeClock(), disk)


async def untouched() -> AsyncIterator[bytes]:
    """A source that must not be asked."""
    raise AssertionError("the source was asked")
    yield b""


async def bytes_of(spool: LocalSpool, job_id: str, copy: SpoolCopy) -> bytes:
    """A clip as the spool gives it."""
    return b"".join([piece async for piece in spool.read(job_id, copy)])


async def test_a_clip_lies_there_whole_and_comes_out_the_same(tmp_path: Path) -> None:
    """Its size and hash are told, it counts against the room, and nothing of it is left once it is dropped."""
    spool = spool_in(tmp_path)
    copy = await spool.take("job_1", pieces(CLIP), 5000)
    assert SpoolCopy(NOW, len(CLIP), hashlib.sha256(CLIP).hexdigest()) == copy
    assert copy is not None
    assert CLIP == await bytes_of(spool, "job_1", copy)
    room = await spool.room()
    assert (ROOM, 1, len(CLIP)) == (room.bytes_max, room.clips, room.used_bytes)
    assert ["job_1"] == await spool.held()
    await spool.drop("job_1")
    await spool.drop("job_1")
    assert [] == await spool.held() == list((tmp_path / "spool").iterdir())


async def test_what_a_dead_process_left_whole_is_found_and_not_fetched_again(tmp_path: Path) -> None:
    """Killed between the file and its record: the next process takes the file, though the URL is long dead."""
    first = await spool_in(tmp_path).take("job/1 ü", pieces(CLIP), 5000)
    again = await spool_in(tmp_path).take("job/1 ü", untouched(), 5000)
    assert first == again


async def test_what_is_not_whole_is_fetched_anew(tmp_path: Path) -> None:
    """A file that somebody has damaged is no clip."""
    folder = tmp_path / "spool"
    folder.mkdir()
    (folder / "job_1.mp4").write_bytes(CLIP[:-5])
    copy = await spool_in(tmp_path).take("job_1", pieces(CLIP), 5000)
    assert copy is not None
    assert CLIP == (folder / "job_1.mp4").read_bytes()


@pytest.mark.parametrize(("room", "free"), [(4000, 10**9), (ROOM, 4000), (0, 10**9)])
async def test_without_room_nothing_is_fetched(tmp_path: Path, room: int, free: int) -> None:
    """By the setting, by the disk, or because there is to be no spool."""
    assert await spool_in(tmp_path, room, FullDisk(free)).take("job_1", untouched(), 5000) is None


async def test_clips_on_their_way_in_count(tmp_path: Path) -> None:
    """The second does not fit beside what the first is expected to take; afterwards what it really took counts."""
    spool = spool_in(tmp_path, 12_000)

    async def meanwhile() -> AsyncIterator[bytes]:
        assert await spool.take("job_2", untouched(), 5000) is None
        yield CLIP

    assert await spool.take("job_1", meanwhile(), 8000) is not None
    assert await spool.take("job_2", pieces(OTHER), 5000) is not None


async def test_a_clip_larger_than_expected_goes_in_where_there_is_room_for_it(tmp_path: Path) -> None:
    """Else it is a failure of the spool, in words, and nothing of it stays."""
    assert await spool_in(tmp_path).take("job_1", pieces(CLIP), 10) is not None
    with pytest.raises(KeepFailed, match="no room") as failed:
        await spool_in(tmp_path, len(CLIP) + 50).take("job_2", pieces(OTHER), 10)
    assert Trouble.SPOOL is failed.value.trouble
    assert ["job_1.mp4"] == [path.name for path in (tmp_path / "spool").iterdir()]


async def test_a_full_disk_is_told_in_words_and_leaves_nothing(tmp_path: Path) -> None:
    """It names the spool; the clip stays where it was."""
    with pytest.raises(KeepFailed, match="no space is left for the spool") as failed:
        await spool_in(tmp_path, disk=FullDisk()).take("job_1", pieces(CLIP), 5000)
    assert Trouble.SPOOL is failed.value.trouble
    assert [] == list((tmp_path / "spool").iterdir())


async def test_what_is_no_clip_is_not_kept(tmp_path: Path) -> None:
    """The same check as everywhere; a source's own trouble passes through."""
    spool = spool_in(tmp_path)
    with pytest.raises(KeepFailed) as failed:
        await spool.take("job_1", pieces(CLIP[:-5]), 5000)
    assert Trouble.BAD_BYTES is failed.value.trouble

    async def refused() -> AsyncIterator[bytes]:
        yield CLIP[:100]
        raise KeepFailed(Trouble.SOURCE_REFUSED, "403")

    with pytest.raises(KeepFailed) as failed:
        await spool.take("job_1", refused(), 5000)
    assert Trouble.SOURCE_REFUSED is failed.value.trouble
    assert [] == await spool.held()


@pytest.mark.parametrize("damage", [b"", CLIP[:-5], CLIP[:-1] + b"x", None])
async def test_other_bytes_than_were_put_there_never_come_out_whole(tmp_path: Path, damage: bytes | None) -> None:
    """Emptied, cut, changed or gone: told before the last byte, so that no storage ends its upload."""
    spool = spool_in(tmp_path)
    copy = await spool.take("job_1", pieces(CLIP), 5000)
    assert copy is not None
    path = tmp_path / "spool" / "job_1.mp4"
    path.unlink() if damage is None else path.write_bytes(damage)
    with pytest.raises(KeepFailed) as failed:
        await bytes_of(spool, "job_1", copy)
    assert Trouble.SPOOL is failed.value.trouble


async def test_the_sweep_takes_temporaries_alone(tmp_path: Path) -> None:
    """What a killed process was just writing goes; clips stay."""
    spool = spool_in(tmp_path)
    await spool.take("job_1", pieces(CLIP), 5000)
    (tmp_path / "spool" / ".job_2.mp4.1-1.wanreel-part").write_bytes(b"half")
    assert 1 == await spool.sweep()
    assert ["job_1"] == await spool.held()


async def test_a_spool_that_cannot_be_looked_at_says_so(tmp_path: Path) -> None:
    """A file where its folder should be."""
    (tmp_path / "spool").write_bytes(b"no folder")
    with pytest.raises(Unavailable, match="cannot be looked at"):
        await spool_in(tmp_path).room()


def test_a_spool_keeps_its_name(tmp_path: Path) -> None:
    """Whoever opens it, and whatever was drawn."""
    name = name_in(tmp_path / "spool", "spl_0123456789")
    assert name.endswith("-23456789")
    assert name == name_in(tmp_path / "spool", "spl_another")
    assert name != name_in(tmp_path / "spool-2", "spl_another")
    assert [".name"] == [path.name for path in (tmp_path / "spool").iterdir()]
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="WANREEL_SPOOL"):
        name_in(tmp_path / "file", "x")


async def test_workers_of_one_machine_share_its_room(tmp_path: Path) -> None:
    """What another process is just writing counts, though this one has spoken for nothing."""
    spool = spool_in(tmp_path, room=len(CLIP) * 2)
    folder = tmp_path / "spool"
    folder.mkdir()
    (folder / f".job_x.mp4.{os.getpid() + 1}-0.wanreel-part").write_bytes(bytes(len(CLIP) + 1))
    assert await spool.take("job_a", untouched(), len(CLIP)) is None
    (folder / f".job_x.mp4.{os.getpid() + 1}-0.wanreel-part").unlink()
    assert await spool.take("job_a", pieces(CLIP), len(CLIP)) is not None
