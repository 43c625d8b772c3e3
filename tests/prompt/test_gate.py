"""The gate before a pattern: it never keeps a match out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.prompt.scoring import lines
from wanreel.prompt.gate import Gated, needs
from wanreel.prompt.lexicon import axes
from wanreel.prompt.reading import Reading
from wanreel.prompt.rules import mode

DATA = Path(__file__).resolve().parent / "data"
ROWS = [row for path in sorted(DATA.glob("*.jsonl")) for row in lines(path)]
TEXTS = [row["prompt"].lower() for row in ROWS]
GATES = [pattern for axis in axes() for value in axis.values for pattern in value.patterns] + list(mode.PATTERNS)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\bslow[- ]motion\b", {"slow"}),
        ("colou?rs?", {"colo"}),
        ("(?:very )*(?:dawn|dusk)", {"dawn", "dusk"}),
        ("(?:very )?", None),
        ("黎明|日出", {"黎明", "日出"}),
        (r"a{0,2}\d", None),
        ("(?!dark)light", {"light"}),
        (r"[xy]|z", None),
        ("day(?=light)", {"day"}),
        (r"f/?1\.4", {"1.4"}),
    ],
)
def test_what_a_match_cannot_do_without(source: str, expected: set[str] | None) -> None:
    """Literal words that stand in every match; nothing where some match has none."""
    assert (None if expected is None else frozenset(expected)) == needs(source)


def test_no_match_stands_before_a_closed_gate() -> None:
    """Whatever a pattern of the rules finds in any prompt we keep, its gate lets through."""
    kept_out = [
        (gate.source, text) for gate in GATES for text in TEXTS if not gate.opens(text) and re.search(gate.source, text)
    ]
    assert [] == kept_out


def test_a_closed_gate_costs_no_pattern() -> None:
    """A pattern that nothing calls for is not even compiled."""
    gate = Gated("dawn**")
    assert [] == list(gate.finditer("noon"))
    with pytest.raises(re.error):
        list(gate.finditer("dawn"))


def test_reading_by_sentences_loses_no_match() -> None:
    """What a pattern finds in a whole prompt it finds in the sentences its gate points at."""
    for row in ROWS:
        prompt = Reading(row["prompt"])
        for gate in GATES:
            whole = {m.span() for m in gate.finditer(prompt.lower)}
            assert whole <= {m.span() for m in gate.finditer(prompt.lower, prompt.sentences)}, (gate.source, row["id"])
