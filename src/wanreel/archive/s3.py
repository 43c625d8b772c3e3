"""A bucket of S3, or of a storage that speaks as S3 does, as `storage.Bucket`: signed requests over aiohttp.

Why no S3 library: the one made for asynchronous Python and little memory can neither make an upload in parts
create-only nor find the uploads that a dead process left (docs/decisions/0012).
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

import aiohttp
from yarl import URL

from wanreel.archive.headers import FOR_GOOD, FOR_NOW, blocks, disposition, said, tags, text
from wanreel.archive.s3_signing import Signer
from wanreel.archive.storage import Digests, Found, Missing, Part, StorageTrouble, Taken, Upload
from wanreel.ports.archive import Label, Shelved, Span

_META = "x-amz-meta-"
_PIECE_BYTES = 256 * 1024
_ANSWER_BYTES_MAX = 4 * 1024 * 1024
_LISTED_AT_ONCE = 1000
_PASSES = frozenset((408, 425, 429))
_PASSING = frozenset(
    ("BadDigest", "IncompleteBody", "RequestTimeout", "OperationAborted", "ConditionalRequestConflict")
)
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class S3Place:
    """Where a bucket is. `endpoint` has scheme and host; `link_endpoint` is the one others reach, where it differs."""

    bucket: str
    region: str
    endpoint: str
    path_style: bool = False
    link_endpoint: str | None = None
    tags: bool = True

    def url(self, key: str, *, for_links: bool = False) -> str:
        """The address of a key, encoded as it is signed."""
        parts = urlsplit((self.link_endpoint if for_links else None) or self.endpoint)
        base, path = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", quote(key, safe="/-_.~")
        if self.path_style or ("." in self.bucket and parts.scheme == "https"):  # no certificate covers such a name
            return f"{base}/{self.bucket}/{path}"
        return f"{parts.scheme}://{self.bucket}.{parts.netloc}{parts.path.rstrip('/')}/{path}"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take."""

    connect_s: float = 10.0
    silence_s: float = 60.0
    call_s: float = 600.0  # a part of 8 MiB at 14 kB/s


