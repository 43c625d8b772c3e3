"""Imports point down the floors, never in a circle, never to or from the emulator; no file is unused."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from tests.house import arrows
from tests.house.conftest import Plant
from tests.house.findings import none_of
from tests.house.sources import Tree, imported_names, read_files

FLOORS = [
    ["domain"],
    ["prompt", "money"],
    ["ports"],
    ["store", "vendor", "worker"],
    ["api", "client"],
    ["wiring"],
    ["cli"],
]


@pytest.fixture(scope="session")
def floors(root: Path) -> list[list[str]]:
    """The floors as pyproject.toml has them."""
    return arrows.floors(root / "pyproject.toml")


def outside_users(root: Path) -> set[str]:
    """Modules wanted from outside: entry points, what docs hand to users, the demo, what contracts compare with."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project.get("scripts", {}), *project.get("entry-points", {}).values()]
    users = {target.partition(":")[0] for group in groups for target in group.values()}
    for page in [root / "README.md", *(root / "docs").rglob("*.md")]:
        users |= set(re.findall(r"\bwanreel(?:\.\w+)+", page.read_text("utf-8")))
    for source in read_files(root / "examples", root / "tests" / "contract"):
        users |= {name for name, _ in imported_names(source)}
    return users


def test_imports_point_down(tree: Tree, floors: list[list[str]]) -> None:
    """No file imports from a floor above its own, or from a stranger beside it."""
    none_of(arrows.wrong_directions(tree, floors))


def test_every_room_has_a_floor(tree: Tree, floors: list[list[str]]) -> None:
    """No room stands outside the house."""
    none_of(arrows.unplaced_rooms(tree, floors))


def test_no_circles(tree: Tree) -> None:
    """Neither files nor rooms import in a circle, typing and late imports counted."""
    none_of(arrows.circles(tree))


def test_the_emulator_stands_apart(tree: Tree) -> None:
    """The emulator imports only itself, and one command alone imports it."""
    none_of(arrows.emulator_leaks(tree))


def test_no_file_is_unused(tree: Tree, root: Path) -> None:
    """Every module is imported, started, or handed to users."""
    none_of(arrows.dead_files(tree, outside_users(root)))


def test_the_ground_floor_is_plain(tree: Tree, floors: list[list[str]]) -> None:
    """Domain, prompt and money import the standard library's plain parts; prompt also its words and their tool."""
    none_of(arrows.domain_reach(tree, floors))


