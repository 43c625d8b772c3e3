"""Knocking at a webhook's door: what keeps it shut is said in words, and nothing is ever posted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from wanreel.notify.knocking import knock


@pytest.fixture
async def door() -> AsyncIterator[tuple[int, asyncio.Queue[bytes]]]:
    """A port that takes connections, and what was said through each."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


async def test_an_open_door(door: tuple[int, asyncio.Queue[bytes]]) -> None:
    """It is only opened and shut: no request, no secret."""
    port, heard = door
    assert "" == await knock(f"http://127.0.0.1:{port}/hooks/secret", private=True)
    assert b"" == await heard.get()


async def test_nobody_there() -> None:
    """A port that is closed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert f"takes no connections at port {port}" in await knock(f"http://127.0.0.1:{port}/x", private=True)


async def test_no_such_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads nowhere is said to."""

    async def nowhere(*_: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr("wanreel.notify.addresses.ThreadedResolver.resolve", nowhere)
    assert "the name hooks.example leads nowhere" == await knock("https://hooks.example/x", private=False)


async def test_a_place_webhooks_may_not_go(door: tuple[int, asyncio.Queue[bytes]]) -> None:
    """The rules are the courier's: a private address, and a name that leads to one, are not even knocked at."""
    port, heard = door
    assert "private" in await knock(f"https://127.0.0.1:{port}/x", private=False)
    assert "private" in await knock(f"https://localhost:{port}/x", private=False)
    assert heard.empty()


async def test_no_tls_where_it_must_be(door: tuple[int, asyncio.Queue[bytes]]) -> None:
    """A plain door at an https address: it never answers as TLS does."""
    port, _ = door
    words = await knock(f"https://127.0.0.1:{port}/x", private=True, patience_s=0.2)
    assert "127.0.0.1" in words
