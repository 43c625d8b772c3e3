"""Tests of files sent ahead of an order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.factories import FakeClock
from wanreel.domain.errors import Conflict, Invalid, NotFound, Unavailable
from wanreel.inputs.uploads import FREE_BYTES_MIN, HomeUploads
from wanreel.ports.uploads import UPLOAD_BEGIN_S, UPLOAD_LIFE_S


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """A file in parts."""
    for part in parts:
        yield part


@pytest.fixture
def clock() -> FakeClock:
    """A clock."""
    return FakeClock()


@pytest.fixture
def uploads(tmp_path: Path, clock: FakeClock) -> HomeUploads:
    """Uploads of at most ten bytes."""
    return HomeUploads(tmp_path / "uploads", clock, bytes_max=10)


async def test_a_file_comes_whole(uploads: HomeUploads) -> None:
    """What came is there, under an id, with a plain name; a second file does not take its place."""
    begun = await uploads.begin("films")
    kept = await uploads.keep(begun.id, "../etc/a\x00.png", pieces(b"abc", b"def"))
    found = await uploads.find(begun.id)

    assert kept == found
    assert ("films", "a.png", 6) == (found.project, found.name, found.size_bytes)
    assert found.path is not None
    assert b"abcdef" == found.path.read_bytes()
    with pytest.raises(Conflict):
        await uploads.keep(begun.id, "b.png", pieces(b"x"))


async def test_several_by_one_right(uploads: HomeUploads) -> None:
    """Each part has an id of its own."""
    begun = await uploads.begin(None)
    await uploads.keep(begun.id, "a", pieces(b"a"), "0a")
    await uploads.keep(begun.id, "b", pieces(b"b"), "0b")
    assert (await uploads.find(f"{begun.id}0a")).path != (await uploads.find(f"{begun.id}0b")).path


@pytest.mark.parametrize("parts", [(), (b"",), (b"x" * 6, b"y" * 6)])
async def test_size(uploads: HomeUploads, tmp_path: Path, parts: tuple[bytes, ...]) -> None:
    """An empty or too large file leaves nothing behind, and may be sent again."""
    begun = await uploads.begin(None)
    with pytest.raises(Invalid):
        await uploads.keep(begun.id, "a", pieces(*parts))
    assert [f"{begun.id}.json"] == [path.name for path in (tmp_path / "uploads").iterdir()]
    await uploads.keep(begun.id, "a", pieces(b"fine"))


async def test_rights_and_files_expire(uploads: HomeUploads, clock: FakeClock, tmp_path: Path) -> None:
    """The right to send ends within minutes, the file within two days; what has expired is removed."""
    late = await uploads.begin(None)
    clock.advance(UPLOAD_BEGIN_S + 1)
    with pytest.raises(NotFound):
        await uploads.keep(late.id, "a", pieces(b"a"))
    begun = await uploads.begin(None)
    await uploads.keep(begun.id, "a", pieces(b"a"))
    clock.advance(UPLOAD_LIFE_S + 1)
    with pytest.raises(NotFound):
        await uploads.find(begun.id)
    last = await uploads.begin(None)
    assert [f"{last.id}.json"] == [path.name for path in (tmp_path / "uploads").iterdir()]


@pytest.mark.parametrize("name", ["", "../wanreel", "upl_x", "upl_" + "a" * 40])
async def test_ids_are_not_paths(uploads: HomeUploads, name: str) -> None:
    """Whatever is no id of ours names nothing."""
    with pytest.raises(NotFound):
        await uploads.find(name)


async def test_what_has_expired_goes_though_nobody_uploads_any_more(
    uploads: HomeUploads, clock: FakeClock, tmp_path: Path
) -> None:
    """By the hourly sweep; what may still be used stays."""
    old = await uploads.keep((await uploads.begin(None)).id, "a.png", pieces(b"abc"))
    clock.advance(UPLOAD_LIFE_S / 2)
    young = await uploads.keep((await uploads.begin(None)).id, "b.png", pieces(b"abc"))
    clock.advance(UPLOAD_LIFE_S / 2 + 1)
    await uploads.sweep()
    left = {path.stem for path in (tmp_path / "uploads").iterdir()}
    assert ({young.id}, False) == (left, old.id in left)


async def test_nothing_is_taken_by_a_full_disk(tmp_path: Path, clock: FakeClock) -> None:
    """What is left is for the database and for clips that have been paid for."""
    uploads = HomeUploads(tmp_path / "uploads", clock, free=lambda _: FREE_BYTES_MIN - 1)
    begun = await uploads.begin("films")
    with pytest.raises(Unavailable, match="nearly full"):
        await uploads.keep(begun.id, "a.png", pieces(b"abc"))
    assert [f"{begun.id}.json"] == [path.name for path in (tmp_path / "uploads").iterdir()]
