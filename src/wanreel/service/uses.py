"""The service itself: submit, look, cancel, retry, resolve. Short reads and writes; the runner does the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from wanreel import spans
from wanreel.domain.capacity import RUN_S, capacity
from wanreel.domain.catalog import Catalog
from wanreel.domain.doubt import outlook as doubt_outlook
from wanreel.domain.errors import Conflict, Invalid, Problem, Stale
from wanreel.domain.errors import NotFound as Missing
from wanreel.domain.event import (
    ALL,
    FOREVER,
    CancelAsked,
    Entry,
    Event,
    Found,
    GivenUp,
    NotFound,
    Park,
    Pause,
    SlotKey,
)
from wanreel.domain.facts import Facts
from wanreel.domain.group import Group, Kind, Seeds
from wanreel.domain.job import Account, Job, Queued, Succeeded, Unconfirmed, is_final, state_name
from wanreel.domain.labels import PROJECT
from wanreel.domain.lifecycle import transition
from wanreel.domain.mark import tags_of
from wanreel.domain.policy import DAY_S, Policy
from wanreel.domain.request import Link, Media, Request, Stored, draft_of
from wanreel.domain.runtimes import about
from wanreel.domain.slots import allowed
from wanreel.domain.validate import Options, validate
from wanreel.money.books import Books
from wanreel.money.budget import Foreseen, foresee
from wanreel.ports.clock import Clock
from wanreel.ports.inputs import Inputs
from wanreel.ports.jobs import Filter, Jobs
from wanreel.ports.ledger import Ledger
from wanreel.ports.overview import Overview, Sight
from wanreel.ports.reviews import Marks
from wanreel.ports.slots import Holds, Parked, Slots
from wanreel.ports.watching import Watching
from wanreel.service.accounts import Accounts
from wanreel.service.batch import PlannedRow, Row, at_line, changed_rows, over_cap, refusal, same_wish
from wanreel.service.linting import remarks_beside
from wanreel.service.order import Order, Planned
from wanreel.service.placing import Placing
from wanreel.service.planning import plan
from wanreel.service.standing import (
    Moment,
    Progress,
    Waiting,
    attention,
    held_slots,
    needs_moment,
    outlook_of,
    parked_words,
    progress,
    waiting,
)

ID_CHARS = len("job_") + 26  # of a whole id; a spare's is longer and begins like its job's


async def _as_they_were() -> None:
    """Prices that never change."""


@dataclass(frozen=True, slots=True)
class Shop:
    """What the service is made of."""

    clock: Clock
    jobs: Jobs
    slots: Slots
    holds: Holds
    ledger: Ledger
    watching: Watching
    marks: Marks
    overview: Overview
    inputs: Inputs
    catalog: Catalog
    accounts: Accounts
    books: Books
    policy: Policy
    options: Options
    check_key: Callable[[], None]  # raises Unauthorized when no key is configured
    holdups: Callable[[], Awaitable[Callable[[Job], str]]]  # what would keep a job back that has a slot; "": nothing
    project: str = PROJECT  # of orders that name none
    refuse_over_budget: bool = False  # what there is no money for ends at once, instead of waiting
    look_at_prices: Callable[[], Awaitable[None]] = _as_they_were  # takes in what somebody has changed of them


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch: its jobs in the order of its rows, and what was not bought again."""

    jobs: tuple[Job, ...]
    known: int  # jobs that were ordered before
    changed: tuple[Row, ...]  # rows that say something else than what was ordered under their id


