"""Tests of the tools for agents, driven by the protocol's official client library over a real process."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.client.small_world import bought, environment, small_vendor
from wanreel.emulator.server import Emulator
from wanreel.mcp.tools import key_of

WISH = {"prompt": "A red kite over a grey sea", "model": "wan2.5-t2v-preview"}


@pytest.fixture
def vendor() -> Iterator[Emulator]:
    """The vendor, two thousand times as quick."""
    with small_vendor() as emulator:
        yield emulator


@asynccontextmanager
async def agent(home: Path, vendor: Emulator) -> AsyncGenerator[ClientSession]:
    """A session with `wanreel mcp` as an MCP host makes one."""
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "wanreel", "mcp"], env=environment(home, vendor)
    )
    async with stdio_client(command) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        yield session


async def call(session: ClientSession, tool: str, **arguments: Any) -> Any:
    """What a tool gave."""
    got = await session.call_tool(tool, arguments)
    text = "".join(getattr(part, "text", "") for part in got.content)
    assert not got.is_error, text
    return got.structured_content if got.structured_content is not None else json.loads(text)


async def test_an_agent_orders_waits_and_lists(vendor: Emulator, tmp_path: Path) -> None:
    """Submitted, waited for with ticks, listed; the link leads to the clip, and one clip was bought."""
    async with agent(tmp_path / "home", vendor) as session:
        names = {tool.name for tool in (await session.list_tools()).tools}
        assert {"submit", "get", "wait", "list", "cancel", "estimate"} == names
        job = await call(session, "submit", **WISH)
        ticks: list[float] = []

        async def tick(progress: float, total: float | None, message: str | None) -> None:
            ticks.append(progress)

        got = await session.call_tool("wait", {"job_id": job["job_id"], "seconds": 60}, progress_callback=tick)
        done = got.structured_content
        assert done is not None
        assert ("succeeded", True) == (done["state"], done["done"])
        listed = await call(session, "list", state="succeeded")
        assert [job["job_id"]] == [one["job_id"] for one in listed["result"]]
    assert Path(done["link"]).is_file()  # noqa: ASYNC240 - one look
    assert 1 == bought(vendor)


async def test_the_same_order_again_buys_nothing(vendor: Emulator, tmp_path: Path) -> None:
    """A host that repeats a call whose answer it lost gets the same job, in a new session too; a take is another."""
    async with agent(tmp_path / "home", vendor) as session:
        first = await call(session, "submit", **WISH)
        again = await call(session, "submit", **WISH)
    async with agent(tmp_path / "home", vendor) as session:
        later = await call(session, "submit", **WISH)
        other = await call(session, "submit", **WISH, take=2)
        await call(session, "wait", job_id=other["job_id"], seconds=60)
        await call(session, "wait", job_id=first["job_id"], seconds=60)
    assert first["job_id"] == again["job_id"] == later["job_id"] != other["job_id"]
    assert 2 == bought(vendor)


async def test_estimates_and_mistakes_cost_nothing(vendor: Emulator, tmp_path: Path) -> None:
    """A price is told without ordering, and a wrong order says in words what is wrong."""
    async with agent(tmp_path / "home", vendor) as session:
        assert "CNY" in (await call(session, "estimate", **WISH))["price"]
        got = await session.call_tool("submit", WISH | {"duration_s": 7})
        assert got.is_error
        assert "duration_s" in "".join(getattr(part, "text", "") for part in got.content)
    assert 0 == bought(vendor)


def test_keys_follow_the_order() -> None:
    """Equal orders have equal keys; a word, a take or a picture makes another."""
    assert key_of("a", {}, 1) == key_of("a", {}, 1)
    assert 4 == len({key_of("a", {}, 1), key_of("b", {}, 1), key_of("a", {}, 2), key_of("a", {"size": "720P"}, 1)})
