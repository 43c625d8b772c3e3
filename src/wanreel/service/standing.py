"""How jobs stand: why one waits and for how long, how far one may be, and what a person has to do. Pure.

All of it is read off one `Moment`, what holds for every job alike, so that a page of jobs costs no more looks than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from wanreel.domain import doubt
from wanreel.domain.capacity import RUN_S
from wanreel.domain.doubt import asks_person
from wanreel.domain.event import ALL, NEEDS_PERSON, Park, Pause, SlotKey
from wanreel.domain.job import Generating, Job, Queued, Unconfirmed
from wanreel.domain.lifecycle import slot_held_until
from wanreel.domain.policy import Policy
from wanreel.domain.runtimes import Curve, RunTimes, about, kind_of, outlook
from wanreel.domain.slots import allowed
from wanreel.domain.submitting import BUDGET
from wanreel.domain.turn import slot_key
from wanreel.ports.overview import Line

_USUAL = Policy()


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds for every job: the line, how many may run, whose doubts hold slots, and what has no room."""

    now: float
    line: Line
    limit_of: Callable[[SlotKey], int]
    doubts: Mapping[SlotKey, Sequence[str]]  # ids of the doubtful jobs that hold a slot
    held: Callable[[Job], str]  # why a job that has a slot would be held back; "": it would not
    policy: Policy = _USUAL


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a queued job is not running yet."""

    words: str
    place: int  # how many of its account and model are in front of it
    slots: int
    in_use: int
    about_s: float | None = None  # until its turn comes, as far as run times and the line tell; None: nobody knows


@dataclass(frozen=True, slots=True)
class Progress:
    """How an unfinished job is getting on."""

    words: str | None = None  # None: there is nothing to say
    rest_s: float | None = None  # until the vendor is likely done with it, on average; None: nobody knows


@dataclass(frozen=True, slots=True)
class Need:
    """What a person has to do before a job can move: for which reason, in our words, and what somebody else said of it
    (who paused it, the vendor, the budget).
    """

    code: str  # doubt, paused, refused, money, doubted_slots, elsewhere
    words: str
    why: str = ""


def held_slots(doubtful: Iterable[Job], now: float, policy: Policy) -> dict[SlotKey, list[str]]:
    """Ids of the doubtful jobs that wait for a person and hold a slot, by its key."""
    held: dict[SlotKey, list[str]] = {}
    for job in doubtful:
        until = slot_held_until(job, policy)
        if asks_person(job) and until is not None and until > now:
            held.setdefault(slot_key(job), []).append(job.id)
    return held


def waiting(job: Job, place: int, moment: Moment) -> Waiting | None:
    """Why a queued job waits that so many go before; None for any other state."""
    state = job.state
    if not isinstance(state, Queued):
        return None
    key, now, line = slot_key(job), moment.now, moment.line
    in_use = line.in_use.get(key, 0)
    limit = allowed(moment.limit_of(key), line.learned.get(key), now)
    park = _park_of(job, line.parks)
    if park is not None and park.kind is Pause.HAND:
        words = f"paused by hand: {park.why}"
    elif park is not None:
        words = f"held back for another {max(0, park.until - now):.0f} s: {park.why}"
    elif state.why and state.due_at > now:
        words = f"tried again in {state.due_at - now:.0f} s: {state.why}"
    elif in_use >= limit:
        words = f"all {limit} slots of {key.model} are in use"
    elif held := moment.held(job):
        words = f"held until a clip is stored: {held}"
    else:
        words = "next to be sent" if place == 0 else f"{place} in front of it"
    about_s = None
    if park is None and state.due_at <= now:
        mean_s = line.times.mean_s(key.model) or RUN_S
        about_s = max(0, place + 1 - max(0, limit - in_use)) * mean_s / max(limit, 1)
        if about_s >= 1.0:
            words = f"{words}; its turn comes in about {about(about_s)}"
    return Waiting(words, place, limit, in_use, about_s)


def outlook_of(job: Job, times: RunTimes, now: float) -> str | None:
    """How far a running job may be, from what such clips took; None while too little is known, or it is not one."""
    running = _running(job, times, now)
    return None if running is None else outlook(*running)


def rest_s(job: Job, times: RunTimes, now: float) -> float | None:
    """How much longer a running task will likely take; None where too little is known, or it is not running."""
    running = _running(job, times, now)
    return None if running is None else running[0].residual_s(running[1])


def _running(job: Job, times: RunTimes, now: float) -> tuple[Curve, float] | None:
    """What is known of such tasks as a job's, and its age; None where too little is, or it is not running."""
    curve = times.curve(kind_of(job.request)) if isinstance(job.state, Generating) else None
    if curve is None or not isinstance(job.state, Generating):
        return None
    return curve, now - job.state.task.accepted_at


