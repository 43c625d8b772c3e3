"""Paid calls whose process vanished become doubts; those still being made are left alone."""

from __future__ import annotations

import pytest

from tests.factories import NOW, make_intent, make_job
from tests.worker.fakes import Bench
from wanreel.domain.event import Lost, SubmitBegun
from wanreel.domain.job import Job, Submitting, Unconfirmed
from wanreel.domain.lifecycle import transition
from wanreel.ports.jobs import Lane
from wanreel.worker.rescue import rescue
from wanreel.worker.step import Unsettled


async def in_the_air(bench: Bench, claim_s: float, model: str = "wan2.5-t2v-preview") -> Job:
    """A job whose intent a worker has just committed."""
    job = await bench.taken(make_job(model=model), Lane.SUBMIT, "worker-0")
    change = transition(job, SubmitBegun(make_intent(bench.clock.now())), bench.clock.now(), bench.policy, 0.5)
    assert await bench.store.begin(change, bench.clock.now(), 0.0, bench.clock.now() + claim_s)
    return change.job


async def test_a_submit_that_nobody_makes_any_more_becomes_a_doubt() -> None:
    """Its claim ran out: the event is Lost, like anybody else's, and says that the process ended."""
    bench = Bench()
    job = await in_the_air(bench, claim_s=60.0)
    bench.clock.advance(61.0)
    assert 1 == await rescue(bench.tools)
    fresh = await bench.store.get(job.id)
    assert isinstance(fresh.state, Unconfirmed)
    assert NOW + 61.0 == fresh.state.since
    assert isinstance((await bench.store.history(job.id))[-1].event, Lost)
    assert 0 == await rescue(bench.tools)


async def test_a_submit_in_the_air_is_left_alone() -> None:
    """While its worker holds the claim nobody else touches it."""
    bench = Bench()
    job = await in_the_air(bench, claim_s=60.0)
    bench.clock.advance(59.0)
    assert 0 == await rescue(bench.tools)
    assert job == await bench.store.get(job.id)


async def test_after_a_restart_every_submit_in_the_air_is_a_doubt_at_once() -> None:
    """Whoever locks the home ends all claims; then nobody is making those calls."""
    bench = Bench()
    jobs = [await in_the_air(bench, 600.0, f"model-{n}") for n in range(3)]
    await bench.store.release(None)
    assert 3 == await rescue(bench.tools)
    for job in jobs:
        assert isinstance((await bench.store.get(job.id)).state, Unconfirmed)


async def test_a_store_that_cannot_take_the_doubt_hands_it_to_the_caller() -> None:
    """Nothing is lost: the event comes back, and the others are found again later."""
    bench = Bench()
    jobs = [await in_the_air(bench, 1.0, f"model-{n}") for n in range(2)]
    bench.clock.advance(2.0)
    bench.store.unwell["commit"] = 1
    with pytest.raises(Unsettled) as unsettled:
        await rescue(bench.tools)
    assert isinstance(unsettled.value.event, Lost)
    bench.clock.advance(600.0)
    assert 2 == await rescue(bench.tools)
    assert not [j for j in jobs if isinstance((await bench.store.get(j.id)).state, Submitting)]
