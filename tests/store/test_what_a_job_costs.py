"""What a job's whole life says to the database: whoever adds to it sees here by how much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.factories import NOW, make_account, make_artifact, make_intent, make_job, make_outcome
from tests.store.children import store_at
from wanreel.data.shelf import load_books
from wanreel.domain.event import Accepted, Change, Event, Finished, Stored, SubmitBegun
from wanreel.domain.job import Job, Queued, Succeeded
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy
from wanreel.domain.runtimes import RunTime, kind_of
from wanreel.ports.jobs import Claim, Lane
from wanreel.store.ready import Prepared
from wanreel.store.sqlite import SqliteStore
from wanreel.store.writer import Writer

POLICY = Policy()
BOOKS = load_books(Path("there is none"), must_exist=False)
STATEMENTS = {
    "add": 3,
    "claim to submit": 7,
    "begin": 7,
    "accepted": 5,
    "claim to look": 2,
    "finished": 7,
    "learned": 2,
    "claim to archive": 2,
    "stored": 6,
    "told": 1,
}
"""Statements in each of its ten writes, looks that decide included; five of a claim to submit serve all keys."""


class Counted:
    """What is said to the database, by what it was for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: dict[str, int] = {}
        self.writes = 0
        self.now_for = ""
        execute, write = Prepared.execute, Writer.write

        def counted(conn: Prepared, statement: Any, given: Any = None, **more: Any) -> Any:
            self.said[self.now_for] = self.said.get(self.now_for, 0) + 1
            return execute(conn, statement, given, **more)

        async def written(writer: Writer, work: Callable[[Any], Any]) -> Any:
            self.writes += 1
            return await write(writer, work)

        monkeypatch.setattr(Prepared, "execute", counted)
        monkeypatch.setattr(Writer, "write", written)


def _after(job: Job, event: Event, at: float) -> Change:
    return BOOKS.enter(job, transition(job, event, at, POLICY, 0.5))


async def _live(store: SqliteStore, job: Job, counted: Counted, at: float) -> Job:
    """From order to notice, as the runner has it; a watcher has seen the end, so that there is one look."""

    async def claim(lane: Lane, *ids: str) -> Job:
        (mine,) = await store.claim(Claim(lane, "w", at, at + 60, 5, at + 5000, ids=ids))
        return mine

    counted.now_for = "add"
    await store.add([job])
    counted.now_for = "claim to submit"
    job = await claim(Lane.SUBMIT)
    counted.now_for = "begin"
    intent = make_intent(at, id=f"int_{job.id}")
    begun = _after(job, SubmitBegun(intent), at)
    assert await store.begin(begun, at, 10.0, at + 60)
    counted.now_for = "accepted"
    job = await store.commit(_after(begun.job, Accepted(intent.id, f"task-{job.id}"), at))
    counted.now_for = "claim to look"
    job = await claim(Lane.WATCH, job.id)
    counted.now_for = "finished"
    job = await store.commit(_after(job, Finished(replace(make_outcome(at), took_s=60.0)), at))
    counted.now_for = "learned"
    await store.learn(RunTime(kind_of(job.request), 60.0))
    counted.now_for = "claim to archive"
    job = await claim(Lane.ARCHIVE)
    counted.now_for = "stored"
    job = await store.commit(_after(job, Stored(make_artifact()), at))
    counted.now_for = ""
    told = [owed.notice.id for owed in await store.owed(at, 50)]
    counted.now_for = "told"
    await store.delivered(told, at)
    assert isinstance(job.state, Succeeded)
    assert len(told) == 1
    return job


async def test_what_a_job_says_to_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten writes, with so many statements in each; the second job is like all that follow."""
    async with store_at(str(tmp_path / "w.sqlite3"), limit=5) as store:
        account = make_account(region="ap-southeast-1")
        first, second = (make_job(Queued, account=account, at=NOW + n) for n in range(2))
        counted = Counted(monkeypatch)
        await _live(store, first, counted, NOW + 1)
        counted.said.clear()
        counted.writes = 0
        await _live(store, second, counted, NOW + 2)

    counted.said.pop("")
    assert STATEMENTS == counted.said
    assert len(STATEMENTS) == counted.writes


async def test_a_claim_says_as_much_for_many_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One statement for each key that may send, none for those that may not, and one that takes what is found."""
    async with store_at(str(tmp_path / "w.sqlite3"), limit=1) as store:
        await store.add([make_job(Queued, model=f"m{n}", due_at=NOW) for n in range(40)])
        counted = Counted(monkeypatch)
        counted.now_for = "many"
        claimed = await store.claim(Claim(Lane.SUBMIT, "w", NOW, NOW + 60, 30, NOW + 5000))
        await store.add([make_job(Queued, model=job.request.model, due_at=NOW) for job in claimed])
        counted.said.clear()
        left = await store.claim(Claim(Lane.SUBMIT, "w2", NOW, NOW + 60, 30, NOW + 5000))

    assert (30, 10) == (len(claimed), len(left))
    assert 5 + 10 + 1 == counted.said["many"]
