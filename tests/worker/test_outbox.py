"""Notices are delivered at least once, in their order, with a back-off of their own."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.factories import make_change, make_job, make_notice
from tests.worker.fakes import Bench, Notifier
from wanreel.domain.errors import Unavailable
from wanreel.domain.job import Succeeded
from wanreel.telemetry import NOTICE_FAILED
from wanreel.worker.outbox import BATCH, Told
from wanreel.worker.outbox import deliver as deliver_by
from wanreel.worker.tools import Tools


async def deliver(tools: Tools, notifiers: list[Notifier], told: Told | None = None) -> int:
    """A round, of a process that has just begun where nothing else is said."""
    return await deliver_by(tools, notifiers, told or Told())


async def owe(bench: Bench, count: int = 1) -> list[str]:
    """So many notices, a second apart."""
    ids: list[str] = []
    for n in range(count):
        job = make_job()
        await bench.store.add([job])
        notice = make_notice(job, bench.clock.now() - count + n, id=f"n{n}")
        await bench.store.commit(make_change(job, make_job(Succeeded).state, notices=(notice,)))
        ids.append(notice.id)
    return ids


async def owed(bench: Bench) -> int:
    """How many are due by now."""
    return len(await bench.store.owed(bench.clock.now(), 1000))


async def test_what_is_owed_is_told_oldest_first_and_struck_off() -> None:
    """One round tells each notice once; the next has nothing to do."""
    bench, notifier = Bench(), Notifier()
    ids = await owe(bench, 3)
    assert 3 == await deliver(bench.tools, [notifier])
    assert ids == notifier.told
    assert 0 == await deliver(bench.tools, [notifier])


async def test_a_notice_that_could_not_be_told_is_tried_again_later() -> None:
    """It is not due at once, it waits longer each time, and it is told in the end."""
    bench, notifier = Bench(), Notifier(Unavailable("503"), Unavailable("503"))
    await owe(bench)
    waits: list[float] = []
    for _ in range(2):
        await deliver(bench.tools, [notifier])
        start = bench.clock.now()
        while not await owed(bench):
            bench.clock.advance(0.25)
        waits.append(bench.clock.now() - start)
    assert 0 < waits[0] < waits[1]
    await deliver(bench.tools, [notifier])
    assert ["n0"] == notifier.told


async def test_one_that_cannot_be_told_does_not_hold_up_those_behind_it() -> None:
    """The second is told although the first failed."""
    bench, notifier = Bench(), Notifier(Unavailable("503"))
    await owe(bench, 2)
    await deliver(bench.tools, [notifier])
    assert ["n1"] == notifier.told


async def test_it_is_delivered_when_every_notifier_took_it() -> None:
    """One of three refuses: it alone hears of it again, and keeps it from neither of the others."""
    bench, first, second, third = Bench(), Notifier(), Notifier(Unavailable("503")), Notifier()
    told = Told()
    await owe(bench)
    await deliver(bench.tools, [first, second, third], told)
    assert (["n0"], [], ["n0"]) == (first.told, second.told, third.told)
    bench.clock.advance(120.0)
    await deliver(bench.tools, [first, second, third], told)
    assert (["n0"], ["n0"], ["n0"]) == (first.told, second.told, third.told)
    assert (0, {}) == (await owed(bench), told.took)


async def test_a_receiver_that_fails_is_an_error_in_the_log_once_for_each_reason() -> None:
    """The first time and whenever the reason is another; warnings in between, with the tries."""
    bench, notifier, told = Bench(), Notifier(*(Unavailable(why) for why in ("gone", "gone", "full", "full"))), Told()
    await owe(bench)
    with capture_logs() as said:
        for _ in range(5):
            await deliver(bench.tools, [notifier], told)
            bench.clock.advance(3600.0)
    failed = [(line["log_level"], line["why"], line["tries"]) for line in said if line["event"] == NOTICE_FAILED]
    assert [("error", "gone", 1), ("warning", "gone", 2), ("error", "full", 3), ("warning", "full", 4)] == failed
    assert ["n0"] == notifier.told


async def test_a_store_that_fails_after_the_telling_tells_again() -> None:
    """At least once: what was told and could not be struck off is told again."""
    bench, notifier = Bench(), Notifier()
    await owe(bench)
    bench.store.unwell["delivered"] = 1
    with pytest.raises(Unavailable):
        await deliver(bench.tools, [notifier])
    await deliver(bench.tools, [notifier])
    assert ["n0", "n0"] == notifier.told


async def test_a_round_takes_a_bounded_number() -> None:
    """Many notices are told in rounds."""
    bench, notifier = Bench(), Notifier()
    await owe(bench, BATCH + 5)
    assert (BATCH, 5, 0) == tuple([await deliver(bench.tools, [notifier]) for _ in range(3)])
