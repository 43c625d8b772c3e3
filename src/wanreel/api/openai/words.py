"""Our jobs as OpenAI's videos, and errors as its clients read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from wanreel.api.problems import GIVEN_LETTERS_MAX, TABLE, Told
from wanreel.domain.capacity import RUN_S
from wanreel.domain.catalog import Catalog
from wanreel.domain.job import Archiving, Cancelled, Failed, Generating, Job, Succeeded

QUEUED, IN_PROGRESS, COMPLETED, FAILED = "queued", "in_progress", "completed", "failed"
POLL_AFTER = "openai-poll-after-ms"
POLL_MS_MIN, POLL_MS, POLL_MS_MAX = 500, 2000, 15_000
JSON = "application/json"
_ARCHIVING = 97  # percent: it is made, and on its way home
_MAKING_MOST = 95


def status_of(job: Job) -> str:
    """Where a job stands. What waits for a slot of ours is queued, never an error."""
    state = job.state
    if isinstance(state, Succeeded):
        return COMPLETED
    if isinstance(state, (Failed, Cancelled)):
        return FAILED
    if isinstance(state, Archiving) or (isinstance(state, Generating) and state.status != "PENDING"):
        return IN_PROGRESS
    return QUEUED


def progress_of(job: Job, now: float, rest_s: float | None) -> int:
    """About how much of the way is behind it, in percent; `rest_s` is what such tasks take from here."""
    state = job.state
    if isinstance(state, Succeeded):
        return 100
    if isinstance(state, Archiving):
        return _ARCHIVING
    if status_of(job) != IN_PROGRESS or not isinstance(state, Generating):
        return 0
    age_s = max(0.0, now - state.task.accepted_at)
    whole_s = age_s + (rest_s if rest_s is not None else max(RUN_S - age_s, RUN_S / 10))
    return min(_MAKING_MOST, max(1, int(100 * age_s / max(whole_s, 1.0))))


def poll_ms(job: Job, rest_s: float | None) -> int | None:
    """When to ask again: a quarter of the time it will likely take; None once it has ended."""
    if status_of(job) in (COMPLETED, FAILED):
        return None
    return POLL_MS if rest_s is None else int(min(max(rest_s * 250, POLL_MS_MIN), POLL_MS_MAX))


def video(job: Job, catalog: Catalog, *, progress: int, expires_at: float | None = None) -> dict[str, Any]:
    """A job as a video object."""
    state, request = job.state, job.request
    finished_at = getattr(state, "finished_at", None)
    return {
        "id": job.id,
        "object": "video",
        "model": request.model,
        "status": status_of(job),
        "progress": progress,
        "created_at": int(job.created_at),
        "completed_at": None if finished_at is None else int(finished_at),
        "expires_at": None if expires_at is None else int(expires_at),
        "prompt": request.prompt,
        "seconds": str(request.duration_s or 0),
        "size": _size(job, catalog),
        "remixed_from_video_id": job.retry_of,
        "error": _trouble(job),
    }


def _size(job: Job, catalog: Catalog) -> str:
    """Pixels where they are known; the tier where the clip takes its picture's shape."""
    request = job.request
    if request.size:
        return request.size.replace("*", "x")
    model = catalog.model(request.model)
    found = model.size(request.resolution, request.ratio) if model and request.resolution and request.ratio else None
    return f"{found.width}x{found.height}" if found else request.resolution or "unknown"


def _trouble(job: Job) -> dict[str, str] | None:
    state = job.state
    if isinstance(state, Failed):
        return {"code": state.code, "message": state.message}
    return {"code": "cancelled", "message": "It was cancelled."} if isinstance(state, Cancelled) else None


# --- errors ---------------------------------------------------------------------------------------------------------

ERRORS: Mapping[str, tuple[int, str]] = {
    "invalid": (400, "invalid_request_error"),
    "malformed": (400, "invalid_request_error"),
    "unauthorized": (401, "authentication_error"),
    "forbidden": (403, "permission_error"),
    "not_found": (404, "invalid_request_error"),
    "not_allowed": (405, "invalid_request_error"),
    "too_slow": (408, "invalid_request_error"),
    "conflict": (409, "invalid_request_error"),
    "changed": (409, "invalid_request_error"),
    "too_large": (413, "invalid_request_error"),
    "unsupported": (415, "invalid_request_error"),
    "bad_range": (416, "invalid_request_error"),
    "wrong_host": (421, "invalid_request_error"),
    "rate_limited": (429, "rate_limit_error"),
    "headers_too_large": (431, "invalid_request_error"),
    "internal": (500, "server_error"),
    "vendor_refused": (502, "server_error"),
    "unavailable": (503, "server_error"),
}
"""Our codes, with the status and the type such a client expects."""

_THEIR_FIELDS = {"duration_s": "seconds", "first_frame": "input_reference"}
_FINAL = frozenset({"conflict", "changed"})  # statuses its SDK would try again, to no end


def refuse(what: Told, request_id: str) -> Response:
    """An error in OpenAI's shape."""
    status, kind = ERRORS[what.code]
    first = what.problems[0] if what.problems else None
    param = None if first is None else _THEIR_FIELDS.get(first.field, first.field)
    error = {"message": _words(what), "type": kind, "param": param, "code": what.code}
    headers = dict(what.headers) | ({"x-should-retry": "false"} if what.code in _FINAL else {})
    text = json.dumps({"error": error}, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, status, headers, JSON)


def _words(what: Told) -> str:
    rows = [(_THEIR_FIELDS.get(p.field, p.field), p.message, p.given[:GIVEN_LETTERS_MAX]) for p in what.problems]
    return (
        " ".join(f"{field}: {words}{given and f' (given: {given})'}." for field, words, given in rows) or what.message
    )


def documented() -> dict[int | str, dict[str, Any]]:
    """The errors any route of this face may answer with, for the OpenAPI document."""
    found: dict[int | str, dict[str, Any]] = {}
    for code, (status, kind) in ERRORS.items():
        example = {"error": {"message": TABLE[code].advice, "type": kind, "param": None, "code": code}}
        content = {"schema": ERROR_SCHEMA, "example": example}
        found.setdefault(status, {"description": TABLE[code].title, "content": {JSON: content}})
    return found


_MAYBE = {"type": ["string", "null"]}
ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"message": {"type": "string"}, "type": {"type": "string"}, "param": _MAYBE, "code": _MAYBE},
            "required": ["message", "type", "param", "code"],
        }
    },
    "required": ["error"],
}

VIDEO_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "object": {"const": "video"},
        "model": {"type": "string"},
        "status": {"enum": [QUEUED, IN_PROGRESS, COMPLETED, FAILED]},
        "progress": {"type": "integer", "minimum": 0, "maximum": 100},
        "created_at": {"type": "integer"},
        **{name: {"type": ["integer", "null"]} for name in ("completed_at", "expires_at")},
        "prompt": {"type": "string"},
        "seconds": {"type": "string"},
        "size": {"type": "string"},
        "remixed_from_video_id": _MAYBE,
        "error": {"type": ["object", "null"]},
    },
    "required": ["id", "object", "model", "status", "progress", "created_at", "seconds", "size"],
}
