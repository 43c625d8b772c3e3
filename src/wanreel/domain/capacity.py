"""How many slots a day's clips need and how long they wait for one: the arithmetic of `wanreel accounts plan`.

Clips come at any time of the day and run at most so many at once, so they wait as in any queue with several servers
(Erlang's formula). It assumes nothing about when they come but that it is not all at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wanreel.domain.policy import DAY_S

BUSY_MAX = 0.8  # above that share of busy slots, waiting grows faster than anybody plans for
RUN_S = 150.0  # of a 5 s clip where nothing better is known (FS §11)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What so many clips a day come to. `wait_s`: on average, infinite where the slots are not enough."""

    slots_needed: int
    busy: float
    wait_s: float


def capacity(per_day: float, run_s: float, slots: int) -> Capacity:
    """Slots needed for a day's clips, and how it is with the slots there are."""
    load = per_day * run_s / DAY_S
    return Capacity(max(1, math.ceil(load / BUSY_MAX)), min(1.0, load / slots), wait_s(load, run_s, slots))


def wait_s(load: float, run_s: float, slots: int) -> float:
    """Mean wait for a slot, `load` being the mean number of clips that run."""
    if load >= slots:
        return math.inf
    blocked = 1.0  # Erlang B, counted up slot by slot
    for busy in range(1, slots + 1):
        blocked = load * blocked / (busy + load * blocked)
    waits = blocked / (1.0 - (load / slots) * (1.0 - blocked))  # Erlang C: whoever has to wait at all
    return waits * run_s / (slots - load)
