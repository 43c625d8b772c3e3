"""An OpenAI-compatible endpoint on this machine that answers as it is told: well, with rubbish, not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Say = Callable[[list[dict[str, Any]]], Any]
"""From the checklist to what is answered: a mapping (scores), a text (the message), or a whole web.Response."""


class StandIn:
    """`async with StandIn(say) as it`: `it.url`, and `it.asked`, the bodies that came."""

    def __init__(self, say: Say, *, wait_for: asyncio.Event | None = None) -> None:
        self._say = say
        self._wait_for = wait_for
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=32 * 1024**2)
        app.router.add_post("/v1/chat/completions", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        self.keys.append(request.headers.get("Authorization", ""))
        if self._wait_for is not None:
            await self._wait_for.wait()
        said = self._say(checklist(body))
        if isinstance(said, web.Response):
            return said
        content = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        return web.json_response({"choices": [{"finish_reason": "stop", "message": {"content": content}}]})


def checklist(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What it was asked to look for."""
    text = next(part["text"] for part in body["messages"][1]["content"] if part["type"] == "text")
    return json.loads(text.removeprefix("Checklist: "))


def sees(score_of: Callable[[str], float], sentence: str = "as asked") -> Say:
    """An honest model: what cannot be there it does not see."""

    def say(listed: list[dict[str, Any]]) -> dict[str, Any]:
        def score(text: str) -> float:
            return 0.0 if text.startswith("a white board on which the code") else score_of(text)

        return {"parts": [{"id": i["id"], "score": score(i["text"]), "sentence": sentence} for i in listed]}

    return say
