"""How well and how fast the prompt lint does: on the set it was made with, and on the set of a fresh hand."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from tests.prompt.scoring import lines, score, subject
from wanreel.prompt import Subject, lint

DATA = Path(__file__).resolve().parent.parent / "tests" / "prompt" / "data"


TRIES = 3
READ_MAX = 1500
"""What the models read; longer prompts are an error anyway, and are timed apart."""


@pytest.mark.bench
@pytest.mark.parametrize("name", sorted(path.stem for path in DATA.glob("*.jsonl")))
def test_lint_of_a_labelled_set(name: str) -> None:
    """Print the confusion by label (hits, extra, missing, rightly quiet), every miss, and the CPU time a prompt."""
    path = DATA / f"{name}.jsonl"
    subjects = [subject(row) for row in lines(path)]
    taken = {one: min(_cpu_ms(one) for _ in range(TRIES)) for one in subjects}
    short = [ms for one, ms in taken.items() if len(one.prompt) <= READ_MAX]
    long = [ms for one, ms in taken.items() if len(one.prompt) > READ_MAX]
    print(f"\n{name}: {len(subjects)} prompts; {_times(short)} of up to {READ_MAX} characters; {_times(long)} longer")
    print(score(path).report())


def _cpu_ms(one: Subject) -> float:
    started = time.process_time()
    lint(one)
    return (time.process_time() - started) * 1000


def _times(taken: list[float]) -> str:
    return f"median {statistics.median(taken):.2f} ms, longest {max(taken):.2f} ms" if taken else "none"
