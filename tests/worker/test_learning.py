"""Run times are written down together, and never hold up or break what they are learned from."""

from __future__ import annotations

from tests.factories import make_job, make_outcome
from tests.worker.fakes import Bench, Vendor
from wanreel.domain.errors import Unavailable
from wanreel.domain.event import Finished
from wanreel.domain.job import Generating, Outcome, Succeeded
from wanreel.domain.runtimes import RunTime, RunTimes, kind_of
from wanreel.worker.learning import MET_MAX, Learning
from wanreel.worker.loop import Pace, Runner


class Store:
    """Notes what it is told at once; away, if it must be."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.told: list[tuple[RunTime, ...]] = []

    async def learn(self, *met: RunTime) -> None:
        if self.away:
            raise Unavailable("the disk is full")
        self.told.append(met)


def a_run(took_s: float) -> RunTime:
    return RunTime(kind_of(make_job().request), took_s)


async def test_what_was_met_is_written_once_and_together() -> None:
    """Nothing met, nothing written; what could not be written is not kept for ever."""
    store = Store()
    learning = Learning(store)  # pyright: ignore[reportArgumentType]
    await learning.write()
    assert [] == store.told
    learning.meet(a_run(60.0))
    learning.meet(a_run(61.0))
    assert learning.has_news
    await learning.write()
    await learning.write()
    assert [(a_run(60.0), a_run(61.0))] == store.told
    store.away = True
    learning.meet(a_run(62.0))
    await learning.write()
    store.away = False
    for _ in range(2 * MET_MAX):
        learning.meet(a_run(63.0))
    await learning.write()
    assert [2, MET_MAX] == [len(met) for met in store.told]


async def test_a_runner_remembers_all_before_it_ends() -> None:
    """A step that sees the end of a task waits for one write, not two; none is forgotten at the end."""
    took = Finished(Outcome(make_outcome().video_url, make_outcome().url_expires_at, took_s=71.0))
    bench = Bench(vendor=Vendor(look=[took] * 20))
    jobs = await bench.store.add([make_job(Generating) for _ in range(20)])
    writes: list[int] = []
    real = bench.store.learn

    async def learn(*met: RunTime) -> None:
        writes.append(len(met))
        await real(*met)

    bench.store.learn = learn
    await Runner(bench.tools, (), bench.limit_of, Pace(look_around_s=0.005)).run(until_idle=True)
    assert {Succeeded} == {type((await bench.store.get(job.id)).state) for job in jobs}
    assert 20 == sum(writes)
    assert 20 > len(writes)
    learned: RunTimes = await bench.store.runtimes()
    assert 20 == learned.by_kind[kind_of(jobs[0].request)].seen
