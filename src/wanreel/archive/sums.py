"""Hash and count a clip as it streams by: what is compared with the object that is stored in the end."""

from __future__ import annotations

import hashlib

from fastcrc import crc64

from wanreel.archive.storage import Digests


class Sums:
    """Takes parts of a clip in order; blocking, so call it in a thread."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._md5s = hashlib.md5(usedforsecurity=False)  # of the parts' MD5s: how S3 names what was uploaded in parts
        self._one_md5 = ""
        self.parts = 0
        self.size_bytes = 0
        self.crc64 = 0

    def add(self, part: memoryview) -> Digests:
        """Take the next part; its own sums."""
        self._sha256.update(part)
        sums = digests(part)
        self._md5s.update(sums.md5)
        self._one_md5 = sums.md5.hex()
        self.crc64 = crc64.xz(part, self.crc64 or None)
        self.size_bytes += len(part)
        self.parts += 1
        return sums

    def sha256(self) -> str:
        """SHA-256 of all parts so far, as hex."""
        return self._sha256.hexdigest()

    def md5(self, *, in_parts: bool) -> str:
        """The MD5 an S3 storage names the object by."""
        return f"{self._md5s.hexdigest()}-{self.parts}" if in_parts else self._one_md5


def digests(data: memoryview) -> Digests:
    """The sums of some bytes by themselves."""
    return Digests(len(data), hashlib.md5(data, usedforsecurity=False).digest(), crc64.xz(data))
