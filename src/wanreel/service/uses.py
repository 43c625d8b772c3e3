"""The service itself: submit, look, cancel, retry, resolve. Short reads and writes; the runner does the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Conflict, Invalid, Problem, Stale
from wanreel.domain.event import CancelAsked, Entry, Event, Found, GivenUp, NotFound, Pause, SlotKey
from wanreel.domain.job import Account, Job, Queued, Unconfirmed, is_final, state_name
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy
from wanreel.domain.request import Request
from wanreel.domain.turn import slot_key
from wanreel.domain.validate import Options
from wanreel.ports import Clock, Filter, Inputs, Jobs, Parked, Slots
from wanreel.service.order import Order, Planned
from wanreel.service.planning import plan


@dataclass(frozen=True, slots=True)
class Shop:
    """What the service is made of."""

    clock: Clock
    jobs: Jobs
    slots: Slots
    inputs: Inputs
    catalog: Catalog
    account: Account
    policy: Policy
    options: Options
    limit_of: Callable[[SlotKey], int]
    check_key: Callable[[], None]  # raises Unauthorized when no key is configured


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a queued job is not running yet."""

    words: str
    place: int  # how many of its account and model are in front of it
    slots: int
    in_use: int


class Service:
    """The use cases over one home."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def plan(self, order: Order) -> Planned:
        """Check and price an order without storing a job. Raises Invalid."""
        s = self._shop
        return await plan(order, s.catalog, s.account.region, s.options, s.inputs, s.clock)

    async def submit(self, order: Order, planned: Planned | None = None) -> list[Job]:
        """Make durable jobs of an order; the variants of one order form a group. Raises Invalid, Unavailable."""
        self._shop.check_key()
        planned = planned or await self.plan(order)
        return await self._shop.jobs.add(self._jobs_of(order, planned))

    async def submit_all(self, orders: Sequence[tuple[Order, Planned]], group: str | None = None) -> list[Job]:
        """Many orders as one group, all or none; those whose key is known already keep the job they have."""
        self._shop.check_key()
        jobs: list[Job] = []
        group = group or self._shop.clock.new_id("grp")
        for order, planned in orders:
            made = self._jobs_of(order, planned)
            jobs += [replace(job, group=group, index=len(jobs) + place) for place, job in enumerate(made)]
        return await self._shop.jobs.add(jobs)

    def _jobs_of(self, order: Order, planned: Planned) -> list[Job]:
        clock = self._shop.clock
        group = clock.new_id("grp") if planned.clips > 1 else None
        return [
            self._job(request, clock.now(), group, place, order, planned.clips)
            for place, request in enumerate(planned.requests)
        ]

    def _job(self, request: Request, now: float, group: str | None, place: int, order: Order, clips: int) -> Job:
        key = order.key if order.key is None or clips == 1 else f"{order.key}#{place}"
        return Job(
            id=self._shop.clock.new_id("job"),
            request=request,
            account=self._shop.account,
            state=Queued(due_at=now),
            created_at=now,
            group=group,
            index=place,
            key=key,
            name=order.name,
        )

    async def get(self, job_id: str) -> Job:
        """A job by its id or an unambiguous beginning of it. Raises NotFound, Conflict."""
        if len(job_id) >= len("job_") + 26:
            return await self._shop.jobs.get(job_id)
        found = await self._shop.jobs.find(Filter(ids=(job_id,), limit=2))
        if len(found) > 1:
            raise Conflict(f"{job_id} is the beginning of several job ids; give more of it")
        return found[0] if found else await self._shop.jobs.get(job_id)

    async def list(self, which: Filter) -> list[Job]:
        """Jobs by filter, newest first."""
        return await self._shop.jobs.find(which)

    async def history(self, job_id: str) -> list[Entry]:
        """Everything that happened to a job, oldest first."""
        return await self._shop.jobs.history((await self.get(job_id)).id)

    async def cancel(self, job_id: str, *, discard: bool = False) -> Job:
        """Ask that a job be stopped. What the vendor has begun is paid for, and kept unless `discard`.
        Raises Conflict when it has ended already.
        """
        return await self._tell(job_id, CancelAsked(discard), _not_ended)

    async def resolve(self, job_id: str, event: Found | NotFound | GivenUp) -> Job:
        """A person settles a doubt. Raises Conflict when the job is in none, TaskTaken when the task is another's."""
        if isinstance(event, Found) and not event.task_id.strip():
            raise Invalid("", (Problem("adopt", "needs the vendor's task id"),))
        return await self._tell(job_id, event, _in_doubt)

    async def retry(self, job_id: str) -> Job:
        """Repeat an ended job as a new one that names the old. Raises Conflict when it has not ended, or succeeded."""
        old = await self.get(job_id)
        if not is_final(old):
            raise Conflict(f"{old.id} is still {state_name(old.state)}; only an ended job can be retried")
        clock = self._shop.clock
        now = clock.now()
        fresh = Job(
            id=clock.new_id("job"),
            request=old.request,
            account=self._shop.account,
            state=Queued(due_at=now),
            created_at=now,
            group=old.group,
            index=old.index,
            name=old.name,
            retry_of=old.id,
        )
        return (await self._shop.jobs.add([fresh]))[0]

    async def waiting(self, job: Job) -> Waiting | None:
        """Why a queued job waits, and its place in the line; None for any other state."""
        state = job.state
        if not isinstance(state, Queued):
            return None
        s, key, now = self._shop, slot_key(job), self._shop.clock.now()
        in_use = (await s.slots.in_use(now)).get(key, 0)
        limit = s.limit_of(key)
        queue = [j for j in await s.jobs.find(Filter(states=("queued",), limit=100_000)) if slot_key(j) == key]
        place = sum((j.created_at, j.index, j.id) < (job.created_at, job.index, job.id) for j in queue)
        park = next((p.park for p in await s.slots.parks(now) if p.park.key.covers(key)), None)
        if park is not None:
            words = f"held back for another {max(0, park.until - now):.0f} s: {park.why}"
        elif state.why and state.due_at > now:
            words = f"tried again in {state.due_at - now:.0f} s: {state.why}"
        elif in_use >= limit:
            words = f"all {limit} slots of {key.model} are in use"
        else:
            words = "next to be sent" if place == 0 else f"{place} in front of it"
        return Waiting(words, place, limit, in_use)

    async def attention(self, job: Job) -> str | None:
        """What a person has to do before this job can move; None when it moves by itself."""
        state = job.state
        if isinstance(state, Unconfirmed):
            return (
                f"The answer to the paid call was lost ({state.why}), so it is not sent again by itself. Look in the "
                f"vendor's console for a task sent at about {_clock_words(state.intent.at)} UTC, then: "
                f"wanreel jobs resolve {job.id} --adopt TASK | --resubmit | --give-up"
            )
        if not isinstance(state, Queued):
            return None
        key = slot_key(job)
        for parked in await self._shop.slots.parks(self._shop.clock.now()):
            if parked.park.kind in (Pause.ACCOUNT, Pause.MODEL) and parked.park.key.covers(key):
                return f"The vendor refuses this account: {parked.park.why}. Mend that; the job waits and is not lost."
        return None

    async def parks(self) -> list[Parked]:
        """What is held back now, and why."""
        return await self._shop.slots.parks(self._shop.clock.now())

    async def _tell(self, job_id: str, event: Event, allowed: Callable[[Job], None]) -> Job:
        """Commit a person's event on the job as it stands, reading again when somebody was quicker."""
        job = await self.get(job_id)
        s = self._shop
        while True:
            allowed(job)
            change = transition(job, event, s.clock.now(), s.policy, s.clock.draw())
            if change.late:
                return job
            try:
                return await s.jobs.commit(change)
            except Stale:
                job = await s.jobs.get(job.id)


def _clock_words(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _not_ended(job: Job) -> None:
    if is_final(job):
        raise Conflict(f"{job.id} has ended already: {state_name(job.state)}")


def _in_doubt(job: Job) -> None:
    if not isinstance(job.state, Unconfirmed):
        raise Conflict(f"{job.id} is {state_name(job.state)}, not unconfirmed: there is no doubt to resolve")
