"""The papers are in step: commands listed, questions answered, decisions linked, dependencies reasoned, locks whole."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house import papers
from tests.house.findings import none_of

CHECKS = [
    papers.undocumented_targets,
    papers.lost_questions,
    papers.loose_decisions,
    papers.reasonless_dependencies,
    papers.misnamed_fragments,
    papers.unlocked,
]
Check = Callable[[Path], Iterator[str]]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_papers_are_in_step(root: Path, check: Check) -> None:
    """What is written about the checkout is true of it."""
    none_of(check(root))


def test_links_between_pages_hold(root: Path) -> None:
    """Every relative link in the pages leads to a file."""
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "changes").glob("*.md")]
    none_of(papers.broken_links(root, pages))


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """The checkout's papers, to spoil."""
    for name in ("Makefile", "CONTRIBUTING.md", "ARCHITECTURE.md", "README.md", "pyproject.toml"):
        shutil.copy(root / name, tmp_path / name)
    for name in ("docs/decisions", "changes", "requirements"):
        shutil.copytree(root / name, tmp_path / name)
    return tmp_path


def spoil(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text("utf-8")
    assert old in text, f"{path} has no {old!r}"
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_a_silent_target_is_found(copy: Path) -> None:
    """A make target without a description, a place in CONTRIBUTING or .PHONY is named."""
    with (copy / "Makefile").open("a") as makefile:
        makefile.write("\nsecret: build\n\ttouch $@\n")
    assert 3 == len(list(papers.undocumented_targets(copy)))


def test_a_question_that_leads_nowhere_is_found(copy: Path) -> None:
    """A row of the table whose file has moved is named, and so is a table that has shrunk."""
    (copy / "ARCHITECTURE.md").write_text(
        "## Where do I change …?\n\n| question | file |\n|---|---|\n| the lock | `requirements/run.txt` |\n"
        "| the moon | `src/moon.py` |\n| nothing | nowhere |\n"
    )
    found = list(papers.lost_questions(copy))
    assert 3 == len(found)
    assert "3 rows" in found[0]
    assert "src/moon.py" in found[1]
    assert "names no file" in found[2]


def test_a_decision_out_of_line_is_found(copy: Path) -> None:
    """A record with a gap in its number, without its parts, and unlinked, is named for each."""
    (copy / "docs" / "decisions" / "0099-hasty.md").write_text("# Hasty\n")
    said = "\n".join(papers.loose_decisions(copy))
    for complaint in (
        "its number and title",
        "Date:",
        "## Context",
        "link docs/decisions/0099-hasty.md",
        "without a gap",
    ):
        assert complaint in said


def test_a_dependency_without_a_reason_is_found(copy: Path) -> None:
    """Every line of dependencies says why it is there."""
    spoil(copy / "pyproject.toml", "# command line from type hints and docstrings", "#")
    assert ["cyclopts" in said for said in papers.reasonless_dependencies(copy)] == [True]


def test_a_misnamed_fragment_is_found(copy: Path) -> None:
    """A fragment the changelog would overlook is named, and so is an empty one."""
    (copy / "changes" / "notes.txt").write_text("words")
    (copy / "changes" / "+quiet.added.md").write_text("")
    assert 2 == len(list(papers.misnamed_fragments(copy)))


def test_a_broken_lock_is_found(copy: Path) -> None:
    """A lock with a source in it, without a hash, or behind pyproject.toml is named."""
    with (copy / "requirements" / "run.txt").open("a") as lock:
        lock.write("--extra-index-url https://packages.example/simple\nunhashed==1.0\n")
    spoil(copy / "pyproject.toml", '"alembic>=', '"brand-new>=1", # a new thing here\n  "alembic>=')
    said = "\n".join(papers.unlocked(copy))
    for complaint in ("names a source", "unhashed has no hash", "run.txt: lacks brand-new", "dev.txt: lacks brand-new"):
        assert complaint in said


def test_a_broken_link_is_found(copy: Path) -> None:
    """A relative link to nothing is named; addresses and anchors are left alone."""
    page = copy / "page.md"
    page.write_text("[a](gone.md) [b](README.md#top) [c](https://example.com/x) [d](#here)")
    assert ["gone.md" in said for said in papers.broken_links(copy, [page])] == [True]
