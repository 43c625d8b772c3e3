"""Two real `wanreel api` processes over one store, before which a client's creates are dealt out: bought once each."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.client.small_world import KEY
from tests.store.pg_server import Server

MEETINGS = 10  # on a machine that is busy one of two calls may come when the other has been answered
WISH = {"model": "wan2.5-t2v-preview", "prompt": "A red kite over a grey sea", "seconds": "5"}


@pytest.fixture(params=["sqlite", "postgres"])
def faces(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The addresses of two processes over one store; nobody works the jobs."""
    more: dict[str, str] = {}
    if request.param == "postgres":
        server: Server = request.getfixturevalue("pg_server")
        database = server.database(request.getfixturevalue("pg_template"))
        more = {"WANREEL_DATABASE_URL": database, "WANREEL_ARCHIVE": f"file://{tmp_path / 'clips'}"}
    with ExitStack() as stack:
        yield _face(stack, tmp_path, more), _face(stack, tmp_path, more)


def _face(stack: ExitStack, home: Path, more: Mapping[str, str]) -> str:
    env = {**os.environ, "WANREEL_HOME": str(home), "DASHSCOPE_API_KEY": KEY, **more}
    command = [sys.executable, "-m", "wanreel", "api", "--port", "0"]
    process = stack.enter_context(subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True))
    stack.callback(process.send_signal, signal.SIGTERM)
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def create(session: aiohttp.ClientSession, face: str, **more: Any) -> tuple[str, bool]:
    """The id a create was answered with, and whether it was an earlier one's."""
    async with session.post(f"{face}/v1/videos", json=WISH | more) as got:
        body = await got.json()
        assert 200 == got.status, body
        return body["id"], "Wanreel-Resend-Of" in got.headers


async def send(face: str, **more: Any) -> asyncio.StreamWriter:
    """A create that nobody will hear the answer of: its connection, to be broken."""
    where, body = urlsplit(face), json.dumps(WISH | more).encode()
    _, writer = await asyncio.open_connection(where.hostname, where.port)
    head = f"POST /v1/videos HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    return writer


async def jobs_of(session: aiohttp.ClientSession, face: str, words: str) -> list[str]:
    """Ids of the jobs with these words."""
    async with session.get(f"{face}/v1/jobs", params={"q": words}) as got:
        return [job["id"] for job in (await got.json())["data"]]


async def test_creates_dealt_out_to_two_processes(faces: tuple[str, str]) -> None:
    """Sent again to the other one: the same job. Named at the other one, or made side by side: another."""
    here, there = faces
    async with aiohttp.ClientSession() as session:
        first, resend = await create(session, here)
        assert not resend
        assert (first, True) == await create(session, there)
        async with session.get(f"{there}/v1/videos/{first}") as got:
            assert 200 == got.status
        second, resend = await create(session, here)
        assert not resend
        assert first != second

        for take in range(MEETINGS):
            both = (create(session, face, prompt=f"A blue boat, take {take}") for face in (here, there))
            sides = await asyncio.gather(*both)
            if not any(resend for _, resend in sides):
                break
        else:
            pytest.fail("calls made side by side never met")
        assert sides[0][0] != sides[1][0]

        writer = await send(here, prompt="A green hill")
        async with asyncio.timeout(60):
            while not (lost := await jobs_of(session, there, "green hill")):
                continue
        writer.close()
        assert (lost[0], True) == await create(session, there, prompt="A green hill")
        assert lost == await jobs_of(session, there, "green hill")
