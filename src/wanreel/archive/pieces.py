"""A source's pieces: gathered into blocks worth a thread's while, and let go of when they were left in the middle."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import cast

BLOCK_BYTES = 1024 * 1024


async def hand_on(pieces: AsyncIterator[bytes], add: Callable[[bytes], Awaitable[None]]) -> bytes:
    """Give all of them to `add`, gathered into blocks of at least `BLOCK_BYTES`, but for what is left at the end: that
    is returned, to be added and finished in one go. So a clip of less than a block is one step of a thread.
    """
    held: list[bytes] = []
    held_bytes = 0
    async for piece in pieces:
        held.append(piece)
        held_bytes += len(piece)
        if held_bytes >= BLOCK_BYTES:
            await add(b"".join(held))
            held.clear()
            held_bytes = 0
    return b"".join(held)


async def let_go(pieces: AsyncIterator[bytes]) -> None:
    """End a source that was left in the middle, so that its connection goes back at once."""
    if isinstance(pieces, AsyncGenerator):
        await cast("AsyncGenerator[bytes, None]", pieces).aclose()
