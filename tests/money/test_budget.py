"""Days and months of a budget, in its own zone, whatever the clocks do there."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from wanreel.data.zones import zone_of
from wanreel.domain.errors import Invalid
from wanreel.money.budget import Budget, period_of, read_budget


def at(text: str, zone: str) -> float:
    """An instant by the clocks of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=zone_of(zone)).timestamp()


@pytest.mark.parametrize(
    ("zone", "period", "when", "begins", "ends"),
    [
        ("UTC", "day", "2026-11-25 00:00", "2026-11-25", "2026-11-26"),
        ("Asia/Shanghai", "month", "2026-12-31 23:59", "2026-12-01", "2027-01-01"),
        ("Europe/Berlin", "day", "2026-10-25 02:30", "2026-10-25", "2026-10-26"),
        ("Europe/Berlin", "month", "2026-03-29 03:30", "2026-03-01", "2026-04-01"),
        ("Asia/Kathmandu", "day", "2026-11-25 05:44", "2026-11-25", "2026-11-26"),
        ("America/New_York", "month", "2028-02-29 12:00", "2028-02-01", "2028-03-01"),
    ],
)
def test_a_period_is_between_two_midnights(zone: str, period: str, when: str, begins: str, ends: str) -> None:
    """A day of 23 or 25 hours is one day; the next period begins where this one ends."""
    budget = Budget("*", period, Decimal(1), "CNY", zone)
    found = zone_of(zone)
    assert found is not None
    first, after = period_of(budget, at(when, zone), found)
    assert (at(begins, zone), at(ends, zone)) == (first, after)
    assert after == period_of(budget, after, found)[0]
    assert 0 == first % 900


def test_every_mistake_of_a_budget_is_told_at_once() -> None:
    """Amount, period, currency, zone, share and name."""
    with pytest.raises(Invalid) as wrong:
        read_budget(
            project="a/b", period="week", amount="much", currency="EUR", zone="Mars", zone_known=False, warn_at="2"
        )
    fields = ["project", "period", "amount", "currency", "zone", "warn_at"]
    assert fields == [problem.field for problem in wrong.value.problems]


def test_a_zone_nobody_knows_is_none() -> None:
    """Names with dots and slashes lead nowhere."""
    assert [None] * 4 == [zone_of(name) for name in ("Mars/Olympus", "../etc/passwd", "", "/etc/localtime")]
