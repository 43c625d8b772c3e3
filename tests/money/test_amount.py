"""Amounts: exact to the billionth, there and back, whatever is multiplied."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wanreel.money.amount import NANOS, exact, of_nanos, read_amount, times, to_nanos, words


@given(st.decimals(min_value=0, max_value=1000, places=6), st.decimals(min_value=0, max_value=100_000, places=3))
def test_a_price_times_a_length_is_exact(per_second: Decimal, seconds: Decimal) -> None:
    """Six decimals times three fit nine: nothing is rounded away, and the store gives back what it was given."""
    amount = times(per_second, seconds)
    assert int(per_second.scaleb(6)) * int(seconds.scaleb(3)) == to_nanos(amount)
    assert amount == of_nanos(to_nanos(amount))


@given(st.lists(st.integers(-(10**15), 10**15)))
def test_sums_of_billionths_are_sums_of_amounts(nanos: list[int]) -> None:
    """What the store adds up as whole numbers is the sum of the amounts."""
    assert of_nanos(sum(nanos)) == sum((of_nanos(n) for n in nanos), Decimal(0))


@pytest.mark.parametrize(
    ("amount", "said"), [("3", "3.00"), ("3.0", "3.00"), ("0.75", "0.75"), ("11.00886", "11.00886"), ("100", "100.00")]
)
def test_amounts_are_told_with_two_decimals_or_as_many_as_there_are(amount: str, said: str) -> None:
    """Neither 3.0 nor 1E+2 is an amount of money to a person."""
    assert said == words(Decimal(amount))


@pytest.mark.parametrize("text", ["", "x", "-1", "NaN", "Infinity", "1e20", "1e999999999", "1,5"])
def test_what_is_no_amount_is_none(text: str) -> None:
    """Anything else than a figure from 0 is not read as one."""
    assert read_amount(text) is None


def test_half_a_billionth_goes_to_the_even_one() -> None:
    """The only rounding there is, far below what anybody bills."""
    assert (Decimal(0), Decimal(2).scaleb(-9)) == (exact(Decimal("0.5E-9")), exact(Decimal("1.5E-9")))
    assert 10**9 == NANOS
