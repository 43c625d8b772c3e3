"""Listening: which addresses are allowed, and a server that starts and stops inside our own loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from wanreel.api.guard import HEADER_BYTES_MAX, is_loopback_name
from wanreel.domain.errors import Conflict, Invalid, Problem, Unavailable
from wanreel.telemetry import SERVER, log

CONNECTIONS_MAX = 10_000
KEEP_ALIVE_S = 30
HEADERS_S = 20.0  # a request's headers get so long to come
STOP_S = 10  # answers under way get so long at the end
BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 8080

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can come there."""
        return is_loopback_name(self.host)


def check_address(address: Address, *, tokens: bool) -> None:
    """Raises Invalid for an address that others could come to while anybody is let in."""
    if not 0 <= address.port <= 65535:
        raise Invalid("", (Problem("port", "must be from 0 to 65535", str(address.port)),))
    if not address.is_loopback and not tokens:
        words = (
            "can be reached from other machines, and there are no tokens yet: anybody could spend your money. Make one "
            "first (wanreel tokens add NAME), or listen on 127.0.0.1"
        )
        raise Invalid("", (Problem("host", words, address.host),))


def bind(address: Address) -> socket.socket:
    """A listening socket. Raises Invalid (no such address), Conflict (somebody listens there), Unavailable."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise Invalid("", (Problem("host", "is no address of this machine", address.host),)) from None
    family, kind, protocol, _, where = found[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(where)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise Conflict(f"another program listens on {address.host}:{address.port}: give another --port") from None
        raise Unavailable(f"cannot listen on {address.host}:{address.port}: {error.strerror}") from None
    made.setblocking(False)
    return made


def url_of(listening: socket.socket) -> str:
    """The address of a listening socket, as a person would type it."""
    host, port = listening.getsockname()[:2]
    name = f"[{host}]" if ipaddress.ip_address(host.partition("%")[0]).version == 6 else host
    return f"http://{name}:{port}"


class Prompt(H11Protocol):
    """A connection whose request headers must come within a time: whoever sends a line now and then is let go."""

    def __init__(self, *given: Any, headers_s: float = HEADERS_S, **more: Any) -> None:
        super().__init__(*given, **more)
        self._headers_s = headers_s
        self._late: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait for headers."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes, of which headers may be the end; the first of the next request begin a wait of their own."""
        before = cast("RequestResponseCycle | None", self.cycle)  # none before the first request
        super().data_received(data)
        if self.cycle is not before:
            self._came()
        elif self._late is None and (before is None or before.response_complete):
            self._wait()

    def _wait(self) -> None:
        self._late = self.loop.create_task(self._let_go())

    async def _let_go(self) -> None:
        try:
            async with asyncio.timeout(self._headers_s):
                await asyncio.Event().wait()
        except TimeoutError:
            self.transport.close()

    def _came(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class _Quiet(Server):
    """uvicorn's server, with signals left to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are the command line's."""
        yield


async def serve(
    app: ASGIApp, listening: socket.socket, hang_up: Callable[[], None], *, headers_s: float = HEADERS_S
) -> None:
    """Serve until cancelled; then let answers under way finish. `hang_up` ends the streams that never would."""
    config = Config(
        app,
        http=partial(Prompt, headers_s=headers_s),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
        limit_concurrency=CONNECTIONS_MAX,
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
        backlog=BACKLOG,
    )
    server = _Quiet(config)
    work = asyncio.get_running_loop().create_task(server.serve(sockets=[listening]))
    log.info(SERVER, state="listening", url=url_of(listening))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        log.info(SERVER, state="stopping")
        hang_up()
        server.should_exit = True
        await work
        raise
    finally:
        log.info(SERVER, state="stopped")
