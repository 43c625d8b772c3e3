"""One HTTP exchange with the vendor, bounded in time and bytes, with what is known when it breaks off.

No redirects, no cookies, no retries of the library's. The proxy variables are honoured by our own reading of them,
because aiohttp's also reads ~/.netrc and then refuses our Authorization header; loopback is never proxied.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import re
import zlib
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from wanreel.ports.clock import Clock
from wanreel.vendor.words import clean, hide_keys

ANSWER_BYTES_MAX = 1024 * 1024
SLOW_LINE_BYTES_PER_S = 64 * 1024
FAILURES = (aiohttp.ClientError, OSError, ValueError, EOFError, RuntimeError, zlib.error)  # what an exchange dies of

_QUERY = re.compile(r"\?[^\s'\")]*")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a connection, and for an answer after that."""

    connect_s: float = 10.0
    answer_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange. `fresh`: on a connection of its own. `send_by`: after this instant not a byte may leave.

    `body_bytes`: how much there is to send where `body` is a stream; patience grows with it.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | AsyncIterable[bytes] | None = None
    fresh: bool = False
    send_by: float | None = None
    body_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    raw: bytes
    date: str | None = None


class Broken(Exception):
    """An exchange that brought no whole answer. `sent`: bytes may have left. `status`: it got that far."""

    def __init__(self, why: str, *, sent: bool, status: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent
        self.status = status


class TooLateError(RuntimeError):
    """The instant by which a call had to be sent has passed; raised before its first byte."""


class Gate:
    """Stands directly before the first byte of a request, when its connection is made, and remembers who passed.

    `once`: nobody passes twice, so that no library can send a paid call again. What is not proven unsent counts as
    sent: once there is a connection, only the gate's own no is proof.
    """

    def __init__(self, clock: Clock, send_by: float | None, *, once: bool) -> None:
        self._clock = clock
        self._send_by = send_by
        self._once = once
        self._stopped = False
        self.connected = False
        self.passed = False

    @property
    def unsent(self) -> bool:
        """Proven: not one byte of the request has left."""
        return not self.passed and (self._stopped or not self.connected)

    def pass_through(self) -> None:
        """Let the request out, or raise TooLateError, or RuntimeError on a second try."""
        if self._once and self.passed:
            raise RuntimeError("the connection broke off, and the call is not sent a second time")
        if self._send_by is not None and self._clock.latest() > self._send_by:
            self._stopped = True
            raise TooLateError("the connection was ready only after the instant by which the call had to be sent")
        self.passed = True


class Wire:
    """The process's connections to the vendor. Closing twice is harmless."""

    def __init__(self, clock: Clock, patience: Patience) -> None:
        self._clock = clock
        self._patience = patience
        self._shared: aiohttp.ClientSession | None = None

    async def exchange(self, call: Call) -> Answer:
        """Make one call. Raises Broken, which says whether anything can have left this machine."""
        gate = Gate(self._clock, call.send_by, once=call.fresh)
        if call.fresh:
            async with self._session(fresh=True) as session:
                return await self._exchange(session, call, gate)
        if self._shared is None or self._shared.closed:
            self._shared = self._session(fresh=False)
        return await self._exchange(self._shared, call, gate)

    async def close(self) -> None:
        """End all connections."""
        if self._shared is not None:
            await self._shared.close()

    def _timeout(self, size_bytes: int) -> aiohttp.ClientTimeout:
        """A large picture on a slow line must not turn into doubt: the whole call may take longer by its size."""
        patience = self._patience
        return aiohttp.ClientTimeout(
            total=patience.connect_s + patience.answer_s + size_bytes / SLOW_LINE_BYTES_PER_S,
            connect=patience.connect_s,
            sock_connect=patience.connect_s,
            sock_read=patience.answer_s,
        )

    def _session(self, *, fresh: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=fresh),
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[gate_trace()],
            auto_decompress=False,
        )

    async def _exchange(self, session: aiohttp.ClientSession, call: Call, gate: Gate) -> Answer:
        status: int | None = None
        data = BytesIO(call.body) if isinstance(call.body, bytes) else call.body
        size_bytes = len(call.body) if isinstance(call.body, bytes) else call.body_bytes
        try:
            proxy, proxy_headers = proxy_for(call.url)
            async with session.request(
                call.method,
                URL(call.url, encoded=True),
                data=data,
                headers={**call.headers, "Accept-Encoding": "identity"},
                allow_redirects=False,
                timeout=self._timeout(size_bytes),
                proxy=proxy,
                proxy_headers=proxy_headers,
                trace_request_ctx=gate,
            ) as response:
                status = response.status
                return Answer(status, await read_bounded(response), response.headers.get("Date"))
        except FAILURES as error:
            raise Broken(explain(error), sent=not gate.unsent, status=status) from error


