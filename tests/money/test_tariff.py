"""Prices by day, and the user's own before the catalog's."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.domain.catalog_file import CATALOG
from wanreel.domain.errors import Invalid
from wanreel.domain.model import Price
from wanreel.money.tariff import Rate, Tariff, read_prices, tariff_of, vendor_day

MODEL = "wan2.7-t2v"


def at(text: str) -> float:
    """An instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def own(text: str) -> Tariff:
    """The tariff with rows of a user's own."""
    return tariff_of(CATALOG, read_prices(tomllib.loads(text), CATALOG))


def rate(tariff: Tariff, when: str, tier: str = "720P", region: str = "beijing") -> Rate | None:
    """The price of a second on a day."""
    return tariff.rate(MODEL, region, tier, audio=None, at=at(when))


def test_the_vendors_day_begins_in_its_own_zone() -> None:
    """16:00 UTC is midnight at the vendor."""
    assert ("2026-11-30", "2026-12-01") == (vendor_day(at("2026-11-30 15:59")), vendor_day(at("2026-11-30 16:00")))


def test_a_price_holds_from_its_first_to_its_last_day() -> None:
    """Before and after, the catalog's holds; of two rows that fit, the newer."""
    row = '[[prices]]\nmodel = "wan2.7-t2v"\nregion = "cn-beijing"\ncurrency = "CNY"\n'
    tariff = own(
        f'{row}per_second = {{ "720P" = "0.5" }}\nsince = 2026-12-01\nuntil = 2026-12-31\n'
        f'{row}per_second = {{ "720P" = "0.4" }}\nsince = "2026-12-24"\nuntil = 2026-12-26\nsource = "promotion"\n'
    )
    found = [
        rate(tariff, f"{day} 03:00") for day in ("2026-11-30", "2026-12-01", "2026-12-25", "2026-12-31", "2027-01-01")
    ]
    assert ["0.6", "0.5", "0.4", "0.5", "0.6"] == [str(one.per_second) for one in found if one]
    assert found[2] == Rate(Decimal("0.4"), "CNY", "promotion", "2026-12-24")
    assert rate(tariff, "2026-12-25 03:00", "1080P") == rate(tariff_of(CATALOG), "2026-12-25 03:00", "1080P")
    assert rate(tariff, "2026-12-25 03:00", region="singapore") == rate(
        tariff_of(CATALOG), "2026-12-25", region="singapore"
    )


def test_the_catalogs_own_prices_may_be_dated() -> None:
    """A price the vendor has announced is a row from its day on."""
    shipped = [
        (MODEL, Price("beijing", "CNY", None, (("720P", Decimal(p)),), "", "", "D", since=s))
        for p, s in (("0.7", "2027-01-01"), ("0.6", None))
    ]
    tariff = Tariff(tuple(shipped))
    assert "0.6" == str(rate(tariff, "2026-12-31 15:59").per_second)  # type: ignore[union-attr]
    assert "0.7" == str(rate(tariff, "2026-12-31 16:00").per_second)  # type: ignore[union-attr]


ROW = '[[prices]]\nmodel = "m"\nregion = "beijing"\ncurrency = "CNY"\n'


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ('per_second = { any = "1" }', 'per_second = { any = "2" }', "at any from its beginning"),
        ('per_second = { any = "1" }', 'per_second = { "720P" = "2" }', "at 720P from"),
        ('per_second = { "480P" = "1", "720P" = "1" }', 'per_second = { "720P" = "1" }', "at 720P from"),
        ('per_second = { any = "1" }', 'per_second = { any = "2" }\naudio = false', "audio = true and false"),
        (
            'since = 2026-12-01\nper_second = { any = "1" }',
            'since = 2026-12-01\nuntil = 2026-12-31\nper_second = { any = "2" }',
            "from 2026-12-01",
        ),
        ('per_second = { "480P" = "1" }', 'per_second = { "720P" = "1" }', None),
        ('per_second = { any = "1" }\naudio = true', 'per_second = { any = "2" }\naudio = false', None),
        ('per_second = { any = "1" }', 'since = 2026-12-01\nper_second = { any = "2" }', None),
    ],
)
def test_two_prices_for_the_same_second_are_refused(one: str, other: str, words: str | None) -> None:
    """Whichever stood first held, and nobody was told; rows of other tiers, sound or first days go together."""
    text = f"{ROW}{one}\n{ROW}{other}\n"
    if words is None:
        own(text)
        return
    with pytest.raises(Invalid, match="prices row 2") as wrong:
        own(text)
    assert "row 1 says already" in wrong.value.message
    assert words in wrong.value.message


def test_a_price_for_all_tiers_stands_alone() -> None:
    """Beside it, one tier's own price would never be looked at."""
    with pytest.raises(Invalid, match="any is the same for all"):
        own(f'{ROW}per_second = {{ any = "1", "720P" = "2" }}\n')


def test_a_free_quota_is_a_price_of_nothing() -> None:
    """Zero is a price a user may state; it is never what is guessed."""
    tariff = own('[[prices]]\nmodel = "m"\nregion = "beijing"\ncurrency = "CNY"\nper_second = { any = "0" }\n')
    assert Decimal(0) == tariff.rate("m", "beijing", None, audio=None, at=0.0).per_second  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('region = "beijing"\ncurrency = "CNY"\nper_second = { any = "1" }', "model: must be the vendor's official id"),
        ('model = "m"\nregion = "mars"\ncurrency = "CNY"\nper_second = { any = "1" }', "region: not a region"),
        ('model = "m"\nregion = "beijing"\ncurrency = "EUR"\nper_second = { any = "1" }', "currency: must be one of"),
        (
            'model = "m"\nregion = "beijing"\ncurrency = "USD"\nper_second = { any = "1" }',
            "currency: must be CNY, in which",
        ),
        ('model = "m"\nregion = "beijing"\ncurrency = "CNY"\nper_second = { any = "20000" }', "at most 1000 a second"),
        ('model = "m"\nregion = "beijing"\ncurrency = "CNY"\nper_second = { any = 0.5 }', "must be a price as text"),
        ('model = "m"\nregion = "beijing"\ncurrency = "CNY"\nper_second = { "4K" = "1" }', "must be a price as text"),
        ('model = "m"\nregion = "beijing"\ncurrency = "CNY"', "per_second: must be a table"),
        (
            'model = "m"\nregion = "beijing"\ncurrency = "CNY"\nper_second = { any = "1" }\nfrom = "x"',
            "from: is not known",
        ),
        (
            'model = "m"\nregion = "beijing"\ncurrency = "CNY"\nper_second = { any = "1" }\nsince = "soon"',
            "must be a day",
        ),
        (
            'model = "m"\nregion = "beijing"\ncurrency = "CNY"\nper_second = { any = "1" }\naudio = "no"',
            "must be true or false",
        ),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_row(row: str, words: str) -> None:
    """A price that cannot be meant is refused before anything is reckoned with it."""
    with pytest.raises(Invalid, match="prices row 1") as wrong:
        own(f"[[prices]]\n{row}\n")
    assert words in wrong.value.message
