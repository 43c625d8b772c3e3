"""A bucket of Alibaba Cloud's OSS, as `storage.Bucket`: the vendor's own asynchronous SDK, V4 signatures.

The SDK's retries and sums are switched off: calls are tried again in one place (`storage.tried`), and the CRC-64 that
OSS tells of every object is compared with one that is reckoned twenty times as fast.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import aiohttp
import alibabacloud_oss_v2 as oss
import alibabacloud_oss_v2.aio as oss_aio
from alibabacloud_oss_v2.aio.transport import AioHttpClient
from alibabacloud_oss_v2.retry.retryer_impl import NopRetryer

from wanreel.archive.headers import FOR_GOOD, FOR_NOW, disposition, tags
from wanreel.archive.storage import Digests, Found, Missing, Part, StorageTrouble, Taken, Upload
from wanreel.ports.archive import Label, Shelved, Span

_PIECE_BYTES = 256 * 1024
_LISTED_AT_ONCE = 1000
_CONNECT_S = 10
_PASSING = frozenset(("RequestTimeout", "BadDigest", "InvalidDigest", "FileImmutable", "ConcurrentUpdateLimitExceeded"))


@dataclass(frozen=True, slots=True)
class OssPlace:
    """Where a bucket is. `endpoint`: an internal or a custom one, instead of the region's public one; `link_endpoint`:
    the one that others reach, where it differs.
    """

    bucket: str
    region: str
    endpoint: str | None = None
    link_endpoint: str | None = None
    path_style: bool = False
    tags: bool = True
    silence_s: float = 60.0


@dataclass(frozen=True, slots=True)
class OssKey:
    """An access key, with its token if it is a temporary one."""

    id: str
    secret: str
    token: str | None = None


Credentials = Callable[[], OssKey]
"""Gives the key that holds now. May block, may raise anything."""


class _Held:
    """What the SDK asks for its key: answers at once, with what was last fetched."""

    def __init__(self) -> None:
        self.key = OssKey("", "")

    def get_credentials(self) -> Any:
        return oss.credentials.StaticCredentialsProvider(self.key.id, self.key.secret, self.key.token).get_credentials()


class _Slices:
    """A part's bytes in slices that are each sent before the next is taken; may be read more than once."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._data), _PIECE_BYTES):
            yield bytes(self._data[at : at + _PIECE_BYTES])


