"""Puts a reply on the wire, misbehaving as it asks: late, cut in half, or not at all."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from wanreel.emulator.clock import pause
from wanreel.emulator.replies import Reply


async def send(request: web.Request, reply: Reply) -> web.StreamResponse:
    """Answer a request with a reply, or with the lack of one."""
    mishap = reply.mishap
    if mishap is not None and mishap.kind in ("drop_before", "drop_after"):
        return hang_up(request)
    if mishap is not None and mishap.kind == "slow":
        await pause(mishap.delay_s)
    data = reply.body if isinstance(reply.body, bytes) else _encoded(reply.body)
    if mishap is not None and mishap.kind == "half_body":
        return await half(request, reply, data)
    return web.Response(status=reply.status, body=data, headers=dict(reply.headers))


def _encoded(body: dict[str, Any]) -> bytes:
    # A prompt may hold half a surrogate pair, which UTF-8 has no bytes for.
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection. The response handed back is never written."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def half(request: web.Request, reply: Reply, data: bytes) -> web.StreamResponse:
    """Announce the whole body, send half of it, close."""
    response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
    response.content_length = len(data)
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    return end_early(request, response)


def end_early(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Close under a response that announced more than it sent."""
    if request.transport is not None:
        request.transport.close()
    return response
