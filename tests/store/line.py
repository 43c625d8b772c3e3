"""A line between programs and their PostgreSQL that can be cut, frozen, or lose the answers to commits."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.guests import serving

_COMMIT = b"COMMIT;\0"
_BYTES = 65_536


@dataclass
class Line:
    """A running line: `url` leads over it.

    share: how many of the commits meet a cut, from 0 to 1; of those every other one is cut before the server hears of
    it, and every other one after the server has answered and before the answer arrives. `lost`: how often each was met.
    dawdles: that the server has closed a connection arrives long after its last word.
    """

    url: str
    chance: random.Random
    share: float = 0.0
    dawdles: bool = False
    lost: dict[str, int] = field(default_factory=lambda: {"before": 0, "after": 0})
    open: asyncio.Event = field(default_factory=asyncio.Event)
    writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    def freeze(self) -> None:
        """Nothing arrives any more, in either direction, and nobody is told: the network has gone."""
        self.open.clear()

    def thaw(self) -> None:
        """It is back, and what was on its way arrives."""
        self.open.set()

    def cut(self) -> None:
        """Every connection there is breaks."""
        for writer in self.writers:
            writer.transport.abort()


async def _serve(line: Line, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await line.open.wait()
    there, back = await asyncio.open_connection(host, port)
    both = {writer, back}
    line.writers |= both
    cutting = False

    async def ask() -> None:
        nonlocal cutting
        while said := await reader.read(_BYTES):
            await line.open.wait()
            if said.endswith(_COMMIT) and line.chance.random() < line.share:
                cutting = line.lost["after"] < line.lost["before"]
                line.lost["after" if cutting else "before"] += 1
                if not cutting:
                    return
            back.write(said)

    async def answer() -> None:
        while said := await there.read(_BYTES):
            await line.open.wait()
            if cutting:
                return
            writer.write(said)
        if line.dawdles:
            await asyncio.Event().wait()

    loop = asyncio.get_running_loop()
    pumps = {loop.create_task(ask()), loop.create_task(answer())}
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        for end in both:
            end.transport.abort()
        line.writers -= both


@asynccontextmanager
async def over_a_line(url: str, seed: int = 1) -> AsyncGenerator[Line]:
    """A line to a database."""
    parts = urlsplit(url)
    line = Line("", random.Random(seed))
    line.thaw()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _serve(line, parts.hostname or "", parts.port or 0, reader, writer)

    async with serving(serve) as port:
        line.url = f"postgresql://postgres@127.0.0.1:{port}{parts.path}"
        yield line
