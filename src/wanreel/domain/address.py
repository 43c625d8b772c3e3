"""Where an archive lies, as its URL says it: a folder, or a prefix in a bucket of S3 or OSS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from wanreel.domain.errors import Invalid, Problem

SCHEMES = ("file", "s3", "oss")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX_BYTES_MAX = 200
_EXAMPLES = "a folder, file:///srv/clips, s3://bucket/prefix or oss://bucket/prefix"


@dataclass(frozen=True, slots=True)
class Address:
    """An archive's place: `folder` for a folder, else `bucket` and `prefix` ("" or ending in a slash)."""

    scheme: str
    bucket: str = ""
    prefix: str = ""
    folder: str | None = None

    def __str__(self) -> str:
        return self.folder if self.folder is not None else f"{self.scheme}://{self.bucket}/{self.prefix}"


def address_of(text: str) -> Address:
    """The place an `archive` setting means; a folder is told as it was given. Raises Invalid."""
    if "\0" in text or "%00" in text:
        raise _refused(f"holds a zero character: give {_EXAMPLES}")
    scheme, colon, _ = text.partition("://")
    if not colon:
        return Address("file", folder=text)
    try:
        parts = urlsplit(text)
        odd = parts.query or parts.fragment or parts.username is not None or parts.port is not None
    except ValueError:
        raise _refused(f"is not a URL: give {_EXAMPLES}") from None
    if scheme not in SCHEMES:
        raise _refused(f"{scheme[:40]}:// is no storage wanreel knows: give {_EXAMPLES}")
    if odd:
        raise _refused(f"takes no key, port or query in its URL: give {_EXAMPLES}; keys come from the usual places")
    if scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise _refused("needs three slashes and an absolute path: file:///srv/clips")
        return Address("file", folder=unquote(parts.path))
    if not _BUCKET.fullmatch(parts.netloc) or ".." in parts.netloc:
        raise _refused("needs the name of a bucket after its two slashes: 3 to 63 of a-z, 0-9 and -")
    return Address(scheme, parts.netloc, _prefix(parts.path))


def _prefix(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    sound = all(re.fullmatch(r"[\w.=-]+", part) and not part.startswith(".") for part in parts)
    if not sound or sum(len(part.encode()) + 1 for part in parts) > _PREFIX_BYTES_MAX:
        raise _refused("has a prefix that is no plain path: letters, digits, - _ . = and slashes, 200 bytes at most")
    return "".join(f"{part}/" for part in parts)


def _refused(words: str) -> Invalid:
    return Invalid("", (Problem("archive", words),))
