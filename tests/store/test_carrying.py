"""Moving a home into PostgreSQL with jobs in flight, and coming back from a backup: nothing is paid for twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.place import KEY, client, emulator, tasks_by_prompt
from tests.factories import NOW, make_change, make_job, make_notice, make_task
from tests.store.pg_server import Server
from wanreel.data.shelf import load_books
from wanreel.domain.errors import Conflict, Unavailable
from wanreel.domain.job import Generating, Queued, Succeeded, Unconfirmed
from wanreel.domain.policy import Policy
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.settings import load
from wanreel.store.carrying import WHY, Chance
from wanreel.store.choosing import FILE
from wanreel.store.postgres.store import PostgresStore
from wanreel.store.sqlite import SqliteStore
from wanreel.store.tending import backup, copy, restore
from wanreel.wiring import open_home

ENDED = 9950


def file_store(home: Path) -> SqliteStore:
    """The store of a home's file."""
    return SqliteStore(home / FILE, lambda _: 5, Policy())


def pg_store(url: str) -> PostgresStore:
    """The store of a database."""
    return PostgresStore(url, lambda _: 5, Policy())


async def fill(home: Path) -> None:
    """A home with jobs that wait, that run, and that were claimed when everything stopped."""
    async with file_store(home) as store:
        await store.add([make_job(id=f"job_{n}", at=NOW + n, key=f"k{n}") for n in range(6)])
        [running] = await store.add([make_job(id="job_run", at=NOW + 9)])
        change = make_change(running, Generating(make_task("t1", NOW), NOW), notices=(make_notice(running, NOW),))
        await store.commit(change)
        assert await store.claim(Claim(Lane.WATCH, "dead", NOW, NOW + 9000, 5, NOW + 1e6))


async def told(store: Any) -> list[Any]:
    """What a store holds, as far as jobs go."""
    jobs = await store.find(Filter(limit=1000))
    return [jobs, [await store.history(job.id) for job in jobs], await store.owed(NOW + 9, 9), await store.since(0, 99)]


async def test_everything_is_carried_and_work_goes_on(tmp_path: Path, pg_url: str) -> None:
    """Jobs, history, notices and the feed are there with their numbers; what was claimed is free; new rows fit in."""
    await fill(tmp_path)
    async with file_store(tmp_path) as store:
        before = await told(store)
    carried = await copy(pg_url, tmp_path)
    async with pg_store(pg_url) as store:
        assert before == await told(store)
        assert 7 == carried["jobs"]
        assert ["job_run"] == [j.id for j in await store.claim(Claim(Lane.WATCH, "w", NOW, NOW + 60, 5, NOW + 1e6))]
        await store.add([make_job(id="job_new")])
        assert len(before[3]) + 1 == await store.newest()


async def test_a_home_that_has_moved_is_closed(tmp_path: Path, pg_url: str) -> None:
    """It is refused in words, and whoever had it open can write nothing more into it."""
    await fill(tmp_path)
    async with file_store(tmp_path) as store:
        await copy(pg_url, tmp_path)
        with pytest.raises(Exception, match="moved to another database"):
            await store.add([make_job(id="job_late")])
    with pytest.raises(Unavailable, match="WANREEL_DATABASE_URL"):
        file_store(tmp_path).open()


async def test_a_database_with_jobs_is_no_place_to_move_to(tmp_path: Path, pg_url: str) -> None:
    """Two homes are not mixed, and the one that was refused goes on as before."""
    await fill(tmp_path)
    async with pg_store(pg_url) as store:
        await store.add([make_job(id="job_other")])
    with pytest.raises(Conflict):
        await copy(pg_url, tmp_path)
    async with file_store(tmp_path) as store:
        await store.add([make_job(id="job_late")])


