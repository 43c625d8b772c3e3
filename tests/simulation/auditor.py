"""An independent, simple model of what must hold. It knows no rule of the life of a job and reads the vendor's books.

It is told of every write, every paid call and every answer, and raises BrokenPromise the moment something is wrong.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tests.simulation.accountant import check_books, exposure
from tests.simulation.clips import sha_of
from tests.simulation.world import BrokenPromise, Strand, World
from wanreel.domain.event import Accepted, Change, Event, Found, NotFound, Notice, NotSent, Refused, SubmitBegun
from wanreel.domain.job import (
    Archiving,
    Cancelled,
    Failed,
    Generating,
    Intent,
    Job,
    Queued,
    Submitting,
    Succeeded,
    Task,
    Unconfirmed,
)
from wanreel.emulator.tasks import Task as DeskTask
from wanreel.money.ledger import Posting
from wanreel.ports.jobs import Lane
from wanreel.ports.vendor import SubmitAnswer

FINAL = (Succeeded, Failed, Cancelled)
IN_DOUBT = (Submitting, Unconfirmed)
ENDS = {Succeeded: "job.succeeded", Failed: "job.failed", Cancelled: "job.cancelled"}
DOUBT_HOLDS_S = 3 * 3600.0  # a doubt keeps its slot so long after its intent
QUIET_S = 10.0
TASK_RETRIES = 1
PROBE_S = 600.0  # a limit that a refusal taught is not gone beyond sooner
NEVER_AGAIN = ("DataInspection", "IPInfringement", "InvalidParameter")
BUSY_S, BUSY_MAX = 30.0, 10  # one clip is not fetched more often than this in so long
LOOKS_MAX = 30  # nor one task looked at, whoever looks: while work waits a slot is to be noticed free at once
HALF_A_DAY_S = 43_200.0


@dataclass(slots=True)
class Ticket:
    """What somebody asked for once: at most one task is to be paid for it. `excused`: a person decided wrongly."""

    mark: str
    kin: Kin
    seed: int | None
    jobs: list[str] = field(default_factory=list[str])
    tasks: list[DeskTask] = field(default_factory=list[DeskTask])
    excused: bool = False
    underway: int = 0  # calls that left us and have not reached the vendor yet


@dataclass(slots=True)
class Kin:
    """Tickets whose wishes differ in nothing but the seed: nobody can tell whose call made which task, nor need to."""

    tickets: list[Ticket] = field(default_factory=list[Any])

    @property
    def underway(self) -> int:
        """Calls for any of them that left us and have not reached the vendor yet."""
        return sum(ticket.underway for ticket in self.tickets)

    @property
    def tasks(self) -> list[DeskTask]:
        """All tasks that were made for them."""
        return [task for ticket in self.tickets for task in ticket.tasks]

    @property
    def excused(self) -> bool:
        """Whether a person decided wrongly about any of them."""
        return any(ticket.excused for ticket in self.tickets)


class Auditor:
    """The books of one world."""

    def __init__(self, world: World, limit: int, *, shared: bool = False) -> None:
        self.world = world
        self.shared = shared
        self.limit = limit
        self.advance: Callable[[float], None] = lambda _: None  # brings the desk's books up to now
        self.tickets: dict[str, Ticket] = {}
        self.kin: dict[object, Kin] = {}
        self.maker: dict[str, Ticket] = {}  # task -> the ticket whose call made it
        self.in_doubt: set[str] = set()  # jobs in Unconfirmed
        self.generating: set[str] = set()
        self.running: Counter[str] = Counter()  # how many of them, by account
        self.on_task: Callable[[str], None] = lambda account: None  # something else runs now on an account
        self.foreign: set[str] = set()  # tasks that somebody else made on our account
        self.jobs: dict[str, Job] = {}
        self.first: dict[str, Job] = {}
        self.open: set[str] = set()
        self.keys: dict[str, str] = {}
        self.tasks: dict[str, DeskTask] = {}
        self.owner: dict[str, str] = {}  # task -> the job that knows it
        self.sent: dict[str, list[str]] = defaultdict(list)
        self.settled: set[str] = set()  # intents whose fate is known to somebody
        self.must_know: dict[object, Event] = {}  # strand -> the yes it heard
        self.given_up: set[str] = set()
        self.cancels: set[str] = set()
        self.inside: dict[str, tuple[Strand, float]] = {}
        self.heard: dict[str, dict[str, str]] = defaultdict(dict)  # job -> notice id -> kind
        self.kept: dict[str, str] = {}  # the archive's own shelf: key -> hash
        self.rows: Counter[tuple[str, str]] = Counter()
        self.last_look: dict[str, Event] = {}
        self.held: set[str] = set()  # accounts that somebody holds back by hand
        self.learned: dict[tuple[str, str], tuple[int, float]] = {}  # what the last refusal said, and when
        self.refused: set[str] = set()  # intents that the vendor is known not to have taken
        self.busy: dict[str, deque[float]] = defaultdict(deque)
        self.budget: Decimal | None = None  # for all that this world sends, once somebody has set one

    # --- questions --------------------------------------------------------------------------------------------------

    def job(self, job_id: str) -> Job:
        """A job as last written."""
        return self.jobs[job_id]

    def owner_of(self, task_id: str) -> str | None:
        """The job that knows a task."""
        return self.owner.get(task_id)

    def lanes(self, now: float, far_at: float) -> list[Lane]:
        """The kinds of work for which any job is due: a claim of the others would find nothing."""
        due: set[Lane] = set()
        for job_id in self.open:
            state = self.jobs[job_id].state
            if isinstance(state, (Queued, Generating, Archiving)) and not now < state.due_at <= far_at:
                due.add(_lane(state))
        return [lane for lane in (Lane.ARCHIVE, Lane.WATCH, Lane.SUBMIT) if lane in due]

    def ticket_of(self, job: Job) -> Ticket:
        """The ticket a job was made for; a spare has its parent's."""
        mark = job.id
        while (parent := self.jobs[mark].spare_of if mark in self.jobs else job.spare_of) is not None:
            mark = parent
        ticket = self.tickets.get(mark)
        if ticket is None:
            kin = self.kin.setdefault(replace(job.request, seed=None), Kin())
            ticket = self.tickets[mark] = Ticket(mark, kin, job.request.seed)
            kin.tickets.append(ticket)
        return ticket

    def unknown_tasks(self, job: Job) -> list[DeskTask]:
        """Tasks the vendor has for a job's ticket and no job knows."""
        return [task for task in self.ticket_of(job).tasks if task.id not in self.owner]

    def in_the_console(self, job: Job) -> DeskTask | None:
        """What a person who looks carefully finds for a doubtful job: its own task or, where another of its kin was
        given that one, what is left of theirs on its account.
        """
        ticket = self.ticket_of(job)
        own = self.unknown_tasks(job)
        if not own and ticket.tasks:
            own = [task for task in self._unknown(ticket.kin) if task.account == job.account.id]
        own.sort(key=lambda task: self._status(task) in {"FAILED", "CANCELED"})  # what is paid first
        return own[0] if own else None

    def seed_of(self, task_id: str) -> int | None:
        """The seed of the call that made a task."""
        return self.maker[task_id].seed

    # --- what people do ---------------------------------------------------------------------------------------------

    def added(self, asked: Sequence[Job], stored: Sequence[Job]) -> None:
        """New jobs; the same key never makes a second one."""
        for want, got in zip(asked, stored, strict=True):
            if want.key is not None and self.keys.setdefault(want.key, got.id) != got.id:
                self._broken(f"key {want.key} made a second job {got.id}")
            if got.id not in self.jobs:
                self._know(got)

    def person_resubmits(self, job: Job, *, knowing: bool) -> None:
        """Somebody says that the vendor never had it; `knowing` false: without having looked."""
        self.settled.update(self.sent[job.id])
        if isinstance(job.state, Unconfirmed):
            self.settled.add(job.state.intent.id)
        if self.ticket_of(job).kin.underway or (not knowing and self.unknown_tasks(job)):
            self.ticket_of(job).excused = True

    def person_gives_up(self, job: Job) -> None:
        """Somebody ends a doubt without knowing."""
        self.given_up.add(job.id)
        self.ticket_of(job).excused = True

    def cancel_asked(self, job: Job) -> None:
        """Somebody's cancel was taken; from here on the job carries it."""
        self.cancels.add(job.id)

    # --- paid calls -------------------------------------------------------------------------------------------------

    def sending(self, job: Job, intent: Intent, stored: Job) -> None:
        """The first byte of a paid call is about to leave."""
        written = (
            (Submitting, Unconfirmed) if self.shared else (Submitting,)
        )  # taken for dead, and goes on all the same
        if not (isinstance(stored.state, written) and stored.state.intent.id == intent.id):
            self._broken(f"{job.id}: a paid call without its intent on disk (the store says {_word(stored)})")
        unsettled = [i for i in self.sent[job.id] if i not in self.settled]
        if unsettled and not self.ticket_of(job).excused:
            self._broken(f"{job.id}: sent again while {unsettled} is in doubt")
        if job.id in self.cancels:
            self._note(f"{job.id}: sent although cancelled meanwhile")
        self.sent[job.id].append(intent.id)

    def books(self, tasks: Sequence[DeskTask], job: Job) -> None:
        """The vendor's books after a create: one live task per ticket."""
        for task in tasks:
            if task.id in self.tasks:
                continue
            self.tasks[task.id] = task
            ticket = self.maker[task.id] = self.ticket_of(job)
            kin = ticket.kin
            live = [t.id for t in kin.tasks if self._status(t) not in {"FAILED", "CANCELED"}]
            if len(live) >= len(kin.tickets) and not kin.excused:
                self._broken(f"{job.id}: paid twice, {task.id} beside {live}")
            ticket.tasks.append(task)

    def strangers(self, tasks: Sequence[DeskTask]) -> None:
        """Somebody else has made these tasks on our account."""
        for task in tasks:
            if task.id not in self.tasks:
                self.tasks[task.id] = task
                self.foreign.add(task.id)

    def answered(self, job: Job, answer: SubmitAnswer) -> None:
        """A paid call's answer reached the worker that made it."""
        self.world.say("vendor", f"answers {type(answer).__name__}", job.id)
        if isinstance(answer, (Accepted, NotSent, Refused)):
            self.settled.add(answer.intent_id)
        if isinstance(answer, (NotSent, Refused)):
            self.refused.add(answer.intent_id)
        if isinstance(answer, Accepted):
            self.must_know[self.world.going] = answer

    def looked(self, task_id: str, answer: Event) -> None:
        """A look's answer reached a worker; nobody hammers."""
        self.last_look[task_id] = answer
        self._not_too_busy(f"looks at {task_id}", LOOKS_MAX)

    # --- workers ----------------------------------------------------------------------------------------------------

    def enters(self, strand: Strand, job: Job, until: float) -> None:
        """A worker begins a step on a job it has claimed."""
        inside = self.inside.get(job.id)
        if inside is not None and inside[0] is not strand and inside[1] > self.world.wall:
            self._broken(f"{job.id}: a second worker inside while the first has it until {inside[1]:.0f}")
        self.inside[job.id] = (strand, until)

    def rescuing(self, jobs: Sequence[Job]) -> None:
        """Submits found that nobody makes any more: their worker's claim must be over."""
        for job in jobs:
            inside = self.inside.pop(job.id, None)
            if inside is not None and inside[1] > self.world.wall:
                self._broken(f"{job.id}: rescued while its worker still has it")

    def released(self, owner: str | None, job_id: str | None) -> None:
        """Claims were given back."""
        if job_id is not None:
            inside = self.inside.get(job_id)
            if inside is not None and inside[0].owner == owner:
                del self.inside[job_id]
        elif owner is None:
            self.inside.clear()

    def buried(self, alive: Sequence[str]) -> None:
        """Whoever is not among these has been silent for too long, and lost its claims."""
        for job_id, (strand, _) in list(self.inside.items()):
            if strand.owner not in alive:
                del self.inside[job_id]

    def step_ended(self, strand: object) -> None:
        """A step came to its end and said that all is recorded: then its paid news is."""
        heard = self.must_know.pop(strand, None)
        if heard is not None:
            self.recorded(heard)

    def recorded(self, event: Event) -> None:
        """A worker holds that an event is recorded."""
        if isinstance(event, Accepted) and event.task_id not in self.owner:
            self._broken(f"the vendor's yes to {event.task_id} was heard and is recorded nowhere")

    # --- writes -----------------------------------------------------------------------------------------------------

    def begun(self, before: Job, change: Change, now: float, until: float) -> None:
        """An intent was committed."""
        job = change.job
        self.rows["Queued", SubmitBegun.__name__] += 1
        self._write(before, change)
        committed = exposure(self.jobs.values())
        if self.budget is not None and committed > self.budget:
            self._broken(f"{job.id}: began with {committed} committed of a budget of {self.budget}")
        others = [j for j in self.jobs.values() if j.id != job.id and _key(j) == _key(job)]
        held = sum(_holds(j, now) for j in others)
        if held >= self.limit:
            self._broken(f"{job.id}: began with {held} of {self.limit} slots held already")
        taught, at = self.learned.get(_key(job), (held + 1, now))
        if at <= now < at + PROBE_S and held >= taught:
            self._broken(f"{job.id}: began with {held} held, {now - at:.0f} s after a refusal with {taught}")
        if job.account.id in self.held:
            self._broken(f"{job.id}: began although {job.account.id} is held back by hand")
        airborne = [j.id for j in others if isinstance(j.state, Submitting) and j.state.intent.at > now - QUIET_S]
        if airborne:
            self._broken(f"{job.id}: began while {airborne} is in the air")
        if job.id in self.inside:
            self.inside[job.id] = (self.inside[job.id][0], until)

    def committed(self, before: Job, change: Change) -> None:
        """A change was committed."""
        self._count_row(before, change)
        self._write(before, change)
        job = change.job
        self._learn(change)
        if before.account != job.account and (job.past or set(self.sent[job.id]) - self.refused):
            self._broken(f"{job.id}: moved from {before.account.id}, which may have its task")
        if not (isinstance(before.state, Submitting) and isinstance(job.state, Submitting)):
            self.inside.pop(job.id, None)
        if isinstance(before.state, IN_DOUBT) and isinstance(job.state, Generating):
            self.settled.add(before.state.intent.id)
        if isinstance(before.state, Unconfirmed) and isinstance(job.state, (Queued, *FINAL)):
            self._doubt_left(before, change)
        if isinstance(before.state, Generating) and isinstance(job.state, Queued):
            self._made_anew(job, self.tasks[before.state.task.id])
        if isinstance(before.state, IN_DOUBT) and not isinstance(job.state, IN_DOUBT):
            kin = self.ticket_of(job).kin
            lost = [t.id for t in self._unknown(kin) if self._status(t) not in {"FAILED", "CANCELED"}]
            if len(lost) > self._in_doubt(kin) and not kin.excused:
                self._broken(f"{job.id}: {_word(job)} while the vendor has {lost}")
        if isinstance(job.state, Succeeded):
            self._succeeded(job, job.state)
        if isinstance(job.state, Failed) and not isinstance(before.state, FINAL):
            self._failed(before, job, job.state)

    def _learn(self, change: Change) -> None:
        """A refusal that says "too many" makes what others hold the limit, one at the least."""
        entry, job = change.entry, change.job
        if entry is None or not isinstance(entry.event, Refused) or not isinstance(job.state, Queued):
            return
        if entry.event.http_status == 429 and entry.event.code == "Throttling.RateQuota":
            others = sum(_holds(j, entry.at) for j in self.jobs.values() if j.id != job.id and _key(j) == _key(job))
            self.learned[_key(job)] = (max(1, others), entry.at)

    def told(self, notice: Notice) -> None:
        """A receiver took a notice."""
        self.heard[notice.job_id][notice.id] = notice.kind

    # --- the end ----------------------------------------------------------------------------------------------------

    def at_rest(self) -> bool:
        """Whether every job has ended and everybody has heard of it."""
        return not self.open and all(self._ends_heard(job) for job in self.jobs.values())

    def close(self, postings: Sequence[Posting]) -> None:
        """After everything was healed: nothing is open, nothing lost, everything told once, every bill foreseen."""
        if self.open:
            left = ", ".join(f"{job_id} {_word(self.jobs[job_id])}" for job_id in sorted(self.open))
            self._broken(f"no end for {left}")
        for job in self.jobs.values():
            ends = sorted(self._ends_heard(job))
            if len(ends) != 1 or self.heard[job.id][ends[0]] != ENDS[type(job.state)]:  # type: ignore[index]
                self._broken(f"{job.id} is {_word(job)}, and its receivers heard {ends}")
            if job.id in self.cancels and job.cancel is None:
                self._broken(f"{job.id}: the cancel was forgotten")
        for ticket in self.tickets.values():
            unknown = [task for task in ticket.tasks if task.id not in self.owner]
            lost = [task.id for task in unknown if self._status(task) not in {"FAILED", "CANCELED"}]
            if lost and not ticket.kin.excused:
                self._broken(f"the vendor has {lost} and nobody knows")
        self.advance(self.world.now)
        check_books(postings, self.tasks, self.owner, self.jobs, self.world.now)

    # --- details ----------------------------------------------------------------------------------------------------

    def _know(self, job: Job) -> None:
        self.jobs[job.id] = self.first[job.id] = job
        self.open.add(job.id)
        self.ticket_of(job).jobs.append(job.id)
        self._own(job)

    def _own(self, job: Job) -> None:
        if isinstance(job.state, Generating) != (job.id in self.generating):
            runs = isinstance(job.state, Generating)
            (self.generating.add if runs else self.generating.discard)(job.id)
            self.running[job.account.id] += 1 if runs else -1
            self.on_task(job.account.id)
        for task in (*job.past, getattr(job.state, "task", None)):
            if task is not None and self.owner.setdefault(task.id, job.id) != job.id:
                self._broken(f"task {task.id} belongs to {self.owner[task.id]} and to {job.id}")
            if task is not None:
                self._is_its_own(job, task)

    def _is_its_own(self, job: Job, task: Task) -> None:
        """No job ever gets another's picture: at most one of its kin's, and then it says so of the seed."""
        if task.id in self.foreign:
            self._broken(f"{job.id}: foreign task {task.id} adopted")
        maker, ticket = self.maker.get(task.id), self.ticket_of(job)
        if maker is None or maker is ticket:
            return
        if maker.kin is not ticket.kin:
            self._broken(f"{job.id}: was given {task.id}, which {maker.mark} made")
        if maker.seed != ticket.seed and task.seed_certain:
            self._broken(f"{job.id}: claims the seed of {task.id}, which {maker.mark} made")

    def _unknown(self, kin: Kin) -> list[DeskTask]:
        return [task for task in kin.tasks if task.id not in self.owner]

    def _in_doubt(self, kin: Kin) -> int:
        """How many of these wishes may still be given a task that nobody knows yet."""
        return sum(isinstance(self.jobs[job_id].state, IN_DOUBT) for ticket in kin.tickets for job_id in ticket.jobs)

    def _write(self, before: Job, change: Change) -> None:
        """What holds for every write there is."""
        job, mine = change.job, self.jobs[change.job.id]
        self.world.say("store", f"{_word(before)} -> {_word(job)}", f"{job.id} v{job.version}")
        if before != mine or job.version != mine.version + 1:
            self._broken(f"{job.id}: version {job.version} was written on {mine.version}")
        if isinstance(before.state, FINAL) and job.state != before.state:
            self._broken(f"{job.id}: {_word(before)} became {_word(job)}")
        if (before.cancel is not None or job.id in self.cancels) and job.cancel is None:
            self._broken(f"{job.id}: the cancel was forgotten")
        if (
            before.cancel is not None
            and isinstance(job.state, (Queued, Submitting))
            and type(before.state) is not type(job.state)
        ):
            self._broken(f"{job.id}: cancelled, and to be sent again")
        vanished = {t.id for t in _tasks(before)} - {t.id for t in _tasks(job)}
        if vanished:
            self._broken(f"{job.id}: forgot {sorted(vanished)}")
        if change.entry is not None and change.entry.version != job.version:
            self._broken(f"{job.id}: its history says version {change.entry.version}")
        self.jobs[job.id] = job
        (self.in_doubt.add if isinstance(job.state, Unconfirmed) else self.in_doubt.discard)(job.id)
        self._own(job)
        self.world.reached(job.id, _word(job))
        if job.past and isinstance(job.state, Generating):
            self.world.reached(job.id, "Generating anew")
        for child in change.born:
            if child.id not in self.jobs and current_id(child) not in self.owner:
                self._know(child)
        if isinstance(job.state, FINAL):
            self.open.discard(job.id)

    def _doubt_left(self, before: Job, change: Change) -> None:
        job = change.job
        assert isinstance(before.state, Unconfirmed)
        if change.entry is not None and isinstance(change.entry.event, NotFound) and change.entry.event.by == "list":
            if self.ticket_of(job).underway:
                self._broken(f"{job.id}: called absent while its call is still on its way to the vendor")
            self.settled.add(before.state.intent.id)
        if before.state.intent.id not in self.settled and job.id not in self.given_up:
            self._broken(f"{job.id}: left its doubt for {_word(job)} and nobody knew")

    def _made_anew(self, job: Job, task: DeskTask) -> None:
        """Only a task that FAILED by the vendor's own fault is made anew, and once."""
        if self._status(task) != "FAILED":
            self._broken(f"{job.id}: a new task is made while {task.id} is {self._status(task)}")
        if task.code.startswith(NEVER_AGAIN):
            self._broken(f"{job.id}: a new task is made after {task.code}")
        if len(job.past) > TASK_RETRIES:
            self._broken(f"{job.id}: {len(job.past)} new tasks")

    def _succeeded(self, job: Job, state: Succeeded) -> None:
        artifact = state.artifact
        if job.cancel is not None and job.cancel.discard:
            self._broken(f"{job.id}: kept, although it was to be discarded")
        if artifact.sha256 != sha_of(state.task.id):
            self._broken(f"{job.id}: succeeded with bytes that are not those of {state.task.id}")
        if self.kept.get(artifact.key) != artifact.sha256:
            self._broken(f"{job.id}: succeeded, and {artifact.key} is not in the archive")

    def _failed(self, before: Job, job: Job, state: Failed) -> None:
        """A made clip is given up only when its URL is dead; a vendor's failure is told in its own code."""
        if isinstance(before.state, Archiving) and before.state.spooled is not None:
            self._broken(f"{job.id}: {state.code}, while its clip lay safe in the spool")
        task = self.tasks.get(state.task.id) if state.task else None
        if task is None:
            return
        status = self._status(task)
        if status == "FAILED" and not isinstance(before.state, Archiving) and state.code != task.code:
            self._broken(f"{job.id}: the vendor said {task.code}, the job says {state.code}")
        if status == "SUCCEEDED" and not task.no_url:
            dead = self.world.wall >= task.expires_at
            if not (state.code.startswith("artifact_") and dead) and self.world.offset_s < HALF_A_DAY_S:
                self._broken(f"{job.id}: {state.code}, while {task.id} has a clip until {task.expires_at}")
        if status in {"PENDING", "RUNNING"} and self.world.offset_s < HALF_A_DAY_S:
            self._broken(f"{job.id}: {state.code}, while {task.id} is {status}")

    def _count_row(self, before: Job, change: Change) -> None:
        event: Any = change.entry.event if change.entry is not None else None
        if event is None:
            event = self.last_look.get(current_id(before) or "")
        if event is not None:
            self.rows[type(before.state).__name__, type(event).__name__] += 1
        if isinstance(event, (Accepted, Found)) and change.born:
            self._note(f"{change.job.id}: spare {event.task_id}")

    def _ends_heard(self, job: Job) -> list[str]:
        return [notice for notice, kind in self.heard[job.id].items() if kind in ENDS.values()]

    def _status(self, task: DeskTask) -> str:
        self.advance(self.world.now)
        return task.status_at(self.world.now)

    def _not_too_busy(self, what: str, most: int = BUSY_MAX) -> None:
        times, now = self.busy[what], self.world.now
        times.append(now)
        while times[0] < now - BUSY_S:
            times.popleft()
        if len(times) > most:
            self._broken(f"{len(times)} {what} in {BUSY_S:.0f} s")

    def fetched(self, key: str) -> None:
        """A clip's download was begun; nobody hammers."""
        self._not_too_busy(f"fetches of {key}")

    def _note(self, what: str) -> None:
        self.world.say("auditor", what)

    def _broken(self, what: str) -> None:
        raise BrokenPromise(what)


def current_id(job: Job) -> str | None:
    """The id of the task a job stands on."""
    task = getattr(job.state, "task", None)
    return None if task is None else task.id


def _tasks(job: Job) -> list[Any]:
    task = getattr(job.state, "task", None)
    return [*job.past, *([task] if task is not None else [])]


def _key(job: Job) -> tuple[str, str]:
    return (job.account.id, job.request.model)


def _lane(state: Queued | Generating | Archiving) -> Lane:
    if isinstance(state, Archiving) and not state.requery:
        return Lane.ARCHIVE
    return Lane.SUBMIT if isinstance(state, Queued) else Lane.WATCH


def _word(job: Job) -> str:
    return type(job.state).__name__


def _holds(job: Job, now: float) -> bool:
    state = job.state
    if isinstance(state, Unconfirmed):
        return state.intent.at + DOUBT_HOLDS_S > now
    return isinstance(state, (Submitting, Generating))
