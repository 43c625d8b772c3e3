"""Resend or repeat: tells a create that a client sends again from one that asks for another clip.

Theory. Clients re-send creates on their own when an answer does not reach them, and people order equal clips. What
tells them apart, in this order:

1. An `Idempotency-Key` decides alone.
2. A retry count of the client's library: 0 is new; above 0 is a resend of a create nobody has followed up.
3. Else a create equal to an earlier one (caller, path, parsed body, session) is a *resend* when the earlier one's
   answer never left, or left a short while ago and nobody has named its id since. It is a *new* one when the earlier
   one is still unanswered on an open connection: two calls side by side.

So that calls made side by side are seen side by side, an answer that only rule 3 could judge is held until the call is
`GATHER_S` old. That a connection carries a further request is not taken for a sign that its last answer arrived: a
proxy reads our answers, keeps its connections, and may have lost every one of them on the other side.

Several processes may take the creates of one home, and a create that is sent again may come to another one than its
first. So each is announced in the store before anything is done about it, with what it came to and whether it was
followed up. Of another process's create that is still open nobody here can see whether its connection stands: its end
is waited for, which comes within `GATHER_S` of its job. One whose process died before that is judged by the job it left
behind, which carries the fingerprint; so are jobs of a release that announced nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from wanreel.domain.errors import WanreelError
from wanreel.domain.job import Job
from wanreel.ports.clock import Clock
from wanreel.ports.hooks import Announced, Announcements
from wanreel.ports.jobs import Filter

GATHER_S = 0.5
COUNTED_S = (
    3600.0  # how long a counted retry may come after its first try: the longest time-out of a known client is 600 s
)
REMEMBERED_S = 3600.0
OTHERS_S = 60.0  # how long a create of another process may take before that process is taken for dead
LOOK_S = 0.1  # how often its end is looked for
FOLLOWED_MAX = 10_000
ALIKE_MAX = 50


class Stage(StrEnum):
    """How far the answer to a create has come, as far as can be seen from here."""

    OPEN = "open"  # not answered, and its connection stands
    LOST = "lost"  # not answered, or with an error of ours, and its connection is gone
    ANSWERED = "answered"  # written; whether it has arrived nobody knows


@dataclass(frozen=True, slots=True)
class Seen:
    """An equal create that came before."""

    stage: Stage
    at: float  # when it was answered; when it came, where it was not
    followed: bool = False  # its id was named by a later request
    told: int = 0  # resends that were given its job


def resent(before: Sequence[Seen], now: float, window_s: float, count: int | None) -> Seen | None:
    """Which of the equal creates before it a create is sent again for; None: of none, it is a new one. Of several the
    one that was given to the fewest resends, then the newest: three calls whose answers are all lost get three jobs.
    """
    if count == 0 or (count is None and window_s <= 0):
        return None
    span_s = window_s if count is None else max(window_s, COUNTED_S)

    def may_be(one: Seen) -> bool:
        if one.followed or (one.stage is Stage.OPEN and count is None):
            return False
        return one.stage is Stage.LOST or now - one.at < span_s

    fitting = [one for one in before if may_be(one)]
    return min(fitting, key=lambda one: (one.told, -one.at), default=None)


@dataclass(slots=True, eq=False)
class Call:
    """One create of a foreign face, from its coming until it is forgotten."""

    id: str
    ask: str
    began_at: float
    gone: Callable[[], Awaitable[bool]]  # whether its connection has closed
    job: asyncio.Future[Job]
    answered_at: float | None = None
    followed: bool = False
    told: int = 0
    open_until: int = 0  # the turn by which it was last known to be unanswered
    lost: bool = False  # its connection had closed before its answer


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a create before anything is done about it."""

    ask: str
    window_s: float
    count: int | None
    gone: Callable[[], Awaitable[bool]]
    project: str | None

    @property
    def may_be_sent_again(self) -> bool:
        """Whether equal creates of this caller may be one: by their count, or by what is guessed."""
        return self.count is not None or self.window_s > 0


