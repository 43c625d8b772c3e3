"""Worlds of several workers of one PostgreSQL: every row of the table and every fault, on the real database.

Each world is one of the 6,000 first ones; together they meet everything, and are cheap. In each a worker may be taken
for dead (it crashed, or stood still for longer than its word holds) and go on all the same.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulation.postgres import SteppedStore, stores
from tests.simulation.run import Build, Outcome, run_batch, run_seed
from tests.simulation.test_simulation import story_of
from tests.store.pg_server import Server
from wanreel.domain.policy import Policy

CHOSEN = (115, 116, 413, 490, 508, 537, 626, 639, 641, 696, 699, 789, 894, 926, 1090, 1934, 1941)
BAD = (110, 1092, 1148, 4970, 5752, 5912)
"""Of past bugs. 4970, 5752: a worker that stood still while it searched took a call for absent that was lost after it
had read the list. 5912: a task was given to the only call left that could have made it, whose maker had been given
another.
"""


def test_worlds_of_several_workers_that_once_broke_a_promise_keep_it() -> None:
    """In memory, every seed that ever found a bug."""
    total = run_batch(BAD, jobs=1, build=Build(shared=True))
    assert not total.broken, story_of(total)


@pytest.mark.parametrize("seed", CHOSEN)
def test_a_world_is_the_same_on_postgresql(seed: int, pg_url: str) -> None:
    """No promise is broken, and the world is to the last line the one that memory gives."""
    with stores(pg_url) as make:
        outcome = _same(seed, make)
    assert not outcome.broken, outcome.broken


def test_these_worlds_meet_everything() -> None:
    """Every row of the table and every kind of fault; in memory, which gives the same worlds."""
    total = run_batch(CHOSEN, jobs=1, build=Build(shared=True))
    assert not total.broken, story_of(total)
    assert [] == total.rows_missed
    assert [] == total.kinds_missed


@pytest.mark.long
def test_many_more_worlds_are_the_same_on_postgresql(pg_server: Server, pg_template: str) -> None:
    """Two hundred, as they come."""
    with stores(pg_server.database(pg_template)) as make:
        broken = [outcome.broken for seed in range(10_000, 10_200) if (outcome := _same(seed, make)).broken]
    assert broken == []


@pytest.mark.long
def test_no_promise_is_broken_in_thousands_of_worlds_of_several_workers() -> None:
    """In memory, where there is time for many."""
    total = run_batch(range(6000), build=Build(shared=True))
    print(f"\nshared: {total.words()}")
    assert not total.broken, story_of(total)
    assert [] == total.rows_missed
    assert [] == total.kinds_missed


def _same(seed: int, make: Callable[[int, Policy], SteppedStore]) -> Outcome:
    there: list[str] = []
    outcome = run_seed(seed, Build(shared=True, store=make), there.append)
    here: list[str] = []
    run_seed(seed, Build(shared=True), here.append)
    assert there == here, f"seed {seed} is another world on PostgreSQL, from line {_differs(there, here)} on"
    return outcome


def _differs(one: list[str], other: list[str]) -> str:
    first = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"{first}: {one[first : first + 1]} and {other[first : first + 1]}"
