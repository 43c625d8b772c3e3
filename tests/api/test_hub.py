"""Tests of the hub: one reader, many listeners."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from tests.factories import FakeClock, make_job
from wanreel.api import hub as hub_file
from wanreel.api.hub import Hub
from wanreel.domain.policy import Policy
from wanreel.ports.feed import Happening
from wanreel.store.memory import MemoryStore


class Counting(MemoryStore):
    """A store that counts how often its feed is read."""

    reads = 0

    async def since(self, seq: int, limit: int, subject: str | None = None) -> list[Happening]:
        self.reads += 1
        return await super().since(seq, limit, subject)


@pytest.fixture
async def store() -> Counting:
    """An empty store."""
    return Counting(lambda _: 2, Policy())


@pytest.fixture
async def hub(store: Counting) -> AsyncIterator[Hub]:
    """A hub that reads it."""
    it = Hub(store, FakeClock())
    await it.open()
    yield it
    await it.close()


def everything(_: Happening) -> bool:
    """Wants all of it."""
    return True


async def _take(stream: AsyncIterator[Happening | None], count: int) -> list[int]:
    found: list[int] = []
    async for happening in stream:
        if happening is not None:
            found.append(happening.seq)
        if len(found) == count:
            break
    return found


async def test_a_thousand_listeners_cost_the_store_no_more_than_one(store: Counting, hub: Hub) -> None:
    """However many listen, each thing that happens is read once."""
    listeners = [hub.listen(everything) for _ in range(1000)]
    await store.add([make_job()])
    hub.nudge()
    heard = [await listener.next(5) for listener in listeners]
    assert {1} == {happening.seq for happening in heard if happening}
    assert store.reads <= 4


async def test_missed_events_come_from_memory_when_they_are_recent(store: Counting, hub: Hub) -> None:
    """Coming back after a moment asks the store nothing."""
    first = hub.follow(hub.listen(everything), patience_s=5)
    task = asyncio.ensure_future(_take(first, 3))
    await asyncio.sleep(0)
    await store.add([make_job(), make_job(), make_job()])
    hub.nudge()
    assert [1, 2, 3] == await task
    before = store.reads
    assert [2, 3] == await _take(hub.follow(hub.listen(everything), 1, patience_s=5), 2)
    assert before == store.reads


async def test_missed_events_come_from_the_store_when_they_are_old(store: Counting) -> None:
    """What happened before the server started is replayed too, and joined to what happens now without a gap."""
    await store.add([make_job(), make_job()])
    late = Hub(store, FakeClock())
    await late.open()
    try:
        task = asyncio.ensure_future(_take(late.follow(late.listen(everything), 0, patience_s=5), 3))
        await asyncio.sleep(0)
        await store.add([make_job()])
        late.nudge()
        assert [1, 2, 3] == await task
    finally:
        await late.close()


async def test_who_listens_to_one_is_handed_nothing_of_others(store: Counting, hub: Hub) -> None:
    """What was missed of a job is found without looking through what happened to all others, in memory and in the
    store.
    """
    jobs = [make_job() for _ in range(50)]
    looked: list[int] = []

    def wanted(happening: Happening) -> bool:
        looked.append(happening.seq)
        return happening.job_id == jobs[7].id

    await store.add(jobs)
    hub.nudge()
    assert [8] == await _take(hub.follow(hub.listen(wanted, jobs[7].id), 0, patience_s=5), 1)
    before = store.reads
    assert [8] == await _take(hub.follow(hub.listen(wanted, jobs[7].id), 0, patience_s=5), 1)
    assert before == store.reads
    late = Hub(store, FakeClock())
    await late.open()
    try:
        assert [8] == await _take(late.follow(late.listen(wanted, jobs[7].id), 0, patience_s=5), 1)
    finally:
        await late.close()
    assert {8} == set(looked)


async def test_what_happened_long_ago_is_forgotten_of_each(
    store: Counting, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory holds the newest alone, by subject as well; the rest is in the store."""
    monkeypatch.setattr(hub_file, "LATELY_MAX", 3)
    jobs = [make_job() for _ in range(6)]
    heard = asyncio.ensure_future(_take(hub.follow(hub.listen(everything), patience_s=5), 6))
    await asyncio.sleep(0)
    await store.add(jobs)
    hub.nudge()
    await heard
    before = store.reads
    assert [6] == await _take(hub.follow(hub.listen(everything, jobs[5].id), 3, patience_s=5), 1)
    assert before == store.reads
    assert [1] == await _take(hub.follow(hub.listen(everything, jobs[0].id), 0, patience_s=5), 1)
    assert before + 1 <= store.reads


async def test_a_number_from_the_future_hears_what_comes_next(store: Counting, hub: Hub) -> None:
    """A number beyond the newest (a database put back from a backup) does not make a listener deaf."""
    task = asyncio.ensure_future(_take(hub.follow(hub.listen(everything), 999, patience_s=5), 1))
    await asyncio.sleep(0)
    await store.add([make_job()])
    hub.nudge()
    assert [1] == await task


async def test_a_listener_that_is_too_slow_is_let_go(store: Counting, hub: Hub) -> None:
    """Its queue is bounded; the stream ends and it comes back with its last number."""
    slow = hub.listen(everything)
    quick = hub.listen(everything)
    await store.add([make_job() for _ in range(hub_file.QUEUE_MAX + 1)])
    hub.nudge()
    count = 0
    while count <= hub_file.QUEUE_MAX and await quick.next(5) is not None:
        count += 1
        if slow.lagging:
            break
    assert slow.lagging
    assert await slow.next(5) is None


async def test_silence_is_told_so_that_the_connection_lives(hub: Hub) -> None:
    """After a silence comes nothing, in time for a ping."""
    stream = hub.follow(hub.listen(everything), patience_s=0.01)
    async with aclosing(stream):
        assert await anext(stream) is None
    assert 0 == hub.listening


async def test_hanging_up_ends_every_stream(hub: Hub) -> None:
    """A server that stops ends its streams at once, those begun later too."""
    task = asyncio.ensure_future(_take(hub.follow(hub.listen(everything), patience_s=60), 1))
    await asyncio.sleep(0)
    hub.hang_up()
    assert [] == await task
    assert [] == await _take(hub.follow(hub.listen(everything), patience_s=60), 1)
