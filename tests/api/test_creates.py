"""Tests of what tells a create that is sent again from one that asks for another clip."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from tests.factories import FakeClock, make_job
from wanreel.api.creates import Asked, Creates, Placed, Seen, Stage, resent
from wanreel.domain.errors import Invalid
from wanreel.domain.job import Job
from wanreel.domain.policy import Policy
from wanreel.ports.hooks import Announced
from wanreel.ports.jobs import Filter
from wanreel.store.memory import MemoryStore

NOW, WINDOW = 1000.0, 100.0


@pytest.mark.parametrize(
    ("before", "count", "is_resend"),
    [
        ([], None, False),
        ([Seen(Stage.ANSWERED, NOW - 5)], None, True),
        ([Seen(Stage.ANSWERED, NOW - WINDOW - 1)], None, False),
        ([Seen(Stage.ANSWERED, NOW - 5, followed=True)], None, False),
        ([Seen(Stage.OPEN, NOW - 1)], None, False),
        ([Seen(Stage.LOST, NOW - 1)], None, True),
        ([Seen(Stage.ANSWERED, NOW - 5)], 0, False),
        ([Seen(Stage.LOST, NOW - 5)], 0, False),
        ([], 1, False),
        ([Seen(Stage.OPEN, NOW - 1)], 1, True),
        ([Seen(Stage.ANSWERED, NOW - 700)], 1, True),
        ([Seen(Stage.ANSWERED, NOW - 700, followed=True)], 1, False),
        ([Seen(Stage.ANSWERED, NOW - 4000)], 1, False),
    ],
)
def test_the_rule(before: Sequence[Seen], count: int | None, *, is_resend: bool) -> None:
    """A library's own count decides; else whether the answer may have been lost a short while ago."""
    assert is_resend == (resent(before, NOW, WINDOW, count) is not None)


def test_off_is_off() -> None:
    """A window of 0 guesses nothing; a count still decides."""
    lost = [Seen(Stage.LOST, NOW)]
    assert resent(lost, NOW, 0, None) is None
    assert resent(lost, NOW, 0, 1) is not None


def test_resends_are_dealt_out() -> None:
    """Three equal calls whose answers are all lost come back to three jobs, not to one."""
    seen = [Seen(Stage.ANSWERED, NOW - 3, told=1), Seen(Stage.ANSWERED, NOW - 2), Seen(Stage.ANSWERED, NOW - 1)]
    assert resent(seen, NOW, WINDOW, None) is seen[2]
    assert resent([seen[0], seen[1]], NOW, WINDOW, None) is seen[1]


# --- the same, with jobs --------------------------------------------------------------------------------------------


class Counter:
    """Creates whose jobs are counted; every connection is open until it is said to be gone."""

    def __init__(self, stored: Sequence[Job] = (), beside: Counter | None = None) -> None:
        """`beside`: another process over the same store."""
        self.clock = beside.clock if beside else FakeClock()
        self.stored = beside.stored if beside else list(stored)
        self.book = beside.book if beside else MemoryStore(lambda _: 1, Policy())
        self.made: list[Job] = []
        self.gone = False
        self.creates = Creates(self.clock, self._find, self.book)

    async def _find(self, which: Filter) -> list[Job]:
        return [job for job in self.stored if job.ask == which.ask or job.id in which.ids]

    async def make(self) -> Job:
        """A new job."""
        job = make_job(id=self.clock.new_id("job"), ask="a", created_at=self.clock.now())
        self.made.append(job)
        self.stored.append(job)
        return job

    async def call(
        self, *, count: int | None = None, make: Callable[[], Awaitable[Job]] | None = None, window_s: float = WINDOW
    ) -> Placed:
        """One create, always the same."""

        async def gone() -> bool:
            return self.gone

        return await self.creates.place(Asked("a", window_s, count, gone, None), make or self.make)


async def test_an_answer_that_was_lost() -> None:
    """The same create a moment later gets the same job; once its id was named, or after the window, a new one."""
    counter = Counter()
    first = await counter.call()
    again = await counter.call()
    assert (first.job.id, False, True) == (again.job.id, first.resend, again.resend)

    await counter.creates.follow(first.job.id)
    second = await counter.call()
    assert not second.resend
    counter.clock.advance(WINDOW + 1)
    assert not (await counter.call()).resend
    assert 3 == len(counter.made)


async def test_side_by_side() -> None:
    """Calls that are open at the same time are as many jobs; a call whose connection has gone is sent again."""
    counter = Counter()
    gate = asyncio.Event()

    async def slow() -> Job:
        await gate.wait()
        return await counter.make()

    both = [asyncio.create_task(counter.call(make=slow)) for _ in range(2)]
    await asyncio.sleep(0)
    counter.gone = True
    resend = asyncio.create_task(counter.call(make=slow))
    await asyncio.sleep(0)
    gate.set()
    one, two, three = await asyncio.gather(*both, resend)

    assert 2 == len(counter.made)
    assert (False, False, True) == (one.resend, two.resend, three.resend)
    assert three.job.id in (one.job.id, two.job.id)


