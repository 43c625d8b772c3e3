"""A worker process in a simulated world: what `worker.loop` does, in small, with the real step, rescue and outbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial

from tests.simulation.auditor import Auditor
from tests.simulation.doors import Receiver, StoreDoor
from tests.simulation.lookout import Lookout
from tests.simulation.world import Strand, World, hand, run_through
from wanreel.domain.errors import Unavailable, WanreelError
from wanreel.domain.job import Job, current_task
from wanreel.domain.policy import longest_delay_s
from wanreel.ports.jobs import Claim, Lane
from wanreel.ports.vendor import Ended
from wanreel.watch.doubts import Search
from wanreel.watch.watcher import Watcher
from wanreel.worker.outbox import Told, deliver
from wanreel.worker.presence import Presence
from wanreel.worker.step import Unsettled, offer_again, settle
from wanreel.worker.tools import CLAIM_S, Tools

LANES = {Lane.ARCHIVE: 3, Lane.WATCH: 16, Lane.SUBMIT: 4}
LOOK_AROUND_S = 0.4  # a round is not followed by the next one sooner
HELD_UP_S = 20.0
AGAIN_S = 2.0  # after a tick or an offer that failed


@dataclass(slots=True, eq=False)
class Crew:
    """One process. `alone`: the only one of its home, as the real runner is; otherwise it shares the store, and where
    `shared`, it says that it is alive and gives back what the silent have claimed.
    """

    name: str
    world: World
    auditor: Auditor
    tools: Tools
    door: StoreDoor
    receiver: Receiver
    step: Callable[[Job, Tools, Ended | None], Awaitable[None]]
    rescue: Callable[[Tools], Awaitable[int]]
    alone: bool
    shared: bool
    make_search: Callable[[StoreDoor], Search]
    make_watchers: Callable[[StoreDoor, str], list[Watcher]]
    alive: bool = False
    ready: bool = False  # its start is done: the home is locked, dead claims are ended
    life: int = 0
    woken_at: float | None = None
    ticking: bool = False
    again: bool = False
    delivering: bool = False
    running: dict[tuple[Lane, str], Strand] = field(default_factory=dict[tuple[Lane, str], Strand])
    strands: list[Strand] = field(default_factory=list[Strand])
    unsettled: list[Unsettled] = field(default_factory=list[Unsettled])
    stuck: list[str] = field(default_factory=list[str])  # jobs whose step the store broke off: our claim is given back
    worked: int = 0
    search: Search | None = None  # for lost calls; what it remembers dies with the process
    searching: bool = False
    search_at: float = 0.0
    lookouts: list[Lookout] = field(default_factory=list[Lookout])
    seen: dict[str, Ended] = field(default_factory=dict[str, Ended])
    presence: Presence | None = None
    told: Told = field(default_factory=Told)  # who has taken which notice: forgotten with the process

    def start(self) -> None:
        """The process begins: a lone runner ends everybody's claims and lifts parks, as `Runner.run` does."""
        if self.alive:
            return
        self.alive = True
        self.life += 1
        self.told = Told()
        self.tools = replace(self.tools, owner=f"{self.name}.{self.life}")
        self.search, self.searching, self.search_at = self.make_search(self.door), False, self.world.now
        if self.shared:
            self.presence = Presence(self.tools.clock, self.door, self.door, self.tools.owner, _clock_is_set)
        self._watch()
        self._spawn("start", "", self._start(), self._started)

    def crash(self) -> None:
        """The process is gone: whatever it was doing is never finished, what it held in memory is lost."""
        self.alive = self.ready = self.ticking = self.delivering = False
        self.woken_at = None
        strands, self.strands = self.strands, []
        for strand in strands:
            strand.dead = True
            self.world.after(0.0, strand.coro.close)  # not from within itself
        self.running.clear()
        self.unsettled.clear()
        self.stuck.clear()
        self.world.after(self.world.rng.choice((1.0, 30.0, 300.0)), self.start)

    def wake(self, seconds: float = 0.0) -> None:
        """Look for work a while from now, unless it will sooner anyway."""
        at = self.world.now + seconds
        if self.ready and (self.woken_at is None or at < self.woken_at):
            self.woken_at = at
            self.world.at(at, lambda: self._tick(at))

    # --- in small, what the runner does -----------------------------------------------------------------------------

    async def _start(self) -> None:
        if self.presence is not None:
            await self.presence.beat()
        if self.alone:
            await self.door.release(None)
            await self.door.lift(None)
            await self.tools.archive.sweep()

    def _started(self, why: Exception | None) -> None:
        if why is None:
            self.ready = True
            self.wake()
            for lookout in self.lookouts:
                lookout.soon()
        else:
            self.world.after(self._again_s(), lambda: self._spawn("start", "", self._start(), self._started))

    def _tick(self, at: float) -> None:
        if not self.alive or self.woken_at != at:
            return
        self.woken_at = None
        if self.ticking:
            self.again = True
            return
        if not self.unsettled and not self.stuck and not self.seen and not self._search_is_due():
            due_at = self._next_due()  # mostly another process was quicker
            if due_at is None or due_at > self.world.wall:
                self._sleep_until(due_at)
                return
        self.ticking, self.again = True, False
        self._spawn("tick", "", self._look_around(), self._ticked)

    def _ticked(self, why: Exception | None) -> None:
        self.ticking = False
        if isinstance(why, Unsettled):
            self.unsettled.append(why)
        if why is not None:
            self.wake(self._again_s())
        elif self.again:
            self.wake()

    def _again_s(self) -> float:
        """When to try once more; a world that knows how long the store is away need not live through every try."""
        return max(AGAIN_S, 0.4 * (self.door.down_until - self.world.now))

    async def _look_around(self) -> None:
        """One round: say that we live, offer again, rescue, deliver, fill each lane, and find out when to look next."""
        if self.presence is not None:
            await self.presence.beat()
        while self.unsettled:
            item = self.unsettled[0]
            try:
                await offer_again(item, self.tools)
            except Unsettled as still:  # it is kept already
                raise Unavailable(str(still)) from still
            self.unsettled.remove(item)
            self.auditor.recorded(item.event)
        while self.stuck:
            await self.door.release(self.tools.owner, self.stuck[0])
            self.stuck.pop(0)
        await self.rescue(self.tools)
        self._search()
        if not self.delivering and await self.door.store.owed(self.world.wall, 1):
            self.delivering = True
            self._spawn("deliver", "", self._deliver(), self._delivered)
        if self.seen:
            await self._fill(Lane.WATCH, LANES[Lane.WATCH], tuple(self.seen))
            self.seen.clear()
        now = self.world.wall
        for lane in self.auditor.lanes(now, now + longest_delay_s(self.tools.policy)):
            await self._fill(lane, LANES[lane])
        self._sleep(LOOK_AROUND_S)

    def _next_due(self) -> float | None:
        due_at: float | None = run_through(self.door.next_due(self.world.wall))
        return due_at

    def _sleep(self, least_s: float = 0.0) -> None:
        """Until something is due, as far as is known now."""
        self._sleep_until(self._next_due(), least_s)

    def _sleep_until(self, due_at: float | None, least_s: float = 0.0) -> None:
        if self.auditor.in_doubt and not self.searching:
            self.wake(max(self.search_at - self.world.now, least_s))
        if due_at is not None and least_s and due_at <= self.world.wall:
            self.wake(HELD_UP_S)  # a round has just found that it cannot be begun: whatever ends will wake us
        elif due_at is not None:
            self.wake(max(due_at - self.world.wall, least_s))

    async def _fill(self, lane: Lane, most: int, ids: tuple[str, ...] = ()) -> None:
        now, policy = self.world.wall, self.tools.policy
        until = now + CLAIM_S[lane]
        room = most - sum(busy is lane for busy, _ in self.running)
        if room <= 0:
            return
        claim = Claim(lane, self.tools.owner, now, until, room, now + longest_delay_s(policy), policy.quiet_s, ids)
        for job in await self.door.claim(claim):
            if (lane, job.id) not in self.running:
                self._work(job, lane, until, self.seen.pop(job.id, None) if lane is Lane.WATCH else None)

    def _work(self, job: Job, lane: Lane, until: float, seen: Ended | None) -> None:
        self.worked += 1
        self.world.say(self.tools.owner, f"takes {lane.value}", f"{job.id} v{job.version}")
        strand = Strand(f"{self.tools.owner} {lane.value}", job.id, self._one(job, seen), self, lambda why: None)
        strand.owner = self.tools.owner
        strand.done = lambda why: self._done(strand, why)
        self.auditor.enters(strand, job, until)
        self.running[lane, job.id] = strand
        self.strands.append(strand)
        self.world.spawn(strand)

    async def _one(self, job: Job, seen: Ended | None) -> None:
        await hand("begin step", job.id)
        await self.step(job, self.tools, seen)

    def _done(self, strand: Strand, why: Exception | None) -> None:
        self.strands.remove(strand)
        self.running = {place: other for place, other in self.running.items() if other is not strand}
        if isinstance(why, Unsettled):
            self.world.say(strand.name, f"keeps {type(why.event).__name__}", strand.subject)
            self.unsettled.append(why)
            self.wake(self._again_s())
        elif why is None:
            self.auditor.step_ended(strand)
        else:
            self.world.say(strand.name, f"broke: {why}", strand.subject)
            self.auditor.step_ended(strand)
            self.stuck.append(strand.subject)
        if self.woken_at is None or self.woken_at > self.world.now + LOOK_AROUND_S:
            self._sleep()

    # --- the watchers of the accounts -------------------------------------------------------------------------------

    def changed(self, account: str) -> None:
        """Something else runs now on an account."""
        for lookout in self.lookouts:
            if lookout.watcher.account.id == account:
                lookout.changed()

    def _watch(self) -> None:
        """New watchers for a new life: what the old ones had seen died with it."""
        life = self.life
        self.seen.clear()
        self.lookouts = [
            Lookout(
                self.world,
                watcher,
                self._spawn,
                self._saw,
                self._again_s,
                partial(self._has_to_look, life, watcher.account.id),
            )
            for watcher in self.make_watchers(self.door, self.tools.owner)
        ]
        watchers = {lookout.watcher.account.id: lookout.watcher for lookout in self.lookouts}
        self.tools = replace(
            self.tools, witness=lambda job, since: watchers[job.account.id].seen_since(since, _task_of(job))
        )

    def _has_to_look(self, life: int, account: str) -> bool:
        """Whether this life of the process goes on and something runs on an account."""
        return self.ready and self.life == life and self.auditor.running[account] > 0

    def _saw(self, ended: Ended) -> None:
        self.world.say(self.tools.owner, "sees the end of", ended.job_id)
        self.seen.setdefault(ended.job_id, ended)
        self.wake()

    # --- the search for lost calls ----------------------------------------------------------------------------------

    def _search_is_due(self) -> bool:
        return bool(self.auditor.in_doubt) and not self.searching and self.search_at <= self.world.now

    def _search(self) -> None:
        if self._search_is_due():
            self.searching = True
            self._spawn("search", "", self._search_once(), self._searched)

    async def _search_once(self) -> None:
        """One turn, and what it found out: as `worker.loop` does it."""
        assert self.search is not None
        found, wait_s = await self.search.turn()
        self.search_at = self.world.now + wait_s
        for job, event in found:
            await settle(job, event, self.tools)

    def _searched(self, why: Exception | None) -> None:
        self.searching = False
        if isinstance(why, Unsettled):
            self.unsettled.append(why)
        if why is not None:
            self.search_at = self.world.now + self._again_s()
        self._sleep(LOOK_AROUND_S)

    async def _deliver(self) -> None:
        await deliver(self.tools, [self.receiver], self.told)

    def _delivered(self, why: Exception | None) -> None:
        self.delivering = False
        self.wake(self._again_s() if isinstance(why, WanreelError) else 0.0)

    def _spawn(self, what: str, subject: str, coro: object, done: Callable[[Exception | None], None]) -> None:
        if not self.alive:
            coro.close()  # type: ignore[attr-defined]
            return
        self.worked += what in ("watch", "search")
        strand = Strand(f"{self.tools.owner} {what}", subject, coro, self, done)  # type: ignore[arg-type]
        self.strands.append(strand)

        def ended(why: Exception | None) -> None:
            self.strands.remove(strand)
            done(why)

        strand.done = ended
        self.world.spawn(strand)


async def _clock_is_set() -> None:
    """All clocks of a world agree."""


def _task_of(job: Job) -> str:
    task = current_task(job)
    return "" if task is None else task.id
