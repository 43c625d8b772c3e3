"""What a picture's bytes are, told by its content and never by its name, and whether they really decode.

Formats are the vendor's (FS §2.2); whether sides and transparency suit a model is the catalog's to say.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image

PIXELS_MAX = 8000 * 8000  # the largest the vendor takes (FS §2.2), so more is never decoded
FORMATS = ("JPEG", "PNG", "BMP", "WEBP")
_MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "BMP": "image/bmp", "WEBP": "image/webp"}
# What Pillow raises over broken bytes; its plugins let nearly anything through.
_BROKEN: tuple[type[Exception], ...] = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError),
    *(EOFError, MemoryError, OSError, SyntaxError, Warning, struct.error, zlib.error),
)
_ORIENTATION = 0x0112
_LYING = frozenset({5, 6, 7, 8})  # EXIF orientations that swap width and height


class NotUsable(Exception):
    """The bytes are no picture we can use; `why` says so in words that follow "it"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Picture:
    """Facts of a picture. Sides in pixels as one sees it, that is after the rotation its EXIF data asks for."""

    format: str
    mime: str
    width: int
    height: int
    raw_width: int
    raw_height: int
    orientation: int  # EXIF's number: 1 is upright
    has_alpha: bool


def read_picture(data: bytes) -> Picture:
    """Facts of a JPEG, PNG, BMP or WEBP that decodes to its end. Raises NotUsable."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return _facts(image)
    except NotUsable:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotUsable(f"has more than {PIXELS_MAX} pixels: scale it down to 8000 x 8000 or less") from None
    except Image.UnidentifiedImageError:
        raise NotUsable(_stranger(data)) from None
    except _BROKEN as error:
        raise NotUsable(f"is damaged or cut short ({error}): save it again") from None


def _facts(image: Image.Image) -> Picture:
    width, height = image.size
    if width * height > PIXELS_MAX:
        raise NotUsable(f"has {width} x {height} pixels: scale it down to 8000 x 8000 or less")
    orientation = _orientation(image)
    has_alpha = image.has_transparency_data
    # MPO is what many phones write: a JPEG with further pictures behind it.
    kind = "JPEG" if image.format == "MPO" else image.format or ""
    if kind == "JPEG":
        image.draft(None, (max(1, width // 8), max(1, height // 8)))  # every byte is read, an eighth is drawn
    image.load()
    lying = orientation in _LYING
    return Picture(
        format=kind,
        mime=_MIMES[kind],
        width=height if lying else width,
        height=width if lying else height,
        raw_width=width,
        raw_height=height,
        orientation=orientation,
        has_alpha=has_alpha,
    )


def _orientation(image: Image.Image) -> int:
    """EXIF's number; 1 where there is none, or none that can be read: the picture itself may still be fine."""
    try:
        told = image.getexif().get(_ORIENTATION, 1)
    except _BROKEN:
        return 1
    return told if isinstance(told, int) and 1 <= told <= 8 else 1


def _stranger(data: bytes) -> str:
    """What the bytes are instead, for the kinds people try."""
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    known: tuple[tuple[bool, str], ...] = (
        (data[:4] == b"GIF8", "is a GIF"),
        (data[:4] in (b"II*\0", b"MM\0*"), "is a TIFF"),
        (brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"), "is a HEIC picture"),
        (brand in (b"avif", b"avis"), "is an AVIF picture"),
        (bool(brand), "is a video"),
        (data[:4] == b"%PDF", "is a PDF"),
        (b"<svg" in data[:1024].lower(), "is an SVG drawing"),
        (data[:2] == b"PK", "is a ZIP archive or an office document"),
    )
    kind = next((words for matches, words in known if matches), "is neither a picture nor a sound that is known here")
    return f"{kind}: use JPEG, PNG, BMP or WEBP for pictures, WAV or MP3 for sound"
