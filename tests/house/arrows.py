"""Which way imports may point: down the floors, never in a circle, never to or from the emulator; no file unused.

The floors are read from the layers contract in pyproject.toml, so that the linter and these checks cannot disagree.
"""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import Tree

APART = "emulator"
PLAIN = frozenset(
    {"__future__", "abc", "base64", "binascii", "bisect", "collections", "copy", "dataclasses", "datetime", "decimal"}
    | {
        "difflib",
        "enum",
        "fractions",
        "functools",
        "graphlib",
        "hashlib",
        "heapq",
        "html",
        "ipaddress",
        "itertools",
        "json",
    }
    | {
        "math",
        "numbers",
        "operator",
        "re",
        "statistics",
        "string",
        "struct",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
    }
    | {"urllib", "uuid"}
)
"""The standard library's plain parts: values in, values out."""

LANGUAGE = {"prompt": frozenset({"importlib", "rjieba", "tomllib"})}
"""What a room's own matter brings with it: `prompt` reads the word lists it ships and asks a segmenter for words."""


def floors(pyproject: Path) -> list[list[str]]:
    """The rooms of each floor, ground floor first."""
    contracts = tomllib.loads(pyproject.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers: list[str] = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [[room.strip().strip("()") for room in layer.split("|")] for layer in reversed(layers)]


def wrong_directions(tree: Tree, rooms: list[list[str]]) -> Iterator[str]:
    """Imports that point up, or sideways to a stranger on the same floor."""
    floor_of = {room: number for number, floor in enumerate(rooms) for room in floor}
    for arrow in tree.arrows:
        source, target = tree.room(arrow.source), tree.room(arrow.target)
        if source == target or APART in (source, target) or not source or not target:
            continue
        if source not in floor_of or target not in floor_of:
            continue  # unplaced_rooms says so, once
        if floor_of[target] > floor_of[source]:
            yield f"{arrow} — that points up. Hand the value down as an argument, or put a port between them."
        elif floor_of[target] == floor_of[source]:
            yield f"{arrow} — rooms on one floor are strangers. Let wiring hand one to the other through a port."


def unplaced_rooms(tree: Tree, rooms: list[list[str]]) -> Iterator[str]:
    """Rooms that stand on no floor."""
    known = {room for floor in rooms for room in floor} | {APART, ""}
    for room in sorted({tree.room(module) for module in tree.sources} - known):
        yield f"{tree.package}.{room} stands on no floor. Give it one in pyproject.toml, the `floors` contract."


def emulator_leaks(tree: Tree) -> Iterator[str]:
    """Arrows between the emulator and the rest, but for the one command that starts it."""
    doors: set[str] = set()
    for arrow in tree.arrows:
        source, target = tree.room(arrow.source), tree.room(arrow.target)
        if source == APART != target:
            yield f"{arrow} — the emulator shares no code: what it shared, it could not test. Copy the idea."
        elif target == APART != source:
            if source == "cli":
                doors.add(arrow.source)
            else:
                yield f"{arrow} — only the command that starts it knows the emulator; tests may."
    if len(doors) > 1:
        yield f"one command starts the emulator, but these import it: {', '.join(sorted(doors))}."


def circles(tree: Tree) -> Iterator[str]:
    """Circles of imports between files, and between rooms."""
    files = {(arrow.source, arrow.target) for arrow in tree.arrows}
    rooms = {(tree.room(source), tree.room(target)) for source, target in files}
    rooms = {(source, target) for source, target in rooms if source and target and source != target}
    for edges, what in ((files, "files"), (rooms, "rooms")):
        for circle in _circles(edges):
            yield f"{what} in a circle: {' -> '.join([*circle, circle[0]])}. Move what both need one floor down."


def dead_files(tree: Tree, users: set[str]) -> Iterator[str]:
    """Modules that nothing imports and nobody starts; `users` are the modules wanted from outside the package."""
    wanted = {tree.holder(name) for name in users} | {arrow.target for arrow in tree.arrows}
    for module, source in tree.sources.items():
        if source.is_package or module in wanted or source.path.name == "__main__.py" or _alembic_finds(source.path):
            continue
        yield f"{source.path}: nothing imports {module}. Delete it, or call it from where it is needed."


def domain_reach(tree: Tree, rooms: list[list[str]]) -> Iterator[str]:
    """Imports of the ground floors that are not plain: nothing there may know a clock, a file, a network or a log."""
    ground = {room for floor in rooms[:2] for room in floor}
    for module, source in tree.sources.items():
        if tree.room(module) not in ground:
            continue
        for name, line in tree.foreign(source):
            plain = PLAIN | LANGUAGE.get(tree.room(module), frozenset())
            if name.split(".")[0] not in plain or name.startswith(("urllib.request", "urllib.error")):
                yield f"{source.path}:{line}: imports {name} — the ground floor takes plain values, read at the edge."


def undeclared(tree: Tree, declared: set[str]) -> Iterator[str]:
    """Third-party packages that are imported but not named in pyproject.toml."""
    for source in tree.sources.values():
        for name, line in tree.foreign(source):
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names and top not in declared:
                yield f"{source.path}:{line}: imports {top}, which pyproject.toml does not name; add it and why."


def _alembic_finds(path: Path) -> bool:
    """Alembic runs `migrations/env.py` and `migrations/versions/*.py` by their path."""
    return (path.parent.name == "migrations" and path.name == "env.py") or (
        path.parent.name == "versions" and path.parent.parent.name == "migrations"
    )


def _circles(edges: set[tuple[str, str]]) -> Iterator[list[str]]:
    """One circle for each knot of the graph: follow arrows depth first and report each way back to the path walked."""
    following: dict[str, list[str]] = {}
    for source, target in sorted(edges):
        following.setdefault(source, []).append(target)
    done: set[str] = set()
    for start in sorted(following):
        path: list[str] = []
        stack = [(start, iter(following[start]))] if start not in done else []
        path.extend([start] if stack else [])
        while stack:
            target = next(stack[-1][1], None)
            if target is None:
                done.add(stack.pop()[0])
                path.pop()
            elif target in path:
                yield path[path.index(target) :]
            elif target not in done:
                stack.append((target, iter(following.get(target, []))))
                path.append(target)
