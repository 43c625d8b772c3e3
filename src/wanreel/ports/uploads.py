"""Files that callers of a server send ahead of an order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

UPLOAD_BYTES_MAX = 64 * 1024 * 1024


UPLOAD_BEGIN_S = 300.0  # how long the right to send a file holds


UPLOAD_LIFE_S = 48 * 3600.0  # as long as the vendor keeps what is uploaded to it (FS §7)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent ahead of an order, or the right to send it: `path` is None until it has come whole."""

    id: str
    project: str | None  # None: of a caller who may see all projects
    name: str
    expires_at: float
    size_bytes: int = 0
    path: Path | None = None


class Uploads(Protocol):
    """Files that callers of a server send ahead of an order. Raises Unavailable."""

    async def begin(self, project: str | None) -> Upload:
        """The right to send one file within a few minutes, under an id nobody guesses."""
        ...

    async def keep(self, upload_id: str, name: str, pieces: AsyncIterator[bytes], part: str = "") -> Upload:
        """Take the file, whole or not at all. With `part` (hex digits), one of several that one right is used for: its
        id is the two together. Raises NotFound, Conflict (it has come already), Invalid (its size).
        """
        ...

    async def find(self, upload_id: str) -> Upload:
        """An upload by its id. Raises NotFound, in the same words for one that has expired."""
        ...

    async def sweep(self) -> None:
        """Remove what has expired."""
        ...
