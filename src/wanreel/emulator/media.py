"""What is known about the pictures, sounds and clips a request names; looking at them is the app's work."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

from wanreel.emulator.objects import as_list, as_object

PIXELS_MAX = 8000 * 8000
_MB = 1024 * 1024
CLIP = "MP4"
_CLIP_MARKS = (b"ftyp", b"moov", b"wide", b"mdat")
_FORMATS = {"JPEG", "MPO", "PNG", "BMP", "WEBP"}


@dataclass(frozen=True, slots=True)
class Medium:
    """One looked-at input: a picture with its sides, or a file of another kind; or why it could not be had."""

    sha256: str = ""
    size_bytes: int = 0
    width: int = 0
    height: int = 0
    format: str = ""
    alpha: bool = False
    code: str = ""  # not empty: the vendor's code for what is wrong with it
    message: str = ""


#: Stands for a picture nobody looked at (a simulation, or foreign_media=assume): an ordinary 16:9 still.
ASSUMED = Medium(width=1280, height=720, format="PNG")
UNREACHABLE = Medium(code="InvalidURL", message="Required URL is missing or invalid, please check the request URL.")


@dataclass(frozen=True, slots=True)
class Named:
    """A media address in a request body and the role it plays there."""

    url: str
    role: str  # first, last, image, audio, video, file or link


_FIELDS = {
    "img_url": "first",
    "first_frame_url": "first",
    "last_frame_url": "last",
    "image_url": "first",
    "audio_url": "audio",
    "video_url": "video",
    "mask_image_url": "image",
    "mask_video_url": "video",
    "first_clip_url": "video",
    "last_clip_url": "video",
}
# A reference_urls entry may be a picture or a clip: only that it can be had is looked at.
_LISTS = {"reference_urls": "file", "reference_video_urls": "video", "ref_images_url": "image"}
_TYPES = {
    "first_frame": "first",
    "last_frame": "last",
    "reference_image": "image",
    "first_clip": "video",
    "reference_video": "video",
    "video": "video",
    "driving_audio": "audio",
    "reference_audio": "audio",
    "link": "link",
}


#: What Pillow raises over bytes that are no whole picture.
_UNREADABLE = (
    *(UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, EOFError),
    *(ValueError, SyntaxError, TypeError, IndexError, KeyError, OverflowError, struct.error, zlib.error),
)


def named(body: Mapping[str, Any]) -> list[Named]:
    """Every media address of a request body, in the order met; nothing but strings."""
    given = as_object(body.get("input"))
    if given is None:
        return []
    found = [Named(given[name], role) for name, role in _FIELDS.items() if isinstance(given.get(name), str)]
    for name, role in _LISTS.items():
        found += [Named(url, role) for url in as_list(given.get(name)) if isinstance(url, str)]
    for entry in as_list(given.get("media")):
        item = as_object(entry) or {}
        if isinstance(item.get("url"), str):
            found.append(Named(item["url"], _TYPES.get(str(item.get("type")), "file")))
            if isinstance(item.get("reference_voice"), str):
                found.append(Named(item["reference_voice"], "audio"))
    return [entry for entry in found if entry.url]


def look(data: bytes, role: str) -> Medium:
    """Measure the bytes of an input. CPU work: call it off the event loop."""
    sha = sha256(data).hexdigest()
    if role not in ("first", "last", "image"):
        kind = CLIP if data[4:8] in _CLIP_MARKS else ""
        return Medium(sha, len(data), format=kind, code=_sound_or_clip(data, role))
    try:
        with Image.open(BytesIO(data)) as picture:
            width, height = picture.size
            if picture.format not in _FORMATS or width * height > PIXELS_MAX:
                return Medium(sha, len(data), width, height, str(picture.format), code="InvalidImage.FileFormat")
            if picture.getexif().get(0x0112, 1) in (5, 6, 7, 8):
                width, height = height, width
            picture.load()  # a picture cut off or spoilt in the middle shows itself only now
            alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
            return Medium(sha, len(data), width, height, picture.format, alpha)
    except _UNREADABLE:
        return Medium(sha, len(data), code="InvalidImage.FileFormat")


def _sound_or_clip(data: bytes, role: str) -> str:
    """What is wrong with a sound (wav, mp3, 15 MB) or a clip (mp4, mov, 100 MB), judged by its first bytes."""
    if role == "audio":
        known = (data[:4] == b"RIFF" and data[8:12] == b"WAVE") or data[:3] == b"ID3" or data[:1] == b"\xff"
        return "" if known and len(data) <= 15 * _MB else "InvalidURL"
    if role == "video":
        if len(data) > 100 * _MB:
            return "InvalidFile.Size"
        return "" if data[4:8] in _CLIP_MARKS else "InvalidFile.Format"
    return ""


def data_bytes(url: str, *, bare: bool = False) -> bytes | None:
    """The bytes of a ``data:<mime>;base64,…`` address; None when it is not one. ``bare``: it is all Base64."""
    head, comma, tail = ("", "", url) if bare else url.partition(",")
    if not bare and (not head.startswith("data:") or not comma or not head.endswith(";base64")):
        return None
    try:
        return base64.b64decode(tail, validate=True)
    except (binascii.Error, ValueError):
        return None