async def test_a_move_that_was_broken_off_is_done_again(tmp_path: Path, pg_url: str) -> None:
    """The file is closed first, so that there are never two that send; copying again carries what is in it."""
    await fill(tmp_path)
    async with pg_store(pg_url) as store:
        await store.add([make_job(id="job_other")])
    with closing(sqlite3.connect(tmp_path / FILE)) as driver:
        driver.execute("INSERT INTO about VALUES ('closed', 'by a copy that died')")
        driver.commit()
    with pytest.raises(Conflict):
        await copy(pg_url, tmp_path)
    with pytest.raises(Unavailable, match="closed"):
        file_store(tmp_path).open()


@pytest.mark.parametrize("kind", ["file", "database"])
async def test_what_waits_in_a_backup_starts_in_doubt(tmp_path: Path, pg_url: str, kind: str) -> None:
    """It may have been sent since; what has a task is asked after as ever; the backup itself stays as it was."""
    await fill(tmp_path)
    await backup(None, tmp_path, tmp_path / "kept.sqlite3", NOW + 50)
    kept = (tmp_path / "kept.sqlite3").read_bytes()
    ids = iter(range(1000))
    chance = Chance(NOW + 500, lambda prefix: f"{prefix}_{next(ids)}", lambda: 0.5)
    url = None if kind == "file" else pg_url
    done = await restore(
        url,
        tmp_path / "new",
        tmp_path / "kept.sqlite3",
        Policy(),
        load_books(tmp_path / "none", must_exist=False),
        chance,
    )
    assert 6 == done.in_doubt
    assert kept == (tmp_path / "kept.sqlite3").read_bytes()
    async with file_store(tmp_path / "new") if url is None else pg_store(url) as store:
        jobs = {job.id: job.state for job in await store.find(Filter(limit=99))}
    doubts = [state for state in jobs.values() if isinstance(state, Unconfirmed)]
    assert [(NOW + 50, WHY)] * 6 == [(state.intent.at, state.why) for state in doubts]
    if url is None:
        assert {NOW + 500} == {state.since for state in doubts}
    else:  # absence is proven by later tasks, and those are timed by the database's clock
        async with pg_store(url) as store:
            now = await store.time()
        assert all(NOW + 500 < state.since <= now for state in doubts)
    assert isinstance(jobs["job_run"], Generating)


async def test_a_database_is_kept_in_a_file(tmp_path: Path, pg_url: str) -> None:
    """A backup of PostgreSQL is a file like any other, and overwrites nothing."""
    async with pg_store(pg_url) as store:
        await store.add([make_job(id="job_1")])
    assert 1 == (await backup(pg_url, tmp_path, tmp_path / "kept.sqlite3", NOW))["jobs"]
    with pytest.raises(Conflict):
        await backup(pg_url, tmp_path, tmp_path / "kept.sqlite3", NOW)
    with closing(sqlite3.connect(tmp_path / "kept.sqlite3")) as kept:
        [[taken_at]] = kept.execute("SELECT value FROM about WHERE name = 'taken_at'").fetchall()
    async with pg_store(pg_url) as store:
        assert NOW < float(taken_at) <= await store.time()  # by the database's clock, whatever this machine's says


async def test_jobs_in_flight_finish_where_they_were_moved_to(
    tmp_path: Path, pg_server: Server, pg_template: str
) -> None:
    """Sixteen jobs, some of them running at the vendor: moved, finished there, each paid for once."""
    url = pg_server.database(pg_template)
    with emulator(speed=40.0, running=5) as emu:
        async with client(tmp_path, emu.base_url) as wan:
            for number in range(16):
                await wan.submit(f"A kite, take {number}", model="wan2.5-t2v-preview")
            while len(tasks_by_prompt(emu)) < 7:
                await wan.wait((await wan.list(limit=100))[-1].id)
        async with file_store(tmp_path) as store:
            states = [type(job.state) for job in await store.find(Filter(limit=99))]
        assert Queued in states
        assert Generating in states
        await copy(url, tmp_path)
        await finish(tmp_path, emu.base_url, url)
        async with pg_store(url) as store:
            assert {"succeeded"} == await _states(store)
        assert [1] * 16 == [len(tasks) for tasks in tasks_by_prompt(emu).values()]


