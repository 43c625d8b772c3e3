"""What every bucket can do, in the few calls an archive is built of; each vendor's adapter offers these and no more.

Keys here are whole: the archive's prefix is in them. Adapters translate their foreign errors into `StorageTrouble`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import stamina

from wanreel.ports.archive import Label, Shelved, Span

T = TypeVar("T")

TRIES = 5
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.2, 10.0


class StorageTrouble(Exception):
    """A storage call came to nothing. `again`: worth another try just as it is."""

    def __init__(self, why: str, *, again: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.again = again


class Taken(StorageTrouble):
    """Something lies under the key already, and create-only was asked for."""


class Missing(StorageTrouble):
    """No such object, or no such upload (any more)."""


@dataclass(frozen=True, slots=True)
class Part:
    """One uploaded part of an upload, by what the storage called it."""

    number: int
    etag: str


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that was begun and not ended."""

    key: str
    id: str
    begun_at: float


@dataclass(frozen=True, slots=True)
class Digests:
    """What is known of some bytes: their MD5 (empty: nobody has made it) and their CRC-64 as storages use them."""

    size_bytes: int
    md5: bytes
    crc64: int


@dataclass(frozen=True, slots=True)
class Found:
    """An object as its storage describes it. `md5` (hex, with the count of parts behind a dash) and `crc64` are its own
    sums over the bytes it has, where it makes such sums.
    """

    shelved: Shelved
    md5: str | None = None
    crc64: int | None = None


class Uploads(Protocol):
    """Objects on their way into a bucket, invisible until they are ended. All raise StorageTrouble."""

    async def begin(self, key: str, label: Label) -> str:
        """Begin an upload of parts; its id."""
        ...

    async def part(self, key: str, upload: str, number: int, data: memoryview, sums: Digests) -> Part:
        """Upload a part, numbered from 1, checked on arrival where the storage can."""
        ...

    async def finish(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        """Make the object visible, whole, if nothing lies under its key. Raises Taken, Missing."""
        ...

    async def abort(self, key: str, upload: str) -> None:
        """Forget an upload and its parts; one that is not there is as good."""
        ...

    async def pending(self, prefix: str) -> list[Upload]:
        """Uploads that were begun and not ended, below a prefix."""
        ...


class Objects(Protocol):
    """What lies in a bucket. All raise StorageTrouble."""

    async def put(self, key: str, data: memoryview, label: Label, sums: Digests, *, over: bool) -> None:
        """Store a small object in one call; unless `over`, only if nothing lies there. Raises Taken."""
        ...

    async def head(self, key: str) -> Found | None:
        """What lies under a key."""
        ...

    def get(self, key: str, span: Span) -> AsyncIterator[bytes]:
        """An object's bytes. Raises Missing, StorageTrouble while iterating."""
        ...

    def list(self, prefix: str) -> AsyncIterator[Shelved]:
        """Everything below a prefix."""
        ...

    async def remove(self, key: str) -> None:
        """Delete; nothing there is as good."""
        ...

    async def link(self, key: str, life_s: float, filename: str | None) -> str:
        """A link that reads it for so long."""
        ...


class Bucket(Uploads, Objects, Protocol):
    """Both halves of a bucket, as its adapter offers them."""

    async def close(self) -> None:
        """End all connections; calling it twice is harmless."""
        ...


def _worth_another_try(error: Exception) -> bool:
    return isinstance(error, StorageTrouble) and error.again


async def tried(call: Callable[[], Awaitable[T]]) -> T:
    """Make a storage call, and again after what may pass: a few times, ever more slowly. Raises StorageTrouble."""
    retrying = stamina.retry_context(
        on=_worth_another_try, attempts=TRIES, timeout=None, wait_initial=_FIRST_WAIT_S, wait_max=_LONGEST_WAIT_S
    )
    try:
        async for attempt in retrying:
            with attempt:
                return await call()
    except StorageTrouble as error:
        raise _without_its_way(error) from error.__cause__
    raise AssertionError("a retry either returns or raises")


def _without_its_way(error: StorageTrouble) -> StorageTrouble:
    """The same trouble anew. The retries keep the old one in a cycle, and it would keep the frames it has passed, with
    all that was gathered there: megabytes, until somebody looks for cycles.
    """
    anew = type(error)(error.why, again=error.again)
    error.__traceback__ = None
    return anew
