"""Draw the life of a job from its table: `python tools/draw_lifecycle.py` prints it, `--write` puts it into the docs.

The picture in docs/explanation/life-of-a-job.md is made by this file and nothing else; a test compares the two.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from wanreel.domain.job import FINAL, STATES, Queued, State, state_name
from wanreel.domain.lifecycle import TABLE

PAGE = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "life-of-a-job.md"
BLOCK = re.compile(r"```mermaid\n.*?```\n", re.DOTALL)
WIDTH = 3
"""Events named in one line of an arrow's label."""


def diagram() -> str:
    """The table as a Mermaid state diagram: one arrow for each pair of states, with the events that take it."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {state_name(Queued)}"]
    lines += [f"    {state_name(a)} --> {state_name(b)}: {_label(events)}" for a, b, events in _arrows()]
    lines += [f"    {state_name(final)} --> [*]" for final in FINAL]
    return "\n".join([*lines, "```", ""])


def with_diagram(page: str) -> str:
    """The page with its picture drawn anew."""
    drawn, found = BLOCK.subn(lambda _: diagram(), page, count=1)
    if not found:
        raise SystemExit(f"{PAGE} has no mermaid block to draw into.")
    return drawn


def _arrows() -> Iterator[tuple[type[State], type[State], list[str]]]:
    """Pairs of states in the order a job meets them; an arrow that stays is drawn only where it means something."""
    for source in STATES:
        for target in STATES:
            events = [event.__name__ for (state, event), row in TABLE.items() if state is source and target in row.to]
            if events and not (source is target and source in FINAL):
                yield source, target, events


def _label(events: list[str]) -> str:
    lines = [", ".join(events[at : at + WIDTH]) for at in range(0, len(events), WIDTH)]
    return "<br>".join(lines)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(with_diagram(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(diagram(), end="")
