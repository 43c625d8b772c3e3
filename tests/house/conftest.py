"""What the house tests look at: the checkout itself, and a fresh little tree to plant violations in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.sources import Source, Tree, read_files, read_tree

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def tree() -> Tree:
    """The package's source."""
    return read_tree(ROOT / "src", "wanreel")


@pytest.fixture(scope="session")
def tests() -> list[Source]:
    """Every Python file below tests/."""
    return read_files(ROOT / "tests")


Plant = Callable[..., Tree]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Write a small package `wanreel` from `{"room/file.py": text}` and read it."""

    def write(files: dict[str, str]) -> Tree:
        for name, text in {"__init__.py": '"""Front."""\n', **files}.items():
            path = tmp_path / "src" / "wanreel" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return read_tree(tmp_path / "src", "wanreel")

    return write
