"""Tests of listening: which addresses are allowed, and what a taken one is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from wanreel.api.server import Address, bind, check_address, serve, url_of
from wanreel.domain.errors import Conflict, Invalid


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "video.example"])
def test_other_addresses_need_tokens(host: str) -> None:
    """An address that others can reach is refused while anybody is let in, and the refusal says how to go on."""
    with pytest.raises(Invalid, match="wanreel tokens add"):
        check_address(Address(host), tokens=False)
    check_address(Address(host), tokens=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_machine_needs_none(host: str) -> None:
    """Loopback is fine without tokens."""
    check_address(Address(host), tokens=False)


def test_a_taken_port_is_said_so() -> None:
    """Two servers on one port: the second one hears why, and what to do."""
    first = bind(Address(port=0))
    try:
        port = int(url_of(first).rpartition(":")[2])
        with pytest.raises(Conflict, match="--port"):
            bind(Address(port=port))
    finally:
        first.close()


# --- slow headers ---------------------------------------------------------------------------------------------------


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers everything; has nothing to start or stop."""
    if scope["type"] == "http":
        await PlainTextResponse("fine")(scope, receive, send)
        return
    for part in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{part}.complete"})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server that waits a third of a second for headers."""
    listening = bind(Address(port=0))
    work = asyncio.create_task(serve(_app, listening, lambda: None, headers_s=0.3))
    try:
        yield int(url_of(listening).rpartition(":")[2])
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        listening.close()


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n"])
async def test_headers_that_never_end(port: int, begun: bytes) -> None:
    """Whoever opens a connection and sends no headers, or never ends them, is let go."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begun)
    async with asyncio.timeout(5):
        assert b"" == await reader.read()
    writer.close()


async def test_the_next_request_likewise(port: int) -> None:
    """A kept connection serves one request after another; one whose headers stop half-way is let go as well."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert b"fine" == await reader.readexactly(4)
    writer.write(b"GET / HT")
    async with asyncio.timeout(5):
        assert b"" == await reader.read()
    writer.close()
