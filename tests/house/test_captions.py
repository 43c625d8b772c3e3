"""Files say what lives in them, names can be guessed, front doors hand on, and tests say what they hold."""

from pathlib import Path

import pytest

from tests.house import captions
from tests.house.arrows import floors
from tests.house.findings import none_of
from tests.house.sources import Source, Tree, read_files


@pytest.fixture(scope="session")
def written(tree: Tree, tests: list[Source], root: Path) -> list[Source]:
    """Every Python file that is written by hand here."""
    return [*tree.sources.values(), *tests, *read_files(root / "tools", root / "examples")]


def test_every_file_has_a_caption(written: list[Source]) -> None:
    """Each file opens with one line that says what lives in it."""
    none_of(captions.missing_captions(written))


def test_every_name_answers_a_question(written: list[Source]) -> None:
    """No file is called by a name that could hold anything."""
    none_of(captions.banned_names(written))


def test_front_doors_only_hand_on(written: list[Source]) -> None:
    """An `__init__.py` imports and names, in under forty lines."""
    none_of(captions.busy_front_doors(written))


def test_every_test_says_what_it_holds(tests: list[Source]) -> None:
    """Each test has a docstring of one sentence."""
    none_of(captions.silent_tests(tests))


def test_the_ground_floor_never_waits(tree: Tree, root: Path) -> None:
    """Domain, prompt and money neither await, open nor print."""
    ground = {room for floor in floors(root / "pyproject.toml")[:2] for room in floor}
    none_of(captions.blocking_ground([s for s in tree.sources.values() if tree.room(s.module) in ground]))


def planted(folder: Path, name: str, text: str) -> list[Source]:
    """One file, written and read."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return read_files(folder)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, '"""What lives here."""\n'),
        (0, '"""What lives here.\n\nAnd more about it.\n"""\n'),
        (1, ""),
        (1, "x = 1\n"),
        (1, '"""What lives here\nover two lines."""\n'),
    ],
)
def test_a_file_without_a_caption_is_found(tmp_path: Path, count: int, text: str) -> None:
    """The caption is there, and is one line."""
    assert count == len(list(captions.missing_captions(planted(tmp_path, "a.py", text))))


@pytest.mark.parametrize("name", ["utils.py", "test_helpers.py", "core/__init__.py", "_common.py", "store/models.py"])
def test_an_empty_name_is_found(tmp_path: Path, name: str) -> None:
    """Files and folders named for nothing are found."""
    assert 1 == len(list(captions.banned_names(planted(tmp_path, name, ""))))


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, '"""Door."""\nfrom a import b\n__all__ = ["b"]\n__version__ = "1"\n'),
        (0, '"""Door."""\ndef __getattr__(name):\n    from a import b\n    return b\n'),
        (0, '"""Door."""\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import b\n'),
        (1, '"""Door."""\ndef work():\n    pass\n'),
        (1, '"""Door."""\nclass Thing:\n    pass\n'),
        (1, '"""Door."""\nMADE = make()\n'),
        (1, '"""Door."""\n' + "\n" * 40),
    ],
)
def test_a_busy_front_door_is_found(tmp_path: Path, count: int, text: str) -> None:
    """Whatever is more than handing on belongs in a file of its own."""
    assert count == len(list(captions.busy_front_doors(planted(tmp_path, "room/__init__.py", text))))


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, 'def test_a():\n    """It holds."""\n'),
        (1, "def test_a():\n    pass\n"),
        (1, 'class TestIt:\n    async def test_a(self):\n        """no sentence"""\n'),
        (1, 'def test_a():\n    """It holds.\n\n    And much more.\n    """\n'),
    ],
)
def test_a_silent_test_is_found(tmp_path: Path, count: int, text: str) -> None:
    """A test's docstring is there, and is one sentence."""
    assert count == len(list(captions.silent_tests(planted(tmp_path, "test_it.py", text))))


@pytest.mark.parametrize("text", ["async def f():\n    pass\n", "open('x')\n", "print(1)\n"])
def test_a_waiting_ground_floor_is_found(tmp_path: Path, text: str) -> None:
    """Coroutines, files and terminals are found."""
    assert 1 == len(list(captions.blocking_ground(planted(tmp_path, "job.py", text))))
