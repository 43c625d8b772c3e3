"""Run times: learned from few samples and many, forgotten in time, and read as chances that hold."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_request
from wanreel.domain.runtimes import (
    EDGES,
    ENOUGH,
    LAST_S,
    Curve,
    Histogram,
    RunKind,
    RunTimes,
    curve_of,
    kind_of,
    one_more,
    tier_of,
)

MEDIAN_S, SIGMA = 180.0, 0.6


def taught(*samples: float) -> Curve:
    """The curve of some samples."""
    seen: Histogram | None = None
    for took_s in samples:
        seen = one_more(seen, took_s)
    assert seen is not None
    curve = curve_of(seen)
    assert curve is not None
    return curve


def drawn(count: int, median_s: float = MEDIAN_S, seed: int = 1) -> list[float]:
    """Log-normal run times."""
    rng = random.Random(seed)
    return [median_s * math.exp(SIGMA * rng.gauss(0, 1)) for _ in range(count)]


def test_a_kind_is_model_tier_and_length() -> None:
    """Sizes of a tier are one kind, however they are asked for."""
    assert RunKind("wan2.5-t2v-preview", "720P", 5) == kind_of(make_request())
    assert ("480P", "480P", "720P", "1080P", "1080P") == tuple(
        tier_of(size, None) for size in ("832*480", "624*624", "1088*832", "1440*1440", "1632*1248")
    )
    assert ("720P", "") == (tier_of(None, "720P"), tier_of(None, None))


def test_too_few_samples_say_nothing() -> None:
    """A curve needs some samples, and a kind that was never met has none."""
    seen: Histogram | None = None
    for _ in range(ENOUGH - 1):
        seen = one_more(seen, 60.0)
    assert seen is not None
    assert curve_of(seen) is None
    assert curve_of(one_more(seen, 60.0)) is not None
    assert RunTimes().curve(RunKind("m")) is None


def test_what_was_learned_is_what_happens() -> None:
    """Median, quartiles, mean and chances of a log-normal vendor are met within a few percent."""
    curve = taught(*drawn(2000))
    for share, normal in ((0.25, -0.674), (0.5, 0.0), (0.75, 0.674)):
        assert curve.quantile(share) == pytest.approx(MEDIAN_S * math.exp(SIGMA * normal), rel=0.15)
    fresh = drawn(4000, seed=2)
    assert curve.share_left(300.0) == pytest.approx(sum(t > 300.0 for t in fresh) / 4000, abs=0.05)
    still = [t for t in fresh if t > 200.0]
    assert curve.residual_s(200.0) == pytest.approx(sum(still) / len(still) - 200.0, rel=0.35)
    assert curve.hazard(200.0, 60.0) == pytest.approx(sum(t <= 260.0 for t in still) / len(still), abs=0.06)


def test_a_vendor_that_got_faster_is_believed() -> None:
    """After seven hundred fast tasks the slow ones of before hardly count."""
    curve = taught(*drawn(500, 600.0), *drawn(700, 60.0))
    assert curve.quantile(0.5) == pytest.approx(60.0, rel=0.3)


@given(st.lists(st.floats(0.01, 50_000.0), min_size=ENOUGH, max_size=60), st.floats(0.0, 20_000.0))
def test_every_curve_is_a_distribution(samples: list[float], age_s: float) -> None:
    """Whatever was learned: shares fall from 1 to 0, chances lie in [0, 1], and no figure is negative or infinite."""
    curve = taught(*samples)
    assert curve.left[0] == 1.0
    assert curve.left[-1] == 0.0
    assert all(a >= b for a, b in zip(curve.left, curve.left[1:], strict=False))
    for within_s in (0.0, 1.0, 1000.0, LAST_S):
        assert 0.0 <= curve.hazard(age_s, within_s) <= 1.0
    assert 0.0 < curve.rate(age_s) < math.inf
    assert 0.0 <= curve.residual_s(age_s) < math.inf
    assert age_s <= curve.quantile(0.5, age_s=age_s) <= max(age_s, EDGES[-1])
