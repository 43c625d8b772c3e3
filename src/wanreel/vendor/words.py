"""Reads what the vendor sends without ever breaking on it: bounded, valid text; numbers that are numbers; times in UTC.

Nothing here raises on rubbish. Anything may come back instead of the vendor's JSON: a proxy's HTML, half a body, null.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import NoReturn, cast

from wanreel.domain.job import TASK_ID
from wanreel.domain.request import canonical

SAID_CHARS_MAX = 2_000
PROMPT_CHARS_MAX = 40_000
USAGE_CHARS_MAX = 16_384
EPOCH_MAX = 253_402_300_799.0  # the end of the year 9999

_ZONE = timezone(timedelta(hours=8))  # FS §4.2: the vendor's times are UTC+8 and do not say so
_KEY = re.compile(r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_.-]{16,}")
_BEARER = re.compile(r"(?i)(?<![a-z])bearer\s+[A-Za-z0-9_.~+/=-]{16,}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def clean(text: str, most: int = SAID_CHARS_MAX) -> str:
    """Text that can be stored and shown: valid Unicode, no control characters, at most `most` characters."""
    if len(text) <= most and text.isascii() and text.isprintable():
        return text
    whole = _CONTROL.sub("", text[: most * 2].encode("utf-8", "replace").decode("utf-8"))
    return whole if len(whole) <= most and len(text) <= most * 2 else whole[: most - 1] + "…"


def hide_keys(text: str) -> str:
    """The text with everything that looks like a key taken out."""
    shown = _KEY.sub("sk-…", text) if "sk-" in text else text
    return _BEARER.sub("Bearer …", shown) if "earer" in shown.lower() else shown


def said(value: object, most: int = SAID_CHARS_MAX) -> str:
    """The vendor's own words, cleaned, without keys; "" for what is not text."""
    return hide_keys(clean(value, most)) if isinstance(value, str) else ""


def prompt_said(value: object) -> str | None:
    """A prompt the vendor repeats, as it stands; None for what is not text."""
    return clean(value, PROMPT_CHARS_MAX) if isinstance(value, str) else None


def task_id(value: object) -> str | None:
    """An id that can be stored, asked after and put in a path; None for anything else."""
    return value if isinstance(value, str) and TASK_ID.fullmatch(value) else None


def as_object(value: object) -> Mapping[str, object]:
    """A JSON object; an empty one for anything else."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[object] | None:
    """A JSON array; None for anything else."""
    return cast("list[object]", value) if isinstance(value, list) else None


def read_object(raw: bytes) -> Mapping[str, object] | None:
    """The JSON object of an answer's bytes; None when they are anything else."""
    try:
        value: object = _READER.decode(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else None


def number(value: object) -> float | None:
    """A finite number that is not negative; None for anything else, true and false included."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def compact(value: object, most: int = USAGE_CHARS_MAX) -> str:
    """A JSON object as canonical text; "{}" for what is none, cannot be written or is larger than `most`."""
    if not isinstance(value, dict):
        return "{}"
    try:
        text = canonical(cast("object", value))
        text.encode()
    except (ValueError, TypeError, RecursionError):
        return "{}"
    return text if len(text) <= most else "{}"


def instant(value: object) -> float | None:
    """Seconds since the epoch, UTC, of a vendor time like `2026-01-15 10:00:00.120` (UTC+8, unless it says so)."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        found = found if found.tzinfo else found.replace(tzinfo=_ZONE)
        seconds = found.timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= EPOCH_MAX else None


def epoch_ms(value: object) -> float | None:
    """Seconds of an instant in epoch milliseconds."""
    found = number(value)
    return found / 1000 if found is not None and found / 1000 <= EPOCH_MAX else None


def stamp(at: float, *, utc: bool = False) -> str:
    """An instant as the list's `YYYYMMDDhhmmss`, in the zone of the vendor's answers, or in UTC."""
    return datetime.fromtimestamp(at, UTC if utc else _ZONE).strftime("%Y%m%d%H%M%S")


def glimpse(raw: bytes) -> str:
    """The beginning of an answer that could not be read, for a message."""
    text = " ".join(raw[:400].decode("utf-8", "replace").split())
    return hide_keys(clean(text, 160)) or "nothing"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_READER = json.JSONDecoder(parse_constant=_no_constant)
