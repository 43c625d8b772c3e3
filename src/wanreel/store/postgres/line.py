"""The line to a PostgreSQL: what a URL says about it, how it is kept an eye on, and when it is given up.

A network that goes away does not say so. What waits for an answer then would wait for as long as the operating system
tries again, and for what it tries after that. So who has waited for a while is not believed to wait for PostgreSQL
until a new connection gets a word out of it; where none does, all that waits is given up at once, and nothing further
is tried until one does. A statement that is merely slow is left alone.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from wanreel.domain.errors import Invalid
from wanreel.telemetry import LINE, log

CONNECT_S = 10.0
ANSWER_S = 60.0  # for one statement, where nobody keeps an eye on it
PATIENCE_S = 8  # who has waited for so long is asked about
PROBE_S = 6.0  # what a new connection gets
APART_S = 5  # between two looks while something goes on waiting
HURRIED_S = 2  # patience, and a probe's time, of who is about to end
_BEAT_S = 1.0
_TROUBLE = (OSError, TimeoutError)

_OPTIONS = {  # of libpq's; what is said here holds where a URL says nothing
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds, as in libpq
    "connect_timeout": int(CONNECT_S),
}
_SOCKET = {"keepalives_idle": "TCP_KEEPIDLE", "keepalives_interval": "TCP_KEEPINTVL", "keepalives_count": "TCP_KEEPCNT"}
_WITHOUT_EFFECT = frozenset(  # what libpq does by these is done anyway, or is nothing a driver could do otherwise
    (
        "gssencmode",
        "sslcompression",
        "sslsni",
        "sslcrldir",
        "requirepeer",
        "fallback_application_name",
        "client_encoding",
    )
)
_BINDING = "channel_binding"


class Line:
    """Where a database is, and how it is connected to: a URL as libpq understands it. Raises Invalid."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._told = dict[str, int](_OPTIONS)
        left: list[tuple[str, str]] = []
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            if name in _OPTIONS:
                self._told[name] = _number(name, value)
            elif name == _BINDING and value == "require":
                raise Invalid(
                    "WANREEL_DATABASE_URL asks for channel_binding=require, which the driver cannot do: leave it out, "
                    "and say sslmode=verify-full instead, so that the server has to show who it is"
                )
            elif name not in _WITHOUT_EFFECT and name != _BINDING:
                left.append((name, value))
        self.url = urlunsplit(parts._replace(query=urlencode(left)))

    @property
    def connect_s(self) -> float:
        """Patience for a connection; libpq's 0 means: as long as it takes."""
        return float(self._told["connect_timeout"]) or ANSWER_S

    async def connect(self, **given: Any) -> Any:
        """A driver's connection. Raises what the driver raises."""
        driver: Any = asyncpg
        made = await driver.connect(self.url, **({"timeout": self.connect_s, "statement_cache_size": 0} | given))
        with suppress(AttributeError, OSError):  # not every system knows all of them, and no pipe knows any
            self._set(made._transport.get_extra_info("socket"))  # noqa: SLF001 - it tells of it in no other way
        return made

    def _set(self, end: socket.socket) -> None:
        if end.family not in (socket.AF_INET, socket.AF_INET6):
            return
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(self._told["keepalives"] != 0))
        for name, option in _SOCKET.items():
            if self._told[name] > 0:
                end.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), self._told[name])
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(0, self._told["tcp_user_timeout"]))


def _number(name: str, value: str) -> int:
    if not value.isascii() or not value.lstrip("-").isdigit():
        raise Invalid(f"WANREEL_DATABASE_URL says {name}={value}, which is no number")
    return int(value)


class Waiting(Protocol):
    """Something that waits for the database."""

    since: int  # the watch's time at its last sign of life

    def give_up(self) -> None:
        """Break off: whoever waits is told that the connection is lost."""
        ...


class Watch:
    """Keeps an eye on what waits for a database, once it is `start`ed. `away`: nothing answers there just now."""

    def __init__(self, line: Line, answers: Callable[[float], Any] | None = None) -> None:
        self._line = line
        self._answers = answers or self._asked
        self.now = 0  # seconds it has looked
        self.away = False
        self.waiting: set[Waiting] = set()
        self._patience_s, self._probe_s = PATIENCE_S, PROBE_S
        self._asked_at = 0
        self._ended = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look; harmless when it has begun."""
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look())

    def hurry(self) -> None:
        """Whoever waits is about to end: little patience from now on."""
        self._patience_s = self._probe_s = HURRIED_S
        self._asked_at = -APART_S

    async def close(self) -> None:
        """Look no more; harmless twice."""
        self._ended.set()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_BEAT_S):
                    await self._ended.wait()
            self.now += 1
            for one in [one for one in self.waiting if self.now - one.since > ANSWER_S]:
                one.give_up()
            if self.away or (self._tried_patience() and self.now >= self._asked_at + APART_S):
                self._asked_at = self.now
                self._found(there=await self._answers(self._probe_s))

    def _tried_patience(self) -> bool:
        return any(self.now - one.since >= self._patience_s for one in self.waiting)

    def _found(self, *, there: bool) -> None:
        if self.away == there:
            why = (
                "it answers again" if there else f"nothing has answered for {self._patience_s} s, nor a new connection"
            )
            log.warning(LINE, answers=there, why=why)
        self.away = not there
        if self.away:
            for one in list(self.waiting):
                one.give_up()

    async def _asked(self, patience_s: float) -> bool:
        """Whether anybody is there: a refusal by PostgreSQL is a sign of life, and so is anything it says."""
        session = None
        try:
            async with asyncio.timeout(patience_s):
                session = await self._line.connect(timeout=patience_s)
                await session.fetchval("SELECT 1")
        except _TROUBLE:
            return False
        except Exception:  # noqa: BLE001 - whatever it is that it says
            return True
        finally:
            if session is not None:
                session.terminate()
        return True
