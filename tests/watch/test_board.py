"""The board: who comes first, whatever was added, put off or let go, and how little that costs."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW
from wanreel.domain.runtimes import RunKind
from wanreel.ports.watching import Watched
from wanreel.watch.board import Board, Tracked

KINDS = (RunKind("m", "720P", 5), RunKind("n"))


def tracked(number: int, accepted_at: float = NOW) -> Tracked:
    """A task with a number of its own."""
    watched = Watched(f"job_{number:05}", f"t-{number}", KINDS[number % 2], accepted_at, answered=True)
    return Tracked(watched, accepted_at)


def instant(one: Tracked) -> float:
    """In these tests a task is due where it is held until; one that is not listed for ever needs nothing."""
    return math.inf if one.unlisted_until == math.inf else one.held_until


def test_tasks_stand_by_age_and_kind_and_leave_no_trace() -> None:
    """Oldest first, those of an age by their jobs; a kind without tasks is not there."""
    made = [tracked(n, NOW - n % 3) for n in range(9)]
    board = Board(made)
    assert [one.task.job_id[-1] for one in board] == ["2", "5", "8", "1", "4", "7", "0", "3", "6"]
    assert {kind: len(those) for kind, those in board.kinds.items()} == {KINDS[0]: 5, KINDS[1]: 4}
    assert [board.place(one) for one in board] == list(range(9))
    for one in made:
        board.remove(one)
    assert (0, {}, None) == (len(board), dict(board.kinds), board.soonest(instant))


ACTS = st.lists(st.tuples(st.sampled_from(["add", "gone", "later", "never", "again"]), st.integers(0, 30)), max_size=80)


@given(ACTS)
def test_the_first_is_whoever_is_first(acts: list[tuple[str, int]]) -> None:
    """Against going over all of them: the same instant, after anything that may happen to tasks."""
    board, mine = Board(), dict[int, Tracked]()
    for number, (act, amount) in enumerate(acts):
        some = list(mine.values())[amount % len(mine)] if mine else None
        if act == "add" or some is None:
            mine[number] = one = tracked(number, NOW - amount)
            one.held_until = NOW + amount
            board.add(one)
        elif act == "gone":
            board.remove(some)
            mine = {place: one for place, one in mine.items() if one is not some}
        elif act == "later":
            some.held_until += amount
        elif act == "never":
            some.unlisted_until = math.inf
        else:
            some.unlisted_until = 0.0
            board.touch(some)
        first: Any = board.soonest(instant)
        assert (math.inf if first is None else first[0]) == min(map(instant, mine.values()), default=math.inf)
        assert first is None or instant(first[1]) == first[0]


def test_what_comes_first_is_found_without_going_over_the_others() -> None:
    """Ten thousand wait; one is put off, one comes, one goes: a handful of instants is worked out for it."""
    made = [tracked(n) for n in range(10_000)]
    for n, one in enumerate(made):
        one.held_until = NOW + n
    board = Board(made)
    board.soonest(instant)
    before = board.worked_out
    for _ in range(20):
        made[0].held_until += 20_000.0
        made[7_000].held_until += 1.0
        assert board.soonest(instant) == (NOW + 1.0, made[1])
        board.remove(made[1])
        extra = tracked(20_000)
        extra.held_until = NOW
        board.add(extra)
        assert board.soonest(instant) == (NOW, extra)
        board.remove(extra)
        board.add(made[1])
    assert board.worked_out - before <= 200
