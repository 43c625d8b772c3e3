"""The archives that the suite of their contract runs on, each with eyes of its own to look into its storage."""

from __future__ import annotations

import itertools
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import aiohttp
import pytest

from tests.archive.oss_standin import KEY_ID, REGION, SECRET, OssStandIn
from tests.archive.seaweed import make_bucket, signer
from tests.factories import FakeClock
from wanreel.archive.bucket import BucketArchive, Place
from wanreel.archive.bucket_shelf import BucketShelf
from wanreel.archive.local import LocalArchive
from wanreel.archive.local_shelf import LocalShelf
from wanreel.archive.oss import OssBucket, OssKey, OssPlace
from wanreel.archive.s3 import S3Bucket
from wanreel.archive.storage import Bucket
from wanreel.ports.archive import Archive, Shelf, Span

PREFIX = "some/where/"
_numbers = itertools.count(1)


class Store(Protocol):
    """An archive under test, and eyes of our own to look into its storage."""

    archive: Archive
    shelf: Shelf

    async def visible(self) -> dict[str, bytes]:
        """All objects by key."""
        ...

    async def leftovers(self) -> list[str]:
        """Temporaries, unfinished uploads, notes: whatever is neither object nor folder."""
        ...

    def connector(self) -> aiohttp.BaseConnector | None:
        """How a stranger's client finds the hosts of links; None: as usual."""
        ...


class LocalStore:
    """A folder, seen through the file system."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "clips"
        self.archive: Archive = LocalArchive(self._root)
        self.shelf: Shelf = LocalShelf(self._root)

    def _files(self) -> list[Path]:
        return [path for path in self._root.rglob("*") if path.is_file()]

    async def visible(self) -> dict[str, bytes]:
        return {
            path.relative_to(self._root).as_posix(): path.read_bytes()
            for path in self._files()
            if not path.name.startswith(".")
        }

    async def leftovers(self) -> list[str]:
        return [path.name for path in self._files() if path.name.endswith(".wanreel-part")]

    def connector(self) -> aiohttp.BaseConnector | None:
        return None


class BucketStore:
    """A bucket, seen through its own listing; the home beside it, seen through the file system."""

    def __init__(
        self, bucket: Bucket, home: Path, address: str, connect: Callable[[], aiohttp.BaseConnector] | None = None
    ) -> None:
        self.bucket = bucket
        self._connect = connect
        self._home = home
        self.archive: Archive = BucketArchive(bucket, Place(PREFIX, home), FakeClock())
        self.shelf: Shelf = BucketShelf(bucket, address + PREFIX, PREFIX)

    async def visible(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        async for row in self.bucket.list(""):
            found[row.key.removeprefix(PREFIX)] = b"".join([p async for p in self.bucket.get(row.key, Span())])
        return found

    async def leftovers(self) -> list[str]:
        uploads = [upload.key for upload in await self.bucket.pending("")]
        return uploads + [path.name for path in self._home.rglob("*") if path.is_file()]

    def connector(self) -> aiohttp.BaseConnector | None:
        return self._connect() if self._connect else None


Made = Callable[[pytest.FixtureRequest, Path, AsyncExitStack], Awaitable[Store]]


async def local_store(request: pytest.FixtureRequest, folder: Path, stack: AsyncExitStack) -> Store:
    """A folder archive."""
    return LocalStore(folder)


async def s3_store(request: pytest.FixtureRequest, folder: Path, stack: AsyncExitStack) -> Store:
    """A new bucket on the real S3 server."""
    endpoint: str = request.getfixturevalue("s3_endpoint")
    place = await make_bucket(endpoint, new_bucket_name())
    bucket = S3Bucket(place, signer())
    stack.push_async_callback(bucket.close)
    return BucketStore(bucket, folder / "home", f"s3://{place.bucket}/")


async def oss_store(request: pytest.FixtureRequest, folder: Path, stack: AsyncExitStack) -> Store:
    """A bucket of the stand-in for OSS, by its virtual-host name."""
    standin = await stack.enter_async_context(OssStandIn())
    standin.buckets["clips-of-tests"] = {}
    place = OssPlace("clips-of-tests", REGION, standin.endpoint)
    bucket = OssBucket(place, lambda: OssKey(KEY_ID, SECRET), standin.connector)
    stack.push_async_callback(bucket.close)
    return BucketStore(bucket, folder / "home", "oss://clips-of-tests/", standin.connector)


def new_bucket_name() -> str:
    """A name no bucket of this run has."""
    return f"clips-{os.getpid()}-{next(_numbers)}"


STORES: dict[str, Made] = {"local": local_store, "s3": s3_store, "oss": oss_store}
