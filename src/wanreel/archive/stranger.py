"""What came instead of an MP4, told from its first bytes in words a person can act on. Pure.

Only an error's code and message are quoted: an error of the vendor's storage also carries key ids and signatures.
"""

from __future__ import annotations

import json
import re
from typing import cast

HEAD_BYTES = 4096
_QUOTED_MAX = 200

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1aE\xdf\xa3", "a WebM or Matroska video"),
    (b"FLV\x01", "an FLV video"),
    (b"#EXTM3U", "a playlist (M3U8)"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"PK\x03\x04", "a ZIP file"),
    (b"%PDF", "a PDF"),
)
_BOXES = frozenset({b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"styp", b"sidx", b"pnot", b"uuid"})


def describe(head: bytes, *, ended: bool) -> str:
    """Say what a file that begins with `head` is, given that it is no whole MP4. `ended`: there was no more of it."""
    size = f"{len(head)} bytes" if ended else f"more than {HEAD_BYTES} bytes"
    if not head:
        return "it is empty: 0 bytes came"
    if not any(head):
        return f"it is nothing but zeros ({size})"
    if ended and len(head) < 8 and b"ftyp".startswith(head[4:]) and head[0] == 0:
        return f"it is cut short: it ends at byte {len(head)}, in the header of a box"
    if head[4:8] in _BOXES:
        return f"it lacks the beginning of an MP4: it starts with a box {head[4:8].decode()!r}, not with 'ftyp'"
    for magic, words in _MAGIC:
        if head.startswith(magic):
            return f"it is {words}, not an MP4 ({size})"
    if head[:4] == b"RIFF":
        return f"it is a RIFF file ({_plain(head[8:12])}), not an MP4 ({size})"
    return _described_text(head, size) or f"it is not an MP4 ({size}, beginning with {head[:8].hex(' ')})"


def _described_text(head: bytes, size: str) -> str:
    """Words for an error or a page sent in place of the video, "" when the bytes are not text."""
    if b"\0" in head:
        return ""
    text = head.decode("utf-8", "replace").lstrip("\ufeff").strip()
    lowered = text[:512].lower()
    if lowered.startswith("<!doctype html") or "<html" in lowered:
        title = _between(text, "title")
        return f"it is a web page, not an MP4 ({title or 'without a title'}; {size})"
    if text.startswith("<"):
        told = ": ".join(part for part in (_between(text, "Code"), _between(text, "Message")) if part)
        return f"it is an XML error, not an MP4 ({told or 'without a code'}; {size})"
    if text.startswith(("{", "[")):
        return f"it is JSON, not an MP4 ({_told_by_json(text) or 'without a code'}; {size})"
    letters = sum(letter.isprintable() or letter.isspace() for letter in text)
    return f"it is text, not an MP4 ({_plain(text)!r}; {size})" if text and letters >= 0.95 * len(text) else ""


def _between(text: str, tag: str) -> str:
    """The words inside the first such tag, by eye: a parser would stumble over half a document."""
    found = re.search(rf"<{tag}\b[^>]*>([^<]{{0,1000}})", text, re.IGNORECASE)
    return _plain(found.group(1)) if found else ""


def _told_by_json(text: str) -> str:
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(parsed, dict):
        return ""
    fields = cast("dict[str, object]", parsed)
    return ": ".join(_plain(str(fields[name])) for name in ("code", "message") if fields.get(name))


def _plain(text: str | bytes) -> str:
    """On one line, printable, not long, links without what follows their question mark."""
    words = text.decode("latin-1") if isinstance(text, bytes) else text
    words = re.sub(r"(\w+://[^\s?]{1,500})\?\S*", r"\1?…", words)
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
    return line if len(line) <= _QUOTED_MAX else line[: _QUOTED_MAX - 1] + "…"
