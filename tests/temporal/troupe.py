"""A worker of a real Temporal service whose turns are told beforehand: what is tried is the workflow and the engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from temporalio.client import Client, WorkflowExecution, WorkflowHandle

from tests.factories import make_job, numbered_id
from tests.temporal.server import TemporalServer
from wanreel.domain.job import Job
from wanreel.ports.engine import Room, TakeTurn, Turn
from wanreel.temporal.engine import TemporalEngine
from wanreel.temporal.flow import JobFlow
from wanreel.temporal.link import Place, connect

ROOM = Room(submits=32, clips=8, looks=64)


@dataclass
class Troupe:
    """Who was asked for which turn, in order; `tells` says what each job's turns come to."""

    client: Client
    engine: TemporalEngine
    place: Place
    stack: AsyncExitStack
    tells: dict[str, list[Turn]] = field(default_factory=dict[str, list[Turn]])
    asked: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])  # worker, job, claimed by
    gates: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    entered: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    ended: list[str] = field(default_factory=list[str])

    async def hire(self, owner: str) -> TemporalEngine:
        """One more worker."""
        engine = TemporalEngine(self.place, ROOM)
        await self.stack.enter_async_context(engine.working(self.taker(owner), owner))
        return engine

    def taker(self, owner: str) -> TakeTurn:
        """What a worker does with a turn."""

        async def take(job_id: str, claimed_by: str) -> Turn:
            self.asked.append((owner, job_id, claimed_by))
            if job_id in self.gates:
                self.entered.setdefault(job_id, asyncio.Event()).set()
                await self.gates[job_id].wait()
            self.ended.append(job_id)
            return self.tells[job_id].pop(0)

        return take

    def job(self, number: int, *turns: Turn) -> Job:
        """A job with the turns it will take."""
        job = make_job(id=numbered_id("job", number), project="spring")
        self.tells[job.id] = list(turns)
        return job

    def flow(self, job: Job) -> WorkflowHandle[JobFlow, str]:
        """Its workflow."""
        return self.client.get_workflow_handle_for(JobFlow.run, job.id)

    async def ends(self, job: Job) -> str:
        """Wait for its workflow to end; the state it says."""
        return await self.flow(job).result()

    async def found(self, query: str, wanted: int) -> list[WorkflowExecution]:
        """What Temporal's page shows for a query, once it shows so many; its index is a moment behind."""
        while True:
            rows = [row async for row in self.client.list_workflows(query)]
            if len(rows) >= wanted:
                return rows


@asynccontextmanager
async def troupe(server: TemporalServer, queue: str) -> AsyncGenerator[Troupe]:
    """One worker, called `first`."""
    place = Place(server.address, queue=queue)
    async with AsyncExitStack() as stack:
        engine = TemporalEngine(place, ROOM)
        made = Troupe(await connect(place), engine, place, stack)
        await stack.enter_async_context(engine.working(made.taker("first"), "first"))
        yield made
