"""MP4s to archive: real small ones made by an encoder, and ones put together from bare boxes."""

from __future__ import annotations

import functools
import struct
import tempfile
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIDE = 64
FPS = 8
FRAMES = 16


@functools.cache
def real_clip(*, movflags: str = "+faststart", shade: int = 0) -> bytes:
    """Two seconds of H.264 of 64 x 64; the same arguments give the same bytes."""
    with tempfile.TemporaryDirectory() as folder:  # moving the index to the front reads the file again, by name
        path = Path(folder, "clip.mp4")
        encode_clip(path, movflags=movflags, shade=shade)
        return path.read_bytes()


def encode_clip(path: Path, *, movflags: str = "+faststart", shade: int = 0, frames: int = FRAMES) -> None:
    """Encode grey pictures that grow lighter, by 8 of 256 a frame, into a file."""
    with av.open(path, "w", format="mp4", options={"movflags": movflags}) as container:
        stream = container.add_stream("libx264", rate=Fraction(FPS), options={"preset": "ultrafast", "threads": "1"})
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            picture = np.full((SIDE, SIDE, 3), (shade + 8 * number) % 256, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def box(kind: bytes, content: bytes = b"", *, long: bool = False) -> bytes:
    """One box, with a 32-bit or a 64-bit size."""
    if long:
        return struct.pack(">I4sQ", 1, kind, len(content) + 16) + content
    return struct.pack(">I4s", len(content) + 8, kind) + content


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")
MOOV = box(b"moov", box(b"mvhd", bytes(12) + struct.pack(">II", 1000, 5000) + bytes(80)))


def bare_clip(media: bytes = b"\1\2\3\4", *, long: bool = False, to_end: bool = False) -> bytes:
    """The least that counts as a whole MP4: a type, an index that says five seconds, some media."""
    mdat = struct.pack(">I4s", 0, b"mdat") + media if to_end else box(b"mdat", media, long=long)
    return FTYP + MOOV + mdat


def top_boxes(clip: bytes) -> list[tuple[str, int]]:
    """Type and end of each top-level box, read in the plainest way: what the walker is compared with."""
    found: list[tuple[str, int]] = []
    at = 0
    while at < len(clip):
        size, kind = struct.unpack_from(">I4s", clip, at)
        if size == 1:
            (size,) = struct.unpack_from(">Q", clip, at + 8)
        at = at + size if size else len(clip)
        found.append((kind.decode(), at))
    return found


def cut(data: bytes, size: int) -> Iterator[bytes]:
    """The bytes in pieces of a size."""
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    """The bytes as a source hands them out."""
    for piece in cut(data, size):
        yield piece
