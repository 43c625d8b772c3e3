"""Files that callers of a server have sent ahead of an order: kept for two days under ids nobody guesses."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

from wanreel.domain.errors import Conflict, Invalid, NotFound, Unavailable
from wanreel.ports.clock import Clock
from wanreel.ports.uploads import UPLOAD_BEGIN_S, UPLOAD_BYTES_MAX, UPLOAD_LIFE_S, Upload

NAME_LETTERS_MAX = 100
FREE_BYTES_MIN = 1024**3  # of the disk: what is left is for the database and the clips that are on their way
_ID = re.compile(r"upl_[0-9a-z]{26,80}")


class HomeUploads:
    """`ports.Uploads` on a folder of the home, made at first use: for each a note, and beside it its bytes."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        bytes_max: int = UPLOAD_BYTES_MAX,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._folder = folder
        self._free = free
        self._clock = clock
        self.bytes_max = bytes_max

    async def begin(self, project: str | None) -> Upload:
        """As `ports.Uploads.begin`."""
        now = self._clock.now()
        made = Upload(self._clock.new_id("upl") + self._clock.new_id("x")[-16:], project, "", now + UPLOAD_BEGIN_S)
        try:
            await asyncio.to_thread(self._sweep, now)
            await asyncio.to_thread(self._write, made)
        except OSError as error:
            raise Unavailable(f"an upload cannot be begun: {error.strerror}") from None
        return made

    async def keep(self, upload_id: str, name: str, pieces: AsyncIterator[bytes], part: str = "") -> Upload:
        """As `ports.Uploads.keep`."""
        begun = await self.find(upload_id)
        upload_id += part
        there = await asyncio.to_thread(self._read, upload_id)
        if there is not None and there.path is not None:
            raise Conflict("this upload is complete already; begin another one")
        draft = self._folder / f"{upload_id}.part"
        try:
            if await asyncio.to_thread(self._free, self._folder) < FREE_BYTES_MIN:
                raise Unavailable("the server's disk is nearly full: no uploads are taken until there is room")
            size_bytes = await self._take(draft, pieces)
            if not size_bytes:
                raise Invalid("the file is empty: 0 bytes")
            await asyncio.to_thread(draft.rename, self._folder / f"{upload_id}.bin")
        except OSError as error:
            raise Unavailable(f"the file cannot be kept: {error.strerror}") from None
        finally:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(draft.unlink, missing_ok=True)
        kept = Upload(upload_id, begun.project, _plain(name), self._clock.now() + UPLOAD_LIFE_S, size_bytes)
        await asyncio.to_thread(self._write, kept)
        return await self.find(upload_id)

    async def find(self, upload_id: str) -> Upload:
        """As `ports.Uploads.find`."""
        found = await asyncio.to_thread(self._read, upload_id) if _ID.fullmatch(upload_id) else None
        if found is None or found.expires_at < self._clock.now():
            raise NotFound(f"There is no upload {upload_id[:80]} (any more).")
        return found

    async def sweep(self) -> None:
        """As `ports.Uploads.sweep`."""
        try:
            await asyncio.to_thread(self._sweep, self._clock.now())
        except OSError as error:
            raise Unavailable(f"what was uploaded cannot be removed: {error.strerror}") from None

    # --- on the disk ------------------------------------------------------------------------------------------------

    async def _take(self, draft: Path, pieces: AsyncIterator[bytes]) -> int:
        """Write the pieces down, no more than may come. Raises Invalid, Conflict (somebody else is at it)."""
        try:
            file = await asyncio.to_thread(draft.open, "xb")
        except FileExistsError:
            raise Conflict("this upload is on its way already; begin another one") from None
        size_bytes = 0
        try:
            async for piece in pieces:
                size_bytes += len(piece)
                if size_bytes > self.bytes_max:
                    raise Invalid(f"the file is larger than {self.bytes_max // 1024**2} MB: use a smaller one")
                await asyncio.to_thread(file.write, piece)
        finally:
            await asyncio.to_thread(file.close)
        return size_bytes

    def _write(self, upload: Upload) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        note = {"project": upload.project, "name": upload.name, "expires_at": upload.expires_at}
        target = self._folder / f"{upload.id}.json"
        draft = target.with_suffix(".note")
        draft.write_text(json.dumps(note), "utf-8")
        draft.replace(target)

    def _read(self, upload_id: str) -> Upload | None:
        try:
            note = cast("dict[str, Any]", json.loads((self._folder / f"{upload_id}.json").read_text("utf-8")))
            expires_at, name, project = note["expires_at"], str(note["name"]), note["project"]
        except (OSError, ValueError, KeyError):
            return None
        path = self._folder / f"{upload_id}.bin"
        size_bytes = path.stat().st_size if path.is_file() else 0
        return Upload(upload_id, project, name, float(expires_at), size_bytes, path if size_bytes else None)

    def _sweep(self, now: float) -> None:
        """Remove what has expired; an order that was made of it has a copy of its own."""
        for note in self._folder.glob("upl_*.json") if self._folder.is_dir() else ():
            found = self._read(note.stem)
            if found is None or found.expires_at < now:
                for ending in (".bin", ".part", ".json"):
                    note.with_suffix(ending).unlink(missing_ok=True)


def _plain(name: str) -> str:
    """A name to show: no folder, nothing that cannot be printed, not long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[-NAME_LETTERS_MAX:]
