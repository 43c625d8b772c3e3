"""A gigabyte that is a whole MP4, served at a set pace by a process of its own, for the archive's bench."""

from __future__ import annotations

import asyncio
import struct
import sys
import time

from tests.archive.clips import FTYP, MOOV

SIZE_BYTES = 1024 * 1024 * 1024
_BLOCK = bytes(range(256)) * 4096  # one mebibyte


def head() -> bytes:
    """The clip up to its pictures."""
    start = FTYP + MOOV
    return start + struct.pack(">I4s", SIZE_BYTES - len(start), b"mdat")


async def serve(bytes_s: int) -> None:
    """Print the port, then answer every connection with the clip; 0: as fast as it is taken."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE_BYTES}\r\nConnection: close\r\n\r\n".encode() + head())
        left, began_at, sent = SIZE_BYTES - len(head()), time.monotonic(), 0
        while left:
            block = _BLOCK[: min(left, len(_BLOCK))]
            writer.write(block)
            await writer.drain()
            left -= len(block)
            sent += len(block)
            if bytes_s and (ahead_s := began_at + sent / bytes_s - time.monotonic()) > 0:
                await asyncio.sleep(ahead_s)
        writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
