"""The gate before a pattern: it never keeps a match out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.prompt.scoring import lines
from wanreel.prompt.gate import Gated, needs
from wanreel.prompt.judging import doors
from wanreel.prompt.lexicon import axes
from wanreel.prompt.reading import Reading
from wanreel.prompt.rules import framing, mode, negation, writing

DATA = Path(__file__).resolve().parent / "data"
ROWS = [row for path in sorted(DATA.glob("*.jsonl")) for row in lines(path)]
TEXTS = [row["prompt"].lower() for row in ROWS[::3]]
GATES = [
    *(pattern for axis in axes() for value in axis.values for pattern in value.patterns),
    *mode.PATTERNS,
    *framing.PATTERNS,
    *negation.PATTERNS,
    *writing.gates(),
]


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
        (r"\b(?:camera|shot) (?:tilts|cranes)\b", {"tilts", "cranes"}),
        (r"(?:1|2) ?a\.?m\b", {"1", "2"}),
    ],
)
def test_what_a_match_cannot_do_without(source: str, expected: set[str] | None) -> None:
    """Literal words that stand in every match; nothing where some match has none."""
    assert (None if expected is None else frozenset(expected)) == needs(source)


def test_no_match_stands_before_a_closed_gate() -> None:
    """Whatever a pattern of the rules finds in any prompt we keep, its gate lets through."""
    kept_out = [
        (gate.source, text)
        for gate in GATES
        for text in TEXTS
        if not gate.opens(text) and re.search(gate.source, text, re.ASCII)
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
    for row in ROWS[::4]:
        prompt = Reading(row["prompt"], doors())
        for gate in GATES:
            if gate.opens(prompt.lower):
                whole = {m.span() for m in gate.finditer(prompt.lower)}
                assert whole <= {m.span() for m in prompt.matches(gate)}, (gate.source, row["id"])


def test_all_doors_at_once_open_what_each_gate_lets_through() -> None:
    """One look at a text finds every gate that opens, and no other."""
    gated = [gate for gate in GATES if gate.needs is not None]
    for row in ROWS[::7]:
        text = Reading(row["prompt"]).lower
        assert {gate.source for gate in gated if gate.opens(text)} == {
            gate.source for gate in doors().opened(text) if gate in gated
        }
