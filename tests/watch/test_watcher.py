"""The watcher of an account over the real emulator's desk: what it sees, what it asks, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import FakeClock, make_account, make_change, make_job, make_outcome, make_task
from tests.watch.desk_vendor import DeskVendor
from wanreel.domain.event import Change, Finished, QueryFailed, StillRunning
from wanreel.domain.facts import Facts, Zone
from wanreel.domain.job import Archiving, Generating, Job
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy
from wanreel.domain.runtimes import RunTime, kind_of
from wanreel.emulator.accounts import Account
from wanreel.emulator.accounts import key_id as number_of
from wanreel.emulator.desk import Desk, DeskSettings
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.scripts import Fate, Instruction
from wanreel.ports.vendor import Ended, Turned
from wanreel.ports.watching import Told, Watched
from wanreel.store.memory import MemoryStore
from wanreel.watch.news import RunNews
from wanreel.watch.watcher import LEASE_S, WHOLE_S, Watcher, WatchTools

ACCOUNT = make_account("main")
THEIRS = Account("main", running=1000, queued=1000, submit_rate=0.0)


class Post:
    """A watcher with a desk, a store and a clock of its own."""

    def __init__(self, policy: Policy | None = None, **quirks: Any) -> None:
        self.clock = FakeClock()
        self.policy = policy or Policy()
        settings = DeskSettings(accounts=(THEIRS,), quirks=Quirks(**quirks))
        self.vendor = DeskVendor(Desk(settings, seed=1), self.clock)
        self.store = MemoryStore(lambda _: 1000, self.policy)
        self.watcher = self.another("w1")

    def another(self, owner: str) -> Watcher:
        """One more process's watcher of the same account."""
        news = RunNews(self.store, self.clock)
        return Watcher(ACCOUNT, WatchTools(self.clock, news, self.store, self.vendor, self.policy, owner))

    async def task(self, run_s: float = 60.0, **more: Any) -> Job:
        """A running task that takes so long, and its job."""
        fate = Instruction("pass", fate=Fate("ok", run_s=run_s, queue_s=0.0))
        wanted = {name: more.pop(name) for name in ("resolution",) if name in more}
        task_id = self.vendor.made(fault=fate, **more)
        job = make_job(Generating(make_task(task_id, self.clock.now()), due_at=self.clock.now() + 1200.0), **wanted)
        await self.store.add([job])
        self.watcher.changed()
        return job

    async def until(self, seconds: float, watcher: Watcher | None = None) -> list[tuple[float, Ended]]:
        """Turn for so long; what was handed on, and how long after now."""
        began, seen = self.clock.now(), list[tuple[float, Ended]]()
        while (passed_s := self.clock.now() - began) < seconds:
            turned: Turned = await (watcher or self.watcher).turn()
            seen += [(passed_s, ended) for ended in turned.ended]
            self.clock.advance(max(turned.until - self.clock.now(), 0.01))
        return seen

    async def ends(self, seconds: float) -> dict[str, float]:
        """Turn for so long; when each job's end was seen first."""
        seen: dict[str, float] = {}
        for at, ended in await self.until(seconds):
            seen.setdefault(ended.job_id, at)
        return seen

    async def teach(self, job: Job, took_s: float = 60.0, count: int = 40) -> None:
        """Let the store know how long such tasks take."""
        for n in range(count):
            await self.store.learn(RunTime(kind_of(job.request), took_s * (0.8 + 0.4 * n / count)))


async def test_an_end_is_seen_on_the_plain_schedule_by_one_look_for_all() -> None:
    """Five tasks of a kind nobody knows: few lists answer for all, and each end is handed on once."""
    post = Post()
    jobs = [await post.task(run_s=30.0) for _ in range(5)]

    seen = await post.until(39.0)
    assert sorted(job.id for job in jobs) == sorted(ended.job_id for _, ended in seen)
    assert {None} == {ended.answer for _, ended in seen}
    assert 38.0 < seen[0][0] < 38.7
    assert (4, 0) == (post.vendor.calls["list"], post.vendor.calls["look"])


async def test_many_ends_of_a_kind_nobody_knows_leave_the_next_ones_no_debt() -> None:
    """The plain schedule asks after each result, too: who follows it owes nothing for that, and looks on in time."""
    post = Post()
    for _ in range(90):
        await post.task(run_s=3.0)
    assert 90 == len(await post.ends(5.5))
    late = await post.task(run_s=3.0)
    seen = await post.ends(6.0)
    assert 5.0 <= seen[late.id] < 5.5


