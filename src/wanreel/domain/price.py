"""What a request will cost, by the catalog's prices: known before anything is bought."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from wanreel.domain.catalog import Catalog
from wanreel.domain.model import Model
from wanreel.domain.request import Request


@dataclass(frozen=True, slots=True)
class Estimate:
    """Money for one clip. `amount` is None where the price is not on record; `why` then says so.

    The vendor bills a second of successful output; `at_most` marks an upper bound, `at_least` a lower one (the
    vendor also bills the seconds of an input clip, which are not known here).
    """

    amount: Decimal | None
    currency: str
    per_second: Decimal | None
    seconds: int | None
    at_most: bool = False
    at_least: bool = False
    source: str = ""
    as_of: str = ""
    why: str = ""


def tier_of(request: Request, model: Model) -> str | None:
    """The price tier a request falls in: its resolution, its size's, or the vendor's default."""
    if request.resolution:
        return request.resolution
    found = next((s.tier for s in model.sizes if s.wire == request.size), None)
    return found if request.size else model.default_tier


def estimate(request: Request, catalog: Catalog, region_id: str) -> Estimate:
    """The price of one clip of this request in a region; failed tasks cost nothing."""
    region = catalog.region(region_id)
    model = catalog.model(request.model)
    if model is None:
        return Estimate(None, region.currency, None, request.duration_s, why=f"{request.model} is not in the catalog")
    seconds, open_ended = _seconds(request, model)
    found = model.price(region.id, tier_of(request, model), audio=request.audio)
    if found is None:
        why = f"no price of {request.model} in {region.name} is on record"
        return Estimate(None, region.currency, None, seconds, why=why)
    per_second, row = found
    if seconds is None:
        why = "the length is the input's and not known here"
        return Estimate(None, row.currency, per_second, None, source=row.source, as_of=row.as_of, why=why)
    return Estimate(
        amount=per_second * seconds,
        currency=row.currency,
        per_second=per_second,
        seconds=seconds,
        at_most=open_ended,
        at_least=model.bills_input or any("video" in m.role for m in request.media),
        source=row.source,
        as_of=row.as_of,
    )


def _seconds(request: Request, model: Model) -> tuple[int | None, bool]:
    """Seconds to count with, and whether they are the most it can be."""
    asked = request.duration_s
    if asked is None:
        return (model.durations.default if model.durations else None), False
    if asked < 0:  # the model decides itself: count with its longest
        return (max(model.durations.allowed) if model.durations else None), True
    return (asked or None), False
