"""Clips small enough to simulate by the thousand and whole enough for the real check of an MP4's boxes."""

from __future__ import annotations

import hashlib
import struct
from functools import lru_cache

PIECES = 4


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


@lru_cache(maxsize=4096)
def clip_of(task_id: str) -> bytes:
    """The clip of a task: other tasks, other bytes. Its pictures are its last box, so that any cut shows."""
    mark = hashlib.sha256(task_id.encode()).digest()
    header = struct.pack(">IIIII", 0, 0, 0, 1000, 5000) + bytes(80)  # mvhd, version 0: 5 s at 1000 a second
    return _box(b"ftyp", b"isom\0\0\x02\0isommp41") + _box(b"moov", _box(b"mvhd", header)) + _box(b"mdat", mark * 4)


@lru_cache(maxsize=4096)
def sha_of(task_id: str) -> str:
    """The hash of a task's clip."""
    return hashlib.sha256(clip_of(task_id)).hexdigest()
