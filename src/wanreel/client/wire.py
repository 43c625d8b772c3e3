"""The wire to a server: one answer at a time, asked for again where that does no harm, and its stream of events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import aiohttp

from wanreel.client.answers import error_of
from wanreel.domain.errors import Conflict, Unavailable
from wanreel.ports.clock import Clock

TRIES = 4
AGAIN_S = 0.5
SILENCE_S = 20.0  # the server pings more often; after so long a stream is taken for dead
REFUSED = (401, 403)  # of a stream: asking again would be no use
PATIENCE_S = 90.0  # with an answer, between two pieces of it


class Wire:
    """Connections to one server, with a token or without; they are opened as they are needed."""

    def __init__(self, server: str, token: str | None, clock: Clock) -> None:
        self.server = server.rstrip("/")
        self._token = token
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """Begin. Raises Conflict (it is open)."""
        if self._session is not None:
            raise Conflict("this client is open already: make a second one, or leave the first block before")
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        self._session = aiohttp.ClientSession(headers=headers, timeout=_patience(PATIENCE_S))

    async def close(self) -> None:
        """Close the connections; harmless twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections. Raises Unavailable outside the block."""
        if self._session is None:
            raise Unavailable("the client is not open (any more): use it in an `async with` (or `with`) block")
        return self._session

    async def ask(
        self,
        verb: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Sequence[tuple[str, str]] = (),
        *,
        tries: int = TRIES,
        patience_s: float = PATIENCE_S,
    ) -> Any:
        """One answer. What cannot do harm twice (looks, and orders under their key) is asked again when it is lost.
        Raises the server's errors, Unavailable.
        """
        trouble = ""
        for attempt in range(tries):
            if attempt:
                await self._clock.sleep(AGAIN_S * 2**attempt)
            request = self.session.request(
                verb, self.server + path, json=body, headers=headers, params=query, timeout=_patience(patience_s)
            )
            try:
                async with request as answer:
                    data = await answer.read()
                    if answer.status < 300:
                        return json.loads(data) if data else None
                    if answer.status < 500 and answer.status != 429:
                        raise error_of(answer.status, data)
                    if attempt == tries - 1:
                        raise error_of(answer.status, data)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                trouble = type(error).__name__
        raise Unavailable(f"{self.server} cannot be reached ({trouble}): is `wanreel up` running there?")

    async def events(self, query: Sequence[tuple[str, str]]) -> AsyncIterator[dict[str, Any] | None]:
        """One connection's worth of events; None once when it stands, and for each ping. Raises Unauthorized."""
        url, timeout = f"{self.server}/v1/events", _patience(SILENCE_S)
        async with self.session.get(url, params=query, timeout=timeout) as answer:
            if answer.status in REFUSED:
                raise error_of(answer.status, await answer.read())
            if answer.status != 200 or "text/event-stream" not in answer.headers.get("content-type", ""):
                return
            async for raw in answer.content:
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))
                elif line.startswith(":"):
                    yield None


def _patience(piece_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=10, sock_read=piece_s)
