"""A plain HTTP caller of a running emulator: no client of ours, no retries."""

from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from tests.emulator.front_desk import T2V
from wanreel.emulator.server import Emulator

KEY = {"Authorization": "Bearer sk-test"}
ASYNC = {**KEY, "X-DashScope-Async": "enable"}


async def call(
    emulator: Emulator,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] = KEY,
    json: Any = None,
    within_s: float = 30.0,
) -> tuple[int, dict[str, Any]]:
    """One call under the base URL; status and JSON."""
    limit = aiohttp.ClientTimeout(total=within_s)
    url = emulator.base_url + path
    async with (
        aiohttp.ClientSession(timeout=limit) as session,
        session.request(method, url, headers=headers, json=json) as answer,
    ):
        return answer.status, await answer.json()


async def create(
    emulator: Emulator,
    slash: str = "",
    *,
    headers: Mapping[str, str] = ASYNC,
    json: Any = None,
    within_s: float = 30.0,
    family: str = "video-generation",
) -> tuple[int, dict[str, Any]]:
    """Submit; a t2v body unless another is given."""
    path = f"/services/aigc/{family}/video-synthesis{slash}"
    return await call(emulator, "POST", path, headers=headers, json=json or T2V, within_s=within_s)


async def finished(emulator: Emulator) -> dict[str, Any]:
    """Submit and let time pass; the body of a finished task."""
    _, body = await create(emulator)
    emulator.advance(3000)
    _, body = await call(emulator, "GET", f"/tasks/{body['output']['task_id']}")
    assert "SUCCEEDED" == body["output"]["task_status"]
    return body


async def fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """Download an address as it stands."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, URL(url, encoded=True), headers=headers) as answer,
    ):
        return answer.status, await answer.read(), {name.lower(): value for name, value in answer.headers.items()}
