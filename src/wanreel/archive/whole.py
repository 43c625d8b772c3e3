"""Whether a clip that lies in the user's storage is a whole MP4, and its hash: it is read once, to its end."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from wanreel.archive.boxes import BoxWalker, NotWhole
from wanreel.domain.errors import Invalid


async def whole_clip(pieces: AsyncIterator[bytes]) -> str:
    """The SHA-256 of a whole clip. Raises Invalid: it is none; and whatever `pieces` raises."""
    digest, boxes = hashlib.sha256(), BoxWalker()
    try:
        async for piece in pieces:
            boxes.feed(piece)
            digest.update(piece)
        boxes.finish()
    except NotWhole as error:
        raise Invalid(f"it is not a whole MP4: {error.why}") from None
    return digest.hexdigest()
