"""The task list: filters, window, paging and rows (fact sheet §5.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from wanreel.emulator.accounts import Account
from wanreel.emulator.hours import bound, millis
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.tasks import PENDING, RUNNING, Task

DAY_S = 86_400.0
STATUSES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED")


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed list query."""

    page_no: int
    page_size: int
    start_at: float
    end_at: float
    task_id: str
    model: str
    status: str
    key_id: str
    region: str


def parse_page(params: Mapping[str, str], now: float, quirks: Quirks) -> Page | str:
    """Read the query parameters; words for what is wrong with them."""
    try:
        page_no, page_size = int(params.get("page_no") or 1), int(params.get("page_size") or 10)
        utc = quirks.list_zone == "utc"
        start = bound(params["start_time"], utc=utc) if params.get("start_time") else None
        end = bound(params["end_time"], utc=utc) if params.get("end_time") else None
    except ValueError as wrong:
        return f"Invalid parameter value: {wrong}"
    if page_no < 1 or page_size < 1:
        return "page_no and page_size must be greater than 0."
    if page_size > quirks.page_size_max:
        if quirks.page_size_over == "refuse":
            return f"page_size must not be greater than {quirks.page_size_max}."
        page_size = quirks.page_size_max
    if params.get("status") and params["status"] not in STATUSES:
        return f"Invalid status: {params['status']}"
    # Bounds are whole seconds: the end covers its own second when it is inclusive.
    tail = 0.999_999 if quirks.list_end == "inclusive" else -0.000_001
    end_at = end + tail if end is not None else (start + DAY_S if start is not None else now)
    start_at = start if start is not None else end_at - DAY_S
    if end_at < start_at or end_at - start_at > DAY_S + 1:
        return "The time range between start_time and end_time must not exceed 24 hours."
    return Page(
        page_no,
        page_size,
        start_at,
        end_at,
        params.get("task_id", ""),
        params.get("model_name", ""),
        params.get("status", ""),
        params.get("api_key_id", ""),
        params.get("region", ""),
    )


def answer(page: Page, tasks: Iterable[Task], account: Account, now: float, quirks: Quirks) -> dict[str, Any]:
    """The list's body without its request id. ``tasks`` are the account's, oldest first."""
    seen_at = now - quirks.list_lag_s
    found = [task for task in tasks if task.submit_at <= seen_at and _matches(page, task, seen_at)]
    if quirks.list_order == "newest":
        found.reverse()
    first = (page.page_no - 1) * page.page_size
    return {
        "total": len(found),
        "total_page": ceil(len(found) / page.page_size),
        "page_no": page.page_no,
        "page_size": page.page_size,
        "data": [row(task, account, seen_at, quirks) for task in found[first : first + page.page_size]],
    }


def _matches(page: Page, task: Task, seen_at: float) -> bool:
    return (
        page.start_at <= task.submit_at <= page.end_at
        and (not page.task_id or page.task_id == task.id)
        and (not page.model or page.model == task.model)
        and (not page.key_id or page.key_id == task.key_id)
        and (not page.region or page.region == task.region)
        and (not page.status or page.status == task.status_at(seen_at))
    )


def row(task: Task, account: Account, seen_at: float, quirks: Quirks) -> dict[str, Any]:
    """One row as it looked at an instant."""
    status = task.status_at(seen_at)
    start = None if status == PENDING or task.scheduled_at is None else millis(task.scheduled_at)
    end = None if status in (PENDING, RUNNING) or task.final_at is None else millis(task.final_at)
    times = {"start_time": start, "end_time": end}
    if quirks.list_unset_times == "omit":
        times = {name: value for name, value in times.items() if value is not None}
    return {
        "task_id": task.id,
        "status": status,
        "model_name": task.model,
        "region": task.region,
        "api_key_id": task.key_id,
        "caller_uid": account.uid,
        "caller_parent_id": account.uid,
        "request_id": task.request_id,
        "gmt_create": millis(task.submit_at),
        **times,
        "user_api_unique_key": unique_key(task),
    }


def unique_key(task: Task) -> str:
    """``apikey:v1:aigc:<path family>:video-synthesis:<model>``."""
    return f"apikey:v1:aigc:{task.path}:video-synthesis:{task.model}"
