"""The emulator stands apart: it imports nothing of ours but itself, and only tests and the command line import it."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "wanreel"


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, typing and local imports counted, as absolute names."""
    package = ["wanreel", *path.relative_to(SOURCE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])


def test_imports_only_itself() -> None:
    """No file of the emulator names another room of the house."""
    files = sorted((SOURCE / "emulator").rglob("*.py"))
    foreign = [
        f"{path.name}: {name}"
        for path in files
        for name in imports(path)
        if name.split(".")[0] == "wanreel" and not name.startswith("wanreel.emulator")
    ]

    assert [] == foreign
    assert len(files) > 30


def test_nobody_leans_on_it() -> None:
    """No room but the command line imports the emulator."""
    leaning = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if not {"emulator", "cli"} & set(path.relative_to(SOURCE).parts)
        for name in imports(path)
        if name.startswith("wanreel.emulator")
    ]

    assert [] == leaning
