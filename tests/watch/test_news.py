"""What begins and ends to run, told once to all watchers of a process, and the picture that each makes of it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.factories import NOW, FakeClock, make_account, make_change, make_job, make_outcome, make_state, make_task
from wanreel.domain.errors import Unavailable
from wanreel.domain.job import Archiving, Generating, Job, Queued
from wanreel.domain.policy import Policy
from wanreel.ports.watching import Told
from wanreel.store.memory import MemoryStore
from wanreel.watch.news import FLIP_S, RunNews


class Store(MemoryStore):
    """Counts what it is asked, and may have somebody else read first."""

    def __init__(self) -> None:
        super().__init__(lambda _: 20_000, Policy())
        self.asked: list[int | None] = []
        self.told = 0
        self.before: Sequence[RunNews] = ()

    async def told_since(self, mark: int | None) -> Told:
        """The same, and how much that was."""
        self.asked.append(mark)
        found = await super().told_since(mark)
        self.told += len(found.runs)
        others, self.before = self.before, ()
        for other in others:
            await self.add([running("job_meanwhile")])
            await other.read()
        return found


def running(job_id: str, account: str = "main", task_id: str = "") -> Job:
    """A job whose task runs."""
    state = make_state(Generating, task_id=task_id or f"t-{job_id}")
    return make_job(state, id=job_id, account=make_account(account))


async def test_only_what_came_after_is_told_and_only_to_those_who_listen() -> None:
    """Whoever begins to listen has read the rest whole; an account that nobody watches keeps nothing."""
    store = Store()
    await store.add([running(f"job_{n}") for n in range(50)])
    news = RunNews(store, FakeClock())
    await news.listen("main")
    assert 0 == store.told

    job = running("job_new")
    await store.add([job, running("job_else", "second")])
    assert {"main"} == await news.read()
    assert {"job_new": "t-job_new"} == {j: w and w.task_id for j, w in news.take("main").items()}
    assert ({}, {}) == (news.take("main"), news.take("second"))
    await store.commit(make_change(job, Archiving(make_task("t-job_new"), make_outcome(), NOW)))
    assert {"main"} == await news.read()
    news.deaf("main")
    assert {} == news.take("main")
    assert frozenset() == await news.read()


async def test_a_long_story_is_read_to_its_end() -> None:
    """Some hundreds at a time; none is left out."""
    store = Store()
    news = RunNews(store, FakeClock())
    await news.listen("main")
    await store.add([running(f"job_{n}") for n in range(1203)])
    await news.read()
    assert 1203 == len(news.take("main"))


async def test_an_older_answer_never_comes_after_a_newer_one() -> None:
    """Two read at once: who is answered late begins anew where the other has come to."""
    store = Store()
    news = RunNews(store, FakeClock())
    await news.listen("main")
    store.before = [news]
    await news.read()
    assert ["job_meanwhile"] == list(news.take("main"))
    assert store.asked[-1] == await store.newest()


async def test_that_work_waits_again_is_told_to_all_but_not_at_every_change() -> None:
    """Looks are worth more then; a queue that fills and empties all the time wakes nobody all the time."""
    store, clock = Store(), FakeClock()
    news = RunNews(store, clock)
    await news.listen("main")
    await news.listen("second")
    wakes = 0
    for _ in range(20):
        (job,) = await store.add([make_job(Queued, id=f"job_{clock.now()}")])
        wakes += sorted(await news.read()) == ["main", "second"]
        assert news.waiting
        await store.commit(make_change(job, make_state(Generating, task_id=f"t-{clock.now()}")))
        await news.read()
        assert not news.waiting
        clock.advance(FLIP_S / 5)
    assert 3 <= wakes <= 5
    await store.add([make_job(Queued, id="job_last")])
    clock.advance(FLIP_S)
    assert {"main", "second"} == await news.read()


async def test_a_store_that_is_away_loses_nothing() -> None:
    """The next reading goes on where the last one ended."""
    store = Store()
    news = RunNews(store, FakeClock())
    await news.listen("main")
    await store.add([running("job_1")])

    async def away(mark: int | None) -> Told:
        raise Unavailable("away")

    there, store.told_since = store.told_since, away
    with pytest.raises(Unavailable):
        await news.read()
    store.told_since = there
    await news.read()
    assert ["job_1"] == list(news.take("main"))


@pytest.mark.parametrize("seed", range(10))
async def test_a_picture_that_is_kept_up_is_what_runs(seed: int) -> None:
    """Whatever begins, ends and gets a new task, read at whatever moments: the store's own word in the end."""
    rng, store = random.Random(seed), Store()
    news, jobs, picture = RunNews(store, FakeClock()), dict[str, Job](), dict[str, str]()
    await news.listen("main")
    for n in range(200):
        job = rng.choice(list(jobs.values())) if jobs else None
        if job is None or rng.random() < 0.4:
            (made,) = await store.add([running(f"job_{n}")])
            jobs[made.id] = made
        elif rng.random() < 0.5:
            again = make_state(Generating, task_id=f"t-again-{n}")
            jobs[job.id] = await store.commit(make_change(job, again, past=(*job.past, job.state.task)))  # type: ignore[union-attr]
        else:
            await store.commit(make_change(job, Archiving(job.state.task, make_outcome(), NOW)))  # type: ignore[union-attr]
            del jobs[job.id]
        if rng.random() < 0.3:
            await news.read()
        if rng.random() < 0.3:
            _apply(picture, news)
    await news.read()
    _apply(picture, news)
    assert picture == {watched.job_id: watched.task_id for watched in await store.running("main")}


def _apply(picture: dict[str, str], news: RunNews) -> None:
    for job_id, watched in news.take("main").items():
        if watched is None:
            picture.pop(job_id, None)
        else:
            picture[job_id] = watched.task_id
