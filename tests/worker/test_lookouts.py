"""Lookouts: what a watcher has seen becomes a step at once, and a watcher that breaks harms nobody."""

from __future__ import annotations

import asyncio
from collections import deque

from tests.factories import NOW, FakeClock, make_account, make_job, make_outcome
from tests.worker.fakes import Asker, Bench, Vendor
from wanreel.domain.errors import Unavailable
from wanreel.domain.event import Finished, Found
from wanreel.domain.job import Account, Archiving, Generating, Job, Succeeded, Unconfirmed
from wanreel.domain.runtimes import kind_of
from wanreel.ports.vendor import Ended, Turned
from wanreel.worker.lookouts import Lookouts
from wanreel.worker.loop import Pace, Runner

PACE = Pace(look_around_s=0.02)


class Watcher:
    """Gives the turns it was told to give, then none."""

    def __init__(self, *turns: Turned | Exception, account: Account | None = None) -> None:
        self.account = account or make_account()
        self.turns = deque(turns)
        self.changes = 0
        self.heard = asyncio.Event()

    async def turn(self) -> Turned:
        turn = self.turns.popleft() if self.turns else Turned((), NOW + 3600.0)
        if isinstance(turn, Exception):
            raise turn
        return turn

    def changed(self) -> None:
        self.changes += 1
        self.heard.set()

    def seen_since(self, since: float, but: str) -> bool:
        return since <= NOW and but != "t-seen"


async def run(bench: Bench, *watchers: Watcher) -> None:
    """Run until nothing can move any more."""
    runner = Runner(bench.tools, (), bench.limit_of, PACE, watchers=watchers)
    async with asyncio.timeout(10):
        await runner.run(until_idle=True)


def running(task_id: str = "t-1") -> Job:
    """A running task whose own look is far away."""
    return make_job(Generating, task_id=task_id, due_at=NOW + 1000.0)


async def test_what_a_watcher_saw_is_looked_after_at_once() -> None:
    """The job is far from due; its step asks the vendor and goes on to the archive. Its run time is remembered."""
    outcome = make_outcome()
    took = Finished(type(outcome)(outcome.video_url, outcome.url_expires_at, took_s=71.0))
    bench = Bench(vendor=Vendor(look=took))
    job = running()
    await bench.store.add([job])
    watcher = Watcher(Turned((Ended(job.id, "t-1"),), NOW + 3600.0))

    await run(bench, watcher)
    assert isinstance((await bench.store.get(job.id)).state, Succeeded)
    assert 1 == bench.vendor.count("look")
    assert 1 == (await bench.store.runtimes()).by_kind[kind_of(job.request)].seen
    assert watcher.changes > 0


async def test_an_answer_the_watcher_got_is_not_asked_for_again() -> None:
    """The vendor's own word about this very task is enough; a word about an earlier task is not."""
    bench = Bench(vendor=Vendor(look=Finished(make_outcome())))
    told, other = running("t-1"), running("t-2")
    await bench.store.add([told, other])
    answer = Finished(make_outcome())
    ended = (Ended(told.id, "t-1", answer), Ended(other.id, "t-old", answer))

    await run(bench, Watcher(Turned(ended, NOW + 3600.0)))
    assert [("look", "t-2")] == [call for call in bench.vendor.calls if call[0] == "look"]
    assert {Succeeded} == {type((await bench.store.get(job.id)).state) for job in (told, other)}


async def test_a_sighting_of_a_job_that_moved_on_is_dropped() -> None:
    """Somebody else was quicker: nothing is asked and nothing is held up."""
    bench = Bench()
    job = make_job(Archiving, task_id="t-1", due_at=NOW)
    await bench.store.add([job])
    await run(bench, Watcher(Turned((Ended(job.id, "t-1"), Ended("job_nowhere", "t-9")), NOW + 3600.0)))
    assert isinstance((await bench.store.get(job.id)).state, Succeeded)
    assert 0 == bench.vendor.count("look")


async def test_a_watcher_that_breaks_goes_on_and_so_does_everybody_else() -> None:
    """The store was away, or there is a bug: one turn is lost, not the watcher, nor another account's."""
    bench = Bench(vendor=Vendor(look=[Finished(make_outcome()), Finished(make_outcome())]))
    job, other = running("t-1"), running("t-2")
    await bench.store.add([job, other])
    broken = Watcher(Unavailable("the disk is full"), Turned((Ended(job.id, "t-1"),), NOW + 3600.0))
    buggy = Watcher(RuntimeError("a bug"), account=make_account("second"))
    well = Watcher(Turned((Ended(other.id, "t-2"),), NOW + 3600.0), account=make_account("third"))

    await run(bench, broken, buggy, well)
    assert {Succeeded} == {type((await bench.store.get(j.id)).state) for j in (job, other)}


async def test_a_task_that_was_found_again_is_watched_at_once() -> None:
    """The watcher hears of it from the search, and does not rest until it looks at the store by itself."""
    bench = Bench()
    lost = make_job(Unconfirmed)
    await bench.store.add([lost])
    seeker = Asker(bench, ([(lost, Found("t-1", "list", "its words"))], 3600.0))
    watcher = Watcher()
    runner = Runner(bench.tools, (), bench.limit_of, PACE, seeker=seeker, watchers=[watcher])
    work = asyncio.get_running_loop().create_task(runner.run())
    async with asyncio.timeout(60):
        await watcher.heard.wait()
    runner.stop()
    await work
    assert isinstance((await bench.store.get(lost.id)).state, Generating)
    assert 0 == bench.vendor.count("look")


class Word:
    """News that speaks of the accounts it is given, once each."""

    def __init__(self, *spoken_of: frozenset[str] | Exception) -> None:
        self.spoken_of = deque(spoken_of)

    async def read(self) -> frozenset[str]:
        found = self.spoken_of.popleft() if self.spoken_of else frozenset[str]()
        if isinstance(found, Exception):
            raise found
        return found


async def test_news_is_read_once_for_all_and_wakes_only_whom_it_is_for() -> None:
    """A watcher that nothing is told of rests on; the one that is spoken of turns again. Trouble is got over."""
    quiet, busy = (
        Watcher(*(Turned((), NOW + 3600.0, 0.0) for _ in range(50)), account=make_account(name))
        for name in ("quiet", "busy")
    )
    word = Word(frozenset({"busy", "nobody's"}), Unavailable("away"), RuntimeError("a bug"), frozenset({"busy"}))
    lookouts = Lookouts((quiet, busy), FakeClock(), lambda: None, word)
    lookouts.start()
    try:
        async with asyncio.timeout(20):
            while word.spoken_of or len(busy.turns) > 47:
                lookouts.changed(make_job(account=make_account("quiet")))
                await asyncio.sleep(0)
    finally:
        await lookouts.stop()
    assert (49, 47) == (len(quiet.turns), len(busy.turns))
    assert (0, 0) == (quiet.changes, busy.changes)
