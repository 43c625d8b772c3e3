"""Opens the archive an address names: the only place that knows which driver a scheme needs, and what to install."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from wanreel.archive.bucket import BucketArchive, Place
from wanreel.archive.bucket_shelf import BucketShelf
from wanreel.archive.local import LocalArchive
from wanreel.archive.local_shelf import LocalShelf
from wanreel.archive.storage import Bucket
from wanreel.domain.address import Address
from wanreel.domain.errors import Unavailable
from wanreel.ports import Archive, Clock, Shelf


@dataclass(frozen=True, slots=True)
class Reach:
    """How a bucket is reached, beyond its address."""

    region: str | None = None
    endpoint: str | None = None
    link_endpoint: str | None = None
    public_base: str | None = None
    path_style: bool = False
    profile: str | None = None
    tags: bool = True
    silence_s: float = 60.0


@asynccontextmanager
async def open_archive(
    address: Address, reach: Reach, home: Path, clock: Clock
) -> AsyncGenerator[tuple[Archive, Shelf]]:
    """Both doors to an archive. Raises Unavailable where its driver is not installed. Nothing is connected to yet."""
    if address.folder is not None:
        yield LocalArchive(Path(address.folder)), LocalShelf(Path(address.folder))
        return
    try:
        bucket = _s3(address, reach) if address.scheme == "s3" else _oss(address, reach)
    except ModuleNotFoundError as error:
        words = f"an archive in {address.scheme}:// needs {error.name}: pip install 'wanreel[{address.scheme}]'"
        raise Unavailable(words) from None
    try:
        yield (
            BucketArchive(bucket, Place(address.prefix, home), clock),
            BucketShelf(bucket, str(address), address.prefix, reach.public_base),
        )
    finally:
        await bucket.close()


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
