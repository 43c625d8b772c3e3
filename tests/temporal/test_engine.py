"""The workflow and the engine, on a real Temporal service: one turn at a time, where it is wanted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio.client import WorkflowFailureError

from tests.archive.seaweed import free_ports
from tests.factories import make_job
from tests.temporal.server import TemporalServer
from tests.temporal.troupe import ROOM, troupe
from wanreel.domain.errors import Invalid, Unavailable
from wanreel.ports.engine import Turn
from wanreel.temporal.engine import TemporalEngine
from wanreel.temporal.flow import TURNS_MAX
from wanreel.temporal.link import Place, connect

RUNS = Turn("generating", wait_s=1000.0)
MADE = Turn("archiving", wait_s=0.0, heavy=True)
DONE = Turn("succeeded", over=True)
QUEUED = Turn("queued", over=True)


async def test_a_job_takes_its_turns_in_order_and_is_found_by_what_it_is(service: TemporalServer) -> None:
    """Claimed by a worker it comes to that worker; then it sleeps until woken; its state is on Temporal's page."""
    async with troupe(service, "order") as them:
        second = await them.hire("second")
        job = them.job(1, RUNS, MADE, DONE)
        await second.wake(job, "second")
        await them.found(f"WorkflowId = '{job.id}' AND WanreelState = 'generating'", 1)
        assert [("second", job.id, "second")] == them.asked
        await them.engine.wake(job)
        assert "succeeded" == await them.ends(job)
        assert [(job.id, ""), (job.id, "")] == [asked[1:] for asked in them.asked[1:]]
        query = f"WanreelProject = 'spring' AND WanreelModel = '{job.request.model}' AND WanreelAccount = 'main'"
        query += f" AND WanreelState = 'succeeded' AND WorkflowId = '{job.id}'"
        await them.found(f"{query} AND ExecutionStatus = 'Completed'", 1)
        history = (await them.flow(job).fetch_history()).to_json()
        assert job.request.prompt not in history
        assert "127.0.0.1:9" not in history, "no address of a clip or of the vendor"


async def test_however_often_a_job_is_begun_it_has_one_workflow_and_one_turn_at_a_time(service: TemporalServer) -> None:
    """Calls that come while a turn is taken are one more turn after it, not one beside it, and not one each."""
    async with troupe(service, "once") as them:
        job = them.job(2, RUNS, RUNS, DONE)
        them.gates[job.id] = asyncio.Event()
        await them.engine.wake(job, "first")
        await asyncio.gather(*(them.engine.wake(job) for _ in range(5)))
        await them.entered.setdefault(job.id, asyncio.Event()).wait()
        await asyncio.gather(*(them.engine.wake(job) for _ in range(5)))
        assert 1 == len(them.asked)
        them.gates.pop(job.id).set()
        while len(them.asked) < 2:
            await them.flow(job).describe()
        await them.found(f"WorkflowId = '{job.id}' AND WanreelState = 'generating'", 1)
        await them.engine.wake(job)
        assert "succeeded" == await them.ends(job)
        assert len(them.asked) <= 3
        assert 1 == len(await them.found(f"WorkflowId = '{job.id}'", 1))


async def test_a_job_that_is_back_in_the_queue_is_forgotten_until_it_is_handed_over_again(
    service: TemporalServer,
) -> None:
    """The backlog is nothing to Temporal: its run ends, and the next admission begins another under the same id."""
    async with troupe(service, "queue") as them:
        job = them.job(3, QUEUED, DONE)
        await them.engine.wake(job, "first")
        assert "queued" == await them.ends(job)
        await them.engine.wake(job, "first")
        assert "succeeded" == await them.ends(job)
        assert 2 == len(await them.found(f"WorkflowId = '{job.id}'", 2))


async def test_a_turn_that_was_none_is_followed_by_another_a_little_later(service: TemporalServer) -> None:
    """A store that was away, a claim that somebody else had: it is asked again by the workflow itself."""
    async with troupe(service, "trouble") as them:
        job = them.job(4, Turn("", trouble=True), Turn("generating", wait_s=0.0), DONE)
        await them.engine.wake(job, "first")
        assert "succeeded" == await them.ends(job)
        assert 3 == len(them.asked)


async def test_a_long_history_is_continued_as_a_new_one(service: TemporalServer) -> None:
    """A job with very many turns goes on in a run of its own, found by the same attributes as before."""
    async with troupe(service, "long") as them:
        job = them.job(5, *[Turn("generating", wait_s=0.0)] * (TURNS_MAX + 1), DONE)
        await them.engine.wake(job, "first")
        assert "succeeded" == await them.ends(job)
        assert TURNS_MAX + 2 == len(them.asked)
        for status in ("ContinuedAsNew", "Completed"):  # said by the page some time after it is so
            await them.found(
                f"WorkflowId = '{job.id}' AND WanreelProject = 'spring' AND ExecutionStatus = '{status}'", 1
            )
        await them.found(f"WorkflowId = '{job.id}' AND WanreelState = 'succeeded'", 1)


async def test_nobody_at_temporals_page_breaks_off_a_paid_call(service: TemporalServer) -> None:
    """Whoever cancels or terminates a workflow there ends its sleep, not the turn that is taken; it begins again."""
    async with troupe(service, "hands") as them:
        for number, end in ((6, "terminate"), (7, "cancel")):
            job = them.job(number, RUNS, DONE)
            them.gates[job.id] = asyncio.Event()
            await them.engine.wake(job, "first")
            await them.entered.setdefault(job.id, asyncio.Event()).wait()
            await getattr(them.flow(job), end)()
            with pytest.raises(WorkflowFailureError):
                await them.ends(job)
            assert job.id not in them.ended
            them.gates.pop(job.id).set()
            while job.id not in them.ended:
                await them.flow(job).describe()
            await them.engine.wake(job)
            assert "succeeded" == await them.ends(job)


# --- coming in ------------------------------------------------------------------------------------------------------


async def nobody_takes(job_id: str, claimed_by: str) -> Turn:
    """A turn that is not asked for."""
    raise AssertionError(job_id)


async def test_a_namespace_that_is_not_there_is_said_at_once(service: TemporalServer) -> None:
    """A worker that can never work does not wait for ever."""
    engine = TemporalEngine(Place(service.address, namespace="nowhere"), ROOM)
    with pytest.raises(Invalid, match="temporal_namespace: is not there"):
        async with engine.working(nobody_takes, "first"):
            pass


async def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """Of a certificate, before anything is connected."""
    with pytest.raises(Invalid, match="temporal_ca: cannot be read"):
        await connect(Place("127.0.0.1:9", ca=tmp_path / "ca.pem"))


async def test_tls_where_there_is_none_is_not_a_connection(service: TemporalServer) -> None:
    """What was asked to be secret is not sent in the clear."""
    with pytest.raises(Unavailable, match="does not answer"):
        await connect(Place(service.address, tls=True))


async def test_a_service_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    """A worker may be started before Temporal; until it is there the store's jobs stay as they are."""
    server = TemporalServer(tmp_path, *free_ports(3))
    place = Place(server.address, queue="late")
    engine = TemporalEngine(place, ROOM)
    try:
        async with engine.working(nobody_takes, "first"):
            with pytest.raises(Unavailable, match="is not there"):
                await engine.wake(make_job())
            server.start()
            while engine._client is None:
                await asyncio.get_running_loop().run_in_executor(None, server.ask, "operator", "cluster", "health")
    finally:
        server.stop()
