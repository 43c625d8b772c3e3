"""How a file is described to browsers, caches and storages: the words both kinds of bucket take. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from html import unescape
from urllib.parse import quote

from wanreel.ports.archive import Label

FOR_GOOD = "private, max-age=31536000, immutable"  # a clip's key is written once
FOR_NOW = "private, no-cache"  # a poster may be made anew
TAGGED = ("job", "model", "group")  # the facts one filters and bills by; a bucket takes ten tags
_TAG_LETTERS = re.compile(r"[^A-Za-z0-9 +\-=._:/]")
_QUOTED_MAX = 300


def disposition(filename: str, *, save: bool) -> str:
    """`Content-Disposition` for a name in any letters: plain for old browsers, and whole."""
    kind = "attachment" if save else "inline"
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^ !#-\[\]-~]|[%;]", "_", plain).strip() or "clip"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def tags(label: Label) -> str:
    """A few facts as tags, as they stand in a header."""
    chosen = [(name, value) for name, value in label.facts if name in TAGGED]
    cleaned = [(name, _TAG_LETTERS.sub("-", value)[:128]) for name, value in (("made-by", "wanreel"), *chosen)]
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in cleaned)


def texts(xml: str, tag: str) -> list[str]:
    """What stands between the tags of a name, by plain search: no parser meets a stranger's XML."""
    return [unescape(found) for found in re.findall(rf"<{tag}>([^<]*)</{tag}>", xml)]


def text(xml: str, tag: str) -> str:
    """The first of them, or nothing."""
    return next(iter(texts(xml, tag)), "")


def blocks(xml: str, tag: str) -> Iterable[str]:
    """The insides of all elements of a name that hold others."""
    return re.findall(rf"<{tag}>(.*?)</{tag}>", xml, re.DOTALL)


def said(raw: bytes) -> tuple[str, str]:
    """Code and message of a storage's error, on one printable line each."""
    xml = raw.decode("utf-8", "replace")
    code, words = (" ".join(text(xml, tag).split())[:_QUOTED_MAX] for tag in ("Code", "Message"))
    return ("".join(c for c in code if c.isprintable()), "".join(c for c in words if c.isprintable()))
