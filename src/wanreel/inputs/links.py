"""Fetches what a user's link leads to, once, safely, so that what was checked is what is used.

A link is followed only to public addresses (`addresses`). Each connection looks its name up once, checks every address
that came back, and connects to one of just those: a name that changes its mind between check and connect gains nothing.
Redirects are followed by hand, each checked like the first. Nothing of ours travels along: no cookie, no key, no
referrer, no proxy (which would look the name up again, somewhere else). Bytes and time are bounded.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from wanreel.domain.addresses import Address, is_name, is_public, read_address
from wanreel.domain.errors import Invalid

REDIRECTS_MAX = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
_LOW_PORTS_MAX = 1023  # below it live mail, shells and databases, which a GET must not be sent to
_NAME_LETTERS_MAX = 100
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how much."""

    total_s: float = 30.0
    connect_s: float = 5.0
    silence_s: float = 10.0
    addresses_max: int = 16


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a link led to."""

    data: bytes
    name: str


Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name. Raises OSError."""


async def look_up(host: str, port: int) -> Sequence[str]:
    """The system's answer."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(row[4][0]) for row in found]


class Links:
    """`hosts` names those (`host` or `host:port`) that may lie at private addresses: the operator's own servers."""

    def __init__(
        self,
        hosts: Collection[str] = (),
        bounds: Bounds | None = None,
        lookup: Lookup = look_up,
        may_connect: Callable[[Address], bool] = is_public,
    ) -> None:
        self._hosts = frozenset(host.strip().lower() for host in hosts)
        self._bounds = bounds or Bounds()
        self._lookup = lookup
        self._may_connect = may_connect

    async def fetch(self, url: str, bytes_max: int) -> Fetched:
        """The content of a link. Raises Invalid, in words that name no query (it may carry a signature)."""
        try:
            async with asyncio.timeout(self._bounds.total_s):
                return await self._follow(url, bytes_max)
        except TimeoutError:
            raise Invalid(
                f"{shown(url)} did not come within {self._bounds.total_s:g} s: give the file itself"
            ) from None

    async def _follow(self, link: str, bytes_max: int) -> Fetched:
        for _ in range(REDIRECTS_MAX + 1):
            url = self._checked(link)
            async with self._session() as session:
                try:
                    async with session.get(url, allow_redirects=False) as response:
                        if response.status not in _REDIRECTS:
                            return Fetched(await _content(response, link, bytes_max), _name(link))
                        link = _next(link, response.headers.get("Location", ""))
                except (aiohttp.ClientError, OSError, ValueError) as error:
                    raise Invalid(f"{shown(link)} cannot be fetched ({_why(error)}): give the file itself") from None
        raise Invalid(f"{shown(link)} leads from one place to the next more than {REDIRECTS_MAX} times")

    def _session(self) -> aiohttp.ClientSession:
        bounds = self._bounds
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_Checked(self._addresses), force_close=True, use_dns_cache=False, family=socket.AF_UNSPEC
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(sock_connect=bounds.connect_s, sock_read=bounds.silence_s, total=None),
            headers={"User-Agent": "wanreel", "Accept": "image/*, audio/*", "Accept-Encoding": "identity"},
        )

    def _checked(self, link: str) -> URL:
        """The link as it is connected to, with what can be told before anybody is asked. Raises Invalid."""
        try:
            url = URL(link, encoded=True)  # this very object is connected to: two readings of a link could differ
            host, port = (url.raw_host or "").lower(), url.port or 0
        except (ValueError, TypeError):
            raise Invalid(f"{shown(link)} is not a link") from None
        if url.scheme not in _PORTS or not host:
            raise Invalid(f"{shown(link)} cannot be followed: only http and https links are")
        if url.raw_user is not None or url.raw_password is not None:
            raise Invalid(f"a link to {shown(host)} carries a password: give the file itself")
        if self._is_own(host, port):
            return url
        if port <= _LOW_PORTS_MAX and port not in _PORTS.values():
            raise Invalid(f"{shown(link)} names port {port}, which is not the web's")
        address = read_address(host)
        if address is None and not is_name(host):
            raise Invalid(f"{shown(link)} names no host: write a name, or an address in its usual form")
        if address is not None and not self._may_connect(address):
            raise _private(host)
        return url

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Where a name leads: all of it checked, now, for this one connection. Raises OSError, Invalid."""
        found = list(dict.fromkeys(await self._lookup(host, port)))[: self._bounds.addresses_max]
        if self._is_own(host.lower(), port):
            return found
        for text in found:
            address = read_address(text)
            if address is None or not self._may_connect(address):
                raise _private(host)
        return found

    def _is_own(self, host: str, port: int) -> bool:
        return host in self._hosts or f"{host}:{port}" in self._hosts


class _Checked(AbstractResolver):
    """Gives the connection only addresses that have just been checked."""

    def __init__(self, addresses: Lookup) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=text,
                port=port,
                family=socket.AF_INET6 if ":" in text else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for text in await self._addresses(host, port)
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _private(host: str) -> Invalid:
    return Invalid(
        f"a link must not lead into a private network, and {shown(host)} does: give the file itself, or have the "
        "operator name the host in WANREEL_INPUT_HOSTS"
    )


async def _content(response: aiohttp.ClientResponse, url: str, bytes_max: int) -> bytes:
    if response.status != 200:
        raise Invalid(f"{shown(url)} answers HTTP {response.status} and not with a file: check the link")
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise Invalid(f"{shown(url)} comes packed, which was not asked for: give the file itself")
    too_large = Invalid(f"{shown(url)} is larger than {bytes_max / 1024**2:g} MB: use a smaller file")
    if (response.content_length or 0) > bytes_max:
        raise too_large
    whole = bytearray()
    async for piece in response.content.iter_chunked(_PIECE_BYTES):
        whole += piece
        if len(whole) > bytes_max:
            raise too_large
    return bytes(whole)


def _next(url: str, location: str) -> str:
    if not location or len(location) > 4096 or not location.isprintable():
        raise Invalid(f"{shown(url)} redirects to nowhere")
    return urljoin(url, location)


def _name(url: str) -> str:
    """What to call it: the last part of the path."""
    name = unquote(urlsplit(url).path.rpartition("/")[2], errors="replace")
    name = "".join(letter if letter.isprintable() and letter not in "/\\" else "_" for letter in name)
    return name[-_NAME_LETTERS_MAX:] or "link"


def _why(error: Exception) -> str:
    words = re.sub(r"\?[^\s'\")]*", "?…", str(error)) or type(error).__name__
    return "".join(letter if letter.isprintable() else " " for letter in words)[:200]


def shown(url: str) -> str:
    """A link fit for a message: without query and fragment, not long, printable."""
    text = re.sub(r"[?#].*", "", url, flags=re.DOTALL)
    text = re.sub(r"//[^/@]*@", "//", text)
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return text if len(text) <= 100 else text[:99] + "…"