@pytest.mark.parametrize("kind", [{}, {"resolution": "1080P"}], ids=["known", "unknown"])
async def test_who_is_left_does_not_wait_for_the_debt_of_many_that_are_gone(kind: dict[str, str]) -> None:
    """Each cost a question that was not earned yet; earned by one task alone, that takes many minutes."""
    post = Post()
    short = await post.task(run_s=2.0)
    await post.teach(short, took_s=2.0, count=300)
    await post.ends(5.5)
    await post.store.commit(transition(short, Finished(make_outcome()), post.clock.now(), post.policy, 0.5))
    post.watcher.purse = -100.0
    left = await post.task(run_s=11.0, **kind)
    assert (await post.ends(60.0))[left.id] < 18.0, "the plain schedule looks after 5, 12 and 23 s"


async def test_a_single_task_is_asked_after_and_its_answer_handed_on() -> None:
    """Nobody has to ask again."""
    post = Post()
    job = await post.task(run_s=20.0)

    ((_, ended),) = await post.until(23.0)
    assert isinstance(ended.answer, Finished)
    assert (job.id, 0) == (ended.job_id, post.vendor.calls["list"])


async def test_watching_writes_nothing_to_jobs() -> None:
    """Version, state and due instant stay as they were, however often it is looked."""
    post = Post()
    jobs = [await post.task(run_s=500.0) for _ in range(3)]
    assert [] == await post.until(300.0)
    assert jobs == [await post.store.get(job.id) for job in jobs]


async def test_known_run_times_bring_the_look_near_the_end() -> None:
    """With what forty tasks took, an end is seen within seconds, for few requests."""
    post = Post()
    first = await post.task(run_s=60.0)
    await post.teach(first)
    for _ in range(4):
        await post.task(run_s=60.0)

    seen = await post.ends(66.0)
    assert 5 == len(seen)
    assert max(seen.values()) < 63.0
    assert post.vendor.calls["list"] + post.vendor.calls["look"] < 20


@pytest.mark.parametrize("quirks", [{"list_lag_s": 10.0}, {"page_size_max": 2}, {"list_zone": "utc"}])
async def test_a_strange_list_only_costs_what_it_must(quirks: dict[str, Any]) -> None:
    """With a lag, short pages or another zone every end is still seen, no later than the lag after the schedule."""
    post = Post(**quirks)
    for _ in range(5):
        await post.task(run_s=30.0)
        post.clock.advance(0.3)

    seen = await post.ends(100.0)
    assert 5 == len(seen)
    assert max(seen.values()) < 61.0


async def test_what_the_list_is_like_is_learned_and_kept() -> None:
    """Whose key is ours, how long a page is, in which zone the window is read, how far the list lags behind."""
    post = Post(list_lag_s=10.0, page_size_max=3, list_zone="utc")
    for _ in range(3):
        for _ in range(5):
            await post.task(run_s=300.0)
            post.clock.advance(1.0)
        await post.until(60.0)

    facts = await post.store.facts("main")
    assert ((number_of("sk-ours"),), 3, Zone.UTC) == (facts.key_ids, facts.page_size, facts.zone)
    assert 0.0 < facts.lag_s <= 10.5


async def test_keys_are_not_learned_from_adopted_tasks() -> None:
    """Only a task that our own answer told of says which key is ours."""
    post = Post()
    for _ in range(2):
        task_id = post.vendor.made("sk-other")
        task = make_task(task_id, post.clock.now())
        adopted = type(task)(task.id, task.accepted_at, how="adopted")
        await post.store.add([make_job(Generating(adopted, due_at=post.clock.now() + 1200.0))])
    await post.until(40.0)
    assert post.vendor.calls["list"] > 0
    assert () == (await post.store.facts("main")).key_ids


async def test_a_sighting_that_came_to_nothing_is_handed_on_again() -> None:
    """Whoever should have taken it has died: by the plain schedule it is seen once more."""
    post = Post()
    for _ in range(2):
        await post.task(run_s=10.0)
    seen = await post.until(60.0)
    assert 2 == len({ended.job_id for _, ended in seen})
    assert 4 <= len(seen) <= 10