async def test_an_answer_is_held_so_that_calls_meet() -> None:
    """Where only the past can tell, the answer waits until calls of the same moment have come; else it does not."""
    counter = Counter()
    await counter.call()
    assert [0.5] == counter.clock.slept
    await counter.call(count=0)
    await counter.call(window_s=0)
    assert [0.5] == counter.clock.slept
    assert 3 == len(counter.made)


async def test_what_was_refused_is_not_remembered() -> None:
    """A create that came to nothing has nothing to be sent again for."""
    counter = Counter()

    async def refused() -> Job:
        raise Invalid("no")

    with pytest.raises(Invalid):
        await counter.call(make=refused)
    assert not (await counter.call()).resend


async def test_a_restart_in_between() -> None:
    """A job that an earlier process made of the same create is known by its fingerprint."""
    old = make_job(id="job_old", ask="a", created_at=FakeClock().now() - 10)
    counter = Counter([old])
    assert ("job_old", True) == ((placed := await counter.call()).job.id, placed.resend)
    await counter.creates.follow("job_old")
    assert not (await counter.call()).resend


# --- several processes ----------------------------------------------------------------------------------------------


async def test_sent_again_to_another_process() -> None:
    """The same job there; once its id was named, here or there, a new one here and there."""
    here = Counter()
    there = Counter(beside=here)
    first, again = await here.call(), await there.call()
    assert (first.job, True) == (again.job, again.resend)
    await there.creates.follow(first.job.id)
    second = await here.call()
    assert not second.resend
    await here.creates.follow(second.job.id)
    assert not (await there.call()).resend
    assert (2, 1) == (len(here.made), len(there.made))


@pytest.mark.parametrize("gone", [False, True])
async def test_side_by_side_in_two_processes(monkeypatch: pytest.MonkeyPatch, *, gone: bool) -> None:
    """Two calls, each open, are two jobs; where the first one's connection has gone it was sent again."""
    here = Counter()
    there = Counter(beside=here)
    gate = asyncio.Event()

    async def slow() -> Job:
        await gate.wait()
        return await here.make()

    announced = here.book.announced

    async def looked_for(call_id: str) -> Announced | None:
        gate.set()  # the second waits to see what becomes of the first
        await asyncio.sleep(0)
        return await announced(call_id)

    monkeypatch.setattr(here.book, "announced", looked_for)
    here.gone = gone
    one = asyncio.create_task(here.call(make=slow))
    await asyncio.sleep(0)
    two = asyncio.create_task(there.call())
    first, second = await asyncio.gather(one, two)
    assert (gone, gone) == (second.resend, first.job == second.job)


@pytest.mark.parametrize("lost", [False, True])
async def test_many_side_by_side_in_two_processes(monkeypatch: pytest.MonkeyPatch, *, lost: bool) -> None:
    """As many jobs as calls, though the later ones wait for another process's end, and are judged when that and an
    earlier one of ours have been answered; what comes after all of them was sent again.
    """
    here = Counter()
    answer, came, end = asyncio.Event(), asyncio.Event(), asyncio.Event()
    looks = [came, came, end]
    announced = here.book.announced

    async def slow() -> Job:
        await answer.wait()
        return await here.make()

    async def look(call_id: str) -> Announced | None:
        await looks.pop(0).wait()
        return await announced(call_id)

    monkeypatch.setattr(here.book, "announced", look)
    one = asyncio.create_task(here.call(make=slow))
    await _settled()
    far = Announced("call_far", "a", here.clock.now())
    await here.book.announce(far, 0.0)
    later = [asyncio.create_task(here.call()) for _ in range(2)]
    await _settled()  # the first of them waits for the far one, the second for the first
    came.set()
    await _settled()
    answer.set()
    first = await one
    job = make_job(id="job_far", ask="a", created_at=here.clock.now())
    here.stored.append(job)
    await here.book.conclude(replace(far, job_id=job.id, ended_at=here.clock.now(), lost=lost))
    end.set()
    second, third = [await call for call in later]

    assert (False, lost, lost) == (first.resend, second.resend, third.resend)
    assert (2 if lost else 4) == len({first.job.id, second.job.id, third.job.id, job.id})
    assert (await here.call()).resend


async def _settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_another_process_came_to_nothing() -> None:
    """Refused there: nothing to be sent again for. Died there: the job it left behind is the one, if it left any."""
    here = Counter()
    there = Counter(beside=here)

    async def refused() -> Job:
        raise Invalid("no")

    with pytest.raises(Invalid):
        await there.call(make=refused)
    first = await here.call()
    assert not first.resend

    for left in (None, "job_left"):
        here = Counter()
        await here.book.announce(Announced("call_dead", "a", here.clock.now()), 0.0)
        if left:
            here.stored.append(make_job(id=left, ask="a", created_at=here.clock.now()))
        placed = await here.call()
        assert (left is not None, not left) == (placed.resend, bool(here.made))
