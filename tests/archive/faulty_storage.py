"""A way to a real S3 server on which calls go wrong as a script says; what was never met is told afterwards."""

from __future__ import annotations

import asyncio
import io
from collections import Counter, deque
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from yarl import URL

HOP = ("transfer-encoding", "connection", "content-encoding", "keep-alive")


@dataclass(frozen=True)
class Fault:
    """A call (begin, part, finish, abort, put, head, get, delete, list, any) and what happens to it."""

    call: str
    kind: str  # a status; drop, drop_after, hang, corrupt_up, corrupt_down, wrong_etag
    times: int = 1


class FaultyStorage:
    """Stands between a client and its storage; signatures go through untouched, the host they name included."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._faults: dict[str, deque[str]] = {}
        self.calls: Counter[str] = Counter()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.over = asyncio.Event()
        self.url = ""

    def script(self, *faults: Fault) -> None:
        """What will go wrong, in order for each call."""
        for fault in faults:
            self._faults.setdefault(fault.call, deque()).extend([fault.kind] * fault.times)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()

    def unmet(self) -> dict[str, list[str]]:
        """Faults that no call has met."""
        return {call: list(kinds) for call, kinds in self._faults.items() if kinds}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0))
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        assert self._runner is not None
        assert self._session is not None
        await self._runner.cleanup()
        await self._session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        call = _call(request)
        self.calls[call] += 1
        waiting = self._faults.get(call) or self._faults.get("any") or deque()
        kind = waiting.popleft() if waiting else ""
        body = await request.read()
        if kind.isdigit():
            return web.Response(status=int(kind), text="<Error><Code>Scripted</Code><Message>So said</Message></Error>")
        if kind == "drop":
            return _dropped(request)
        if kind == "hang":
            await self.over.wait()
        if kind == "corrupt_up" and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        answer = await self._forward(request, body)
        if kind == "drop_after":
            return _dropped(request)
        if kind == "corrupt_down" and isinstance(answer.body, bytes) and answer.body:
            return web.Response(
                status=answer.status, headers=answer.headers, body=bytes([answer.body[0] ^ 1]) + answer.body[1:]
            )
        if kind == "wrong_etag":
            answer.headers["ETag"] = '"00000000000000000000000000000000-3"'
        return answer

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        assert self._session is not None
        headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP}  # Host too: it is signed
        url = URL(f"{self._endpoint}{request.rel_url.raw_path_qs}", encoded=True)
        async with self._session.request(
            request.method, url, headers=headers, data=io.BytesIO(body), allow_redirects=False
        ) as got:
            kept = {k: v for k, v in got.headers.items() if k.lower() not in HOP}
            if request.method != "HEAD":
                kept.pop("Content-Length", None)
            return web.Response(status=got.status, headers=kept, body=await got.read())


def _dropped(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _call(request: web.Request) -> str:
    query, key = request.rel_url.query, request.rel_url.raw_path.strip("/").partition("/")[2]
    if not key:
        return "list"
    if "uploads" in query:
        return "begin"
    if "uploadId" in query:
        return {"PUT": "part", "POST": "finish", "DELETE": "abort"}[request.method]
    return {"PUT": "put", "GET": "get", "HEAD": "head", "DELETE": "delete"}[request.method]
