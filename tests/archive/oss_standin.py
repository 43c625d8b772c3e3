"""A stand-in for OSS that really checks: V4 signatures and virtual-host names, by Alibaba Cloud's published rules.

Written from the documentation ("Include a V4 signature in the Authorization header", "V4 signatures in presigned URLs",
and the API pages of the calls below), not from any SDK. It knows buckets only by host name, keeps everything in memory,
and answers in OSS's words. Faults: a function that is asked before each call and may answer in its place.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from fastcrc import crc64

KEY_ID, SECRET = "OSSKEYOFTESTS", "secret-of-the-oss-tests"
REGION = "cn-test"
SKEW_S = 900
PART_BYTES_MIN = 100 * 1024
_LIFE_S_MAX = 604_800


class Refusal(Exception):
    """An answer in OSS's words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


@dataclass
class Stored:
    """An object, or what will be one: its bytes and the headers that were given with them."""

    headers: dict[str, str]
    data: bytes = b""
    etag: str = ""
    at: float = 0.0
    parts: dict[int, bytes] = field(default_factory=dict[int, bytes])


Fault = Callable[[web.Request, str], Awaitable[web.StreamResponse | None]]


class OssStandIn:
    """An OSS with one endpoint on this machine; `connector` finds its hosts."""

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, Stored]] = {}
        self.uploads: dict[str, tuple[str, str, Stored]] = {}  # id -> bucket, key, what came so far
        self.fault: Fault | None = None
        self.calls: list[str] = []
        self._ids = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def endpoint(self) -> str:
        """What a client is given; buckets are names below it."""
        return f"http://oss-{REGION}.example:{self.port}"

    def connector(self) -> aiohttp.BaseConnector:
        """Finds every host on this machine."""
        return aiohttp.TCPConnector(resolver=_Everywhere(), use_dns_cache=False)

    # --- one call ---

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            bucket = self._bucket(request)
            verify(request, bucket)
            self._known(bucket)
            key = unquote(request.rel_url.raw_path).removeprefix("/")
            what = self._what(request, key)
            self.calls.append(what)
            if self.fault is not None and (instead := await self.fault(request, what)) is not None:
                return instead
            call: Callable[[web.Request, str, str], Awaitable[web.StreamResponse]] = getattr(self, f"_{what}")
            return await call(request, bucket, key)
        except Refusal as refusal:
            body = f"<Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message><RequestId>1</RequestId>"
            text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{body}</Error>'
            return web.Response(status=refusal.status, text=text, content_type="application/xml")

    def _bucket(self, request: web.Request) -> str:
        host, _, _ = request.host.partition(":")
        bucket = host.removesuffix(f".oss-{REGION}.example")
        if bucket == host:
            raise Refusal(403, "SecondLevelDomainForbidden", "Please use virtual hosted style to access the bucket.")
        return bucket

    def _known(self, bucket: str) -> None:
        if bucket not in self.buckets:
            raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist.")

    def _what(self, request: web.Request, key: str) -> str:
        query, method = request.rel_url.query, request.method
        if not key:
            return "list_uploads" if "uploads" in query else "list_objects"
        if "uploads" in query:
            return "begin"
        if "uploadId" in query:
            return {"PUT": "part", "POST": "finish", "DELETE": "abort"}[method]
        return {"PUT": "put", "GET": "get", "HEAD": "get", "DELETE": "delete"}[method]

    # --- uploads ---

    async def _begin(self, request: web.Request, bucket: str, key: str) -> web.StreamResponse:
        upload = f"{next(self._ids):032X}"
        self.uploads[upload] = (bucket, key, Stored(_kept_headers(request), at=time.time()))
        return _xml("InitiateMultipartUploadResult", f"<Key>{escape(key)}</Key><UploadId>{upload}</UploadId>")

    def _upload(self, request: web.Request, bucket: str, key: str) -> Stored:
        found = self.uploads.get(request.rel_url.query["uploadId"])
        if found is None or found[:2] != (bucket, key):
            raise Refusal(404, "NoSuchUpload", "The specified upload does not exist.")
        return found[2]

    async def _part(self, request: web.Request, bucket: str, key: str) -> web.StreamResponse:
        stored, data = self._upload(request, bucket, key), await request.read()
        stored.parts[int(request.rel_url.query["partNumber"])] = data
        return web.Response(headers={"ETag": f'"{_md5(data)}"', **_crc(data)})

    async def _finish(self, request: web.Request, bucket: str, key: str) -> web.StreamResponse:
        stored, body = self._upload(request, bucket, key), (await request.read()).decode()
        numbers = [int(row.split("</PartNumber>")[0]) for row in body.split("<PartNumber>")[1:]]
        if numbers != sorted(set(numbers)) or not set(numbers) <= set(stored.parts):
            raise Refusal(400, "InvalidPart", "One or more of the specified parts could not be found.")
        for number in numbers:
            etag = body.split(f"<PartNumber>{number}</PartNumber>")[1].split("<ETag>")[1].split("</ETag>")[0]
            if etag.replace("&quot;", '"').strip('"') != _md5(stored.parts[number]):
                raise Refusal(400, "InvalidPart", "The ETag of a part does not match.")
            if number != numbers[-1] and len(stored.parts[number]) < PART_BYTES_MIN:
                raise Refusal(400, "EntityTooSmall", "A part is smaller than 100 KB.")
        self._forbid(request, bucket, key)
        stored.data = b"".join(stored.parts[number] for number in numbers)
        stored.etag, stored.at = f"{_md5(stored.data)}-{len(numbers)}", time.time()
        self.buckets[bucket][key] = stored
        del self.uploads[request.rel_url.query["uploadId"]]
        return _xml("CompleteMultipartUploadResult", f'<ETag>"{stored.etag}"</ETag>', _crc(stored.data))

    async def _abort(self, request: web.Request, bucket: str, key: str) -> web.StreamResponse:
        self._upload(request, bucket, key)
        del self.uploads[request.rel_url.query["uploadId"]]
        return web.Response(status=204)

    async def _list_uploads(self, request: web.Request, bucket: str, key: str) -> web.StreamResponse:
        prefix = request.rel_url.query.get("prefix", "")
        rows = "".join(
            f"<Upload><Key>{escape(its_key)}</Key><UploadId>{upload}</UploadId><Initiated>{_iso(it.at)}</Initiated></Upload>"
            for upload, (its_bucket, its_key, it) in self.uploads.items()
            if its_bucket == bucket and its_key.startswith(prefix)
        )
        return _xml("ListMultipartUploadsResult", f"<IsTruncated>false</IsTruncated>{rows}")

    # --- objects ---

    async def _put(self, request: web.Request, bucket: str, key: str) -> web.StreamResponse:
        data = await request.read()
        self._forbid(request, bucket, key)
        self.buckets[bucket][key] = Stored(_kept_headers(request), data, _md5(data), time.time())
        return web.Response(headers={"ETag": f'"{_md5(data)}"', **_crc(data)})

    def _forbid(self, request: web.Request, bucket: str, key: str) -> None:
        if request.headers.get("x-oss-forbid-overwrite", "").lower() == "true" and key in self.buckets[bucket]:
            raise Refusal(
                409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten."
            )

    async def _get(self, request: web.Request, bucket: str, key: str) -> web.StreamResponse:
        stored = self.buckets[bucket].get(key)
        if stored is None:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
        headers = {k: v for k, v in stored.headers.items() if k != "x-oss-tagging"}
        headers |= {
            "ETag": f'"{stored.etag}"',
            "Last-Modified": formatdate(stored.at, usegmt=True),
            **_crc(stored.data),
        }
        if asked := request.rel_url.query.get("response-content-disposition"):
            headers["Content-Disposition"] = asked
        data, status = stored.data, 200
        if (part := request.http_range) and (part.start is not None or part.stop is not None):
            data, status = stored.data[part], 206
            first = part.start or 0
            headers["Content-Range"] = f"bytes {first}-{first + len(data) - 1}/{len(stored.data)}"
        if request.method == "HEAD":
            headers["Content-Length"] = str(len(data))
            return web.Response(status=status, headers=headers)
        return web.Response(status=status, body=data, headers=headers)

    async def _delete(self, request: web.Request, bucket: str, key: str) -> web.StreamResponse:
        self.buckets[bucket].pop(key, None)
        return web.Response(status=204)

    async def _list_objects(self, request: web.Request, bucket: str, key: str) -> web.StreamResponse:
        query = request.rel_url.query
        prefix, after, most = (
            query.get("prefix", ""),
            query.get("continuation-token", ""),
            int(query.get("max-keys", 100)),
        )
        keys = sorted(k for k in self.buckets[bucket] if k.startswith(prefix) and k > after)
        shown = keys[:most]
        rows = "".join(
            f"<Contents><Key>{quote(k, safe='')}</Key><LastModified>{_iso(self.buckets[bucket][k].at)}</LastModified>"
            f"<ETag>&quot;{self.buckets[bucket][k].etag}&quot;</ETag><Size>{len(self.buckets[bucket][k].data)}</Size></Contents>"
            for k in shown
        )
        more = len(keys) > len(shown)
        token = f"<NextContinuationToken>{quote(shown[-1], safe='')}</NextContinuationToken>" if more else ""
        head = f"<EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>{token}"
        return _xml("ListBucketResult", head + rows)


