"""Fetches finished clips as `ports.Results`: from the vendor's own result hosts only, whole, resumed after a cut.

A result's URL comes from a task's answer, and still it is not trusted: anybody can own a bucket under aliyuncs.com, so
the host must match the vendor's pattern (FS §8), be the host of the account's own base URL (an emulator, a gateway),
or be named in the settings. Redirects are refused. No key travels with a download.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from fastcrc import crc64
from yarl import URL

from wanreel.domain.event import Trouble
from wanreel.domain.job import Account
from wanreel.ports.archive import KeepFailed
from wanreel.ports.clock import Clock
from wanreel.vendor.flow import Drip, Valve
from wanreel.vendor.http import FAILURES, explain, proxy_for, read_bounded
from wanreel.vendor.words import clean, hide_keys

PIECE_BYTES = 256 * 1024
ERROR_BYTES_MAX = 64 * 1024

_VENDORS_HOST = re.compile(r"dashscope-[a-z0-9-]+\.oss-[a-z0-9-]+\.aliyuncs\.com")
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_TAGS = (re.compile(r"<Code>([^<]{0,500})</Code>"), re.compile(r"<Message>([^<]{0,500})</Message>"))


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one download: waiting, resuming, bytes."""

    connect_s: float = 10.0
    silence_s: float = 60.0  # no byte for so long counts as a cut
    try_s: float = 3600.0
    resumes_max: int = 8
    resume_wait_s: float = 1.0
    bytes_max: int = 8 * 1024**3
    bytes_s_min: int = 16_000  # a source that drips more slowly for a whole window counts as cut
    window_s: float = 60.0


@dataclass(slots=True)
class _Place:
    """How far a download has come: bytes handed on, and what the server said about the whole."""

    done: int = 0
    total: int | None = None
    etag: str | None = None
    crc: int = 0  # CRC-64 of what was handed on
    crc_told: str | None = None  # the storage's own, of the whole file


class _CutError(Exception):
    """The connection broke off before the end; the rest can be asked for."""


class Downloads:
    """The vendor's finished clips."""

    def __init__(
        self, clock: Clock, hosts: Collection[str] = (), bounds: Bounds | None = None, bytes_s_max: int = 0
    ) -> None:
        self._clock = clock
        self._hosts = frozenset(host.strip().lower() for host in hosts)
        self._bounds = bounds or Bounds()
        self._valve = Valve(clock, bytes_s_max)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End all connections; calling it twice is harmless."""
        if self._session is not None:
            await self._session.close()

    async def fetch(self, account: Account, url: str) -> AsyncGenerator[bytes, None]:
        """The clip's bytes in pieces of at most 256 KiB. Raises KeepFailed while iterating."""
        target = safe_url(url, account.base_url, self._hosts)
        if target is None:
            shown = clean(url.partition("?")[0], 200)
            raise KeepFailed(Trouble.UNSAFE_URL, f"{shown} is not a place the vendor keeps results; nothing is fetched")
        place, resumes = _Place(), 0
        while True:
            try:
                async with aclosing(self._read(target, place)) as pieces:
                    async for piece in pieces:
                        yield piece
            except _CutError as cut:
                resumes += 1
                if not place.done or resumes > self._bounds.resumes_max:
                    after = f" after {place.done} bytes, broken off {resumes} times" if place.done else ""
                    words = f"the clip could not be fetched{after}: {cut}"
                    raise KeepFailed(Trouble.SOURCE_FAILED, words) from cut
                await self._clock.sleep(self._bounds.resume_wait_s * min(2 ** (resumes - 1), 30))
            else:
                if place.crc_told is not None and place.crc_told != str(place.crc):
                    words = "the clip that came is not the one its storage has: its CRC-64 differs"
                    raise KeepFailed(Trouble.SOURCE_FAILED, words)
                return

    async def _read(self, url: str, place: _Place) -> AsyncGenerator[bytes, None]:
        """One connection's worth of bytes, from where the last one ended. Raises _CutError, KeepFailed."""
        headers = {"Accept-Encoding": "identity"}
        if place.done:
            headers["Range"] = f"bytes={place.done}-"
            if place.etag and not place.etag.startswith("W/"):  # a weak tag never matches
                headers["If-Match"] = place.etag
        try:
            proxy, proxy_headers = proxy_for(url)
            request = self._open().get(
                URL(url, encoded=True),  # a signed URL must go out letter for letter
                headers=headers,
                allow_redirects=False,
                proxy=proxy,
                proxy_headers=proxy_headers,
            )
            async with request as response:
                skip = await _begin(response, place, self._bounds)
                drip = Drip(self._bounds.bytes_s_min, self._bounds.window_s)
                while True:
                    asked_at = self._clock.now()
                    piece = await response.content.read(PIECE_BYTES)
                    if not piece:
                        break
                    slow = drip.count(len(piece), self._clock.now() - asked_at)
                    fresh = piece[skip:]
                    skip -= len(piece) - len(fresh)
                    if fresh:
                        _advance(place, fresh, self._bounds)
                        await self._valve.take(len(fresh))
                        yield fresh
                    if slow:
                        raise _CutError(f"less than {self._bounds.bytes_s_min} bytes a second came")
        except FAILURES as error:
            raise _CutError(explain(error)) from error
        if place.total is not None and place.done < place.total:
            raise _CutError(f"only {place.done} of {place.total} bytes came")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            bounds = self._bounds
            timeout = aiohttp.ClientTimeout(
                total=bounds.try_s, connect=None, sock_connect=bounds.connect_s, sock_read=bounds.silence_s
            )
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=timeout,
                auto_decompress=False,
            )
        return self._session


