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
from wanreel.ports.watching import Watched

PURSE = 80.0  # requests that can be saved up
PER_S_MAX = 24.0  # of both kinds together, whatever runs: the vendor takes 20 a second of each
IDLE_SHARE = 0.0075  # of a slot's time may go by unseen between the end of its task and the look that shows it
COVER_S = 3.0  # with hundreds running, all of them are looked at about this often
REST_S_MAX = 5.0  # with nothing to watch, and as far as what is likely is reckoned on from now
LONG_REST_S_MAX = 80.0  # with tasks of whose ends hardly any is likely for so long
REST_S_MIN = 0.02
THRIFT = 0.996  # of what the plain schedule would spend: the rest is for what goes wrong
_ROWS_UNKNOWN = 100
_EARLY = 0.2  # of the wait before it: a look so much before its time counts as that look
_TIGHT = 1.0  # how strongly an empty or a full purse moves the price


@dataclass(slots=True)
class Tracked:
    """A watched task, and what is known of it."""

    task: Watched
    known_at: float  # when it was last known to run
    looked_at: float = 0.0  # when it was last looked at, whether or not that told anything
    unlisted_until: float = 0.0  # the list did not show it: asked after by itself until then
    held_until: float = 0.0  # its end was seen, or it could not be asked after: somebody else's turn until then


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
    """What a decision is made on. `tasks` come oldest first; `others` are the instants at which further tasks were
    created that stand in the list beside them.
    """

    tasks: Sequence[Tracked]
    runtimes: RunTimes
    facts: Facts
    others: Sequence[float] = ()
    waiting: bool = False  # whether work waits for a slot of the account
    purse: float = PURSE / 2  # requests that may still be made at once


# --- the budget -----------------------------------------------------------------------------------------------------


def budget_per_s(view: View, policy: Policy) -> float:
    """Requests a second that watching may cost, the question after each result included."""
    return _budget(view, policy)[0]


def is_thrifty(view: View, policy: Policy) -> bool:
    """Whether what the plain schedule would spend is what bounds the budget."""
    return _budget(view, policy)[1]


def _budget(view: View, policy: Policy) -> tuple[float, bool]:
    plain, ends, alone_s, shortest_s = 0.0, 0.0, 0.0, math.inf
    for kind, count in _counted(view.tasks).items():
        curve = view.runtimes.curve(kind)
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
    enough = max(few, pages / COVER_S + ends) if pages > 1 else few
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


def _counted(tasks: Sequence[Tracked]) -> dict[RunKind, int]:
    counts: dict[RunKind, int] = {}
    for one in tasks:
        counts[one.task.kind] = counts.get(one.task.kind, 0) + 1
    return counts


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
        gap_s, age_s = max(now - one.known_at, 0.0), one.known_at - one.task.accepted_at
        chance = curve.hazard(age_s, gap_s)
        self.tasks.append(one)
        self.chance += chance
        self.waited_s += 0.5 * chance * gap_s
        self.rate += curve.rate(age_s + gap_s) * (1.0 - chance)

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
    free = [one for one in view.tasks if one.held_until <= now]
    if not free:
        return Rest(min((one.held_until for one in view.tasks), default=now + REST_S_MAX))
    per_s = max(budget_per_s(view, policy), 1e-3)
    if view.purse < 1.0:
        return Rest(now + min(max((1.0 - view.purse) / per_s, REST_S_MIN), REST_S_MAX))
    plain, learned = _by_knowledge(free, view, now)
    look, rest_s = _plain_look(plain, free, view, now, policy), REST_S_MAX
    if isinstance(look, Rest):
        rest_s = look.until - now
    elif look is not None:
        return look
    if learned:
        looks, price = _looks(learned, view, now, per_s)
        best = looks[0]
        ripe_s = min(one.ripe_in_s(price) for one in looks[:4])
        if ripe_s <= REST_S_MIN:
            return AskFor(best.tasks[0]) if len(best.tasks) == 1 else ListThese(tuple(best.tasks))
        if ripe_s >= REST_S_MAX:
            ripe_s = _unripe_for_s(learned, view, now, per_s)
            rest_s = rest_s if plain else ripe_s
        rest_s = min(rest_s, ripe_s, *(one.held_until - now for one in view.tasks if one.held_until > now))
    return Rest(now + max(rest_s, REST_S_MIN))


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


