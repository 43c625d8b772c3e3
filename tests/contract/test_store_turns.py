"""The contract of whose turn it is: priorities, fairness between projects, and what is held back by hand."""

from __future__ import annotations

import pytest

from tests.contract.stores import Bench
from tests.factories import MODEL, NOW, make_account, make_change, make_job, make_task
from wanreel.domain.event import FOREVER, Park, Pause, SlotKey
from wanreel.domain.job import Cancelled, Generating, Job, Queued
from wanreel.ports.jobs import Lane
from wanreel.ports.slots import Parked

KEY = SlotKey("main", MODEL)
EVERYWHERE = SlotKey("*", "*")


def by_hand(key: SlotKey = KEY, project: str = "") -> Park:
    """Somebody wants nothing sent on it."""
    return Park(key, Pause.HAND, FOREVER, "we are moving house", project)


async def next_of(bench: Bench) -> str | None:
    """The id of the one job of the key that is let through now."""
    jobs = await bench.claim(Lane.SUBMIT)
    await bench.store.release(None)
    return jobs[0].id if jobs else None


async def held_by(bench: Bench, *projects: str) -> None:
    """Running tasks of these projects."""
    await bench.add(*(make_job(Generating, project=project) for project in projects))


# --- whose turn -----------------------------------------------------------------------------------------------------


async def test_the_highest_priority_goes_first(bench: Bench) -> None:
    """However long others wait, and whatever its project holds; a negative one goes last."""
    bench.limits[KEY] = 9
    last = make_job(at=NOW - 30, priority=-1)
    usual, urgent = make_job(at=NOW - 20), make_job(at=NOW - 1, priority=5, project="p")
    await bench.add(last, usual, urgent)
    await held_by(bench, "p", "p")

    order: list[str | None] = []
    for _ in range(3):
        order.append(await next_of(bench))
        job = next(j for j in (last, usual, urgent) if j.id == order[-1])
        await bench.store.commit(make_change(job, Cancelled(NOW)))
    assert [urgent.id, usual.id, last.id] == order


async def test_an_urgent_job_that_waits_lets_others_pass(bench: Bench) -> None:
    """A priority is for what could be sent now."""
    later, now = make_job(at=NOW - 9, due_at=NOW + 5, priority=9), make_job(at=NOW - 1)
    await bench.add(later, now)

    assert now.id == await next_of(bench)


async def test_of_equal_priority_the_project_with_the_fewest_slots_goes_first(bench: Bench) -> None:
    """A project that ordered a thousand clips first holds up nobody who ordered one later."""
    bench.limits[KEY] = 9
    many = [make_job(at=NOW - 100 + n, project="many") for n in range(5)]
    few = make_job(at=NOW - 1, project="few")
    await bench.add(*many, few)
    assert many[0].id == await next_of(bench)

    await held_by(bench, "many")
    assert few.id == await next_of(bench)
    await held_by(bench, "few")
    assert many[0].id == await next_of(bench)


async def test_slots_of_other_keys_are_no_reason_to_wait(bench: Bench) -> None:
    """Fairness is a matter of one account and model."""
    mine, other = make_job(at=NOW - 9, project="p"), make_job(at=NOW - 1, project="q")
    await bench.add(mine, other, make_job(Generating, project="p", model="other"))

    assert mine.id == await next_of(bench)


async def test_of_many_keys_the_most_urgent_goes_first(bench: Bench) -> None:
    """Where fewer may be claimed than keys have work, priority decides, then age."""
    old, urgent = make_job(at=NOW - 9), make_job(at=NOW - 1, model="other", priority=1)
    await bench.add(old, urgent)

    assert [urgent.id] == [job.id for job in await bench.claim(Lane.SUBMIT, limit=1)]


# --- held back by hand ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, SlotKey("main", "*"), EVERYWHERE])
async def test_what_is_held_by_hand_is_not_sent(bench: Bench, key: SlotKey) -> None:
    """Neither claimed nor begun, nor a reason to look again, for all time, whatever a runner lifts at its start."""
    job = make_job()
    await bench.add(job)
    await bench.store.hold(by_hand(key), NOW)

    bench.clock.advance(30 * 86_400.0)
    assert 0 == await bench.store.lift(None)
    assert await next_of(bench) is None
    assert not await bench.begin(job)
    assert await bench.store.next_due(bench.clock.now()) is None
    assert [Parked(by_hand(key), NOW)] == await (await bench.second()).parks(bench.clock.now())


