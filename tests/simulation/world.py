"""A world in virtual time: one heap of what comes next, coroutines driven by hand, no event loop, no real clock.

Everything is decided by one seed. `step` and its fellows neither sleep nor spawn, so each is a coroutine that stops
only where it calls a port; every such call hands control back (`hand`), and the world decides there whether it goes on
at once, later (and so after others), much later than its claim, or never again.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from types import coroutine
from typing import Any

from tests.simulation.faults import Faults
from wanreel.domain.errors import WanreelError
from wanreel.worker.step import Unsettled

START = 1_790_000_000.0
STEPS_MAX = 60_000  # a world that has not come to rest by then is a failure
TRANSCRIPT_MAX = 120

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


class BrokenPromise(Exception):
    """Something happened that must never happen."""


@coroutine
def hand(what: str, subject: str = "", wait_s: float = 0.0) -> Generator[tuple[str, str, float], None, None]:
    """Give control back to the world; go on when it says so, at the earliest after `wait_s`."""
    yield (what, subject, wait_s)


@dataclass(slots=True, eq=False)
class Strand:
    """One coroutine on its way. `crew` is the process it lives and dies with; None: nothing can kill it."""

    name: str
    subject: str
    coro: Coroutine[Any, Any, Any]
    crew: Any
    done: Callable[[Exception | None], None]
    dead: bool = False
    owner: str = ""  # whose claim it works under


@dataclass(slots=True)
class World:
    """Time, chance, and what happens next. `wall` is what our machine's clock shows; `now` is the vendor's."""

    seed: int
    rng: random.Random
    faults: Faults
    now: float = START
    offset_s: float = 0.0
    steps: int = 0
    heap: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list[Any])
    ties: int = 0
    ids: int = 0
    going: Strand | None = None  # the coroutine that is running now
    touched: int = 0  # writes to the store
    peeked: tuple[float, int, float | None] = (0.0, -1, None)  # when something was due next: asked when, on which write
    stalled: dict[str, list[Strand]] = field(default_factory=dict[str, list[Strand]])
    said: deque[tuple[float, str, str, str]] = field(default_factory=lambda: deque(maxlen=TRANSCRIPT_MAX))
    listener: Callable[[str], None] | None = None

    # --- ports.Clock ------------------------------------------------------------------------------------------------

    @property
    def wall(self) -> float:
        """Our own clock, which may have jumped ahead of the vendor's."""
        return self.now + self.offset_s

    def draw(self) -> float:
        """A random number in [0, 1)."""
        return self.rng.random()

    def new_id(self, prefix: str) -> str:
        """As long as real ones, ordered by making."""
        self.ids += 1
        number = self.ids
        return f"{prefix}_{'0' * 21}" + "".join(_LETTERS[(number >> (5 * p)) & 31] for p in (4, 3, 2, 1, 0))

    # --- what comes next --------------------------------------------------------------------------------------------

    def at(self, instant: float, what: Callable[[], None]) -> None:
        """Let something happen at an instant; things of one instant happen in the order they were planned."""
        self.ties += 1
        heappush(self.heap, (max(instant, self.now), self.ties, what))

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        """Let something happen a while from now."""
        self.at(self.now + seconds, what)

    def run(self, until: Callable[[], bool]) -> None:
        """Go from one thing to the next until there is rest."""
        while self.heap and not until():
            at, _, what = heappop(self.heap)
            self.now = max(self.now, at)
            self.steps += 1
            if self.steps > STEPS_MAX:
                raise BrokenPromise(f"no rest after {STEPS_MAX} steps")
            what()

    def say(self, who: str, what: str, subject: str = "") -> None:
        """A line of the transcript."""
        if self.listener is not None:
            self.listener(line(self.now, who, what, subject))
        self.said.append((self.now, who, what, subject))

    # --- coroutines -------------------------------------------------------------------------------------------------

    def spawn(self, strand: Strand) -> None:
        """Start a coroutine now, but not from within another one."""
        self.at(self.now, lambda: self._go(strand))

    def _go(self, strand: Strand) -> None:
        while not strand.dead:
            self.going = strand
            try:
                what, subject, wait_s = strand.coro.send(None)
            except StopIteration:
                if strand.dead:
                    return
                strand.dead = True
                strand.done(None)
                return
            except BrokenPromise:
                raise
            except (WanreelError, Unsettled) as why:
                strand.dead = True
                strand.done(why)
                return
            if what == STALLED:
                self._stall(strand, subject)
                return
            delay_s = self._delay(strand, what, subject, wait_s)
            if strand.dead:
                return
            if delay_s > 0.0:
                self.at(self.now + delay_s, lambda: self._go(strand))
                return

    def _stall(self, strand: Strand, until: str) -> None:
        """A worker that hangs and comes back at the worst instant: when its job is in the state `until` names."""
        self.say(strand.name, "stalls until", until)
        self.stalled.setdefault(until, []).append(strand)
        self.after(STALL_MAX_S, lambda: self._come_back(until, strand))

    def _come_back(self, until: str, strand: Strand) -> None:
        waiting = self.stalled.get(until, [])
        if strand in waiting:
            waiting.remove(strand)
            self._go(strand)

    def reached(self, job_id: str, state: str) -> None:
        """A job has got into a state: whoever stalls until then comes back now."""
        until = f"{job_id} {state}"
        for strand in self.stalled.get(until, ()) if self.stalled else ():
            self.after(0.0, partial(self._come_back, until, strand))

    def _delay(self, strand: Strand, what: str, subject: str, wait_s: float) -> float:
        """How long this await takes; it may also be the last the coroutine ever does."""
        if self.listener is not None:
            self.listener(line(self.now, strand.name, f"awaits {what}", subject))
        rng, faults = self.rng, self.faults
        if strand.crew is not None and faults.dangerous:
            if faults.hit("crash"):
                self.say(strand.crew.name, "crashed", f"while {strand.name} awaited {what} {subject}")
                strand.crew.crash()
                return 0.0
            if faults.hit("pause") or (what in SUBMITTING and faults.hit("pause")):
                pause_s = rng.choice((30.0, 400.0, 900.0, 3000.0))
                self.say(strand.name, f"paused for {pause_s:.0f} s", f"at {what} {subject}")
                return wait_s + pause_s
            if faults.hit("clock_jump"):
                self.offset_s += (jump_s := rng.choice((5.0, 60.0, 900.0, 4000.0)))
                self.say("clock", f"jumped {jump_s:.0f} s")
        if wait_s:
            return wait_s * (0.5 + rng.random())
        return 0.0 if rng.random() < AT_ONCE else rng.random() * 0.2


STALLED = "stalls"
STALL_MAX_S = 4000.0
SUBMITTING = ("submit", "submit answered")
AT_ONCE = 0.75  # of the short awaits take no time at all; the others let something else come between


@dataclass(frozen=True, slots=True)
class WallClock:
    """`ports.Clock` over the world."""

    world: World

    def now(self) -> float:
        """Our own clock."""
        return self.world.wall

    def latest(self) -> float:
        """The same."""
        return self.world.wall

    def draw(self) -> float:
        """A random number in [0, 1)."""
        return self.world.draw()

    def new_id(self, prefix: str) -> str:
        """As long as real ones."""
        return self.world.new_id(prefix)

    async def sleep(self, seconds: float) -> None:
        """Nothing that is simulated sleeps."""
        raise AssertionError("nothing that is simulated sleeps")


def line(now: float, who: str, what: str, subject: str) -> str:
    """One line of a transcript."""
    return f"{now - START:10.2f}  {who:<22} {what} {subject}".rstrip()


def run_through(coro: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that hands control back to nobody, at once."""
    while True:
        try:
            coro.send(None)
        except StopIteration as end:
            return end.value
