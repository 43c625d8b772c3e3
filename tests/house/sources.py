"""Read a source tree without importing it: its files, their syntax, and every arrow between them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

NOT_OURS = frozenset({"__pycache__", "node_modules"})
LATE_IMPORTS = frozenset({"import_module", "__import__"})


@dataclass(frozen=True)
class Arrow:
    """One import, wherever it stands: typing blocks, function bodies and names given as text count like any other."""

    source: str
    target: str
    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.source} imports {self.target}"


@dataclass(frozen=True)
class Source:
    """One Python file: where it lies and what it is called when imported."""

    path: Path
    module: str
    text: str

    @cached_property
    def syntax(self) -> ast.Module:
        """The file's syntax tree."""
        return ast.parse(self.text, str(self.path))

    @property
    def is_package(self) -> bool:
        """Whether this is a folder's `__init__.py`."""
        return self.path.name == "__init__.py"


@dataclass(frozen=True)
class Tree:
    """All Python files of one package, by module name."""

    package: str
    sources: dict[str, Source]

    @cached_property
    def arrows(self) -> list[Arrow]:
        """Every import of a module of this package by another."""
        return [arrow for source in self.sources.values() for arrow in self._arrows_of(source)]

    def foreign(self, source: Source) -> Iterator[tuple[str, int]]:
        """Each imported module that is not of this package, with its line."""
        for name, line in imported_names(source):
            if name.split(".")[0] != self.package:
                yield name, line

    def room(self, module: str) -> str:
        """The room of a module: the name just below the package, or nothing for the package itself."""
        return module.split(".", 2)[1] if "." in module else ""

    def _arrows_of(self, source: Source) -> Iterator[Arrow]:
        seen: set[str] = set()
        for name, line in imported_names(source):
            target = self.holder(name)
            if target and target != source.module and target not in seen:
                seen.add(target)
                yield Arrow(source.module, target, source.path, line)

    def holder(self, name: str) -> str | None:
        """The longest part of a dotted name that is a file of ours: `a.b.C` is found in `a.b`."""
        parts = name.split(".")
        while parts:
            if ".".join(parts) in self.sources:
                return ".".join(parts)
            parts.pop()
        return name if name.split(".", maxsplit=1)[0] == self.package else None


def read_tree(root: Path, package: str) -> Tree:
    """Read every Python file below `root/package`."""
    sources: dict[str, Source] = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        sources[module] = Source(path, module, path.read_text("utf-8"))
    return Tree(package, sources)


def read_files(*folders: Path) -> list[Source]:
    """Read every Python file below the folders; the module name is the file's path."""
    return [
        Source(path, str(path), path.read_text("utf-8"))
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
        if not NOT_OURS & set(path.parts)
    ]


def imported_names(source: Source) -> Iterator[tuple[str, int]]:
    """Absolute dotted names of everything the file imports, relative and late imports resolved."""
    home = source.module.split(".") if source.is_package else source.module.split(".")[:-1]
    for node in ast.walk(source.syntax):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*home[: len(home) - node.level + 1], *([node.module] if node.module else [])])
            base = base if node.level else node.module or ""
            yield from ((base if alias.name == "*" else f"{base}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in LATE_IMPORTS and node.args:
            yield from _named_in_text(node.args[0], home, node.lineno)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and ":" in node.value:
            module, _, attribute = node.value.partition(":")  # "package.module:name", as entry points are written
            if attribute.isidentifier() and module.startswith(f"{source.module.split('.', 1)[0]}."):
                yield module, node.lineno


def _named_in_text(argument: ast.expr, home: list[str], line: int) -> Iterator[tuple[str, int]]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        name = argument.value
        level = len(name) - len(name.lstrip("."))
        yield (".".join([*home[: len(home) - level + 1], name.lstrip(".")]) if level else name), line


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""
