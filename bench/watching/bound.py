"""What perfect knowledge could do: the least mean lag for so many requests a video, whoever watches.

Five slots, always filled, and an observer who knows from the first moment how likely a task of each age is to end. One
look shows all tasks; each end costs one request more, for its result. For a given number of looks the least waiting is
left by looking once a set amount of it has built up unseen, which is what this observer does. It shares no line with
the watcher that it is held against, and keeps to no budget but that amount.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Iterator

from bench.watching.shop import CALL_S, SIGMA

STEP_S = 0.25
_SAMPLE = 400_000
_WIDTH_S = 2.0  # of a step of the table of chances


def least_lag_s(median_s: float, per_video: float, *, running: int = 5, videos: int = 20_000, seed: int = 1) -> float:
    """The mean lag, in seconds, of that observer at `per_video` requests a video; run times as the shop draws them."""
    looks = per_video - 1.0
    chances = _chances(median_s, random.Random(seed))
    unseen_s = looks_s = 0.4
    for _ in range(3):  # looks go by the root of what is let build up
        lag_s, made = _observe(median_s, chances, unseen_s, running, videos, seed)
        looks_s = lag_s * made / looks
        unseen_s *= (made / looks) ** 2
    return looks_s


def _took_s(median_s: float, rng: random.Random) -> float:
    return median_s * math.exp(SIGMA * rng.gauss(0, 1)) + 5.0 * math.exp(0.5 * rng.gauss(0, 1))


def _chances(median_s: float, rng: random.Random) -> list[float]:
    """How likely an end is, a second, at each age."""
    took = sorted(_took_s(median_s, rng) for _ in range(_SAMPLE))
    chances: list[float] = []
    for place in range(int(8 * median_s / _WIDTH_S)):
        left, later = (_SAMPLE - bisect_left(took, (place + more) * _WIDTH_S) for more in (0, 1))
        chances.append(math.log(left / later) / _WIDTH_S if later > 50 else chances[-1])
    return chances


def _observe(
    median_s: float, chances: list[float], unseen_s: float, running: int, videos: int, seed: int
) -> tuple[float, float]:
    """The mean lag in seconds and the looks a video, of looks made whenever so many seconds have built up unseen."""
    rng = random.Random(seed + 1)
    born = [-rng.uniform(0.0, median_s) for _ in range(running)]
    end = [max(at + _took_s(median_s, rng), 0.0) for at in born]
    now, lag_s, looks, ended = 0.0, 0.0, 0, 0
    while ended < videos:
        now = next(at for at, built in _building(now, born, chances) if built >= unseen_s)
        looks += 1
        for place, at in enumerate(end):
            if at <= now:
                lag_s += now + CALL_S / 2 - at
                ended += 1
                born[place] = now + 2.5 * CALL_S  # the answer, the question after the result, the next submit
                end[place] = born[place] + _took_s(median_s, rng)
    return lag_s / ended, looks / ended


def _building(now: float, born: list[float], chances: list[float]) -> Iterator[tuple[float, float]]:
    """From a look on, instant by instant: the seconds of waiting, in expectation, that nobody has seen yet."""
    ended, unseen_s, last = 0.0, 0.0, len(chances) - 1
    while True:
        now += STEP_S
        ended += STEP_S * sum(chances[min(max(int((now - at) / _WIDTH_S), 0), last)] for at in born)
        unseen_s += STEP_S * ended
        yield now, unseen_s
