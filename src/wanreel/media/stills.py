"""What a picture's bytes are, whether they really decode, and how they look upright or made to fit. Runs in the child.

A format is told by content and never by a name. Formats are the vendor's (FS §2.2); whether sides and transparency suit
a model is the catalog's to say. Nothing says that the vendor turns a picture as its EXIF data asks, so one that lies on
its side is written anew, upright.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image, ImageOps, MpoImagePlugin, WebPImagePlugin

from wanreel.domain.clip import Fit, Still
from wanreel.media.limits import Limits
from wanreel.media.wants import File, Listener, UnreadableError

FORMATS = ("JPEG", "PNG", "BMP", "WEBP")
_LOADED_EARLY = (MpoImagePlugin, WebPImagePlugin)  # Pillow would load them, and those of preinit, at the first picture,
Image.preinit()  # when the child may open nothing any more
_MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "BMP": "image/bmp", "WEBP": "image/webp"}
# What Pillow raises over broken bytes; its plugins let nearly anything through.
_BROKEN: tuple[type[Exception], ...] = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError),
    *(EOFError, OSError, SyntaxError, Warning, struct.error, zlib.error),
)
_ORIENTATION = 0x0112
_LYING = frozenset({5, 6, 7, 8})  # EXIF orientations that swap width and height
_QUALITIES = (95, 88, 80)  # tried in turn before a picture is made smaller
_SMALLER = 0.85
_WHITE = (255, 255, 255)


def read(to: Listener, file: File, args: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Facts of a picture; its new bytes are a part of the answer where it had to be written anew."""
    fit = Fit(**args["fit"]) if args.get("fit") else None
    still = read_still(file.read(-1), fit, limits.picture_pixels_max)
    if still.data is not None:
        to.piece(still.data)
    return {
        "format": still.format,
        "mime": still.mime,
        "width": still.width,
        "height": still.height,
        "has_alpha": still.has_alpha,
        "changes": still.changes,
    }


def pixels(to: Listener, file: File, args: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """A picture as one sees it, grey and at most so wide: its pixels are the one part of the answer."""
    data = file.read(-1)
    read_still(data, None, limits.picture_pixels_max)
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        image.load()
        upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        rgba = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", rgba.size, (*_WHITE, 255)), rgba)
    grey = upright.convert("L")
    across = min(int(args["width"]), grey.width)
    small = grey.resize((across, max(1, round(grey.height * across / grey.width))), Image.Resampling.BOX)
    to.piece(small.tobytes())
    return {"at_s": 0.0, "width": small.width, "height": small.height, "channels": 1}


def read_still(data: bytes, fit: Fit | None, pixels_max: int) -> Still:
    """A JPEG, PNG, BMP or WEBP that decodes to its end, upright and within `fit`. Raises UnreadableError."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return _still(image, data, fit, pixels_max)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableError(f"has more than {pixels_max} pixels: scale it down to 8000 x 8000 or less") from None
    except Image.UnidentifiedImageError:
        raise UnreadableError(_stranger(data)) from None
    except UnreadableError:
        raise
    except _BROKEN as error:
        raise UnreadableError(f"is damaged or cut short ({error}): save it again") from None


def _still(image: Image.Image, data: bytes, fit: Fit | None, pixels_max: int) -> Still:
    width, height = image.size
    if width * height > pixels_max:
        raise UnreadableError(f"has {width} x {height} pixels: scale it down to 8000 x 8000 or less")
    orientation = _orientation(image)
    has_alpha = image.has_transparency_data
    # MPO is what many phones write: a JPEG with further pictures behind it.
    kind = "JPEG" if image.format == "MPO" else image.format or ""
    lying = orientation in _LYING
    sides = (height, width) if lying else (width, height)
    plain = Still(kind, _MIMES[kind], *sides, has_alpha)
    wrong = fit is not None and _misfits(fit, plain, len(data))
    if orientation == 1 and not wrong:
        if kind == "JPEG":
            image.draft(None, (max(1, width // 8), max(1, height // 8)))  # every byte is read, an eighth is drawn
        image.load()
        return plain
    changes: list[str] = [] if orientation == 1 else ["turned upright"]
    upright: Image.Image = ImageOps.exif_transpose(image)
    if not wrong or fit is None:
        return _written(upright, kind, _QUALITIES[0], changes)
    return _fitted(upright, kind, fit, changes)


def _misfits(fit: Fit, still: Still, size_bytes: int) -> bool:
    hidden = still.has_alpha and not fit.alpha and still.format == "PNG"
    return hidden or max(still.width, still.height) > fit.side_max or size_bytes > fit.bytes_max


def _fitted(image: Image.Image, kind: str, fit: Fit, changes: list[str]) -> Still:
    """The picture within what is allowed: first flattened, then scaled, then saved ever more tightly."""
    if image.has_transparency_data and not fit.alpha:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, (*_WHITE, 255)), rgba).convert("RGB")
        changes = [*changes, "transparency laid on white"]
    before = image.size
    if max(image.size) > fit.side_max:
        image = ImageOps.contain(image, (fit.side_max, fit.side_max), Image.Resampling.LANCZOS)
    while min(image.size) >= fit.side_min:
        scaled = [f"scaled to {image.width} x {image.height}"] if image.size != before else []
        for kind_tried, quality in _ways(image, kind):
            again = ["saved as JPEG"] if kind_tried != kind else []
            still = _written(image, kind_tried, quality, [*changes, *scaled, *again])
            if still.data is not None and len(still.data) <= fit.bytes_max:
                return still
        smaller = (round(image.width * _SMALLER), round(image.height * _SMALLER))
        image = image.resize(smaller, Image.Resampling.LANCZOS)
    raise UnreadableError(f"cannot be made to fit: a side would be shorter than {fit.side_min} pixels")


def _ways(image: Image.Image, kind: str) -> Iterator[tuple[str, int]]:
    """How it may be written, the most faithful way first."""
    yield (kind, _QUALITIES[0])
    lossy = "WEBP" if image.has_transparency_data else "JPEG"
    yield from ((lossy, quality) for quality in _QUALITIES)


def _written(image: Image.Image, kind: str, quality: int, changes: list[str]) -> Still:
    """Written anew; its colours' profile stays, everything else that was noted in it does not."""
    paper = io.BytesIO()
    profile: bytes | None = image.info.get("icc_profile")
    if kind == "JPEG" and image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    options: dict[str, Any] = {"quality": quality} if kind in ("JPEG", "WEBP") else {}
    if kind == "JPEG":
        options["subsampling"] = 0 if quality == _QUALITIES[0] else 2
    if profile and kind != "BMP":
        options["icc_profile"] = profile
    bare = image.copy()
    bare.info = {k: v for k, v in image.info.items() if k == "transparency"}
    bare.save(paper, kind, **options)
    has_alpha = bare.has_transparency_data
    return Still(kind, _MIMES[kind], bare.width, bare.height, has_alpha, paper.getvalue(), tuple(changes))


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
