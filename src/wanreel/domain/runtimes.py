"""How long the vendor's tasks take, learned from those that have ended: what a wait is likely to be from here on.

Run times are kept per model, tier and length of clip, as a histogram over bins whose edges grow by a fixed ratio, the
older samples weighing less and less: vendors get faster, and slower, without a word. A `Curve` is what is read off it.
Few samples leave gaps, so each is spread by a kernel that narrows as they get more, and a small part of the mass is
spread over the whole range, because the next task may always be the slowest yet.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from wanreel.domain.request import Request

RATIO = 1.15
FIRST_S = 1.0
LAST_S = 3 * 3600.0
FORGET = 0.997  # what a sample still weighs when another one has come: some three hundred of them count
ENOUGH = 8  # samples before a curve is believed
_STRAY = 0.5  # samples' worth of the mass lies anywhere, beyond whatever was seen
_LOG_RATIO = math.log(RATIO)
BINS = math.ceil(math.log(LAST_S / FIRST_S) / _LOG_RATIO)
EDGES: tuple[float, ...] = (0.0, *(FIRST_S * RATIO**n for n in range(1, BINS + 1)))
"""Bin n holds what took from `EDGES[n]` to `EDGES[n + 1]` seconds; the last one also what took longer."""

_PIXELS = re.compile(r"(\d{2,5})\*(\d{2,5})")
_TIERS = ((610_000, "480P"), (1_380_000, "720P"))


class RunKind(NamedTuple):
    """What run times are told apart by; "" and 0 where a request says nothing."""

    model: str
    tier: str = ""
    clip_s: int = 0


@dataclass(frozen=True, slots=True)
class Histogram:
    """What is remembered of a kind's run times."""

    weights: tuple[float, ...] = (0.0,) * BINS
    seen: int = 0  # samples ever


@dataclass(frozen=True, slots=True)
class RunTime:
    """One task that has succeeded: from its submit to its end, by the vendor's own clock."""

    kind: RunKind
    took_s: float


def kind_of(request: Request) -> RunKind:
    """What a request's run time is compared with."""
    return RunKind(request.model, tier_of(request.size, request.resolution), int(request.duration_s or 0))


def tier_of(size: str | None, resolution: str | None) -> str:
    """The tier by name, or by the number of pixels; "" where neither is said."""
    if resolution:
        return resolution
    pixels = _PIXELS.fullmatch(size or "")
    if not pixels:
        return ""
    area = int(pixels[1]) * int(pixels[2])
    return next((tier for most, tier in _TIERS if area < most), "1080P")


def one_more(before: Histogram | None, took_s: float) -> Histogram:
    """The histogram with one more sample, the others weighing a little less."""
    before = before or Histogram()
    weights = [weight * FORGET for weight in before.weights]
    weights[_bin(took_s)] += 1.0
    return Histogram(tuple(weights), before.seen + 1)


def _bin(took_s: float) -> int:
    return min(max(bisect_right(EDGES, took_s) - 1, 0), BINS - 1)


