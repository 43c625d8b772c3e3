"""`/v1/events`: what happens, as server-sent events; who was away goes on after the last number it has seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.sse import format_sse_event
from starlette.requests import Request
from starlette.responses import StreamingResponse

from wanreel.api.access import Reader, visible_job
from wanreel.api.caller import Caller
from wanreel.api.desk import desk_of
from wanreel.api.groups import jobs_of_group
from wanreel.api.problems import Refusal, documented
from wanreel.api.schemas import EventOut
from wanreel.ports import Happening
from wanreel.service.view import happening_view

router = APIRouter(prefix="/v1", tags=["events"])

EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "The event's number."},
        "event": {"type": "string", "const": "job.changed"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/Event"},
        },
        "retry": {"type": "integer"},
    },
}
PING = b": ping\n\n"
BACK_MS = 1000  # after how long a browser comes back
_SEQ_DIGITS_MAX = 18


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A stream of events named `job.changed`; `data` is an Event, `id` its number.",
            "content": {"text/event-stream": {"schema": EVENT_SCHEMA}},
        },
        **documented("not_found"),
    },
)
async def events(
    request: Request,
    caller: Reader,
    job: Annotated[str | None, Query(max_length=100, description="Only this job's.")] = None,
    group: Annotated[str | None, Query(max_length=100, description="Only this group's.")] = None,
    after: Annotated[int | None, Query(ge=0, lt=10**_SEQ_DIGITS_MAX, description="Go on after this number.")] = None,
    last_event_id: Annotated[str | None, Header(description="The same, as browsers send it.")] = None,
) -> StreamingResponse:
    """Follow what happens to jobs. Browsers use `fetch`, which can send a token, and not EventSource."""
    if job is not None:
        await visible_job(request, job, caller)
    if group is not None:
        await jobs_of_group(desk_of(request), group, caller)
    begin = after if last_event_id is None else _number(last_event_id)
    return StreamingResponse(
        _stream(request, caller, job, group, begin),
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        media_type="text/event-stream",
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _SEQ_DIGITS_MAX):
        raise Refusal("malformed", "Last-Event-ID must be the number of an event of this server.")
    return int(text)


async def _stream(
    request: Request, caller: Caller, job: str | None, group: str | None, begin: int | None
) -> AsyncIterator[bytes]:
    hub = desk_of(request).hub

    def wanted(happening: Happening) -> bool:
        mine = caller.sees(happening.project)
        return mine and job in (None, happening.job_id) and group in (None, happening.group)

    yield format_sse_event(retry=BACK_MS, comment="wanreel")
    async for happening in hub.follow(wanted, begin, job or group):
        yield PING if happening is None else encoded(happening)


def encoded(happening: Happening) -> bytes:
    """An event as it goes over the wire."""
    return format_sse_event(data_str=event_out(happening).model_dump_json(), event="job.changed", id=str(happening.seq))


def event_out(happening: Happening) -> EventOut:
    """An event as documented."""
    return EventOut.model_validate(happening_view(happening))
