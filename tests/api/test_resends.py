"""Existing clients at their default retries, with a proxy between us that spoils answers already decided: paid once."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.bad_proxy import BadProxy
from tests.api.served import Served, served, small_vendor
from tests.api.test_clients import AI_SDK, CLIENTS, run
from tests.e2e.clip import small_clip
from wanreel.emulator.server import Emulator

PYTHON = ("dashscope-1x", "dashscope-20", "openai")
IMPATIENCE_S = 3  # in place of the minutes after which such a client gives an answer up


@pytest.fixture
async def filming(tmp_path: Path) -> AsyncIterator[tuple[Served, Emulator]]:
    """A home served and worked over an emulator that makes real, small clips."""
    with small_vendor(render=lambda _: small_clip()) as vendor:
        async with served(tmp_path / "home", vendor) as it:
            yield it, vendor


async def said_by(client: str, url: str, how: str, *, impatient: bool = False) -> list[str]:
    """What a client got from its calls."""
    if client == "ai-sdk":
        if not (AI_SDK / "node_modules").is_dir() or shutil.which("node") is None:
            pytest.skip("run `make setup` first")
        more = [str(IMPATIENCE_S * 1000)] if impatient else []
        return json.loads(await run("node", str(AI_SDK / "equal.mjs"), url, how, *more))
    more = [str(IMPATIENCE_S)] if impatient else []
    return json.loads(await run(sys.executable, str(CLIENTS / "equal_calls.py"), client, url, how, *more))


async def paid(server: Served, vendor: Emulator) -> int:
    """Tasks the emulator was asked for, once every job has ended."""
    for job in (await server.ask("GET", "/v1/jobs")).json["data"]:
        ended = await server.ask("GET", f"/v1/jobs/{job['id']}", prefer="wait=30")
        assert "succeeded" == ended.json["state"]
    return len(vendor.tasks())


@pytest.mark.parametrize("fault", ["drop", "error", "delay"])
@pytest.mark.parametrize("client", [*PYTHON, "ai-sdk"])
async def test_one_call_is_paid_once(filming: tuple[Served, Emulator], client: str, fault: str) -> None:
    """Whatever becomes of the answer, and however often the client sends its create again: one task."""
    server, vendor = filming
    async with BadProxy(server.url, fault).open() as proxy:
        await said_by(client, proxy.url, "once", impatient=fault == "delay")
        assert 1 == proxy.spoiled
    assert 1 == await paid(server, vendor)


@pytest.mark.parametrize("how", ["side", "looked"])
@pytest.mark.parametrize("client", [*PYTHON, "ai-sdk"])
async def test_three_equal_calls_are_three_jobs(filming: tuple[Served, Emulator], client: str, how: str) -> None:
    """Side by side, or one after another with a look between: as many clips as were asked for."""
    server, vendor = filming
    got = await said_by(client, server.url, how)
    assert 3 == len(got)
    assert 3 == await paid(server, vendor)


@pytest.mark.parametrize(("key", "tasks"), [("", 2), ("shot-17", 1)])
async def test_the_ai_sdk_starts_anew_when_a_look_is_lost(
    filming: tuple[Served, Emulator], key: str, tasks: int
) -> None:
    """Its retry repeats the whole call though it knew the task: a new order to us, unless it has a key."""
    if not (AI_SDK / "node_modules").is_dir() or shutil.which("node") is None:
        pytest.skip("run `make setup` first")
    server, vendor = filming
    async with BadProxy(server.url, "drop", looks=True).open() as proxy:
        assert 1 == len(json.loads(await run("node", str(AI_SDK / "equal.mjs"), proxy.url, "once", "0", key)))
        assert 1 == proxy.spoiled
    assert tasks == await paid(server, vendor)