def gate_trace() -> aiohttp.TraceConfig:
    """The hook through which a request meets its gate: after the connection is made, before a byte is written."""
    trace = aiohttp.TraceConfig()

    async def before_first_byte(
        _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceRequestHeadersSentParams
    ) -> None:
        gate: object = context.trace_request_ctx
        if isinstance(gate, Gate):
            gate.pass_through()

    async def connected(
        _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceConnectionCreateEndParams
    ) -> None:
        gate: object = context.trace_request_ctx
        if isinstance(gate, Gate):
            gate.connected = True

    trace.on_connection_create_end.append(connected)
    trace.on_request_headers_sent.append(before_first_byte)
    return trace


async def read_bounded(response: aiohttp.ClientResponse, most: int = ANSWER_BYTES_MAX) -> bytes:
    """The whole body, unpacked if it came packed all the same. Raises ValueError past `most` bytes."""
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise ValueError(f"the answer is packed as {packing[:40]}, which was not asked for")
    unpack = zlib.decompressobj(wbits=47) if packing not in ("", "identity") else None
    whole = bytearray()
    async for piece in response.content.iter_chunked(64 * 1024):
        whole += unpack.decompress(piece, most + 1 - len(whole)) if unpack else piece
        if len(whole) > most:
            raise ValueError(f"the answer is larger than {most} bytes")
    if unpack and not unpack.eof:
        raise ValueError("the packed answer was cut short")
    return bytes(whole)


def explain(error: BaseException) -> str:
    """Why an exchange failed, in words for a person; no keys, and no signatures of signed URLs."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        words = "no connection in time"
    elif isinstance(error, asyncio.TimeoutError):
        words = "no answer in time"
    elif isinstance(error, aiohttp.ServerDisconnectedError):
        words = "the connection was closed without an answer"
    elif isinstance(error, aiohttp.ClientPayloadError):
        words = "the answer was cut short"
    else:
        words = str(error) or type(error).__name__
    return hide_keys(clean(_QUERY.sub("?…", words), 300))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def unsafe(url: str) -> str:
    """Why a key must not travel to this URL, in words; "" when it may: https, or http to this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return f"{clean(url, 200)} is no URL: set the vendor's base URL"
    if parts.username is not None or parts.query or parts.fragment or not host:
        return f"{clean(host or url, 200)}: the base URL must be scheme, host and path, nothing else"
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return ""
    return f"{parts.scheme}://{host} would carry the key in the open: use https (http is for loopback only)"


def proxy_for(url: str) -> tuple[str | None, dict[str, str] | None]:
    """The proxy the environment names for a URL, and the header that opens it. Raises ValueError for other kinds."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None, None
    known = getproxies()
    found = known.get(parts.scheme) or known.get("all")
    if not found:
        return None, None
    proxy = urlsplit(found if "://" in found else f"http://{found}")
    if proxy.scheme not in ("http", "https") or not proxy.hostname:
        raise ValueError(
            f"a {clean(proxy.scheme, 20)} proxy is set in the environment; only HTTP proxies are supported"
        )
    opener: dict[str, str] | None = None
    if proxy.username is not None:
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        opener = {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    name = f"[{proxy.hostname}]" if ":" in proxy.hostname else proxy.hostname
    port = f":{proxy.port}" if proxy.port else ""
    return f"{proxy.scheme}://{name}{port}", opener
