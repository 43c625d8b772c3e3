"""What is waited for to the end ends, however often that is cancelled; who waited hears of it, or of the cancel."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from wanreel.archive.threads import Threads
from wanreel.cancels import run_through, wait_through

Way = Callable[["Work"], Coroutine[Any, Any, Any]]


class Trouble(Exception):
    """What came of it."""


class Result:
    """Stands for megabytes."""


class Seen:
    """Something that was seen: `gone` when nobody holds it any more."""

    def __init__(self, thing: object, loop: asyncio.AbstractEventLoop) -> None:
        self.gone = asyncio.Event()
        self.thing = weakref.ref(thing, lambda _: loop.call_soon_threadsafe(self.gone.set))


class Work:
    """Something that ends when it is told to."""

    def __init__(self, *, fails: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self.told: asyncio.Future[None] = self._loop.create_future()
        self._fails = fails
        self.ended = False
        self.seen: list[Seen] = []

    async def run(self) -> Result:
        await asyncio.shield(self.told)
        return self.end()

    def end(self) -> Result:
        self.ended = True
        result, error = Result(), Trouble("it failed")
        self.seen = [Seen(result, self._loop), Seen(error, self._loop)]
        if not self._fails:
            return result
        try:
            raise error
        finally:
            del error


async def in_place(work: Work) -> Any:
    return await wait_through(work.run)


async def in_a_task(work: Work) -> Any:
    return await run_through(work.run())


both = pytest.mark.parametrize("way", [in_place, in_a_task])
many = pytest.mark.parametrize("times", [1, 2, 7])


async def turns(count: int = 5) -> None:
    """Let everybody else go as far as they can."""
    for _ in range(count):
        await asyncio.sleep(0)


async def cancelled(way: Way, work: Work, times: int) -> asyncio.Task[Any]:
    """Who waits for it, and was cancelled so often, each time when it waited again."""
    waiting = asyncio.create_task(way(work))
    await turns()
    for number in range(times):
        assert waiting.cancel(f"cancel {number}")
        await turns()
        assert not waiting.done()
        assert not work.ended
    return waiting


@both
async def test_what_came_of_it_is_told(way: Way) -> None:
    """Its result, or its error."""
    for fails in (False, True):
        work = Work(fails=fails)
        waiting = asyncio.create_task(way(work))
        await turns()
        work.told.set_result(None)
        if fails:
            with pytest.raises(Trouble):
                await waiting
        else:
            told = await waiting
            assert told is work.seen[0].thing()


@both
@many
@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancel_waits_for_the_end(way: Way, times: int, *, fails: bool) -> None:
    """Then it is the last one that is told, whatever came of it; nobody complains of an error that nobody heard."""
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    work = Work(fails=fails)
    waiting = await cancelled(way, work, times)
    work.told.set_result(None)
    with pytest.raises(asyncio.CancelledError, match=f"cancel {times - 1}"):
        await waiting
    assert work.ended
    assert {asyncio.current_task()} == asyncio.all_tasks()
    assert waiting.cancelled()
    del waiting
    await turns()
    assert [] == complaints


@both
@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancel_at_the_very_end_is_told(way: Way, *, fails: bool) -> None:
    """It is over, and who waited does not know it yet: the cancel is not lost."""
    work = Work(fails=fails)
    waiting = asyncio.create_task(way(work))
    await turns()
    work.told.set_result(None)
    while not work.ended and not waiting.done():
        waiting.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert work.ended


@both
async def test_a_time_out_waits_too(way: Way) -> None:
    """Its cancel is one as any other, and is told as a time-out."""
    work = Work()

    async def hurried() -> None:
        async with asyncio.timeout(0):
            await way(work)

    waiting = asyncio.create_task(hurried())
    await turns(20)
    assert not waiting.done()
    work.told.set_result(None)
    with pytest.raises(TimeoutError):
        await waiting
    assert work.ended


def test_the_end_of_a_program_waits_for_what_is_waited_for_in_place() -> None:
    """It cancels every task there is, once."""
    ended: list[int] = []

    async def last() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ended.append(1)

    async def program() -> None:
        left = asyncio.create_task(wait_through(last))
        await asyncio.sleep(0)
        assert not left.done()

    asyncio.run(program())
    assert [1] == ended


async def test_what_is_cancelled_itself_is_not_waited_for_again() -> None:
    """Its own cancel, which is not of who waits, is what came of it."""
    inner: list[asyncio.Task[Any]] = []

    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None
        inner.append(task)
        await asyncio.Event().wait()

    waiting = asyncio.create_task(run_through(work()))
    await turns()
    inner[0].cancel("by somebody else")
    with pytest.raises(asyncio.CancelledError, match="by somebody else"):
        await waiting


@pytest.fixture
def no_cycles_collected() -> Iterator[None]:
    """What is in a cycle stays."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def in_a_thread(work: Work) -> Any:
    """As the archive does it."""
    told = threading.Event()
    work.told.add_done_callback(lambda _: told.set())

    def step() -> Result:
        told.wait()
        return work.end()

    return await Threads(1, "test").run(step)


@pytest.mark.parametrize("way", [in_place, in_a_task, in_a_thread])
@pytest.mark.parametrize("times", [0, 1, 2, 7])
@pytest.mark.parametrize("fails", [False, True])
async def test_nothing_is_kept(way: Way, times: int, no_cycles_collected: None, *, fails: bool) -> None:
    """Neither the result nor the error outlives the telling, without a collector of cycles."""
    work = Work(fails=fails)
    waiting = await cancelled(way, work, times)
    work.told.set_result(None)
    told = await asyncio.gather(waiting, return_exceptions=True)
    assert (asyncio.CancelledError if times else Trouble if fails else Result) is type(told[0])
    seen = [*work.seen, Seen(told[0], asyncio.get_running_loop())]
    del waiting, told, work
    async with asyncio.timeout(20):  # a thread may take a moment longer to let go
        for one in seen:
            await one.gone.wait()
