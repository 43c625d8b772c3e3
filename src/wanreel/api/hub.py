"""Everybody who listens to what happens, fed by one reader: the store is asked once, however many there are.

What happened lately is kept in memory, so that a thousand listeners who come back do not read the store a thousand
times, and one who wants a single job or group is handed that alone; who was away for longer reads the rest from the
store. Each listener has a bounded queue: one that is too slow is
let go, and finds everything again by the number of the last event it has seen.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from wanreel.domain.errors import WanreelError
from wanreel.ports.clock import Clock
from wanreel.ports.feed import HAPPENINGS, Feed, Happening, Nudges
from wanreel.telemetry import FEED_BROKE, log

GATHER_S = 0.05  # what happens within so long of each other is read at once
PAGE = 1000
LATELY_MAX = 10_000  # events kept in memory
QUEUE_MAX = 1000  # events a listener may be behind before it is let go

Wanted = Callable[[Happening], bool]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the store is asked."""

    look_s: float = 0.15  # while anybody listens ...
    hearing_s: float = 1.0  # ... and word of what other processes write would be heard
    rest_s: float = 1.0  # while nobody does


class Listener:
    """One who listens, to a `subject` or to everything; `lagging` once it was too slow and has been let go."""

    def __init__(self, wanted: Wanted, subject: str | None = None) -> None:
        self.wanted = wanted
        self.subject = subject
        self.lagging = False
        self._queue: deque[Happening | None] = deque()
        self._there = asyncio.Event()

    def put(self, happening: Happening | None) -> None:
        """Hand over what happened; None ends it."""
        if len(self._queue) >= QUEUE_MAX:
            self.lagging = True
            self._queue.clear()
            happening = None
        self._queue.append(happening)
        self._there.set()

    def end(self) -> None:
        """Whoever it was has left: what waits here comes to its end at once, without being cancelled."""
        self._queue.clear()
        self.put(None)

    async def next(self, patience_s: float) -> Happening | None:
        """What happened next. Raises TimeoutError when nothing did; None: it is over."""
        while not self._queue:
            self._there.clear()
            async with asyncio.timeout(patience_s):
                await self._there.wait()
        return self._queue.popleft()


