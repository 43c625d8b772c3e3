"""When to look next, at which tasks, and how: a pure decision over what is known, what is likely and what may be spent.

Theory. A look at a task that has not ended is wasted; a look that comes late leaves a slot idle and a caller waiting.
What a look would save is the waiting that has built up unseen: for each task the chance that it has ended since it was
last known to run, times half the time that is. The look that would save most for what it costs is made once that
reaches a price. For a given number of looks this leaves the least waiting: they come as often as the square root of
the chance that something ends, oftener when many tasks are of the age at which such tasks end.

The *budget* says how many requests a second may be spent, and so the price: the dearer, the fewer are left in the
purse. One page of the list answers for as many tasks as fit on it, so tasks are taken in *bands*, neighbours by age; a
band of one, and a task that the list does not show, is asked after by itself, which spares the question after its
result. So is every task where what the list shows is so old that this tells more. Where too little is known of a kind's
run times, its tasks are looked at 5 s after their start, then after 1.45 times as long, and so on up to a minute.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from wanreel.domain.facts import Facts, Zone
from wanreel.domain.policy import Policy, poll_delay_s
from wanreel.domain.runtimes import Curve, RunKind, RunTimes
from wanreel.watch.board import Board, Tracked

PURSE = 80.0  # requests that can be saved up
PER_S_MAX = 24.0  # of both kinds together, whatever runs: the vendor takes 20 a second of each
IDLE_SHARE = 0.0075  # of a slot's time may go by unseen between the end of its task and the look that shows it
COVER_S = 3.0  # with hundreds running, all of them are looked at about this often
REST_S_MAX = 5.0  # with nothing to watch, and as far as what is likely is reckoned on from now
SURE_S = 1.0  # what is likely so soon is not reckoned again on the way
LONG_REST_S_MAX = 80.0  # with tasks of whose ends hardly any is likely for so long
REST_S_MIN = 0.02
DEBT_APART_S = 5.0  # in debt, looks that only the plain schedule calls for are so far apart
SURE_SHARE = 0.98  # a task that has ended with this chance is as good as ended
THRIFT = 0.996  # of what the plain schedule would spend: the rest is for what goes wrong
_ROWS_UNKNOWN = 100
_EARLY = 0.2  # of the wait before it: a look so much before its time counts as that look
_TIGHT = 1.0  # how strongly an empty or a full purse moves the price


@dataclass(frozen=True, slots=True)
class ListThese:
    """Read the part of the list in which these tasks stand."""

    tasks: tuple[Tracked, ...]


@dataclass(frozen=True, slots=True)
class AskFor:
    """Ask after one task by itself."""

    task: Tracked


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing is worth a request before this instant."""

    until: float


Look = ListThese | AskFor | Rest


@dataclass(frozen=True, slots=True)
class View:
    """What a decision is made on. `others` are the instants at which further tasks were created that stand in the list
    beside those on the board.
    """

    tasks: Board
    runtimes: RunTimes
    facts: Facts
    others: Sequence[float] = ()
    waiting: bool = False  # whether work waits for a slot of the account
    purse: float = PURSE / 2  # requests that may still be made at once
    asked_at: float = -math.inf  # when the last request was made


# --- the budget -----------------------------------------------------------------------------------------------------


def budget_per_s(view: View, policy: Policy) -> float:
    """Requests a second that watching may cost, the question after each result included."""
    return _budget(view, policy)[0]


def is_thrifty(view: View, policy: Policy) -> bool:
    """Whether what the plain schedule would spend is what bounds the budget."""
    return _budget(view, policy)[1]


def _budget(view: View, policy: Policy) -> tuple[float, bool]:
    plain, ends, alone_s, shortest_s = 0.0, 0.0, 0.0, math.inf
    for kind, those in view.tasks.kinds.items():
        curve, count = view.runtimes.curve(kind), len(those)
        if curve is None:
            plain += count / policy.poll_max_s * 2
            continue
        mean_s = max(curve.mean_s, 1.0)
        ends += count / mean_s
        shortest_s = min(shortest_s, mean_s)
        alone_s += count * curve.alone_s
        plain += count * plain_looks(curve, policy) / mean_s
    pages = math.ceil(len(view.tasks) / page_rows(view.facts))
    few = max(policy.watch_per_s, 1.0 / max(policy.poll_first_s, 1e-3))
    enough = max(few, pages / COVER_S + ends)
    if view.waiting:
        # As often as leaves that share unseen: of the list, whose looks are late by its lag and half the time between
        # two of them, or of each task by itself.
        unseen_s = IDLE_SHARE * shortest_s if math.isfinite(shortest_s) else 0.0
        listed = 0.5 / (unseen_s - view.facts.lag_s) + ends if unseen_s > view.facts.lag_s else math.inf
        prompt = min(listed, alone_s / unseen_s if unseen_s else math.inf)
        return min(max(min(few, prompt), min(plain, enough)), PER_S_MAX), False
    bound = min(enough, PER_S_MAX)
    return min(THRIFT * plain, bound), THRIFT * plain < bound


