"""The clip cache: once rendered, found again; whole or absent; bounded; shared by threads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from tests.emulator.clips.pictures import BASE, i2v
from wanreel.emulator.clips import ClipSpec, Studio, render


def test_a_clip_is_rendered_once_and_found_again(tmp_path: Path) -> None:
    """The second asking renders nothing, in this studio and in the next one on the same folder."""
    first = Studio(tmp_path)
    path = first.clip(BASE)
    assert render(BASE) == path.read_bytes()
    assert path == first.clip(replace(BASE))
    assert (1, 1) == (first.rendered, first.reused)
    second = Studio(tmp_path)
    assert path == second.clip(BASE)
    assert (0, 1) == (second.rendered, second.reused)


def test_the_cache_stays_within_its_bound(tmp_path: Path) -> None:
    """The clips unused for longest go first, and one that was deleted comes back with the same bytes."""
    specs = [replace(BASE, seed=seed) for seed in range(4)]
    sizes = [len(render(spec)) for spec in specs]
    studio = Studio(tmp_path, bytes_max=sum(sizes[:3]) + max(sizes) // 2)
    paths = [studio.clip(spec) for spec in specs[:3]]
    studio.clip(specs[0])  # used again: now the second is the oldest
    newest = studio.clip(specs[3])
    assert [True, False, True] == [path.exists() for path in paths]
    assert newest.exists()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= sum(sizes[:3]) + max(sizes) // 2
    assert render(specs[1]) == studio.clip(specs[1]).read_bytes()


def test_a_clip_larger_than_the_bound_is_still_served(tmp_path: Path) -> None:
    """The newest clip is never deleted, however small the bound."""
    studio = Studio(tmp_path, bytes_max=1)
    assert studio.clip(BASE).exists()
    assert studio.clip(replace(BASE, seed=99)).exists()
    assert 1 == len(list(tmp_path.iterdir()))


def test_threads_that_ask_for_one_clip_share_one_render(tmp_path: Path) -> None:
    """Eight at once, one render, no deadlock, nothing left over."""
    studio, gate = Studio(tmp_path), Barrier(8)

    def ask(_: int) -> Path:
        gate.wait()
        return studio.clip(BASE)

    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(ask, range(8)))
    assert (1, 7) == (studio.rendered, studio.reused)
    assert paths == set(tmp_path.iterdir())


def test_threads_render_different_clips_to_the_same_bytes_as_one_would(tmp_path: Path) -> None:
    """Work side by side does not leak from one clip into another."""
    specs = [
        replace(BASE, seed=seed, prompt=prompt)
        for seed, prompt in enumerate(("海边的猫", "a red bus", "snow", "dragon"))
    ]
    studio = Studio(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        made = [path.read_bytes() for path in pool.map(studio.clip, specs)]
    assert [render(spec) for spec in specs] == made


def test_a_failed_render_leaves_nothing_behind(tmp_path: Path) -> None:
    """Broken images raise each time they are asked for, and no half file stays."""
    studio = Studio(tmp_path)
    broken: ClipSpec = i2v(b"nonsense")
    for _ in range(2):
        with pytest.raises(ValueError, match="first_image"):
            studio.clip(broken)
    assert [] == list(tmp_path.iterdir())


def test_remains_of_a_killed_process_are_swept(tmp_path: Path) -> None:
    """A half-written file from before is gone once a studio opens the folder; other files are left alone."""
    (tmp_path / "abc.part").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    Studio(tmp_path)
    assert [tmp_path / "notes.txt"] == list(tmp_path.iterdir())


def test_a_clip_deleted_by_someone_else_is_made_again(tmp_path: Path) -> None:
    """The studio looks before it promises."""
    studio = Studio(tmp_path)
    studio.clip(BASE).unlink()
    assert studio.clip(BASE).exists()
    assert 2 == studio.rendered


def test_a_studio_without_a_folder_has_its_own_until_closed() -> None:
    """No folder given: one is made, and goes with `close`, which may be called twice."""
    with Studio() as studio:
        path = studio.clip(BASE)
        assert path.exists()
    assert not path.exists()
    studio.close()
