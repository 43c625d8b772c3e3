"""What a reference to a picture or sound is: a link, inline data, the vendor's temporary storage, or a local path.

Pure: nothing is opened or fetched; whether a link is safe and reachable is not judged here.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes, urlsplit

from wanreel.domain.errors import Invalid

DATA_BYTES_MAX = 20 * 1024 * 1024  # the largest picture any model takes (FS §2.4)
_LINK_LETTERS_MAX = 4096

MIMES = {
    "image/jpeg": "image/jpeg",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/png": "image/png",
    "image/bmp": "image/bmp",
    "image/x-ms-bmp": "image/bmp",
    "image/webp": "image/webp",
    "audio/wav": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/mpeg": "audio/mpeg",
    "audio/mp3": "audio/mpeg",
}


@dataclass(frozen=True, slots=True)
class WebLink:
    """An http or https URL that the vendor can fetch."""

    url: str


@dataclass(frozen=True, slots=True)
class VendorLink:
    """An `oss://` URL of the vendor's temporary storage."""

    url: str


@dataclass(frozen=True, slots=True)
class InlineData:
    """The content of a `data:` URL, decoded, with the type it claims."""

    mime: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LocalPath:
    """A file on this machine, as the caller named it; a `file://` URL is turned into its path."""

    path: str


Reference = WebLink | VendorLink | InlineData | LocalPath


def read_reference(text: str) -> Reference:
    """What kind of reference a text is. Raises Invalid."""
    text = text.strip()
    if not text:
        raise Invalid("an empty text names no picture or sound: give a path or a link")
    if text[:5].lower() == "data:":
        return _inline(text)
    scheme, separator, _ = text.partition("://")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]+", scheme):
        return LocalPath(_without_nul(text))
    match scheme.lower():
        case "http" | "https":
            return WebLink(_checked(text))
        case "oss":
            url = _checked(text)
            if not urlsplit(url).path.strip("/"):
                raise Invalid(f"{_short(text)} names no object: an oss:// link is oss://BUCKET/KEY")
            return VendorLink(url)
        case "file":
            return _local(text)
        case _:
            raise Invalid(f"{_short(text)} cannot be used: give a path, an http(s) link, a data: URL or an oss:// link")


def _checked(url: str) -> str:
    if len(url) > _LINK_LETTERS_MAX:
        raise Invalid(f"{_short(url)} is longer than {_LINK_LETTERS_MAX} characters: use a shorter link")
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        raise Invalid(f"{_short(url)} holds a space or a control character: write it percent-encoded (%20)")
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"{_short(url)} is not a link: {error}") from None
    if not host:
        raise Invalid(f"{_short(url)} names no host")
    return url


def _local(url: str) -> LocalPath:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Invalid(f"{_short(url)} is not a link: {error}") from None
    if parts.netloc.lower() not in ("", "localhost"):
        raise Invalid(
            f"{_short(url)} lies on another machine ({parts.netloc}): use file:///PATH for one on this machine"
        )
    path = unquote_to_bytes(url.split("://", 1)[1][len(parts.netloc) :]).decode("utf-8", "surrogateescape")
    if re.match(r"/[A-Za-z]:[/\\]", path):
        path = path[1:]  # file:///C:/pictures
    if not path.strip("/"):
        raise Invalid(f"{_short(url)} names no file")
    return LocalPath(_without_nul(path))


def _inline(url: str) -> InlineData:
    head, comma, content = url[5:].partition(",")
    kind, *parameters = (part.strip().lower() for part in head.split(";"))
    if not comma or "base64" not in parameters:
        raise Invalid(f"{_short(url)} is not inline data the vendor reads: write data:image/png;base64,…")
    if kind not in MIMES:
        allowed = ", ".join(dict.fromkeys(MIMES.values()))
        raise Invalid(f"inline data of type {_short(kind) or 'nothing'!r} cannot be used: allowed are {allowed}")
    if len(content) > DATA_BYTES_MAX * 4 // 3 + 4:
        raise Invalid(f"the inline data is larger than {DATA_BYTES_MAX // 1024**2} MB: use a smaller file")
    try:
        data = binascii.a2b_base64(content.encode("ascii"), strict_mode=True)
    except ValueError as error:
        raise Invalid(
            f"{_short(url)} is not proper base64 ({error}): encode the file again, without line breaks"
        ) from None
    if not data:
        raise Invalid("the inline data is empty")
    return InlineData(MIMES[kind], data)


def _without_nul(path: str) -> str:
    if "\0" in path:
        raise Invalid(f"{_short(path)} cannot be a path: it holds a zero character")
    return path


def _short(text: str) -> str:
    """Fit for a message: no query (it may carry a signature), not long, printable."""
    text = re.sub(r"\?.*", "?…", text, flags=re.DOTALL) if "://" in text else text
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return text if len(text) <= 80 else text[:79] + "…"
