"""Reads loosely typed values (a CSV cell, a flag, a JSON value) and collects what is wrong instead of stopping."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from wanreel.domain.errors import Problem
from wanreel.domain.request import canonical

GIVEN_CHARS_MAX = 120
EXTRA_BYTES_MAX = 65_536

_YES = ("true", "yes", "on", "1")
_NO = ("false", "no", "off", "0")


@dataclass(slots=True)
class Findings:
    """Everything found while checking one draft: problems stop it, warnings go along with it."""

    problems: list[Problem] = field(default_factory=list[Problem])
    warnings: list[str] = field(default_factory=list[str])

    def wrong(self, name: str, message: str, given: object = "", code: str = "") -> None:
        """Note a problem with a field."""
        text = given if isinstance(given, str) else repr(given)
        if len(text) > GIVEN_CHARS_MAX:
            text = text[: GIVEN_CHARS_MAX - 1] + "…"
        self.problems.append(Problem(name, message, text, code))

    def warn(self, message: str) -> None:
        """Note something the caller should know."""
        if message and message not in self.warnings:
            self.warnings.append(message)


def words(value: object, name: str, find: Findings) -> str | None:
    """A text that can be sent as UTF-8; None for nothing, or for nothing but white space."""
    if value is None:
        return None
    if not isinstance(value, str):
        find.wrong(name, "must be text", value, "not_text")
        return None
    if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        find.wrong(name, "holds characters that cannot be sent (a NUL, or half of a surrogate pair)", code="unsendable")
        return None
    return value if value.strip() else None


def whole(value: object, name: str, find: Findings) -> int | None:
    """A whole number, also written as `5.0` or as text; None for nothing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number: int | float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and len(value) <= 32:
        number = _number(value.strip())
    if number is None or not math.isfinite(number) or number != int(number):
        find.wrong(name, "must be a whole number", value, "not_whole")
        return None
    return int(number)


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def switch(value: object, name: str, find: Findings) -> bool | None:
    """True or false, also as the words for it; None for nothing."""
    if value is None or isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else ""
    if text in _YES or text in _NO:
        return text in _YES
    if text or not isinstance(value, str):
        find.wrong(name, "must be true or false", value)
    return None


def json_object(value: object, name: str, find: Findings) -> dict[str, object]:
    """A JSON object, given as one or as its text; {} for nothing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return {}
    try:
        found: object = json.loads(value) if isinstance(value, str) else value
        if not isinstance(found, Mapping):
            find.wrong(name, 'must be a JSON object, like {"field": "value"}', value)
            return {}
        text = canonical(cast("Mapping[object, object]", found))
        size_bytes = len(text.encode())
    except (ValueError, TypeError, RecursionError):
        find.wrong(name, "must be a JSON object of plain values (no NaN, no bytes)", value)
        return {}
    if size_bytes > EXTRA_BYTES_MAX:
        find.wrong(name, f"must not be larger than {EXTRA_BYTES_MAX} bytes", f"{size_bytes} bytes")
        return {}
    return cast("dict[str, object]", json.loads(text))
