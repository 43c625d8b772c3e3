"""Looking into foreign clips and pictures."""

from __future__ import annotations

from typing import Protocol

from wanreel.domain.clip import ClipFacts, Fit, Frame, Sampled, Sampling, Still, Views


class FileBytes(Protocol):
    """A file to look into, wherever it lies: read in parts, never whole. `name` is for words."""

    @property
    def name(self) -> str:
        """What a message calls it."""
        ...

    @property
    def size_bytes(self) -> int:
        """How large it is."""
        ...

    async def read(self, start: int, size: int) -> bytes:
        """The bytes from `start` on, `size` of them; fewer only where the file ends. Raises NotFound, Unavailable."""
        ...


class Media(Protocol):
    """Looks into foreign clips and pictures, in a process of its own that ends at a limit or a crash, alone.

    All raise Invalid (not a clip, not one that may be decoded, or past a limit of pixels, pictures, bytes, memory or
    computing), Unavailable (it took too long, no process could be started), and what reading the file raises.
    """

    async def probe(self, clip: FileBytes) -> ClipFacts:
        """Sides, rate, length, codecs: from the index alone, a small part of the file."""
        ...

    async def frames(self, clip: FileBytes, wanted: Sampling) -> Sampled:
        """Pictures of the clip as plain pixels (see `domain.clip.Sampling`), decoded forward once. At most 1,000, of at
        most 4,096 pixels across, and 128 MB of pixels in all: ask for small ones when you want many.
        """
        ...

    async def views(self, clip: FileBytes) -> Views:
        """Poster, thumbnail, contact sheet and sprite of a clip, with its facts, made in one go through it."""
        ...

    async def still(self, file: FileBytes, fit: Fit | None = None) -> Still:
        """Facts of a picture (JPEG, PNG, BMP, WEBP) that decodes to its end. One whose EXIF data asks for a turn is
        written anew, upright; with `fit`, one that is too large is made smaller.
        """
        ...

    async def pixels(self, file: FileBytes, width: int) -> Frame:
        """A picture as one sees it: upright, grey, transparency on white, at most so many pixels across."""
        ...
