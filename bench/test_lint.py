"""How well and how fast the prompt lint does, on every set that is kept, and whether the rules have learned from it.

`WANREEL_TEST_LINT_SET=FILE.jsonl` measures one more, as a set of a fresh hand is before it is kept.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import pytest

from tests.prompt.scoring import FRESH, LEARNED, lines, score, subject
from wanreel.prompt import Subject, lint

DATA = Path(__file__).resolve().parent.parent / "tests" / "prompt" / "data"


TRIES = 3
READ_MAX = 1500
"""What the models read; longer prompts are an error anyway, and are timed apart."""


SETS = [*sorted(DATA.glob("*.jsonl")), *map(Path, os.environ.get("WANREEL_TEST_LINT_SET", "").split())]


@pytest.mark.bench
@pytest.mark.parametrize("path", SETS, ids=[path.stem for path in SETS])
def test_lint_of_a_labelled_set(path: Path) -> None:
    """Print the confusion by label (hits, extra, missing, rightly quiet), every miss, and the CPU time a prompt."""
    subjects = [subject(row) for row in lines(path)]
    taken = {one: min(_cpu_ms(one) for _ in range(TRIES)) for one in subjects}
    short = [ms for one, ms in taken.items() if len(one.prompt) <= READ_MAX]
    long = [ms for one, ms in taken.items() if len(one.prompt) > READ_MAX]
    worth = (
        f"learned from ({LEARNED[path.stem]})"
        if path.stem in LEARNED
        else f"fresh ({FRESH.get(path.stem, 'not kept')})"
    )
    print(
        f"\n{path.stem}, {worth}: {len(subjects)} prompts; "
        f"{_times(short)} of up to {READ_MAX} characters; {_times(long)} longer"
    )
    print(score(path).report())


def _cpu_ms(one: Subject) -> float:
    started = time.process_time()
    lint(one)
    return (time.process_time() - started) * 1000


def _times(taken: list[float]) -> str:
    return f"median {statistics.median(taken):.2f} ms, longest {max(taken):.2f} ms" if taken else "none"
