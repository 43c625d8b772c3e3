"""The ledger of every store: written with its change or not at all, and read under the lock that writes it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.stores import Bench, submitting
from tests.domain.catalog_file import BOOKS
from tests.factories import DAY_S, key_of, make_account, make_change, make_job, make_notice, make_outcome, make_task
from wanreel.domain.booking import Booking, Kind
from wanreel.domain.errors import BudgetReached, NotFound, Stale
from wanreel.domain.event import Finished, SubmitBegun
from wanreel.domain.job import Generating, Job
from wanreel.domain.lifecycle import transition
from wanreel.money.budget import Budget
from wanreel.money.ledger import Posting, Purse, balances
from wanreel.ports.ledger import Slice

CLIP = Decimal(3)  # 5 s of wan2.5-t2v-preview at 720P in Beijing


def queued(**more: Any) -> Job:
    """A queued job whose clip costs 3 CNY."""
    return make_job(account=make_account(region="beijing"), **more)


def budget(amount: str, project: str = "default", period: str = "day", zone: str = "Asia/Shanghai") -> Budget:
    """A budget in CNY."""
    return Budget(project, period, Decimal(amount), "CNY", zone)


async def begin(bench: Bench, job: Job) -> bool:
    """Ask for a slot and the money for a queued job."""
    event = SubmitBegun(submitting(job, bench.clock.now()).job.state.intent)  # type: ignore[union-attr]
    change = BOOKS.enter(job, transition(job, event, bench.clock.now(), bench.policy, 0.5))
    now = bench.clock.now()
    return await bench.store.begin(change, now, 0.0, now + 60.0)


async def sent(bench: Bench, **more: Any) -> Job:
    """A job whose paid call has been begun."""
    (job,) = await bench.add(queued(**more))
    assert await begin(bench, job)
    return await bench.store.get(job.id)


async def postings(bench: Bench, **which: Any) -> list[Posting]:
    """Postings by filter."""
    return await bench.store.postings(Slice(**which))


def booking(job: Job, kind: Kind, at: float, amount: str | None = None, **more: Any) -> Booking:
    """A booking of a job."""
    made = replace(BOOKS.wanted(job, at), id=f"{kind}:{job.id}", kind=kind, **more)
    return replace(made, amount=None if amount is None else Decimal(amount))


async def commit(bench: Bench, job: Job, *money: Booking, **more: Any) -> Job:
    """A change that carries bookings."""
    change = make_change(job, job.state, at=bench.clock.now(), money=money, **more)
    return await bench.store.commit(change)


async def test_the_reservation_stands_with_the_intent(bench: Bench) -> None:
    """What the paid call may cost leaves the free purse in the transaction that writes the intent."""
    job = await sent(bench, project="spring", group="g")
    (posting,) = await postings(bench)

    assert (Purse.FREE, Purse.RESERVED, CLIP, "CNY") == (
        posting.source,
        posting.target,
        posting.amount,
        posting.currency,
    )
    assert (job.id, "spring", "g", job.request.model) == (
        posting.job,
        posting.project,
        posting.group,
        posting.model,
    )
    assert posting.why.startswith("0.6 a second")


async def test_a_change_that_is_refused_books_nothing(bench: Bench) -> None:
    """Bookings are written with their change or not at all."""
    (job,) = await bench.add(queued())
    stale = make_change(job, job.state, money=(booking(job, Kind.RESERVE, 0.0, "1"),))
    with pytest.raises(Stale):
        await bench.store.commit(replace(stale, was=7))
    bench.limits[key_of(job)] = 0
    assert not await begin(bench, job)

    assert [] == await postings(bench)


async def test_a_settlement_gives_back_what_was_not_used(bench: Bench) -> None:
    """Reserved becomes spent by the vendor's usage; the rest is free again; nothing is left reserved."""
    job = await sent(bench)
    job = await bench.store.commit(make_change(job, Generating(make_task("t1"), bench.clock.now())))
    usage = '{"video_duration": 4, "video_ratio": "1280*720", "video_count": 1}'
    finished = Finished(replace(make_outcome(), usage=usage))
    change = BOOKS.enter(job, transition(job, finished, bench.clock.now(), bench.policy, 0.5))
    await bench.store.commit(change)

    found = balances(await postings(bench))
    assert (Decimal("2.4"), Decimal(0)) == (found["CNY", Purse.SPENT], found["CNY", Purse.RESERVED])
    assert Decimal(0) == sum(found.values())