# --- signatures, by the published rules ------------------------------------------------------------------------------


def verify(request: web.Request, bucket: str) -> None:
    """Refuse a call that is not signed with our key by V4 rules, in its head or in its query."""
    query = dict(request.rel_url.query)
    if request.headers.get("Authorization", "").startswith("OSS4-HMAC-SHA256 "):
        _verify_header(request, bucket, query)
    elif query.get("x-oss-signature-version") == "OSS4-HMAC-SHA256":
        _verify_link(request, bucket, query)
    else:
        raise Refusal(403, "AccessDenied", "You have no right to access this object.")


def _verify_header(request: web.Request, bucket: str, query: Mapping[str, str]) -> None:
    rest = request.headers["Authorization"].removeprefix("OSS4-HMAC-SHA256 ")
    told = dict(pair.strip().split("=", 1) for pair in rest.split(","))
    if request.headers.get("x-oss-content-sha256") != "UNSIGNED-PAYLOAD":
        raise Refusal(400, "InvalidArgument", "x-oss-content-sha256 must be UNSIGNED-PAYLOAD.")
    at = request.headers.get("x-oss-date", "")
    if abs(_parsed(at) - time.time()) > SKEW_S:
        raise Refusal(403, "RequestTimeTooSkewed", "The difference between the request time and now is too large.")
    more = tuple(name for name in told.get("AdditionalHeaders", "").split(";") if name)
    signed = _signature(request, bucket, query, at, told["Credential"], more)
    if not hmac.compare_digest(signed, told["Signature"]):
        raise Refusal(403, "SignatureDoesNotMatch", "The signature we calculated does not match.")


