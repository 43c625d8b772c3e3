"""Listening: which addresses are allowed, and a server that starts and stops inside our own loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import Callable, Generator
from dataclasses import dataclass

from starlette.types import ASGIApp
from uvicorn import Config, Server

from wanreel.api.guard import HEADER_BYTES_MAX, is_loopback_name
from wanreel.domain.errors import Conflict, Invalid, Problem, Unavailable
from wanreel.telemetry import SERVER, log

CONNECTIONS_MAX = 10_000
KEEP_ALIVE_S = 30
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


class _Quiet(Server):
    """uvicorn's server, with signals left to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are the command line's."""
        yield


async def serve(app: ASGIApp, listening: socket.socket, hang_up: Callable[[], None]) -> None:
    """Serve until cancelled; then let answers under way finish. `hang_up` ends the streams that never would."""
    config = Config(
        app,
        http="h11",
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
