"""A job as every face shows it: plain values, ISO times, nothing secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast

from wanreel.domain.asking import read_question
from wanreel.domain.event import Entry
from wanreel.domain.job import (
    Archiving,
    Artifact,
    Cancelled,
    Failed,
    Generating,
    Job,
    Outcome,
    Queued,
    Succeeded,
    Unconfirmed,
    current_task,
    state_name,
)
from wanreel.domain.mark import Mark, tags_of
from wanreel.domain.request import Stored
from wanreel.ports.feed import Happening


def iso(at: float | None) -> str | None:
    """An instant as ISO 8601 in UTC, to the millisecond."""
    if at is None or at in (float("inf"), float("-inf")):
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def view(job: Job, where: Callable[[Artifact], str], mark: Mark | None = None) -> dict[str, Any]:
    """The public shape of a job; `mark` is what was said of it since it was ordered."""
    state, request = job.state, job.request
    task = current_task(job)
    body: dict[str, Any] = {
        "id": job.id,
        "state": state_name(state),
        "mode": request.mode,
        "model": request.model,
        "asked_model": request.asked_model or request.model,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "size": request.size,
        "resolution": request.resolution,
        "ratio": request.ratio,
        "duration_s": request.duration_s,
        "seed": request.seed,
        "created_at": iso(job.created_at),
        "finished_at": iso(getattr(state, "finished_at", None)),
        "account": job.account.id,
        "region": job.account.region,
        "attempt": job.attempt,
        "group": job.group,
        "index": job.index,
        "name": job.name,
        "project": job.project,
        "tags": list(tags_of(job, mark)),
        "favourite": mark is not None and mark.favourite,
        "max_cost": None if job.max_cost is None else str(job.max_cost),
        "group_max_cost": None if job.group_max_cost is None else str(job.group_max_cost),
        "priority": job.priority,
        "lint": [asdict(remark) for remark in job.remarks],
        "spare_of": job.spare_of,
        "retry_of": job.retry_of,
        "cancel_asked": job.cancel is not None,
        "task_id": task.id if task else None,
        "seed_certain": task.seed_certain if task else None,
        "past_task_ids": [t.id for t in job.past],
    }
    return body | _told(job, where)


def _told(job: Job, where: Callable[[Artifact], str]) -> dict[str, Any]:
    """What the state itself has to say."""
    state = job.state
    if isinstance(state, Queued):
        return {"due_at": iso(state.due_at), "why": state.why or None}
    if isinstance(state, Unconfirmed):
        code, given = read_question(state.asks)
        return {
            "since": iso(state.since),
            "why": state.why,
            "sent_at": iso(state.intent.at),
            "fingerprint": state.intent.fingerprint,
            "asks": state.asks or None,
            "asks_code": code or None,
            "asks_given": given if code else None,
        }
    if isinstance(state, Generating):
        return {"vendor_status": state.status, "looks": state.polls, "trouble": state.trouble or None}
    if isinstance(state, Archiving):
        spooled_at = iso(state.spooled.at) if state.spooled else None
        return _outcome(state.outcome) | {"trouble": state.trouble or None, "spooled_at": spooled_at}
    if isinstance(state, Succeeded):
        artifact = asdict(state.artifact) | {"where": where(state.artifact)}
        return _outcome(state.outcome) | {"artifact": artifact}
    if isinstance(state, Failed):
        error = {"code": state.code, "message": state.message, "fault": str(state.fault)}
        return (_outcome(state.outcome) if state.outcome else {}) | {"error": error}
    if isinstance(state, Cancelled):
        return _outcome(state.outcome) if state.outcome else {}
    return {}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "orig_prompt": outcome.orig_prompt,
        "actual_prompt": outcome.actual_prompt,
        "usage": json.loads(outcome.usage),
        "billed_s": outcome.billed_s,
        "url_expires_at": iso(outcome.url_expires_at),
    }


def view_entry(entry: Entry) -> dict[str, Any]:
    """One line of a job's history."""
    return {
        "version": entry.version,
        "at": iso(entry.at),
        "event": type(entry.event).__name__,
        "from": entry.state_from,
        "to": entry.state_to,
        "reason": entry.reason,
        "details": _plain(asdict(entry.event)),
    }


def happening_view(happening: Happening) -> dict[str, Any]:
    """Something that happened, as every face tells it."""
    return {
        "seq": happening.seq,
        "at": iso(happening.at),
        "project": happening.project,
        "group": happening.group,
        "job": happening.job_id,
        "version": happening.version,
        "state": happening.state,
        "event": happening.event,
        "reason": happening.reason,
    }


def view_inputs(job: Job) -> list[dict[str, Any]]:
    """The pictures and sounds a job starts from."""
    return [
        {"role": m.role, "file": m.source.name, "sha256": m.source.sha256}
        if isinstance(m.source, Stored)
        else {"role": m.role, "url": m.source.url}
        for m in job.request.media
    ]


def _plain(value: Any) -> Any:
    """JSON-safe: no infinities."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in cast("list[Any]", value)]
    return None if value in (float("inf"), float("-inf")) else value
