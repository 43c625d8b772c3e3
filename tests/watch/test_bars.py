"""The bars of watching, held in virtual time by the bench's own shop with the emulator's limits enforced."""

from __future__ import annotations

import pytest

from bench.watching.measure import DEFAULT, THRIFTY, measure
from bench.watching.peers import SCHEDULES
from bench.watching.shop import Cell

PLAIN = next(iter(SCHEDULES))


def test_ends_are_noticed_in_a_tenth_of_the_time_for_no_more_requests() -> None:
    """Five running, around a minute: beside the schedule of 5 s × 1.45, in the same run of the same tasks."""
    plain = measure(Cell(PLAIN, 5, "60", videos=600))
    ours = measure(Cell(THRIFTY, 5, "60", videos=600))
    assert ours.noticed_s <= 0.1 * plain.noticed_s
    assert ours.per_video <= 1.005 * plain.per_video


@pytest.mark.parametrize("over_limit", ["queue", "reject"])
@pytest.mark.parametrize("runs", ["60", "180"])
def test_slots_are_busy_while_work_waits_and_no_limit_is_passed(runs: str, over_limit: str) -> None:
    """At the default budget, two processes at work, whichever way the vendor treats what is too many."""
    found = measure(Cell(DEFAULT, 5, runs, over_limit=over_limit, processes=2, videos=200))
    assert found.busy >= 0.98
    assert 0 == found.throttled == found.throttled_submits
    assert found.per_s <= 2.0


def test_five_hundred_tasks_are_noticed_within_six_seconds() -> None:
    """Within the vendor's twenty requests a second of each kind."""
    found = measure(Cell(THRIFTY, 500, "60", videos=400))
    assert found.mean_s <= 6.0
    assert 0 == found.throttled
