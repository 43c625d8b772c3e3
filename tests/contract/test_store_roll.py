"""The roll of workers: whoever has been silent for too long loses its claims, and nobody else does."""

from __future__ import annotations

from tests.contract.stores import Bench
from tests.factories import make_job
from wanreel.ports.jobs import Lane


async def test_the_silent_lose_their_claims_and_the_others_keep_theirs(bench: Bench) -> None:
    """A worker that has not said for too long that it lives is struck off, and its job is free."""
    store, now = bench.store, bench.clock.now()
    await bench.add(make_job(id="job_a", model="m1"), make_job(id="job_b", model="m2"))
    await store.present("dead", now + 9.0)
    await store.present("alive", now + 9.0)
    (lost,) = await bench.claim(Lane.SUBMIT, "dead", limit=1, for_s=7200.0)
    (kept,) = await bench.claim(Lane.SUBMIT, "alive", limit=1, for_s=7200.0)
    assert await store.bury(now + 8.0) == 0
    await store.present("alive", now + 18.0)
    assert await store.alive(now + 9.0) == ["alive"]
    assert await store.bury(now + 9.0) == 1
    assert await store.bury(now + 9.0) == 0
    bench.clock.advance(10.0)
    assert [job.id for job in await bench.claim(Lane.SUBMIT, "third")] == [lost.id]
    assert lost.id != kept.id


async def test_whoever_leaves_is_not_there(bench: Bench) -> None:
    """A worker that ends says so; twice is harmless."""
    store, now = bench.store, bench.clock.now()
    await store.present("w", now + 9.0)
    await store.gone("w")
    await store.gone("w")
    assert await store.alive(now) == []
