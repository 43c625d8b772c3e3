"""The vendor's paths: create on both, query, list, cancel. No look calls the vendor; a create is durable at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Annotated, Any, NoReturn

from fastapi import Depends, Path, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wanreel.api.access import Reader, Submitter, visible_job
from wanreel.api.caller import Caller
from wanreel.api.dashscope.reading import order_of, read_create
from wanreel.api.dashscope.uploads import opened_url
from wanreel.api.dashscope.words import (
    PENDING,
    STATUSES,
    UNSUPPORTED,
    documented,
    list_bound,
    named_row,
    row,
    status_of,
    task_view,
    unknown_view,
)
from wanreel.api.desk import Desk, desk_of
from wanreel.api.orders import closed
from wanreel.api.placing import Mark, place, resend_headers
from wanreel.api.problems import Refusal
from wanreel.api.switch import Room
from wanreel.api.weighing import Scales
from wanreel.domain.errors import Conflict, Invalid, NotFound, Problem, Unavailable
from wanreel.domain.job import Job, Succeeded
from wanreel.ports.jobs import Filter
from wanreel.service.order import Order
from wanreel.service.reading import SHARED_PATH

HOP = "x-wanreel-hop"
DAY_S = 86_400.0
PAGE = 500
PAGE_SIZE_MAX = 100
_FRAMES = ("first_frame", "last_frame", "audio_file")

NO_SYNC = "current user api does not support synchronous calls"
SERVED = (
    "POST services/aigc/video-generation/video-synthesis, POST services/aigc/image2video/video-synthesis, "
    "GET tasks, GET tasks/{task_id}, POST tasks/{task_id}/cancel, GET uploads?action=getPolicy"
)


async def no_hop(request: Request) -> None:
    """Refuse what another wanreel sends to its vendor: we would be our own. Raises Refusal."""
    if HOP in request.headers:
        words = (
            "This is a wanreel server, and the request comes from one: it would order from itself. Give the home the "
            "vendor's own address (--base-url, WANREEL_VENDOR_URL), not this server's."
        )
        raise Refusal("forbidden", words)


router = Room(prefix="/api/v1", tags=["dashscope"], dependencies=[Depends(no_hop)])

TaskId = Annotated[str, Path(max_length=200, examples=["job_01k8xgjt2k3m4n5p6q7r8s9t0v"])]

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "model": {"type": "string"},
                        "input": {"type": "object"},
                        "parameters": {"type": "object"},
                    },
                    "required": ["model", "input"],
                },
                "example": {
                    "model": "wan2.6-t2v",
                    "input": {"prompt": "Wide shot, a red kite over a grey sea, slow pan"},
                    "parameters": {"size": "1280*720", "duration": 5},
                },
            }
        },
    }
}


_CREATED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Stored, and made as soon as a slot is free.",
        "content": {
            "application/json": {
                "example": {
                    "output": {"task_status": PENDING, "task_id": "job_01k8xgjt2k3m4n5p6q7r8s9t0v"},
                    "request_id": "req_01k8xgjt2k3m4n5p6q7r8s9t0v",
                }
            }
        },
    },
    **documented(),
}


@router.post("/services/aigc/image2video/video-synthesis", responses=_CREATED, openapi_extra=_BODY)
async def create_from_frames(request: Request, caller: Submitter) -> Response:
    """Order a clip; every model is taken on either path."""
    return await _create(request, caller)


@router.post("/services/aigc/video-generation/video-synthesis", responses=_CREATED, openapi_extra=_BODY)
async def create(request: Request, caller: Submitter) -> Response:
    """Order a clip. Beyond our slots it waits as PENDING; the task id is our job's."""
    return await _create(request, caller)


for _path, _call in (("image2video", create_from_frames), ("video-generation", create)):
    router.add_api_route(f"/services/aigc/{_path}/video-synthesis/", _call, methods=["POST"], include_in_schema=False)


