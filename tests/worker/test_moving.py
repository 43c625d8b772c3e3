"""Jobs that wait move to where there is room, within their region, and only those nobody has ever sent."""

from __future__ import annotations

from dataclasses import replace

from tests.factories import MODEL, NOW, make_account, make_job, make_task
from tests.worker.fakes import Bench
from wanreel.domain.event import FOREVER, Moved, Park, Pause, SlotKey
from wanreel.domain.job import Account, Generating, Job
from wanreel.ports.jobs import Filter
from wanreel.worker.moving import EVERY_S, Mover

A, B, C = (make_account(name) for name in ("a", "b", "c"))


def mover_of(bench: Bench, *pools: tuple[Account, ...]) -> Mover:
    """The mover of a runner."""
    return Mover(bench.store, pools or ((A, B, C),), bench.limit_of)


async def accounts(bench: Bench) -> dict[str, str]:
    """Which account each job is in."""
    return {job.id: job.account.id for job in await bench.store.find(Filter(limit=1000))}


async def full(bench: Bench, account: Account) -> None:
    """Every slot of an account is held."""
    await bench.store.add([make_job(Generating, account=account) for _ in range(bench.limit)])


async def test_queued_jobs_move_from_a_full_account_to_one_with_room() -> None:
    """As many as there is room for, who is next first; history tells why."""
    bench = Bench(limit=2)
    await full(bench, A)
    await full(bench, B)
    waiting = [make_job(at=NOW + n, account=A) for n in range(3)]
    await bench.store.add([*waiting, make_job(Generating, account=C)])

    assert 1 == await mover_of(bench)(bench.tools)

    found = await accounts(bench)
    assert ["c", "a", "a"] == [found[job.id] for job in waiting]
    (entry,) = await bench.store.history(waiting[0].id)
    assert isinstance(entry.event, Moved)
    assert "c has room, a has not" in entry.reason


async def test_an_account_held_by_hand_or_refused_gives_its_jobs_away() -> None:
    """Though it has room itself; what the vendor may have had stays, wherever else there is room."""
    bench = Bench(limit=3)
    free, tried, bound = make_job(account=A), make_job(account=A, past=(make_task(),)), make_job(account=A, bound=True)
    await bench.store.add([free, tried, bound])
    await bench.store.hold(Park(SlotKey("a", "*"), Pause.HAND, FOREVER, "moving house"), NOW)

    assert 1 == await mover_of(bench)(bench.tools)
    assert {free.id: "b", tried.id: "a", bound.id: "a"} == await accounts(bench)


async def test_nothing_moves_without_need() -> None:
    """Not where it would be sent anyway, not out of its region's pool, and not again within a second."""
    bench = Bench(limit=2)
    await full(bench, A)
    elsewhere = replace(B, region="elsewhere")
    await bench.store.add([make_job(account=A), make_job(account=B, model="other")])
    await mover_of(bench, (A, elsewhere))(bench.tools)  # the rule refuses what the pool got wrong
    assert {"a", "b"} == set((await accounts(bench)).values())
    assert 0 == await Mover(bench.store, (), bench.limit_of)(bench.tools)

    mover = mover_of(bench, (A, B))
    assert 1 == await mover(bench.tools)
    await bench.store.add([make_job(account=A)])
    assert 0 == await mover(bench.tools)
    bench.clock.advance(EVERY_S)
    assert 1 == await mover(bench.tools)
    bench.clock.advance(EVERY_S)
    assert 0 == await mover(bench.tools)


async def test_a_moved_job_is_sent_from_where_it_is() -> None:
    """The vendor is called for its new account."""
    bench = Bench(limit=1)
    await full(bench, A)
    job: Job = make_job(account=A)
    await bench.store.add([job])
    await mover_of(bench, (A, B))(bench.tools)
    assert SlotKey("b", MODEL) in await bench.store.waiting()
