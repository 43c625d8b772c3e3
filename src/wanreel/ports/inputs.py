"""Pictures and sounds that a request refers to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wanreel.domain.clip import Fit


class Inputs(Protocol):
    """Pictures and sounds a request refers to, kept in the home so that the job can always be sent.

    The same bytes are kept, and looked into, once. A picture that lies on its side is kept upright; with `fit`, one
    that is too large is kept smaller; `StoredInput.changes` says so.
    """

    async def keep(self, source: Path, fit: Fit | None = None, called: str = "") -> StoredInput:
        """Copy a local file into the home, by hash. Words about it name it by `called`, or by its path. Raises Invalid
        (unreadable, not a picture or sound, too large), Unavailable (the home is full or not writable).
        """
        ...

    async def keep_bytes(self, data: bytes, name: str, fit: Fit | None = None) -> StoredInput:
        """The same for content that came inline. Raises Invalid, Unavailable."""
        ...

    async def keep_link(self, url: str, fit: Fit | None = None) -> StoredInput | None:
        """The same for what an http(s) link leads to; None where links are set to be passed on to the vendor as they
        are. Raises Invalid (also: not reachable, not safe to follow), Unavailable.
        """
        ...

    def path(self, sha256: str) -> Path:
        """Where the copy lies. Raises NotFound."""
        ...

    async def forget(self, sha256: str) -> bool:
        """Remove a copy for good; whether it was there. Raises Unavailable."""
        ...

    async def kept(self) -> list[str]:
        """The hashes of all copies. Raises Unavailable."""
        ...

    async def idle(self, before: float) -> list[str]:
        """The hashes of copies that were neither kept nor noted as in use since an instant. Raises Unavailable."""
        ...

    async def in_use(self, sha256: str) -> None:
        """Note that a copy is needed now; one that is not there is none. Raises Unavailable."""
        ...

    async def forget_idle(self, sha256: str, before: float) -> bool:
        """Remove a copy for good unless it was kept or noted as in use since an instant, even this very moment; whether
        it is gone. Raises Unavailable.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredInput:
    """Facts of a kept input; picture sides in pixels, 0 for what is not a picture."""

    sha256: str
    mime: str
    size_bytes: int
    name: str
    width: int = 0
    height: int = 0
    format: str = ""
    has_alpha: bool = False
    changes: tuple[str, ...] = ()  # what was done to it, in words
