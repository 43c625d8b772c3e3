"""Where a job goes in a pool of accounts, and which jobs move."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.factories import make_account
from wanreel.domain.pool import Place, Shift, Spread, shifts


def place(name: str, slots: int, used: int = 0, waiting: int = 0, *, shut: bool = False, doubts: bool = False) -> Place:
    """One account of the pool."""
    return Place(make_account(name), slots, used, waiting, shut, doubts)


@pytest.mark.parametrize(
    ("places", "wanted"),
    [
        ([place("a", 5), place("b", 5)], "a"),
        ([place("a", 5, 5), place("b", 2, 1)], "b"),
        ([place("a", 5, 3), place("b", 5, 1)], "b"),
        ([place("a", 5, 5, 10), place("b", 2, 2, 1)], "b"),
        ([place("a", 5, 5, 10), place("b", 2, 2, 6)], "a"),
        ([place("a", 5, shut=True), place("b", 1, 1, 50)], "b"),
        ([place("a", 1, shut=True), place("b", 5, shut=True)], "a"),
    ],
)
def test_a_job_goes_where_a_slot_is_free_soonest(places: list[Place], wanted: str) -> None:
    """A free slot first, then the shortest queue for each slot; never where nothing is sent while others send."""
    assert wanted == Spread(places).next().id


def test_many_jobs_at_once_are_spread_by_slots() -> None:
    """Each job counts where it was put, so that a large order fills all accounts in proportion."""
    spread = Spread([place("a", 5), place("b", 2), place("c", 5, shut=True)])

    assert {"a": 50, "b": 20} == Counter(spread.next().id for _ in range(70))


@pytest.mark.parametrize(
    ("places", "wanted"),
    [
        ([place("a", 5, 5, 9), place("b", 5, 2)], [("a", "b", 3)]),
        ([place("a", 5, 3, 9), place("b", 5, 2)], [("a", "b", 3)]),
        ([place("a", 5, 3, 2), place("b", 5, 2)], []),
        ([place("a", 5, 0, 9, shut=True), place("b", 5, 2), place("c", 2)], [("a", "b", 3), ("a", "c", 2)]),
        ([place("a", 5, 5, 9), place("b", 5, 0, 3, shut=True), place("c", 4)], [("b", "c", 3), ("a", "c", 1)]),
        ([place("a", 5, 0, 9, shut=True), place("b", 5, 5, 0)], []),
        ([place("a", 5, 5, 9), place("b", 5, 2, shut=True)], []),
        ([place("a", 2, 7, 4), place("b", 5, 2, 1)], [("a", "b", 2)]),
    ],
)
def test_jobs_that_wait_move_to_where_there_is_room(places: list[Place], wanted: list[tuple[str, str, int]]) -> None:
    """As many as there is room for and no more, those of an account that sends nothing first; who is next stays."""
    assert wanted == [(s.away.id, s.to.id, s.jobs) for s in shifts(places)]


@pytest.mark.parametrize(
    ("places", "wanted"),
    [
        ([place("a", 4, 4, 1, doubts=True), place("b", 4, 2)], []),
        ([place("a", 4, 4, 3, doubts=True), place("b", 4, 0)], [("a", "b", 2)]),
        ([place("a", 4, 4, 0, doubts=True), place("b", 4, 4, 2)], [("b", "a", 1)]),
        ([place("a", 4, 4, 0, doubts=True), place("b", 4, 2, 2)], []),
        ([place("a", 4, 4, 0, doubts=True, shut=True), place("b", 4, 4, 2)], []),
        ([place("a", 4, 1, 2, doubts=True, shut=True), place("b", 4, 0)], [("a", "b", 2)]),
        ([place("a", 4, 4, 0, doubts=True), place("b", 4, 4, 1, doubts=True)], []),
        ([place("a", 4, 4, 0, doubts=True), place("b", 4, 4, 0)], []),
    ],
)
def test_one_job_waits_where_it_would_settle_a_doubt(places: list[Place], wanted: list[tuple[str, str, int]]) -> None:
    """One stays, or comes from where it would wait as well; never one that would be sent now, nor to what is shut."""
    assert wanted == [(s.away.id, s.to.id, s.jobs) for s in shifts(places)]


def test_after_the_moves_nothing_moves() -> None:
    """Jobs are not sent to and fro."""
    before = [place("a", 5, 5, 9), place("b", 5, 2), place("c", 3, 0, 8, shut=True)]
    after = {p.account.id: p for p in before}
    moved: list[Shift] = shifts(before)
    for shift in moved:
        away, to = after[shift.away.id], after[shift.to.id]
        after[shift.away.id] = place(away.account.id, away.slots, away.used, away.waiting - shift.jobs, shut=away.shut)
        after[shift.to.id] = place(to.account.id, to.slots, to.used, to.waiting + shift.jobs, shut=to.shut)
    assert moved
    assert [] == shifts(list(after.values()))