async def _create(request: Request, caller: Caller) -> Response:
    desk = desk_of(request)
    if request.headers.get("x-dashscope-async", "").lower() != "enable":
        raise Refusal("forbidden", NO_SYNC)
    body = await read_json(request)
    told = read_create(body, desk.catalog, desk.account.region)
    order = await _opened(desk, caller, replace(order_of(told, body["model"]), project=caller.project))

    async def make(mark: Mark) -> Job:
        marked = replace(order, key=mark.key, ask=mark.ask)
        job = (await desk.service.submit(marked))[0]
        desk.nudge()
        await desk.note(caller, job.project, "order", job.id)
        return job

    placed = await place(request, caller, "/api/v1/video-synthesis", body, make)
    output = {"task_status": PENDING, "task_id": placed.job.id}
    return JSONResponse({"output": output, "request_id": request.state.request_id}, headers=resend_headers(placed))


async def read_json(request: Request) -> Any:
    """The body as JSON. Raises Refusal."""
    raw = await request.body()
    Scales().take(raw)  # whatever its content type says
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as why:
        raise Refusal("malformed", f"The body is not JSON: {str(why)[:120]}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


async def _opened(desk: Desk, caller: Caller, order: Order) -> Order:
    """The order with its uploads as files of ours. Raises Invalid: a path of the server's own disk among its media."""
    fields, called = dict[str, str](), dict[str, str]()
    for name in _FRAMES:
        url = getattr(order, name)
        if url is None:
            continue
        fields[name], word = await opened_url(desk, caller, name, url)
        called[fields[name]] = word
        problem = closed(name, url) if fields[name] == url else None
        if problem is not None:
            raise Invalid("", (problem,))
    for kind, url in order.more_media:
        reference, _ = await opened_url(desk, caller, kind, url)
        if not url.startswith(("http://", "https://", "oss://")) or url != reference:
            raise Invalid("", (Problem(f"input.media {kind}", "must be an http(s) link here", url[:80]),))
    return replace(order, **fields, called=called)


# --- tasks ----------------------------------------------------------------------------------------------------------


@router.get("/tasks/{task_id}", responses=documented())
async def query(request: Request, task_id: TaskId, caller: Reader) -> dict[str, Any]:
    """A task as it stands; UNKNOWN for what is not there or somebody else's."""
    desk = desk_of(request)
    job = await _mine(request, task_id, caller)
    if job is None:
        return unknown_view(task_id) | {"request_id": request.state.request_id}
    return task_view(job, await video_url(request, desk, job)) | {"request_id": request.state.request_id}


@router.post("/tasks/{task_id}/cancel", responses=documented())
async def cancel(request: Request, task_id: TaskId, caller: Submitter) -> dict[str, Any]:
    """Stop a task that is still PENDING."""
    desk = desk_of(request)
    job = await _mine(request, task_id, caller)
    if job is None or status_of(job) != PENDING:
        raise _not_pending()
    try:
        await desk.service.cancel(job.id)
    except Conflict:  # it has ended meanwhile
        raise _not_pending() from None
    desk.nudge()
    await desk.note(caller, job.project, "cancel", job.id)
    return {"request_id": request.state.request_id}


def _not_pending() -> Refusal:
    return Refusal(UNSUPPORTED, "")


async def _mine(request: Request, task_id: str, caller: Caller) -> Job | None:
    try:
        job = await visible_job(request, task_id, caller)
    except NotFound:
        return None
    await desk_of(request).creates.follow(job.id)
    return job


async def video_url(request: Request, desk: Desk, job: Job) -> str | None:
    """A link to our archive that does not die in a day; None where there is no clip to show (any more)."""
    if not isinstance(job.state, Succeeded):
        return None
    base = (desk.reading.public_url or str(request.base_url)).rstrip("/")
    try:
        return f"{base}{SHARED_PATH}{(await desk.reading.share(job.id)).token}"
    except (NotFound, Conflict, Invalid, Unavailable):
        return None


@dataclass(frozen=True, slots=True)
class _Page:
    number: int
    size: int
    start_at: float
    end_at: float
    wanted: Mapping[str, str]

    def takes(self, job: Job) -> bool:
        """Whether a job is among what was asked for."""
        wanted = self.wanted
        return (
            self.start_at <= job.created_at <= self.end_at
            and wanted.get("task_id") in (None, "", job.id)
            and wanted.get("model_name") in (None, "", job.request.model)
            and wanted.get("region") in (None, "", job.account.region)
            and wanted.get("status") in (None, "", status_of(job))
        )


@router.get("/tasks", responses=documented())
async def list_tasks(
    request: Request,
    caller: Reader,
    page_no: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=1_000_000)] = 10,
    start_time: Annotated[str, Query(max_length=20, description="YYYYMMDDhhmmss, UTC+8.")] = "",
    end_time: Annotated[str, Query(max_length=20, description="Likewise; at most 24 hours later.")] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    model_name: Annotated[str, Query(max_length=200)] = "",
    task_id: Annotated[str, Query(max_length=200)] = "",
    region: Annotated[str, Query(max_length=40)] = "",
) -> dict[str, Any]:
    """Tasks of the last 24 hours, or of a window of that length; oldest first. Under `data` as documented, and under
    `tasks` as one of the vendor's own SDKs looks for them.
    """
    desk = desk_of(request)
    if status and status not in STATUSES:
        raise Invalid("", (Problem("status", f"must be one of {', '.join(STATUSES)}", status),))
    start_at, end_at = _window(start_time, end_time, desk.clock.now())
    wanted = {"task_id": task_id, "model_name": model_name, "region": region, "status": status}
    page = _Page(page_no, min(page_size, PAGE_SIZE_MAX), start_at, end_at, wanted)
    found = await _found(desk, caller, page)
    shown = found[(page.number - 1) * page.size : page.number * page.size]
    return {
        "request_id": request.state.request_id,
        "total": len(found),
        "total_page": ceil(len(found) / page.size),
        "page_no": page.number,
        "page_size": page.size,
        "data": [row(job, caller.token) for job in shown],
        "tasks": [named_row(job) for job in shown],
    }