def _by_knowledge(free: Sequence[Tracked], view: View, now: float) -> tuple[list[Tracked], list[tuple[Tracked, Curve]]]:
    """Tasks watched by the plain schedule, and those whose run times are known."""
    plain: list[Tracked] = []
    learned: list[tuple[Tracked, Curve]] = []
    curves: dict[RunKind, Curve | None] = {}
    for one in free:
        kind = one.task.kind
        if kind not in curves:
            curves[kind] = view.runtimes.curve(kind)
        curve = curves[kind]
        if curve is None or one.unlisted_until > now:
            plain.append(one)
        else:
            learned.append((one, curve))
    return plain, learned


def plain_due_at(one: Tracked, policy: Policy) -> float:
    """When the plain schedule looks next at a task. A look that came a little early, with another task's, counts."""
    at, place = one.task.accepted_at, 0
    last_at = max(one.known_at, one.looked_at)
    if last_at <= at:
        return at + poll_delay_s(policy, 0)
    while True:
        wait_s = poll_delay_s(policy, place)
        if wait_s >= policy.poll_max_s:  # from here on evenly
            return at + wait_s * max(1.0, math.floor((last_at - at) / wait_s + _EARLY) + 1.0)
        at += wait_s
        if at > last_at + _EARLY * wait_s:
            return at
        place += 1


def _plain_look(
    plain: Sequence[Tracked], free: Sequence[Tracked], view: View, now: float, policy: Policy
) -> Look | None:
    """The look that the plain schedule calls for: all tasks of the list at once when one is due; None for none."""
    if not plain:
        return None
    due = [(plain_due_at(one, policy), place) for place, one in enumerate(plain)]
    due_at, place = min(due)
    if due_at > now:
        return Rest(due_at)
    first = plain[place]
    if first.unlisted_until > now or len(view.tasks) == 1:
        return AskFor(first)
    near = sorted((one for one in free if one.unlisted_until <= now), key=lambda one: one.task.accepted_at)
    band = _band_around(first, near, view)
    return ListThese(tuple(band)) if len(band) > 1 else AskFor(first)


def _band_around(first: Tracked, near: Sequence[Tracked], view: View) -> list[Tracked]:
    """The neighbours of a task that stand on one page with it, newer ones first."""
    size, start = page_rows(view.facts), near.index(first)
    end = start
    while end + 1 < len(near) and _rows(near[start], near[end + 1], end + 1 - start, view.others) < size:
        end += 1
    while start > 0 and _rows(near[start - 1], near[end], end - start + 1, view.others) < size:
        start -= 1
    return list(near[start : end + 1])


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
    bands: list[list[tuple[Tracked, Curve]]] = []
    for pair in sorted(learned, key=lambda pair: pair[0].task.accepted_at):
        band = bands[-1] if bands else None
        if band is None or (windows and _rows(band[0][0], pair[0], len(band), view.others) >= size):
            bands.append([pair])
        else:
            band.append(pair)
    return bands


def _ends_per_s(pairs: Sequence[tuple[Tracked, Curve]]) -> float:
    """Ends a second in the long run: a slot that is always filled ends once in the mean run time."""
    return sum(1.0 / max(curve.mean_s, 1.0) for _, curve in pairs)


def _price(view: View, fair: float) -> float:
    """Seconds of waiting that a request must save: what spends the budget in the long run, more as it empties."""
    level = min(max(view.purse, 0.0), PURSE) / PURSE
    return fair * math.exp(_TIGHT * (0.5 - level))
