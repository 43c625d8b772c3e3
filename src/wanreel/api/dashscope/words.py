"""The vendor's words for our jobs: statuses, times in UTC+8, list rows, error bodies (FS §4, §5, §9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from starlette.responses import Response

from wanreel.api.problems import GIVEN_LETTERS_MAX, TABLE, Told
from wanreel.domain.job import (
    Archiving,
    Cancelled,
    Failed,
    Generating,
    Job,
    Outcome,
    Succeeded,
    current_task,
)

PENDING, RUNNING, SUCCEEDED, FAILED = "PENDING", "RUNNING", "SUCCEEDED", "FAILED"
CANCELED, UNKNOWN = "CANCELED", "UNKNOWN"
STATUSES = (PENDING, RUNNING, SUCCEEDED, FAILED, CANCELED)

_BEIJING = timezone(timedelta(hours=8))

ERRORS: Mapping[str, tuple[int, str]] = {
    "invalid": (400, "InvalidParameter"),
    "malformed": (400, "BadRequest.IllegalInput"),
    "unauthorized": (401, "InvalidApiKey"),
    "forbidden": (403, "AccessDenied"),
    "not_found": (404, "NotFound"),
    "not_allowed": (405, "BadRequest.IllegalInput"),
    "too_slow": (408, "RequestTimeOut"),
    "conflict": (409, "Conflict"),
    "changed": (409, "Conflict"),
    "too_large": (413, "BadRequest.TooLarge"),
    "unsupported": (400, "BadRequest.IllegalInput"),
    "bad_range": (400, "InvalidParameter"),
    "wrong_host": (421, "AccessDenied"),
    "rate_limited": (429, "Throttling.RateQuota"),
    "headers_too_large": (431, "BadRequest.TooLarge"),
    "internal": (500, "InternalError"),
    "vendor_refused": (500, "InternalError"),
    "unavailable": (503, "ModelUnavailable"),
}
"""Our codes as the vendor would say them; the statuses are its own where it has one (FS §9)."""

UNSUPPORTED = "unsupported_operation"
_NOT_PENDING = "Failed to cancel the task, please confirm if the task is in PENDING status."


def status_of(job: Job) -> str:
    """Where a job stands, as the vendor would say of a task. What waits for a slot of ours is PENDING, no error."""
    state = job.state
    if isinstance(state, Generating):
        return PENDING if state.status == PENDING else RUNNING
    if isinstance(state, Archiving):
        return RUNNING
    if isinstance(state, Succeeded):
        return SUCCEEDED
    if isinstance(state, Failed):
        return FAILED
    return CANCELED if isinstance(state, Cancelled) else PENDING


def local_time(at: float) -> str:
    """An instant as the vendor writes it: UTC+8, milliseconds, no zone."""
    found = datetime.fromtimestamp(round(at * 1000) / 1000, UTC).astimezone(_BEIJING)
    return found.replace(tzinfo=None).isoformat(" ", "milliseconds")


def list_bound(text: str) -> float | None:
    """The instant of a list's YYYYMMDDhhmmss; None where it is none."""
    if len(text) != 14 or not (text.isascii() and text.isdecimal()):
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=_BEIJING).timestamp()
    except ValueError:
        return None


def _times(job: Job) -> dict[str, float]:
    """When it was ordered, picked up and ended, as far as it has come."""
    found = {"submit_time": job.created_at}
    task, status = current_task(job), status_of(job)
    if task is not None and status != PENDING:
        found["scheduled_time"] = max(task.accepted_at, job.created_at)
    finished_at = getattr(job.state, "finished_at", None)
    if finished_at is not None:
        found["end_time"] = finished_at
    return found


def task_view(job: Job, video_url: str | None) -> dict[str, Any]:
    """A query's answer without its request id (FS §4.2). `video_url`: of a clip that can be shown."""
    output: dict[str, Any] = {"task_id": job.id, "task_status": status_of(job)}
    output |= {name: local_time(at) for name, at in _times(job).items()}
    state = job.state
    body: dict[str, Any] = {"output": output}
    if isinstance(state, Succeeded):
        output["orig_prompt"] = state.outcome.orig_prompt or job.request.prompt
        if state.outcome.actual_prompt is not None:
            output["actual_prompt"] = state.outcome.actual_prompt
        output["video_url"] = video_url or ""
        body["usage"] = _usage(state.outcome)
    elif isinstance(state, Failed):
        output |= {"code": state.code, "message": state.message}
    return body


def unknown_view(task_id: str) -> dict[str, Any]:
    """What is said of a task nobody here may see: the same for missing and for somebody else's."""
    return {"output": {"task_id": task_id, "task_status": UNKNOWN}}


def _usage(outcome: Outcome) -> dict[str, Any]:
    return json.loads(outcome.usage)


def row(job: Job, key_id: str) -> dict[str, Any]:
    """A list row: epoch milliseconds, no URL (FS §5.2)."""
    times = _times(job)
    start, end = times.get("scheduled_time"), times.get("end_time")
    return {
        "task_id": job.id,
        "status": status_of(job),
        "model_name": job.request.model,
        "region": job.account.region,
        "api_key_id": key_id,
        "caller_uid": job.project,
        "caller_parent_id": job.project,
        "request_id": job.id,
        "gmt_create": round(job.created_at * 1000),
        "start_time": None if start is None else round(start * 1000),
        "end_time": None if end is None else round(end * 1000),
        "user_api_unique_key": f"apikey:v1:aigc:{_family(job)}:video-synthesis:{job.request.model}",
    }


def named_row(job: Job) -> dict[str, Any]:
    """The same as the SDK's 2.0 surface looks for it, under `tasks`: a task as a query shows it."""
    found = {"task_id": job.id, "task_status": status_of(job), "model_name": job.request.model}
    return found | {name: local_time(at) for name, at in _times(job).items()}


def _family(job: Job) -> str:
    return "image2video" if job.request.mode == "kf2v" and "kf2v" in job.request.model else "video-generation"


# --- errors ---------------------------------------------------------------------------------------------------------


def refuse(what: Told, request_id: str) -> Response:
    """An error in the vendor's shape: a code, words, a request id."""
    if what.code == UNSUPPORTED:
        return _error(400, "UnsupportedOperation", _NOT_PENDING, request_id)
    status, code = ERRORS[what.code]
    return _error(status, code, _words(what), request_id, what.headers)


def _words(what: Told) -> str:
    if what.code == "unauthorized":
        return "No API-key provided." if what.message == "A token is needed." else "Invalid API-key provided."
    if not what.problems:
        return what.message
    return " ".join(f"{p.field}: {p.message}{_given(p.given)}." for p in what.problems)


def _given(given: str) -> str:
    return f" (given: {given[:GIVEN_LETTERS_MAX]})" if given else ""


def _error(status: int, code: str, message: str, request_id: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"code": code, "message": message, "request_id": request_id}
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, status, dict(headers or {}), "application/json")


def documented() -> dict[int | str, dict[str, Any]]:
    """The errors any route of this face may answer with, for the OpenAPI document."""
    found: dict[int | str, dict[str, Any]] = {}
    for ours, (status, code) in ERRORS.items():
        example = {"code": code, "message": TABLE[ours].advice, "request_id": "req_01h8xgjt2k3m4n5p6q7r8s9t0v"}
        content = {"schema": ERROR_SCHEMA, "example": example}
        found.setdefault(status, {"description": f"{code}: {TABLE[ours].title}", "content": {JSON: content}})
    return found


JSON = "application/json"
ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("code", "message", "request_id")},
    "required": ["code", "message", "request_id"],
}
