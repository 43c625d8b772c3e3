"""Bodies of the vendor's answers: a task by its state, quotas, models (fact sheet §4, §5, §10.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, cast

from wanreel.emulator.accounts import Account
from wanreel.emulator.catalog import Catalog, Model
from wanreel.emulator.hours import local_text
from wanreel.emulator.objects import as_list, as_object
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import words_for
from wanreel.emulator.tasks import CANCELED, FAILED, PENDING, RUNNING, SUCCEEDED, Task

TEXT_MAX = 2000
DEPTH_MAX = 12

PagedBody = Callable[[Account, Catalog, Mapping[str, str], Quirks], dict[str, Any] | None]


def query_body(task: Task, now: float, url: str, quirks: Quirks) -> dict[str, Any]:
    """The answer to a query without its request id: only the fields that status has (§4.2)."""
    status = task.status_at(now)
    output: dict[str, Any] = {"task_id": task.id, "task_status": status, **_times(task, status, now, quirks)}
    if status == FAILED:
        output["code"] = task.code
        output["message"] = task.message or words_for(task.code)
    if status == SUCCEEDED:
        if task.orig_prompt is not None:
            output["orig_prompt"] = task.orig_prompt
        if task.actual_prompt is not None:
            output["actual_prompt"] = task.actual_prompt
        if not task.no_url:
            if "animate" in task.model or ("s2v" in task.model and quirks.s2v_url == "results"):
                output["results"] = {"video_url": url}
            else:
                output["video_url"] = url
    # The pages show the figures of a running and of a succeeded task only.
    if status in (RUNNING, SUCCEEDED, FAILED) and _counted(task, status, quirks):
        done = {"TOTAL": 1, "SUCCEEDED": int(status == SUCCEEDED), "FAILED": int(status == FAILED)}
        output["task_metrics"] = done
    body: dict[str, Any] = {"output": output}
    if status == SUCCEEDED and (not task.no_url or quirks.no_url_usage):
        body["usage"] = dict(task.usage)
    return body


def _times(task: Task, status: str, now: float, quirks: Quirks) -> dict[str, str]:
    """The times a status shows: each once it has happened."""
    if (status == FAILED and not quirks.failed_times) or (status == CANCELED and not quirks.canceled_times):
        return {}
    times = {"submit_time": local_text(task.submit_at)}
    if task.scheduled_at is not None and task.scheduled_at <= now:
        times["scheduled_time"] = local_text(task.scheduled_at)
    if status not in (PENDING, RUNNING) and task.final_at is not None:
        times["end_time"] = local_text(task.final_at)
    return times


def _counted(task: Task, status: str, quirks: Quirks) -> bool:
    kf2v = quirks.task_metrics == "kf2v" and "kf2v" in task.model and status != FAILED
    return quirks.task_metrics == "always" or kf2v


def limits_body(account: Account, catalog: Catalog, params: Mapping[str, str], quirks: Quirks) -> dict[str, Any] | None:
    """The quotas of the account's models (§10.1), paged; None when the paging makes no sense."""
    page = _paged(account, catalog, params)
    if page is None:
        return None
    rows: list[dict[str, Any]] = []
    for model in page[0]:
        queued = quirks.queued_max if account.queued is None else account.queued
        limit = {
            **_request_limit(model.rate if account.submit_rate is None else account.submit_rate),
            "usage_limit": None,
            "usage_limit_field": None,
            "usage_limit_period": None,
            "async_user_queue_limit": queued if quirks.over_limit == "queue" else 0,
            "async_user_concurrency_limit": model.running if account.running is None else account.running,
        }
        unset = dict.fromkeys(limit)
        rows.append(
            {"model": model.id, "workspace_id": f"ws-{account.uid}", "model_limit": limit, "workspace_limit": unset}
        )
    return {"output": {**page[1], "quotas": rows}}


def _request_limit(rate: float) -> dict[str, int | None]:
    """A rate as so many per second, or per minute when it is no whole number; null where there is no limit."""
    if rate <= 0:
        return {"request_limit": None, "request_limit_period": None}
    period = 1 if rate == int(rate) else 60
    return {"request_limit": round(rate * period), "request_limit_period": period}


def models_body(account: Account, catalog: Catalog, params: Mapping[str, str], quirks: Quirks) -> dict[str, Any] | None:
    """The models of the account's region; `inference_offline_info` is null where no retirement is announced (§1.6)."""
    page = _paged(account, catalog, params)
    if page is None:
        return None
    offline = {model: {"offline_time": at} for model, at in quirks.offline_at.items()}
    rows = [{"model": m.id, "name": m.id, "inference_offline_info": offline.get(m.id)} for m in page[0]]
    return {"output": {**page[1], "models": rows}}


def _paged(account: Account, catalog: Catalog, params: Mapping[str, str]) -> tuple[list[Model], dict[str, int]] | None:
    try:
        number, size = int(params.get("page_no") or 1), int(params.get("page_size") or 10)
    except ValueError:
        return None
    if number < 1 or not 1 <= size <= 100:
        return None
    asked = params.get("model")
    found = [
        model
        for model in catalog.models.values()
        if account.region in model.regions and (not asked or asked == model.id)
    ]
    return found[(number - 1) * size : number * size], {"total": len(found), "page_no": number, "page_size": size}


def trimmed(value: Any, depth: int = 0) -> Any:
    """A request body fit to be kept and shown: long texts (inline pictures) are cut, as is what nests deep."""
    if depth > DEPTH_MAX:
        return "…"
    if isinstance(value, str):
        return value if len(value) <= TEXT_MAX else f"{value[:60]}… ({len(value)} characters)"
    if (fields := as_object(value)) is not None:
        return {str(name): trimmed(item, depth + 1) for name, item in fields.items()}
    if isinstance(value, list):
        return [trimmed(item, depth + 1) for item in as_list(cast("object", value))[:100]]
    return value


def task_view(task: Task, now: float) -> dict[str, Any]:
    """A task as tests and the page see it."""
    return {
        "task_id": task.id,
        "status": task.status_at(now),
        "account": task.account,
        "api_key_id": task.key_id,
        "model": task.model,
        "submit_at": task.submit_at,
        "scheduled_at": task.scheduled_at if task.scheduled_at is not None and task.scheduled_at <= now else None,
        "end_at": task.final_at if task.final_at is not None and task.final_at <= now else None,
        "paid_seconds": task.billed_s if task.status_at(now) == SUCCEEDED else 0.0,
        "code": task.code if task.status_at(now) == FAILED else "",
        "canceled": task.status_at(now) == CANCELED,
        "request": task.body,
        "clip": asdict(task.shot),
    }
