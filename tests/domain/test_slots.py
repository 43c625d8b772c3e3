"""What a refusal teaches about a limit, how it grows again, and when a slot is free next."""

from __future__ import annotations

import math

import pytest

from tests.factories import NOW
from wanreel.domain.policy import Policy
from wanreel.domain.slots import Learned, allowed, free_at, learn

POLICY = Policy()
TEN_MIN = 600.0
TWO = Learned(2, NOW, TEN_MIN)


def test_a_refusal_teaches_what_others_hold() -> None:
    """The learned limit is what ran beside the refused one, and one at the least."""
    assert Learned(2, NOW, TEN_MIN) == learn(None, 2, NOW, POLICY)
    assert Learned(1, NOW, TEN_MIN) == learn(None, 0, NOW, POLICY)


def test_a_fruitless_probe_waits_three_times_as_long() -> None:
    """Refused at the same figure the next probe is farther off each time, up to a bound; a figure that has moved is
    looked at after ten minutes again.
    """
    found = TWO
    for wanted_s in (1800.0, 5400.0, 16_200.0, 21_600.0, 21_600.0):
        found = learn(found, 2, found.at + found.probe_s, POLICY)
        assert wanted_s == found.probe_s
    assert TEN_MIN == learn(found, 3, NOW + 1e5, POLICY).probe_s
    assert TEN_MIN == learn(found, 1, NOW + 1e5, POLICY).probe_s


@pytest.mark.parametrize(
    ("after_s", "wanted"), [(0, 2), (599.9, 2), (600, 3), (1199, 3), (1200, 4), (1800, 5), (1e6, 5), (-5, 2), (-601, 5)]
)
def test_a_learned_limit_grows_by_one_each_ten_minutes(after_s: float, wanted: int) -> None:
    """No sooner, by no write, never beyond what was set; what a clock wrote that jumped far ahead teaches nothing."""
    assert wanted == allowed(5, TWO, NOW + after_s)


def test_nothing_learned_leaves_what_was_set() -> None:
    """Without a refusal the set figure holds, and a lower one is never raised by a learned one."""
    assert 5 == allowed(5, None, NOW)
    assert 1 == allowed(1, TWO, NOW)


@pytest.mark.parametrize(
    ("limit", "learned", "ends", "wanted"),
    [
        (2, None, [NOW + 9], -math.inf),
        (2, None, [NOW + 9, NOW + 20], NOW + 9),
        (2, None, [NOW + 9, NOW + 20, NOW + 30], NOW + 20),
        (2, None, [math.inf, math.inf], math.inf),
        (0, None, [], math.inf),
        (5, TWO, [math.inf], -math.inf),
        (5, TWO, [math.inf, math.inf], NOW + 600),
        (5, TWO, [math.inf] * 3, NOW + 1200),
        (5, TWO, [NOW + 700, math.inf, math.inf], NOW + 700),
        (5, TWO, [NOW + 100, math.inf, math.inf], NOW + 600),
        (5, TWO, [math.inf] * 5, math.inf),
        (3, TWO, [math.inf, math.inf], NOW + 600),
    ],
)
def test_when_a_slot_is_free_next(limit: int, learned: Learned | None, ends: list[float], wanted: float) -> None:
    """By slots that end, by the limit that grows, or by both, whichever is first."""
    found = free_at(limit, learned, ends, NOW)

    assert wanted == found
    if NOW < found < math.inf:
        assert allowed(limit, learned, found) > sum(end > found for end in ends)
