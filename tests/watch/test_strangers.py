"""Rows of other people's tasks: each counted once, and none remembered for longer than it can matter."""

from __future__ import annotations

from tests.factories import NOW
from wanreel.watch.strangers import STRANGERS_MAX, Strangers


def test_each_counts_once_and_they_stand_by_age() -> None:
    """However often rows show them, and in whatever order."""
    strangers = Strangers()
    for age_s in (30.0, 10.0, 20.0, 10.0, 30.0):
        strangers.add(f"task{age_s}", NOW - age_s, NOW - 60.0)
    assert [NOW - 30.0, NOW - 20.0, NOW - 10.0] == list(strangers.created)


def test_what_is_older_than_all_that_runs_is_forgotten() -> None:
    """A day of short tasks leaves as many as a minute of them, and what may matter stays."""
    strangers, most = Strangers(), 0
    for second in range(86_400 // 4):
        now = NOW + 4.0 * second
        strangers.add(f"task{second}", now, now - 60.0)
        most = max(most, len(strangers.created))
    last = NOW + 86_400.0 - 4.0
    assert most <= 256
    assert [last - 4.0 * n for n in range(15, -1, -1)] == list(strangers.created)[-16:]


def test_never_more_than_so_many_are_remembered() -> None:
    """Where one of ours runs for hours among thousands of others, the ones seen first are let go."""
    strangers = Strangers()
    for n in range(STRANGERS_MAX + 100):
        strangers.add(f"task{n}", NOW + n, NOW - 60.0)
    assert STRANGERS_MAX == len(strangers.created)
    assert NOW + 100 == strangers.created[0]
