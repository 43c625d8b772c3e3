"""What a second costs on a given day: the catalog's prices, and before them the user's own.

The vendor's days are UTC+8, so a price's first day is too. Of several rows that fit the newest wins, and a row of the
user's own beats any of the catalog's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Protocol, cast

from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.model import Price
from wanreel.money.amount import CURRENCIES, read_amount

_AHEAD_S = 8 * 3600
_FOUND_MAX = 1000
_FIRST_DAY = date(1970, 1, 1)
_KEYS = frozenset(("model", "region", "currency", "audio", "per_second", "since", "until", "source", "note"))
_TIERS = ("480P", "720P", "1080P", "std", "pro", "any")
_PER_S_MAX = Decimal(1000)  # a hundred times the dearest; beyond it is a slip of the pen


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one second and where it comes from."""

    per_second: Decimal
    currency: str
    source: str
    as_of: str


class Rates(Protocol):
    """Whatever knows what a second costs."""

    def rate(self, model: str, region: str, tier: str | None, *, audio: bool | None, at: float) -> Rate | None:
        """The price of a second; None where none is on record. `audio` unset means with sound."""
        ...


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices by model; those in front go first."""

    rows: tuple[tuple[str, Price], ...]
    _found: dict[tuple[str, str], list[Price]] = field(
        default_factory=dict[tuple[str, str], list[Price]], init=False, repr=False, compare=False
    )

    def rate(self, model: str, region: str, tier: str | None, *, audio: bool | None, at: float) -> Rate | None:
        """The price of a second; None where none is on record. `audio` unset means with sound."""
        day = vendor_day(at)
        for price in self._of(model, region):
            sound = price.audio in (None, audio if audio is not None else True)
            amount = price.of(tier)
            if sound and amount is not None and price.holds(day):
                return Rate(amount, price.currency, price.source, price.since or price.as_of)
        return None

    def _of(self, model: str, region: str) -> list[Price]:
        if (model, region) not in self._found:
            if len(self._found) >= _FOUND_MAX:  # names are anybody's
                self._found.clear()
            self._found[model, region] = [p for name, p in self.rows if name == model and p.region == region]
        return self._found[model, region]


def tariff_of(catalog: Catalog, own: Iterable[tuple[str, Price]] = ()) -> Tariff:
    """The catalog's prices behind the user's own; within each, those of the latest first day in front."""
    shipped = [(model.id, price) for model in catalog.models for price in model.prices]
    return Tariff((*_newest_first(own), *_newest_first(shipped)))


def vendor_day(at: float) -> str:
    """The vendor's calendar day of an instant."""
    return _day_of(divmod(math.floor(at) + _AHEAD_S, 86_400)[0])


@lru_cache(maxsize=64)
def _day_of(number: int) -> str:
    """The day so many days after the first of 1970."""
    return (_FIRST_DAY + timedelta(days=number)).isoformat()


def _newest_first(rows: Iterable[tuple[str, Price]]) -> list[tuple[str, Price]]:
    return sorted(rows, key=lambda row: row[1].since or "", reverse=True)


# --- the user's own prices ------------------------------------------------------------------------------------------


def read_prices(data: Mapping[str, object], catalog: Catalog) -> tuple[tuple[str, Price], ...]:
    """Rows of a file of prices: `[[prices]]` with model, region, currency, per_second, and what may be left out (audio,
    since, until, source, note). Raises Invalid naming every mistake.
    """
    problems = [
        Problem(f"prices.{key}", "is not known: the file holds [[prices]] only") for key in data if key != "prices"
    ]
    found = data.get("prices", [])
    rows = cast("list[object]", found) if isinstance(found, list) else []
    if not isinstance(found, list):
        problems.append(Problem("prices", "must be rows: write [[prices]] above each", str(found)[:80]))
    prices: list[tuple[int, tuple[str, Price]]] = []
    for number, row in enumerate(rows, 1):
        where = f"prices row {number}"
        if isinstance(row, Mapping):
            read = _row(cast("Mapping[str, object]", row), where, catalog, problems)
            prices += [(number, one) for one in read]
        else:
            problems.append(Problem(where, "must be a table", str(row)[:80]))
    problems += _twice(prices)
    if problems:
        raise Invalid("the file of prices cannot be used:", tuple(problems))
    return tuple(row for _, row in prices)