def plain_share(view: View, kind: RunKind, age_s: float, watched_s: float, policy: Policy) -> float:
    """How many requests more the plain schedule made for a task that ended at this age than the budget has earned for
    it while it was watched: what evens the two out, task by task.
    """
    curve = view.runtimes.curve(kind)
    if curve is None:
        return 0.0
    made, at_s = 1, poll_delay_s(policy, 0)
    while at_s < age_s and made < 10_000:
        at_s += poll_delay_s(policy, made)
        made += 1
    return made - watched_s * plain_looks(curve, policy) / max(curve.mean_s, 1.0)


@lru_cache(maxsize=128)
def plain_looks(curve: Curve, policy: Policy) -> float:
    """How many looks at a task the plain schedule takes, on average, until it sees the end."""
    looks, at_s, place = 1.0, 0.0, 0
    while place < 400:
        at_s += poll_delay_s(policy, place)
        left = curve.share_left(at_s)
        if left < 1e-4:
            break
        looks += left
        place += 1
    return looks


def page_rows(facts: Facts) -> int:
    """How many rows a page of the list is thought to hold."""
    return facts.page_size or _ROWS_UNKNOWN


# --- the look -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Worth:
    """What a look at some tasks would save."""

    tasks: list[Tracked]
    waited_s: float = 0.0  # unseen so far
    chance: float = 0.0  # of ends that would be seen
    rate: float = 0.0  # of ends, a second

    def add(self, one: Tracked, now: float, curve: Curve) -> None:
        known_at = one.known_at
        gap_s, age_s = now - known_at if now > known_at else 0.0, known_at - one.task.accepted_at
        if one.left_at != known_at or one.left_by is not curve:
            one.left, one.left_at, one.left_by = curve.share_left(age_s), known_at, curve
        chance, rate = curve.outlook(age_s, gap_s, one.left)
        self.tasks.append(one)
        self.chance += chance
        self.waited_s += 0.5 * chance * gap_s
        self.rate += rate * (1.0 - chance)

    @property
    def cost(self) -> float:
        """Requests. The question after each result has to be asked once in any case; a task asked after by itself has
        answered it already if it has ended.
        """
        return 1.0 - 0.9 * self.chance if len(self.tasks) == 1 else 1.0

    def ripe_in_s(self, price: float) -> float:
        """When it will be worth its price."""
        missing = price * self.cost - self.waited_s
        if missing <= 0.0:
            return 0.0
        if self.rate <= 1e-12:
            return REST_S_MAX
        return (math.sqrt(self.chance**2 + 2.0 * self.rate * missing) - self.chance) / self.rate


def next_look(view: View, now: float, policy: Policy) -> Look:
    """What to do now. A `Rest` may be cut short by anything new."""
    if not view.tasks:
        return Rest(now + REST_S_MAX)
    per_s = max(budget_per_s(view, policy), 1e-3)
    schedule, known = _schedule(policy), {kind: view.runtimes.curve(kind) is not None for kind in view.tasks.kinds}
    plain = view.tasks.soonest(lambda one: _agenda_at(one, schedule, known[one.task.kind], now))
    if view.purse < 1.0:
        return _in_debt(view, schedule, now, (1.0 - view.purse) / per_s, plain)
    rest_s = math.inf
    if plain is not None:
        at, first = plain
        if at <= now:
            return _plain_look(first, view, now)
        rest_s = at - now
    if learned := _learned(view, now):
        looks, price = _looks(learned, view, now, per_s)
        best = looks[0]
        ripe_s = min(one.ripe_in_s(price) for one in looks[:4])
        if ripe_s <= REST_S_MIN:
            return AskFor(best.tasks[0]) if len(best.tasks) == 1 else ListThese(tuple(best.tasks))
        if ripe_s >= REST_S_MAX:
            ripe_s = _unripe_for_s(learned, view, now, per_s)
        rest_s = min(rest_s, max(ripe_s / 2, min(ripe_s, SURE_S)))  # half way there it is known better
    return Rest(now + max(rest_s, REST_S_MIN))


