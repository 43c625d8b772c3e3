"""What every store keeps of the creates of foreign faces, for the processes that take them."""

from __future__ import annotations

import asyncio

from tests.contract.stores import Bench
from wanreel.ports.hooks import Announced


async def test_a_create_is_announced_and_concluded(bench: Bench) -> None:
    """Those of its fingerprint before it, as it stands; a follow is kept; what was nothing goes."""
    store = bench.store
    first, second, third = (Announced(f"call_{n}", "a", 10.0 + n) for n in range(3))
    assert [] == await store.announce(first, 0.0)
    assert [] == await store.announce(Announced("call_other", "b", 10.0), 0.0)
    assert [first] == await store.announce(second, 0.0)
    ended = Announced("call_0", "a", 10.0, "job_1", 11.0, lost=True)
    await store.conclude(ended)
    await store.follow("job_1")
    await store.follow("job_1")
    await store.follow("job_unknown")
    followed = Announced("call_0", "a", 10.0, "job_1", 11.0, lost=True, followed=True)
    assert [followed, second] == await store.announce(third, 0.0)
    assert followed == await store.announced("call_0")
    await store.withdraw("call_1")
    await store.withdraw("call_1")
    await store.conclude(second)
    assert await store.announced("call_1") is None


async def test_what_is_old_is_forgotten(bench: Bench) -> None:
    """Of any fingerprint, whenever one is announced."""
    await bench.store.announce(Announced("call_old", "b", 5.0), 0.0)
    await bench.store.announce(Announced("call_older", "a", 5.0), 0.0)
    assert [] == await bench.store.announce(Announced("call_new", "a", 20.0), 6.0)
    assert await bench.store.announced("call_old") is None


async def test_of_several_at_once_one_is_the_first(bench: Bench) -> None:
    """Each sees those before it, and nobody sees somebody who sees it."""
    calls = [Announced(f"call_{n}", "a", 1.0) for n in range(6)]
    seen = await asyncio.gather(*(bench.store.announce(call, 0.0) for call in calls))
    assert list(range(6)) == sorted(len(before) for before in seen)
    order = sorted(zip(seen, calls, strict=True), key=lambda one: len(one[0]))
    for place, (before, _) in enumerate(order):
        assert [call.id for _, call in order[:place]] == [one.id for one in before]