# --- reading it -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The distribution of one kind's run times. `left` is the share still running at each edge; between edges it falls
    evenly over time.
    """

    left: tuple[float, ...]  # one per edge: 1.0 first, 0.0 last
    area: tuple[float, ...] = field(repr=False)  # seconds of waiting left beyond each edge, times the share
    alone_s: float = 0.0  # how late an end is seen by itself for one question a second, each at the best moment

    def share_left(self, age_s: float) -> float:
        """The share of tasks that take longer than this."""
        if age_s <= 0.0:
            return 1.0
        if age_s >= EDGES[-1]:
            return 0.0
        place = bisect_right(EDGES, age_s) - 1
        part = (age_s - EDGES[place]) / (EDGES[place + 1] - EDGES[place])
        return self.left[place] + part * (self.left[place + 1] - self.left[place])

    def hazard(self, age_s: float, within_s: float) -> float:
        """The chance that a task still running at this age ends within so many seconds more."""
        return self.outlook(age_s, within_s, self.share_left(age_s))[0]

    def rate(self, age_s: float) -> float:
        """The chance per second that a task of this age ends now."""
        return self.outlook(age_s, 0.0, 1.0)[1]

    def outlook(self, age_s: float, within_s: float, left: float) -> tuple[float, float]:
        """`hazard` at this age, and `rate` so many seconds later, for whoever asks of many tasks again and again:
        `left` is the share left at this age.
        """
        then_s = age_s + within_s
        if then_s >= EDGES[-1]:
            place, then_left = BINS - 1, 0.0
        elif then_s <= 0.0:
            place, then_left = 0, 1.0
        else:
            place = bisect_right(EDGES, then_s) - 1
            part = (then_s - EDGES[place]) / (EDGES[place + 1] - EDGES[place])
            then_left = self.left[place] + part * (self.left[place + 1] - self.left[place])
        if left <= 1e-12:
            chance = min(1.0, within_s / max(age_s, FIRST_S))  # older than any: it may end any time
        else:
            chance = 1.0 - then_left / left if then_left < left else 0.0
        if then_left <= 1e-9:
            return chance, 1.0 / max(then_s, FIRST_S)
        return chance, (self.left[place] - self.left[place + 1]) / (EDGES[place + 1] - EDGES[place]) / then_left

    @property
    def mean_s(self) -> float:
        """How long a task takes, on average."""
        return self.area[0]

    def quantile(self, share: float, *, age_s: float = 0.0) -> float:
        """The run time that this share of tasks does not exceed, of those that reach `age_s`."""
        goal = self.share_left(age_s) * (1.0 - share)
        place = next((n for n in range(1, BINS + 1) if self.left[n] <= goal), BINS)
        above, below = self.left[place - 1], self.left[place]
        part = (above - goal) / (above - below) if above > below else 1.0
        return max(age_s, EDGES[place - 1] + min(max(part, 0.0), 1.0) * (EDGES[place] - EDGES[place - 1]))

    def residual_s(self, age_s: float) -> float:
        """How much longer a task of this age takes, on average."""
        age_s = max(age_s, 0.0)
        now = self.share_left(age_s)
        if now <= 1e-9 or age_s >= EDGES[-1]:
            return max(age_s, FIRST_S) / 2
        place = bisect_right(EDGES, age_s) - 1
        rest_of_bin = (EDGES[place + 1] - age_s) * (now + self.left[place + 1]) / 2
        return (rest_of_bin + self.area[place + 1]) / now


@lru_cache(maxsize=512)
def curve_of(seen: Histogram) -> Curve | None:
    """The curve of a histogram; None while there are too few samples to believe in one."""
    total = sum(seen.weights)
    if seen.seen < ENOUGH or total <= 0.0:
        return None
    spread = _smoothed(seen.weights, total)
    left = [1.0]
    for weight in spread:
        left.append(max(0.0, left[-1] - weight))
    left[-1] = 0.0
    area = [0.0] * (BINS + 1)
    for place in range(BINS - 1, -1, -1):
        area[place] = area[place + 1] + (EDGES[place + 1] - EDGES[place]) * (left[place] + left[place + 1]) / 2
    return Curve(tuple(left), tuple(area), _alone_s(left) / area[0])


def _alone_s(left: Sequence[float]) -> float:
    """Questions come as often as the square root of the chance of an end calls for: half the square of that root's sum
    over a life, still to be divided by how long that is.
    """
    root = 0.0
    for place, (before, after) in enumerate(pairwise(left)):
        if before > after:
            root += math.sqrt((EDGES[place + 1] - EDGES[place]) / (before - after)) * (before**1.5 - after**1.5)
    return 0.5 * (root / 1.5) ** 2


def _smoothed(weights: tuple[float, ...], total: float) -> list[float]:
    """The mass of each bin: every sample spread around its bin, and a little of everything everywhere."""
    mean = sum(n * w for n, w in enumerate(weights)) / total
    deviation = math.sqrt(sum(w * (n - mean) ** 2 for n, w in enumerate(weights)) / total)
    width = max(0.5, 0.9 * max(deviation, 1.0) * total**-0.2)  # in bins: Silverman's rule
    reach = math.ceil(3 * width)
    kernel = [math.exp(-0.5 * (step / width) ** 2) for step in range(-reach, reach + 1)]
    whole = sum(kernel)
    stray = _STRAY / (total + 20.0)
    spread = [stray / BINS] * BINS
    for place, weight in enumerate(weights):
        if weight:
            share = (1.0 - stray) * weight / total / whole
            for step, part in enumerate(kernel, -reach):
                spread[min(max(place + step, 0), BINS - 1)] += share * part
    return spread


@dataclass(frozen=True, slots=True)
class RunTimes:
    """Everything that was learned, by kind."""

    by_kind: Mapping[RunKind, Histogram] = field(default_factory=dict[RunKind, Histogram])
    _read: dict[RunKind, Curve | None] = field(
        default_factory=dict[RunKind, "Curve | None"], init=False, repr=False, compare=False
    )

    def curve(self, kind: RunKind) -> Curve | None:
        """What is known of a kind; None while that is too little."""
        if kind not in self._read:
            seen = self.by_kind.get(kind)
            self._read[kind] = None if seen is None else curve_of(seen)
        return self._read[kind]

    def mean_s(self, model: str) -> float | None:
        """How long tasks of a model take on average, over all their kinds; None while too little is known."""
        known = [
            (seen.seen, curve)
            for kind, seen in self.by_kind.items()
            if kind.model == model and (curve := curve_of(seen)) is not None
        ]
        count = sum(seen for seen, _ in known)
        return sum(seen * curve.mean_s for seen, curve in known) / count if count else None


def outlook(curve: Curve, age_s: float) -> str:
    """What may be said honestly of a task of this age: what is usual, how many are ready by then, what is left."""
    low, high = curve.quantile(0.1), curve.quantile(0.9)
    ready, left_s = 1.0 - curve.share_left(age_s), curve.residual_s(age_s)
    if ready > 0.98:  # what is left is the tail nobody has seen enough of
        return f"usually {span_words(low, high)}; it takes longer than nearly all such clips"
    return f"usually {span_words(low, high)}; {ready:.0%} of such clips are ready by now, about {about(left_s)} to go"


def span_words(low_s: float, high_s: float) -> str:
    """Two lengths of time in one unit."""
    if high_s < 90.0:
        return f"{low_s:.0f}–{high_s:.0f} s"
    low, high = max(1, round(low_s / 60.0)), max(1, round(high_s / 60.0))
    return f"{low}–{high} min" if low < high else f"{high} min"


def about(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 90.0:
        return f"{max(1.0, seconds):.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 5400.0 else f"{seconds / 3600.0:.1f} h"