def _in_debt(
    view: View, schedule: _Schedule, now: float, earned_in_s: float, plain: tuple[float, Tracked] | None
) -> Look:
    """With an empty purse nothing is looked at until something is earned, but for what the plain schedule would have
    seen by now. What has as good as ended is looked at when that schedule says so: its question has to be asked in any
    case. Anything else it calls for is, too, once no request was made for a while. Tasks that end sooner than that
    schedule first looks cost more than it spends on them; whoever is left when they are gone, of their kind or of one
    nobody knows (`plain`: the first of these), must not wait for their debt.
    """
    since_s = now - view.asked_at
    wait_s = DEBT_APART_S - since_s if since_s >= 0.0 else 0.0
    rest_s, late = earned_in_s, plain
    for one, curve in _learned(view, now):
        due_at = schedule.due_at(one)
        if late is None or due_at < late[0]:
            late = due_at, one
        if due_at > now:
            rest_s = min(rest_s, due_at - now)
            continue
        look = _Worth([])
        look.add(one, now - view.facts.lag_s, curve)
        if look.chance >= SURE_SHARE:
            return _plain_look(one, view, now)
    if late is not None:
        if late[0] <= now and wait_s <= 0.0:
            return _plain_look(late[1], view, now)
        rest_s = min(rest_s, max(late[0] - now, wait_s))
    return Rest(now + min(max(rest_s, REST_S_MIN), REST_S_MAX))


def _unripe_for_s(learned: Sequence[tuple[Tracked, Curve]], view: View, now: float, per_s: float) -> float:
    """For how long, at the least, nothing will be worth its price: what a look saves only grows, and prices fall."""
    rest_s = REST_S_MAX
    while rest_s < LONG_REST_S_MAX:
        later = replace(view, purse=min(PURSE, view.purse + 2.0 * rest_s * per_s))
        looks, price = _looks(learned, later, now + 2.0 * rest_s, per_s)
        if any(one.ripe_in_s(price) <= 0.0 for one in looks):
            break
        rest_s *= 2.0
    return rest_s


def count_learned(view: View) -> int:
    """Of how many tasks the run times are known: each turn goes over all of these."""
    return sum(len(those) for kind, those in view.tasks.kinds.items() if view.runtimes.curve(kind) is not None)


def _is_near(one: Tracked, now: float) -> bool:
    """Whether the list is where to look for it, now."""
    return one.held_until <= now and one.unlisted_until <= now


def _learned(view: View, now: float) -> list[tuple[Tracked, Curve]]:
    """Tasks whose run times are known, oldest first; what the list does not show is left to the plain schedule."""
    found: list[tuple[Tracked, Curve]] = []
    kinds = 0
    for kind, those in view.tasks.kinds.items():
        curve = view.runtimes.curve(kind)
        if curve is not None:
            kinds += 1
            found += [(one, curve) for one in those if one.held_until <= now and one.unlisted_until <= now]
    if kinds > 1:
        found.sort(key=lambda pair: pair[0].task.accepted_at)
    return found


def _agenda_at(one: Tracked, schedule: _Schedule, known: bool, now: float) -> float:  # noqa: FBT001 - of two sorts
    """When a task is thought of, whatever is likely: by the plain schedule, or once it is our turn again."""
    if one.held_until > now:
        return one.held_until
    if not known:
        return schedule.due_at(one)
    return min(schedule.due_at(one), one.unlisted_until) if one.unlisted_until > now else math.inf


@dataclass(frozen=True, slots=True)
class _Schedule:
    """The plain schedule: the ages at which it looks while it slows down, and then evenly."""

    ages: tuple[float, ...]
    early: tuple[float, ...]  # a look at this age still counts as the one before, not as that at the same place above
    evenly_from: float
    wait_s: float

    def due_at(self, one: Tracked) -> float:
        """When it looks next. A look that came a little early, with another task's, counts."""
        at = one.task.accepted_at
        age_s = max(one.known_at, one.looked_at) - at
        place = bisect_right(self.early, age_s)
        if place < len(self.ages):
            return at + self.ages[place]
        begun = math.floor((age_s - self.evenly_from) / self.wait_s + _EARLY) + 1.0
        return at + self.evenly_from + self.wait_s * max(1.0, begun)


@lru_cache(maxsize=8)
def _schedule(policy: Policy) -> _Schedule:
    ages: list[float] = []
    early: list[float] = []
    at_s = 0.0
    while (wait_s := poll_delay_s(policy, len(ages))) < policy.poll_max_s:
        at_s += wait_s
        ages.append(at_s)
        early.append(at_s - _EARLY * wait_s)
    return _Schedule(tuple(ages), tuple(early), at_s, wait_s)


