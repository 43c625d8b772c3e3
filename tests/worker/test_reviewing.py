"""Judging behind the runner's back: a broken, slow or lying judge holds no job and changes none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.factories import FakeClock, make_change, make_job, make_state
from wanreel.domain.errors import NotFound, Unavailable
from wanreel.domain.job import Artifact, Job, Succeeded
from wanreel.domain.policy import Policy
from wanreel.domain.verdict import Opinion
from wanreel.judge.panel import Judges
from wanreel.ports.archive import Span
from wanreel.ports.media import FileBytes
from wanreel.ports.reviews import JudgeFailed
from wanreel.store.memory import MemoryStore
from wanreel.worker.reviewing import TRIES_MAX, Reviewer

GOOD = Opinion("good", 0.9)


class Judge:
    """Says, raises or waits for what it was given."""

    def __init__(self, name: str, answer: Any) -> None:
        self.name = name
        self.answer = answer
        self.calls = 0

    async def judge(self, job: Job, clip: FileBytes) -> Opinion:
        self.calls += 1
        await clip.read(0, 4)
        if isinstance(self.answer, asyncio.Event):
            await self.answer.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        assert isinstance(self.answer, Opinion)
        return self.answer


class Shelf:
    """`ports.Shelf`, of which only reading is needed."""

    def __init__(self, gone: Exception | None = None) -> None:
        self.gone = gone

    async def open(self, artifact: Artifact, span: Span | None = None) -> AsyncIterator[bytes]:
        if self.gone is not None:
            raise self.gone

        async def pieces() -> AsyncIterator[bytes]:
            yield b"clip"

        return pieces()


async def world(*judges: Judge, gone: Exception | None = None) -> tuple[MemoryStore, Reviewer, Job]:
    """A store with one job that has just succeeded, and a reviewer with these judges."""
    clock, policy = FakeClock(), Policy()
    store = MemoryStore(lambda _: 1, policy)
    job = make_job(at=clock.now())
    await store.add([job])
    done = await store.commit(make_change(job, make_state(Succeeded, clock.now())))
    panel = Judges(judges, Shelf(gone), patience_s=0.05)  # pyright: ignore[reportArgumentType]
    return store, Reviewer(clock, store, store, panel, policy), done


async def test_a_clip_is_judged_after_its_job_has_succeeded() -> None:
    """Once, and what was said lies beside the job; the job is what it was."""
    store, reviewer, job = await world(Judge("good", GOOD))
    assert await reviewer.once()
    assert 0.9 == (await store.reviews([job.id]))[job.id].score
    assert job == await store.get(job.id)
    assert not await reviewer.once()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (JudgeFailed("it refuses"), "it refuses"),
        (JudgeFailed("not now", later=True), "not now"),
        (RuntimeError("a bug"), "a bug of ours"),
        (asyncio.Event(), "no answer within"),
    ],
)
async def test_a_broken_judge_does_not_silence_the_others(broken: Any, words: str) -> None:
    """Refusing, down, buggy or silent: the good judge is heard, the job untouched, and it is said who said nothing."""
    store, reviewer, job = await world(Judge("broken", broken), Judge("good", GOOD))
    assert await reviewer.once()
    review = (await store.reviews([job.id]))[job.id]
    assert (GOOD,) == review.opinions
    assert words in review.amiss[0]
    assert job == await store.get(job.id)


async def test_a_judge_that_is_away_is_asked_again_and_not_forever() -> None:
    """With a back-off, and so many times at most."""
    judge = Judge("away", JudgeFailed("not now", later=True))
    _, reviewer, _ = await world(judge)
    clock: FakeClock = reviewer.clock  # pyright: ignore[reportAssignmentType]
    for _ in range(40):
        await reviewer.once()
        clock.advance(3600)
    assert TRIES_MAX == judge.calls


@pytest.mark.parametrize(("gone", "calls"), [(NotFound("removed"), 1), (Unavailable("not today"), TRIES_MAX)])
async def test_a_clip_that_is_gone_is_let_be(gone: Exception, calls: int) -> None:
    """What retention has removed is not asked for again; what cannot be read today is."""
    judge = Judge("good", GOOD)
    _, reviewer, _ = await world(judge, gone=gone)
    clock: FakeClock = reviewer.clock  # pyright: ignore[reportAssignmentType]
    for _ in range(40):
        await reviewer.once()
        clock.advance(3600)
    assert calls == judge.calls


async def test_nobody_else_judges_what_is_being_judged() -> None:
    """A second runner is not told of it meanwhile."""
    waits = asyncio.Event()
    store, reviewer, _ = await world(Judge("slow", waits))
    first = asyncio.create_task(reviewer.once())
    await asyncio.sleep(0)
    now = reviewer.clock.now()
    assert [] == await store.due_reviews(now, now + 60, 5) or not first.done()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
