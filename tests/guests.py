"""A server on a free port of this machine that ends with all connections it still has: for lines, poolers and gates."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncGenerator[int]:
    """Its port. Each connection is handed to `serve`, and breaks when that ends; that either side has gone is no error.

    `context`: behind TLS.
    """
    guests: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = asyncio.current_task()
        assert guest is not None
        guests.add(guest)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await serve(reader, writer)
        finally:
            guests.discard(guest)
            writer.transport.abort()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        left = list(guests)
        for guest in left:
            guest.cancel()
        await asyncio.gather(*left, return_exceptions=True)
