"""Where time and chance may be read: in the clock alone. Everything else is told.

ruff's TID251 watches the same calls; this reads the syntax tree itself, sees through aliases, and knows what ruff's
list cannot say: a loop's own time, generators without a seed, the database's clock.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import Source

CLOCKS = ("clock.py", "emulator/clock.py")
"""The only files that read time, sleep and draw, relative to the package."""

WHOLE_MODULES = ("time", "random", "secrets", "numpy.random")
NAMES = (
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid.uuid6",
    "uuid.uuid7",
    "uuid.uuid8",
    "os.urandom",
    "os.getrandom",
    "os.times",
    "asyncio.sleep",
    "anyio.sleep",
    "anyio.current_time",
    "threading.Timer",
    "email.utils.localtime",
    "ssl.RAND_bytes",
    "sqlalchemy.func.now",
    "sqlalchemy.func.current_timestamp",
    "sqlalchemy.func.random",
)
LOOP_METHODS = frozenset({"time", "call_later", "call_at"})
SEEDED = frozenset(
    {
        "random.Random",
        "numpy.random.default_rng",
        "numpy.random.Generator",
        "numpy.random.PCG64",
        "numpy.random.Philox",
        "numpy.random.SeedSequence",
        "numpy.random.RandomState",
    }
)
"""Generators: welcome in the emulator and in tests, with a seed that was handed in."""


FRESH_SEED = "random.SystemRandom"
"""Where a test may take a new seed from, to print it before it draws from it."""


def clock_reads(sources: list[Source], package: Path) -> Iterator[str]:
    """Reads of time or chance in the package, outside its clocks."""
    for source in sources:
        relative = source.path.relative_to(package).as_posix()
        if relative not in CLOCKS:
            yield from _reads(source, seeded_allowed=relative.startswith("emulator/"))


def chance_and_sleep(sources: list[Source]) -> Iterator[str]:
    """Sleeping for time to pass, and chance without a seed, in tests."""
    for source in sources:
        names = _names(source.syntax)
        for node in ast.walk(source.syntax):
            name = "" if isinstance(getattr(node, "ctx", None), ast.Store) else _dotted(node, names)
            seedless = isinstance(node, ast.Call) and not node.args and not node.keywords
            if name == "time.sleep" or (name == "asyncio.sleep" and not _yields_only(node, source.syntax)):
                yield f"{_at(source, node)}: {name} — a test waits for a named signal, or moves its own clock."
            elif name and _is_chance(name) and name not in SEEDED and not _below(f"{name}.", (FRESH_SEED,)):
                yield f"{_at(source, node)}: {name} — draw from random.Random(seed), so that failures replay."
            elif isinstance(node, ast.Call) and seedless and _dotted(node.func, names) in SEEDED:
                yield f"{_at(source, node)}: a generator without a seed — give it one, so that failures replay."


def _reads(source: Source, *, seeded_allowed: bool) -> Iterator[str]:
    names = _names(source.syntax)
    remedy = "time and chance are arguments: take the value, or the Clock port."
    for node in ast.walk(source.syntax):
        name = _dotted(node, names)
        if name in SEEDED and seeded_allowed:
            continue
        if name and (name in NAMES or _below(name, WHOLE_MODULES)):
            yield f"{_at(source, node)}: {name} — {remedy}"
        elif isinstance(node, ast.Call) and _dotted(node.func, names) in SEEDED and not (node.args or node.keywords):
            yield f"{_at(source, node)}: a generator without a seed; hand one in."
        elif isinstance(node, ast.Attribute) and node.attr in LOOP_METHODS and _is_loop(node.value):
            yield f"{_at(source, node)}: an event loop's {node.attr} — {remedy}"
        elif isinstance(node, ast.Import | ast.ImportFrom) and _hides(node):
            yield f"{_at(source, node)}: a star import of time or chance — {remedy}"


def _names(syntax: ast.Module) -> dict[str, str]:
    """What each imported name in the file stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(syntax):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    names[alias.asname] = alias.name
                else:
                    names[alias.name.split(".")[0]] = alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    """The full dotted name an expression reads through imports, or nothing."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, names)
        return f"{base}.{node.attr}" if base else ""
    return ""


def _below(name: str, modules: tuple[str, ...]) -> bool:
    return any(name.startswith(f"{module}.") for module in modules)


def _is_chance(name: str) -> bool:
    return _below(name, ("random", "secrets", "numpy.random")) or name in {"uuid.uuid1", "uuid.uuid4", "os.urandom"}


def _hides(node: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module in WHOLE_MODULES and node.names[0].name == "*"


def _is_loop(node: ast.expr) -> bool:
    """Whether an expression is an event loop, going by what it is called."""
    if isinstance(node, ast.Call):
        node = node.func
    last = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return last == "loop" or last.endswith(("_loop", "event_loop"))


def _yields_only(node: ast.AST, syntax: ast.Module) -> bool:
    """Whether this `asyncio.sleep` is called with a plain 0: it lets others run and waits for nothing."""
    for call in ast.walk(syntax):
        if isinstance(call, ast.Call) and call.func is node:
            return len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0
    return False


def _at(source: Source, node: ast.AST) -> str:
    return f"{source.path}:{getattr(node, 'lineno', 0)}"
