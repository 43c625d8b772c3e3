"""How many slots a day's clips need, and how long they wait."""

from __future__ import annotations

import math

import pytest

from wanreel.domain.capacity import capacity, wait_s


def test_slots_are_planned_with_room() -> None:
    """A load of 5 running at once needs 7 slots, so that they are busy four fifths of the time."""
    assert 7 == capacity(2880, 150, 5).slots_needed
    found = capacity(10, 150, 5)
    assert (1, pytest.approx(0.00347, rel=1e-2)) == (found.slots_needed, found.busy)
    assert found.wait_s == pytest.approx(0.0, abs=1e-6)


def test_more_than_can_be_made_waits_for_ever() -> None:
    """With as much load as slots, or more, the queue only grows."""
    assert math.inf == capacity(2880, 150, 5).wait_s
    assert 1.0 == capacity(10_000, 150, 5).busy


@pytest.mark.parametrize(("load", "slots", "wanted"), [(0.5, 1, 150.0), (1.0, 2, 50.0), (4.0, 5, 83.1)])
def test_the_wait_is_that_of_a_queue_with_several_servers(load: float, slots: int, wanted: float) -> None:
    """The textbook's figures, for clips of 150 s."""
    assert wanted == pytest.approx(wait_s(load, 150.0, slots), rel=1e-3)
