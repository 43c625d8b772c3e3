"""Reading back from a bucket: parts of clips, links signed on read, what lies there, small files, removal."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from urllib.parse import quote

from wanreel.archive.naming import check_key
from wanreel.archive.storage import Bucket, Missing, StorageTrouble, tried
from wanreel.archive.sums import digests
from wanreel.domain.errors import NotFound, Unavailable
from wanreel.domain.job import Artifact
from wanreel.ports.archive import Label, Shelf, Shelved, Span

LINK_LIFE_S_MAX = 7 * 86_400.0  # what both S3 and OSS sign for at most


class BucketShelf:
    """`ports.Shelf` on a bucket. With a `public_base` (a CDN, a public bucket) links are plain and do not expire."""

    def __init__(self, bucket: Bucket, address: str, prefix: str, public_base: str | None = None) -> None:
        self._bucket = bucket
        self._address = address.rstrip("/")
        self._prefix = prefix
        self._public_base = public_base.rstrip("/") if public_base else None

    def of(self, archive: str) -> BucketShelf:
        """Itself: it knows no other."""
        return self

    def all(self) -> Mapping[str, Shelf]:
        """Itself."""
        return {"": self}

    def where(self, artifact: Artifact) -> str:
        """The object's address: scheme, bucket, prefix and key."""
        return f"{self._address}/{artifact.key}"

    def place(self, key: str) -> str:
        """The object's address."""
        return f"{self._address}/{key}"

    async def open(self, artifact: Artifact, span: Span | None = None) -> AsyncIterator[bytes]:
        """The bytes as they come. The object's size is compared first: what was changed is not handed out."""
        found = await self._head(artifact.key)
        if found is None:
            raise NotFound(f"the clip {self.where(artifact)} is not there (any more)")
        if found.size_bytes != artifact.size_bytes:
            words = f"{artifact.size_bytes} bytes were kept, {found.size_bytes} are there"
            raise Unavailable(f"the clip {self.where(artifact)} was changed: {words}")
        return self._read(artifact, span or Span())

    async def link(self, artifact: Artifact, life_s: float, filename: str | None = None) -> str | None:
        if self._public_base is not None:
            return f"{self._public_base}/{quote(artifact.key)}"
        life_s = min(max(life_s, 1.0), LINK_LIFE_S_MAX)
        try:
            return await self._bucket.link(self._full(artifact.key), life_s, filename)
        except StorageTrouble as error:
            raise Unavailable(f"no link to {self.where(artifact)} could be signed: {error.why}") from error

    async def look(self, key: str) -> Shelved | None:
        return await self._head(key)

    async def list(self, prefix: str = "") -> AsyncIterator[Shelved]:
        try:
            async for row in self._bucket.list(self._prefix + prefix):
                yield replace(row, key=row.key.removeprefix(self._prefix))
        except StorageTrouble as error:
            raise Unavailable(f"{self._address} could not be listed: {error.why}") from error

    async def put(self, key: str, data: bytes, label: Label) -> Artifact:
        view, full = memoryview(data), self._full(key)
        sums = await asyncio.to_thread(digests, view)
        try:
            await tried(lambda: self._bucket.put(full, view, label, sums, over=True))
        except StorageTrouble as error:
            raise Unavailable(f"{self._address}/{key} could not be stored: {error.why}") from error
        return Artifact(key, len(data), hashlib.sha256(data).hexdigest(), label.media_type)

    async def remove(self, key: str) -> None:
        try:
            await tried(lambda: self._bucket.remove(self._full(key)))
        except StorageTrouble as error:
            raise Unavailable(f"{self._address}/{key} could not be deleted: {error.why}") from error

    async def _head(self, key: str) -> Shelved | None:
        try:
            found = await tried(lambda: self._bucket.head(self._full(key)))
        except StorageTrouble as error:
            raise Unavailable(f"{self._address}/{key} could not be asked for: {error.why}") from error
        return None if found is None else replace(found.shelved, key=key)

    async def _read(self, artifact: Artifact, span: Span) -> AsyncIterator[bytes]:
        stop = artifact.size_bytes if span.stop is None else min(span.stop, artifact.size_bytes)
        if stop <= span.start:
            return
        try:
            async for piece in self._bucket.get(self._full(artifact.key), Span(span.start, stop)):
                yield piece
        except Missing:
            raise NotFound(f"the clip {self.where(artifact)} is not there (any more)") from None
        except StorageTrouble as error:
            raise Unavailable(f"the clip {self.where(artifact)} could not be read: {error.why}") from error

    def _full(self, key: str) -> str:
        return self._prefix + check_key(key)
