"""A hostile file, a crash or a flood ends the child, in words, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
from pathlib import Path

import pytest

from tests.archive.clips import encode_clip, real_clip
from tests.media.clips import claiming, encoded
from wanreel.domain.clip import Sampling
from wanreel.domain.errors import Internal, Invalid, NotFound, Unavailable
from wanreel.media.child import Child
from wanreel.media.limits import Limits
from wanreel.media.looks import Looks
from wanreel.media.source import DiskFile, HeldBytes
from wanreel.media.speech import READ, Say, framed

CLIP = HeldBytes(real_clip(), "clip.mp4")
EVERY = Sampling(count=0, width=16)
POSIX = pytest.mark.skipif(os.name != "posix", reason="limits of the system's own")


def programmed(program: str) -> Child:
    """A child that runs this instead."""
    return Child(program=(sys.executable, "-c", program))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import os; os.abort()", "ended the decoder .signal 6"),
        ("import ctypes; ctypes.string_at(0)", "ended the decoder .signal 11"),
        ("raise SystemExit(3)", "ended the decoder .exit status 3"),
        ("import os; os._exit(0)", "ended the decoder .exit status 0"),
    ],
)
@POSIX
async def test_a_crash_is_told_and_the_next_look_works(program: str, words: str) -> None:
    """Whatever ends the child is one file's error; the door stays open."""
    with pytest.raises(Invalid, match=words):
        await programmed(program).ask("probe", CLIP, {}, Limits())
    assert 16 == (await Looks().probe(CLIP)).frames


@POSIX
async def test_a_child_that_never_ends_is_ended_with_what_it_started(tmp_path: Path) -> None:
    """Past its time it and its own children are killed: the lock one of them held is free."""
    import fcntl

    paper = tmp_path / "lock"
    holder = (
        f"import fcntl, time; f = open({str(paper)!r}, 'w'); fcntl.flock(f, 2); "
        "f.write('held'); f.flush(); time.sleep(600)"
    )
    child = programmed(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {holder!r}])")
    with pytest.raises(Unavailable, match="longer than 2 s"):
        await child.ask("probe", CLIP, {}, Limits(wall_s=2.0))
    with paper.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "held" == file.read()


@POSIX
async def test_computing_without_end_is_ended_by_the_system() -> None:
    """The limit of computing holds though the child never says a word."""
    program = (
        "import wanreel.media.inside as i; from wanreel.media.limits import Limits; i._confine(Limits(cpu_s=1))\n"
        "while True: pass"
    )
    with pytest.raises(Invalid, match="more than 1 s of computing"):
        await programmed(program).ask("probe", CLIP, {}, Limits(cpu_s=1, wall_s=60))


@POSIX
async def test_memory_has_a_bar(tmp_path: Path) -> None:
    """An index that claims hundreds of millions of pictures, or pictures too large for the room, end in words."""
    path = encoded(tmp_path / "clip.mp4", "libx264", (4096, 4096))
    small = Limits(memory_bytes=160 * 1024 * 1024)
    async with DiskFile(path) as clip:
        assert 2 == len((await Looks().frames(clip, EVERY)).frames)
        with pytest.raises(Invalid, match="memory"):
            await Looks(limits=small).frames(clip, EVERY)
    for samples in (0x3FFFFFFF, 0x00FFFFFF):
        bomb = HeldBytes(claiming(real_clip(), samples=samples), "bomb.mp4")
        with pytest.raises(Invalid):
            await Looks().frames(bomb, EVERY)


async def test_damage_anywhere_is_the_files_error_and_never_ours() -> None:
    """Bytes changed at random, by seed: pictures, or Invalid."""
    for seed in range(20):
        chance, damaged = random.Random(seed), bytearray(real_clip())
        for _ in range(30):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with contextlib.suppress(Invalid):
            assert (await Looks().frames(HeldBytes(bytes(damaged), f"seed {seed}"), EVERY)).frames


async def test_pictures_have_a_bar_of_pixels(tmp_path: Path) -> None:
    """A clip whose index says that its pictures are too large is refused before one is decoded."""
    async with DiskFile(encoded(tmp_path / "clip.mp4", "libx264", (640, 480))) as clip:
        with pytest.raises(Invalid, match="640 x 480, more than are decoded"):
            await Looks(limits=Limits(clip_pixels_max=640 * 479)).frames(clip, EVERY)


async def test_pictures_larger_than_the_index_says_meet_the_same_bar(tmp_path: Path) -> None:
    """The index of a small clip before the pictures of a large one: nothing large is decoded."""
    small = encoded(tmp_path / "small.mp4", "libx264", (64, 64)).read_bytes()
    lying = swapped(encoded(tmp_path / "large.mp4", "libx264", (2048, 2048)).read_bytes(), small)
    with pytest.raises(Invalid, match="2048 x 2048, more than are decoded"):
        await Looks(limits=Limits(clip_pixels_max=1024 * 1024)).frames(HeldBytes(lying, "lying.mp4"), EVERY)


