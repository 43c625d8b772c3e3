"""A proxy between a client and a server that drops, keeps or replaces the answer to the first create or look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

CREATES = ("/video-synthesis", "/videos")
_HOP_BY_HOP = ("host", "content-length", "transfer-encoding", "connection", "content-encoding")


class BadProxy:
    """`fault`: drop, delay, error, or none. `spoiled` counts what was decided by the server and not told. `looks`:
    what is spoiled is not a create but the looks at what became of one.
    """

    def __init__(self, target: str, fault: str, times: int = 1, *, looks: bool = False) -> None:
        self._target = target
        self._fault = fault
        self._left = times
        self._looks = looks
        self._session: aiohttp.ClientSession | None = None
        self._closing = asyncio.Event()
        self.spoiled = 0
        self.url = ""

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[BadProxy]:
        """Listen until the block ends; connections to the server are kept and shared."""
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_route("*", "/{rest:.*}", self._pass_on)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            try:
                yield self
            finally:
                self._closing.set()
                await runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        body = await request.read()
        url = f"{self._target}{request.raw_path}"
        async with self._session.request(request.method, url, headers=headers, data=body) as got:
            data = await got.read()
            answer = web.Response(
                status=got.status,
                body=data,
                headers={name: value for name, value in got.headers.items() if name.lower() not in _HOP_BY_HOP},
            )
        is_create = request.method == "POST" and request.path.endswith(CREATES)
        is_look = request.method == "GET" and "/tasks/" in request.path
        if not (is_look if self._looks else is_create) or self._left <= 0 or self._fault == "none":
            return answer
        self._left -= 1
        self.spoiled += 1
        if self._fault == "error":
            return web.Response(status=500, text="<html>bad gateway</html>", content_type="text/html")
        if self._fault == "delay":
            await self._closing.wait()
        assert request.transport is not None
        request.transport.close()
        return answer
