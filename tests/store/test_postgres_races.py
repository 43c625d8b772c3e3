"""Several processes in one PostgreSQL database at the same moment: limits, budgets, claims and numbers hold.

Each store here has connections of its own, as another process has. Where a guard is what makes it so, the same race
is run without it, to see that the race is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from tests.contract.stores import submitting
from tests.factories import NOW, make_account, make_change, make_job, make_task
from wanreel.domain.booking import Booking, Kind
from wanreel.domain.errors import BudgetReached, Conflict, Stale, TaskTaken
from wanreel.domain.event import Change
from wanreel.domain.facts import Facts
from wanreel.domain.job import Generating, Job
from wanreel.domain.policy import Policy
from wanreel.domain.runtimes import RunKind, RunTime
from wanreel.domain.turn import slot_key
from wanreel.money.budget import Budget
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.store.postgres.store import PostgresStore
from wanreel.store.sql import changes, claims, ledger, locks

LIMIT = 3
FAR = NOW + 1e6


class ReadsFirst(PostgresStore):
    """A store with a planted bug: what decides is read before the turn is taken."""

    async def begin(self, change: Change, now: float, quiet_s: float, claimed_until: float) -> bool:
        key = slot_key(change.job)
        held = await self._read(lambda conn: claims.held(conn, key, now))
        if held >= LIMIT or await self._read(lambda conn: claims.in_the_air(conn, key, now, quiet_s)):
            return False
        await self._read(lambda conn: ledger.affordable(conn, replace(change, money=())))
        for booking in change.money:
            stop = await self.stop(change.job, booking, now)
            if stop is not None:
                raise BudgetReached(stop.why)
        await self._write(lambda conn: changes.write(conn, change, self._policy, claimed_until))
        return True


@pytest.fixture
async def stores(pg_url: str) -> AsyncIterator[Sequence[PostgresStore]]:
    """Three processes' stores."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(PostgresStore(pg_url, lambda _key: LIMIT, Policy())) for _ in range(3)]


