"""What works in the child are given: a file to read and somebody to hand parts of the answer to."""

from __future__ import annotations

from typing import Protocol


class File(Protocol):
    """A file as the decoders read it."""

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes; all there are for a negative number."""
        ...

    def seek(self, offset: int, whence: int = 0) -> int:
        """As io's."""
        ...

    def tell(self) -> int:
        """Where the next read begins."""
        ...


class Listener(Protocol):
    """Whoever takes the parts of an answer."""

    def piece(self, data: bytes) -> None:
        """A part."""
        ...


class UnreadableError(Exception):
    """The file is not what it should be, or may not be looked into; `why` says so in words that follow "it"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
