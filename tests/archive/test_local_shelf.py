"""Reading from the folder archive on bad days: clips that were changed, deleted or replaced by folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive.clips import pieces, real_clip
from wanreel.archive.local import LocalArchive
from wanreel.archive.local_shelf import LocalShelf
from wanreel.domain.errors import NotFound, Unavailable
from wanreel.domain.job import Artifact
from wanreel.ports.archive import Label

KEY = "default/2026/09/21/job_1.mp4"


def folders(root: Path) -> list[str]:
    """All folders below a root."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_dir())


async def test_a_clip_changed_afterwards_is_not_handed_out(tmp_path: Path) -> None:
    """A truncated file is not given as if it were the clip."""
    artifact = await LocalArchive(tmp_path).keep(KEY, pieces(real_clip()))
    with (tmp_path / KEY).open("r+b") as file:
        file.truncate(100)
    with pytest.raises(Unavailable, match="was changed"):
        await LocalShelf(tmp_path).open(artifact)


async def test_a_clip_deleted_after_opening_is_not_found(tmp_path: Path) -> None:
    """Deleted between opening and the first piece."""
    artifact = await LocalArchive(tmp_path).keep(KEY, pieces(real_clip()))
    opened = await LocalShelf(tmp_path).open(artifact)
    (tmp_path / KEY).unlink()
    with pytest.raises(NotFound):
        await anext(opened)


async def test_a_folder_under_the_key_cannot_be_read(tmp_path: Path) -> None:
    """Something is there, and it is no file."""
    (tmp_path / KEY).mkdir(parents=True)
    with pytest.raises(Unavailable):
        await LocalShelf(tmp_path).open(Artifact(KEY, 1, "0" * 64))
    assert await LocalShelf(tmp_path).look(KEY) is None


def test_where_a_clip_lies_is_an_absolute_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Given a relative root, the path told is one that can be opened from anywhere."""
    monkeypatch.chdir(tmp_path)
    assert str(tmp_path / "clips" / KEY) == LocalShelf(Path("clips")).where(Artifact(KEY, 1, ""))


async def test_a_folder_gives_no_links(tmp_path: Path) -> None:
    """Whoever wants a link to a local clip must serve it."""
    artifact = await LocalArchive(tmp_path).keep(KEY, pieces(real_clip()))
    assert await LocalShelf(tmp_path).link(artifact, 60.0) is None


async def test_the_last_removal_leaves_no_empty_folders(tmp_path: Path) -> None:
    """Days without clips vanish with their last clip, and what was told beside it goes too; the root stays."""
    shelf = LocalShelf(tmp_path)
    await shelf.put("a/b/one.jpg", b"1", Label("image/jpeg"))
    await shelf.put("a/c/two.jpg", b"2", Label("image/jpeg"))
    await shelf.remove("a/b/one.jpg")
    assert ["a", "a/c"] == folders(tmp_path)


async def test_facts_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    """Somebody wrote nonsense into the hidden file beside a picture: it is a picture all the same."""
    shelf = LocalShelf(tmp_path)
    await shelf.put("one.jpg", b"1", Label("image/jpeg", facts=(("job", "job_1"),)))
    (tmp_path / ".one.jpg.wanreel-facts").write_bytes(b"[1, 2")
    found = await shelf.look("one.jpg")
    assert found is not None
    assert (1, "", ()) == (found.size_bytes, found.media_type, found.facts)


async def test_folders_that_are_links_are_gone_into(tmp_path: Path) -> None:
    """An archive may be spread over disks: each folder is listed once, by its own name where it lies in the archive,
    and no link leads in a circle or out to all that holds the archive.
    """
    root, disk = tmp_path / "archive", tmp_path / "disk"
    (root / "a").mkdir(parents=True)
    (disk / "deep").mkdir(parents=True)
    for path in (root / "a" / "1.mp4", disk / "2.mp4", disk / "deep" / "3.mp4"):
        path.write_bytes(b"x")
    for link, target in (
        (root / "films", disk),
        (root / "0-again", root / "a"),
        (root / "films-2", disk),
        (disk / "round", root),
        (disk / "deep" / "up", disk),
        (root / "out", tmp_path),
        (root / "gone", tmp_path / "nothing"),
        (root / "self", root / "self"),
        (root / "a" / "link.mp4", disk / "2.mp4"),
    ):
        link.symlink_to(target)
    shelf = LocalShelf(root)
    listed = sorted([there.key async for there in shelf.list()])
    assert ["a/1.mp4", "a/link.mp4", "films/2.mp4", "films/deep/3.mp4"] == listed
    assert ["films/deep/3.mp4"] == [there.key async for there in shelf.list("films/deep/")]
    assert shelf.place("films-2/2.mp4") == shelf.place("films/2.mp4") != shelf.place("a/link.mp4")
