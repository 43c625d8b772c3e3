"""Where orders go while many come at once: by how things stand, looked up no oftener than it is worth."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.domain.catalog_file import CATALOG
from tests.factories import FakeClock, make_account, make_job
from wanreel.domain.errors import Unavailable
from wanreel.domain.event import SlotKey
from wanreel.domain.job import Queued
from wanreel.domain.policy import Policy
from wanreel.service.accounts import Accounts, Known
from wanreel.service.placing import STREAM, WORTH_S_MAX, Placing
from wanreel.store.memory import MemoryStore


class Slow(MemoryStore):
    """A store that is asked how many slots are in use, and answers when it is let."""

    def __init__(self) -> None:
        super().__init__(lambda _: 2, Policy())
        self.asked = 0
        self.away = False
        self.let = asyncio.Event()
        self.let.set()

    async def in_use(self, now: float) -> Mapping[SlotKey, int]:
        self.asked += 1
        await self.let.wait()
        if self.away:
            raise Unavailable("the store is away")
        return await super().in_use(now)


class Counter:
    """Orders for two accounts of one region."""

    def __init__(self) -> None:
        self.store, self.clock = Slow(), FakeClock()
        known = [Known(make_account(name, region="singapore"), ("sk-test",), slots={"*": 2}) for name in ("a", "b")]
        self.placing = Placing(self.clock, self.store, self.store, Accounts(known, CATALOG, main="a"))

    async def order(self) -> str:
        """The account that the next one goes to."""
        (job,) = await self.placing.placed([make_job(Queued)])
        return job.account.id

    async def stream(self) -> None:
        """So many orders, one after the other, that those that follow are a stream."""
        for _ in range(STREAM + 1):
            await self.order()
        self.store.asked = 0


async def test_orders_now_and_then_look_each_for_itself() -> None:
    """Whoever orders twice a minute sees what has ended in between."""
    counter = Counter()
    for _ in range(3):
        await counter.order()
        counter.clock.advance(2 * WORTH_S_MAX)
    assert 3 == counter.store.asked


async def test_a_stream_looks_once_however_many_orders_find_the_last_look_old() -> None:
    """The others go by what was known and by what was placed since, spread over the accounts as ever."""
    counter = Counter()
    await counter.stream()
    counter.clock.advance(WORTH_S_MAX / 2)
    counter.store.let.clear()
    first = asyncio.create_task(counter.order())
    await asyncio.sleep(0)
    others = [await asyncio.wait_for(counter.order(), 5.0) for _ in range(8)]
    assert {"a", "b"} == set(others)
    counter.store.let.set()
    await first
    assert 1 == counter.store.asked


async def test_a_look_that_takes_too_long_is_not_waited_for_for_ever() -> None:
    """What is known by now is old: the next order looks for itself."""
    counter = Counter()
    await counter.stream()
    counter.clock.advance(WORTH_S_MAX / 2)
    counter.store.let.clear()
    orders: list[asyncio.Task[str]] = []
    for _ in range(5):
        orders.append(asyncio.create_task(counter.order()))
        await asyncio.sleep(0)
        counter.clock.advance(WORTH_S_MAX / 2)
    assert counter.store.asked > 1
    counter.store.let.set()
    await asyncio.gather(*orders)


async def test_after_a_look_that_failed_the_next_order_looks() -> None:
    """Whoever looked is told why; nobody goes by old news for that."""
    counter = Counter()
    await counter.stream()
    counter.clock.advance(WORTH_S_MAX / 2)
    counter.store.away = True
    with pytest.raises(Unavailable):
        await counter.order()
    counter.store.away = False
    await counter.order()
    assert 2 == counter.store.asked
