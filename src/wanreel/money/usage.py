"""What the vendor's `usage` says was made and will be billed, whichever of its shapes it has (FS §4.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from wanreel.domain.model import Model
from wanreel.money.estimate import tier_of_size

_SECONDS = ("duration", "video_duration", "output_video_duration")
_INPUT = "input_video_duration"
_SIZES = ("size", "video_ratio")
_EFFORTS = {"standard": "std", "pro": "pro"}
_SECONDS_MAX = Decimal(100_000)
_SIZE = re.compile(r"\d+\*\d+")


@dataclass(frozen=True, slots=True)
class Metered:
    """What is billed. None: the usage does not say, and what was asked for counts."""

    seconds: Decimal | None = None
    tier: str | None = None
    audio: bool | None = None


def read_usage(text: str, model: Model | None) -> Metered:
    """The figures of a usage object. Anything that is no figure is not said; lengths are exact decimals."""
    try:
        found: object = json.loads(text, parse_float=Decimal, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return Metered()
    told: Mapping[str, Any] = cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}
    audio = told.get("audio")
    return Metered(_seconds(told), _tier(told, model), audio if isinstance(audio, bool) else None)


def _seconds(told: Mapping[str, Any]) -> Decimal | None:
    """The first of three keys that holds a length; the last tells only what was made, so what came in is added."""
    for name in _SECONDS:
        seconds = _length(told.get(name))
        if seconds is not None and seconds > 0:
            taken = _length(told.get(_INPUT)) if name == "output_video_duration" else None
            return seconds + (taken or 0)
    return None


def _length(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    seconds = Decimal(value)
    return seconds if seconds.is_finite() and 0 <= seconds <= _SECONDS_MAX else None


def _tier(told: Mapping[str, Any], model: Model | None) -> str | None:
    lines = told.get("SR")
    if type(lines) is int and lines > 0:
        return f"{lines}P"
    for name in _SIZES:
        said = told.get(name)
        if isinstance(said, str) and _SIZE.fullmatch(said):
            return tier_of_size(said, model)
        if isinstance(said, str) and said in _EFFORTS and model is not None and not model.tiers:
            return _EFFORTS[said]
    return None
