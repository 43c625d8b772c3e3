"""Our watcher, the real one, driven by hand in virtual time: its turns stop only where they ask the vendor."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any

from bench.watching.shop import BODY, CALL_S, MODEL, Clip, Shop, raw
from tests.factories import make_account
from wanreel.domain.event import CancelFailed, Finished
from wanreel.domain.facts import Facts, together
from wanreel.domain.job import Account, Intent, Job
from wanreel.domain.policy import Policy
from wanreel.domain.runtimes import Histogram, RunKind, RunTime, RunTimes, one_more
from wanreel.ports.vendor import CancelAnswer, Listing, LookAnswer, Prepared, SubmitAnswer, Turned, Window
from wanreel.ports.watching import Run, Told, Watched
from wanreel.vendor.answers import look_answer
from wanreel.vendor.listing import list_answer, list_query
from wanreel.watch.news import RunNews
from wanreel.watch.watcher import Watcher, WatchTools

KIND = RunKind(MODEL, "720P", BODY["parameters"]["duration"])


@coroutine
def pause(seconds: float) -> Generator[float, None, None]:
    """Let the shop's time pass."""
    yield seconds


class Vendor:
    """`ports.Vendor` over the shop's desk, held to the limits as the real adapter is."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def look(self, account: Account, task_id: str) -> LookAnswer:
        await pause(self.shop.calls["query"].take(self.shop.now) + CALL_S / 2)
        reply = self.shop.query(task_id)
        await pause(CALL_S / 2)
        return look_answer(task_id, reply.status, raw(reply), self.shop.now)

    async def list(self, account: Account, window: Window, page: int) -> Listing:
        await pause(self.shop.calls["list"].take(self.shop.now) + CALL_S / 2)
        reply = self.shop.list(list_query(window, page))
        await pause(CALL_S / 2)
        date = dict(reply.headers).get("date")
        return list_answer(reply.status, raw(reply), page, date=date, now=self.shop.now)

    async def prepare(self, job: Job) -> Prepared:
        raise AssertionError("no watcher prepares")

    async def submit(self, job: Job, intent: Intent, prepared: Prepared) -> SubmitAnswer:
        raise AssertionError("no watcher submits")

    async def cancel(self, account: Account, task_id: str) -> CancelAnswer:
        return CancelFailed("no watcher cancels")


class Store:
    """`ports.Watching` over the shop's own books."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.seen: Histogram | None = None
        self.known = Facts()
        self.holder: tuple[str, float] = ("", 0.0)
        self.log: list[str] = []  # whatever began or ceased to run
        self.last = set[str]()

    async def running(self, account: str) -> list[Watched]:
        return [Watched(c.task_id, c.task_id, KIND, c.accepted_at, answered=True) for c in self.shop.clips.values()]

    async def told_since(self, mark: int | None) -> Told:
        running = {watched.job_id: watched for watched in await self.running("main")}
        self.log += sorted(self.last ^ running.keys())
        self.last = set(running)
        changed = [] if mark is None else self.log[mark:]
        runs = tuple(Run(job_id, "main", running.get(job_id)) for job_id in changed)
        return Told(len(self.log), runs, more=False, waiting=False)

    async def learn(self, met: RunTime) -> None:
        self.seen = one_more(self.seen, met.took_s)

    async def runtimes(self) -> RunTimes:
        return RunTimes({} if self.seen is None else {KIND: self.seen})

    async def facts(self, account: str) -> Facts:
        return self.known

    async def note(self, account: str, met: Facts) -> Facts:
        self.known = together(self.known, met)
        return self.known

    async def lease(self, account: str, owner: str, now: float, until: float) -> bool:
        if self.holder[0] not in ("", owner) and now < self.holder[1]:
            return False
        self.holder = (owner, until)
        return True


class Clock:
    """The shop's time."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def now(self) -> float:
        return self.shop.now

    def latest(self) -> float:
        return self.shop.now

    def draw(self) -> float:
        return self.shop.rng.random()

    def new_id(self, prefix: str) -> str:
        raise AssertionError("no watcher makes ids")

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("no watcher sleeps")


class Ours:
    """The watcher at work; `waiting`: whether it is told that work waits for a slot."""

    def __init__(self, shop: Shop, *, waiting: bool, owner: str, store: Store | None = None) -> None:
        self.shop = shop
        self.store = store or Store(shop)
        self.vendor = Vendor(shop)
        watching: Any = self.store  # it lacks what no watcher asks for
        news = RunNews(self.store, Clock(shop))
        tools = WatchTools(Clock(shop), news, watching, self.vendor, Policy(), owner, lambda: waiting)
        self.watcher = Watcher(make_account("main"), tools)
        self.at: float | None = None
        self.busy = False
        shop.after(0.0, self._turn)

    def changed(self, clip: Clip) -> None:
        """A task was accepted: there is something to watch."""
        self.watcher.changed()
        self._wake(0.0)

    def _wake(self, seconds: float) -> None:
        at = self.shop.now + seconds
        if not self.busy and (self.at is None or at < self.at):
            self.at = at
            self.shop.after(seconds, lambda: self._turn() if self.at == at else None)

    def _turn(self) -> None:
        self.at, self.busy = None, True
        self._drive(self.watcher.turn(), self._turned)

    def _turned(self, turned: Turned) -> None:
        self.busy = False
        for ended in turned.ended:
            clip = self.shop.clips.get(ended.job_id)
            if clip is None:
                continue
            self.shop.noticed(clip)
            if isinstance(ended.answer, Finished):
                self._in_hand(clip, ended.answer)
            else:
                self._drive(self.vendor.look(self.watcher.account, clip.task_id), lambda a, c=clip: self._in_hand(c, a))
        self._wake(max(turned.until - self.shop.now, 0.0))

    def _in_hand(self, clip: Clip, answer: object) -> None:
        if isinstance(answer, Finished):
            assert answer.outcome.took_s is not None
            self._drive(self.store.learn(RunTime(KIND, answer.outcome.took_s)), lambda _: None)
            self.watcher.changed()
            self.shop.known(clip)

    def _drive(self, work: Coroutine[Any, Any, Any], done: Callable[[Any], None]) -> None:
        try:
            wait_s = work.send(None)
        except StopIteration as end:
            done(end.value)
            return
        self.shop.after(wait_s, lambda: self._drive(work, done))