class Service:
    """The use cases over one home."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._placing = Placing(shop.clock, shop.slots, shop.holds, shop.accounts)

    async def plan(self, order: Order) -> Planned:
        """Check and price an order without storing a job. Raises Invalid."""
        s = self._shop
        await s.look_at_prices()
        return await plan(order, s.books, self._main.region, s.options, s.inputs, s.clock, s.project)

    def check_key(self) -> None:
        """Raises Unauthorized when no key is configured."""
        self._shop.check_key()

    def for_others(self) -> Service:
        """The same for a process that only takes orders: the key is the worker's, wherever it is."""
        return Service(replace(self._shop, check_key=lambda: None))

    async def foresee(self, orders: Sequence[tuple[Order, Planned]]) -> Foreseen:
        """What budgets and wrong prices would say to these orders, sent now in a row. Nothing is reserved."""
        s, now = self._shop, self._shop.clock.now()
        jobs = [job for order, planned in orders for job in self._jobs_of(order, planned)]
        wanted = [(job, s.books.wanted(job, now)) for job in jobs]
        return foresee(wanted, await s.ledger.budgets(now), await s.ledger.overruns(), refuse=s.refuse_over_budget)

    async def submit(self, order: Order, planned: Planned | None = None) -> list[Job]:
        """Make durable jobs of an order; the variants of one order form a group. An order whose key is known already
        gets the jobs it made. Raises Invalid, Unauthorized, Unavailable, Conflict (the key, for something else).
        """
        self.check_key()
        planned = planned or await self.plan(order)
        jobs = await self._placing.placed(self._jobs_of(order, planned))
        if order.key is None:
            return await self._add(jobs, _variants(jobs, planned))
        # The first one tells whether the key speaks of this order at all, before the others are stored.
        first = (await self._add(jobs[:1], _variants(jobs, planned)))[0]
        if order.ask is None and not same_wish(planned.requests[0], first, seed_given=order.seed not in (None, "")):
            raise Conflict(f"the key {order.key!r} stands for another order already ({first.id}): give a new key")
        rest = [replace(job, group=first.group or jobs[0].group) for job in jobs[1:]]
        return [first, *await self._add(rest)]

    async def _add(self, jobs: Sequence[Job], group: Group | None = None) -> list[Job]:
        """Store jobs; each that is new begins its trace."""
        kept = await self._shop.jobs.add(jobs, group)
        if spans.traced():
            made = {job.id for job in jobs}
            for job in kept:
                if job.id in made:
                    _trace(job)
        return kept

    async def plan_batch(self, rows: Sequence[Row], file_name: str) -> list[PlannedRow]:
        """Check and price every row. Raises Invalid with the problems of all rows, each with its line."""
        planned: list[PlannedRow] = []
        problems: list[Problem] = []
        for row in rows:
            try:
                planned.append(PlannedRow(row, await self.plan(row.order)))
            except Invalid as wrong:
                problems += at_line(row.line, wrong)
        problems += over_cap(planned)
        if problems:
            raise refusal(file_name, problems)
        return planned

    async def submit_batch(self, rows: Sequence[PlannedRow]) -> Batch:
        """Rows as one group, all or none; those whose key is known already keep the jobs they have.
        Raises Unauthorized, Unavailable.
        """
        self.check_key()
        group = self._shop.clock.new_id("grp")
        fresh: list[Job] = []
        for item in rows:
            made = self._jobs_of(item.row.order, item.planned)
            fresh += [replace(job, group=group, index=len(fresh) + place) for place, job in enumerate(made)]
        jobs = await self._add(await self._placing.placed(fresh), _batch(group, fresh))
        known = sum(job.group != group for job in jobs)
        return Batch(tuple(jobs), known, tuple(changed_rows(list(rows), jobs)))

    def _jobs_of(self, order: Order, planned: Planned) -> list[Job]:
        now = self._shop.clock.now()
        group = self._shop.clock.new_id("grp") if planned.clips > 1 else None
        made = (now, group, order, planned)
        return [self._job(request, place, *made) for place, request in enumerate(planned.requests)]

    def _job(self, request: Request, place: int, now: float, group: str | None, order: Order, planned: Planned) -> Job:
        return Job(
            id=self._shop.clock.new_id("job"),
            request=request,
            account=self._main,
            state=Queued(due_at=now),
            created_at=now,
            group=group,
            index=place,
            key=clip_key(order.key, place),
            name=order.name,
            ask=order.ask,
            project=planned.project,
            tags=planned.tags,
            priority=planned.priority,
            remarks=planned.remarks,
            bound=lies_at_the_vendor(request),
            max_cost=planned.max_cost,
            group_max_cost=planned.group_max_cost,
        )

    @property
    def _main(self) -> Account:
        return self._shop.accounts.main.account

    async def get(self, job_id: str) -> Job:
        """A job by its id or an unambiguous beginning of it. Raises NotFound, Conflict, Invalid (names none)."""
        if len(job_id) <= len("job_"):  # an empty variable in a script must not cancel the only job there is
            raise Invalid("", (Problem("job", "must be a job's id, or the beginning of one: job_ and more", job_id),))
        if len(job_id) >= ID_CHARS:
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

    async def cancel(self, job_id: str, *, discard: bool = False, seen: Job | None = None) -> Job:
        """Ask that a job be stopped. What the vendor has begun is paid for, and kept unless `discard`. `seen` is the
        job as it was just read, where it was. Raises Conflict when it has ended already.
        """
        return await self._tell(seen or await self.get(job_id), CancelAsked(discard), _not_ended)

    async def resolve(self, job_id: str, event: Found | NotFound | GivenUp) -> Job:
        """A person settles a doubt. Raises Conflict when the job is in none, TaskTaken when the task is another's."""
        s = self._shop
        if not isinstance(event, Found):  # said first: should the person be wrong, a task of nobody's is out there
            job = await self.get(job_id)
            _in_doubt(job)
            await s.watching.note(job.account.id, Facts(overruled_at=s.clock.now()))
        return await self._tell(await self.get(job_id), event, _in_doubt)

    async def retry(self, job_id: str, *, key: str | None = None, ask: str | None = None) -> Job:
        """Repeat an ended job as a new one that names the old; with a known key, the one that was made then. Raises
        Conflict when it has not ended, or succeeded, or the key stands for something else.
        """
        old = await self.get(job_id)
        if not is_final(old):
            raise Conflict(f"{old.id} is still {state_name(old.state)}; only an ended job can be retried")
        if isinstance(old.state, Succeeded):
            raise Conflict(f"{old.id} has succeeded and its clip is kept; order it anew if you want to pay for another")
        return await self.anew(old, old.request, key=key, ask=ask)

    async def anew(self, old: Job, request: Request, *, key: str | None = None, ask: str | None = None) -> Job:
        """A new job in the place of one that has ended, for the same wish or nearly. Whether it may be, the caller has
        looked at.
        """
        made = await self._after(old, request)
        fresh = replace(made, group=old.group, index=old.index, group_max_cost=old.group_max_cost, key=key, ask=ask)
        return (await self._add(await self._placing.placed([fresh])))[0]

    async def remix(self, old: Job, prompt: str, *, key: str | None = None, ask: str | None = None) -> Job:
        """A new job of the request of another one with other words, its seed and pictures kept; it belongs to no group.
        Raises Invalid, Unauthorized, Unavailable, Conflict (the key, for something else).
        """
        self.check_key()
        s, draft = self._shop, replace(draft_of(old.request), prompt=prompt)
        checked = validate(draft, s.catalog, self._main.region, s.options).request
        for media in checked.media:
            if isinstance(media.source, Stored):
                _still_there(s.inputs, media)
        said = await remarks_beside(checked, s.catalog)
        fresh = replace(await self._after(old, checked), key=key, ask=ask, remarks=said)
        return (await self._add(await self._placing.placed([fresh])))[0]

    async def _after(self, old: Job, request: Request) -> Job:
        """A new job for what another one was wanted for, outside its group; its tags are those the other has now."""
        now = self._shop.clock.now()
        marks = await self._shop.marks.marks([old.id])
        return Job(
            id=self._shop.clock.new_id("job"),
            request=request,
            account=self._main,
            state=Queued(due_at=now),
            created_at=now,
            name=old.name,
            retry_of=old.id,
            project=old.project,
            tags=tags_of(old, marks.get(old.id)),
            priority=old.priority,
            remarks=old.remarks,
            bound=lies_at_the_vendor(request),
            max_cost=old.max_cost,
        )

    async def look(self, job_id: str) -> Sight:
        """A job by its whole id, with what is said beside it, in one look at the store. Raises NotFound."""
        return await self._shop.overview.sight(job_id)

    async def moment(self) -> Moment:
        """What holds for every job just now: how jobs stand is read off it."""
        s, now = self._shop, self._shop.clock.now()
        line, held = await asyncio.gather(s.overview.line(now), s.holdups())
        return Moment(now, line, s.accounts.limit_of, held_slots(line.doubtful, now, s.policy), held, s.policy)

    async def waiting(self, job: Job) -> Waiting | None:
        """Why a queued job waits, and its place in the line; None for any other state."""
        if not isinstance(job.state, Queued):
            return None
        moment, places = await asyncio.gather(self.moment(), self._shop.holds.ahead([job]))
        return waiting(job, places.get(job.id, 0), moment)

    async def outlook(self, job: Job) -> str | None:
        """How far a running job may be, from what such clips took, or what comes next of a doubt; None while too little
        is known, or it is neither.
        """
        if isinstance(job.state, Unconfirmed):
            return doubt_outlook(job.state, self._shop.policy, self._shop.clock.now())
        return outlook_of(job, await self._shop.watching.runtimes(), self._shop.clock.now())

    async def progress(self, jobs: Iterable[Job], moment: Moment) -> dict[str, Progress]:
        """How unfinished jobs are getting on, by id: why and how long a queued one waits, how far a running one may be.
        One look, however many they are; those that have ended are left out.
        """
        asked = [job for job in jobs if needs_moment(job)]
        queued = [job for job in asked if isinstance(job.state, Queued)]
        places = await self._shop.holds.ahead(queued)
        return {job.id: progress(job, places.get(job.id, 0), moment) for job in asked}

    async def attention(self, jobs: Iterable[Job]) -> dict[str, str]:
        """What a person has to do, by the id of each of these jobs that cannot move before."""
        asked = list(jobs)
        moment = await self.moment() if any(isinstance(job.state, Queued | Unconfirmed) for job in asked) else None
        return {job.id: words for job in asked if moment is not None and (words := attention(job, moment))}

    def out_of_reach(self, job: Job) -> str | None:
        """Why this process, working the home, cannot move an unfinished job: it belongs to another address."""
        accounts, here = self._shop.accounts, self._main.base_url
        known = accounts.known(job.account)
        if is_final(job) or (known is not None and (known.keys or known is accounts.main)):
            return None
        if known is not None:
            return f"It belongs to account {job.account.id}, for which this process has no key: set one."
        if len(accounts.all()) > 1:
            return (
                f"It belongs to account {job.account.id} at {job.account.base_url}, which is not among the accounts of "
                f"this process ({', '.join(k.account.id for k in accounts.all())}): set it up again."
            )
        return (
            f"It was ordered from {job.account.base_url}, and this process is set up for {here}: "
            "give it that address (--base-url, WANREEL_VENDOR_URL) and its key."
        )

    def account(self, name: str) -> Account:
        """An account by its name. Raises NotFound."""
        return self._shop.accounts.get(name).account

    async def hold(self, key: SlotKey, why: str, project: str = "") -> Park:
        """Send nothing more on a key (of "*" models: on the whole account), or of a project, until `resume`."""
        park = Park(key, Pause.HAND, FOREVER, why or "no reason given", project)
        await self._shop.holds.hold(park, self._shop.clock.now())
        return park

    async def resume(self, account: str, model: str = ALL) -> int:
        """End every park of an account (or what was held by hand of one model of it), by hand or not, and forget what
        refusals have taught about its limits; how many things that were.
        """
        ended = await self._shop.holds.resume(SlotKey(account, model))
        if model == ALL:
            ended += await self._shop.slots.lift(account) + await self._shop.holds.unlearn(account)
        return ended

    async def resume_project(self, project: str) -> int:
        """Let the jobs of a project go on; whether they were held, as a count."""
        return await self._shop.holds.resume(SlotKey(ALL, ALL), project)

    async def accounts(self) -> list[dict[str, Any]]:
        """Every account as plain values: what it may do, what it does, and what is held back. No key among it."""
        s, now = self._shop, self._shop.clock.now()
        in_use, waiting, learned = await s.slots.in_use(now), await s.holds.waiting(), await s.holds.learned()
        parks = [parked.park for parked in await s.slots.parks(now)]
        names = [known.account.id for known in s.accounts.all()]
        names += sorted({key.account for key in (*in_use, *waiting)} - set(names))
        rows: list[dict[str, Any]] = []
        for name in names:
            known = next((k for k in s.accounts.all() if k.account.id == name), None)
            keys = sorted({k for k in (*in_use, *waiting, *learned) if k.account == name}, key=lambda key: key.model)
            models = [
                {
                    "model": key.model,
                    "slots": allowed(s.accounts.limit_of(key), learned.get(key), now),
                    "running": in_use.get(key, 0),
                    "waiting": waiting.get(key, 0),
                    "learned": f" (a refusal said {learned[key].slots})" if key in learned else "",
                }
                for key in keys
            ]
            held = [f"{parked_words(p)}: {p.why}" for p in parks if p.key.account in (name, ALL)]
            rows.append(
                {
                    "account": name,
                    "region": known.account.region if known else "",
                    "base_url": known.account.base_url if known else "",
                    "keys": len(known.keys) if known else 0,
                    "running": sum(in_use.get(key, 0) for key in keys),
                    "waiting": sum(waiting.get(key, 0) for key in keys),
                    "models": models,
                    "held": held,
                }
            )
        return rows

    async def slots_for(self, model: str, per_day: float, run_s: float | None = None) -> dict[str, Any]:
        """What so many clips of a model a day need, with the accounts that share the work. Raises Invalid."""
        accounts, main = self._shop.accounts, self._main
        if not any(model in known.slots for known in accounts.all()):  # whoever set its slots up knows it
            self._shop.catalog.must_know(model)
        found = self._shop.catalog.resolve(model, main.region).model
        pool = accounts.pool(main.region) or (main,)
        slots = sum(accounts.limit_of(SlotKey(account.id, found.id)) for account in pool)
        learned_s = (await self._shop.watching.runtimes()).mean_s(found.id)
        runs_s = run_s or learned_s or RUN_S
        need = capacity(per_day, runs_s, slots)
        enough = need.slots_needed <= slots
        counts, names = await self._shop.holds.waiting(), {account.id for account in pool}
        waiting = sum(jobs for key, jobs in counts.items() if key.model == found.id and key.account in names)
        last_s = waiting * runs_s / max(slots, 1)
        late = "; more than these slots make in a day" if last_s > DAY_S else ""
        more = f"{need.slots_needed - slots} more concurrent tasks of {found.id} in {main.region}, or another account"
        return {
            "model": found.id,
            "clips_a_day": per_day,
            "run_s": round(runs_s, 1),
            "slots_now": slots,
            "slots_needed": need.slots_needed,
            "busy": f"{need.busy:.0%}",
            "wait": "for ever: more comes than can be made"
            if need.wait_s == inf
            else f"{need.wait_s:.0f} s on average",
            "waiting_now": f"{waiting}, the last for about {about(last_s)}{late}" if waiting else "nothing",
            "to_ask_for": "nothing: there are enough" if enough else more,
        }

    async def parks(self) -> list[Parked]:
        """What is held back now, and why."""
        return await self._shop.slots.parks(self._shop.clock.now())

    async def _tell(self, job: Job, event: Event, allowed: Callable[[Job], None]) -> Job:
        """Commit a person's event on a job as it was read, reading again when somebody was quicker."""
        s = self._shop
        while True:
            allowed(job)
            change = s.books.enter(job, transition(job, event, s.clock.now(), s.policy, s.clock.draw()))
            if change.late:
                return job
            try:
                return await s.jobs.commit(change)
            except Stale:
                job = await s.jobs.get(job.id)