@pytest.mark.long
async def test_ten_thousand_jobs_are_moved_and_fifty_in_flight_finish(
    tmp_path: Path, pg_server: Server, pg_template: str
) -> None:
    """9,950 that have ended and 50 under way: all are there afterwards, and the fifty are paid once each."""
    url = pg_server.database(pg_template)
    async with file_store(tmp_path) as store:
        for first in range(0, ENDED, 500):
            jobs = [
                make_job(Succeeded, id=f"old_{n}", task_id=f"old-{n}", at=NOW + n) for n in range(first, first + 500)
            ]
            await store.add(jobs[: ENDED - first])
    with emulator(speed=40.0, running=5) as emu:
        async with client(tmp_path, emu.base_url) as wan:
            for number in range(50):
                await wan.submit(f"A kite, take {number}", model="wan2.5-t2v-preview")
            while len(tasks_by_prompt(emu)) < 3:
                await wan.wait((await wan.list(limit=100))[-1].id)
        async with file_store(tmp_path) as store:
            under_way = await store.find(Filter(states=("generating", "archiving", "submitting", "queued"), limit=99))
        began = _now(emu)
        carried = await copy(url, tmp_path)
        took_s = _now(emu) - began
        await finish(tmp_path, emu.base_url, url)
        async with pg_store(url) as store:
            ended = await store.find(Filter(states=("succeeded",), limit=20_000))
        paid = [len(tasks) for tasks in tasks_by_prompt(emu).values()]
    print(
        f"\n{carried['jobs']} jobs moved in {took_s:.1f} s, {len(under_way)} of them under way; {sum(paid)} tasks paid"
    )
    assert carried["jobs"] == len(ended) == ENDED + 50
    assert len(under_way) >= 40
    assert [1] * 50 == paid


async def test_a_restored_backup_pays_for_nothing_twice(tmp_path: Path) -> None:
    """A backup is taken, more is sent and finished; restored, all of it is found at the vendor and adopted."""
    with emulator(speed=40.0, running=5) as emu:
        async with client(tmp_path / "old", emu.base_url) as wan:
            ids = [(await wan.submit(f"A kite, take {n}", model="wan2.5-t2v-preview"))[0].id for n in range(8)]
            await backup(None, tmp_path / "old", tmp_path / "kept.sqlite3", _now(emu))
            for job_id in ids:
                await wan.wait(job_id)
        paid = emu.counters()["tasks_accepted"]
        settings = load(home=tmp_path / "new", api_key=KEY, vendor_url=emu.base_url)
        from wanreel.wiring import restored

        done = await restored(settings, tmp_path / "kept.sqlite3")
        assert done.in_doubt > 0
        await finish(tmp_path / "new", emu.base_url, None)
        assert 8 == paid == emu.counters()["tasks_accepted"]
        async with file_store(tmp_path / "new") as store:
            assert {"succeeded"} == await _states(store)


def _now(_emu: object) -> float:
    from wanreel.clock import SystemClock

    return SystemClock().now()


async def _states(store: Any) -> set[str]:
    from wanreel.domain.job import state_name

    return {state_name(job.state) for job in await store.find(Filter(limit=1000))}


async def finish(home: Path, base_url: str, url: str | None) -> None:
    """Work until nothing can move without a person."""
    from tests.e2e.place import QUICK

    given: dict[str, Any] = {"home": home, "api_key": KEY, "vendor_url": base_url, "policy": QUICK}
    if url is not None:
        given["database_url"] = url
    async with open_home(load(**given)) as opened:
        assert opened.lock.try_lock()
        try:
            await opened.runner().run(until_idle=True)
        finally:
            opened.lock.release()
