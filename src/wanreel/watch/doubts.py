"""Looks for the tasks of lost calls in the vendor's list, and says what became of them (design 3.4).

One `turn` is one look at every account that has a doubt: read the window, find out what the candidates are, weigh,
and hand back events for `worker.step.settle`. It neither sleeps nor spawns; what it has learned between two turns is
kept in memory alone (a stranger's words are never stored), so that a restart costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wanreel.domain.doubt import (
    Absent,
    Adopt,
    Ask,
    Call,
    Case,
    Compare,
    Exam,
    Examine,
    Proof,
    Verdict,
    call_of,
    proof_wait_s,
)
from wanreel.domain.event import Event, Finished, FinishedBlank, Found, NotFound, Undecided
from wanreel.domain.facts import Facts
from wanreel.domain.job import Account, Job, Unconfirmed
from wanreel.domain.policy import Policy
from wanreel.domain.sighting import Sighting
from wanreel.domain.weighing import KNOWN_S, SLACK_S, weigh
from wanreel.ports.clock import Clock
from wanreel.ports.jobs import Filter, Jobs
from wanreel.ports.vendor import Likeness, LikenessFailed, Vendor
from wanreel.ports.watching import Known, Watching
from wanreel.watch.reading import Reading, Span, read_window

BY = "list"
LOOKS_MAX = 20  # candidates asked after in one turn of an account
ROUNDS_MAX = 3  # of asking and weighing again in one turn
FAST_S = 9 * 3600.0  # the clock of another process may have been ahead by so much: one set to the vendor's zone is 8 h
SPARE_S = 30.0  # the window begins so much before the first lost call, whatever the clocks say
_UNFINISHED = ("queued", "submitting", "unconfirmed", "generating")
READ_S_MAX = 120.0  # a reading that took longer says nothing about what is absent
_IN_DOUBT = ("submitting", "unconfirmed")
_ALL = 100_000


@dataclass(slots=True)
class _Memory:
    """What is remembered of one account from turn to turn."""

    due_at: float = 0.0
    turns: int = 0  # fruitless ones in a row
    proofs: dict[str, Proof] = field(default_factory=dict[str, Proof])  # by intent
    exams: dict[str, Exam] = field(default_factory=dict[str, Exam])  # by task
    urls: dict[str, str] = field(default_factory=dict[str, str])
    skews: list[float] = field(default_factory=list[float])
    failing_since: float | None = None
    trouble: str = ""


@dataclass(slots=True)
class Search:
    """The search for lost calls, over all accounts of a home. `alone` says whether an account's keys are ours only."""

    clock: Clock
    jobs: Jobs
    watching: Watching
    vendor: Vendor
    likeness: Likeness
    policy: Policy
    alone: frozenset[str] = frozenset()  # accounts
    _memories: dict[str, _Memory] = field(default_factory=dict[str, _Memory])
    _began_at: float = field(init=False)
    _by_others: set[str] = field(default_factory=set[str])  # intents that another clock than ours has timed

    def __post_init__(self) -> None:
        self._began_at = self.clock.now()

    async def turn(self) -> tuple[list[tuple[Job, Event]], float]:
        """What was found out, to be settled, and in how many seconds to look again. Raises what the store raises."""
        calls = await self._calls()
        lost = {call.job.account.id: call.job.account for call in calls if call.lost}
        for account in [known for known in self._memories if known not in lost]:
            del self._memories[account]
        found: list[tuple[Job, Event]] = []
        for account in lost.values():
            memory = self._memories.setdefault(account.id, _Memory())
            if self.clock.now() >= memory.due_at:
                mine = [call for call in calls if call.job.account.id == account.id]
                found += await self._look(account, mine, memory)
        now = self.clock.now()
        waits = [max(0.0, memory.due_at - now) for memory in self._memories.values()]
        return found, min(waits, default=self.policy.doubt_first_s)

    async def _calls(self) -> list[Call]:
        calls = [c for j in await self.jobs.find(Filter(states=_IN_DOUBT, limit=_ALL)) if (c := call_of(j))]
        now = self.clock.now()
        known = self._by_others & {call.intent.id for call in calls}  # one seen in the future stays of another clock
        others = {c.intent.id for c in calls if c.intent.at < self._began_at or c.intent.at > now + SLACK_S}
        self._by_others = known | others
        return calls

    async def _look(self, account: Account, calls: Sequence[Call], memory: _Memory) -> list[tuple[Job, Event]]:
        """One look at one account."""
        facts = await self.watching.facts(account.id)
        began, lost = self.clock.now(), frozenset(call.intent.id for call in calls if call.lost)
        reading = await self._read(account, calls, facts, memory)
        if self.clock.now() - began > READ_S_MAX:  # our clock jumped meanwhile, and the window was another one
            reading = replace(reading, complete=False, why="our own clock jumped while the list was read")
        facts = await self.watching.note(account.id, reading.met) if reading.met != Facts() else facts
        _remember_skew(memory, facts)
        now = self.clock.now()
        self._note_trouble(memory, reading, now)
        # The list may show a call begun since the store was asked: it stands beside ours now, or its task is known.
        calls = [call for call in await self._calls() if call.job.account.id == account.id]
        known = await self.watching.known_tasks(account.id, [row.task_id for row in reading.rows])
        if reading.complete:
            before = [call for call in calls if call.intent.id in lost]
            self._count(before, reading.rows, known, memory, facts, began)
        teachable = not facts.key_ids and await self._is_teachable(account, calls)
        found: list[tuple[Job, Event]] = []
        for model in dict.fromkeys(call.job.request.model for call in calls if call.lost):
            case = Case(
                calls=tuple(call for call in calls if call.job.request.model == model),
                rows=tuple(r for r in reading.rows if r.model == model and r.task_id not in known),
                now=now,
                reads_needed=self.policy.absence_reads,
                proofs={c.job.id: memory.proofs[c.intent.id] for c in calls if c.intent.id in memory.proofs},
                key_ids=frozenset(facts.key_ids),
                keys_seen=frozenset(row.key_id for row in reading.rows if row.key_id),
                key_alone=account.id in self.alone,
                overruled=now - facts.overruled_at < KNOWN_S,
                teachable=teachable,
                timed_by_others=frozenset(c.job.id for c in calls if c.intent.id in self._by_others),
                skew_min_s=min(memory.skews, default=0.0),
                skew_max_s=max(memory.skews, default=0.0),
                unreadable=memory.trouble,
            )
            found += await self._decide(account, case, memory, complete=reading.complete)
        memory.turns = 0 if any(not isinstance(event, Undecided) for _, event in found) else memory.turns + 1
        memory.due_at = now + min(self.policy.doubt_first_s * 1.5 ** min(memory.turns, 32), self.policy.doubt_max_s)
        return found

    async def _read(self, account: Account, calls: Sequence[Call], facts: Facts, memory: _Memory) -> Reading:
        """The list from before the first lost call that it still reaches, to now."""
        now = self.clock.now()
        lost = [c for c in calls if c.lost and now - c.intent.at < KNOWN_S]
        fast_s = FAST_S if facts.zone else 0.0  # until the zone is known the window has to be narrow, to tell it
        reach = [c.intent.at - (fast_s if c.intent.id in self._by_others else 0.0) for c in lost] or [now]
        skews = [*memory.skews, *([] if facts.skew_s is None else [facts.skew_s])]
        apart_s = max(skews, default=0.0) - min(skews, default=0.0)
        since = max(min(*reach, now) - SPARE_S - apart_s, now - KNOWN_S + 120.0)
        models = {call.job.request.model for call in calls if call.lost}
        running = await self.watching.running(account.id)
        shown_by = now - max(facts.lag_s, self.policy.list_lag_s)
        expect = frozenset(
            watched.task_id
            for watched in running
            if since + SPARE_S < watched.accepted_at < shown_by and watched.kind.model in models
        )
        span = Span(since, now, next(iter(models)) if len(models) == 1 and facts.key_ids else None)
        return await read_window(self.vendor, account, span, facts, expect=expect)

    def _note_trouble(self, memory: _Memory, reading: Reading, now: float) -> None:
        """A list that has not been readable for as long as a proof takes is a matter for a person."""
        if reading.complete:
            memory.failing_since, memory.trouble = None, ""
            return
        memory.failing_since = now if memory.failing_since is None else memory.failing_since
        if now - memory.failing_since >= self.policy.absence_s:
            memory.trouble = reading.why

    def _count(
        self,
        calls: Sequence[Call],
        rows: Sequence[Sighting],
        known: Mapping[str, Known],
        memory: _Memory,
        facts: Facts,
        now: float,
    ) -> None:
        """One more complete read, begun at `now`: what it says about the absence of the task of each call that was lost
        by then. This process may have stood still since: what was lost meanwhile the read says nothing about.
        """
        vendor_now = now + (facts.skew_s or 0.0)
        wait_s = proof_wait_s(self.policy, facts.lag_s)
        fresh: dict[str, Proof] = {}
        for call in calls:
            if not call.lost:
                continue
            proof = memory.proofs.get(call.intent.id) or Proof(vendor_now)
            if vendor_now - proof.since >= wait_s and now - call.intent.at >= wait_s:
                if _shows_later(call, rows, known):
                    proof = replace(proof, seeing=proof.seeing + 1)
                else:
                    proof = replace(proof, blind=proof.blind + 1)
            fresh[call.intent.id] = proof
        memory.proofs = fresh

    async def _is_teachable(self, account: Account, calls: Iterable[Call]) -> bool:
        """Whether other jobs of the account are under way, whose rows will tell which key is ours."""
        lost = {call.job.id for call in calls if call.lost}
        found = await self.jobs.find(Filter(states=_UNFINISHED, limit=_ALL))
        return any(job.account.id == account.id and job.id not in lost for job in found)

    # --- asking and weighing ----------------------------------------------------------------------------------------

    async def _decide(
        self, account: Account, case: Case, memory: _Memory, *, complete: bool
    ) -> list[tuple[Job, Event]]:
        """Weigh, find out what the weighing lacks, and weigh again. An incomplete reading only ever asks."""
        if not complete:
            return _events(case, [v for v in weigh(replace(case, rows=())) if isinstance(v, Ask) and case.unreadable])
        verdicts: list[Verdict] = []
        looks = LOOKS_MAX
        for _ in range(ROUNDS_MAX):
            verdicts = weigh(replace(case, exams=memory.exams))
            helped = False
            for verdict in verdicts:
                if looks > 0 and isinstance(verdict, (Examine, Compare)):
                    looks -= 1
                    helped |= await self._find_out(account, case, verdict, memory)
            if not helped:
                break
        return _events(case, verdicts)

    async def _find_out(self, account: Account, case: Case, wish: Examine | Compare, memory: _Memory) -> bool:
        """Ask after a candidate, or look at its clip; whether anything was learned."""
        if isinstance(wish, Examine):
            answer = await self.vendor.look(account, wish.task_id)
            if isinstance(answer, Finished):
                memory.exams[wish.task_id] = Exam(answer.outcome.orig_prompt, answer.outcome.billed_s)
                memory.urls[wish.task_id] = answer.outcome.video_url
                return True
            if isinstance(answer, FinishedBlank):
                memory.exams[wish.task_id] = Exam(None)
                return True
            return False
        pictures = {c.job.id: c.pictures for c in case.calls if c.job.id in wish.job_ids}
        try:
            distances = await self.likeness.distances(account, memory.urls.get(wish.task_id, ""), pictures)
        except LikenessFailed as failed:
            if not failed.final:
                return False
            distances = dict.fromkeys(pictures, 1.0)
        memory.exams[wish.task_id] = replace(memory.exams[wish.task_id], distances=distances)
        return True


