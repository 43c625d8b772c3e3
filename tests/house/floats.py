"""Where money is handled no float may be: amounts are exact decimals, or whole billionths in the store.

Instants are floats everywhere in this house, so names of instants are the one place a float may be spelled out.
"""

import ast
from collections.abc import Iterator

from tests.house.sources import Source

ROOMS = (
    "wanreel.money.",
    "wanreel.domain.booking",
    "wanreel.store.sql.ledger",
    "wanreel.service.till",
    "wanreel.service.bill_file",
    "wanreel.cli.plot",
    "wanreel.cli.prices",
    "wanreel.cli.usage",
    "wanreel.api.usage",
    "wanreel.api.budgets",
)
INSTANTS = ("at", "now", "since", "until")
MIDNIGHTS = ("_midnight", "period_of")  # what these tell is an instant


def floats(sources: list[Source]) -> Iterator[str]:
    """Every float literal, every call of float or round, every division, and every float that is not an instant."""
    for source in sources:
        if not f"{source.module}.".startswith(ROOMS):
            continue
        allowed = {id(node) for hint in _instants(source.syntax) for node in ast.walk(hint)}
        for node in ast.walk(source.syntax):
            what = _float_in(node, allowed)
            if what:
                line = getattr(node, "lineno", 0)
                yield f"{source.path}:{line}: {what} — money is Decimal, from a text or a whole number."


def _float_in(node: ast.AST, allowed: set[int]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        return f"the float {node.value}"
    if isinstance(node, ast.Name) and node.id == "float" and id(node) not in allowed:
        return "float"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "round":
        return "round"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _is_decimal(node.left):
        return "a division"
    return ""


def _instants(tree: ast.Module) -> Iterator[ast.expr]:
    """The hints of instants: arguments, fields, and what a function about them returns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            if node.annotation is not None and _is_instant(node.arg):
                yield node.annotation
        elif isinstance(node, ast.AnnAssign):
            if isinstance(node.target, ast.Name) and _is_instant(node.target.id):
                yield node.annotation
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns is not None:
            if _is_instant(node.name) or node.name in MIDNIGHTS:
                yield node.returns
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Callable":
            yield node  # day_of: from an instant to a day


def _is_instant(name: str) -> bool:
    return name in INSTANTS or name.endswith("_at")


def _is_decimal(node: ast.expr) -> bool:
    """Bars are counted in whole eighths; what is divided there begins with an amount."""
    return isinstance(node, ast.BinOp) and "amount" in {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
