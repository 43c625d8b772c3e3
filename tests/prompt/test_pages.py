"""The reference page of the lint says what the rules do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wanreel.prompt import Subject, lint
from wanreel.prompt.finding import RULES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "prompt-lint.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text("utf-8").splitlines()
    if line.startswith("| PL")
]


def test_every_rule_has_its_row() -> None:
    """Code, label and severity as the code has them."""
    expected = [(r.code, f"`{r.label}`" if r.label else "", r.severity) for r in RULES]
    assert expected == [(row[0], row[1], row[2]) for row in ROWS]


@pytest.mark.parametrize("row", [row for row in ROWS if row[4]], ids=lambda row: row[0])
def test_its_example_is_found_and_its_neighbour_is_not(row: list[str]) -> None:
    """The example fires its own rule, and what stands beside it does not."""
    fires, quiet = (re.findall(r"`([^`]+)`", cell) for cell in row[4:6])
    for prompt in fires:
        assert row[0] in {f.rule.code for f in lint(Subject(prompt, size="1280*720")).findings}
    for prompt in quiet:
        assert row[0] not in {f.rule.code for f in lint(Subject(prompt, size="1280*720")).findings}
