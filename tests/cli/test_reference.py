"""The reference pages say what the code does."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """The tool that writes them."""
    spec = importlib.util.spec_from_file_location("reference_tool", ROOT / "tools" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    sys.modules["reference_tool"] = tool
    spec.loader.exec_module(tool)
    return tool


def test_the_pages_are_as_the_code_would_have_them(reference: ModuleType) -> None:
    """Every command with its options, every exit code, every setting, every code of an error."""
    stale = [path.name for path, text in reference.pages().items() if text != path.read_text(encoding="utf-8")]
    assert [] == stale, "run: python tools/reference.py"


def test_every_option_and_setting_is_explained(reference: ModuleType) -> None:
    """No row of a table ends empty."""
    rows = [row for text in reference.pages().values() for row in text.splitlines() if row.startswith("|")]
    assert 150 < len(rows)
    assert [] == [row for row in rows if re.search(r"\|\s*\|$", row)]


def test_every_kind_of_notice_is_explained(reference: ModuleType) -> None:
    """Those there are, and none that is told no more."""
    from wanreel.domain.hook import KINDS

    assert set(KINDS) == set(reference.TOLD)


def test_every_line_of_the_log_has_a_name_of_the_list() -> None:
    """No room logs words of its own: what is searched for at night stands in telemetry, and so on the page."""
    loose = [
        f"{path}: {call}"
        for path in (ROOT / "src" / "wanreel").rglob("*.py")
        for call in re.findall(
            r"\blog\.(?:debug|info|warning|error|exception|critical)\(\s*f?[\"'].*", path.read_text("utf-8")
        )
    ]
    assert [] == loose
    whole = "\n".join(path.read_text("utf-8") for path in (ROOT / "src" / "wanreel").rglob("*.py"))
    names = re.findall(r"^([A-Z_]+) = \"", (ROOT / "src" / "wanreel" / "telemetry.py").read_text("utf-8"), re.MULTILINE)
    assert [] == [name for name in names if len(re.findall(rf"\b{name}\b", whole)) < 3]  # named, imported, written


def test_every_code_a_failed_job_can_have_is_listed(reference: ModuleType) -> None:
    """Codes of ours, as they stand in the code, are all in the table, and no other."""
    found: set[str] = set()
    for room in ("domain", "vendor"):
        for path in (ROOT / "src" / "wanreel" / room).glob("*.py"):
            text = path.read_text(encoding="utf-8")
            found |= set(re.findall(r'Failed\(\s*"(\w+)"', text)) | set(re.findall(r'"(artifact_\w+)"', text))
            found |= set(re.findall(r'code="(\w+)", fatal=True', text))
    assert found == set(reference.OWN_FAILURES)