@pytest.mark.parametrize(
    ("kind", "amount", "purses"),
    [
        (Kind.RELEASE, None, {Purse.FREE: "0", Purse.RESERVED: "0"}),
        (Kind.UNPROVEN, None, {Purse.FREE: "-3", Purse.RESERVED: "0", Purse.UNPROVEN: "3"}),
        (Kind.SETTLE, "3", {Purse.FREE: "-3", Purse.RESERVED: "0", Purse.SPENT: "3"}),
        (Kind.SETTLE, "4", {Purse.FREE: "-4", Purse.RESERVED: "0", Purse.SPENT: "4"}),
        (Kind.SETTLE, None, {Purse.FREE: "-3", Purse.RESERVED: "0", Purse.UNPROVEN: "3"}),
    ],
)
async def test_a_reservation_ends_in_one_way(
    bench: Bench, kind: Kind, amount: str | None, purses: dict[Purse, str]
) -> None:
    """Released, unproven or settled, to the last billionth, and the same booking again does nothing."""
    job = await sent(bench)
    once = booking(job, kind, bench.clock.now(), amount)
    job = await commit(bench, job, once)
    await commit(bench, job, once)

    found = balances(await postings(bench))
    assert {("CNY", purse): Decimal(amount) for purse, amount in purses.items()} == found


async def test_a_settlement_above_its_reservation_is_booked_alarmed_and_stops_the_next(bench: Bench) -> None:
    """Until somebody has looked at the price, nothing more of that model is sent."""
    job = await sent(bench)
    job = await commit(bench, job, booking(job, Kind.SETTLE, bench.clock.now(), "3.5", task="t1"))
    (overrun,) = await bench.store.overruns()
    (owed,) = await bench.store.owed(bench.clock.now(), 10)
    (other,) = await bench.add(queued())

    assert (Decimal(3), Decimal("3.5"), job.id, "t1") == (
        overrun.reserved,
        overrun.settled,
        overrun.job,
        overrun.task,
    )
    assert ("money.overrun", True) == (owed.notice.kind, "3.50 CNY where 3.00" in owed.notice.text)
    with pytest.raises(BudgetReached, match="usage clear"):
        await begin(bench, other)
    assert 0 == await bench.store.clear("another-model")
    assert 1 == await bench.store.clear(None)
    assert await begin(bench, other)


async def test_a_budget_stops_a_submit_at_its_last_clip(bench: Bench) -> None:
    """What is reserved, spent and unproven counts; the next clip is refused in words and nothing is written."""
    bench.limits[key_of(queued())] = 10
    await bench.store.put_budget(budget("10"))
    spent, unproven, _ = [await sent(bench) for _ in range(3)]
    await commit(bench, spent, booking(spent, Kind.SETTLE, bench.clock.now(), "3"))
    await commit(bench, unproven, booking(unproven, Kind.UNPROVEN, bench.clock.now()))
    (fourth,) = await bench.add(queued())

    with pytest.raises(BudgetReached, match=r"9.00 of 10.00 CNY a day for project default is committed") as caught:
        await begin(bench, fourth)
    assert not caught.value.final
    assert [fourth.id] == await bench.ids(states=("queued",))
    (used,) = await bench.store.budgets(bench.clock.now())
    assert Decimal(9) == used.amount
    stop = await bench.store.stop(fourth, BOOKS.wanted(fourth, bench.clock.now()), bench.clock.now())
    assert stop is not None


async def test_a_budget_speaks_of_its_project_currency_and_day(bench: Bench) -> None:
    """Other projects and currencies do not count, `*` counts all projects, and tomorrow is another day."""
    bench.limits[key_of(queued())] = 10
    await bench.store.put_budget(budget("3", "spring"))
    await bench.store.put_budget(replace(budget("1", "*"), currency="USD"))
    await sent(bench, project="autumn")
    await sent(bench, project="spring")
    (more,) = await bench.add(queued(project="spring"))
    with pytest.raises(BudgetReached, match="project spring"):
        await begin(bench, more)

    bench.clock.advance(DAY_S)
    await bench.store.put_budget(budget("3", "*", "month"))
    with pytest.raises(BudgetReached, match=r"too little is left of .* for all projects"):
        await begin(bench, more)
    await bench.store.drop_budget("*/month/CNY")
    assert await begin(bench, more)
    with pytest.raises(NotFound):
        await bench.store.drop_budget("*/month/CNY")


async def test_what_is_written_after_midnight_is_held_against_the_day_it_counts_for(bench: Bench) -> None:
    """A reservation decided on before midnight meets that day's budget, though the store gets to it after."""
    bench.limits[key_of(queued())] = 10
    bench.clock.advance(DAY_S - (bench.clock.now() + 8 * 3600) % DAY_S - 1)  # a second before midnight in Shanghai
    await bench.store.put_budget(budget("3"))
    await sent(bench)
    (late,) = await bench.add(queued())
    wanted = BOOKS.wanted(late, bench.clock.now())
    change = replace(submitting(late, bench.clock.now()), money=(wanted,))
    bench.clock.advance(2)

    with pytest.raises(BudgetReached, match=r"3.00 of 3.00 CNY a day"):
        await bench.store.begin(change, bench.clock.now(), 0.0, bench.clock.now() + 60.0)
    assert await begin(bench, late)  # decided on today, it is today's