def progress(job: Job, place: int, moment: Moment) -> Progress:
    """How a job that so many go before is getting on: why it waits and for how long, how far it may be."""
    if isinstance(job.state, Unconfirmed):
        return Progress(doubt.outlook(job.state, moment.policy, moment.now))
    times = moment.line.times
    waits = waiting(job, place, moment)
    if waits is None:
        return Progress(outlook_of(job, times, moment.now), rest_s(job, times, moment.now))
    curve = times.curve(kind_of(job.request))
    if waits.about_s is None or curve is None:
        return Progress(waits.words)
    return Progress(waits.words, waits.about_s + curve.mean_s)


def attention(job: Job, moment: Moment) -> str | None:
    """What a person has to do before a job can move, in words; None: nothing."""
    found = need(job, moment)
    return None if found is None else found.words


def need(job: Job, moment: Moment) -> Need | None:
    """What a person has to do before a job can move; None: nothing."""
    if isinstance(job.state, Unconfirmed) and asks_person(job):
        return Need("doubt", _doubt_words(job), job.state.asks)
    if not isinstance(job.state, Queued):
        return None
    key = slot_key(job)
    park = _park_of(job, [park for park in moment.line.parks if park.kind in NEEDS_PERSON])
    if park is not None and park.kind is Pause.HAND:
        return Need("paused", f"Paused by hand: {park.why}. To let it go on: {resuming(park)}", park.why)
    if park is not None:
        words = f"The vendor refuses this account: {park.why}. Mend that; the job waits and is not lost."
        return Need("refused", words, park.why)
    if job.state.held_by == BUDGET:
        words = f"Held for want of money: {job.state.why}. It asks again by itself, or once a budget is set."
        return Need("money", words, job.state.why)
    doubts = moment.doubts.get(key, ())
    if len(doubts) >= moment.limit_of(key):
        words = (
            f"Every slot of {key.model} is held by a job in doubt, for at most three hours. "
            f"Settle one of them: wanreel jobs resolve {doubts[0]}"
        )
        return Need("doubted_slots", words, key.model)
    return None


def needs_moment(job: Job) -> bool:
    """Whether what is said of a job depends on the moment: nothing is that has ended."""
    return isinstance(job.state, Queued | Generating | Unconfirmed)


def resuming(park: Park) -> str:
    """The command that ends what was held by hand."""
    if park.project:
        return f"wanreel accounts resume --project {park.project}"
    model = "" if park.key.model == ALL else f" --model {park.key.model}"
    return f"wanreel accounts resume {park.key.account}{model}"


def parked_words(park: Park) -> str:
    """What a park holds back, of the account it is of: every model, one of them, or a project's jobs."""
    if park.project:
        return f"project {park.project}"
    return "every model" if park.key.model == ALL else park.key.model


def _park_of(job: Job, parks: Iterable[Park]) -> Park | None:
    """The park that holds a job back for longest."""
    return max((park for park in parks if park.covers(job)), key=lambda park: park.until, default=None)


def _doubt_words(job: Job) -> str:
    state = job.state
    assert isinstance(state, Unconfirmed)
    return (
        f"The answer to the paid call was lost ({state.why}) and the vendor's list cannot settle it: {state.asks}. It "
        f"is not sent again by itself. Look in the vendor's console for a task sent at about "
        f"{doubt.utc(state.intent.at)} UTC, then: "
        f"wanreel jobs resolve {job.id} --adopt TASK | --resubmit | --give-up"
    )
