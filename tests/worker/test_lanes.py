"""Lanes: never more at once than allowed, no place empty while something waits, nothing kept from others for long."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.factories import NOW, make_job
from tests.worker.fakes import Archive, Bench, Gate
from wanreel.domain.event import Change, Trouble
from wanreel.domain.job import Archiving, Artifact, Job, Succeeded
from wanreel.domain.policy import Policy
from wanreel.ports.archive import KeepFailed
from wanreel.ports.jobs import Claim, Filter, Lane
from wanreel.worker.lanes import AHEAD, HELD_S, AtWork
from wanreel.worker.loop import Pace, Runner


async def filled(limit: int, jobs: int) -> AtWork:
    """A lane in which as many run as may, and others are to follow."""
    lane = AtWork(Lane.ARCHIVE, limit)
    lane.line_up([make_job(Archiving) for _ in range(jobs)], NOW)
    while (job := lane.take(NOW)) is not None:
        lane.running[job.id] = asyncio.get_running_loop().create_task(asyncio.sleep(0))
    return lane


async def test_as_many_are_claimed_to_follow_as_ended_since_the_last_time() -> None:
    """At first no more than can begin; then no place is asked for twice, and never many times the limit."""
    lane = AtWork(Lane.ARCHIVE, 2)
    assert 2 == lane.room()
    lane = await filled(2, 2)
    assert 0 == lane.room()
    for job_id in list(lane.running):
        lane.over(job_id)
    assert 4 == lane.room(), "two places, and two that will be free by the next time"
    assert 2 == lane.room(), "what ended counts once"
    lane = await filled(2, 5)
    assert 0 == lane.room(), "more wait than can begin"
    for _ in range(100):
        lane.running["x"] = next(iter(lane.running.values()))
        lane.over("x")
    assert AHEAD * 2 - 3 == lane.room()


async def test_what_follows_begins_when_there_is_a_place_and_only_then() -> None:
    """In the order it was claimed in; a step of somebody else's job frees nothing."""
    lane = await filled(1, 3)
    first = next(iter(lane.running))
    assert lane.take(NOW) is None
    lane.over("job_of_another_lane")
    assert lane.take(NOW) is None
    lane.over(first)
    second = lane.take(NOW)
    assert second is not None
    assert lane.has(second.id) is False, "it is the runner's to begin"
    assert first != second.id


async def test_what_waits_in_vain_is_given_back() -> None:
    """Steps that take long keep nothing from other workers: once nothing has moved for a while, nothing waits here."""
    lane = await filled(1, 3)
    assert [] == lane.left_standing(NOW + HELD_S / 2)
    lane.over(next(iter(lane.running)))
    assert lane.take(NOW + HELD_S) is None, "we may have been stopped, and our claim another's by now"
    left = lane.left_standing(NOW + HELD_S)
    assert 2 == len(left)
    assert [False, False] == [lane.has(job.id) for job in left]
    assert [] == lane.left_standing(NOW + 2 * HELD_S)


async def test_who_is_claimed_again_before_it_begins_leaves_no_claim_behind() -> None:
    """It begins by that claim; only what runs already, and so does not, has one to be given back."""
    lane = await filled(1, 2)
    first, second = next(iter(lane.running)), lane._next[0]
    lane.claimed_again(replace(second, id=first))
    fresh = replace(second, version=second.version + 1)
    lane.claimed_again(fresh)
    assert lane.over(first) is True
    assert lane.take(NOW) is fresh, "somebody may have changed it since it was first claimed"
    lane.running[second.id] = asyncio.get_running_loop().create_task(asyncio.sleep(0))
    assert lane.over(second.id) is False


async def test_who_has_only_its_end_to_write_down_keeps_no_place() -> None:
    """As many as there are places may be at that; one that ends so has made room once, not twice."""
    lane = await filled(2, 6)
    one, two = list(lane.running)
    lane.ease(one)
    lane.ease(one)
    lane.ease("job_of_another_lane")
    assert 1 == lane.places
    third = lane.take(NOW)
    assert third is not None
    lane.running[third.id] = lane.running[two]
    assert lane.take(NOW) is None
    lane.ease(two)
    lane.ease(third.id)
    assert 1 == lane.places, "two are writing already: the third keeps its place"
    lane.over(one)
    assert 2 == lane.places, "until one of these has done"
    lane.over(third.id)
    assert 2 == lane.places
    lane.over(two)
    assert (0, 2) == (len(lane.running), lane.places)
    assert 2 - 3 + 3 == lane.room(), "two places free, three jobs wait, three have ended"


class Claims:
    """Notes what a store is asked for."""

    def __init__(self, bench: Bench) -> None:
        self.asked: list[Claim] = []
        self._real = bench.store.claim
        bench.store.claim = self  # pyright: ignore[reportAttributeAccessIssue]

    async def __call__(self, claim: Claim) -> list[object]:
        found = await self._real(claim)
        if claim.lane is Lane.ARCHIVE and found:
            self.asked.append(claim)
        return list(found)


