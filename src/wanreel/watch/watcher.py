"""The watcher of one account: all its running tasks, looked at together, in turns that neither sleep nor spawn.

What it has seen lives in memory only. A task that has ended makes its job due, and `step` decides; watching itself
writes nothing but what it learned about the account's list, which is little and seldom. What runs is read whole now and
then and kept up by news in between, so that a turn costs what has changed or come due, however much is watched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from wanreel import spans
from wanreel.domain.errors import WanreelError
from wanreel.domain.event import QueryFailed, StillRunning
from wanreel.domain.facts import Facts, together
from wanreel.domain.job import Account
from wanreel.domain.policy import Policy, backoff_s, poll_delay_s
from wanreel.domain.runtimes import RunTimes
from wanreel.domain.sighting import Sighting
from wanreel.ports.clock import Clock
from wanreel.ports.vendor import Ended, Turned, Vendor
from wanreel.ports.watching import Watched, Watching
from wanreel.telemetry import WATCH_BROKE, log
from wanreel.watch.board import Board, Tracked
from wanreel.watch.news import RunNews
from wanreel.watch.planning import (
    PURSE,
    AskFor,
    ListThese,
    Rest,
    View,
    budget_per_s,
    count_learned,
    is_thrifty,
    next_look,
    plain_share,
)
from wanreel.watch.reading import Reading, Span, read_window
from wanreel.watch.strangers import Strangers

RUNNING = ("PENDING", "RUNNING", "SUSPENDED")  # the list's words for what has not ended
WHOLE_S = 60.0  # what runs is read whole so often, beside what is told of it in between
APART_S, NEWS_PER_S = 0.1, 250  # turns for news alone are so far apart, a second for so many whose run times are known
LEARNED_S = 30.0  # how often what was learned is read again
LEASE_S = 30.0  # a watcher that has died is replaced after so long
_BEFORE_S = 20.0  # a task may have been made so long before its answer came
_LONG_BEFORE_S = 60.0  # what is so much older than all that runs stands on no page of it
_ABOUT_S = 2.0  # what its row says is as exact as the vendor's clock is known
_UNLISTED_S, _UNLISTED_S_MAX = (
    15.0,
    600.0,
)  # asked after by itself for so long, doubling, before the list is tried again
_LIST_TRIES = 4  # a list that failed so often in a row may fail for good, by one row perhaps: tasks are asked after
_TOO_YOUNG_S = 5.0  # not in the list yet, perhaps; with a lag that is known, twice that
_SURELY_SHOWN_S = 120.0  # a list that does not show our oldest tasks by now reads the window in another zone


@dataclass(frozen=True, slots=True)
class WatchTools:
    """Everything a watcher may touch."""

    clock: Clock
    news: RunNews
    watching: Watching
    vendor: Vendor
    policy: Policy
    owner: str
    waiting: Callable[[], bool] | None = None  # whether work waits for a slot; None: as the news say
    lease_s: float = LEASE_S


@dataclass(slots=True)
class _Task(Tracked):
    """A watched task with what only the watcher needs."""

    born_at: float = 0.0  # by our clock: as its row says, else when it was accepted
    listed: bool = False  # the list has shown it, ever
    ended_at: float = 0.0  # when its end was seen
    misses: int = 0  # readings in a row that should have shown it
    shown_at: float = 0.0  # when the list last showed it running
    absent_at: float = 0.0  # when a whole reading last did not show it
    tries: int = 0  # sightings handed on, or questions without an answer, in a row


@dataclass(slots=True)
class Watcher:
    """One account's watcher. `turn` again and again, each time not before what the last one said."""

    account: Account
    tools: WatchTools
    tasks: dict[str, _Task] = field(default_factory=dict[str, _Task])
    runtimes: RunTimes = field(default_factory=RunTimes)
    facts: Facts = field(default_factory=Facts)
    purse: float = PURSE / 2
    _strangers: Strangers = field(default_factory=Strangers)
    _board: Board = field(default_factory=Board)
    _of_job: dict[str, _Task] = field(default_factory=dict[str, _Task])
    _unheard: bool = False
    _whole_at: float = -1e18  # when what runs was last read whole
    _learned_at: float = -1e18
    _leased_until: float = -1e18
    _earned_at: float | None = None
    _asked_at: float = -1e18  # when the last look was made
    _failures: int = 0
    _unnoted: bool = False
    _shown: dict[str, float] = field(default_factory=dict[str, float])  # the last tasks the vendor showed, and when

    def changed(self) -> None:
        """Something has changed what runs: there is news to be read, where nobody else reads it."""
        self._unheard = True

    @property
    def work(self) -> int:
        """How often, ever, it was worked out when a task is to be looked at: what planning has cost so far."""
        return self._board.worked_out

    def seen_since(self, since: float, but: str) -> bool:
        """Whether the vendor has shown any task but this one at or after an instant."""
        return any(at >= since and task_id != but for task_id, at in self._shown.items())

    async def turn(self) -> Turned:
        """One look, or none, and what it showed. Raises Unavailable while the store is away."""
        now = self.tools.clock.now()
        if not await self._is_ours(now):
            self.tools.news.deaf(self.account.id)
            self._whole_at = -1e18
            return Turned((), now + self.tools.lease_s / 6)
        await self._load(now)
        view = self._view()
        self._earn(now, budget_per_s(view, self.tools.policy))
        view = self._view()
        look = next_look(view, now, self.tools.policy)
        if isinstance(look, Rest):
            until = min(look.until, self._leased_until - self.tools.lease_s / 2, self._whole_at + WHOLE_S)
            return Turned((), max(until, now), max(APART_S, count_learned(view) / NEWS_PER_S))
        self._asked_at = now
        if isinstance(look, AskFor):
            return await self._ask(self.tasks[look.task.task.task_id])
        return await self._list(look)

    # --- what is known -----------------------------------------------------------------------------------------------

    async def _is_ours(self, now: float) -> bool:
        """One process watches an account; another one takes over when it has vanished."""
        lease_s = self.tools.lease_s
        if now < self._leased_until - lease_s / 2:
            return True
        if not await self.tools.watching.lease(self.account.id, self.tools.owner, now, now + lease_s):
            self._leased_until = -1e18
            return False
        self._leased_until = now + lease_s
        return True

    async def _load(self, now: float) -> None:
        """What runs: read whole now and then, and as it was told since; what is known of a task stays known."""
        if not 0.0 <= now - self._learned_at < LEARNED_S:
            runtimes = await self.tools.watching.runtimes()
            self.facts = await self.tools.watching.facts(self.account.id)
            self._relearn(runtimes)
            self._learned_at = now
        news, account = self.tools.news, self.account.id
        if not 0.0 <= now - self._whole_at < WHOLE_S:
            await news.listen(account)
            running = {watched.job_id: watched for watched in await self.tools.watching.running(account)}
            self._hear(dict.fromkeys(self._of_job.keys() - running.keys()) | running, now)
            self._whole_at = now
        if self._unheard:
            self._unheard = False
            try:
                await news.read()
            except WanreelError:
                self._unheard = True
                raise
        self._hear(news.take(account), now)

    def _relearn(self, runtimes: RunTimes) -> None:
        """How long tasks take, as far as that is known by now; what is known no more goes by the plain schedule."""
        before, self.runtimes = self.runtimes, runtimes
        for kind, those in self._board.kinds.items():
            if runtimes.curve(kind) is None and before.curve(kind) is not None:
                for one in those:
                    self._board.touch(one)

    def _hear(self, told: Mapping[str, Watched | None], now: float) -> None:
        """Put what runs now in the place of what ran: by job, its task, or None."""
        gone: list[_Task] = []
        came: list[Watched] = []
        for job_id, watched in told.items():
            had = self._of_job.get(job_id)
            if had is not None and had.task == watched:
                continue
            if had is not None:
                gone.append(had)
            if watched is not None:
                came.append(watched)
        if gone:
            self._let_go(gone, now)
        for watched in came:
            one = _Task(watched, known_at=watched.accepted_at, born_at=watched.accepted_at)
            self.tasks[watched.task_id] = self._of_job[watched.job_id] = one
            self._board.add(one)

    def _let_go(self, gone: Sequence[_Task], now: float) -> None:
        """These run no more, and still stand in the list."""
        view, since = self._view(), self._beside_ours(now)
        thrifty = is_thrifty(view, self.tools.policy)
        for one in gone:
            self._strangers.add(one.task.task_id, one.born_at, since)
            if thrifty:
                seen_s = (one.ended_at or now) - one.task.accepted_at
                age_s = (seen_s + one.known_at - one.task.accepted_at) / 2  # it ended somewhere between two looks
                self.purse += plain_share(view, one.task.kind, age_s, seen_s, self.tools.policy)
        for one in gone:
            if self.tasks.get(one.task.task_id) is one:
                del self.tasks[one.task.task_id]
            del self._of_job[one.task.job_id]
            self._board.remove(one)

    def _view(self) -> View:
        waiting = self.tools.news.waiting if self.tools.waiting is None else self.tools.waiting()
        others = self._strangers.created
        return View(self._board, self.runtimes, self.facts, others, waiting, self.purse, self._asked_at)

    def _earn(self, now: float, per_s: float) -> None:
        """The purse fills by the second."""
        if self._earned_at is not None:
            self.purse = min(PURSE, self.purse + max(0.0, now - self._earned_at) * per_s)
        self._earned_at = now

    # --- looking -----------------------------------------------------------------------------------------------------

    async def _ask(self, one: _Task) -> Turned:
        """Ask after one task by itself. An answer that says anything new is handed on, so that nobody asks again."""
        asked_at = self.tools.clock.now()
        with spans.opened(spans.LOOK, spans.Sort.INTERNAL, {}, job=one.task.job_id):
            answer = await self.tools.vendor.look(self.account, one.task.task_id)
        now = self.tools.clock.now()
        self.purse -= 1.0
        one.looked_at = asked_at
        if isinstance(answer, StillRunning):
            one.known_at, one.tries = max(one.known_at, asked_at), 0
            self._show(one.task.task_id, now)
            return Turned((), now)
        if isinstance(answer, QueryFailed):
            self._hold([one], now + backoff_s(self.tools.policy, one.tries, 1.0))
            one.tries += 1
            if self._failures >= _LIST_TRIES:  # nor does the list answer: nothing does, and it is waited for
                for other in self.tasks.values():
                    other.unlisted_until = 0.0
                self._hold(self.tasks.values(), now + backoff_s(self.tools.policy, self._failures - 1, 1.0))
            return Turned((), now)
        self._hand_on(one, now)
        return Turned((Ended(one.task.job_id, one.task.task_id, answer),), now)

    async def _list(self, look: ListThese) -> Turned:
        """Read the part of the list in which some tasks stand, and see which of them have ended."""
        wanted = [self.tasks[one.task.task_id] for one in look.tasks]
        asked_at = self.tools.clock.now()
        since = min(one.born_at - (_ABOUT_S if one.listed else _BEFORE_S) for one in wanted)
        until = max(one.born_at for one in wanted) + _ABOUT_S
        reading = await read_window(
            self.tools.vendor,
            self.account,
            Span(since, until),
            self.facts,
            expect=self._surely_shown(wanted, asked_at),
            enough=frozenset(one.task.task_id for one in wanted),
        )
        now = self.tools.clock.now()
        self.purse -= reading.pages
        if not reading.answered:
            self._failures += 1
            if self._failures < _LIST_TRIES:
                self._hold(wanted, now + backoff_s(self.tools.policy, self._failures - 1, 1.0))
            else:
                for one in wanted:
                    self._unlist(one, now)
            return Turned((), now)
        self._failures = 0
        ended = self._read(reading.rows, asked_at, now)
        self._miss(wanted, reading, asked_at)
        await self._note(reading)
        self.purse -= self._foreseen(ended)
        return Turned(tuple(ended), now)

    def _foreseen(self, ended: Sequence[Ended]) -> int:
        """How many of these ends the budget has earned the question for that each costs: it knows how long they run.
        Where it does not, the plain schedule asks as well, and who follows that owes nothing for it.
        """
        return sum(self.runtimes.curve(self.tasks[one.task_id].task.kind) is not None for one in ended)

    def _read(self, rows: Sequence[Sighting], asked_at: float, now: float) -> list[Ended]:
        """What the rows show of our tasks; other people's only take up room."""
        ended: list[Ended] = []
        keys: set[str] = set()
        lag_s, skew_s, since = self.facts.lag_s, self.facts.skew_s or 0.0, self._beside_ours(now)
        last = shown = ""
        for row in rows:
            one = self.tasks.get(row.task_id)
            if one is None:
                self._strangers.add(row.task_id, row.created_at - skew_s, since)
                continue
            one.born_at, one.listed, one.misses, one.unlisted_until = row.created_at - skew_s, True, 0, 0.0
            one.looked_at = asked_at
            last, shown = shown, row.task_id
            if one.absent_at:
                lag_s = max(lag_s, one.absent_at - one.task.accepted_at)
                one.absent_at = 0.0
            if one.task.answered and row.key_id:
                keys.add(row.key_id)
            if row.status in RUNNING:
                one.known_at, one.shown_at = max(one.known_at, asked_at - self.facts.lag_s), asked_at
                continue
            if one.shown_at and row.ended_at is not None:  # it was shown running after it had ended
                lag_s = max(lag_s, one.shown_at - (row.ended_at - skew_s))
            if one.held_until <= now:
                self._hand_on(one, now)
                ended.append(Ended(one.task.job_id, one.task.task_id))
        for task_id in filter(None, (last, shown)):
            self._show(task_id, now)
        if lag_s > self.facts.lag_s or keys - set(self.facts.key_ids):
            self.facts = together(self.facts, Facts(key_ids=tuple(sorted(keys)), lag_s=lag_s))
            self._unnoted = True
        return ended

    def _miss(self, wanted: Collection[_Task], reading: Reading, asked_at: float) -> None:
        """Tasks that a whole reading did not show: too young for the list, or to be asked after by themselves."""
        shown = {row.task_id for row in reading.rows}
        for one in wanted:
            if one.task.task_id in shown:
                continue
            if reading.complete and asked_at > one.task.accepted_at:
                one.absent_at = asked_at
            one.looked_at = asked_at
            if asked_at - one.task.accepted_at < max(2 * self.facts.lag_s, _TOO_YOUNG_S):
                self._hold([one], asked_at + 1.0)
            else:
                self._unlist(one, asked_at)

    def _unlist(self, one: _Task, now: float) -> None:
        one.unlisted_until = now + min(_UNLISTED_S * 2.0**one.misses, _UNLISTED_S_MAX)
        one.misses += 1
        self._board.touch(one)

    def _surely_shown(self, wanted: Collection[_Task], now: float) -> frozenset[str]:
        if self.facts.zone is not None:
            return frozenset()
        return frozenset(one.task.task_id for one in wanted if now - one.task.accepted_at >= _SURELY_SHOWN_S)

    # --- keeping -----------------------------------------------------------------------------------------------------

    async def _note(self, reading: Reading) -> None:
        """Keep what was learned of the list; when the store is away it is learned again."""
        after = together(self.facts, reading.met)
        if after == self.facts and not self._unnoted:
            return
        self.facts = after
        try:
            self.facts = await self.tools.watching.note(self.account.id, after)
            self._unnoted = False
        except WanreelError as why:
            log.warning(WATCH_BROKE, account=self.account.id, why=str(why))

    def _hand_on(self, one: _Task, now: float) -> None:
        """Its job's step takes over; should that come to nothing, it is looked at again by the plain schedule."""
        one.ended_at = one.ended_at or now
        self._hold([one], now + poll_delay_s(self.tools.policy, one.tries))
        one.tries += 1

    def _hold(self, tasks: Collection[_Task], until: float) -> None:
        for one in tasks:
            one.held_until = max(one.held_until, until)
            self._board.touch(one)

    def _show(self, task_id: str, now: float) -> None:
        self._shown.pop(task_id, None)
        self._shown[task_id] = now
        if len(self._shown) > 2:
            self._shown.pop(next(iter(self._shown)))

    def _beside_ours(self, now: float) -> float:
        """What was created before stands on no page with anything of ours that runs."""
        return (self._board.by_age[0].task.accepted_at if self._board else now) - _LONG_BEFORE_S
