"""What a folder remembers of a file beside its bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from wanreel.archive.facts import encoded, facts_path, read_facts
from wanreel.ports.archive import Label


def test_what_was_told_is_read_again(tmp_path: Path) -> None:
    """Type and facts, in letters of any kind."""
    path = tmp_path / "clip.mp4"
    facts_path(path).write_bytes(encoded(Label("video/mp4", facts=(("job", "job_1"), ("name", "纸船")))))
    assert ("video/mp4", (("job", "job_1"), ("name", "纸船"))) == read_facts(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"facts": 3}', b"[" * 60_000])
def test_nonsense_is_nothing(tmp_path: Path, content: bytes) -> None:
    """Whatever lies there, reading it raises nothing."""
    path = tmp_path / "clip.mp4"
    facts_path(path).write_bytes(content)
    assert ("", ()) == read_facts(path)
