"""Files are copied into the home by hash, once, whole; what cannot be used is refused in words and leaves no trace."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tests.inputs.pictures import mp3, picture, wav
from wanreel.domain.clip import Fit, Still
from wanreel.domain.errors import Invalid, NotFound, Unavailable
from wanreel.inputs.home import HomeInputs
from wanreel.media.looks import Looks
from wanreel.ports.inputs import Inputs, StoredInput
from wanreel.ports.media import FileBytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "inputs"


@pytest.fixture
def inputs(folder: Path) -> Inputs:
    return HomeInputs(folder, Looks())


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*") if path.suffix != ".facts"]


def list_of(folder: Path) -> list[str]:
    """All names in a folder, notes and hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def test_a_picture_is_kept_with_its_facts(inputs: Inputs, tmp_path: Path) -> None:
    """The name lies about the format and about nothing else; the copy is byte for byte."""
    data = picture("JPEG")
    stored = await inputs.keep(written(tmp_path / "hero.png", data))
    assert StoredInput(sha256(data), "image/jpeg", len(data), "hero.png", 300, 200, "JPEG", False) == stored
    assert data == inputs.path(stored.sha256).read_bytes()


async def test_a_picture_that_lies_on_its_side_is_kept_upright(inputs: Inputs, tmp_path: Path) -> None:
    """What EXIF asks for is done, since nobody says that the vendor does it; and it is told."""
    stored = await inputs.keep(written(tmp_path / "hero.jpg", picture("JPEG", orientation=6)))
    assert ((200, 300), ("turned upright",)) == ((stored.width, stored.height), stored.changes)
    with Image.open(inputs.path(stored.sha256)) as kept:
        assert ((200, 300), None) == (kept.size, kept.getexif().get(0x0112))
        grey = kept.convert("L").tobytes()
    assert grey[150 * 200 + 10] > grey[150 * 200 + 190]  # the gradient ran downwards, and was turned by a quarter


async def test_the_same_bytes_are_looked_into_once(folder: Path) -> None:
    """Given again under another name, and to another process, the facts that were noted answer; a fit is its own."""
    eyes = Counting()
    data = picture("JPEG", orientation=6)
    first = await HomeInputs(folder, eyes).keep_bytes(data, "a.jpg")
    again = await HomeInputs(folder, eyes).keep_bytes(data, "b.jpg")
    assert (replace(first, name="b.jpg"), 1) == (again, eyes.looks)
    await HomeInputs(folder, eyes).keep_bytes(data, "a.jpg", Fit(10, 100, 100_000, alpha=False))
    assert 2 == eyes.looks


async def test_a_note_that_went_bad_is_not_believed(folder: Path) -> None:
    """Cut short, or about a copy that is gone: the picture is looked into again."""
    eyes, data = Counting(), picture()
    inputs = HomeInputs(folder, eyes)
    stored = await inputs.keep_bytes(data, "a.png")
    (folder / f"{sha256(data)}.facts").write_bytes(b'{"sha256": 3')
    assert stored == await inputs.keep_bytes(data, "a.png")
    inputs.path(stored.sha256).unlink()
    assert stored == await inputs.keep_bytes(data, "a.png")
    assert 3 == eyes.looks


async def test_what_is_forgotten_is_gone_with_its_note(inputs: Inputs, folder: Path) -> None:
    """Nothing of it stays in the folder; a second time there is nothing to forget."""
    stored = await inputs.keep_bytes(picture("JPEG", orientation=6), "a.jpg")
    assert [stored.sha256] == await inputs.kept()
    assert await inputs.forget(stored.sha256)
    assert not os.listdir(folder)  # noqa: PTH208
    assert not await inputs.forget(stored.sha256)
    assert [] == await inputs.kept()


class Counting(Looks):
    """Eyes that count."""

    looks = 0

    async def still(self, file: FileBytes, fit: Fit | None = None) -> Still:
        self.looks += 1
        return await super().still(file, fit)


@pytest.mark.parametrize(("data", "mime", "kind"), [(wav(), "audio/wav", "WAV"), (mp3(), "audio/mpeg", "MP3")])
async def test_a_sound_is_kept(inputs: Inputs, tmp_path: Path, data: bytes, mime: str, kind: str) -> None:
    """Sounds have no sides."""
    stored = await inputs.keep(written(tmp_path / "voice.bin", data))
    assert StoredInput(sha256(data), mime, len(data), "voice.bin", format=kind) == stored
    assert data == inputs.path(stored.sha256).read_bytes()


async def test_the_original_may_go_away(inputs: Inputs, tmp_path: Path) -> None:
    """A job can be sent after its picture was moved, changed or deleted."""
    data = picture()
    source = written(tmp_path / "a.png", data)
    stored = await inputs.keep(source)
    source.unlink()
    assert data == inputs.path(stored.sha256).read_bytes()


async def test_the_same_bytes_are_kept_once(inputs: Inputs, folder: Path, tmp_path: Path) -> None:
    """Twenty at once, under different names, make one copy and leave no temporaries."""
    data = picture()
    stored = await asyncio.gather(
        *(inputs.keep(written(tmp_path / f"{number}.png", data)) for number in range(20)),
    )
    assert {sha256(data)} == {one.sha256 for one in stored}
    assert [sha256(data)] == names_in(folder)


async def test_a_copy_that_went_bad_is_mended(inputs: Inputs, tmp_path: Path) -> None:
    """A truncated copy is replaced when the file is given again."""
    data = picture()
    source = written(tmp_path / "a.png", data)
    stored = await inputs.keep(source)
    inputs.path(stored.sha256).write_bytes(data[:-1] + b"x")
    await inputs.keep(source)
    assert data == inputs.path(stored.sha256).read_bytes()


