"""What a file must tell whoever opens it: a caption, a name to guess, front doors that hand on, tests that say why."""

import ast
from collections.abc import Iterator

from tests.house.sources import Source

BANNED_NAMES = frozenset(
    {"models", "utils", "util", "common", "helpers", "helper", "manager", "managers", "core", "misc"}
)
TERMINALS = frozenset({"open", "print", "input"})
FRONT_DOOR_LINES_MAX = 40
CAPTION_LENGTH_MAX = 120


def missing_captions(sources: list[Source]) -> Iterator[str]:
    """Files that do not open with one line saying what lives in them."""
    for source in sources:
        caption = (ast.get_docstring(source.syntax) or "").split("\n")
        if not caption[0].strip():
            yield f"{source.path}: open it with one line that says what lives here."
        elif len(caption) > 1 and caption[1].strip():
            yield f"{source.path}: the caption is one line; leave a blank line before more prose."
        elif len(caption[0]) > CAPTION_LENGTH_MAX:
            yield f"{source.path}: the caption is one line of at most {CAPTION_LENGTH_MAX} characters."


def banned_names(sources: list[Source]) -> Iterator[str]:
    """Files and folders whose name answers no question."""
    for source in sources:
        name = source.path.parent.name if source.is_package else source.path.stem
        if name.removeprefix("test_").strip("_") in BANNED_NAMES:
            yield f"{source.path}: `{name}` could hold anything. Name it for the question it answers."


def busy_front_doors(sources: list[Source]) -> Iterator[str]:
    """`__init__.py` files that do more than hand names on."""
    for source in sources:
        if not source.is_package:
            continue
        lines = len(source.text.splitlines())
        if lines >= FRONT_DOOR_LINES_MAX:
            yield f"{source.path}: {lines} lines; a front door has under {FRONT_DOOR_LINES_MAX}. Move the rest away."
        for statement in source.syntax.body:
            if not _hands_on(statement):
                yield f"{source.path}:{statement.lineno}: a front door only hands names on. Move this to a file."


def silent_tests(sources: list[Source]) -> Iterator[str]:
    """Tests that do not say in one sentence which behaviour they pin down."""
    for source in sources:
        for node in ast.walk(source.syntax):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
                continue
            said = (ast.get_docstring(node) or "").strip()
            if not said:
                yield f"{source.path}:{node.lineno}: {node.name} has no docstring. Say in one sentence what it holds."
            elif "\n\n" in said or not said.endswith((".", "!", "?")):
                yield f"{source.path}:{node.lineno}: {node.name}: its docstring is one whole sentence."


def blocking_ground(sources: list[Source]) -> Iterator[str]:
    """Coroutines, files and terminals on the ground floor: it never awaits, opens or prints."""
    for source in sources:
        for node in ast.walk(source.syntax):
            if isinstance(node, ast.AsyncFunctionDef | ast.Await):
                yield f"{source.path}:{node.lineno}: the ground floor never awaits. Decide here, act in the shell."
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TERMINALS:
                yield f"{source.path}:{node.lineno}: the ground floor calls no {node.func.id}(): hand the value on."


def _hands_on(statement: ast.stmt) -> bool:
    """Whether a statement imports, names literals, or is the lazy form of importing."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return statement.value is not None and _is_literal(statement.value)
    if isinstance(statement, ast.If):
        return ast.unparse(statement.test).endswith("TYPE_CHECKING") and all(map(_hands_on, statement.body))
    return isinstance(statement, ast.FunctionDef) and statement.name in {"__getattr__", "__dir__"}


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True
