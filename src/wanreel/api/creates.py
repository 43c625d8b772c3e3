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

What is remembered here dies with the process. The fingerprint stands in the job itself, so that a create which is sent
again to a server that was restarted meanwhile is still known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from wanreel.domain.job import Job
from wanreel.ports import Clock, Filter

GATHER_S = 0.5
COUNTED_S = (
    3600.0  # how long a counted retry may come after its first try: the longest time-out of a known client is 600 s
)
REMEMBERED_S = 3600.0
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

    ask: str
    began_at: float
    gone: Callable[[], Awaitable[bool]]  # whether its connection has closed
    job: asyncio.Future[Job]
    answered_at: float | None = None
    followed: bool = False
    told: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a create before anything is done about it."""

    ask: str
    window_s: float
    count: int | None
    gone: Callable[[], Awaitable[bool]]
    project: str | None


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


class Creates:
    """The creates of the foreign faces, as this process has seen them."""

    def __init__(
        self, clock: Clock, find: Callable[[Filter], Awaitable[list[Job]]], gather_s: float = GATHER_S
    ) -> None:
        self._clock = clock
        self._find = find
        self._gather_s = gather_s
        self._began_at = clock.now()
        self._alike: dict[str, _Alike] = {}
        self._of_job: dict[str, Call] = {}
        self._swept_at = self._began_at

    async def place(self, asked: Asked, make: Callable[[], Awaitable[Job]]) -> Placed:
        """The job of a create: an earlier one's, where it was sent again, or one made now. Raises as `make`."""
        self._sweep()
        alike = self._alike.setdefault(asked.ask, _Alike())
        async with alike.lock:
            earlier = await self._earlier(asked, alike)
            if earlier is None:
                call = Call(asked.ask, self._clock.now(), asked.gone, asyncio.get_running_loop().create_future())
                alike.calls.append(call)
            else:
                earlier.told += 1
                call = earlier
        if earlier is not None:
            job = await asyncio.shield(earlier.job)
            earlier.answered_at = self._clock.now()
            return Placed(job, resend=True)
        return Placed(await self._made(call, asked, make), resend=False)

    def follow(self, job_id: str) -> None:
        """A job's id was named by a request: its create's answer has arrived."""
        call = self._of_job.get(job_id)
        if call is not None:
            call.followed = True

    async def _made(self, call: Call, asked: Asked, make: Callable[[], Awaitable[Job]]) -> Job:
        try:
            job = await make()
        except BaseException as error:
            self._alike[call.ask].calls.remove(call)
            call.job.set_exception(error)
            call.job.exception()  # nobody may be waiting for it
            raise
        self._of_job[job.id] = call
        call.job.set_result(job)
        if asked.count is None and asked.window_s > 0:
            await self._clock.sleep(max(0.0, call.began_at + self._gather_s - self._clock.now()))
        call.answered_at = self._clock.now()
        return job

    async def _earlier(self, asked: Asked, alike: _Alike) -> Call | None:
        now = self._clock.now()
        if asked.count == 0 or (asked.count is None and asked.window_s <= 0):
            return None
        calls = [*alike.calls, *await self._before_us(asked, alike, now)]
        seen = [await self._seen(call) for call in calls]
        found = resent(seen, now, asked.window_s, asked.count)
        return next((call for call, one in zip(calls, seen, strict=True) if one is found), None)

    async def _seen(self, call: Call) -> Seen:
        if call.answered_at is not None:
            return Seen(Stage.ANSWERED, call.answered_at, call.followed, call.told)
        stage = Stage.LOST if await call.gone() else Stage.OPEN
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
                call = Call(asked.ask, job.created_at, _gone, future, answered_at=job.created_at)
                self._of_job[job.id] = call
                alike.calls.append(call)
                found.append(call)
        return found

    def _sweep(self) -> None:
        """Forget what is too old to be sent again."""
        now = self._clock.now()
        if now - self._swept_at < REMEMBERED_S / 60:
            return
        self._swept_at = now
        for ask, alike in list(self._alike.items()):
            old = [c for c in alike.calls if c.answered_at is not None and now - c.answered_at > REMEMBERED_S]
            for call in old:
                alike.calls.remove(call)
                self._of_job.pop(call.job.result().id, None)
            if not alike.calls and not alike.lock.locked():
                del self._alike[ask]


async def _gone() -> bool:
    return True
