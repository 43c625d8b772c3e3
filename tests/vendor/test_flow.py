"""How fast a clip may come, and how slow."""

from __future__ import annotations

import pytest

from tests.factories import FakeClock
from wanreel.vendor.flow import Drip, Valve


async def test_a_valve_keeps_its_rate() -> None:
    """A hundred takes of a thousand bytes at ten thousand a second: ten seconds, whoever takes."""
    clock = FakeClock()
    valve, began_at = Valve(clock, 10_000), clock.now()
    for _ in range(101):
        await valve.take(1000)
    assert pytest.approx(10.0) == clock.now() - began_at


async def test_an_open_valve_never_waits() -> None:
    """No rate, no waiting."""
    clock = FakeClock()
    await Valve(clock).take(10**12)
    assert [] == clock.slept


def test_a_drip_is_seen_after_a_window_and_not_before() -> None:
    """Slow for a whole window is slow; a pause that is made good, or somebody else's slowness, is not."""
    drip = Drip(1000, 60.0)
    assert [False, False, True] == [drip.count(5_000, 20.0) for _ in range(3)]
    assert [False, False, False] == [drip.count(count, 20.0) for count in (0, 0, 60_000)]
    assert not any(drip.count(1, 0.0) for _ in range(1000))
