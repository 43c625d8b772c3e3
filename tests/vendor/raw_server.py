"""A server of raw sockets for tests: counts every byte it is sent, and answers exactly what a script says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Seen:
    """One connection: the head and body of its request as far as they came, and whether it was opened at all."""

    head: str = ""
    body: bytes = b""
    data: bytes = b""

    def header(self, name: str) -> str | None:
        """A header of the request, by its name in any case."""
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name.lower():
                return value.strip()
        return None


Script = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawServer:
    """Where it listens, and all connections it has seen, in order."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    over: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))  # one for each closed connection

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Seen]:
        """Connections on which at least one byte came."""
        return [one for one in self.seen if one.data]

    async def calm(self, count: int) -> None:
        """Return when so many connections have come and gone."""
        async with asyncio.timeout(10):
            for _ in range(count):
                await self.over.acquire()


@asynccontextmanager
async def raw_server(*scripts: Script) -> AsyncGenerator[RawServer, None]:
    """Each connection is read up to the end of its request and then handed to its script; the last one repeats."""
    made = RawServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        one = Seen()
        made.seen.append(one)
        script = scripts[min(len(made.seen), len(scripts)) - 1]
        try:
            await _read(reader, one)
            if one.data:
                await script(one, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            made.over.release()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader, one: Seen) -> None:
    while b"\r\n\r\n" not in one.data:
        piece = await reader.read(65_536)
        one.data += piece
        if not piece:
            return
    head, _, body = one.data.partition(b"\r\n\r\n")
    one.head, one.body = head.decode(), body
    length = int(one.header("content-length") or 0)
    while len(one.body) < length:
        piece = await reader.read(65_536)
        if not piece:
            return
        one.body += piece
        one.data += piece


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> Script:
    """A whole answer; underscores in header names stand for hyphens."""

    async def script(_: Seen, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
        if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
            lines.append(f"Content-Length: {len(body)}")
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)

    return script


async def drop(_: Seen, writer: asyncio.StreamWriter) -> None:
    """Close without a word."""
    writer.transport.abort()


def silence(until: asyncio.Event) -> Script:
    """Say nothing until told."""

    async def script(_: Seen, writer: asyncio.StreamWriter) -> None:
        await until.wait()

    return script
