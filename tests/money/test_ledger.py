"""What a booking comes to, where the vendor's words and what was set aside do not fit together."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from wanreel.domain.booking import Booking, Kind
from wanreel.money.ledger import Purse, balances, post

RESERVED = Booking(
    id="reserve:1",
    kind=Kind.RESERVE,
    at=1.0,
    holder="job_1",
    job="job_1",
    project="",
    account="main",
    model="wan2.7-t2v",
    currency="CNY",
    group=None,
    amount=Decimal(3),
)


def test_a_settlement_in_a_currency_in_which_nothing_was_set_aside_raises_an_alarm() -> None:
    """It is booked, the reservation is free again, and the model is sent no more until somebody has looked."""
    held = post(RESERVED, []).postings
    settled = post(replace(RESERVED, id="settle:1", kind=Kind.SETTLE, currency="USD", amount=Decimal(9)), list(held))
    assert settled.overrun is not None
    assert (Decimal(0), Decimal(9), "USD") == (
        settled.overrun.reserved,
        settled.overrun.settled,
        settled.overrun.currency,
    )
    found = balances([*held, *settled.postings])
    assert (Decimal(0), Decimal(9)) == (found["CNY", Purse.RESERVED], found["USD", Purse.SPENT])
