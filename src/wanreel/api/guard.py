"""What every request passes before a route sees it: its host, its origin, its size, its pace; and what leaves with it.

Plain ASGI, so that streams pass through untouched. Refusals are written by the face that owns the path.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wanreel import spans
from wanreel.api.desk import Rules
from wanreel.api.problems import Refusal, Told, told
from wanreel.api.weighing import Scales
from wanreel.ports.clock import Clock
from wanreel.telemetry import REQUEST, REQUEST_BROKE, log

HEADER_BYTES_MAX = 32 * 1024
STRANGER_BYTES_MAX = 64 * 1024  # of a body, from somebody whose token has not been looked at
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS = SAFE | {"POST", "PUT", "PATCH", "DELETE"}
INTERNAL = 500
_NO_METHOD = "HTTP"  # how a span is called whose method is nobody's
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
"""On every answer that does not say otherwise."""
_ADDED = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in SECURITY_HEADERS.items()]
_HOSTS_MAX = 64  # names that are read once: it is nearly always the same

Refuse = Callable[[str, Told, str], Response]
Limit = Callable[[str, str], int]
Door = Callable[[str, str, str], Awaitable[None]]
"""Who may send a large body to a path: raises Refusal, by the Authorization header and the address."""


class Guard:
    """The outermost layer. `loopback`: the server listens on this machine alone, so it goes by no other name."""

    def __init__(
        self, app: ASGIApp, *, rules: Rules, clock: Clock, refuse: Refuse, limit: Limit, door: Door, loopback: bool
    ):
        self._app = app
        self._door = door
        self._rules = rules
        self._clock = clock
        self._refuse = refuse
        self._limit = limit
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, hand on, log."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._clock.new_id("req")
        scope.setdefault("state", {})["request_id"] = request_id
        exchange = _Exchange(self, scope, receive, send, request_id)
        with spans.opened(_NO_METHOD, spans.Sort.SERVER, {}, caller=_caller(scope)) as span:
            try:
                await self._answer(scope, exchange, request_id)
            finally:
                if spans.traced():
                    _trace(span, scope, request_id, exchange.status)

    async def _answer(self, scope: Scope, exchange: _Exchange, request_id: str) -> None:
        began = self._clock.now()
        try:
            self._check(scope)
            await self._app(scope, exchange.receive, exchange.send)
        except Refusal as refusal:
            await exchange.refuse(refusal.told)
        except Exception as error:  # noqa: BLE001 - a bug in a route must not close the connection without a word
            log.exception(REQUEST_BROKE, request=request_id, path=scope["path"])
            await exchange.refuse(told(error))
        finally:
            took_s = round(self._clock.now() - began, 4)
            log.debug(
                REQUEST,
                method=scope["method"],
                path=scope["path"],
                status=exchange.status,
                seconds=took_s,
                request=request_id,
            )

    def refusal(self, path: str, what: Told, request_id: str) -> Response:
        """An error in the shape of the face that owns the path."""
        return self._refuse(path, what, request_id)

    def bytes_max(self, scope: Scope) -> int:
        """How much of a body the path takes."""
        return self._limit(scope["method"], scope["path"])

    async def let_in(self, scope: Scope) -> None:
        """Look at who sends a large body before it is read. Raises Refusal."""
        client = scope.get("client")
        await self._door(scope["path"], Headers(scope=scope).get("authorization", ""), client[0] if client else "")

    @property
    def pause_s(self) -> float:
        """How long the next piece of a body may take to come."""
        return self._rules.body_pause_s

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if sum(len(name) + len(value) for name, value in headers.raw) > HEADER_BYTES_MAX:
            words = f"At most {HEADER_BYTES_MAX} bytes of headers are taken here."
            raise Refusal("headers_too_large", words, headers={"Connection": "close"})
        hosts = headers.getlist("host")
        if len(hosts) != 1:
            raise Refusal("malformed", "Exactly one Host header is needed.")
        if len(headers.getlist("authorization")) > 1:  # whoever stands in front of us may have read the other one
            raise Refusal("malformed", "At most one Authorization header is needed.")
        if not self._goes_by(hosts[0]):
            raise Refusal("wrong_host", "This server does not answer under the name in the Host header.")
        if "transfer-encoding" in headers and "content-length" in headers:
            raise Refusal("malformed", "Content-Length and Transfer-Encoding exclude each other.")
        self._check_origin(scope["method"], headers, hosts[0])
        announced = headers.get("content-length", "0")
        if not announced.isdecimal() or not announced.isascii():
            raise Refusal("malformed", "Content-Length must be a number.")
        most = self.bytes_max(scope)
        if int(announced) > most:
            raise Refusal("too_large", f"At most {most} bytes are taken here.", headers={"Connection": "close"})

    def _goes_by(self, host: str) -> bool:
        """Whether a Host header names this server. Loopback is checked too: a page whose name was rebound to
        127.0.0.1 sends its own.
        """
        name = host_name(host)
        if name is None:
            return False
        if is_loopback_name(name) or name in self._rules.hosts:
            return True
        return not self._loopback and ("*" in self._rules.hosts or not self._rules.hosts)

    def _check_origin(self, method: str, headers: Headers, host: str) -> None:
        """A page of somebody else's has no business here, with or without a token."""
        origin = headers.get("origin")
        if origin is not None and origin not in self._rules.origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or parts.netloc.lower() != host.lower():
                raise Refusal("forbidden", "Pages of another origin may not call this server.")
        if origin is None and method not in SAFE and headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            raise Refusal("forbidden", "Pages of another origin may not call this server.")


