"""Estimates: what one clip costs, exactly, with where the price comes from."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.domain.catalog_file import CATALOG
from wanreel.domain.catalog import Catalog
from wanreel.domain.request import Request
from wanreel.money.estimate import Estimate
from wanreel.money.estimate import estimate as estimate_at
from wanreel.money.tariff import tariff_of

NOW = 1_795_000_000.0


def estimate(request: Request, catalog: Catalog, region: str) -> Estimate:
    """By the catalog's prices, today."""
    return estimate_at(request, catalog, tariff_of(catalog), region, NOW)


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
    clip = '{"media": [{"type": "reference_video", "url": "https://example.com/a.mp4"}]}'
    wish = Request("r2v", "wan2.7-r2v", resolution="720P", duration_s=5, extra_input=clip)
    reference = estimate(wish, CATALOG, "beijing")
    assert (Decimal("6.0"), True) == (reference.amount, reference.at_most)


@pytest.mark.parametrize(
    ("request_", "region", "words"),
    [
        (Request("t2v", "wan9.9-t2v", duration_s=5), "beijing", "not in the catalog"),
        (
            Request("i2v", "wan2.6-i2v-flash", resolution="720P", duration_s=5),
            "singapore",
            "no price of wan2.6-i2v-flash in Singapore is on record; there is one for China (Beijing); a file",
        ),
        (
            Request("t2v", "wan3.0-video", resolution="720P", duration_s=5),
            "hongkong",
            "in Hong Kong is on record; there is one for China (Beijing) and for Singapore; a file of prices can tell",
        ),
        (Request("t2v", "wan2.2-t2v-flash", size="1280*720"), "beijing", "no price"),
        (Request("t2v", "wan2.6-t2v", size="1*1", duration_s=5), "beijing", "no price"),
    ],
)
def test_what_is_not_on_record_is_said(request_: Request, region: str, words: str) -> None:
    """An unknown price is None with a reason, never a guess."""
    found = estimate(request_, CATALOG, region)
    assert found.amount is None
    assert words in found.why
