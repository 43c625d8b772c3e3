"""The runner: claims what is due, runs steps with bounded concurrency, stops cleanly. The only place that spawns."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from wanreel.domain.doubt import asks_person
from wanreel.domain.errors import Internal, Unavailable, WanreelError
from wanreel.domain.event import Event, SlotKey
from wanreel.domain.job import Account, Job
from wanreel.domain.policy import backoff_s
from wanreel.domain.turn import slot_key
from wanreel.ports.engine import Engine, Turn
from wanreel.ports.feed import JOBS, Nudges
from wanreel.ports.jobs import Filter, Lane
from wanreel.ports.notices import Notifier
from wanreel.ports.vendor import Ended, Watcher
from wanreel.ports.watching import News
from wanreel.telemetry import LOOP_BROKE, RUNNER, STEP_BROKE, log
from wanreel.worker.arrears import AWAY_S_MAX, Arrears
from wanreel.worker.handing import Handing
from wanreel.worker.hearing import Ears, Hearing
from wanreel.worker.idle import waits_for_person
from wanreel.worker.lanes import AtWork
from wanreel.worker.learning import Learning
from wanreel.worker.lookouts import Lookouts
from wanreel.worker.moving import Mover
from wanreel.worker.outbox import BATCH, Told, deliver
from wanreel.worker.presence import Presence
from wanreel.worker.recovery import Recovery
from wanreel.worker.rescue import rescue
from wanreel.worker.reviewing import Reviewer
from wanreel.worker.spool_gate import SpoolGate
from wanreel.worker.step import Unsettled, settle, step
from wanreel.worker.telling import EVERY_S, PATIENCE_S, Teller
from wanreel.worker.tools import CLAIM_S, Tools, claim_of

UNFINISHED = ("queued", "submitting", "unconfirmed", "generating", "archiving")
_AT_WORK = ("submitting", "unconfirmed", "generating", "archiving")
_PEEK = 20  # jobs looked at first: nearly always enough to say that something still moves
_ALL = 1_000_000
_OVERDUE_FIRST_S = 0.005
BUSY, BUSY_APART_S = 4, 0.05  # where many steps end, ticks are so far apart: each asks for all that is due by then


@dataclass(frozen=True, slots=True)
class Pace:
    """How much at once, and how quickly a change made by another process is noticed."""

    submits_max: int = 32
    looks_max: int = 64
    archives_max: int = 8
    look_around_s: float = 0.4  # other processes write to the same home; their jobs are noticed within a second
    hearing_s: float = 1.5  # the same where word of their writes would be heard; a worker says that it lives as often
    stop_archives_s: float = 10.0  # a graceful stop lets downloads go on so long; they are simply begun again later


class Seeker(Protocol):
    """Looks for the tasks of lost calls."""

    async def turn(self) -> tuple[list[tuple[Job, Event]], float]:
        """What was found out, to be settled, and in how many seconds to look again."""
        ...


class Runner:
    """Works a home's jobs until told to stop. `limit_of` says how many slots a key has, `reaches` whether this process
    has what it takes (address and key) to move jobs of an account.
    """

    def __init__(
        self,
        tools: Tools,
        notifiers: Sequence[Notifier],
        limit_of: Callable[[SlotKey], int],
        pace: Pace | None = None,
        reaches: Callable[[Account], bool] = lambda _: True,
        *,
        mover: Mover | None = None,
        teller: Teller | None = None,
        seeker: Seeker | None = None,
        ears: Ears | None = None,
        reviewer: Reviewer | None = None,
        watchers: Sequence[Watcher] = (),
        told: News | None = None,
        gate: SpoolGate | None = None,
        presence: Presence | None = None,
        engine: Engine | None = None,
        nudges: Nudges | None = None,
        mind_prices: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._wake = asyncio.Event()
        self._lookouts = Lookouts(watchers, tools.clock, self._wake.set, told)
        self._recovery = Recovery(tools.clock, tools.policy)
        self._learning = Learning(tools.watching)
        self._tools = replace(
            tools,
            witness=self._lookouts.witness,
            storage_said=self._recovery.said,
            met=self._learning.meet,
            eased=self._ease,
        )
        self._notifiers = notifiers
        self._told = Told()
        self._limit_of = limit_of
        self._reaches = reaches
        self._mover = mover
        self._hearing = Hearing(ears, tools.clock)
        self._teller = teller
        self._telling: asyncio.Task[None] | None = None
        self._told_at: float | None = None
        self._pace = pace or Pace()
        self._seeker = seeker
        self._seeking: asyncio.Task[None] | None = None
        self._seek_at = 0.0
        self._archives = AtWork(Lane.ARCHIVE, self._pace.archives_max)
        self._looks = AtWork(Lane.WATCH, self._pace.looks_max)
        self._submits = AtWork(Lane.SUBMIT, self._pace.submits_max)
        self._lanes = (self._archives, self._looks, self._submits)
        self._arrears = Arrears(self._tools)
        self._stopping = False
        self._draining = False
        self._chores: asyncio.Task[int] | None = None
        self._more_is_owed = False
        self._remembering: asyncio.Task[None] | None = None
        self._gate = gate
        self._presence = presence  # None: nobody else works these jobs; whatever is claimed was claimed by the dead
        self._engine = engine  # None: this loop takes the steps itself
        self._handing = None if engine is None else Handing(engine, self._tools, presence, gate)
        self._nudges = nudges
        self._mind_prices = mind_prices
        self._reviewer = reviewer
        self._review: asyncio.Task[None] | None = None  # nobody waits for it
        self._overdue = 0  # pauses in a row with something due that could not be begun
        self._ended = 0  # steps since the last tick began

    def nudge(self) -> None:
        """Something changed in this process: look at once."""
        self._wake.set()

    def hear(self, task_id: str) -> None:
        """Somebody trustworthy says that a task has ended: look after it at once, once, whenever it was due."""
        self._hearing.hear(task_id)
        self._wake.set()

    def stop(self) -> None:
        """Begin a graceful stop; `run` returns when calls in the air are accounted for. Twice is harmless."""
        self._stopping = True
        self._wake.set()

    async def run(self, *, until_idle: bool = False, drain: bool = False) -> None:
        """Work until `stop`; with `until_idle`, until nothing can move without a person; with `drain`, until everything
        that was sent has ended, and send nothing more. The home's lock must be held.
        """
        self._draining = drain
        tools = self._tools
        await self._take_up()
        try:
            await tools.archive.sweep()
        except WanreelError as why:  # an archive that is away today keeps nobody from watching what is paid
            log.error(LOOP_BROKE, why=str(why))
        if self._gate is not None:
            await self._gate.sweep(tools.jobs)
        log.info(RUNNER, state="started", owner=tools.owner)
        self._lookouts.start()
        deaf = self._nudges.listen(JOBS, self._wake.set) if self._nudges is not None else None
        working = nullcontext() if self._engine is None else self._engine.working(self.turn, tools.owner)
        try:
            async with working:
                await self._go_on(once=until_idle or drain)
        finally:
            if deaf is not None:
                deaf()
            await self._wind_down()
            log.info(RUNNER, state="stopped", owner=tools.owner)

    async def _take_up(self) -> None:
        """Begin in the store. Raises what stands against it where the store is ours alone; others' may be away for a
        while, just now as at any other time.
        """
        tools, presence, tries = self._tools, self._presence, 0
        if presence is None:
            await tools.jobs.release(None)  # whoever claimed before us is dead: we hold the lock
            await tools.slots.lift(None)  # parks are asked about anew: the key may have been mended meanwhile
            return
        while not self._stopping:
            try:
                await presence.beat()
                await tools.slots.lift(None)
            except Unavailable as why:
                log.error(LOOP_BROKE, why=str(why))
                tries += 1
                wait_s = min(backoff_s(tools.policy, tries, tools.clock.draw()), AWAY_S_MAX)
                self._wake.clear()
                if not self._stopping:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(wait_s):
                            await self._wake.wait()
            else:
                return

    async def _go_on(self, *, once: bool) -> None:
        clock = self._tools.clock
        while not self._stopping:
            self._wake.clear()
            began_at, self._ended = clock.now(), 0
            moved = await self._tick()
            if once and not moved and await self._idle():
                return
            if moved:
                self._overdue = 0
            else:
                await self._pause()
            early_s = min(began_at + BUSY_APART_S - clock.now(), BUSY_APART_S)
            if self._ended >= BUSY and early_s > 0.0 and not self._stopping:
                await clock.sleep(early_s)

    async def turn(self, job_id: str, claimed_by: str) -> Turn:
        """Take the turn of a job that an engine says is due; see `ports.TakeTurn`."""
        handing = self._handing
        if handing is None:
            raise Internal("a runner without an engine is asked for a turn")
        try:
            job, lane = await handing.take(job_id, claimed_by)
            if job is not None:
                at_work = next(one for one in self._lanes if one.lane is lane)
                if (last := at_work.running.get(job_id)) is not None:  # written down, and about to end here
                    await asyncio.wait([last])
                self._arrears.taken([job])
                at_work.running[job_id] = asyncio.ensure_future(self._one(job, at_work, self._lookouts.take(job_id)))
                await at_work.running[job_id]
            return await handing.standing(job_id, before=job)
        except WanreelError as why:
            log.error(STEP_BROKE, job=job_id, why=str(why))
            return Turn("", trouble=True)

    async def _tick(self) -> bool:
        """Start whatever is due; whether anything was started."""
        try:
            if self._presence is not None:
                await self._presence.beat()
            if self._mind_prices is not None:
                await self._mind_prices()
            await self._arrears.offer_again()
            await self._give_back()
            await rescue(self._tools)
            self._deliver_notices()
            if self._learning.has_news and (self._remembering is None or self._remembering.done()):
                self._remembering = self._spawn(self._learning.write())
            await self._hear_limits()
            if self._mover is not None and not self._draining:
                await self._mover(self._tools)
            self._look_for_lost()
            self._judge_clips()
            await self._catch_up()
            started = await self._fill_all()
        except Unsettled as unsettled:
            self._arrears.keep(unsettled)
            return False
        except WanreelError as why:
            log.error(LOOP_BROKE, why=str(why))
            return False
        return started > 0

    async def _fill_all(self) -> int:
        """Fill all lanes, side by side, so that the store is asked for all of them at once; how much was started."""
        fills = [self._fill(self._archives), self._fill_looks()]
        if not self._draining:
            fills.append(self._fill(self._submits))
        started = await asyncio.gather(*fills, return_exceptions=True)
        for one in started:
            if isinstance(one, BaseException):
                raise one
        return sum(one for one in started if isinstance(one, int))

    async def _fill_looks(self) -> int:
        """First what somebody says has ended, then what the watchers have seen, then what is due."""
        return await self._listen() + await self._fill_seen() + await self._fill(self._looks)

    async def _fill_seen(self) -> int:
        """Take the jobs whose ends the watchers have seen, due or not."""
        lane = self._looks
        if self._handing is not None:
            woken = await self._handing.wake(self._lookouts.waiting())
            for job_id in woken:
                self._lookouts.take(job_id)
            return len(woken)
        seen = self._lookouts.waiting()[: lane.places]
        started = await self._fill(lane, seen) if seen else 0
        for job_id in seen:
            self._lookouts.take(job_id)  # whoever did not get it: another has it, or it has moved on
        return started

    async def _catch_up(self) -> None:
        """The storage takes clips again: whatever waits for it is tried now, and who may soonest be lost goes first."""
        if self._recovery.take():
            try:
                await self._tools.jobs.hasten(self._tools.clock.now())
            except WanreelError:
                self._recovery.again()
                raise

    async def _fill(self, lane: AtWork, ids: tuple[str, ...] = ()) -> int:
        """Claim what a lane has room for, of those jobs or of all, and begin it as places become free; how many."""
        gate = self._gate if lane.lane is Lane.SUBMIT else None
        room = lane.places if ids or self._handing is not None else lane.room()
        if room <= 0 or (gate is not None and gate.closed()):
            return 0
        if self._handing is not None:
            claimed = await self._handing.claim(lane.lane, room)
            self._arrears.taken(claimed)
            return await self._handing.hand(claimed if gate is None else await self._let_through(claimed, gate))
        claim = claim_of(self._tools, lane.lane, self._tools.clock.now(), CLAIM_S[lane.lane], room, ids)
        jobs: list[Job] = []
        for job in await self._tools.jobs.claim(claim):
            if lane.has(job.id):
                lane.claimed_again(job)
            else:
                jobs.append(job)
        self._arrears.taken(jobs)
        if gate is not None:
            jobs = await self._let_through(jobs, gate)
        lane.line_up(jobs, self._tools.clock.now())
        self._go_on_in(lane)
        return len(jobs)

    def _go_on_in(self, lane: AtWork) -> None:
        """Begin whatever there is a place for."""
        while not self._stopping and (job := lane.take(self._tools.clock.now())) is not None:
            seen = self._lookouts.take(job.id) if lane is self._looks else None
            lane.running[job.id] = self._spawn(self._one(job, lane, seen))

    def _ease(self, job: Job) -> None:
        """A call or a download is over: the next may begin while the store is told of it. Another step of the job's may
        still be ending in another lane: it is the one that says so whose place is free.
        """
        saying = asyncio.current_task()
        for lane in self._lanes:
            if lane.running.get(job.id) is saying:
                lane.ease(job.id)
                self._go_on_in(lane)

    async def _let_through(self, jobs: list[Job], gate: SpoolGate) -> list[Job]:
        """The jobs the spool has room for; the others go back to the queue, at the latest once the store answers again.
        Raises Unavailable: then all of them do.
        """
        try:
            fit = await gate.admit(jobs)
        except WanreelError:
            self._arrears.stick(jobs)
            raise
        if fit < len(jobs):
            self._arrears.stick(jobs[fit:])
            try:
                await self._arrears.give_back(at_once=True)
                await gate.sweep(self._tools.jobs)
            except WanreelError as why:  # no reason to keep back what there is room for
                log.error(LOOP_BROKE, why=str(why))
        return jobs[:fit]

    async def _listen(self) -> int:
        """Look after the tasks that were spoken of, where they are ours and in nobody's hands; how many."""
        wanted = await self._hearing.wanted(sending=bool(self._submits.running))
        if not wanted:
            return 0
        if self._handing is not None:
            self._hearing.taken([wanted[job_id] for job_id in await self._handing.wake(tuple(wanted))])
            return 0
        started = await self._fill(self._looks, tuple(wanted))
        self._hearing.taken([task_id for job_id, task_id in wanted.items() if self._looks.has(job_id)])
        return started

    async def _one(self, job: Job, lane: AtWork, seen: Ended | None) -> None:
        """A step and everything that may go wrong around it; the loop itself never falls."""
        try:
            await step(job, self._tools, seen)
        except Unsettled as unsettled:
            self._arrears.keep(unsettled)
        except Unavailable as why:
            log.error(STEP_BROKE, job=job.id, why=str(why))
            self._arrears.stick([job])
        except Exception:  # noqa: BLE001 - a bug in one job's step must not stop the others; it is logged whole
            log.exception(STEP_BROKE, job=job.id)
            self._arrears.broke(job)
        else:
            self._arrears.went_well(job)
        finally:
            if lane.over(job.id):
                self._arrears.stick([job])
            self._ended += 1
            if lane is not self._archives:  # bringing a clip home changes nothing of what runs
                self._lookouts.changed(job)
            if self._gate is not None:
                self._gate.over(job)
            self._go_on_in(lane)
            self._wake.set()

    async def _give_back(self) -> None:
        """End our claims on jobs whose step the store broke off, and on those that wait behind steps that take long."""
        for lane in self._lanes:
            left = lane.left_standing(self._tools.clock.now())
            self._arrears.stick(left)
            if self._gate is not None and lane is self._submits:
                for job in left:
                    self._gate.over(job)
        await self._arrears.give_back()

    async def _hear_limits(self) -> None:
        """Ask what the accounts may do, now and then; the first time, wait a little for the answer."""
        now = self._tools.clock.now()
        if self._teller is None or (self._told_at is not None and now - self._told_at < EVERY_S):
            return
        first, self._told_at = self._told_at is None, now
        self._telling = self._spawn(self._teller())
        if first:
            await asyncio.wait([self._telling], timeout=PATIENCE_S)

    def _look_for_lost(self) -> None:
        """The search for the tasks of lost calls goes on beside everything else, one turn at a time."""
        if self._seeker is None or self._tools.clock.now() < self._seek_at:
            return
        if self._seeking is None or self._seeking.done():
            self._seeking = self._spawn(self._seek(self._seeker))

    async def _seek(self, seeker: Seeker) -> None:
        clock = self._tools.clock
        self._seek_at = clock.now() + self._tools.policy.doubt_first_s
        try:
            found, wait_s = await seeker.turn()
            self._seek_at = clock.now() + wait_s
            for job, event in found:
                try:
                    await settle(job, event, self._tools)
                except Unsettled as unsettled:
                    self._arrears.keep(unsettled)
                self._lookouts.changed(job)  # a task that was found runs from now on
            if self._handing is not None:
                await self._handing.wake(tuple(job.id for job, _ in found))
        except WanreelError as why:
            log.error(LOOP_BROKE, why=str(why))
        except Exception:  # noqa: BLE001 - a bug in the search must not stop what runs; it is logged whole
            log.exception(LOOP_BROKE, what="search for lost calls")
        else:
            if found:
                self._wake.set()

    def _deliver_notices(self) -> None:
        self._more_is_owed = True
        if self._chores is None or self._chores.done():
            self._chores = self._spawn(self._notices())

    async def _notices(self) -> int:
        """Tell what is owed, and what has come to be owed meanwhile, until that is all; how many were tried."""
        tried = 0
        while self._more_is_owed and not self._stopping:
            self._more_is_owed = False
            told = await self._tell()
            tried += told
            self._more_is_owed |= told >= BATCH  # there may be more of them, and nothing that happens need wake us
        return tried

    async def _tell(self) -> int:
        try:
            if self._presence is not None and not await self._presence.alone("notices"):
                return 0
            return await deliver(self._tools, self._notifiers, self._told)
        except WanreelError as why:
            log.error(LOOP_BROKE, why=str(why))
            return 0

    def _judge_clips(self) -> None:
        if self._reviewer is not None and (self._review is None or self._review.done()):
            self._review = self._spawn(self._reviews(self._reviewer))

    async def _reviews(self, reviewer: Reviewer) -> None:
        try:
            if await reviewer.once():
                self._wake.set()
        except Exception:  # noqa: BLE001 - judging may not end a runner, whatever is wrong with it
            log.exception(LOOP_BROKE)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(work)

    def _busy(self) -> bool:
        return any(lane.running for lane in self._lanes) or bool(self._arrears.events)

    async def _idle(self) -> bool:
        """Nothing in the air, nothing owed, and every unfinished job waits for a person; "no" while nobody can say."""
        if self._busy():
            return False
        if self._chores is not None:
            await self._chores
        tools = self._tools
        now = tools.clock.now()
        try:
            if await tools.outbox.owed(now, 1):
                return False
            parks = await tools.slots.parks(now)
            in_doubt = await tools.jobs.find(Filter(states=("unconfirmed",), limit=_ALL))
            doubts = Counter(slot_key(job) for job in in_doubt if asks_person(job))
            queued = () if self._draining else ("queued",)
            for states, most in ((_AT_WORK, _PEEK), (queued, _PEEK), ((*_AT_WORK, *queued), _ALL)):
                for job in await tools.jobs.find(Filter(states=states, limit=most)) if states else ():
                    waits = waits_for_person(job, parks, doubts, self._limit_of(slot_key(job)))
                    if self._reaches(job.account) and not waits:
                        return False
        except WanreelError as why:
            log.error(LOOP_BROKE, why=str(why))
            return False
        return True

    async def _pause(self) -> None:
        """Until something is due, something finished here, or it is time to look for other processes' writes."""
        hears = self._nudges is not None and self._nudges.heard
        wait_s = self._pace.hearing_s if hears else self._pace.look_around_s
        try:
            now = self._tools.clock.now()
            due_at = await self._tools.slots.next_due(now)
            if due_at is not None:
                wait_s = min(wait_s, max(due_at - now, self._patience_s(overdue=due_at <= now)))
        except WanreelError as why:
            log.error(LOOP_BROKE, why=str(why))
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            return

    def _patience_s(self, *, overdue: bool) -> float:
        """The shortest pause. What is due and was not begun waits for something of ours to end, which wakes us: it is
        asked after ever more rarely, so that a full lane does not spin.
        """
        self._overdue = self._overdue + 1 if overdue else 0
        return _OVERDUE_FIRST_S * 2 ** min(self._overdue, 16)

    async def _wind_down(self) -> None:
        """Let paid calls and looks finish, and whatever is being written down; downloads for a while. Give back what we
        claimed.
        """
        self._stopping = True  # also where we were cut off: nothing more begins
        for lane in self._lanes:
            lane.close()
        await self._lookouts.stop()
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling])
        if self._review is not None:
            self._review.cancel()
            await asyncio.wait([self._review])
        paid = [*self._looks.running.values(), *self._submits.running.values()]
        downloads = list(self._archives.running.values())
        if paid:
            await asyncio.wait(paid)
        if downloads:
            await asyncio.wait(downloads, timeout=self._pace.stop_archives_s)
            for job_id, task in self._archives.running.items():
                if not self._archives.writes(job_id):  # a clip that is home is not brought home again
                    task.cancel()
            await asyncio.gather(*downloads, return_exceptions=True)
        if self._seeking is not None:
            self._seeking.cancel()  # it only reads; what it was about to say can be found out again
            await asyncio.wait([self._seeking])
        if self._chores is not None:
            await self._chores
        if self._remembering is not None:
            await self._remembering
        try:
            await self._arrears.offer_again(at_once=True)
            await self._learning.write()
            await self._tools.jobs.release(self._tools.owner)
            if self._presence is not None:
                await self._presence.leave()
        except WanreelError as why:
            log.error(LOOP_BROKE, why=str(why))
        for item in self._arrears.events:
            log.critical(STEP_BROKE, job=item.job.id, what=repr(item.event), why="the store never took this event")
