"""Time zones by their names: the one place that reads the machine's, or the installed, table of them."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import cache
from zoneinfo import ZoneInfo


@cache
def zone_of(name: str) -> tzinfo | None:
    """The zone of a name such as Asia/Shanghai or UTC; None where there is none of it here."""
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
