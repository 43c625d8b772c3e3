"""The file of a home's own templates: two who write at once, a crash, a hand that wrote nonsense."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from wanreel.domain.errors import Invalid, Unavailable
from wanreel.store.templates import TemplateFile


def put(file: TemplateFile, name: str, **row: str) -> None:
    def edit(rows: dict[str, object]) -> None:
        rows[name] = row

    file.change(edit)


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    """Any text comes back as it was: quotes, breaks, signs, an empty field left out."""
    file = TemplateFile(tmp_path / "home" / "templates.toml")
    assert {} == file.rows()
    odd = '"quoted" \\back\\slash\nline two\ttab 灯笼 🏮 \x7f'
    put(file, "odd", en=odd, zh="")
    put(file, "a-b", zh="{thing}在雨中")
    assert {"odd": {"en": odd}, "a-b": {"zh": "{thing}在雨中"}} == file.rows()


def test_of_many_who_write_at_once_all_are_kept(tmp_path: Path) -> None:
    """Every change reads what the one before it wrote, whoever wrote it."""
    path = tmp_path / "templates.toml"
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        for turn in range(5):
            put(TemplateFile(path), f"t{number}-{turn}", en="words")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 40 == len(TemplateFile(path).rows())


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    """What the edit raises leaves the file and its neighbours as they were, and the next one is let in."""
    file = TemplateFile(tmp_path / "templates.toml")
    put(file, "one", en="words")

    def broken(rows: dict[str, object]) -> None:
        rows.clear()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        file.change(broken)
    (tmp_path / "templates.draft").write_text("[half", "utf-8")  # what a crash leaves
    put(file, "two", en="words")
    assert {"one", "two"} == set(file.rows())


def test_nonsense_is_named(tmp_path: Path) -> None:
    """A file that is no TOML, or no file at all, is said with its path; it is not written over."""
    path = tmp_path / "templates.toml"
    path.write_bytes(b"\xff\xfe nonsense")
    with pytest.raises(Invalid, match="TOML"):
        put(TemplateFile(path), "one", en="words")
    assert path.read_bytes().startswith(b"\xff")
    path.unlink()
    path.mkdir()
    with pytest.raises(Unavailable, match="templates"):
        TemplateFile(path).rows()
