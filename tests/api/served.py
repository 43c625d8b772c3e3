"""A home served for real in this process: a socket, a worker, the vendor's emulator, and a caller to ask it with."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from starlette.routing import BaseRoute

from tests.client.small_world import KEY, QUICK, small_vendor
from wanreel.api.app import make_app
from wanreel.api.desk import Desk, Rules
from wanreel.api.face import Face
from wanreel.api.server import Address, bind, serve, url_of
from wanreel.cli.backstage import Backstage
from wanreel.client import Home
from wanreel.emulator.server import Emulator
from wanreel.settings import load
from wanreel.wiring import open_home

OUTSIDE = "https://clips.example.com"
WISH = {"prompt": "Wide shot, a red kite over a grey sea, slow pan", "model": "wan2.5-t2v-preview"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    bytes: bytes
    json: Any


@dataclass(frozen=True)
class Served:
    """A served home. `ask` speaks JSON; `session` is for whatever it does not."""

    url: str
    home: Home
    desk: Desk
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request; header names with underscores for dashes."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, self.url + path, json=body, headers=told) as got:
            data = await got.read()
            is_json = "json" in got.headers.get("content-type", "")
            return Answer(got.status, got.headers, data, await got.json(content_type=None) if is_json else None)

    async def order(self, **wish: Any) -> dict[str, Any]:
        """Order one clip and hand back its job."""
        got = await self.ask("POST", "/v1/jobs", WISH | wish)
        assert 202 == got.status, got.json
        return got.json["jobs"][0]

    async def made(self, **wish: Any) -> dict[str, Any]:
        """Order one clip and wait until it is archived."""
        got = await self.ask("POST", "/v1/jobs", WISH | wish, prefer="wait=30")
        assert 200 == got.status, got.json
        return got.json["jobs"][0]

    async def events(self, path: str = "/v1/events", **headers: str) -> AsyncIterator[dict[str, str]]:
        """Server-sent events as they come, one dictionary each."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(self.url + path, headers=told) as got:
            assert 200 == got.status, await got.text()
            event: dict[str, str] = {}
            async for raw in got.content:
                line = raw.decode().rstrip("\n")
                if not line:
                    if "data" in event:
                        yield event
                    event = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    event[name] = value


@asynccontextmanager
async def served(
    home: Path,
    vendor: Emulator | None,
    *,
    works: bool = True,
    rules: Rules | None = None,
    faces: Sequence[Face] | None = None,
    port: int = 0,
    key: str = KEY,
    policy: Mapping[str, float] | None = None,
    pages: Sequence[BaseRoute] = (),
    **given: Any,
) -> AsyncGenerator[Served]:
    """Serve a home until the block ends. Without a vendor, its address refuses every connection."""
    figures = {name.lower(): float(value) for name, value in QUICK.items()} | dict(policy or {})
    address = vendor.base_url if vendor else "http://127.0.0.1:9/api/v1"
    settings = load(home=home, api_key=key, vendor_url=address, policy=figures, **given)
    async with open_home(settings) as opened:
        stage = Backstage(opened, works=works)
        desk = stage.desk() if rules is None else replace(stage.desk(), rules=rules)
        listening = bind(Address(port=port))
        work = asyncio.create_task(serve(make_app(desk, faces, pages=pages), listening, desk.hub.hang_up))
        stage.begin(url_of(listening))
        try:
            async with aiohttp.ClientSession() as session:
                yield Served(url_of(listening), opened, desk, session)
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
            await stage.close()


__all__ = ["OUTSIDE", "WISH", "Answer", "Served", "served", "small_vendor"]