@pytest.fixture
async def careless(pg_url: str) -> AsyncIterator[Sequence[PostgresStore]]:
    """Three processes' stores, all with the planted bug."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(ReadsFirst(pg_url, lambda _key: LIMIT, Policy())) for _ in range(3)]


async def _send(stores: Sequence[PostgresStore], jobs: Sequence[Job], quiet_s: float, cost: Decimal | None) -> int:
    """Every job is sent at the same moment, by one process or another; how many were let through."""

    async def one(number: int, job: Job) -> bool:
        money = () if cost is None else (_reserve(job, cost),)
        try:
            return await stores[number % 3].begin(submitting(job, NOW, money=money), NOW, quiet_s, NOW + 60)
        except BudgetReached:
            return False

    return sum(await asyncio.gather(*(one(number, job) for number, job in enumerate(jobs))))


def _reserve(job: Job, amount: Decimal) -> Booking:
    return Booking(
        id=f"reserve:{job.id}",
        kind=Kind.RESERVE,
        at=NOW,
        holder=job.id,
        job=job.id,
        project=job.project,
        account=job.account.id,
        model=job.request.model,
        currency="CNY",
        group=job.group,
        amount=amount,
    )


async def _of_one_key(store: PostgresStore, count: int = 12) -> list[Job]:
    return await store.add([make_job(id=f"job_{n}", at=NOW) for n in range(count)])


async def _of_many_keys(store: PostgresStore, count: int = 12, **how: Any) -> list[Job]:
    """Jobs whose slots have nothing to do with each other: only their money does."""
    return await store.add(
        [make_job(id=f"job_{n}", at=NOW, account=make_account(f"a{n}"), **how) for n in range(count)]
    )


# --- slots ----------------------------------------------------------------------------------------------------------


async def test_no_more_are_sent_than_there_are_slots(stores: Sequence[PostgresStore]) -> None:
    """Twelve at once, three slots: three go."""
    assert LIMIT == await _send(stores, await _of_one_key(stores[0]), 0.0, None)
    assert [LIMIT] == list((await stores[1].in_use(NOW)).values())


async def test_slots_read_before_the_turn_are_caught(careless: Sequence[PostgresStore]) -> None:
    """The same race without the guard sends more than there are slots."""
    assert await _send(careless, await _of_one_key(careless[0]), 0.0, None) > LIMIT


async def test_one_call_of_a_key_is_in_the_air(stores: Sequence[PostgresStore]) -> None:
    """Twelve at once, and the calls are to be told apart: one goes."""
    assert 1 == await _send(stores, await _of_one_key(stores[0]), 10.0, None)


async def test_no_work_is_handed_out_twice(stores: Sequence[PostgresStore]) -> None:
    """Whoever claims at the same moment gets different jobs, and together all of them."""
    await stores[0].add([make_job(Generating, id=f"job_{n:02}", task_id=f"t{n}", at=NOW) for n in range(30)])
    asked = [Claim(Lane.WATCH, f"w{n}", NOW + 900, NOW + 960, 5, FAR) for n in range(12)]
    got = await asyncio.gather(*(stores[n % 3].claim(claim) for n, claim in enumerate(asked)))
    ids = [job.id for jobs in got for job in jobs]
    assert len(ids) == len(set(ids))
    rest = await stores[0].claim(Claim(Lane.WATCH, "w", NOW + 900, NOW + 960, 50, FAR))
    assert 30 == len(ids) + len(rest)


async def test_a_queue_hands_out_one_job_a_key(stores: Sequence[PostgresStore]) -> None:
    """However many ask for queued work at the same moment, no job has two owners and no slot two jobs."""
    await _of_one_key(stores[0])
    asked = [Claim(Lane.SUBMIT, f"w{n}", NOW, NOW + 60, 16, FAR) for n in range(12)]
    got = await asyncio.gather(*(stores[n % 3].claim(claim) for n, claim in enumerate(asked)))
    ids = [job.id for jobs in got for job in jobs]
    assert len(ids) == len(set(ids))
    assert 1 <= len(ids) <= LIMIT


# --- money ----------------------------------------------------------------------------------------------------------


async def test_a_budget_is_not_spent_twice(stores: Sequence[PostgresStore]) -> None:
    """Twelve accounts send at once from a budget for five: five go."""
    await stores[0].put_budget(Budget("*", "day", Decimal(5), "CNY", "UTC"))
    assert 5 == await _send(stores, await _of_many_keys(stores[0]), 0.0, Decimal(1))


async def test_a_budget_read_before_the_turn_is_caught(careless: Sequence[PostgresStore]) -> None:
    """The same race without the guard spends more than there is."""
    await careless[0].put_budget(Budget("*", "day", Decimal(5), "CNY", "UTC"))
    assert await _send(careless, await _of_many_keys(careless[0]), 0.0, Decimal(1)) > 5


async def test_the_cap_of_a_group_is_not_spent_twice(stores: Sequence[PostgresStore]) -> None:
    """Variants on different accounts share their cap at the same moment too, where nobody has set a budget."""
    jobs = await _of_many_keys(stores[0], group="g", group_max_cost=Decimal(4))
    assert 4 == await _send(stores, jobs, 0.0, Decimal(1))


async def test_a_budget_that_is_set_anew_guards_all_the_while(stores: Sequence[PostgresStore]) -> None:
    """Nothing slips through while a budget of nothing is replaced by a budget of nothing, again and again."""
    jobs = await _of_many_keys(stores[0], 24)
    await stores[0].put_budget(Budget("*", "day", Decimal(0), "CNY", "UTC"))

    async def keep_setting() -> None:
        for _ in range(12):
            await stores[2].put_budget(Budget("*", "day", Decimal(0), "CNY", "UTC"))

    sent, _ = await asyncio.gather(_send(stores, jobs, 0.0, Decimal(1)), keep_setting())
    assert 0 == sent


# --- what is written once -------------------------------------------------------------------------------------------


async def test_a_key_stands_for_one_job(stores: Sequence[PostgresStore]) -> None:
    """An order that comes ten times at once is one job, and everybody is told which."""
    orders = [make_job(id=f"job_{n}", key="order-1", ask="same") for n in range(10)]
    got = await asyncio.gather(*(stores[n % 3].add([job]) for n, job in enumerate(orders)))
    assert 1 == len({job.id for jobs in got for job in jobs})
    assert 1 == len(await stores[0].find(Filter()))


async def test_another_order_under_a_taken_key_is_refused(stores: Sequence[PostgresStore]) -> None:
    """Two different orders under one key at the same moment: one is stored, the other is a conflict."""
    orders = [make_job(id=f"job_{n}", key="order-1", ask=f"ask {n}") for n in range(2)]
    got = await asyncio.gather(*(stores[n].add([job]) for n, job in enumerate(orders)), return_exceptions=True)
    assert 1 == sum(isinstance(one, Conflict) for one in got)


async def test_a_change_is_made_once(stores: Sequence[PostgresStore]) -> None:
    """Of ten changes on the same version one is written, and the others are told that they were late."""
    [job] = await stores[0].add([make_job(id="job_1")])
    made = [make_change(job, Generating(make_task(f"t{n}"), NOW)) for n in range(10)]
    tries = (stores[n % 3].commit(one) for n, one in enumerate(made))
    got = await asyncio.gather(*tries, return_exceptions=True)
    assert 9 == sum(isinstance(one, Stale) for one in got)
    assert 1 == len(await stores[0].history("job_1"))


async def test_a_task_belongs_to_one_job(stores: Sequence[PostgresStore]) -> None:
    """Two jobs that claim the same task at the same moment: one has it."""
    jobs = await stores[0].add([make_job(id=f"job_{n}") for n in range(6)])
    made = [make_change(job, Generating(make_task("t1"), NOW)) for job in jobs]
    got = await asyncio.gather(*(stores[n % 3].commit(one) for n, one in enumerate(made)), return_exceptions=True)
    assert 5 == sum(isinstance(one, TaskTaken) for one in got)


async def test_what_is_learned_at_once_adds_up(stores: Sequence[PostgresStore]) -> None:
    """No run time and no fact is overwritten by another that was met at the same moment."""
    kind = RunKind("m", "720P", 5)
    await asyncio.gather(*(stores[n % 3].learn(RunTime(kind, 60.0)) for n in range(12)))
    assert 12 == (await stores[0].runtimes()).by_kind[kind].seen
    await asyncio.gather(*(stores[n % 3].note("main", Facts((f"key{n}",))) for n in range(6)))
    assert 6 == len((await stores[0].facts("main")).key_ids)


async def test_one_process_watches_an_account(stores: Sequence[PostgresStore]) -> None:
    """Of ten that want to watch at the same moment one may."""
    got = await asyncio.gather(*(stores[n % 3].lease("main", f"w{n}", NOW, NOW + 30) for n in range(10)))
    assert 1 == sum(got)


async def test_a_reader_of_the_feed_misses_nothing(stores: Sequence[PostgresStore]) -> None:
    """While many write, a reader that goes on from the last number it has seen hears of everything, once, in order."""
    heard: list[tuple[int, str]] = []
    over = asyncio.Event()

    async def listen(store: PostgresStore) -> None:
        while True:
            last = over.is_set()
            found = await store.since(heard[-1][0] if heard else 0, 7)
            heard.extend((one.seq, one.job_id) for one in found)
            if last and not found:
                return

    async def write() -> None:
        await asyncio.gather(*(stores[n % 2].add([make_job(id=f"job_{n}", at=NOW)]) for n in range(60)))
        over.set()

    await asyncio.gather(write(), listen(stores[2]))
    assert {f"job_{n}" for n in range(60)} == {job_id for _, job_id in heard}
    assert 60 == len(heard)
    assert sorted(heard) == heard


async def test_a_process_stopped_between_a_statement_and_its_values_holds_up_nobody(
    stores: Sequence[PostgresStore], pg_url: str
) -> None:
    """PostgreSQL hears none of its own time-outs there; the next look after the dead ends the session."""
    stopped = await asyncpg.connect(pg_url, statement_cache_size=0)
    try:
        await stopped.execute("BEGIN")
        await stopped.fetch("SELECT set_config('idle_in_transaction_session_timeout', '1s', true)")
        await stopped.fetch("SELECT pg_advisory_xact_lock($1)", locks._number("lease main"))
        await stopped.prepare("SELECT 1", name="")  # and there it stands
        watching = asyncio.ensure_future(stores[0].lease("main", "run_1", NOW, NOW + 9))
        while not watching.done():
            await stores[1].bury(NOW)
            await asyncio.wait({watching}, timeout=0.2)
        assert await watching
    finally:
        stopped.terminate()
