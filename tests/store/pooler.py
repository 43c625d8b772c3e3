"""A pooler in transaction mode, stricter than real ones: each transaction gets another session than the one before.

It speaks as much of PostgreSQL's protocol as that takes: it counts what was asked and is unanswered, and takes the
session back when the server says that no transaction is open. Settings a client wants at connecting are refused.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.guests import serving

_SSL = 80877103
_KNOWN = {"user", "database", "client_encoding", "application_name"}  # what a pooler lets a client say
_ASKS = b"QS"  # messages that are answered by "ready"


@dataclass
class _Session:
    """A connection to the server, let in already."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    hello: bytes


@dataclass
class Pooler:
    """A running pooler: `url` leads through it. `given` counts how often a session was handed out."""

    url: str
    hello: bytes = b""
    free: deque[_Session] = field(default_factory=deque[_Session])
    given: int = 0
    freed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, but: _Session | None) -> _Session:
        """The session that has rested longest, and never the one the client had before."""
        async with self.freed:
            await self.freed.wait_for(lambda: any(one is not but for one in self.free))
            found = next(one for one in self.free if one is not but)
            self.free.remove(found)
            self.given += 1
            return found

    async def give_back(self, session: _Session) -> None:
        """It may be handed to anybody."""
        async with self.freed:
            self.free.append(session)
            self.freed.notify_all()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind = await reader.readexactly(1)
    size = await reader.readexactly(4)
    return kind, size + await reader.readexactly(struct.unpack("!I", size)[0] - 4)


async def _let_in(host: str, port: int, database: str) -> _Session:
    reader, writer = await asyncio.open_connection(host, port)
    body = struct.pack("!I", 196608) + f"user\0postgres\0database\0{database}\0\0".encode()
    writer.write(struct.pack("!I", len(body) + 4) + body)
    hello = b""
    while True:
        kind, rest = await _message(reader)
        hello += kind + rest
        if kind == b"E":
            raise AssertionError(rest)
        if kind == b"Z":
            return _Session(reader, writer, hello)


async def _serve(pooler: Pooler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        size = struct.unpack("!I", await reader.readexactly(4))[0]
        body = await reader.readexactly(size - 4)
        if struct.unpack("!I", body[:4])[0] != _SSL:
            break
        writer.write(b"N")
    names = set(body[4:].decode().split("\0")[::2]) - {""}
    if names - _KNOWN:
        text = f"SFATAL\0C08P01\0Munsupported startup parameter: {sorted(names - _KNOWN)}\0\0".encode()
        writer.write(b"E" + struct.pack("!I", len(text) + 4) + text)
        return
    writer.write(pooler.hello)
    said: asyncio.Queue[tuple[bytes, bytes] | None] = asyncio.Queue()
    listening = asyncio.get_running_loop().create_task(_listen(reader, said))
    before: _Session | None = None
    try:
        while (first := await said.get()) is not None and first[0] != b"X":
            session = await pooler.take(before)
            try:
                await _transaction(first, session, said, writer)
            finally:
                await pooler.give_back(session)
            before = session
    finally:
        listening.cancel()


async def _listen(reader: asyncio.StreamReader, said: asyncio.Queue[tuple[bytes, bytes] | None]) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            said.put_nowait(await _message(reader))
    said.put_nowait(None)


async def _transaction(
    first: tuple[bytes, bytes],
    session: _Session,
    said: asyncio.Queue[tuple[bytes, bytes] | None],
    writer: asyncio.StreamWriter,
) -> None:
    """Hand messages to and fro until the server says that no transaction is open and nothing is unanswered."""
    asked = 0

    async def ask() -> None:
        nonlocal asked
        message: tuple[bytes, bytes] | None = first
        while message is not None and message[0] != b"X":
            asked += message[0] in _ASKS
            session.writer.write(message[0] + message[1])
            message = await said.get()
        text = b"ROLLBACK\0"  # the client has gone
        asked += 1
        session.writer.write(b"Q" + struct.pack("!I", len(text) + 4) + text)
        said.put_nowait(None)

    asking = asyncio.get_running_loop().create_task(ask())
    try:
        while True:
            answer, body = await _message(session.reader)
            writer.write(answer + body)
            if answer == b"Z":
                asked -= 1
                if not asked and body[4:] == b"I":
                    return
    finally:
        asking.cancel()


@asynccontextmanager
async def pooled(url: str, sessions: int = 6) -> AsyncGenerator[Pooler]:
    """A pooler before a database."""
    parts = urlsplit(url)
    database = parts.path.lstrip("/")
    pooler = Pooler("")
    pooler.free.extend([await _let_in(parts.hostname or "", parts.port or 0, database) for _ in range(sessions)])
    pooler.hello = pooler.free[0].hello

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _serve(pooler, reader, writer)
        finally:  # what was said last arrives
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    try:
        async with serving(serve) as port:
            pooler.url = f"postgresql://postgres@127.0.0.1:{port}/{database}"
            yield pooler
    finally:
        for session in pooler.free:
            session.writer.close()
            await session.writer.wait_closed()
