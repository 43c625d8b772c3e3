"""What a request will cost, before it is sent: exactly, at most, or unknown with the reason. Never a guess, never zero.

The vendor bills seconds of successful output, and for some models those of the clip that came in. Where it chooses the
length itself the longest counts, so that what is billed in the end is never more than what was said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

from wanreel.domain.catalog import Catalog
from wanreel.domain.model import Model
from wanreel.domain.request import Request
from wanreel.money.amount import times
from wanreel.money.tariff import Rates

_STILLS = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
_EFFORT = {"wan-std": "std", "wan-pro": "pro"}  # parameters.mode of the animate models


@dataclass(frozen=True, slots=True)
class Estimate:
    """Money for one clip. `amount` is None where it is not known; `why` then says so. `at_most`: an upper bound."""

    amount: Decimal | None
    currency: str
    per_second: Decimal | None
    seconds: int | None
    at_most: bool = False
    source: str = ""
    as_of: str = ""
    why: str = ""


def estimate(request: Request, catalog: Catalog, tariff: Rates, region_id: str, at: float) -> Estimate:
    """The price of one clip of this request, sent at an instant; failed tasks cost nothing."""
    region = catalog.region(region_id)
    model = catalog.model(request.model)
    seconds, bound = _seconds(request, model)
    tier = tier_of(request, model)
    rate = tariff.rate(request.model, region.id, tier, audio=request.audio, at=at)
    if rate is None:
        unknown = f"{request.model} is not in the catalog"
        why = unknown if model is None else f"no price of {request.model} in {region.name} is on record"
        elsewhere = [
            other.name
            for other in catalog.regions
            if tariff.rate(request.model, other.id, tier, audio=request.audio, at=at) is not None
        ]
        if elsewhere:
            why = f"{why}; there is one for {' and for '.join(elsewhere)}"
        return Estimate(None, region.currency, None, seconds, why=f"{why}; a file of prices can tell it")
    if seconds is None:
        why = "the length is the input's, and nothing bounds it"
        return Estimate(None, rate.currency, rate.per_second, None, source=rate.source, as_of=rate.as_of, why=why)
    amount = times(rate.per_second, Decimal(seconds))
    return Estimate(amount, rate.currency, rate.per_second, seconds, bound, rate.source, rate.as_of)


def tier_of(request: Request, model: Model | None) -> str | None:
    """The price tier a request falls in: its resolution, its size's, its mode's, or the vendor's default."""
    if request.resolution:
        return request.resolution
    if request.size:
        return tier_of_size(request.size, model)
    if model is None:
        return None
    effort = _EFFORT.get(str(_parameters(request).get("mode")))
    return model.default_tier if model.tiers else effort


def tier_of_size(size: str, model: Model | None) -> str | None:
    """The price tier of an output size such as 1280*720."""
    if model is None:
        return None
    if len(model.tiers) == 1:
        return model.tiers[0]
    return next((s.tier for s in model.sizes if s.wire == size), None)


def _seconds(request: Request, model: Model | None) -> tuple[int | None, bool]:
    """The seconds that will be billed, and whether that is only the most it can be."""
    asked = request.duration_s
    if model is None:
        return (asked if asked is not None and asked > 0 else None), False
    taken = _input_seconds(request, model)
    if asked is None and model.durations is not None:
        made, bound = model.durations.default, False
    elif asked is None or asked <= 0:  # the model, or what came in, decides: count with the longest
        made, bound = (max(model.durations.allowed) if model.durations else model.seconds_max), True
    else:
        made, bound = asked, False
    if made is None or taken is None:
        return None, False
    if taken and model.total_seconds_max is not None:
        return model.total_seconds_max, True
    return made + taken, bound or taken > 0


def _input_seconds(request: Request, model: Model) -> int | None:
    """The most seconds of clips coming in that may be billed; None where nothing bounds them."""
    clips = _input_clips(request)
    if model.seconds_max is not None and model.input_seconds_max is not None:
        clips = 1  # an editing model takes exactly one, however it was named
    if model.total_seconds_max is not None:
        return 1 if clips else 0  # the total says it all
    if not model.bills_input:
        return 0
    return None if model.input_seconds_max is None else clips * model.input_seconds_max


@lru_cache(maxsize=1024)
def _input_clips(request: Request) -> int:
    """How many clips the request brings: by the roles of its media, and by what is passed through to the vendor."""
    passed = _object(request.extra_input)
    roles = [m.role for m in request.media]
    for item in _list(passed.get("media")):
        kind = cast("Mapping[str, Any]", item).get("type") if isinstance(item, Mapping) else None
        roles.append(str(kind))
    clips = sum("video" in role for role in roles) + len(_list(passed.get("reference_video_urls")))
    named = [str(url).partition("?")[0].lower() for url in _list(passed.get("reference_urls"))]
    return clips + sum(not url.endswith(_STILLS) for url in named)


def _parameters(request: Request) -> Mapping[str, Any]:
    return _object(request.extra_parameters)


def _object(text: str) -> Mapping[str, Any]:
    found: object = json.loads(text) if text else {}
    return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
