"""Opens the archive an address names: the only place that knows which driver a scheme needs, and what to install."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from wanreel.archive.bucket import BucketArchive, Place
from wanreel.archive.bucket_shelf import BucketShelf
from wanreel.archive.local import LocalArchive
from wanreel.archive.local_shelf import LocalShelf
from wanreel.archive.shelves import FileMemory, Reach, SharedMemory, Shelves, name_among, place_of
from wanreel.archive.storage import Bucket
from wanreel.domain.address import Address
from wanreel.domain.errors import Unavailable
from wanreel.ports.archive import Archive, Archives, Shelf
from wanreel.ports.clock import Clock


@asynccontextmanager
async def open_archive(
    address: Address, reach: Reach, home: Path, clock: Clock, shared: Archives | None = None
) -> AsyncGenerator[tuple[Archive, Shelves]]:
    """Both doors to the archive that is set, and through its shelf to all earlier ones. Raises Unavailable where its
    driver is not installed. Nothing is connected to yet. What is remembered of archives lies in the home, or where
    several machines work in one store, in that (`shared`).
    """
    file, buckets = FileMemory(home / "archives.json"), list[Bucket]()
    memory = file if shared is None else SharedMemory(shared, file)
    await memory.look()
    name = name_among(memory.all(), address, reach, home)
    archive, shelf = _both(name, address, reach, home, clock, buckets)
    await memory.note(name, reach)

    def opened(other: str, its_reach: Reach) -> Shelf:
        return _both(other, place_of(other, home), its_reach, home, clock, buckets)[1]

    try:
        yield archive, Shelves(name, shelf, memory, opened)
    finally:
        for bucket in buckets:
            await bucket.close()


def _both(
    name: str, address: Address, reach: Reach, home: Path, clock: Clock, buckets: list[Bucket]
) -> tuple[Archive, BucketShelf | LocalShelf]:
    if address.folder is not None:
        folder = Path(address.folder).resolve()  # one place has one path, by whatever links it was named
        return LocalArchive(folder), LocalShelf(folder)
    try:
        bucket = _s3(address, reach) if address.scheme == "s3" else _oss(address, reach)
    except ModuleNotFoundError as error:
        words = f"an archive in {address.scheme}:// needs {error.name}: pip install 'wanreel[{address.scheme}]'"
        raise Unavailable(words) from None
    buckets.append(bucket)
    return (
        BucketArchive(bucket, Place(address.prefix, home), clock),
        BucketShelf(bucket, name, address.prefix, reach.public_base),
    )


def _s3(address: Address, reach: Reach) -> Bucket:
    from wanreel.archive.s3 import Patience, S3Bucket, S3Place
    from wanreel.archive.s3_signing import Signer

    region = reach.region or "us-east-1"
    place = S3Place(
        bucket=address.bucket,
        region=region,
        endpoint=reach.endpoint or f"https://s3.{region}.amazonaws.com",
        path_style=reach.path_style,
        link_endpoint=reach.link_endpoint,
        tags=reach.tags,
    )
    return S3Bucket(place, Signer(region, reach.profile), Patience(silence_s=reach.silence_s))


def _oss(address: Address, reach: Reach) -> Bucket:
    from wanreel.archive.oss import OssBucket, OssPlace, credentials_of

    if not reach.region:
        raise Unavailable("an archive in OSS needs its region: set WANREEL_ARCHIVE_REGION, like cn-beijing")
    place = OssPlace(
        bucket=address.bucket,
        region=reach.region,
        endpoint=reach.endpoint,
        link_endpoint=reach.link_endpoint,
        path_style=reach.path_style,
        tags=reach.tags,
        silence_s=reach.silence_s,
    )
    return OssBucket(place, credentials_of(reach.profile))
