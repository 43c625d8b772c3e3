"""EventBridge's certificates, fetched from where an event says: few, small, kept, and never more often than needed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import aiohttp

from wanreel.domain.errors import Unavailable
from wanreel.ports.clock import Clock

BYTES_MAX = 32 * 1024
KEPT_MAX = 16
WITHIN_S = 5.0
KEEP_S = 86_400.0  # then it is fetched anew: certificates are exchanged now and then
AGAIN_S = 30.0  # an address that gave nothing is left alone so long
NOTHINGS_MAX = 1_000  # such addresses that are remembered
WAITING_MAX = 8  # deliveries that may wait for certificates we do not have: anybody can name addresses
_NOT_NOW = "EventBridge's certificate cannot be fetched now"


class Certificates:
    """A shelf of certificates by address. Addresses are judged before (`eventbridge.certificate_url`)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()  # until when, the latest used last
        self._nothing: OrderedDict[str, float] = OrderedDict()  # addresses that gave nothing, and until when
        self._waiting = 0
        self._lock = asyncio.Lock()  # one fetch at a time: many events at once name one certificate
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End all connections; calling it twice is harmless."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def fetch(self, url: str) -> bytes:
        """The certificate at an address. Raises Unavailable where it cannot be had now. Those we have wait for nobody
        and are not displaced by addresses that give nothing.
        """
        found = self._known(url)
        if found is None and self._waiting >= WAITING_MAX:
            raise Unavailable("too many of EventBridge's certificates are asked for at once")
        if found is None:
            self._waiting += 1
            try:
                async with self._lock:
                    found = self._known(url) or await self._fetch(url)
            finally:
                self._waiting -= 1
        return found

    def _known(self, url: str) -> bytes | None:
        """A certificate we have; None where it has to be fetched. Raises Unavailable where that was tried just now."""
        now = self._clock.now()
        if self._nothing.get(url, 0.0) > now:
            raise Unavailable(_NOT_NOW)
        until, found = self._kept.get(url, (0.0, None))
        if found is None or now >= until:
            return None
        self._kept.move_to_end(url)
        return found

    async def _fetch(self, url: str) -> bytes:
        found = await self._get(url)
        now = self._clock.now()
        self._nothing.pop(url, None)
        if found is None:
            self._nothing[url] = now + AGAIN_S
            while len(self._nothing) > NOTHINGS_MAX:
                self._nothing.popitem(last=False)
            raise Unavailable(_NOT_NOW)
        self._kept.pop(url, None)
        self._kept[url] = (now + KEEP_S, found)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
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