def _verify_link(request: web.Request, bucket: str, query: dict[str, str]) -> None:
    given = query.pop("x-oss-signature", "")
    at, life_s = query.get("x-oss-date", ""), int(query.get("x-oss-expires", "0"))
    if not 1 <= life_s <= _LIFE_S_MAX:
        raise Refusal(400, "InvalidArgument", "x-oss-expires must be between 1 and 604800.")
    if time.time() > _parsed(at) + life_s:
        raise Refusal(403, "AccessDenied", "Request has expired.")
    more = tuple(name for name in query.get("x-oss-additional-headers", "").split(";") if name)
    signed = _signature(request, bucket, query, at, query.get("x-oss-credential", ""), more)
    if not hmac.compare_digest(signed, given):
        raise Refusal(403, "SignatureDoesNotMatch", "The signature we calculated does not match.")


def _signature(
    request: web.Request, bucket: str, query: Mapping[str, str], at: str, credential: str, more: tuple[str, ...]
) -> str:
    key_id, day, region, service, ending = credential.split("/")
    if key_id != KEY_ID:
        raise Refusal(403, "InvalidAccessKeyId", "The access key id does not exist.")
    if (region, service, ending, day) != (REGION, "oss", "aliyun_v4_request", at[:8]):
        raise Refusal(403, "SignatureDoesNotMatch", "The scope is not of this region, service and day.")
    scope = f"{day}/{region}/{service}/{ending}"
    text = "\n".join(("OSS4-HMAC-SHA256", at, scope, _sha256(_canonical(request, bucket, query, more))))
    key = f"aliyun_v4{SECRET}".encode()
    for word in (day, region, service, ending):
        key = hmac.digest(key, word.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _canonical(request: web.Request, bucket: str, query: Mapping[str, str], more: tuple[str, ...]) -> str:
    path = f"/{bucket}{quote(unquote(request.rel_url.raw_path), safe='/-_.~')}"
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in query.items())
    query_line = "&".join(f"{k}={v}" if v else k for k, v in pairs)
    heads = {k.lower(): v.strip() for k, v in request.headers.items()}
    names = sorted(n for n in heads if n in ("content-type", "content-md5") or n.startswith("x-oss-") or n in more)
    head_lines = "".join(f"{name}:{heads[name]}\n" for name in names)
    body = heads.get("x-oss-content-sha256", "UNSIGNED-PAYLOAD")
    return "\n".join((request.method, path, query_line, head_lines, ";".join(sorted(more)), body))


# --- small things ----------------------------------------------------------------------------------------------------


class _Everywhere(AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        return


def _kept_headers(request: web.Request) -> dict[str, str]:
    plain = ("content-type", "content-disposition", "cache-control")
    return {
        k: v
        for k, v in request.headers.items()
        if k.lower() in plain or k.lower().startswith(("x-oss-meta-", "x-oss-tagg"))
    }


def _xml(name: str, inside: str, headers: Mapping[str, str] | None = None) -> web.Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}>{inside}</{name}>'
    return web.Response(text=text, content_type="application/xml", headers=headers)


def _crc(data: bytes) -> dict[str, str]:
    return {"x-oss-hash-crc64ecma": str(crc64.xz(data))}


def _md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest().upper()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _parsed(at: str) -> float:
    try:
        return datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Refusal(403, "InvalidArgument", "x-oss-date is not a date.") from None
