"""The contract of the census: what is unfinished is counted, and only that."""

from __future__ import annotations

from decimal import Decimal

from tests.contract.stores import Bench
from tests.contract.test_store_ledger import sent
from tests.factories import DAY_S, NOW, make_change, make_job
from wanreel.domain.job import STATES, Archiving, Cancelled, Queued, SpoolCopy
from wanreel.ports.census import Census, Standing


async def test_an_empty_store_has_nothing_to_count(bench: Bench) -> None:
    """No state, no loss to come, no money."""
    assert Census({}, None, {}) == await bench.store.census()


async def test_unfinished_jobs_are_counted_by_state(bench: Bench) -> None:
    """Each unfinished state is there with the age of its oldest; what has ended is not."""
    await bench.add(*(make_job(kind, at=NOW - 5) for kind in STATES), make_job(Queued, at=NOW - 70))

    found = (await bench.store.census()).standings

    assert Standing(2, NOW - 70) == found["queued"]
    others = ("submitting", "unconfirmed", "generating", "archiving")
    assert dict.fromkeys(others, Standing(1, NOW - 5)) == {s: at for s, at in found.items() if s != "queued"}


async def test_the_nearest_loss_is_that_of_a_clip_in_no_place_of_ours(bench: Bench) -> None:
    """A clip in the spool cannot be lost to the vendor's clock, one that still lies at the vendor can."""
    copy = SpoolCopy(NOW, 10, "a" * 64)
    await bench.add(make_job(Archiving, at=NOW - 900, spooled=copy), make_job(Archiving, at=NOW))
    await bench.add(make_job(Archiving, at=NOW - 60))

    assert NOW - 60 + DAY_S == (await bench.store.census()).expires_at


async def test_reserved_is_what_unfinished_jobs_hold(bench: Bench) -> None:
    """A paid call that is under way holds its price; after its end it holds nothing."""
    job = await sent(bench)
    assert {"CNY": Decimal(3)} == (await bench.store.census()).reserved

    await bench.store.commit(make_change(job, Cancelled(NOW)))
    assert {} == (await bench.store.census()).reserved
