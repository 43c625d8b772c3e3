"""Rate limits: no second anywhere holds more calls than the vendor allows, and callers keep their order."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import FakeClock
from wanreel.domain.errors import Unavailable
from wanreel.vendor.limits import MARGIN, Bucket, Limits


@given(
    st.sampled_from([2.0, 5.0, 20.0, 100.0]),
    st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=80),
)
def test_no_second_holds_more_than_the_limit(per_s: float, gaps: list[float]) -> None:
    """However calls arrive, any window of a second holds at most as many as allowed."""
    bucket, now, made = Bucket(MARGIN / per_s), 1000.0, list[float]()
    for gap in gaps:
        now += gap if gap > 1 else 0.0  # bursts, with pauses between
        made.append(now + bucket.take(now))
    assert made == sorted(made)
    for first in made:
        assert per_s >= sum(1 for at in made if first <= at < first + 1.0)


def test_a_burst_is_let_through_once() -> None:
    """A bucket with room lets that many through at once, then keeps the pace."""
    bucket = Bucket(1.0, burst=3)
    assert [0.0, 0.0, 0.0, 1.0, 2.0] == [bucket.take(100.0) for _ in range(5)]
    assert 0.0 == bucket.wait_s(200.0)


async def test_waiting_goes_through_the_clock_and_is_per_account_and_kind() -> None:
    """Each account and kind of call has its own pace; nobody waits without need."""
    clock = FakeClock()
    limits = Limits(clock)
    assert await limits.take("a", "query", 20.0)
    assert await limits.take("a", "list", 20.0)
    assert await limits.take("b", "query", 20.0)
    assert [] == clock.slept
    assert await limits.take("a", "query", 20.0)
    assert [pytest.approx(MARGIN / 20.0)] == clock.slept


async def test_a_turn_that_comes_too_late_is_not_counted() -> None:
    """Nothing waits past its deadline, and the next caller is not made to pay for it."""
    clock = FakeClock()
    limits = Limits(clock)
    assert await limits.take("a", "submit", 1.0)
    assert not await limits.take("a", "submit", 1.0, by=clock.now() + 0.5)
    assert await limits.take("a", "submit", 1.0, by=clock.now() + 2.0)
    assert [pytest.approx(MARGIN)] == clock.slept


def test_calls_that_came_too_quickly_are_spaced_wider_for_a_while() -> None:
    """Each complaint about the pace doubles the spacing, up to a bound; each calm minute halves it."""
    bucket = Bucket(1.0)
    bucket.slow_down(100.0)
    assert 2.0 == bucket.pace(100.0)
    bucket.slow_down(101.0)
    assert [4.0, 4.0, 2.0, 1.0, 1.0] == [bucket.pace(at) for at in (101.0, 160.0, 162.0, 225.0, 1e9)]
    for _ in range(9):
        bucket.slow_down(102.0)
    assert 16.0 == bucket.pace(102.0)
    bucket.take(102.0)
    assert 16.0 == bucket.wait_s(102.0)


@dataclass
class Together:
    """`ports.Rates` in memory; away while `away`."""

    due_at: float = 0.0
    away: bool = False

    async def turn(self, kind: str, now: float, apart_s: float, by: float | None) -> float | None:
        """The next free turn."""
        if self.away:
            raise Unavailable("the database cannot be reached")
        at = max(now, self.due_at)
        if by is not None and at > by:
            return None
        self.due_at = at + apart_s
        return at


async def test_processes_that_share_a_database_keep_one_pace_together() -> None:
    """Two processes' calls are as far apart as one's would be, and a deadline holds for both."""
    clock, rates = FakeClock(), Together()
    one, other = Limits(clock, rates), Limits(clock, rates)
    began = clock.now()
    for limits in (one, other, one, other):
        assert await limits.take("a", "submit", 2.0)
    assert clock.now() - began == pytest.approx(3 * MARGIN / 2.0)
    assert not await one.take("a", "submit", 2.0, by=clock.now() + 0.1)


async def test_each_keeps_to_the_limit_by_itself_while_nobody_can_say() -> None:
    """A database that is away holds no call up, and lets none come sooner than this process alone may make it."""
    clock, rates = FakeClock(), Together()
    limits = Limits(clock, rates)
    began = clock.now()
    assert await limits.take("a", "submit", 2.0)
    rates.away = True
    assert await limits.take("a", "submit", 2.0)
    assert await limits.take("a", "submit", 2.0)
    assert clock.now() - began == pytest.approx(2 * MARGIN / 2.0)
