"""The child: looks into one foreign file and ends. Limits first, then the decoder, then no door stays open.

Started by `media/child.py` as `python -m wanreel.media`. It is given no path, no address and no key. Once the
libraries are loaded it may not open anything any more, neither file nor socket: it can only ask its parent for bytes of
the one file, compute, and answer.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from wanreel.media.limits import Limits
from wanreel.media.speech import GONE, HEAD, READ, Say, Why, framed
from wanreel.media.wants import UnreadableError

if os.name == "posix":
    import resource

_NICE = 5  # whoever serves requests goes first


class Parent:
    """The other end of the two pipes."""

    def __init__(self, hears: BinaryIO, speaks: BinaryIO) -> None:
        self._hears = hears
        self._speaks = speaks

    def order(self) -> dict[str, Any]:
        """What is to be done."""
        say, body = self._next()
        assert say is Say.ORDER, "an order comes first"
        return json.loads(body)

    def ask(self, start: int, size: int) -> bytes:
        """Bytes of the file."""
        self._tell(Say.READ, READ.pack(start, size))
        _, body = self._next()
        return body

    def piece(self, data: bytes) -> None:
        """A part of the answer."""
        self._tell(Say.PIECE, data)

    def done(self, told: Mapping[str, Any]) -> None:
        """The rest of the answer."""
        self._tell(Say.DONE, json.dumps(told).encode())

    def refuse(self, why: Why, words: str) -> None:
        """It cannot be done."""
        self._tell(Say.REFUSED, json.dumps({"why": int(why), "words": words}).encode())

    def _tell(self, say: Say, body: bytes) -> None:
        self._speaks.write(framed(say, body))
        self._speaks.flush()

    def _next(self) -> tuple[Say, bytes]:
        say, size = HEAD.unpack(self._exactly(HEAD.size))
        if size == GONE:
            raise SystemExit(0)  # the parent has its reasons and knows them
        return Say(say), self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        data = self._hears.read(size)
        if len(data) < size:
            raise SystemExit(0)  # the parent is gone
        return data


class Remote:
    """The parent's file, as the libraries read files."""

    def __init__(self, parent: Parent, size_bytes: int) -> None:
        self._parent = parent
        self._size_bytes = size_bytes
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes from here on; all there are for a negative number."""
        left = max(0, self._size_bytes - self._at)
        size = left if size < 0 else min(size, left)
        data = self._parent.ask(self._at, size) if size else b""
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """As io's."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size_bytes}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at


Work = Callable[[Parent, Remote, Mapping[str, Any], Limits], Mapping[str, Any]]


def main() -> int:
    """Do one order."""
    parent = _parent()
    order = parent.order()
    limits = Limits(**order["limits"])
    _confine(limits)
    try:
        work = _work(order["do"])
        _close_doors()
        file = Remote(parent, order["size_bytes"])
        try:
            parent.done(work(parent, file, order["args"], limits))
        except UnreadableError as error:
            parent.refuse(Why.INVALID, error.why)
    except MemoryError:
        parent.refuse(Why.INVALID, "wants more memory than a look into it may use")
    except Exception as error:  # noqa: BLE001 - a bug of ours reaches the log of whoever asked, in words
        parent.refuse(Why.INTERNAL, f"{type(error).__name__}: {error}")
    return 0


def _parent() -> Parent:
    """Both pipes on descriptors of their own, so that nothing a library prints gets between the messages."""
    hears, speaks = os.dup(0), os.dup(1)
    with open(os.devnull, "r+b", buffering=0) as nowhere:  # noqa: PTH123 - a device
        for fd in (0, 1, 2):
            os.dup2(nowhere.fileno(), fd)
    return Parent(os.fdopen(hears, "rb"), os.fdopen(speaks, "wb"))


def _confine(limits: Limits) -> None:
    """What the system itself enforces, whatever becomes of this process; without it, the parent's clock does."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    for kind, soft, hard in (
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 1),  # the first has a signal of its own: it can be told
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with contextlib.suppress(OSError, ValueError):  # a lower bar stands already
            resource.setrlimit(kind, (soft, hard))


def _close_doors() -> None:
    """From here on nothing can be opened: not a file, not a socket."""
    if os.name == "posix":
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _work(do: str) -> Work:
    """What an order means, with every library it needs loaded: after the limits, for loading is work, too."""
    match do:
        case "still" | "pixels":
            from wanreel.media import stills  # noqa: PLC0415

            return stills.read if do == "still" else stills.pixels
        case "views":
            from wanreel.media import views  # noqa: PLC0415

            return views.make
        case "frames" | "probe":
            from wanreel.media import clips  # noqa: PLC0415

            return clips.frames if do == "frames" else clips.probe
        case _:
            raise ValueError(f"no such order: {do}")
