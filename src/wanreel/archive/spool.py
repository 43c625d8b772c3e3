"""The spool in a folder of the home: clips wait there, whole and durable, until the user's storage takes them.

A clip's file has its job's name and gets it only when every byte is synced and checked, so whatever has such a name is
whole: a process that died before anybody wrote down that it lies there costs nothing, the next one finds it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

from wanreel.archive.boxes import BoxWalker, NotWhole
from wanreel.archive.disk import Disk, why_not
from wanreel.archive.draft import Draft, is_draft, sweep
from wanreel.archive.pieces import BLOCK_BYTES, hand_on, let_go
from wanreel.archive.threads import P, T, Threads
from wanreel.domain.errors import Unavailable
from wanreel.domain.event import Trouble
from wanreel.domain.job import SpoolCopy
from wanreel.domain.spooling import SpoolRoom
from wanreel.ports.archive import KeepFailed
from wanreel.ports.clock import Clock

_THREADS = 2
_ENDING = ".mp4"


class LocalSpool:
    """`ports.Spool` in a folder, made at first use. `bytes_max` 0 takes nothing new; what lies there is still given."""

    def __init__(
        self, folder: Path, bytes_max: int, clock: Clock, disk: Disk | None = None, threads: Threads | None = None
    ) -> None:
        self._folder = folder
        self._bytes_max = bytes_max
        self._clock = clock
        self._disk = disk or Disk()
        self._threads = threads or Threads(_THREADS, "spool")
        self.name = ""
        self._coming: dict[str, int] = {}  # bytes spoken for by clips on their way in
        self._door = asyncio.Lock()

    async def take(self, job_id: str, pieces: AsyncIterator[bytes], expected_bytes: int) -> SpoolCopy | None:
        """As `ports.Spool.take`. Cancelled, it leaves no temporary."""
        path = self._path(job_id)
        try:
            there = await self._on_disk(_hash_of, path)
            if there is not None:
                return SpoolCopy(self._clock.now(), *there)
            async with self._door:
                if not await self._fits(expected_bytes):
                    return None
                self._coming[job_id] = expected_bytes
            return await self._fill(job_id, path, pieces)
        finally:
            self._coming.pop(job_id, None)
            await let_go(pieces)

    async def read(self, job_id: str, copy: SpoolCopy) -> AsyncGenerator[bytes, None]:
        """As `ports.Spool.read`."""
        path, digest, left = self._path(job_id), hashlib.sha256(), copy.size_bytes
        try:
            file = await self._threads.run(path.open, "rb")
        except OSError as error:
            raise KeepFailed(Trouble.SPOOL, f"{path} cannot be read ({error.strerror or error})") from error
        try:
            while left > 0:
                try:
                    block = await self._threads.run(file.read, min(BLOCK_BYTES, left))
                except OSError as error:
                    raise KeepFailed(Trouble.SPOOL, f"{path} cannot be read ({error.strerror or error})") from error
                left -= len(block)
                await self._threads.run(digest.update, block)
                if not block or (left == 0 and digest.hexdigest() != copy.sha256):
                    raise KeepFailed(Trouble.SPOOL, f"{path} is not what was put there")
                yield block
        finally:
            await self._threads.run(file.close)

    async def drop(self, job_id: str) -> None:
        """As `ports.Spool.drop`."""
        try:
            await self._threads.run(self._disk.remove, self._path(job_id))
        except OSError as error:
            raise Unavailable(f"the spool {self._folder} cannot be emptied ({error.strerror or error})") from error

    async def held(self) -> list[str]:
        """As `ports.Spool.held`."""
        return sorted(await self._sizes())

    async def has(self, job_id: str) -> bool:
        """As `ports.Spool.has`."""
        return await self._threads.run(self._path(job_id).is_file)

    async def noted(self) -> list[str]:
        """Nobody else is told of it."""
        return []

    async def others(self, job_id: str) -> tuple[str, ...]:
        """There are none."""
        return ()

    async def room(self) -> SpoolRoom:
        """As `ports.Spool.room`."""
        try:
            sizes, free = await self._threads.run(self._look)
        except OSError as error:
            raise Unavailable(f"the spool {self._folder} cannot be looked at ({error.strerror or error})") from error
        return SpoolRoom(self._bytes_max, len(sizes), sum(sizes.values()), free)

    def _look(self) -> tuple[dict[str, int], int]:
        return _sizes_in(self._folder), self._disk.free_bytes(self._folder)

    async def sweep(self) -> int:
        """As `ports.Spool.sweep`."""
        return await self._threads.run(sweep, self._folder)

    # --- inside -----------------------------------------------------------------------------------------------------

    async def _fill(self, job_id: str, path: Path, pieces: AsyncIterator[bytes]) -> SpoolCopy:
        draft = Draft(self._disk, path)
        try:
            rest = await hand_on(pieces, lambda block: self._add(job_id, draft, block))
            await self._make_room(job_id, len(rest) + draft.size_bytes)
            sha256 = await self._on_disk(self._publish, draft, rest)
            return SpoolCopy(self._clock.now(), draft.size_bytes, sha256)
        finally:
            if draft.is_open:
                await self._threads.run(draft.discard)

    async def _add(self, job_id: str, draft: Draft, data: bytes) -> None:
        await self._make_room(job_id, draft.size_bytes + len(data))
        await self._on_disk(self._write, draft, data)

    async def _make_room(self, job_id: str, size_bytes: int) -> None:
        """A clip is larger than anybody expected: it goes on only where there is room for that, too."""
        if size_bytes <= self._coming[job_id]:
            return
        async with self._door:
            if not await self._fits(size_bytes, but=job_id):
                raise KeepFailed(Trouble.SPOOL, f"the spool {self._folder} has no room for a clip of this size")
            self._coming[job_id] = size_bytes

    async def _fits(self, size_bytes: int, but: str = "") -> bool:
        if not self._bytes_max:
            return False
        try:
            room = await self.room()
            neighbours = await self._threads.run(_coming_of_others, self._folder)
        except (Unavailable, OSError) as why:
            raise KeepFailed(Trouble.SPOOL, str(why)) from why
        coming = sum(size for job_id, size in self._coming.items() if job_id != but)
        return size_bytes + coming + neighbours <= room.left_bytes

    def _write(self, draft: Draft, data: bytes) -> None:
        if not draft.is_open:
            self._disk.make_folders(self._folder)
            draft.begin()
        draft.add(data)

    def _publish(self, draft: Draft, rest: bytes) -> str:
        self._write(draft, rest)
        sha256 = draft.seal()
        draft.replace()
        draft.discard()
        self._disk.sync_folder(self._folder)
        return sha256

    async def _on_disk(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await self._threads.run(step, *args, **kwargs)
        except NotWhole as error:
            raise KeepFailed(Trouble.BAD_BYTES, f"what came is not a whole MP4: {error.why}") from None
        except OSError as error:
            raise KeepFailed(Trouble.SPOOL, why_not(error, self._folder).replace("archive", "spool")) from error

    async def _sizes(self) -> dict[str, int]:
        try:
            return await self._threads.run(_sizes_in, self._folder)
        except OSError as error:
            raise Unavailable(f"the spool {self._folder} cannot be looked at ({error.strerror or error})") from error

    def _path(self, job_id: str) -> Path:
        return self._folder / f"{quote(job_id, safe='')}{_ENDING}"


def _sizes_in(folder: Path) -> dict[str, int]:
    """The finished clips in a folder, by job."""
    sizes: dict[str, int] = {}
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            if path.suffix == _ENDING and not path.name.startswith("."):
                with suppress(FileNotFoundError):
                    sizes[unquote(path.stem)] = path.stat().st_size
    return sizes


def _coming_of_others(folder: Path) -> int:
    """Bytes on their way in that other processes of this machine write. Raises OSError."""
    size_bytes = 0
    with suppress(FileNotFoundError):
        for path in folder.glob(".*"):
            if is_draft(path.name) and not is_draft(path.name, os.getpid()):
                with suppress(FileNotFoundError):
                    size_bytes += path.stat().st_size
    return size_bytes


def _hash_of(path: Path) -> tuple[int, str] | None:
    """Size and hash of a clip that lies there whole; what is not whole is no clip."""
    digest, boxes, size_bytes = hashlib.sha256(), BoxWalker(), 0
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                boxes.feed(block)
                digest.update(block)
                size_bytes += len(block)
        boxes.finish()
    except (FileNotFoundError, NotWhole):
        return None
    return size_bytes, digest.hexdigest()
