"""The address completion events are posted to: a request in, a status and words out, whatever server it stands in.

A true event of a task of ours makes the job due, once, and does nothing else: the query that follows has the word.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from wanreel.domain.errors import Unavailable
from wanreel.domain.sighting import Sighting
from wanreel.ports.clock import Clock
from wanreel.telemetry import EVENT, EVENT_REFUSED, log
from wanreel.watch.eventbridge import Delivery, Forged, certificate_url, verify

PATH = "/hooks/eventbridge"
BODY_BYTES_MAX = 64 * 1024
REMEMBERED_MAX = 10_000  # events: a second delivery of any of them does nothing


@dataclass(frozen=True, slots=True)
class Said:
    """What the sender is told."""

    status: int
    words: str


@dataclass(frozen=True, slots=True)
class Ears:
    """What the hook is made of: how a certificate is had, how a body is read, whom to tell of a sighting (which may
    raise Unavailable), and the hosts certificates may come from beside EventBridge's own.
    """

    certificate: Callable[[str], Awaitable[bytes]]
    read: Callable[[bytes], Sighting | None]
    saw: Callable[[Sighting], Awaitable[None]]
    hosts: frozenset[str] = frozenset()


class EventHook:
    """Judges deliveries to `url`, the address that EventBridge's rule was given, and passes on what is true."""

    def __init__(self, url: str, clock: Clock, ears: Ears) -> None:
        self.url = url
        self._clock = clock
        self._ears = ears
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Said:
        """Take one request; `url` is what it asked for, of which only path and query are looked at, for a proxy may
        stand in front.
        """
        if _place(url) != _place(self.url):
            return Said(404, "nothing is received here")
        if method != "POST":
            return Said(405, "events are posted")
        if len(body) > BODY_BYTES_MAX:
            return Said(413, "events are smaller")
        delivery = Delivery(self.url, {name.lower(): value for name, value in headers.items()}, body)
        now = self._clock.now()
        try:
            where = certificate_url(delivery, now, self._ears.hosts)
            verify(delivery, await self._ears.certificate(where), now)
        except Forged as forged:
            log.warning(EVENT_REFUSED, why=str(forged))
            return Said(403, "not an event that was signed for this address just now")
        except Unavailable as why:
            log.warning(EVENT_REFUSED, why=why.message)
            return Said(503, "it cannot be checked now: send it again")
        return await self._take(self._ears.read(body))

    async def _take(self, seen: Sighting | None) -> Said:
        """A true event, perhaps not for the first time, perhaps about something else."""
        if seen is None:
            return Said(200, "true, and of no interest here")
        known = (seen.task_id, seen.status)
        if known in self._known:
            return Said(200, "known already")
        try:
            await self._ears.saw(seen)
        except Unavailable as why:
            log.warning(EVENT_REFUSED, why=why.message)
            return Said(503, "it cannot be taken now: send it again")
        self._known[known] = None
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        log.info(EVENT, task=seen.task_id, status=seen.status)
        return Said(200, "thank you")


def _place(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ("", "")
    return (parts.path.rstrip("/"), parts.query)