class S3Bucket:
    """`storage.Bucket` on S3."""

    def __init__(self, place: S3Place, signer: Signer, patience: Patience | None = None) -> None:
        self._place = place
        self._signer = signer
        self._patience = patience or Patience()
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End all connections; calling it twice is harmless."""
        if self._session is not None:
            await self._session.close()

    # --- uploads ----------------------------------------------------------------------------------------------------

    async def begin(self, key: str, label: Label) -> str:
        answer = await self._say("POST", self._place.url(key) + "?uploads=", self._described(label, FOR_GOOD))
        upload = text(answer, "UploadId")
        if not upload:
            raise StorageTrouble("the storage began an upload and gave it no id", again=True)
        return upload

    async def part(self, key: str, upload: str, number: int, data: memoryview, sums: Digests) -> Part:
        url = f"{self._place.url(key)}?partNumber={number}&uploadId={quote(upload, safe='')}"
        async with self._call("PUT", url, _sums(sums), data) as response:
            etag = response.headers.get("ETag", "")
        _check_etag(etag, sums)
        return Part(number, etag)

    async def finish(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        rows = "".join(f"<Part><PartNumber>{p.number}</PartNumber><ETag>{escape(p.etag)}</ETag></Part>" for p in parts)
        body = (
            f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{rows}</CompleteMultipartUpload>'
        )
        url = f"{self._place.url(key)}?uploadId={quote(upload, safe='')}"
        headers = {"If-None-Match": "*", "Content-Type": "application/xml"}
        answer = await self._say("POST", url, headers, memoryview(body.encode()))
        if "<Error>" in answer:  # this call begins to answer before it knows how it will end
            raise _trouble(200, answer.encode(), "POST")

    async def abort(self, key: str, upload: str) -> None:
        try:
            await self._say("DELETE", f"{self._place.url(key)}?uploadId={quote(upload, safe='')}", {})
        except Missing:
            return

    async def pending(self, prefix: str) -> list[Upload]:
        found: list[Upload] = []
        marker = ""
        while True:
            query = f"encoding-type=url{marker}&prefix={quote(prefix, safe='')}&uploads="
            answer = await self._say("GET", f"{self._place.url('')}?{query}", {})
            found += [
                Upload(unquote(text(row, "Key")), text(row, "UploadId"), _instant(text(row, "Initiated")))
                for row in blocks(answer, "Upload")
            ]
            key, upload = text(answer, "NextKeyMarker"), text(answer, "NextUploadIdMarker")
            if text(answer, "IsTruncated") != "true" or not key:
                return found
            # In a signed query names stand in order: encoding-type, key-marker, prefix, upload-id-marker, uploads.
            marker = f"&key-marker={quote(unquote(key), safe='')}&upload-id-marker={quote(upload, safe='')}"

    # --- objects ----------------------------------------------------------------------------------------------------

    async def put(self, key: str, data: memoryview, label: Label, sums: Digests, *, over: bool) -> None:
        headers = self._described(label, FOR_NOW if over else FOR_GOOD) | _sums(sums)
        if not over:
            headers["If-None-Match"] = "*"
        async with self._call("PUT", self._place.url(key), headers, data) as response:
            _check_etag(response.headers.get("ETag", ""), sums)

    async def head(self, key: str) -> Found | None:
        try:
            async with self._call("HEAD", self._place.url(key), {}) as response:
                headers = response.headers
        except Missing:
            return None
        facts = {n[len(_META) :].lower(): v for n, v in headers.items() if n.lower().startswith(_META)}
        shelved = Shelved(
            key=key,
            size_bytes=int(headers.get("Content-Length", "-1")),
            modified_at=_http_instant(headers.get("Last-Modified", "")),
            media_type=headers.get("Content-Type", ""),
            facts=tuple(sorted(facts.items())),
        )
        return Found(shelved, md5=headers.get("ETag", "").strip('"').lower() or None)

    async def get(self, key: str, span: Span) -> AsyncIterator[bytes]:
        headers = {"Accept-Encoding": "identity"}
        if span != Span():
            headers["Range"] = f"bytes={span.start}-{'' if span.stop is None else span.stop - 1}"
        async with self._call("GET", self._place.url(key), headers) as response:
            if "Range" in headers and response.status != 206:
                raise StorageTrouble("the storage does not hand out parts of files")
            try:
                async for piece in response.content.iter_chunked(_PIECE_BYTES):
                    yield piece
            except _FAILURES as error:
                raise StorageTrouble(f"reading broke off: {_words(error)}", again=True) from error

    async def list(self, prefix: str) -> AsyncIterator[Shelved]:
        marker = ""
        while True:
            query = f"{marker}encoding-type=url&list-type=2&max-keys={_LISTED_AT_ONCE}&prefix={quote(prefix, safe='')}"
            answer = await self._say("GET", f"{self._place.url('')}?{query}", {})
            for row in blocks(answer, "Contents"):
                key = unquote(text(row, "Key"))
                yield Shelved(key, int(text(row, "Size") or 0), _instant(text(row, "LastModified")))
            after = text(answer, "NextContinuationToken")
            if text(answer, "IsTruncated") != "true" or not after:
                return
            marker = f"continuation-token={quote(after, safe='')}&"

    async def remove(self, key: str) -> None:
        try:
            await self._say("DELETE", self._place.url(key), {})
        except Missing:
            return

    async def link(self, key: str, life_s: float, filename: str | None) -> str:
        url = self._place.url(key, for_links=True)
        if filename is not None:
            url += f"?response-content-disposition={quote(disposition(filename, save=True), safe='')}"
        return await self._signer.link(url, life_s)

    # --- calling ----------------------------------------------------------------------------------------------------

    def _described(self, label: Label, cache: str) -> dict[str, str]:
        headers = {"Content-Type": label.media_type, "Cache-Control": cache}
        if label.filename:
            headers["Content-Disposition"] = disposition(label.filename, save=False)
        if self._place.tags:
            headers["x-amz-tagging"] = tags(label)
        return headers | {_META + name: value for name, value in label.facts}

    async def _say(self, method: str, url: str, headers: Mapping[str, str], data: memoryview | None = None) -> str:
        async with self._call(method, url, headers, data) as response:
            try:
                raw = await response.content.read(_ANSWER_BYTES_MAX)
                while len(raw) < _ANSWER_BYTES_MAX and (more := await response.content.read(_ANSWER_BYTES_MAX)):
                    raw += more
            except _FAILURES as error:
                raise StorageTrouble(f"the storage's answer broke off: {_words(error)}", again=True) from error
            return raw.decode("utf-8", "replace")

    @asynccontextmanager
    async def _call(
        self, method: str, url: str, headers: Mapping[str, str], data: memoryview | None = None
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """One signed request. Raises StorageTrouble for every answer that is not good."""
        signed = await self._signer.signed(method, url, headers)
        if data is not None:
            signed["Content-Length"] = str(len(data))
        try:
            request = self._open().request(
                method,
                URL(url, encoded=True),
                headers=signed,
                data=None if data is None else _sliced(data),
                allow_redirects=False,
                skip_auto_headers=("Content-Type",),
            )
            response = await request
        except _FAILURES as error:
            raise StorageTrouble(f"{urlsplit(url).netloc} cannot be reached: {_words(error)}", again=True) from error
        async with response:
            if not 200 <= response.status < 300:
                try:
                    raw = await response.content.read(_PIECE_BYTES)
                except _FAILURES:
                    raw = b""
                raise _trouble(response.status, raw, method)
            yield response

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            patience = self._patience
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=patience.call_s, sock_connect=patience.connect_s, sock_read=patience.silence_s
                ),
                auto_decompress=False,
                trust_env=True,
            )
        return self._session


async def _sliced(data: memoryview) -> AsyncIterator[memoryview]:
    """Small slices, each sent before the next is taken: a part handed over whole would be copied whole."""
    for at in range(0, len(data), _PIECE_BYTES):
        yield data[at : at + _PIECE_BYTES]


def _sums(sums: Digests) -> dict[str, str]:
    return {"Content-MD5": base64.b64encode(sums.md5).decode()} if sums.md5 else {}


def _check_etag(etag: str, sums: Digests) -> None:
    """Where a storage answers with an MD5 it must be that of the bytes sent."""
    named = etag.strip('"').lower()
    if (
        sums.md5
        and len(named) == 32
        and named != sums.md5.hex()
        and all(letter in "0123456789abcdef" for letter in named)
    ):
        raise StorageTrouble("what arrived at the storage is not what was sent", again=True)


def _trouble(status: int, raw: bytes, method: str) -> StorageTrouble:
    """What an unwelcome answer means, in the storage's words and with what to do."""
    code, message = said(raw)
    words = f"the storage answered {status}" + (f" {code}: {message}" if code else "")
    if status == 412 or code == "PreconditionFailed":
        return Taken(words)
    if code == "NoSuchBucket":
        return StorageTrouble(f"{words}: create the bucket, or mend the archive's address")
    if code in ("NoSuchKey", "NoSuchUpload") or (status == 404 and (method == "HEAD" or not code)):
        return Missing(words)
    if status >= 500 and status != 501:
        return StorageTrouble(words, again=True)
    if status in _PASSES or code in _PASSING:
        return StorageTrouble(words, again=True)
    if status == 200:  # an error inside an answer that began well: S3's own advice is to try again
        return StorageTrouble(words, again=True)
    if status == 403:
        words += ". Check key, region, clock and what the key may do (put, get, list, abort uploads, tag objects)"
    if status == 501 or code == "NotImplemented":
        words += ". If it is tags that this storage does not know: WANREEL_ARCHIVE_TAGS=false"
    if 300 <= status < 400:
        words += ". The bucket is in another region: set WANREEL_ARCHIVE_REGION, WANREEL_ARCHIVE_ENDPOINT"
    return StorageTrouble(words)


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _instant(written: str) -> float:
    try:
        return datetime.fromisoformat(written).timestamp()
    except ValueError:
        return 0.0


def _http_instant(written: str) -> float:
    try:
        return parsedate_to_datetime(written).timestamp()
    except ValueError:
        return 0.0
