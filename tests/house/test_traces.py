"""Nothing committed names a package registry, a path of somebody's machine, or a real key."""

import subprocess
from pathlib import Path

import pytest

from tests.house import traces
from tests.house.findings import none_of


def test_no_traces_of_any_machine(root: Path) -> None:
    """A clone works wherever it lies and wherever its packages come from."""
    none_of(traces.traces(traces.committed_files(root)))


def test_only_what_is_written_is_committed(root: Path) -> None:
    """No file is too large to have been written by hand."""
    none_of(traces.oversized(traces.committed_files(root)))


@pytest.mark.parametrize(
    "text",
    [
        "pip install --index-url https://py" + "pi.org/simple",
        '"resolved": "https://registry.npm' + 'js.org/left-pad"',
        "see /wor" + "k/main/src",
        "open('/roo" + "t/.config/x')",
        "find-links = /op" + "t/wheels",
        "DASHSCOPE_API_KEY=sk-" + "0123456789abcdef" * 2,
    ],
)
def test_a_trace_is_found(tmp_path: Path, text: str) -> None:
    """Each kind of trace is seen in plain text."""
    (tmp_path / "notes.md").write_text(f"first line\n{text}\n")
    found = list(traces.traces(traces.committed_files(tmp_path)))
    assert [True] == [":2:" in said for said in found]


def test_addresses_and_relative_paths_are_no_traces(tmp_path: Path) -> None:
    """A path inside an address or below a folder of ours is nobody's machine."""
    (tmp_path / "notes.md").write_text(
        "https://example.com/wor" + "k/x and src/op" + "t/in and ./roo" + "t/a and ~/wor" + "k/b and sk-test"
    )
    none_of(traces.traces(traces.committed_files(tmp_path)))


def test_what_git_ignores_is_not_looked_at(tmp_path: Path) -> None:
    """Only what is tracked, or would be by the next add, is read."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("local.md\n")
    (tmp_path / "local.md").write_text("ignored")
    (tmp_path / "new.md").write_text("seen")
    assert [".gitignore", "new.md"] == [path.name for path in traces.committed_files(tmp_path)]


def test_a_large_file_is_found(tmp_path: Path) -> None:
    """A clip that was committed is named."""
    (tmp_path / "clip.mp4").write_bytes(bytes(traces.SIZE_MAX + 1))
    assert 1 == len(list(traces.oversized(traces.committed_files(tmp_path))))