async def test_a_list_that_cannot_be_read_is_left_alone_and_its_tasks_are_asked_after() -> None:
    """One row that nobody can read, say, breaks it for a day: the ends are seen all the same."""
    post = Post()
    jobs = [await post.task(run_s=30.0) for _ in range(3)]
    post.vendor.broken[1] = 10**6
    assert {job.id for job in jobs} == set(await post.ends(120.0))
    assert post.vendor.calls["list"] <= 12


async def test_a_vendor_that_answers_nothing_is_waited_for() -> None:
    """Neither list nor tasks: a few tries a minute, and as soon as it answers again one list shows all."""
    post = Post()
    plainly = post.vendor.look
    jobs = [await post.task(run_s=30.0) for _ in range(20)]

    async def away(account: object, task_id: str) -> QueryFailed:
        post.vendor.calls["look"] += 1
        return QueryFailed("connection reset")

    post.vendor.broken[1], post.vendor.look = 10**6, away
    assert {} == await post.ends(1800.0)
    assert post.vendor.calls.total() <= 100
    post.vendor.broken[1], post.vendor.look = 0, plainly
    assert {job.id for job in jobs} == set(await post.ends(150.0))


async def test_other_tasks_seen_are_witnesses() -> None:
    """The vendor showed another task since then; the one in question is no witness for itself."""
    post = Post()
    one, other = [await post.task(run_s=300.0) for _ in range(2)]
    before = post.clock.now()
    await post.until(10.0)
    tasks = [job.state.task.id for job in (one, other) if isinstance(job.state, Generating)]
    assert post.watcher.seen_since(before, tasks[0])
    assert not post.watcher.seen_since(post.clock.now() + 1.0, tasks[0])
    lone = Post()
    job = await lone.task(run_s=300.0)
    await lone.until(10.0)
    assert isinstance(job.state, Generating)
    assert not lone.watcher.seen_since(0.0, job.state.task.id)


async def test_one_process_watches_and_another_takes_over() -> None:
    """While the first lives the second asks nothing; once its lease has run out it is replaced."""
    post = Post()
    for _ in range(2):
        await post.task(run_s=1000.0)
    await post.until(20.0)
    calls = post.vendor.calls.total()
    other = post.another("w2")
    assert [] == await post.until(LEASE_S / 3, other)
    assert calls == post.vendor.calls.total()
    await post.until(LEASE_S * 2 + 60.0, other)
    assert calls < post.vendor.calls.total()


async def test_ten_thousand_tasks_are_watched_with_hardly_a_write() -> None:
    """Far less than a row for a task and a minute: a lease now and then, what the list is like, and the far net."""
    policy, minutes = Policy(), 1.0
    clock, store = FakeClock(), Counted(lambda _: 20_000, Policy())
    begun = clock.now()
    jobs = [make_job(Generating(make_task(f"task-{n}", begun), due_at=begun + 1200.0)) for n in range(10_000)]
    await store.add(jobs)
    vendor = DeskVendor(Desk(DeskSettings(accounts=(THEIRS,)), seed=1), clock)
    watcher = Watcher(ACCOUNT, WatchTools(clock, RunNews(store, clock), store, vendor, policy, "w1"))
    while clock.now() < begun + 60.0 * minutes:
        turned = await watcher.turn()
        clock.advance(max(turned.until - clock.now(), 2.0))

    assert len(watcher.tasks) == 10_000
    assert vendor.calls.total() > 10
    assert store.writes <= 20
    simple = transition(jobs[0], StillRunning("RUNNING"), begun + 5.0, policy, 0.5).job.state
    assert isinstance(simple, Generating)
    far_net = 10_000 * 60.0 * minutes / (simple.due_at - (begun + 5.0))
    assert store.writes + far_net < 10_000 * minutes / 5