def _trace(job: Job) -> None:
    """The first span of a job's trace."""
    facts = {spans.PROJECT: job.project, spans.MODEL: job.request.model, spans.ACCOUNT: job.account.id}
    with spans.opened(spans.ORDER, spans.Sort.PRODUCER, facts, job=job.id, first=True) as span:
        if job.group is not None:
            span.note(spans.GROUP, job.group)


def _still_there(inputs: Inputs, media: Media) -> None:
    """Raises Invalid where the copy of an input has been removed."""
    assert isinstance(media.source, Stored)
    try:
        inputs.path(media.source.sha256)
    except Missing:
        words = "is not kept any more: order anew and give it again"
        raise Invalid("", (Problem(media.role, words, media.source.name),)) from None


def _variants(jobs: Sequence[Job], planned: Planned) -> Group | None:
    """The record of an order's group; None where it makes a single clip."""
    first = jobs[0]
    if first.group is None:
        return None
    return Group(
        first.group, Kind.VARIANTS, first.project, first.created_at, planned.clips, planned.seeds, name=first.name
    )


def _batch(group: str, jobs: Sequence[Job]) -> Group | None:
    if not jobs:
        return None
    return Group(group, Kind.BATCH, jobs[0].project, jobs[0].created_at, len(jobs), Seeds.MIXED)


def clip_key(key: str | None, place: int) -> str | None:
    """The unique key of an order's clip number `place`. Doubling the mark in what users write keeps them apart."""
    if key is None:
        return None
    own = key.replace("#", "##")
    return own if place == 0 else f"{own}#{place}"


def _not_ended(job: Job) -> None:
    if is_final(job):
        raise Conflict(f"{job.id} has ended already: {state_name(job.state)}")


def _in_doubt(job: Job) -> None:
    if not isinstance(job.state, Unconfirmed):
        raise Conflict(f"{job.id} is {state_name(job.state)}, not unconfirmed: there is no doubt to resolve")


def lies_at_the_vendor(request: Request) -> bool:
    """Whether a request names a file in the vendor's temporary storage, which only one account can read (FS §7)."""
    return any(isinstance(m.source, Link) and m.source.url.lower().startswith("oss://") for m in request.media)
