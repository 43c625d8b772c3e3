"""Back-off, cadence and parks as numbers."""

from __future__ import annotations

import pytest

from wanreel.domain.event import Pause
from wanreel.domain.policy import Policy, backoff_s, longest_delay_s, park_s, poll_delay_s

POLICY = Policy()


def test_looks_come_after_five_seconds_times_1_45_up_to_a_minute() -> None:
    """The documented default schedule, and it never overflows."""
    assert [5.0, 7.25, 10.5125] == [poll_delay_s(POLICY, n) for n in range(3)]
    assert [60.0] * 3 == [poll_delay_s(POLICY, n) for n in (7, 1000, 10**9)]


@pytest.mark.parametrize(("tries", "full"), [(0, 2.0), (1, 4.0), (4, 32.0), (5, 60.0), (10**9, 60.0)])
def test_back_off_doubles_to_a_cap_and_chance_takes_at_most_half(tries: int, full: float) -> None:
    """The lower half is certain, the upper half drawn, so that waiters spread without anybody waiting nothing."""
    assert full / 2 == backoff_s(POLICY, tries, 0.0)
    assert backoff_s(POLICY, tries, 0.999999) == pytest.approx(full, rel=1e-5)


@pytest.mark.parametrize(
    ("pause", "first", "late"),
    [
        (Pause.BUSY, 2.0, 60.0),
        (Pause.BURST, 10.0, 10.0),
        (Pause.QUOTA, 180.0, 180.0),
        (Pause.ACCOUNT, 600.0, 600.0),
        (Pause.MODEL, 600.0, 600.0),
    ],
)
def test_only_a_busy_park_grows(pause: Pause, first: float, late: float) -> None:
    """Busy doubles per fruitless try; the others are as long as their cause takes."""
    assert (first / 2, late / 2) == (park_s(POLICY, pause, 0, 0.0), park_s(POLICY, pause, 50, 0.0))


def test_nothing_is_planned_further_ahead_than_the_longest_delay() -> None:
    """Every delay there is lies within the bound that tells a jumped clock from a plan."""
    bound = longest_delay_s(POLICY)
    delays = [poll_delay_s(POLICY, 99), backoff_s(POLICY, 99, 1.0), *(park_s(POLICY, p, 99, 1.0) for p in Pause)]
    assert bound >= 2 * max(delays)