@dataclass(frozen=True, slots=True)
class Placed:
    """The job a create has come to, and whether it was there before."""

    job: Job
    resend: bool


@dataclass(slots=True)
class _Alike:
    """All creates of one fingerprint that are remembered."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    calls: list[Call] = field(default_factory=list[Call])


@dataclass(frozen=True, slots=True)
class _Coming:
    """How things stood when a create came: until it is judged it may have waited, and others been answered."""

    turn: int
    beside: set[str]  # the ids of equal ones that were unanswered when it was announced

    def found_open(self, call: Call) -> bool:
        """Whether another one was unanswered then."""
        return call.id in self.beside or call.open_until > self.turn


class Creates:
    """The creates of the foreign faces, as this process has seen them and others have announced them."""

    def __init__(
        self,
        clock: Clock,
        find: Callable[[Filter], Awaitable[list[Job]]],
        book: Announcements,
        gather_s: float = GATHER_S,
    ) -> None:
        self._clock = clock
        self._book = book
        self._followed: set[str] = set()  # jobs of which the book knows it
        self._find = find
        self._gather_s = gather_s
        self._began_at = clock.now()
        self._alike: dict[str, _Alike] = {}
        self._of_job: dict[str, Call] = {}
        self._swept_at = self._began_at
        self._turns = 0

    async def place(self, asked: Asked, make: Callable[[], Awaitable[Job]]) -> Placed:
        """The job of a create: an earlier one's, where it was sent again, or one made now. Raises as `make`."""
        self._sweep()
        alike = self._alike.setdefault(asked.ask, _Alike())
        call_id, came = self._clock.new_id("call"), self._turn()
        async with alike.lock:
            beside = await self._hear_of_others(asked, alike, call_id) if asked.may_be_sent_again else set[str]()
            earlier = await self._earlier(asked, alike, _Coming(came, beside))
            if earlier is None:
                future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
                call = Call(call_id, asked.ask, self._clock.now(), asked.gone, future)
                alike.calls.append(call)
            else:
                earlier.told += 1
                call = earlier
        if earlier is not None:
            await self._book.withdraw(call_id)
            job = await asyncio.shield(earlier.job)
            earlier.answered_at = self._clock.now()
            return Placed(job, resend=True)
        return Placed(await self._made(call, asked, make), resend=False)

    async def follow(self, job_id: str) -> None:
        """A job's id was named by a request: its create's answer has arrived. Raises Unavailable."""
        call = self._of_job.get(job_id)
        if call is not None:
            call.followed = True
        if job_id in self._followed:
            return
        await self._book.follow(job_id)
        if len(self._followed) >= FOLLOWED_MAX:
            self._followed.clear()
        self._followed.add(job_id)

    async def _made(self, call: Call, asked: Asked, make: Callable[[], Awaitable[Job]]) -> Job:
        try:
            job = await make()
        except BaseException as error:
            self._alike[call.ask].calls.remove(call)
            call.job.set_exception(error)
            call.job.exception()  # nobody may be waiting for it
            with suppress(WanreelError):
                await self._book.withdraw(call.id)
            raise
        self._of_job[job.id] = call
        call.job.set_result(job)
        if asked.count is None and asked.window_s > 0:
            await self._clock.sleep(max(0.0, call.began_at + self._gather_s - self._clock.now()))
        lost, now = await asked.gone(), self._clock.now()
        with suppress(WanreelError):  # the order stands; others will find the job it made
            await self._book.conclude(Announced(call.id, call.ask, call.began_at, job.id, now, lost))
        call.answered_at, call.open_until = self._clock.now(), self._turn()
        call.lost = lost
        return job

    async def _hear_of_others(self, asked: Asked, alike: _Alike, call_id: str) -> set[str]:
        """Announce a create, and learn what other processes know of equal ones. The ids of those still unanswered."""
        now = self._clock.now()
        since = now - max(asked.window_s, COUNTED_S, REMEMBERED_S)
        before = await self._book.announce(Announced(call_id, asked.ask, now), since)
        known = {call.id: call for call in alike.calls}
        for row in before:
            call = known.get(row.id)
            if call is None and (call := await self._of_other(row, asked)) is not None:
                alike.calls.append(call)
            if call is not None:
                call.followed = call.followed or row.followed
        return {row.id for row in before if row.ended_at is None}

    async def _of_other(self, row: Announced, asked: Asked) -> Call | None:
        """Another process's create once it has ended; None where it came to nothing."""
        ended: Announced | None = row
        looked = open_until = self._turn()
        while ended is not None and ended.ended_at is None and self._clock.now() - row.began_at < OTHERS_S:
            open_until = looked
            await self._clock.sleep(LOOK_S)
            looked = self._turn()
            ended = await self._book.announced(row.id)
        if ended is None:
            return None
        job = await self._job_of(ended, asked)
        if job is None:
            return None
        future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        future.set_result(job)
        call = Call(row.id, row.ask, row.began_at, _gone, future, followed=ended.followed)
        call.answered_at = None if ended.lost else ended.ended_at
        call.lost = ended.lost
        call.open_until = open_until if row.ended_at is None else 0
        self._of_job[job.id] = call
        return call

    async def _job_of(self, row: Announced, asked: Asked) -> Job | None:
        """The job of another's create; where that process died before it could say so, the job it left behind."""
        if row.job_id is not None:
            return next(iter(await self._find(Filter(ids=(row.job_id,), limit=1))), None)
        left = await self._find(Filter(ask=asked.ask, project=asked.project, limit=ALIKE_MAX))
        return next((j for j in left if j.created_at >= row.began_at and j.id not in self._of_job), None)

    async def _earlier(self, asked: Asked, alike: _Alike, coming: _Coming) -> Call | None:
        now = self._clock.now()
        if asked.count == 0 or not asked.may_be_sent_again:
            return None
        calls = [*alike.calls, *await self._before_us(asked, alike, now)]
        seen = [await self._seen(call, coming) for call in calls]
        found = resent(seen, now, asked.window_s, asked.count)
        return next((call for call, one in zip(calls, seen, strict=True) if one is found), None)

    async def _seen(self, call: Call, coming: _Coming) -> Seen:
        if call.answered_at is None:
            stage = Stage.LOST if await call.gone() else Stage.OPEN
        elif coming.found_open(call):
            stage = Stage.LOST if call.lost else Stage.OPEN
        else:
            return Seen(Stage.ANSWERED, call.answered_at, call.followed, call.told)
        return Seen(stage, call.began_at, call.followed, call.told)

    async def _before_us(self, asked: Asked, alike: _Alike, now: float) -> list[Call]:
        """Creates that a process before this one took; once found they are remembered like our own."""
        if now - self._began_at > max(asked.window_s, COUNTED_S):
            return []
        known = {call.job.result().id for call in alike.calls if call.job.done()}
        jobs = await self._find(Filter(ask=asked.ask, project=asked.project, limit=ALIKE_MAX))
        found: list[Call] = []
        for job in jobs:
            if job.id not in known and job.created_at < self._began_at and job.id not in self._of_job:
                future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
                future.set_result(job)
                call = Call(job.id, asked.ask, job.created_at, _gone, future, answered_at=job.created_at)
                self._of_job[job.id] = call
                alike.calls.append(call)
                found.append(call)
        return found

    def _turn(self) -> int:
        """The next of the numbers that say what came before what, however the clock is set."""
        self._turns += 1
        return self._turns

    def _sweep(self) -> None:
        """Forget what is too old to be sent again."""
        now = self._clock.now()
        if now - self._swept_at < REMEMBERED_S / 60:
            return
        self._swept_at = now
        for ask, alike in list(self._alike.items()):
            done = [c for c in alike.calls if c.job.done()]
            old = [c for c in done if now - (c.answered_at or c.began_at) > REMEMBERED_S]
            for call in old:
                alike.calls.remove(call)
                self._of_job.pop(call.job.result().id, None)
            if not alike.calls and not alike.lock.locked():
                del self._alike[ask]


async def _gone() -> bool:
    return True
