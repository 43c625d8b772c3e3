"""How well and how fast the prompt lint does: on the set it was made with, and on the set of a fresh hand."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from tests.prompt.scoring import lines, score, subject
from wanreel.prompt import lint

DATA = Path(__file__).resolve().parent.parent / "tests" / "prompt" / "data"


@pytest.mark.bench
@pytest.mark.parametrize("name", sorted(path.stem for path in DATA.glob("*.jsonl")))
def test_lint_of_a_labelled_set(name: str) -> None:
    """Print precision and recall by label, every miss, and the time a prompt takes."""
    path = DATA / f"{name}.jsonl"
    subjects = [subject(row) for row in lines(path)]
    for one in subjects:
        lint(one)
    taken: list[float] = []
    for one in subjects:
        started = time.perf_counter()
        lint(one)
        taken.append((time.perf_counter() - started) * 1000)
    print(f"\n{name}: {len(subjects)} prompts, median {statistics.median(taken):.2f} ms, longest {max(taken):.2f} ms")
    print(score(path).report())