class Hub:
    """One reader of the feed and its listeners. `open` and `close` it; closing ends every listener."""

    def __init__(self, feed: Feed, clock: Clock, nudges: Nudges | None = None, pace: Pace | None = None) -> None:
        self._feed = feed
        self._nudges = nudges
        self._pace = pace or Pace()
        self._deaf: Callable[[], None] | None = None
        self._clock = clock
        self._listeners: set[Listener] = set()
        self._by_subject: dict[str, set[Listener]] = {}
        self._everything: set[Listener] = set()
        self._lately: deque[Happening] = deque()
        self._lately_of: dict[str, list[Happening]] = {}  # the same by job and by group: mostly two or three each
        self._seen = 0
        self._began = 0
        self._wake = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._closing = False

    async def open(self) -> None:
        """Begin to read, from now on. Raises Unavailable."""
        self._seen = self._began = await self._feed.newest()
        if self._nudges is not None:
            self._deaf = self._nudges.listen(HAPPENINGS, self.nudge)
        self._reader = asyncio.get_running_loop().create_task(self._read_on())

    async def close(self) -> None:
        """End every listener and stop reading; harmless twice."""
        self.hang_up()
        if self._deaf is not None:
            self._deaf()
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader

    def hang_up(self) -> None:
        """End every listener, now and to come: the server is about to stop."""
        self._closing = True
        for listener in list(self._listeners):
            listener.put(None)

    def nudge(self) -> None:
        """Something happened in this process: look at once."""
        self._wake.set()

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def heard_of(self, subject: str) -> Happening | None:
        """Something that happened lately to a job or in a group; None where only the store can tell."""
        lately = self._lately_of.get(subject)
        return lately[-1] if lately else None

    def listen(self, wanted: Wanted, subject: str | None = None) -> Listener:
        """Begin to listen. `subject` (a group or a job) spares those who want only that from hearing all the rest."""
        listener = Listener(wanted, subject)
        self._listeners.add(listener)
        if subject is None:
            self._everything.add(listener)
        else:
            self._by_subject.setdefault(subject, set()).add(listener)
        if self._closing:
            listener.put(None)
        if len(self._listeners) == 1:
            self._wake.set()
        return listener

    def leave(self, listener: Listener) -> None:
        """Stop listening; harmless twice."""
        subject = listener.subject
        self._listeners.discard(listener)
        self._everything.discard(listener)
        if subject is not None and subject in self._by_subject:
            self._by_subject[subject].discard(listener)
            if not self._by_subject[subject]:
                del self._by_subject[subject]

    async def follow(
        self, listener: Listener, after: int | None = None, patience_s: float = 15.0
    ) -> AsyncGenerator[Happening | None]:
        """What a listener hears from now on or after event `after`, each once and in order; None after a silence. It
        has stopped listening when this ends.
        """
        try:
            last = self._seen if after is None else min(after, self._seen)
            if after is not None:
                async for happening in self._missed(last, listener.subject):
                    last = happening.seq
                    if listener.wanted(happening):
                        yield happening
            while True:
                try:
                    happening = await listener.next(patience_s)
                except TimeoutError:
                    yield None
                    continue
                if happening is None:
                    return
                if happening.seq > last:
                    yield happening
        finally:
            self.leave(listener)

    async def _missed(self, after: int, subject: str | None) -> AsyncIterator[Happening]:
        """Everything after a number, up to what listeners have been told when it is through."""
        while after < self._seen:
            if after >= self._floor():
                page = self._remembered(after, subject)
            else:
                page = [h for h in await self._feed.since(after, PAGE, subject) if h.seq <= self._seen]
            if not page:
                return
            for happening in page:
                yield happening
            after = page[-1].seq

    def _floor(self) -> int:
        """Everything after this number is in memory."""
        return self._began if len(self._lately) < LATELY_MAX else self._lately[0].seq - 1

    def _remember(self, happening: Happening) -> None:
        self._lately.append(happening)
        for subject in _subjects(happening):
            self._lately_of.setdefault(subject, []).append(happening)
        if len(self._lately) > LATELY_MAX:
            for subject in _subjects(self._lately.popleft()):  # it is the oldest of its subjects, too
                del self._lately_of[subject][0]
                if not self._lately_of[subject]:
                    del self._lately_of[subject]

    def _remembered(self, after: int, subject: str | None) -> list[Happening]:
        lately = self._lately if subject is None else self._lately_of.get(subject, ())
        found: list[Happening] = []
        for happening in reversed(lately):  # those who come back were here a moment ago
            if happening.seq <= after:
                break
            found.append(happening)
        return found[::-1]

    async def _read_on(self) -> None:
        while True:
            try:
                page = await self._feed.since(self._seen, PAGE)
            except WanreelError as why:
                log.error(FEED_BROKE, why=str(why))
                page = []
            for happening in page:
                self._seen = happening.seq
                self._remember(happening)
                self._tell(happening)
            if len(page) == PAGE:
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_s()):
                    await self._wake.wait()
                    await self._clock.sleep(GATHER_S)
            self._wake.clear()

    def _look_s(self) -> float:
        if not self._listeners:
            return self._pace.rest_s
        return self._pace.hearing_s if self._nudges is not None and self._nudges.heard else self._pace.look_s

    def _tell(self, happening: Happening) -> None:
        hearing = set(self._everything)
        for subject in _subjects(happening):
            hearing |= self._by_subject.get(subject, set())
        for listener in hearing:
            if listener.wanted(happening):
                listener.put(happening)


def _subjects(happening: Happening) -> Iterator[str]:
    """What one may listen to and hear of it."""
    yield happening.job_id
    if happening.group is not None:
        yield happening.group