def _remember_skew(memory: _Memory, facts: Facts) -> None:
    if facts.skew_s is not None:
        memory.skews = [min([*memory.skews, facts.skew_s]), max([*memory.skews, facts.skew_s])]


def _shows_later(call: Call, rows: Sequence[Sighting], known: Mapping[str, Known]) -> bool:
    """Whether a read shows a task of ours that was accepted after this call was lost, by an answer."""
    state = call.job.state
    assert isinstance(state, Unconfirmed)
    mine = [known[r.task_id] for r in rows if r.model == call.job.request.model and r.task_id in known]
    return any(task.answered and task.accepted_at > state.since + SLACK_S for task in mine)


def _events(case: Case, verdicts: Iterable[Verdict]) -> list[tuple[Job, Event]]:
    """The verdicts as events for the jobs they speak of."""
    calls = {call.job.id: call for call in case.calls}
    found: list[tuple[Job, Event]] = []
    for verdict in verdicts:
        if isinstance(verdict, Adopt):
            event: Event = Found(verdict.task_id, BY, verdict.evidence, verdict.seed_certain)
        elif isinstance(verdict, Absent):
            event = NotFound(BY, verdict.evidence, calls[verdict.job_id].intent.id)
        elif isinstance(verdict, Ask):
            event = Undecided(calls[verdict.job_id].intent.id, verdict.why)
        else:
            continue
        found.append((calls[verdict.job_id].job, event))
    return found