async def test_how_many_pictures_are_decoded_has_a_bar(tmp_path: Path) -> None:
    """Sixteen pictures where ten may be gone through."""
    with pytest.raises(Invalid, match="more than 10 pictures"):
        await Looks(limits=Limits(frames_max=10)).frames(CLIP, EVERY)


async def test_how_much_is_read_and_answered_has_a_bar(tmp_path: Path) -> None:
    """Both are counted by the parent, so that no child can forget to."""
    encode_clip(tmp_path / "clip.mp4", frames=200)
    async with DiskFile(tmp_path / "clip.mp4") as clip:
        with pytest.raises(Invalid, match="without reading more than 0 MB"):
            await Looks(limits=Limits(read_bytes_max=1000)).frames(clip, EVERY)
        with pytest.raises(Invalid, match="more to look at than 4096 bytes"):
            await Looks(limits=Limits(answer_bytes_max=4096)).frames(clip, EVERY)
    flood = "import sys\nwhile True: sys.stdout.buffer.write(bytes(1 << 20))"
    with pytest.raises((Invalid, Internal)):
        await programmed(flood).ask("probe", CLIP, {}, Limits())


class Awaited:
    """A file whose reading ends when the child has written more than anybody reads."""

    name = "clip.mp4"
    size_bytes = 10

    def __init__(self, fifo: Path) -> None:
        self._fifo = fifo

    async def read(self, start: int, size: int) -> bytes:
        await asyncio.to_thread(self._fifo.read_bytes)
        for _ in range(100):
            await asyncio.sleep(0)
        raise NotFound("it is gone")


async def test_a_child_that_nobody_listens_to_any_more_ends(tmp_path: Path) -> None:
    """A pipe that is full when its reader gives up holds nobody up."""
    os.mkfifo(tmp_path / "full")
    question = framed(Say.READ, READ.pack(0, 10))
    flood = f"""import os
os.write(1, {question!r})
os.write(1, bytes(3 << 16))
open({str(tmp_path / "full")!r}, "wb").close()
while True: os.write(1, bytes(1 << 16))"""
    with pytest.raises(NotFound, match="it is gone"):
        await programmed(flood).ask("probe", Awaited(tmp_path / "full"), {}, Limits())


class Failing:
    """A file that goes away in the middle."""

    name = "clip.mp4"
    size_bytes = len(real_clip())

    async def read(self, start: int, size: int) -> bytes:
        raise NotFound("it is gone")


async def test_a_file_that_goes_away_is_told_as_what_it_is() -> None:
    """The storage's own error passes, and the child ends."""
    with pytest.raises(NotFound, match="it is gone"):
        await Looks().probe(Failing())


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_cancelling_a_look_ends_its_child(times: int) -> None:
    """Whoever stops waiting leaves no process behind; nor does who is told again while it ends."""
    begun = asyncio.Event()

    class Slow(Failing):
        async def read(self, start: int, size: int) -> bytes:
            begun.set()
            await asyncio.Event().wait()
            return b""

    looking = asyncio.create_task(Looks().probe(Slow()))
    await begun.wait()
    for _ in range(times):
        looking.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert not await asyncio.to_thread(children)


def children() -> str:
    """This process's own, where the system tells."""
    told = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return told.read_text() if told.exists() else ""


async def test_no_process_can_be_started() -> None:
    """That is this machine's trouble, not the file's."""
    with pytest.raises(Unavailable, match="no process can be started"):
        await Child(program=("/nowhere/python",)).ask("probe", CLIP, {}, Limits())


@POSIX
async def test_the_child_may_open_nothing_and_knows_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once its libraries are loaded neither a file nor a socket can be opened; its environment holds no key."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-secret")
    program = """
import json, os, socket, sys
import wanreel.media.inside as inside
from wanreel.media.limits import Limits
parent = inside._parent()
parent.order()
inside._confine(Limits())
inside._close_doors()
tried = []
for attempt in (lambda: open("/etc/passwd"), lambda: socket.socket(), lambda: os.open("/tmp/x", os.O_CREAT)):
    try:
        attempt()
        tried.append("opened")
    except OSError as error:
        tried.append(error.errno)
parent.done({"tried": tried, "environment": dict(os.environ)})
"""
    answer = await programmed(program).ask("probe", CLIP, {}, Limits())
    assert [24, 24, 24] == answer.told["tried"]
    assert "sk-secret" not in json.dumps(answer.told)


def swapped(clip: bytes, other: bytes) -> bytes:
    """The pictures of one clip under the index of another: its sample sizes and places stay its own."""
    from tests.media.clips import boxes

    changed = bytearray(clip)
    for entry in (b"avc1", b"tkhd"):
        at, to = other.index(entry), clip.index(entry)
        if entry == b"avc1":
            changed[to + 28 : to + 32] = other[at + 28 : at + 32]
            own = clip.index(b"avcC")
            theirs = other.index(b"avcC")
            size = int.from_bytes(other[theirs - 4 : theirs], "big")
            if size == int.from_bytes(clip[own - 4 : own], "big"):
                changed[own : own + size - 4] = other[theirs : theirs + size - 4]
    assert boxes(clip)
    return bytes(changed)