class OssBucket:
    """`storage.Bucket` on OSS. `connector` is how a test finds hosts that no name service knows."""

    def __init__(
        self, place: OssPlace, credentials: Credentials, connector: Callable[[], aiohttp.BaseConnector] | None = None
    ) -> None:
        self._place = place
        self._credentials = credentials
        self._connector = connector
        self._held = _Held()
        self._clients: dict[bool, Any] = {}
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End all connections; calling it twice is harmless."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()
        if self._session is not None:
            await self._session.close()

    # --- uploads ----------------------------------------------------------------------------------------------------

    async def begin(self, key: str, label: Label) -> str:
        async with self._client("begin an upload") as client:
            begun = await client.initiate_multipart_upload(
                oss.InitiateMultipartUploadRequest(**self._named(key), **self._described(label, FOR_GOOD))
            )
        return str(begun.upload_id)

    async def part(self, key: str, upload: str, number: int, data: memoryview, sums: Digests) -> Part:
        async with self._client("upload a part") as client:
            sent = await client.upload_part(
                oss.UploadPartRequest(
                    **self._named(key),
                    upload_id=upload,
                    part_number=number,
                    content_length=len(data),
                    body=cast("Any", _Slices(data)),
                )
            )
        _check_crc(sent.hash_crc64, sums)
        return Part(number, str(sent.etag))

    async def finish(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        listed = oss.CompleteMultipartUpload(
            parts=[oss.UploadPart(part_number=part.number, etag=part.etag) for part in parts]
        )
        async with self._client("finish an upload") as client:
            await client.complete_multipart_upload(
                oss.CompleteMultipartUploadRequest(
                    **self._named(key), upload_id=upload, complete_multipart_upload=listed, forbid_overwrite=True
                )
            )

    async def abort(self, key: str, upload: str) -> None:
        try:
            async with self._client("abort an upload") as client:
                await client.abort_multipart_upload(
                    oss.AbortMultipartUploadRequest(**self._named(key), upload_id=upload)
                )
        except Missing:
            return

    async def pending(self, prefix: str) -> list[Upload]:
        found: list[Upload] = []
        key_marker = id_marker = None
        while True:
            async with self._client("list uploads") as client:
                page = await client.list_multipart_uploads(
                    oss.ListMultipartUploadsRequest(
                        bucket=self._place.bucket, prefix=prefix, key_marker=key_marker, upload_id_marker=id_marker
                    )
                )
            found += [Upload(str(u.key), str(u.upload_id), _instant(u.initiated)) for u in page.uploads or ()]
            if not page.is_truncated:
                return found
            key_marker, id_marker = page.next_key_marker, page.next_upload_id_marker

    # --- objects ----------------------------------------------------------------------------------------------------

    async def put(self, key: str, data: memoryview, label: Label, sums: Digests, *, over: bool) -> None:
        async with self._client("store an object") as client:
            put = await client.put_object(
                oss.PutObjectRequest(
                    **self._named(key),
                    **self._described(label, FOR_NOW if over else FOR_GOOD),
                    content_length=len(data),
                    forbid_overwrite=not over,
                    body=cast("Any", _Slices(data)),
                )
            )
        _check_crc(put.hash_crc64, sums)

    async def head(self, key: str) -> Found | None:
        try:
            async with self._client("ask for an object") as client:
                head: Any = await client.head_object(oss.HeadObjectRequest(**self._named(key)))
        except Missing:
            return None
        told = cast("dict[object, object]", head.metadata or {})
        facts = {str(name).lower(): str(value) for name, value in told.items()}
        shelved = Shelved(
            key=key,
            size_bytes=int(head.content_length or 0),
            modified_at=_instant(head.last_modified),
            media_type=str(head.content_type or ""),
            facts=tuple(sorted(facts.items())),
        )
        return Found(shelved, crc64=int(head.hash_crc64) if head.hash_crc64 else None)

    async def get(self, key: str, span: Span) -> AsyncIterator[bytes]:
        part = None if span == Span() else f"bytes={span.start}-{'' if span.stop is None else span.stop - 1}"
        async with self._client("read an object") as client:
            request = oss.GetObjectRequest(
                **self._named(key), range_header=part, range_behavior="standard" if part else None
            )
            answer = await client.get_object_as_stream(request)
            async with answer.body as body:
                async for piece in await body.iter_bytes(block_size=_PIECE_BYTES):
                    yield piece

    async def list(self, prefix: str) -> AsyncIterator[Shelved]:
        after: str | None = None
        while True:
            async with self._client("list objects") as client:
                page = await client.list_objects_v2(
                    oss.ListObjectsV2Request(
                        bucket=self._place.bucket,
                        prefix=prefix,
                        max_keys=_LISTED_AT_ONCE,
                        continuation_token=after,
                    )
                )
            for row in page.contents or ():
                yield Shelved(str(row.key), int(row.size or 0), _instant(row.last_modified))
            if not page.is_truncated:
                return
            after = page.next_continuation_token

    async def remove(self, key: str) -> None:
        async with self._client("delete an object") as client:
            await client.delete_object(oss.DeleteObjectRequest(**self._named(key)))

    async def link(self, key: str, life_s: float, filename: str | None) -> str:
        async with self._client("sign a link", for_links=True) as client:
            request = oss.GetObjectRequest(
                **self._named(key),
                response_content_disposition=None if filename is None else disposition(filename, save=True),
            )
            signed = await client.presign(request, expires=timedelta(seconds=int(life_s)))
        return str(signed.url)

    # --- calling ----------------------------------------------------------------------------------------------------

    def _named(self, key: str) -> dict[str, Any]:
        return {"bucket": self._place.bucket, "key": key}

    def _described(self, label: Label, cache: str) -> dict[str, Any]:
        return {
            "content_type": label.media_type,
            "cache_control": cache,
            "content_disposition": disposition(label.filename, save=False) if label.filename else None,
            "tagging": tags(label) if self._place.tags else None,
            "metadata": dict(label.facts),
        }

    @asynccontextmanager
    async def _client(self, what: str, *, for_links: bool = False) -> AsyncGenerator[Any]:
        """The SDK's client, its key fresh, its errors translated."""
        try:
            self._held.key = await asyncio.to_thread(self._credentials)
        except StorageTrouble:
            raise
        except Exception as error:  # whatever a chain of credentials stumbles over
            raise StorageTrouble(f"no credentials for OSS: {error}", again=True) from error
        if not self._held.key.id or not self._held.key.secret:
            raise StorageTrouble(
                "no credentials for OSS: set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET (or ALIBABA_CLOUD_…), "
                "name a profile (WANREEL_ARCHIVE_PROFILE), or run where a role is given"
            )
        try:
            yield self._opened(for_links=for_links)
        except (oss.exceptions.BaseError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _translated(error, what) from error

    def _opened(self, *, for_links: bool) -> Any:
        if for_links not in self._clients:
            place = self._place
            config = oss.config.load_default()
            config.region = place.region
            config.endpoint = (place.link_endpoint if for_links else None) or place.endpoint
            config.signature_version = "v4"
            config.credentials_provider = cast("Any", self._held)
            config.use_path_style = place.path_style
            config.retryer = NopRetryer()
            config.disable_upload_crc64_check = True
            config.disable_download_crc64_check = True
            config.connect_timeout, config.readwrite_timeout = _CONNECT_S, place.silence_s
            config.http_client = cast("Any", AioHttpClient(session=self._shared(), readwrite_timeout=place.silence_s))
            self._clients[for_links] = oss_aio.AsyncClient(config)
        return self._clients[for_links]

    def _shared(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            connector = self._connector() if self._connector else aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=True
            )
        return self._session


def credentials_of(profile: str | None) -> Credentials:
    """The usual chain: OSS_… or ALIBABA_CLOUD_… in the environment, a profile, OIDC, the instance's role."""
    chain: list[Any] = []

    def ask() -> OssKey:
        for id_name, secret_name, token_name in (
            ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
        ):
            key_id, secret = os.environ.get(id_name), os.environ.get(secret_name)
            if profile is None and key_id and secret:
                return OssKey(key_id, secret, os.environ.get(token_name) or None)
        if not chain:
            from alibabacloud_credentials.client import Client
            from alibabacloud_credentials.provider.cli_profile import CLIProfileCredentialsProvider

            provider: Any = CLIProfileCredentialsProvider(profile_name=profile) if profile else None
            chain.append(Client(provider=provider) if provider else Client())
        found: Any = chain[0].get_credential()
        return OssKey(str(found.access_key_id or ""), str(found.access_key_secret or ""), found.security_token or None)

    return ask


def _check_crc(told: object, sums: Digests) -> None:
    if told and str(told) != str(sums.crc64):
        raise StorageTrouble("what arrived at the storage is not what was sent", again=True)


def _translated(error: Exception, what: str) -> StorageTrouble:
    """What went wrong, in the storage's words and with what to do."""
    inner: Any = error.unwrap() if isinstance(error, oss.exceptions.OperationError) else error
    if not isinstance(inner, oss.exceptions.ServiceError):
        return StorageTrouble(f"OSS could not {what}: {_first_line(inner)}", again=True)
    service = cast("Any", inner)
    code, status = str(service.code or ""), int(service.status_code or 0)
    words = f"OSS could not {what}: {status} {code}: {_first_line(service.message)}"
    if code in ("FileAlreadyExists", "ObjectAlreadyExists"):
        return Taken(words)
    if code in ("NoSuchKey", "NoSuchUpload") or (status == 404 and code != "NoSuchBucket"):
        return Missing(words)
    if status >= 500 or status in (408, 429) or code in _PASSING:
        return StorageTrouble(words, again=True)
    if status == 404:
        words += ". Create the bucket, or mend the archive's address"
    if status == 403:
        words += ". Check key, region, endpoint and what the key may do (put, get, list, abort uploads, tag objects)"
    return StorageTrouble(words)


def _first_line(said: object) -> str:
    return " ".join(str(said or type(said).__name__).split())[:300]


def _instant(at: datetime | None) -> float:
    if at is None:
        return 0.0
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