class Counting(Archive):
    """Knows how many clips come home at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0

    async def keep(self, *args: object, **kwargs: object) -> Artifact:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0)
            return await super().keep(*args, **kwargs)  # pyright: ignore[reportArgumentType]
        finally:
            self.now -= 1


async def test_a_busy_runner_asks_rarely_and_leaves_no_place_empty() -> None:
    """A hundred clips, two at once: the rounds grow with what ends, and there are never three."""
    bench = Bench()
    bench.archive = counting = Counting()
    claims = Claims(bench)
    await bench.store.add([make_job(Archiving) for _ in range(100)])
    await Runner(bench.tools, (), bench.limit_of, Pace(archives_max=2, look_around_s=0.005)).run(until_idle=True)
    assert 100 == len(counting.kept)
    assert 2 == counting.most
    assert len(claims.asked) < 30, "two at a time would be fifty rounds"


async def test_the_next_clip_comes_home_while_the_store_is_told_of_the_last() -> None:
    """A store that takes its time keeps no download waiting, and never more come at once than allowed."""
    bench = Bench()
    bench.archive = counting = Counting()
    begun: list[str] = []
    both, real = asyncio.Event(), bench.store.commit

    async def slow(change: Change, owner: str | None = None) -> Job:
        begun.append(change.job.id)
        if len(begun) == 2:
            both.set()
        await both.wait()
        return await real(change, owner)

    bench.store.commit = slow
    await bench.store.add([make_job(Archiving) for _ in range(4)])
    async with asyncio.timeout(20):
        await Runner(bench.tools, (), bench.limit_of, Pace(archives_max=1, look_around_s=0.005)).run(until_idle=True)
    assert (4, 1) == (len(counting.kept), counting.most)


async def test_a_job_that_is_claimed_while_its_last_step_ends_here_is_not_kept_by_nobody() -> None:
    """The store has its end, and lets it be claimed before the step has come to its own: here the storage is back."""
    bench = Bench(policy=replace(Policy(), backoff_first_s=0.0))
    bench.archive.answers.append(KeepFailed(Trouble.DESTINATION, "no room"))
    rounds, real = 0, bench.store.commit

    async def commit(change: Change, owner: str | None = None) -> Job:
        nonlocal rounds
        job = await real(change, owner)
        rounds += 1
        if rounds == 1:
            await bench.store.hasten(bench.clock.now())
            before = bench.store.claims
            while bench.store.claims < before + 6:  # two rounds of the runner's
                runner.nudge()
                await asyncio.sleep(0)
        return job

    bench.store.commit = commit
    await bench.store.add([make_job(Archiving)])
    runner = Runner(bench.tools, (), bench.limit_of, Pace(look_around_s=0.005))
    async with asyncio.timeout(20):
        await runner.run(until_idle=True)
    assert (2, 1) == (rounds, len(bench.archive.kept))


async def test_the_place_of_another_step_of_the_same_job_is_not_given_up() -> None:
    """Its look has ended in the store, and its clip is coming home already: whoever speaks is whose place is free."""
    bench = Bench()
    runner = Runner(bench.tools, (), bench.limit_of, Pace(archives_max=1))
    job = make_job(Archiving)
    here = asyncio.current_task()
    assert here is not None
    other = asyncio.get_running_loop().create_task(asyncio.sleep(0))
    runner._looks.running[job.id], runner._archives.running[job.id] = here, other
    runner._ease(job)
    assert (True, False) == (runner._looks.writes(job.id), runner._archives.writes(job.id))
    await other


async def test_a_stop_cuts_no_clip_that_is_home_and_only_to_be_written_down() -> None:
    """However long the store takes: else it would be fetched again, by a URL that may be dead by then."""
    bench, gate = Bench(), Gate(None)
    real = bench.store.commit

    async def slow(change: Change, owner: str | None = None) -> Job:
        await gate()
        return await real(change, owner)

    bench.store.commit = slow
    await bench.store.add([make_job(Archiving)])
    runner = Runner(bench.tools, (), bench.limit_of, Pace(look_around_s=0.005, stop_archives_s=0.0))
    working = asyncio.get_running_loop().create_task(runner.run())
    await gate.entered.wait()
    runner.stop()
    await asyncio.wait([working], timeout=0.05)
    gate.opened.set()
    await working
    (job,) = await bench.store.find(Filter())
    assert isinstance(job.state, Succeeded)


async def test_what_was_to_follow_is_given_back_at_a_stop() -> None:
    """Nothing begins any more, and nobody has to wait for our claim to run out."""
    bench = Bench()
    stopping: list[Runner] = []

    class Stopping(Counting):
        async def keep(self, *args: object, **kwargs: object) -> Artifact:
            if len(self.kept) == 10:
                stopping[0].stop()
            return await super().keep(*args, **kwargs)

    bench.archive = counting = Stopping()
    await bench.store.add([make_job(Archiving) for _ in range(100)])
    stopping.append(Runner(bench.tools, (), bench.limit_of, Pace(archives_max=2, look_around_s=0.005)))
    await stopping[0].run()
    assert len(counting.kept) < 15
    assert 100 - len(counting.kept) == len(await bench.take(Lane.ARCHIVE, "worker-2"))