def safe_url(url: str, base_url: str, hosts: Collection[str] = ()) -> str | None:
    """The URL to fetch a result from, http upgraded to https; None for a place results must not be fetched from."""
    try:
        parts, base = urlsplit(url), urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
        base_place = (base.scheme, base.hostname, base.port)
    except ValueError:
        return None
    if not url.isascii() or not url.isprintable() or " " in url:
        return None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or parts.password is not None:
        return None
    configured = not (base.hostname or "").endswith(".aliyuncs.com")  # the vendor's API hosts keep no results
    if configured and (parts.scheme, host, port) == base_place:
        return url
    if _VENDORS_HOST.fullmatch(host):
        return replaced_scheme(url) if port in (None, 80 if parts.scheme == "http" else 443) else None
    named = host in hosts and port in (None, 80, 443)
    return url if named or f"{host}:{port}" in hosts else None


def replaced_scheme(url: str) -> str:
    """The same URL over https, on its own port."""
    parts = urlsplit(url)
    return parts._replace(scheme="https", netloc=parts.hostname or "").geturl()


def oss_words(raw: bytes) -> tuple[str, str]:
    """Code and message of a storage error's XML, by plain search: no parser meets a stranger's XML."""
    text = raw.decode("utf-8", "replace")
    found = [pattern.search(text) for pattern in _TAGS]
    code, message = (hide_keys(clean(match[1], 500)) if match else "" for match in found)
    return code, message


async def _begin(response: aiohttp.ClientResponse, place: _Place, bounds: Bounds) -> int:
    """Check an answer's head against what is known so far, note what it adds, and say how many bytes to skip."""
    status = response.status
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise KeepFailed(Trouble.SOURCE_FAILED, "the clip came packed, which was not asked for")
    skip = 0
    if status == 200 and not place.done:
        place.total, place.etag = response.content_length, response.headers.get("ETag")
        place.crc_told = response.headers.get("x-oss-hash-crc64ecma")
    elif status == 200:  # the range was ignored: the same file again from its beginning, or another one
        if place.total is None or (response.content_length, response.headers.get("ETag")) != (place.total, place.etag):
            raise KeepFailed(Trouble.SOURCE_FAILED, "the clip could not be resumed: the file there is another one now")
        skip = place.done
    elif status == 206 and place.done:
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != place.done or int(found[3]) != (place.total or int(found[3])):
            raise KeepFailed(
                Trouble.SOURCE_FAILED, "the clip could not be resumed: another part came than was asked for"
            )
        place.total = int(found[3])
    else:
        raise await _refusal(response)
    if place.total is not None and place.total > bounds.bytes_max:
        raise KeepFailed(
            Trouble.SOURCE_FAILED, f"{place.total} bytes is more than a clip may have ({bounds.bytes_max})"
        )
    return skip


async def _refusal(response: aiohttp.ClientResponse) -> KeepFailed:
    """The error an unwelcome status stands for, with the storage's own code and words. Raises _CutError on a 5xx."""
    status = response.status
    if 300 <= status < 400:
        return KeepFailed(Trouble.UNSAFE_URL, f"HTTP {status}: the result's host redirects, which is not followed")
    try:
        code, message = oss_words(await read_bounded(response, ERROR_BYTES_MAX))
    except FAILURES:
        code, message = "", ""
    words = f"HTTP {status}" + (f", {code}: {message}" if code else "")
    if status >= 500 or status in (408, 429):
        raise _CutError(words)
    if status in (412, 416):
        return KeepFailed(Trouble.SOURCE_FAILED, f"{words}: the file there is another one now")
    return KeepFailed(Trouble.SOURCE_REFUSED, words)


def _advance(place: _Place, fresh: bytes, bounds: Bounds) -> None:
    place.done += len(fresh)
    place.crc = crc64.xz(fresh, place.crc or None)
    if place.done > bounds.bytes_max or (place.total is not None and place.done > place.total):
        raise KeepFailed(Trouble.SOURCE_FAILED, f"more bytes came ({place.done}) than were announced, or may come")
