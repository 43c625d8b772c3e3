"""No float comes near money."""

import pytest

from tests.house.conftest import Plant
from tests.house.findings import none_of
from tests.house.floats import floats
from tests.house.sources import Tree


def test_money_is_never_a_float(tree: Tree) -> None:
    """Neither literals nor hints, calls or divisions make one where money is handled; type checking does the rest."""
    none_of(floats(list(tree.sources.values())))


@pytest.mark.parametrize(
    "text",
    [
        "PRICE = 0.6",
        "def cost(seconds: float) -> int: ...",
        "def cost(at: int) -> float: ...",
        "def cost(amount):\n    return float(amount)",
        "def share(whole, parts):\n    return whole / parts",
        "def cost(amount):\n    return round(amount, 2)",
        "class Row:\n    amount: float",
    ],
)
def test_a_float_would_be_seen(plant: Plant, text: str) -> None:
    """Each way to get one is found."""
    tree = plant({"money/__init__.py": '"""Money."""\n', "money/costs.py": f'"""Costs."""\n{text}\n'})
    assert 1 == len({line.split(":")[1] for line in floats(list(tree.sources.values()))})


def test_instants_are_floats_and_may_say_so(plant: Plant) -> None:
    """When money was committed is an instant like any other."""
    text = "class Row:\n    since: float\n\ndef rate(at: float, begins_at: float) -> None: ...\n"
    tree = plant({"money/__init__.py": '"""Money."""\n', "money/costs.py": f'"""Costs."""\n{text}'})
    none_of(floats(list(tree.sources.values())))
