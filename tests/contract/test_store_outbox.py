"""The contract of `ports.Outbox`: what is owed stays owed until somebody says it was delivered."""

from __future__ import annotations

import asyncio

from tests.contract.stores import Bench
from tests.factories import NOW, make_change, make_job, make_notice
from wanreel.domain.event import Notice
from wanreel.domain.job import Generating
from wanreel.ports.notices import Owed


async def owe(bench: Bench, *notices: tuple[str, float]) -> list[Notice]:
    """Owe notices of given ids and instants, all with one change."""
    job = make_job(Generating)
    await bench.add(job)
    made = [make_notice(job, at, id=id_) for id_, at in notices]
    await bench.store.commit(make_change(job, job.state, notices=tuple(made)))
    return made


async def test_notices_are_owed_oldest_first(bench: Bench) -> None:
    """Due notices come oldest first, in one instant in the order they were written, no more than asked for."""
    a, b, c, d = await owe(bench, ("b", NOW), ("a", NOW), ("c", NOW - 5), ("d", NOW + 5))

    assert [c, a, b] == [o.notice for o in await bench.store.owed(NOW, 10)]
    assert [Owed(c, 0)] == await bench.store.owed(NOW, 1)
    assert [c, a, b, d] == [o.notice for o in await bench.store.owed(NOW + 5, 10)]


async def test_a_delivered_notice_is_owed_no_more(bench: Bench) -> None:
    """Striking notices off is final, and saying it twice or of strangers is harmless."""
    _, b = await owe(bench, ("a", NOW), ("b", NOW))

    await bench.store.delivered(["a", "stranger"], NOW)
    await bench.store.delivered(["a"], NOW)
    await bench.store.delivered([], NOW)

    assert [b] == [o.notice for o in await bench.store.owed(NOW, 10)]


async def test_a_postponed_notice_comes_again_later(bench: Bench) -> None:
    """A failed delivery is tried again at its instant, counting the tries, in the place of its age."""
    a, b = await owe(bench, ("a", NOW), ("b", NOW + 1))

    await bench.store.postpone("a", NOW + 30)
    assert [Owed(b, 0)] == await bench.store.owed(NOW + 29, 10)
    assert [Owed(a, 1), Owed(b, 0)] == await bench.store.owed(NOW + 30, 10)
    await bench.store.postpone("a", NOW + 90)
    assert [Owed(a, 2), Owed(b, 0)] == await bench.store.owed(NOW + 90, 10)


async def test_postponing_a_stranger_is_harmless(bench: Bench) -> None:
    """A notice that is not here cannot be postponed, and nobody minds."""
    await bench.store.postpone("stranger", NOW)

    assert [] == await bench.store.owed(NOW, 10)


async def test_a_notice_is_owed_once(bench: Bench) -> None:
    """A notice whose id is known is not owed a second time, not even after it was delivered."""
    (first,) = await owe(bench, ("a", NOW))
    await owe(bench, ("a", NOW - 9))
    assert [Owed(first, 0)] == await bench.store.owed(NOW, 10)

    await bench.store.delivered(["a"], NOW)
    await owe(bench, ("a", NOW))
    assert [] == await bench.store.owed(NOW, 10)


async def test_another_door_owes_the_same(bench: Bench) -> None:
    """What one process owes, another can deliver."""
    second = await bench.second()
    await owe(bench, ("a", NOW), ("b", NOW))

    await asyncio.gather(second.delivered(["a"], NOW), second.postpone("b", NOW + 5))

    assert [] == await bench.store.owed(NOW, 10)
    assert ["b"] == [o.notice.id for o in await bench.store.owed(NOW + 5, 10)]
