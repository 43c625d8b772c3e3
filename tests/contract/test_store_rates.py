"""Turns at calls that all processes of a database make together."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.stores import Bench


async def test_turns_are_as_far_apart_as_they_have_to_be(bench: Bench) -> None:
    """However many ask at once and through whichever process, no two turns of a kind are closer; kinds are apart."""
    now, second = bench.clock.now(), await bench.second()
    doors = (bench.store, second)
    got = await asyncio.gather(*(doors[n % 2].turn("main submit:m", now, 0.5, None) for n in range(8)))
    assert sorted(at for at in got if at is not None) == pytest.approx([now + 0.5 * n for n in range(8)])
    assert await bench.store.turn("main query", now, 0.05, None) == now
    assert await second.turn("main submit:m", now + 60.0, 0.5, None) == now + 60.0


async def test_a_turn_that_would_come_too_late_is_nobodys(bench: Bench) -> None:
    """Nothing is counted for it."""
    now = bench.clock.now()
    assert await bench.store.turn("k", now, 1.0, now) == now
    assert await bench.store.turn("k", now, 1.0, now + 0.5) is None
    assert await bench.store.turn("k", now, 1.0, now + 1.0) == now + 1.0


async def test_a_clock_that_jumped_holds_nobody_up(bench: Bench) -> None:
    """A turn far ahead was taken by a clock that was wrong."""
    now = bench.clock.now()
    await bench.store.turn("k", now + 86_400.0, 1.0, None)
    assert await bench.store.turn("k", now, 1.0, None) == now
