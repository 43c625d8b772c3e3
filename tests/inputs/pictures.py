"""Small pictures and sounds, made on the spot."""

from __future__ import annotations

import io
import struct
import wave
import zlib

from PIL import Image


def picture(kind: str = "PNG", *, mode: str = "RGB", size: tuple[int, int] = (300, 200), orientation: int = 0) -> bytes:
    """A picture with some structure, in a format of Pillow's."""
    image = Image.linear_gradient("L").resize(size).convert(mode)
    if mode in {"RGBA", "LA"}:
        image.putalpha(100)
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    out = io.BytesIO()
    if orientation:
        image.save(out, kind, exif=exif)
    else:
        image.save(out, kind)
    return out.getvalue()


def wav(seconds: float = 0.1) -> bytes:
    """Silence as PCM."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(8000 * seconds) * 2))
    return out.getvalue()


def mp3(frames: int = 3, *, tag: bytes = b"") -> bytes:
    """Frames of layer III at 128 kbit/s and 44.1 kHz, 417 bytes each, after an ID3 tag of given content."""
    size = len(tag)
    head = b"ID3\4\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + tag if tag else b""
    return head + (b"\xff\xfb\x90\x00" + bytes(413)) * frames


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header promises a size that its few bytes do not hold."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(999))) + chunk(b"IEND", b"")
    )
