"""What shows tasks without being asked for one: a page of the vendor's list (FS §5.2), and a completion event (FS §6).

The list has epoch milliseconds, no URLs, and perhaps the name `tasks` for `data`.

A page that cannot be read whole counts as not read: what is missing from a list decides whether money was spent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from wanreel.domain.facts import Zone
from wanreel.domain.sighting import Sighting
from wanreel.ports.vendor import ListFailed, Listing, Window
from wanreel.vendor.answers import trouble
from wanreel.vendor.words import as_list, as_object, epoch_ms, instant, number, read_object, said, stamp, task_id

ROWS_MAX = 1_000


def list_query(window: Window, page: int) -> dict[str, str]:
    """The query of one page. The window's bounds are whole seconds, read as inclusive or not: a second wider."""
    query = {"page_no": str(page), "page_size": str(window.page_size)}
    if window.zone is not Zone.UNSENT:
        utc = window.zone is Zone.UTC
        query["start_time"] = stamp(math.floor(window.since), utc=utc)
        query["end_time"] = stamp(math.floor(window.until) + 1, utc=utc)
    if window.model:
        query["model_name"] = window.model
    return query


def list_answer(http_status: int, raw: bytes, page: int, *, date: str | None, now: float) -> Listing:
    """The rows of one page. Raises ListFailed for anything but a page that can be read whole."""
    body = read_object(raw)
    if http_status != 200 or body is None or said(body.get("code")):
        raise ListFailed(trouble(http_status, raw, body or {}), refused=http_status == 400)
    found = _rows(body)
    if found is None or len(found) > ROWS_MAX:
        raise ListFailed(f"the vendor's list has no rows that can be read: {trouble(http_status, raw, body)}")
    rows = tuple(_row(as_object(item)) for item in found)
    return Listing(
        rows, page, _pages(body, page), skew(date, now), _count(body.get("total")), _count(body.get("page_size"))
    )


def _count(value: object) -> int | None:
    found = number(value)
    return None if found is None else int(found)


def skew(date: str | None, now: float) -> float | None:
    """The vendor's clock minus ours, by its `Date` header (whole seconds)."""
    if not date:
        return None
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None


def _rows(body: Mapping[str, object]) -> list[object] | None:
    """The documented `data`, or `tasks`; at the top, or inside `output`. The fullest, should there be several."""
    parts = (body, as_object(body.get("output")))
    found = [rows for part in parts for name in ("data", "tasks") if (rows := as_list(part.get(name))) is not None]
    return max(found, key=len) if found else None


def _row(row: Mapping[str, object]) -> Sighting:
    found = task_id(row.get("task_id"))
    created_at = epoch_ms(row.get("gmt_create"))
    if created_at is None:
        created_at = epoch_ms(row.get("start_time"))
    if found is None or created_at is None:
        raise ListFailed("a row of the vendor's list has no id or no time")
    return Sighting(
        task_id=found,
        model=said(row.get("model_name"), 200),
        status=said(row.get("status"), 40).upper(),
        created_at=created_at,
        key_id=said(row.get("api_key_id"), 200),
        request_id=said(row.get("request_id"), 200),
        ended_at=epoch_ms(row.get("end_time")),
    )


def _pages(body: Mapping[str, object], page: int) -> int:
    pages = number(body.get("total_page"))
    if pages is None:
        total, size = number(body.get("total")), number(body.get("page_size"))
        pages = -(-total // size) if total is not None and size else None
    if pages is None or pages > 1_000_000:
        raise ListFailed("the vendor's list does not say how many pages it has")
    return max(int(pages), page if page == 1 else 0)


_FINISHED = ("acs.dashscope", "dashscope:System:AsyncTaskFinish")


def event_sighting(raw: bytes) -> Sighting | None:
    """The task a completion event speaks of; None where it is no such event. Says nothing of its signature.

    An event only makes a job due: the clip's URL, and the truth, are the query's. Duplicates look alike.
    """
    body = read_object(raw)
    if body is None or (body.get("source"), body.get("type")) != _FINISHED:
        return None
    data = as_object(body.get("data"))
    found, began = task_id(data.get("task_id")), instant(data.get("start_time"))
    if found is None or began is None:
        return None
    return Sighting(
        task_id=found,
        model=said(data.get("user_api_unique_key"), 400).rpartition(":")[2],
        status=said(data.get("task_status"), 40).upper(),
        created_at=began,
        key_id=said(data.get("api_key_id"), 200),
        request_id=said(data.get("request_id"), 200),
    )
