"""The engine: begins and wakes the workflows of jobs, and takes their turns while this process works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.service import RPCError
from temporalio.worker import Worker

from wanreel.domain.errors import Invalid, Unauthorized, Unavailable, WanreelError
from wanreel.domain.job import Job, state_name
from wanreel.ports.engine import Room, TakeTurn
from wanreel.telemetry import ENGINE, log
from wanreel.temporal import words
from wanreel.temporal.flow import JobFlow
from wanreel.temporal.link import Place, connect, of_rpc
from wanreel.temporal.turning import Turning
from wanreel.temporal.words import Call, Order

ANSWER = timedelta(seconds=5)
AGAIN_S = 2.0  # after the service was not there


class TemporalEngine:
    """See `ports.Engine`."""

    def __init__(self, place: Place, room: Room) -> None:
        self._place = place
        self._room = room
        self._owner = ""
        self._client: Client | None = None
        self._stopping = asyncio.Event()

    @asynccontextmanager
    async def working(self, take: TakeTurn, owner: str) -> AsyncGenerator[None]:
        """Take turns while the block lasts; a service that is away is waited for. Raises Invalid, Unauthorized."""
        self._owner = owner
        self._stopping.clear()
        met = asyncio.get_running_loop().create_future()
        keeping = asyncio.get_running_loop().create_task(self._keep_working(take, met))
        try:
            await met
            yield
        finally:
            self._stopping.set()
            await keeping

    async def wake(self, job: Job, claimed_by: str = "") -> None:
        """See to it that a job takes its turn soon; see `ports.Engine`. Raises Unavailable."""
        if self._client is None:
            raise Unavailable(f"Temporal at {self._place.address} is not there")
        queue = words.own(self._place.queue, claimed_by) if claimed_by == self._owner else ""
        try:
            await self._client.start_workflow(
                JobFlow.run,
                Order(job.id),
                id=job.id,
                task_queue=self._place.queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=_attributes(job),
                start_signal=words.WAKE,
                start_signal_args=[Call(claimed_by, queue)],
                rpc_timeout=ANSWER,
            )
        except (RPCError, WorkflowFailureError) as why:
            said = of_rpc(why, self._place) if isinstance(why, RPCError) else why
            raise Unavailable(f"the workflow of {job.id} was not woken: {said}") from None

    async def _keep_working(self, take: TakeTurn, met: asyncio.Future[None]) -> None:
        """Work; where the service is away, or goes away for good, begin again."""
        while not self._stopping.is_set():
            try:
                client = await connect(self._place)
                log.info(ENGINE, state="reached", address=self._place.address, namespace=self._place.namespace)
                self._client = client
                _settle(met)
                await self._work(client, take)
            except (Invalid, Unauthorized) as why:
                if not met.done():
                    met.set_exception(why)
                    return
                log.error(ENGINE, state="refused", why=str(why))
            except WanreelError as why:
                log.error(ENGINE, state="away", why=str(why))
            except Exception:  # noqa: BLE001 - a bug here must not leave jobs without turns; it is logged whole
                log.exception(ENGINE, state="broke")
            _settle(met)
            self._client = None
            await self._rest()

    async def _work(self, client: Client, take: TakeTurn) -> None:
        """Take turns until told to stop, or until a worker gives up."""
        workers = self._workers(client, take)
        loop = asyncio.get_running_loop()
        told = loop.create_task(self._stopping.wait())
        running = [loop.create_task(worker.run()) for worker in workers]
        try:
            await asyncio.wait([told, *running], return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
            await asyncio.gather(*(worker.shutdown() for worker in workers), return_exceptions=True)
            for ended in await asyncio.gather(*running, return_exceptions=True):
                if isinstance(ended, Exception):
                    log.error(ENGINE, state="broke", why=str(ended))

    def _workers(self, client: Client, take: TakeTurn) -> list[Worker]:
        turning, room, queue = Turning(take), self._room, self._place.queue
        most = {words.own(queue, self._owner): room.submits, words.heavy(queue): room.clips}
        common = Worker(
            client,
            task_queue=queue,
            workflows=[JobFlow],
            activities=[turning.turn],
            max_concurrent_activities=room.looks,
            graceful_shutdown_timeout=timedelta(seconds=10),
        )
        return [
            common,
            *(
                Worker(
                    client,
                    task_queue=name,
                    activities=[turning.turn],
                    max_concurrent_activities=at_once,
                    graceful_shutdown_timeout=timedelta(seconds=10),
                )
                for name, at_once in most.items()
            ),
        ]

    async def _rest(self) -> None:
        """A while, or until told to stop."""
        try:
            async with asyncio.timeout(AGAIN_S):
                await self._stopping.wait()
        except TimeoutError:
            return


def _settle(met: asyncio.Future[None]) -> None:
    if not met.done():
        met.set_result(None)


def _attributes(job: Job) -> TypedSearchAttributes:
    values = {
        words.PROJECT: job.project,
        words.ACCOUNT: job.account.id,
        words.MODEL: job.request.model,
        words.STATE: state_name(job.state),
    }
    return TypedSearchAttributes(
        [SearchAttributePair(SearchAttributeKey.for_keyword(name), value) for name, value in values.items()]
    )
