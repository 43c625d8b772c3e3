"""`/v1/events`: what happens, as server-sent events; who was away goes on after the last number it has seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import Header, Query
from fastapi.sse import format_sse_event
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from wanreel.api.access import Reader, visible_job
from wanreel.api.caller import Caller
from wanreel.api.desk import Desk, desk_of
from wanreel.api.groups import group_seen
from wanreel.api.hub import Listener, Wanted
from wanreel.api.problems import Refusal, documented
from wanreel.api.schemas import EventOut
from wanreel.api.switch import Room
from wanreel.domain.errors import WanreelError
from wanreel.ports.feed import Happening
from wanreel.service.view import happening_view

router = Room(prefix="/v1", tags=["events"])

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
EVENT_EXAMPLE = {
    "id": "17",
    "event": "job.changed",
    "data": '{"seq":17,"at":"2026-11-26T09:00:00.000Z","project":"films","group":null,'
    '"job":"job_01k8xgjt2k3m4n5p6q7r8s9t0v","version":3,"state":"generating","event":"Accepted","reason":""}',
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
            "content": {"text/event-stream": {"schema": EVENT_SCHEMA, "example": EVENT_EXAMPLE}},
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
    desk = desk_of(request)
    told = None if job is None else desk.hub.heard_of(job)
    if job is not None and not (told and told.job_id == job and caller.sees(told.project)):
        await visible_job(request, job, caller)
    told = None if group is None else desk.hub.heard_of(group)
    if group is not None and not (told and told.group == group and caller.sees(told.project)):
        await group_seen(desk, group, caller)
    begin = after if last_event_id is None else _number(last_event_id)

    def wanted(happening: Happening) -> bool:
        mine = caller.sees(happening.project)
        return mine and job in (None, happening.job_id) and group in (None, happening.group)

    return EventStream(desk, caller, wanted, job or group, begin)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _SEQ_DIGITS_MAX):
        raise Refusal("malformed", "Last-Event-ID must be the number of an event of this server.")
    return int(text)


class EventStream(StreamingResponse):
    """What a listener hears, until its caller leaves or the server stops.

    A caller who leaves ends the listener, and with it the stream: nothing is cancelled. A cancelled stream would leave
    a hundred objects in a ring at each end, and every thousand callers a pause in which nobody is answered.
    """

    def __init__(self, desk: Desk, caller: Caller, wanted: Wanted, subject: str | None, begin: int | None) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__((), headers=headers, media_type="text/event-stream")
        self._desk = desk
        self._caller = caller
        self._hub = desk.hub
        self._wanted = wanted
        self._subject = subject
        self._begin = begin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Listen, and tell."""
        listener = self._hub.listen(self._wanted, self._subject)
        self.body_iterator = self._told(listener)
        watching = asyncio.get_running_loop().create_task(_until_gone(receive, listener))
        try:
            await self.stream_response(send)
        finally:
            watching.cancel()
            self._hub.leave(listener)

    async def _told(self, listener: Listener) -> AsyncGenerator[bytes]:
        yield format_sse_event(retry=BACK_MS, comment="wanreel")
        async with aclosing(self._hub.follow(listener, self._begin)) as told:
            async for happening in told:
                if not await self._may_hear():
                    return
                yield PING if happening is None else encoded(happening)

    async def _may_hear(self) -> bool:
        """Whether the caller's token is in force: one that was revoked hears nothing more on a stream it has opened."""
        try:
            await self._desk.still(self._caller)
        except (Refusal, WanreelError):  # who may hear more comes back in a second
            return False
        return True


async def _until_gone(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end()


def encoded(happening: Happening) -> bytes:
    """An event as it goes over the wire."""
    return format_sse_event(data_str=event_out(happening).model_dump_json(), event="job.changed", id=str(happening.seq))


def event_out(happening: Happening) -> EventOut:
    """An event as documented."""
    return EventOut.model_validate(happening_view(happening))