router.add_api_route("/tasks/", list_tasks, methods=["GET"], include_in_schema=False)


def _window(start: str, end: str, now: float) -> tuple[float, float]:
    """The span of a list. Raises Invalid."""
    bounds = {name: list_bound(text) for name, text in (("start_time", start), ("end_time", end)) if text}
    for name, at in bounds.items():
        if at is None:
            raise Invalid("", (Problem(name, "must be like 20260115100000", start if name == "start_time" else end),))
    first, last = bounds.get("start_time"), bounds.get("end_time")
    end_at = last + 1 if last is not None else first + DAY_S if first is not None else now
    start_at = first if first is not None else end_at - DAY_S
    if not 0 <= end_at - start_at <= DAY_S + 1:
        words = "The time range between start_time and end_time must not exceed 24 hours."
        raise Invalid("", (Problem("end_time", words, end),))
    return start_at, end_at


async def _found(desk: Desk, caller: Caller, page: _Page) -> list[Job]:
    """All jobs of a page's window that it asks for, oldest first."""
    found: list[Job] = []
    after: str | None = None
    while True:
        jobs = await desk.service.list(Filter(project=caller.project, limit=PAGE, after=after))
        found += [job for job in jobs if page.takes(job)]
        if len(jobs) < PAGE or jobs[-1].created_at < page.start_at - 60:
            return found[::-1]
        after = jobs[-1].id


@router.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
async def nothing(request: Request, rest: str) -> Response:
    """Whatever else the vendor serves. Raises Refusal, in words that say what is served here."""
    raise Refusal("not_found", f"There is no {request.method} {rest[:80]} here. Served under this address: {SERVED}.")
