"""Estimates: what one clip costs, exactly, with where the price comes from."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.domain.catalog_file import CATALOG
from wanreel.domain.price import estimate
from wanreel.domain.request import Request


@pytest.mark.parametrize(
    ("request_", "region", "amount", "currency"),
    [
        (Request("t2v", "wan2.7-t2v", resolution="720P", duration_s=5), "beijing", "3.0", "CNY"),
        (Request("t2v", "wan2.7-t2v", resolution="1080P", duration_s=15), "singapore", "2.25", "USD"),
        (Request("t2v", "wan2.6-t2v", size="1088*832", duration_s=5), "beijing", "3.0", "CNY"),
        (Request("t2v", "wan2.6-t2v", size="1632*1248", duration_s=2), "beijing", "2.0", "CNY"),
        (Request("i2v", "wan2.6-i2v-flash", resolution="720P", duration_s=5, audio=False), "beijing", "0.75", "CNY"),
        (Request("kf2v", "wan2.2-kf2v-flash", resolution="720P", duration_s=5), "beijing", "1.00", "CNY"),
        (Request("t2v", "wanx2.1-t2v-turbo", size="832*480", duration_s=5), "beijing", "1.20", "CNY"),
        (Request("t2v", "wan2.6-t2v"), "beijing", "5.0", "CNY"),
    ],
)
def test_a_clip_s_price(request_: Request, region: str, amount: str, currency: str) -> None:
    """Seconds times the tier's price; where size and length are not sent, the vendor's defaults count."""
    found = estimate(request_, CATALOG, region)
    assert (Decimal(amount), currency, False) == (found.amount, found.currency, found.at_most)
    assert ("FS §10.2", True) == (found.source, found.as_of.startswith("2026"))


def test_bounds() -> None:
    """A length the model chooses is priced at its longest; an input clip's seconds come on top."""
    open_ended = estimate(Request("t2v", "wan3.0-video", resolution="720P", duration_s=-1), CATALOG, "beijing")
    assert (Decimal("18.00"), True) == (open_ended.amount, open_ended.at_most)
    reference = estimate(Request("r2v", "wan2.7-r2v", resolution="720P", duration_s=5), CATALOG, "beijing")
    assert (Decimal("3.0"), True) == (reference.amount, reference.at_least)


@pytest.mark.parametrize(
    ("request_", "region", "words"),
    [
        (Request("t2v", "wan9.9-t2v", duration_s=5), "beijing", "not in the catalog"),
        (Request("i2v", "wan2.6-i2v-flash", resolution="720P", duration_s=5), "singapore", "no price"),
        (Request("edit", "wan2.7-videoedit", resolution="720P"), "beijing", "length is the input's"),
        (Request("t2v", "wan2.6-t2v", size="1*1", duration_s=5), "beijing", "no price"),
    ],
)
def test_what_is_not_on_record_is_said(request_: Request, region: str, words: str) -> None:
    """An unknown price is None with a reason, never a guess."""
    found = estimate(request_, CATALOG, region)
    assert found.amount is None
    assert words in found.why
