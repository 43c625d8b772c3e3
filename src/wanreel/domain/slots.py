"""How many tasks of a key may run at once: what was set or told, as far as refusals have not taught otherwise.

A 429 that speaks of neither pace nor money says that no more may run than do: what others hold at that moment is the
learned limit, one at the least. From then on it grows by itself, a task for every `probe_s`, so that probing upwards
writes nothing. A probe that is refused waits three times as long for the next; a limit that has moved is looked at
anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wanreel.domain.policy import Policy

PROBE_FACTOR = 3.0
_ROUNDING = 1e-9  # an instant counted up from `at` must count as reached when it is


@dataclass(frozen=True, slots=True)
class Learned:
    """What the last refusal of a key taught."""

    slots: int
    at: float
    probe_s: float


def learn(before: Learned | None, others: int, now: float, policy: Policy) -> Learned:
    """A refusal at `now`, while others of the key held so many slots."""
    slots = max(1, others)
    fruitless = before is not None and before.slots == slots and before.at <= now
    probe_s = before.probe_s * PROBE_FACTOR if fruitless and before is not None else policy.probe_first_s
    return Learned(slots, now, min(probe_s, policy.probe_max_s))


def allowed(limit: int, learned: Learned | None, now: float) -> int:
    """How many of a key may run at `now`, `limit` being what was set or told."""
    if learned is None or _written_by_a_jump(learned, now):
        return limit
    grown = math.floor(max(0.0, now - learned.at) / learned.probe_s + _ROUNDING)
    return min(limit, learned.slots + grown)


def free_at(limit: int, learned: Learned | None, ends: Sequence[float], now: float) -> float:
    """The first instant, as far as is known, at which a slot is free, `ends` being when those held end, in order:
    minus infinity where one is free now, infinity where nobody knows.
    """
    if allowed(limit, learned, now) > len(ends):
        return -math.inf
    wanted = ((ends[gone - 1] if gone else now, len(ends) - gone + 1) for gone in range(len(ends) + 1))
    return min(max(at, _reached_at(count, limit, learned, now)) for at, count in wanted)


def _reached_at(count: int, limit: int, learned: Learned | None, now: float) -> float:
    """When so many may run."""
    if count > limit:
        return math.inf
    if count <= allowed(limit, learned, now) or learned is None:
        return now
    return learned.at + (count - learned.slots) * learned.probe_s


def _written_by_a_jump(learned: Learned, now: float) -> bool:
    """Whether this was written by a clock that jumped ahead: it teaches nothing any more."""
    return learned.at > now + learned.probe_s