def test_imports_are_declared(tree: Tree, root: Path) -> None:
    """Every third-party package the source imports is named in pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    requirements = [*project["dependencies"], *chain.from_iterable(project.get("optional-dependencies", {}).values())]
    named = {re.split(r"[\s\[<>=!~;]", requirement)[0].lower() for requirement in requirements}
    tops = {"pillow": "PIL", "pydantic-settings": "pydantic_settings", "opentelemetry-sdk": "opentelemetry"}
    declared = {tops.get(name, name.replace("-", "_")) for name in named} | {"pytest"}  # the plugin runs inside pytest
    none_of(arrows.undeclared(tree, declared))


@pytest.mark.parametrize(
    "text",
    [
        "from wanreel.worker import step",
        "import wanreel.worker.step",
        "from ..worker import step",
        "def late():\n    from wanreel.worker.step import run",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from wanreel.worker.step import run",
        "import importlib\nimportlib.import_module('wanreel.worker.step')",
        "COMMAND = 'wanreel.worker.step:run'",
    ],
)
def test_an_arrow_up_is_found_however_it_is_written(plant: Plant, text: str) -> None:
    """Plain, relative, late, typing and textual imports all count."""
    tree = plant({"domain/job.py": text, "worker/__init__.py": "", "worker/step.py": "", "domain/__init__.py": ""})
    found = list(arrows.wrong_directions(tree, FLOORS))
    assert 1 == len(found)
    assert "points up" in found[0]


def test_an_arrow_sideways_is_found(plant: Plant) -> None:
    """Two rooms on one floor are strangers."""
    tree = plant({"store/rows.py": "from wanreel.vendor.wire import parse", "vendor/wire.py": ""})
    assert ["strangers" in said for said in arrows.wrong_directions(tree, FLOORS)] == [True]


def test_an_arrow_down_is_welcome(plant: Plant) -> None:
    """What points down, or stays in its room, is no finding."""
    tree = plant(
        {
            "store/rows.py": "from wanreel.ports import Jobs\nfrom wanreel.store import sql",
            "store/sql.py": "",
            "ports.py": "",
        }
    )
    none_of(arrows.wrong_directions(tree, FLOORS))


def test_a_room_without_a_floor_is_found(plant: Plant) -> None:
    """A new room has to be given its floor first."""
    assert ["attic" in said for said in arrows.unplaced_rooms(plant({"attic/box.py": ""}), FLOORS)] == [True]


def test_a_circle_of_files_is_found(plant: Plant) -> None:
    """Three files in one room that need each other are one file in disguise."""
    tree = plant(
        {
            "store/a.py": "from wanreel.store import b",
            "store/b.py": "def late():\n    from wanreel.store.c import x",
            "store/c.py": "from wanreel.store.a import y",
        }
    )
    assert [
        "store.a -> wanreel.store.b -> wanreel.store.c -> wanreel.store.a" in said for said in arrows.circles(tree)
    ] == [True]


def test_a_circle_of_rooms_is_found(plant: Plant) -> None:
    """Rooms can stand in a circle although their files do not."""
    tree = plant(
        {
            "store/a.py": "from wanreel.ports.b import x",
            "store/c.py": "",
            "ports/b.py": "",
            "ports/d.py": "from wanreel.store.c import y",
        }
    )
    assert ["rooms in a circle: ports -> store -> ports" in said for said in arrows.circles(tree)] == [True]


def test_an_emulator_that_shares_code_is_found(plant: Plant) -> None:
    """Neither may the emulator look into our rooms, nor our rooms into it."""
    tree = plant(
        {
            "emulator/app.py": "from wanreel.vendor.wire import parse",
            "vendor/wire.py": "",
            "vendor/client.py": "from wanreel.emulator.app import serve",
        }
    )
    assert 2 == len(list(arrows.emulator_leaks(tree)))


def test_two_doors_to_the_emulator_are_found(plant: Plant) -> None:
    """One command starts it; a second importer is one too many."""
    door = "from wanreel.emulator.app import serve"
    one = plant({"emulator/app.py": "", "cli/emulator.py": door})
    none_of(arrows.emulator_leaks(one))
    assert 1 == len(list(arrows.emulator_leaks(plant({"cli/doctor.py": door}))))


def test_a_dead_file_is_found(plant: Plant) -> None:
    """A file nobody imports is named; entry points, front doors and migrations are not."""
    tree = plant(
        {
            "cli/main.py": "from wanreel.store.rows import x",
            "store/__init__.py": "",
            "store/rows.py": "",
            "store/old.py": "",
            "store/migrations/env.py": "",
            "store/migrations/versions/one.py": "",
            "__main__.py": "",
        }
    )
    assert ["store.old" in said for said in arrows.dead_files(tree, {"wanreel.cli.main"})] == [True]


def test_a_worldly_domain_is_found(plant: Plant) -> None:
    """Files, networks, logs and foreign packages do not reach the ground floor."""
    tree = plant(
        {"domain/job.py": "import os\nimport logging\nimport aiohttp\nfrom urllib.request import urlopen\nimport json"}
    )
    assert 4 == len(list(arrows.domain_reach(tree, FLOORS)))


def test_an_undeclared_package_is_found(plant: Plant) -> None:
    """What is imported is named in pyproject.toml, even when another package happens to bring it."""
    tree = plant({"store/rows.py": "import os\nimport sqlalchemy\nimport yarl"})
    assert ["yarl" in said for said in arrows.undeclared(tree, {"sqlalchemy"})] == [True]
