"""A small HTTP server for the metrics alone, for a worker that no other face stands in front of."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from wanreel.domain.errors import Unavailable

PATH = "/metrics"


@asynccontextmanager
async def exposing(text: Callable[[], Awaitable[bytes]], host: str, port: int) -> AsyncGenerator[int]:
    """The metrics on host and port (0: any free one); gives the port. Raises Unavailable where it cannot be had."""

    async def told(_: web.Request) -> web.Response:
        return web.Response(body=await text(), content_type="text/plain", charset="utf-8")

    app = web.Application()
    app.router.add_get(PATH, told)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise Unavailable(f"metrics cannot be served at {host}:{port}: {error.strerror}") from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
