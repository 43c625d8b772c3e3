"""The vendor's notions of time: UTC+8 strings without a zone, epoch milliseconds, ISO instants, list bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

BEIJING = timezone(timedelta(hours=8))


def local_text(at: float) -> str:
    """``YYYY-MM-DD HH:mm:ss.SSS`` in UTC+8 without a zone (§0.8)."""
    return _instant(at, BEIJING).replace(tzinfo=None).isoformat(" ", "milliseconds")


def local_seconds(at: float) -> str:
    """``YYYY-MM-DD HH:mm:ss`` in UTC+8, as completion events carry it (§6)."""
    return _instant(at, BEIJING).replace(tzinfo=None).isoformat(" ", "seconds")


def local_day(at: float) -> str:
    """``YYYYMMDD`` in UTC+8, as result paths carry it (§8)."""
    return _instant(at, BEIJING).strftime("%Y%m%d")


def iso(at: float) -> str:
    """ISO 8601 in UTC with milliseconds and a Z, as OSS writes it."""
    return _instant(at, UTC).replace(tzinfo=None).isoformat("T", "milliseconds") + "Z"


def millis(at: float) -> int:
    """Epoch milliseconds, as list rows carry it (§5.2)."""
    return round(at * 1000)


def bound(text: str, *, utc: bool) -> float:
    """The instant of a list bound ``YYYYMMDDhhmmss``. Raises ValueError when it is not one."""
    if len(text) != 14 or not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    parts = (int(text[:4]), *(int(text[at : at + 2]) for at in range(4, 14, 2)))
    return datetime(*parts, tzinfo=UTC if utc else BEIJING).timestamp()


@lru_cache(maxsize=8)
def http_date(second: int) -> str:
    """The ``Date`` header of this second."""
    return datetime.fromtimestamp(second, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


def _instant(at: float, zone: timezone) -> datetime:
    # Rounded to milliseconds first, so that the text and `millis` never disagree by one.
    return datetime.fromtimestamp(millis(at) / 1000, zone)
