"""Copying an artifact out of the storage into a file: whole and checked, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

from wanreel.domain.errors import Unavailable
from wanreel.service.reading import Found, Reading


async def take(reading: Reading, found: Found, target: Path) -> Path:
    """Copy an artifact to a file, or into a folder under its own name; where it lies now. Its length and hash are
    compared with what was kept before it gets its name. Raises NotFound, Unavailable.
    """
    if await asyncio.to_thread(target.is_dir):
        target /= found.filename
    draft = target.with_name(f".{target.name[:80]}.{os.getpid()}.part")
    try:
        await _fill(reading, found, draft)
        await asyncio.to_thread(draft.replace, target)
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        await asyncio.to_thread(draft.unlink, missing_ok=True)
    return target


async def _fill(reading: Reading, found: Found, draft: Path) -> None:
    digest, size_bytes = hashlib.sha256(), 0
    file = await asyncio.to_thread(draft.open, "wb")
    try:
        async for piece in await reading.open(found):
            digest.update(piece)
            size_bytes += len(piece)
            await asyncio.to_thread(file.write, piece)
    finally:
        await asyncio.to_thread(file.close)
    if found.is_clip and (size_bytes, digest.hexdigest()) != (found.artifact.size_bytes, found.artifact.sha256):
        raise Unavailable(
            f"{found.artifact.key} is not what was archived: {size_bytes} bytes came, with another hash; "
            "nothing was written. Look after your storage."
        )