class _Exchange:
    """One request and its answer: counts what comes, adds to what goes."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self._guard = guard
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request_id = request_id
        self._most = guard.bytes_max(scope)
        self._taken = 0
        self._is_known = False
        self._body_ended = False
        is_json = "json" in Headers(scope=scope).get("content-type", "").lower()
        self._scales = Scales() if is_json else None
        self.status: int | None = None

    async def receive(self) -> Message:
        """The next piece of the body, in time and within bounds. Raises Refusal."""
        if self._body_ended:
            return await self._receive()
        try:
            async with asyncio.timeout(self._guard.pause_s):
                message = await self._receive()
        except TimeoutError:
            raise Refusal("too_slow", "The body took too long to come.", headers={"Connection": "close"}) from None
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
            self._body_ended = not message.get("more_body", False)
            if self._taken > self._most:
                words = f"At most {self._most} bytes are taken here."
                raise Refusal("too_large", words, headers={"Connection": "close"})
            if self._taken > STRANGER_BYTES_MAX and not self._is_known:
                await self._guard.let_in(self._scope)
                self._is_known = True
            if self._scales is not None:
                self._scales.take(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """Hand on, with what every answer carries."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            said = {name for name, _ in message.get("headers", ())}
            added = [line for line in _ADDED if line[0] not in said]
            own = (b"x-request-id", self._request_id.encode("latin-1"))
            message["headers"] = [*(line for line in message.get("headers", ()) if line[0] != own[0]), *added, own]
        await self._send(message)

    async def refuse(self, what: Told) -> None:
        """Answer with an error, if nothing has been answered yet."""
        if self.status is not None:
            return
        answer = self._guard.refusal(self._scope["path"], what, self._request_id)
        await answer(self._scope, self._receive, self.send)


def _caller(scope: Scope) -> str:
    """The trace the caller is in, as it says."""
    return Headers(scope=scope).get("traceparent", "") if spans.traced() else ""


def _trace(span: spans.Span, scope: Scope, request_id: str, status: int | None) -> None:
    """What a span says of a request: the route it took. Its path can hold a secret, as those of stable links do."""
    route = getattr(scope.get("route"), "path", "")
    known = scope["method"] in METHODS
    span.call(f"{scope['method'] if known else _NO_METHOD} {route}".rstrip())
    span.note(spans.METHOD, scope["method"] if known else "_OTHER")
    span.note(spans.SCHEME, scope["scheme"])
    span.note(spans.REQUEST, request_id)
    if route:
        span.note(spans.ROUTE, route)
    if status is not None:
        span.note(spans.STATUS, status)
        if status >= INTERNAL:
            span.note(spans.ERROR, str(status))


@lru_cache(_HOSTS_MAX)
def host_name(host: str) -> str | None:
    """The name in a Host header, in lower case, without its port; None where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    plain = parts.username is None and not parts.path and not parts.query and not parts.fragment
    return parts.hostname if plain and parts.hostname else None


@lru_cache(_HOSTS_MAX)
def is_loopback_name(name: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback
