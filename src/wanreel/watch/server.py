"""A small HTTP server for the hook alone, for a runner that no other face stands in front of."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

from wanreel.domain.errors import Unavailable
from wanreel.watch.hook import BODY_BYTES_MAX, EventHook


@asynccontextmanager
async def serving(hook: EventHook, host: str, port: int) -> AsyncGenerator[int]:
    """The hook on host and port (0: any free one); gives the port. Raises Unavailable where it cannot be had."""

    async def take(request: web.Request) -> web.Response:
        body = await request.content.read(BODY_BYTES_MAX + 1)
        while len(body) <= BODY_BYTES_MAX and (more := await request.content.read(BODY_BYTES_MAX + 1 - len(body))):
            body += more
        said = await hook.handle(request.method, str(request.rel_url), request.headers, body)
        return web.Response(status=said.status, text=said.words + "\n")

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", take)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise Unavailable(f"events cannot be received at {host}:{port}: {error.strerror}") from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
