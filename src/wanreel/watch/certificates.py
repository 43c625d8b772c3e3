"""EventBridge's certificates, fetched from where an event says: few, small, kept, and never more often than needed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import aiohttp

from wanreel.domain.errors import Unavailable
from wanreel.ports import Clock

BYTES_MAX = 32 * 1024
KEPT_MAX = 16
WITHIN_S = 5.0
KEEP_S = 86_400.0  # then it is fetched anew: certificates are exchanged now and then
AGAIN_S = 30.0  # an address that gave nothing is left alone so long


class Certificates:
    """A shelf of certificates by address. Addresses are judged before (`eventbridge.certificate_url`)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, bytes | None]] = OrderedDict()
        self._lock = asyncio.Lock()  # one fetch at a time: many events at once name one certificate
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End all connections; calling it twice is harmless."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def fetch(self, url: str) -> bytes:
        """The certificate at an address. Raises Unavailable where it cannot be had now."""
        async with self._lock:
            until, found = self._kept.get(url, (0.0, None))
            if self._clock.now() >= until:
                found = await self._get(url)
                until = self._clock.now() + (KEEP_S if found else AGAIN_S)
                self._kept[url] = (until, found)
                while len(self._kept) > KEPT_MAX:
                    self._kept.popitem(last=False)
        if found is None:
            raise Unavailable("EventBridge's certificate cannot be fetched now")
        return found

    async def _get(self, url: str) -> bytes | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=WITHIN_S), cookie_jar=aiohttp.DummyCookieJar()
            )
        try:
            async with self._session.get(url, allow_redirects=False) as answer:
                if answer.status != 200:
                    return None
                whole = await answer.content.read(BYTES_MAX + 1)
                while len(whole) <= BYTES_MAX and (more := await answer.content.read(BYTES_MAX + 1 - len(whole))):
                    whole += more
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError):
            return None
        return whole if whole and len(whole) <= BYTES_MAX else None
