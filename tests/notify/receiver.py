"""A receiver of webhooks as a user would write it: with the `standardwebhooks` library, on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


@dataclass
class Receiver:
    """Verifies what comes. `answers` are given one after the other, then 204; `hold` keeps every answer back."""

    url: str = ""
    secret: str = ""
    answers: list[int] = field(default_factory=list[int])
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    forged: int = 0
    tries: int = 0
    hold: asyncio.Event | None = None
    signatures: list[str] = field(default_factory=list[str])

    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, there: Callable[[], bool], patience_s: float = 20.0) -> None:
        """Wait until something is so; looked at whenever something has come."""
        async with asyncio.timeout(patience_s):
            while not there():
                self.came.clear()
                await self.came.wait()

    async def take(self, request: web.Request) -> web.Response:
        """One POST."""
        self.tries += 1
        self.came.set()
        body = await request.text()
        if self.hold is not None:
            await self.hold.wait()
        status = self.answers.pop(0) if self.answers else 204
        if status >= 300:
            headers = {"Location": "/elsewhere"} if status in (301, 302, 307, 308) else None
            return web.Response(status=status, headers=headers)
        try:
            told = Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            self.forged += 1
            return web.Response(status=400)
        self.signatures.append(request.headers["webhook-signature"])
        self.heard.append((request.headers["webhook-id"], told))
        self.came.set()
        return web.Response(status=status)


@asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
    """A receiver that listens on a free port."""
    it = Receiver()
    app = web.Application()
    app.router.add_post("/hook", it.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    it.url = f"http://{host}:{port}/hook"
    try:
        yield it
    finally:
        if it.hold is not None:
            it.hold.set()
        await runner.cleanup()