async def test_inline_data_is_kept_like_a_file(folder: Path) -> None:
    """What came in a data: URL or an upload takes the same way."""
    data = picture("WEBP")
    inputs = HomeInputs(folder, Looks())
    stored = await inputs.keep_bytes(data, "upload.webp")
    assert ("image/webp", "upload.webp") == (stored.mime, stored.name)
    with pytest.raises(Invalid, match=r"broken\.png is damaged"):
        await inputs.keep_bytes(picture()[:200], "broken.png")


async def test_a_leading_tilde_is_the_users_folder(
    inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--image=~/hero.png` is not expanded by every shell."""
    monkeypatch.setenv("HOME", str(tmp_path))
    written(tmp_path / "hero.png", picture())
    assert "hero.png" == (await inputs.keep(Path("~/hero.png"))).name


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _socket(path: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
    return path


def _circle(path: Path) -> Path:
    path.symlink_to(path)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path, "is not there"),
        (lambda path: written(path, picture()) / "inside.png", "is not there"),
        (lambda path: path.parent, "is a folder"),
        (_pipe, "a pipe, a socket or a device"),
        (_socket, "a pipe, a socket or a device"),
        (lambda path: Path("/dev/zero"), "a pipe, a socket or a device"),
        (_circle, "leads in a circle"),
        (lambda path: path.parent / ("x" * 5000), "too long for a path"),
        (lambda path: Path("a\0b.png"), "zero character"),
        (lambda path: written(path, b""), "is empty"),
        (lambda path: written(path, b"hello"), "neither a picture nor a sound"),
        (lambda path: written(path, picture()[:200]), "damaged or cut short"),
        (lambda path: written(path, b"\xff\xd8\xff" + bytes(2_000_000)), "larger than 1 MB"),
    ],
)
async def test_what_cannot_be_used_is_refused_and_leaves_no_trace(
    tmp_path: Path, folder: Path, make: Callable[[Path], Path], words: str
) -> None:
    """Missing, of the wrong kind, broken, too large: said in words, without waiting, and nothing is stored."""
    source = make(tmp_path / "a.png")
    with pytest.raises(Invalid) as error:
        await asyncio.wait_for(HomeInputs(folder, Looks(), size_bytes_max=1024 * 1024).keep(source), 20)
    assert words in error.value.message
    assert [] == names_in(folder)


async def test_a_file_may_be_just_as_large_as_allowed(tmp_path: Path, folder: Path) -> None:
    """The limit is inclusive."""
    data = picture()
    source = written(tmp_path / "a.png", data)
    assert len(data) == (await HomeInputs(folder, Looks(), size_bytes_max=len(data)).keep(source)).size_bytes
    with pytest.raises(Invalid, match="larger than"):
        await HomeInputs(folder, Looks(), size_bytes_max=len(data) - 1).keep(source)


async def test_a_home_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    """Not the caller's fault: the message names the folder."""
    written(tmp_path / "home", b"a file where the folder should be")
    with pytest.raises(Unavailable, match="home"):
        await HomeInputs(tmp_path / "home", Looks()).keep(written(tmp_path / "a.png", picture()))


async def test_a_disk_that_fills_up_leaves_no_trace(tmp_path: Path, folder: Path) -> None:
    """The operating system refuses to let the copy grow: unavailable, and no temporary stays."""
    source = written(tmp_path / "a.png", picture("BMP"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(Unavailable, match="free some space"):
            await HomeInputs(folder, Looks()).keep(source)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [] == names_in(folder)


@pytest.mark.parametrize("name", ["0" * 64, "../a.png", "", "/etc/passwd", "\0"])
def test_only_kept_hashes_have_a_path(inputs: Inputs, tmp_path: Path, name: str) -> None:
    """Anything else is not found, least of all a way out of the folder."""
    written(tmp_path / "a.png", picture())
    with pytest.raises(NotFound):
        inputs.path(name)


async def test_what_nobody_asks_for_is_idle_and_can_be_let_go_of(inputs: Inputs, folder: Path, tmp_path: Path) -> None:
    """Kept again, or noted as in use, it stays; let go of, nothing of it is left, nor of what dead processes wrote."""
    names = [(await inputs.keep(written(tmp_path / f"{n}.wav", wav(n + 1)))).sha256 for n in range(3)]
    (folder / f".{names[0]}.1-1.part").write_bytes(b"half")
    for path in list_of(folder):
        os.utime(folder / path, (1000, 1000))
    assert [] == await inputs.idle(1000)
    assert sorted(names) == await inputs.idle(2000)
    assert not [name for name in list_of(folder) if name.startswith(".")]
    await inputs.keep(tmp_path / "1.wav")
    await inputs.in_use(names[2])
    await inputs.in_use("ab" * 32)
    assert [True, False, False] == [await inputs.forget_idle(name, 2000) for name in names]
    assert sorted(names[1:]) == await inputs.kept()
    assert not [name for name in list_of(folder) if names[0] in name]
    assert names[0] == (await inputs.keep(tmp_path / "0.wav")).sha256, "and comes again as if it had never been there"


async def test_what_is_asked_for_the_very_moment_it_goes_stays(
    inputs: Inputs, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order that finds its picture between the look and the removal has it."""
    name = (await inputs.keep(written(tmp_path / "a.wav", wav(1)))).sha256
    os.utime(folder / name, (1000, 1000))
    rename = Path.rename

    def late(path: Path, to: Path) -> Path:
        os.utime(path)
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", late)
    assert not await inputs.forget_idle(name, 2000)
    assert [name] == await inputs.kept()
