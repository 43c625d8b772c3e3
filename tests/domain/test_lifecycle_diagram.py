"""The picture of the life of a job is the table's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from wanreel.domain.job import FINAL, state_name
from wanreel.domain.lifecycle import TABLE

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "life-of-a-job.md"


def test_the_diagram_in_the_docs_is_the_tables() -> None:
    """What tools/draw_lifecycle.py prints stands in the page, word for word; `--write` puts it there."""
    drawn = subprocess.run(
        [sys.executable, ROOT / "tools" / "draw_lifecycle.py"], check=True, capture_output=True, text=True
    ).stdout
    assert drawn in PAGE.read_text(encoding="utf-8"), "run: python tools/draw_lifecycle.py --write"


def test_every_arrow_that_leads_on_is_drawn() -> None:
    """Each event of the table stands on an arrow between the states it joins; what ends in itself is left out."""
    drawn: dict[str, str] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        arrow, _, label = line.strip().partition(": ")
        if " --> " in arrow and label:
            drawn[arrow] = label
    for (state, event), row in TABLE.items():
        for to in row.to:
            if not (state in FINAL and to is state):
                label = drawn[f"{state_name(state)} --> {state_name(to)}"]
                assert event.__name__ in label.replace("<br>", ", ").split(", ")
