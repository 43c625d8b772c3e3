"""`POST /hooks/eventbridge`: completion events, as EventBridge posts them. Its signature is what lets it in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from wanreel.api.desk import desk_of
from wanreel.api.switch import Room

PATH = "/hooks/eventbridge"

router = Room(tags=["hooks"])


@router.post(PATH, include_in_schema=False)
async def eventbridge(request: Request) -> PlainTextResponse:
    """Judge one delivery, and make the job it speaks of due."""
    query = request.url.query
    path = f"{request.url.path}?{query}" if query else request.url.path
    status, words = await desk_of(request).hear(path, request.headers, await request.body())
    return PlainTextResponse(words + "\n", status)