@pytest.mark.parametrize("watched", [500, 10_000])
async def test_a_turn_costs_what_is_new_however_much_is_watched(watched: int) -> None:
    """Tasks come and go among many: nothing is read whole again, and only what changed is read and planned."""
    clock, policy = FakeClock(), Policy()
    store = Counted(lambda _: 20_000, policy)
    states = [Generating(make_task(f"task-{n}", clock.now()), due_at=clock.now() + 1200.0) for n in range(watched)]
    jobs = await store.add([make_job(state) for state in states])
    vendor = DeskVendor(Desk(DeskSettings(accounts=(THEIRS,)), seed=1), clock)
    watcher = Watcher(ACCOUNT, WatchTools(clock, RunNews(store, clock), store, vendor, policy, "w1"))
    await watcher.turn()
    assert (1, watched) == (store.whole, len(watcher.tasks))

    before = watcher.work
    for n in range(20):
        if n % 2:
            await store.commit(make_change(jobs[n], Archiving(make_task(f"task-{n}"), make_outcome(), clock.now())))
        else:
            await store.add([make_job(Generating(make_task(f"new-{n}", clock.now()), due_at=clock.now() + 1200.0))])
        watcher.changed()
        turned = await watcher.turn()
        assert ((), len(watcher.tasks)) == (turned.ended, watched + (n + 1) % 2)
        clock.advance(0.1)
    assert (1, 20, 0) == (store.whole, store.told, vendor.calls.total())
    assert watcher.work - before <= 200


async def test_a_look_costs_its_page_however_much_is_watched() -> None:
    """When tasks come due, those on the page of the list are planned anew, not the others."""
    post = Post()
    for _ in range(1500):
        await post.task(run_s=5000.0)
        post.clock.advance(0.5)
    await post.until(1.0)
    looks, before = post.vendor.calls.total(), post.watcher.work
    await post.until(60.0)
    looks = post.vendor.calls.total() - looks
    assert looks > 15
    assert post.watcher.work - before <= 250 * looks


async def test_what_another_process_began_and_ended_is_seen_by_news() -> None:
    """A task begun elsewhere is watched, and one that ended there is asked after no more."""
    post = Post()
    jobs = [await post.task(run_s=5000.0) for _ in range(3)]
    await post.until(10.0)
    assert 3 == len(post.watcher.tasks)
    ended = make_change(jobs[0], Archiving(jobs[0].state.task, make_outcome(), post.clock.now()))  # type: ignore[union-attr]
    await post.store.commit(ended)
    await post.watcher.tools.news.read()
    await post.until(1.0)
    assert {job.state.task.id for job in jobs[1:]} == post.watcher.tasks.keys()  # type: ignore[union-attr]


async def test_what_no_news_told_is_seen_within_a_minute() -> None:
    """What runs is read whole now and then, so that nothing hangs on the news alone."""
    post = Post()
    await post.task(run_s=5000.0)
    await post.until(1.0)
    post.watcher.tools.news.deaf("main")
    await post.task(run_s=5000.0)
    await post.until(WHOLE_S + 1.0)
    assert 2 == len(post.watcher.tasks)


async def test_a_lease_is_kept_through_the_longest_rest_and_its_loss_forgets_the_picture() -> None:
    """Nobody else may come to think that this watcher has died; one that was replaced reads all anew."""
    post = Post()
    await post.task(run_s=5000.0)
    await post.until(600.0)
    assert not await post.store.lease("main", "w2", post.clock.now(), post.clock.now() + LEASE_S)
    post.clock.advance(LEASE_S * 2)
    assert await post.store.lease("main", "w2", post.clock.now(), post.clock.now() + LEASE_S)
    await post.until(1.0)
    assert {} == post.watcher.tools.news.take("main")
    await post.task(run_s=5000.0)
    await post.until(LEASE_S * 2)
    assert 2 == len(post.watcher.tasks)


class Counted(MemoryStore):
    """Counts what would be read whole, told and written to disk for a watcher."""

    writes = 0
    whole = 0
    told = 0

    async def running(self, account: str) -> list[Watched]:
        """All of it."""
        self.whole += 1
        return await super().running(account)

    async def told_since(self, mark: int | None) -> Told:
        """What is new."""
        found = await super().told_since(mark)
        self.told += len(found.runs)
        return found

    async def lease(self, account: str, owner: str, now: float, until: float) -> bool:
        """A row."""
        self.writes += 1
        return await super().lease(account, owner, now, until)

    async def note(self, account: str, met: Facts) -> Facts:
        """A row."""
        self.writes += 1
        return await super().note(account, met)

    async def commit(self, change: Change, owner: str | None = None) -> Job:
        """Rows: the job, and often its history."""
        self.writes += 1
        return await super().commit(change, owner)
