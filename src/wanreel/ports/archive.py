"""Where clips come from, and the user's own storage, where they stay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from wanreel.domain.event import Trouble
from wanreel.domain.job import Account, Artifact


class Archives(Protocol):
    """Where clips may lie, and how that is reached, for machines that share a database."""

    async def archives(self) -> Mapping[str, str]:
        """All that were ever used, by name; how they are reached, as a text."""
        ...

    async def remember_archive(self, name: str, reach: str) -> None:
        """One is used, reached so."""
        ...

    async def forget_archive(self, name: str) -> bool:
        """One is not used any more; whether it was known."""
        ...


class KeepFailed(Exception):
    """A clip could not be fetched or kept this time."""

    def __init__(self, trouble: Trouble, why: str) -> None:
        super().__init__(why)
        self.trouble = trouble
        self.why = why


class Results(Protocol):
    """Where the vendor's finished clips are fetched."""

    def fetch(self, account: Account, url: str) -> AsyncIterator[bytes]:
        """The file's bytes in pieces of bounded size, resumed after a cut, ending only when the announced length has
        come. Raises KeepFailed (SOURCE_REFUSED, SOURCE_FAILED, UNSAFE_URL) while iterating.
        """
        ...


@dataclass(frozen=True, slots=True)
class Label:
    """What storage is told of a file beside its bytes. `facts` are stored with it: names of a-z, 0-9 and dashes, values
    of printable ASCII, few and short (a bucket takes 2 kB in all).
    """

    media_type: str = "video/mp4"
    filename: str = ""  # what a browser calls it when it is saved; "": the last part of its key
    facts: tuple[tuple[str, str], ...] = ()


class Archive(Protocol):
    """The user's own storage, where clips are put for good."""

    async def keep(self, key: str, pieces: AsyncIterator[bytes], label: Label | None = None) -> Artifact:
        """Store a clip durably under `key`, checked to be a whole MP4. The same bytes again are harmless; if other
        bytes lie there the artifact says under which key these went. Raises KeepFailed (BAD_BYTES, DESTINATION, and
        whatever `pieces` raises); then nothing is visible under the key.
        """
        ...

    async def sweep(self) -> int:
        """Remove what dead processes left half-written; how much there was. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file: from byte `start` up to, not including, `stop` (None: its end)."""

    start: int = 0
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Shelved:
    """A file as it lies in the user's storage. A listing leaves `facts` and `media_type` out; `look` fills them in."""

    key: str
    size_bytes: int
    modified_at: float
    media_type: str = ""
    facts: tuple[tuple[str, str], ...] = ()


class Shelf(Protocol):
    """The user's own storage, as it is read, looked after and emptied. Clips come in by `Archive.keep` alone."""

    def of(self, archive: str) -> Shelf:
        """The shelf of an archive by its name (`Artifact.archive`), which may be an earlier one than is set now. Raises
        Unavailable.
        """
        ...

    def all(self) -> Mapping[str, Shelf]:
        """The shelves of all archives that are known, by name; the one that is set now comes first. Raises
        Unavailable.
        """
        ...

    def where(self, artifact: Artifact) -> str:
        """The path or address a person can find it by; gives no access by itself."""
        ...

    def place(self, key: str) -> str:
        """Where a key lies, for comparing: the same for one file, whichever archive or link it is named by."""
        ...

    async def open(self, artifact: Artifact, span: Span | None = None) -> AsyncIterator[bytes]:
        """The stored bytes, or a part of them, in pieces. Raises NotFound, Unavailable; so does the iterating."""
        ...

    async def link(self, artifact: Artifact, life_s: float, filename: str | None = None) -> str | None:
        """A link that anybody can read it by for `life_s` seconds; made anew at each call and never stored. With a
        `filename` a browser saves it under that name. None: this storage has no links, serve the bytes. Raises
        Unavailable.
        """
        ...

    async def look(self, key: str) -> Shelved | None:
        """What lies under a key; None for nothing. Raises Unavailable."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[Shelved]:
        """Everything whose key begins so, in no order. Raises Unavailable while iterating."""
        ...

    async def put(self, key: str, data: bytes, label: Label) -> Artifact:
        """Store a small file (a poster, an input) durably, in place of what lay under its key. Raises Unavailable."""
        ...

    async def remove(self, key: str) -> None:
        """Delete for good; nothing there is as good. Raises Unavailable."""
        ...
