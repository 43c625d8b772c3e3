"""A server's JSON read back: errors as ours, jobs as videos."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from wanreel.client.video import Video
from wanreel.domain.errors import (
    Conflict,
    Internal,
    Invalid,
    NotFound,
    Problem,
    RateLimited,
    Unauthorized,
    Unavailable,
    VendorRefused,
    WanreelError,
)
from wanreel.domain.job import (
    Account,
    Archiving,
    Artifact,
    Cancel,
    Cancelled,
    Failed,
    Fault,
    Generating,
    Intent,
    Job,
    Outcome,
    Queued,
    SpoolCopy,
    State,
    Submitting,
    Succeeded,
    Task,
    Unconfirmed,
)
from wanreel.domain.request import Request, from_json
from wanreel.money.estimate import Estimate
from wanreel.service.order import Planned

OF_CODE: Mapping[str, type[WanreelError]] = {
    kind.code: kind for kind in (NotFound, Conflict, Unauthorized, RateLimited, Unavailable, VendorRefused, Internal)
} | {"forbidden": Unauthorized, "changed": Conflict}
"""The server's codes read backwards; any other code of a 4xx is an Invalid."""


def error_of(status: int, data: bytes) -> WanreelError:
    """The error an answer means; one that is no problem of ours (a proxy's page) is told by its status."""
    try:
        body: Any = json.loads(data)
    except ValueError:
        body = None
    if not isinstance(body, dict) or "code" not in body:
        words = f"the server answered {status}"
        return Unavailable(words) if status >= 500 else Invalid(words)
    told = cast("dict[str, Any]", body)
    kind = OF_CODE.get(str(told["code"]))
    if kind is not None:
        return kind(str(told.get("detail", "")))
    problems = tuple(
        Problem(str(p.get("field", "")), str(p.get("message", "")), str(p.get("given", "")))
        for p in cast("list[dict[str, Any]]", told.get("problems") or [])
    )
    return Invalid("" if problems else str(told.get("detail", "")), problems)


def video_of(body: Mapping[str, Any], server: str) -> Video:
    """A job of the server's as a video; its clip is at `url`."""
    job = Job(
        id=body["id"],
        request=_request(body),
        account=Account(body["account"], body["region"], ""),
        state=_state(body),
        created_at=instant(body["created_at"]) or 0.0,
        version=body["version"],
        attempt=body["attempt"],
        cancel=Cancel(0.0) if body["cancel_asked"] else None,
        group=body["group"],
        index=body["index"],
        name=body["name"],
        spare_of=body["spare_of"],
        retry_of=body["retry_of"],
        project=body["project"],
        tags=tuple(body["tags"]),
    )
    kept = body.get("artifact")
    url = server + kept["url"] if kept else None
    return Video(
        job,
        None,
        body["attention"],
        url=url,
        favourite=bool(body.get("favourite")),
        progress=body.get("progress"),
        rest_s=body.get("rest_s"),
    )


def planned_of(body: Mapping[str, Any]) -> Planned:
    """What a server says an order would make and cost."""
    e = body["estimate"]
    requests = tuple(map(from_json, body["requests"]))
    seconds = requests[0].duration_s
    amount = None if e["per_clip"] is None else Decimal(e["per_clip"])
    estimate = Estimate(
        amount=amount,
        currency=e["currency"],
        per_second=None if amount is None or not seconds else amount / seconds,
        seconds=seconds,
        at_most=e["at_most"],
        source=e["source"],
        as_of=e["as_of"],
        why=e["why"] or "",
    )
    tags, warnings = tuple(body["tags"]), tuple(body["warnings"])
    return Planned(requests, warnings, estimate, body["project"], tags, body["priority"])


def _request(body: Mapping[str, Any]) -> Request:
    return Request(
        mode=body["mode"],
        model=body["model"],
        prompt=body["prompt"],
        negative_prompt=body["negative_prompt"],
        size=body["size"],
        resolution=body["resolution"],
        ratio=body["ratio"],
        duration_s=body["duration_s"],
        seed=body["seed"],
        asked_model=body["asked_model"],
    )


def _state(body: Mapping[str, Any]) -> State:
    """The state as far as it is shown; what stays the server's is left empty."""
    task = Task(body["task_id"] or "", 0.0)
    outcome = Outcome(
        video_url="",
        url_expires_at=instant(body["url_expires_at"]) or 0.0,
        orig_prompt=body["orig_prompt"],
        actual_prompt=body["actual_prompt"],
        usage=json.dumps(body["usage"] or {}),
        billed_s=body["billed_s"],
    )
    finished_at = instant(body["finished_at"]) or 0.0
    intent = Intent("", instant(body["sent_at"]) or 0.0, 0.0, body["fingerprint"] or "")
    match body["state"]:
        case "queued":
            return Queued(instant(body["due_at"]) or 0.0, why=body["why"] or "")
        case "submitting":
            return Submitting(intent)
        case "unconfirmed":
            return Unconfirmed(intent, instant(body["since"]) or 0.0, body["why"] or "")
        case "generating":
            return Generating(task, 0.0, polls=body["looks"] or 0, status=body["vendor_status"] or "")
        case "archiving":
            at = instant(body.get("spooled_at"))
            spooled = None if at is None else SpoolCopy(at, 0, "")
            return Archiving(task, outcome, 0.0, trouble=body["trouble"] or "", spooled=spooled)
        case "succeeded":
            kept = body["artifact"]
            artifact = Artifact(kept["key"], kept["size_bytes"], kept["sha256"], kept["media_type"])
            return Succeeded(task, outcome, artifact, finished_at)
        case "failed":
            error = body["error"]
            paid = task if body["task_id"] else None
            return Failed(error["code"], error["message"], Fault(error["fault"]), finished_at, paid)
        case "cancelled":
            return Cancelled(finished_at, task if body["task_id"] else None)
        case other:
            raise Unavailable(f"the server knows a state {other!r} that this wanreel does not: upgrade it")


def instant(text: str | None) -> float | None:
    """A time of the server's in seconds since 1970; None for none."""
    return None if text is None else datetime.fromisoformat(text).timestamp()
