"""Clips to look into: some that grow brighter in known steps, some with sound, some made to hurt."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

STEPS = 32


def brightening(path: Path, key_every: int, *, side: tuple[int, int] = (64, 48), salt: str = "") -> Path:
    """32 pictures, 8 a second, each 8 of 256 brighter than the last, with a key frame every so many. `salt` makes the
    bytes differ and nothing else.
    """
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(8), options={"threads": "1", "crf": "1"})
        stream.width, stream.height = side
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = key_every
        for number in range(STEPS):
            picture = np.full((side[1], side[0], 3), 8 * number, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", 8 + len(salt.encode()), b"free") + salt.encode())
    return path


def with_sound(path: Path) -> Path:
    """A second of black with a second of silence."""
    with av.open(path, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=8)
        video.width = video.height = 64
        sound = container.add_stream("aac", rate=44100)
        for _ in range(8):
            container.mux(video.encode(av.VideoFrame(64, 64, "yuv420p")))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44100), dtype=np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(sound.encode(frame))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    return path


def encoded(path: Path, codec: str, sides: tuple[int, int], frames: int = 2) -> Path:
    """Black pictures of a codec in an MP4."""
    with av.open(path, "w", format="mp4") as container:
        video: Any = container.add_stream(codec, rate=8)
        video.width, video.height = sides
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame(*sides, video.pix_fmt)
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def large(path: Path, size_bytes: int, clip: bytes) -> Path:
    """A clip of a gigabyte that takes no room: its index last, before it a hole of picture data nobody refers to."""
    kinds = {kind: (start, end) for kind, start, end in boxes(clip)}
    start, end = kinds[b"moov"]
    assert end == len(clip), "make it with its index last"
    hole = size_bytes - len(clip)
    with path.open("wb") as file:
        file.write(clip[:start])
        file.write(struct.pack(">I4sQ", 1, b"mdat", hole))
        file.seek(start + hole)
        file.write(clip[start:])
    return path


def boxes(clip: bytes) -> list[tuple[bytes, int, int]]:
    """Kind, start and end of the top-level boxes."""
    found: list[tuple[bytes, int, int]] = []
    at = 0
    while at < len(clip):
        size, kind = struct.unpack_from(">I4s", clip, at)
        found.append((kind, at, at + size))
        at += size
    return found


def claiming(clip: bytes, *, samples: int) -> bytes:
    """A clip whose index says that it holds so many pictures, in every table that counts them."""
    changed = bytearray(clip)
    for kind, count_at in ((b"stsz", 12), (b"stts", 12)):
        at = clip.index(kind)
        struct.pack_into(">I", changed, at + count_at, samples)
    return bytes(changed)