async def test_what_was_held_by_hand_goes_on_when_somebody_says_so(bench: Bench) -> None:
    """Resuming an account ends what was held of it and of its models, and nothing of another's."""
    job = make_job()
    await bench.add(job)
    held = (by_hand(), by_hand(SlotKey("main", "*")), by_hand(SlotKey("second", MODEL)))
    for park in held:
        await bench.store.hold(park, NOW)

    assert 0 == await bench.store.resume(SlotKey("main", "other"))
    assert 1 == await bench.store.resume(KEY)
    assert await next_of(bench) is None
    await bench.store.hold(by_hand(), NOW)
    assert 2 == await bench.store.resume(SlotKey("main", "*"))
    assert job.id == await next_of(bench)
    assert [held[2]] == [parked.park for parked in await bench.store.parks(NOW)]


async def test_another_account_is_not_held(bench: Bench) -> None:
    """An account that is held back by hand holds back no other."""
    other = make_job(account=make_account("second"))
    await bench.add(make_job(), other)
    await bench.store.hold(by_hand(SlotKey("main", "*")), NOW)

    assert other.id == await next_of(bench)


async def test_a_project_is_held_back_alone(bench: Bench) -> None:
    """On every account its jobs wait, and the others' go past them."""
    held, free = make_job(at=NOW - 9, project="p", priority=9), make_job(at=NOW - 1, project="q")
    await bench.add(held, free, make_job(account=make_account("second"), project="p"))
    await bench.store.hold(by_hand(EVERYWHERE, "p"), NOW)

    assert [free.id] == _ids(await bench.claim(Lane.SUBMIT))
    assert not await bench.begin(held)
    assert await bench.begin(free)
    bench.clock.advance(bench.policy.quiet_s)
    await bench.store.commit(make_change(await bench.store.get(free.id), Cancelled(NOW)))
    assert await bench.store.next_due(bench.clock.now()) is None

    assert 0 == await bench.store.resume(EVERYWHERE, "q")
    assert 1 == await bench.store.resume(EVERYWHERE, "p")
    assert 2 == len(await bench.claim(Lane.SUBMIT))


def _ids(jobs: list[Job]) -> list[str]:
    return [job.id for job in jobs]


# --- changing the account -------------------------------------------------------------------------------------------


async def test_jobs_that_may_move_are_found_in_their_order(bench: Bench) -> None:
    """Not those in somebody's hands, nor those that the vendor may have had, nor another key's."""
    old, urgent = make_job(at=NOW - 5), make_job(at=NOW - 1, priority=2)
    claimed, tried = make_job(at=NOW - 50), make_job(at=NOW - 60, past=(make_task(),))
    await bench.add(claimed)
    await bench.claim(Lane.SUBMIT)
    await bench.add(old, urgent, tried, make_job(bound=True), make_job(model="other"), make_job(Generating))

    assert [urgent.id, old.id] == _ids(await bench.store.movable(KEY, NOW, 10))
    assert [urgent.id] == _ids(await bench.store.movable(KEY, NOW, 1))
    line = (urgent, tried, claimed, old)
    places = {job.id: place for place, job in enumerate(line)}
    assert places == dict(await bench.store.ahead([*line, *line[:1]]))
    assert [dict(await bench.store.ahead([job])) for job in line] == [{name: place} for name, place in places.items()]
    assert {} == dict(await bench.store.ahead([]))
    assert list(places.values()) == [(await bench.store.sight(job.id)).ahead for job in line]
    assert {KEY: 5, SlotKey("main", "other"): 1} == dict(await bench.store.waiting())


async def test_a_job_that_has_moved_waits_in_its_new_account(bench: Bench) -> None:
    """It is counted there, claimed there, and takes no place where it was."""
    job = make_job()
    await bench.add(job)
    there = make_account("second")
    await bench.store.commit(make_change(job, Queued(NOW), account=there))

    assert {SlotKey("second", MODEL): 1} == dict(await bench.store.waiting())
    (claimed,) = await bench.claim(Lane.SUBMIT)
    assert there == claimed.account
    assert await bench.begin(claimed)
    assert {SlotKey("second", MODEL): 1} == dict(await bench.store.in_use(NOW))