async def test_a_warning_is_told_once_a_period(bench: Bench) -> None:
    """The reservation that crosses the line brings the notice, in its own transaction."""
    bench.limits[key_of(queued())] = 10
    await bench.store.put_budget(budget("10"))
    for _ in range(3):
        await sent(bench)

    owed = await bench.store.owed(bench.clock.now(), 10)
    assert ["budget.warning"] == [one.notice.kind for one in owed]
    assert "9.00 of 10.00 CNY a day for project default" in owed[0].notice.text


async def test_money_counts_on_the_day_its_task_was_sent(bench: Bench) -> None:
    """A settlement of tomorrow moves nothing from today's budget to tomorrow's."""
    await bench.store.put_budget(budget("10"))
    job = await sent(bench)
    today = bench.clock.now()
    bench.clock.advance(DAY_S)
    await commit(bench, job, booking(job, Kind.SETTLE, bench.clock.now(), "2"))

    assert [Decimal(2)] == [used.amount for used in await bench.store.budgets(today)]
    assert [Decimal(0)] == [used.amount for used in await bench.store.budgets(bench.clock.now())]
    assert 1 == len(await postings(bench, until=today + 1, jobs=(job.id,))) - 2
    assert [] == await postings(bench, since=today + 1)


async def test_highest_costs_of_a_job_and_of_its_group(bench: Bench) -> None:
    """A job's own highest cost ends it, its group's makes it wait; what the spares cost counts for both."""
    bench.limits[key_of(queued())] = 10
    dear = queued(max_cost=Decimal("2.99"))
    await bench.add(dear)
    with pytest.raises(BudgetReached, match=r"at most 2.99 is allowed") as caught:
        await begin(bench, dear)
    assert caught.value.final
    await sent(bench, group="g", group_max_cost=Decimal(8))
    await sent(bench, group="g", group_max_cost=Decimal(8))
    (third,) = await bench.add(queued(group="g", group_max_cost=Decimal(8)))
    with pytest.raises(BudgetReached, match=r"its group has committed 6.00 of at most 8.00") as caught:
        await begin(bench, third)
    assert not caught.value.final


async def test_an_unknown_price_is_no_zero(bench: Bench) -> None:
    """It is booked as unknown; a budget that should keep it holds it back; without one it is sent."""
    (job,) = await bench.add(queued(model="wan9.9-t2v"))
    await bench.store.put_budget(budget("100"))
    with pytest.raises(BudgetReached, match="price is unknown"):
        await begin(bench, job)
    await bench.store.drop_budget("default/day/CNY")
    assert await begin(bench, job)
    assert [None] == [p.amount for p in await postings(bench)]
    job = await bench.store.get(job.id)
    await commit(bench, job, booking(job, Kind.SETTLE, bench.clock.now()))

    assert [None, None, None] == [p.amount for p in await postings(bench)]
    assert {} == balances(await postings(bench))


async def test_what_was_unproven_may_turn_up(bench: Bench) -> None:
    """The unproven charge is taken back, and the spare that was found has a reservation of its own, for that job."""
    await bench.store.put_budget(budget("10"))
    job = await sent(bench)
    lost = booking(job, Kind.UNPROVEN, bench.clock.now(), intent="int_9")
    job = await commit(bench, job, lost)
    assert [CLIP] == [used.amount for used in await bench.store.budgets(bench.clock.now())]
    spare = make_job(Generating, id="job_spare", spare_of=job.id, account=job.account, task_id="t9")
    again = replace(BOOKS.wanted(spare, bench.clock.now()), id="reserve:t9", task="t9")
    proven = booking(job, Kind.PROVEN, bench.clock.now(), intent="int_9")
    await commit(bench, job, again, proven, born=(spare,))

    found = balances(await postings(bench, jobs=(job.id,)))
    assert (Decimal(0), CLIP) == (found["CNY", Purse.UNPROVEN], found["CNY", Purse.RESERVED])
    assert {"job_spare", job.id} == {p.holder for p in await postings(bench, jobs=(job.id,))}
    assert [CLIP] == [used.amount for used in await bench.store.budgets(bench.clock.now())]  # once, not twice


async def test_the_money_of_a_spare_that_is_left_out_is_left_out_too(bench: Bench) -> None:
    """A spare whose task is known already brings neither a job nor a notice nor a posting."""
    (owner,) = await bench.add(make_job(Generating, task_id="t1"))
    spare = make_job(Generating, id="job_spare", spare_of="job_x", task_id="t1")
    (job,) = await bench.add(queued())
    notice = make_notice(spare)
    await commit(bench, job, booking(spare, Kind.RESERVE, 0.0, "3"), born=(spare,), notices=(notice,))

    assert [] == await postings(bench)
    assert owner.id in await bench.ids()