def plain_due_at(one: Tracked, policy: Policy) -> float:
    """When the plain schedule looks next at a task."""
    return _schedule(policy).due_at(one)


def _plain_look(first: Tracked, view: View, now: float) -> Look:
    """The look that the plain schedule calls for when a task is due: at all that stand on its page of the list."""
    if first.unlisted_until > now or len(view.tasks) == 1:
        return AskFor(first)
    band = _band_around(first, view, now)
    return ListThese(tuple(band)) if len(band) > 1 else AskFor(first)


def _band_around(first: Tracked, view: View, now: float) -> list[Tracked]:
    """The neighbours of a task that stand on one page with it, newer ones first; no more of them are gone over."""
    size, by_age, place = page_rows(view.facts), view.tasks.by_age, view.tasks.place(first)
    band = [first]
    for at in range(place + 1, len(by_age)):
        if _is_near(by_age[at], now):
            if _rows(first, by_age[at], len(band), view.others) >= size:
                break
            band.append(by_age[at])
    older: list[Tracked] = []
    for at in range(place - 1, -1, -1):
        if _is_near(by_age[at], now):
            if _rows(by_age[at], band[-1], len(band) + len(older), view.others) >= size:
                break
            older.append(by_age[at])
    return older[::-1] + band


def _rows(oldest: Tracked, newest: Tracked, between: int, others: Sequence[float]) -> int:
    """Rows of the list from one task to another, as far as is known, the first not counted."""
    strangers = bisect_right(others, newest.task.accepted_at + 1.0) - bisect_left(others, oldest.task.accepted_at - 1.0)
    return between + max(strangers, 0)


def _looks(
    learned: Sequence[tuple[Tracked, Curve]], view: View, now: float, per_s: float
) -> tuple[list[_Worth], float]:
    """Every look there could be, the best first, and the price at which one is made."""
    bands = _bands(learned, view)
    listed_ends = sum(_ends_per_s(band) for band in bands if len(band) > 1)
    listed_per_s = max(per_s - listed_ends, per_s / 2)
    listed_s = len(bands) / (2.0 * listed_per_s) + view.facts.lag_s
    alone_s = sum(curve.alone_s for _, curve in learned) / per_s
    looks: list[_Worth] = []
    for band in bands if listed_s <= alone_s else [[pair] for pair in learned]:
        look, late_s = _Worth([]), view.facts.lag_s if len(band) > 1 else 0.0
        for one, curve in band:  # the list shows what was so a while ago
            look.add(one, now - late_s, curve)
        looks.append(look)
    looks.sort(key=lambda look: look.waited_s / look.cost, reverse=True)
    looks_per_s = listed_per_s if listed_s <= alone_s else per_s
    return looks, _price(view, len(looks) * _ends_per_s(learned) / (2.0 * looks_per_s**2))


def _bands(learned: Sequence[tuple[Tracked, Curve]], view: View) -> list[list[tuple[Tracked, Curve]]]:
    """Neighbours by age, as many together as stand on a page of the list."""
    windows, size = view.facts.zone is not Zone.UNSENT, page_rows(view.facts)
    others, whole = view.others, len(view.others)
    bands: list[list[tuple[Tracked, Curve]]] = []
    band: list[tuple[Tracked, Curve]] = []
    before = 0  # strangers older than the band
    for pair in learned:
        at = pair[0].task.accepted_at
        if not band or (windows and len(band) + whole >= size):  # else all that there is fits
            strangers = bisect_right(others, at + 1.0) - before if whole else 0
            if not band or len(band) + max(strangers, 0) >= size:
                before, band = bisect_left(others, at - 1.0), [pair]
                bands.append(band)
                continue
        band.append(pair)
    return bands


def _ends_per_s(pairs: Sequence[tuple[Tracked, Curve]]) -> float:
    """Ends a second in the long run: a slot that is always filled ends once in the mean run time."""
    each = {curve: 1.0 / max(curve.mean_s, 1.0) for curve in {curve for _, curve in pairs}}
    return sum([each[curve] for _, curve in pairs])


def _price(view: View, fair: float) -> float:
    """Seconds of waiting that a request must save: what spends the budget in the long run, more as it empties."""
    level = min(max(view.purse, 0.0), PURSE) / PURSE
    return fair * math.exp(_TIGHT * (0.5 - level))