def _twice(prices: Sequence[tuple[int, tuple[str, Price]]]) -> Iterator[Problem]:
    """Rows that say two prices for the same second. Of different first days the later one is meant, and no problem."""
    for place, (number, (model, price)) in enumerate(prices):
        for earlier, (other, told) in prices[:place]:
            apart = told.audio is not None and price.audio is not None and told.audio != price.audio
            tiers = _shared(told, price)
            if (other, told.region, told.since) != (model, price.region, price.since) or apart or not tiers:
                continue
            since = price.since or "its beginning"
            said = (
                f"row {earlier} says already what a second of {model} costs in {price.region} at {tiers} from {since}"
            )
            advice = "leave one out, give the newer one another `since`, or tell them apart by audio = true and false"
            yield Problem(f"prices row {number}", f"{said}: {advice}")


def _shared(one: Price, other: Price) -> str:
    """The tiers that both have a price for, in words; "": none."""
    here, there = ({tier for tier, _ in price.per_second} for price in (one, other))
    both = here | there if "any" in here | there else here & there
    return ", ".join(sorted(both - {"any"} or both))


def _row(row: Mapping[str, object], where: str, catalog: Catalog, problems: list[Problem]) -> list[tuple[str, Price]]:
    before = len(problems)
    problems += [Problem(f"{where}, {key}", "is not known") for key in row if key not in _KEYS]
    model, currency = row.get("model"), row.get("currency")
    if not isinstance(model, str) or not model.strip():
        problems.append(Problem(f"{where}, model", "must be the vendor's official id", str(model)))
    if currency not in CURRENCIES:
        problems.append(Problem(f"{where}, currency", f"must be one of {', '.join(CURRENCIES)}", str(currency)))
    try:
        place = catalog.region(str(row.get("region", "")))
        region = place.id
        if currency in CURRENCIES and currency != place.currency:
            words = f"must be {place.currency}, in which {place.name} is billed: nothing is converted"
            problems.append(Problem(f"{where}, currency", words, str(currency)))
    except Invalid as wrong:
        problems += [Problem(f"{where}, region", p.message, p.given) for p in wrong.problems]
        region = ""
    audio = row.get("audio")
    if audio is not None and not isinstance(audio, bool):
        problems.append(Problem(f"{where}, audio", "must be true or false, or left out", str(audio)))
    per_second = _per_second(row.get("per_second"), where, problems)
    since, until = (_day(row.get(name), f"{where}, {name}", problems) for name in ("since", "until"))
    if len(problems) > before:
        return []
    price = Price(
        region=region,
        currency=str(currency),
        audio=audio if isinstance(audio, bool) else None,
        per_second=per_second,
        as_of=since or "",
        source=str(row.get("source", "your own file of prices")),
        tag="own",
        since=since,
        until=until,
    )
    return [(str(model).strip(), price)]


def _per_second(value: object, where: str, problems: list[Problem]) -> tuple[tuple[str, Decimal], ...]:
    table: Mapping[str, object] = cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}
    if not table:
        problems.append(
            Problem(f"{where}, per_second", 'must be a table such as { "720P" = "0.6" }, or { any = "0.24" }')
        )
    if "any" in table and len(table) > 1:
        problems.append(Problem(f"{where}, per_second", "any is the same for all: it stands alone"))
    found: list[tuple[str, Decimal]] = []
    for tier, text in table.items():
        amount = read_amount(text) if isinstance(text, str) else None
        if tier not in _TIERS or amount is None or amount > _PER_S_MAX:
            words = f'must be a price as text ("0.6"), at most {_PER_S_MAX} a second, under one of {", ".join(_TIERS)}'
            problems.append(Problem(f"{where}, per_second.{tier}", words, str(text)))
        else:
            found.append((tier, amount))
    return tuple(found)


def _day(value: object, where: str, problems: list[Problem]) -> str | None:
    """A day, as TOML has it or as text."""
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        problems.append(Problem(where, "must be a day such as 2026-11-22", str(value)))
        return None
