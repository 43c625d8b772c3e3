"""Looks at the media a request names: inline data, uploads, addresses on this machine; nothing else is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from wanreel.emulator.desk import Desk
from wanreel.emulator.media import UNREACHABLE, Medium, data_bytes, look, named
from wanreel.emulator.shelf import Shelf

FETCH_BYTES_MAX = 110 * 1024 * 1024
FETCH_TIMEOUT_S = 10.0
_REFUSED = Medium(code="InvalidURL.ConnectionRefused")
_TIMED_OUT = Medium(code="InvalidURL.Timeout")


class Inputs:
    """Turns the addresses in a request body into what is known about them; keeps the bytes on the shelf."""

    def __init__(self, shelf: Shelf, desk: Desk, session: aiohttp.ClientSession) -> None:
        self._shelf = shelf
        self._desk = desk
        self._session = session

    async def look_at(self, body: Mapping[str, Any]) -> dict[str, Medium]:
        """Address -> what was found there."""
        found: dict[str, Medium] = {}
        for entry in named(body):
            if entry.url not in found:
                found[entry.url] = await self._one(entry.url, entry.role)
        return found

    async def _one(self, url: str, role: str) -> Medium:
        if url.startswith("oss://"):
            kept = self._desk.ledger.kept.get(url.removeprefix("oss://"))
            data = self._shelf.get(kept.sha256) if kept else None
            return await asyncio.to_thread(look, data, role) if data is not None else UNREACHABLE
        if url.startswith("data:"):
            data = await asyncio.to_thread(data_bytes, url)
        elif on_this_machine(url):
            data = await self._fetch(url)
        elif self._desk.quirks.bare_base64 == "accept" and ":" not in url:
            data = await asyncio.to_thread(data_bytes, url, bare=True)
        else:
            return UNREACHABLE
        if isinstance(data, Medium):
            return data
        return await asyncio.to_thread(self._keep, data, role) if data is not None else UNREACHABLE

    def _keep(self, data: bytes, role: str) -> Medium:
        self._shelf.put(data)
        return look(data, role)

    async def _fetch(self, url: str) -> bytes | Medium:
        timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT_S)
        try:
            # No redirects: they could lead off this machine.
            async with self._session.get(url, timeout=timeout, allow_redirects=False) as answer:
                if answer.status != 200:
                    return UNREACHABLE
                data = await answer.content.read(FETCH_BYTES_MAX + 1)
                while len(data) <= FETCH_BYTES_MAX and (more := await answer.content.read(1 << 20)):
                    data += more
                return data if len(data) <= FETCH_BYTES_MAX else Medium(code="InvalidFile.Size")
        except TimeoutError:
            return _TIMED_OUT
        except (aiohttp.ClientError, OSError, ValueError):
            return _REFUSED


def on_this_machine(url: str) -> bool:
    """Whether an address is plain http(s) to a loopback host."""
    try:
        parsed = urlsplit(url)
        host = parsed.hostname or ""
    except ValueError:
        return False
    if parsed.scheme not in ("http", "https"):
        return False
    if host == "localhost":
        return True
    try:
        # A zone ("::1%eth0") is no part of an address that means this machine whatever the zone.
        return "%" not in host and ip_address(host).is_loopback
    except ValueError:
        return False
