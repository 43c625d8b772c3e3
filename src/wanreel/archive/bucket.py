"""The archive in a bucket: streamed in parts, judged, made visible whole and create-only, compared with what is stored.

Bytes are gathered into parts of 8 MiB; while one is gathered a few are on their way, and no more are taken from the
source before one of those has arrived: memory stays the same whatever the size, and a slow storage slows the source.
A clip that fits one part is put in one call. Nothing is visible under the key until the whole clip has been judged.

Where something lies under the key beforehand (a crash after the last call, nearly always), the clip is gathered in a
local file first: then its hash is known, and so whether it is the same again or needs a key of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from wanreel.archive.boxes import BoxWalker, NotWhole
from wanreel.archive.naming import check_key, variant_key
from wanreel.archive.notes import Note, Notes
from wanreel.archive.pieces import let_go
from wanreel.archive.storage import Bucket, Found, Missing, Part, StorageTrouble, Taken, tried
from wanreel.archive.sums import Sums
from wanreel.archive.threads import Threads
from wanreel.cancels import run_through
from wanreel.domain.errors import Unavailable
from wanreel.domain.event import Trouble
from wanreel.domain.job import Artifact
from wanreel.ports.archive import KeepFailed, Label, Span
from wanreel.ports.clock import Clock
from wanreel.telemetry import UPLOAD_LEFT, UPLOADS_SWEPT, log

PART_BYTES = 8 * 1024 * 1024  # S3 takes 10,000 parts of at least 5 MiB; some of its likes want all of one size
IN_FLIGHT = 3  # parts that are hashed or on their way at once
DEAD_AFTER_S = 86_400.0  # an upload older than this is nobody's: no try at archiving lasts so long
_GOODBYE_S = 5.0  # patience for aborting an upload that failed; the sweep has more
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where an archive lies in its bucket, and where this home keeps what belongs to uploads under way."""

    prefix: str  # "" or ending in a slash
    home: Path


class BucketArchive:
    """`ports.Archive` on a bucket."""

    def __init__(self, bucket: Bucket, place: Place, clock: Clock) -> None:
        self._bucket = bucket
        self._place = place
        self._clock = clock
        self._notes = Notes(place.home / "uploads")
        self._threads = Threads(_THREADS, "bucket")

    async def keep(self, key: str, pieces: AsyncIterator[bytes], label: Label | None = None) -> Artifact:
        """As `ports.Archive.keep`. Cancelled, its upload is aborted, or left to the sweep if the storage is away."""
        check_key(key)
        parts = _gathered(pieces)
        try:
            return await self._keep(key, parts, label or Label())
        except NotWhole as error:
            raise KeepFailed(Trouble.BAD_BYTES, f"what came is not a whole MP4: {error.why}") from None
        except StorageTrouble as error:
            # Its way here is forgotten: tasks and frames refer to one another, and hold parts of the clip.
            raise KeepFailed(Trouble.DESTINATION, error.why) from error.with_traceback(None)
        except OSError as error:
            words = f"the home {self._place.home} cannot be written ({error.strerror or error}): free some space there"
            raise KeepFailed(Trouble.DESTINATION, words) from error
        finally:
            await parts.aclose()
            await let_go(pieces)

    async def sweep(self) -> int:
        """Abort the uploads of dead processes: those this home had noted, and any that is a day old."""
        try:
            notes = await self._threads.run(self._notes.dead)
            gone = 0
            for key, note in notes:
                gone += await self._abort_all(key, before=None)
                await self._threads.run(note.strike)
            gone += await self._abort_all(self._place.prefix, before=self._clock.now() - DEAD_AFTER_S)
        except StorageTrouble as error:
            raise Unavailable(f"the archive could not be swept: {error.why}") from error
        if gone:
            log.info(UPLOADS_SWEPT, count=gone)
        return gone

    # --- keeping ----------------------------------------------------------------------------------------------------

    async def _keep(self, key: str, parts: AsyncGenerator[memoryview, None], label: Label) -> Artifact:
        first = await anext(parts, memoryview(b""))
        second = await anext(parts, None)
        if second is None:
            return await self._put(key, first, label)
        whole = _chained((first, second), parts)
        try:
            if await tried(lambda: self._bucket.head(self._full(key))) is None:
                del first, second
                return await self._upload(key, whole, label)
            del first, second
            return await self._keep_beside(key, whole, label)
        finally:
            await whole.aclose()

    async def _put(self, key: str, data: memoryview, label: Label) -> Artifact:
        """A clip of one part: under its key, or where the same lies already, or under a key of its own."""
        sums = Sums()
        digests = await self._threads.run(sums.add, data)
        sha256 = sums.sha256()
        told = replace(label, facts=(*label.facts, ("sha256", sha256)))
        for candidate in _candidates(key, sha256):
            full = self._full(candidate)
            try:
                await tried(lambda full=full: self._bucket.put(full, data, told, digests, over=False))
            except Taken:
                if await self._same(full, sums, sha256):
                    return Artifact(candidate, sums.size_bytes, sha256)
            else:
                await self._compare(full, sums, sha256)
                return Artifact(candidate, sums.size_bytes, sha256)
        raise StorageTrouble(f"other files lie at {key} and where its variants would go: move them away")

    async def _keep_beside(self, key: str, parts: AsyncIterator[memoryview], label: Label) -> Artifact:
        """A large clip whose key is in use: known by its hash before a byte is uploaded."""
        await self._threads.run(self._place.home.mkdir, parents=True, exist_ok=True)
        with TemporaryFile(dir=self._place.home, prefix=".wanreel-") as file:
            sums = Sums()
            async for part in parts:
                await self._threads.run(sums.add, part)
                await self._threads.run(file.write, part)
            sha256 = sums.sha256()
            for candidate in _candidates(key, sha256):
                full = self._full(candidate)
                if await tried(lambda full=full: self._bucket.head(full)) is None:
                    again = _read_back(file, self._threads)
                    try:
                        return await self._upload(candidate, again, label)
                    finally:
                        await again.aclose()
                if await self._same(full, sums, sha256):
                    return Artifact(candidate, sums.size_bytes, sha256)
        raise StorageTrouble(f"other files lie at {key} and where its variants would go: move them away")

    async def _upload(self, key: str, parts: AsyncIterator[memoryview], label: Label) -> Artifact:
        full, sums = self._full(key), Sums()
        note = await self._threads.run(self._notes.write, full)
        upload, begun, ended = "", 0, False

        async def begin() -> str:
            nonlocal begun
            begun += 1
            return await self._bucket.begin(full, label)

        try:
            upload = await tried(begin)
            sent = await self._send(full, upload, parts, sums)
            sha256 = sums.sha256()
            try:
                await tried(lambda: self._bucket.finish(full, upload, sent))
                ended = True
            except (Taken, Missing) as error:
                # Somebody was quicker, or it was us and the answer got lost.
                if not await self._same(full, sums, sha256):
                    words = f"another file has appeared at {key} meanwhile ({error.why}); tried again by itself"
                    raise StorageTrouble(words, again=True) from error
            else:
                await self._compare(full, sums, sha256)
        finally:
            await run_through(self._end(note, full, upload, ended=ended, stray=begun - bool(upload)))
        return Artifact(key, sums.size_bytes, sha256)

    async def _send(self, full: str, upload: str, parts: AsyncIterator[memoryview], sums: Sums) -> list[Part]:
        """Upload parts as they are gathered, a few at once: one is hashed while the next one comes and others go. In
        order of their numbers.
        """
        sent: list[Part] = []
        flying: set[asyncio.Task[Part]] = set()
        turns = asyncio.Lock()  # parts are hashed in their order: whoever asks first is first
        begun = 0

        async def one(number: int, data: memoryview) -> Part:
            async with turns:
                digests = await self._threads.run(sums.add, data)
            return await tried(lambda: self._bucket.part(full, upload, number, data, digests))

        async def land(*, room_for: int) -> None:
            while len(flying) > room_for:
                done, _ = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    sent.append(task.result())
                    flying.discard(task)

        try:
            async for part in parts:
                await land(room_for=IN_FLIGHT - 1)
                begun += 1
                flying.add(asyncio.get_running_loop().create_task(one(begun, part)))
                del part
            await land(room_for=0)
        finally:
            for task in flying:
                task.cancel()
            await asyncio.gather(*flying, return_exceptions=True)
        return sorted(sent, key=lambda part: part.number)

    async def _end(self, note: Note, full: str, upload: str, *, ended: bool, stray: int) -> None:
        """Leave no upload behind: it ended, or is aborted, or its note stays for the sweep. A `stray` is one that may
        have been begun without an answer: nobody knows its id but the storage.
        """
        try:
            async with asyncio.timeout(_GOODBYE_S):
                if not ended and upload:
                    await self._bucket.abort(full, upload)
                if stray:
                    await self._abort_all(full, before=None)
            ended = True
        except (StorageTrouble, TimeoutError) as error:
            log.warning(UPLOAD_LEFT, key=full, why=str(error))
        await self._threads.run(note.strike if ended else note.leave)

    # --- comparing --------------------------------------------------------------------------------------------------

    async def _compare(self, full: str, sums: Sums, sha256: str) -> None:
        """The object just made must be the bytes that were hashed, else it must not stay. Raises StorageTrouble."""
        if not await self._same(full, sums, sha256):
            await tried(lambda: self._bucket.remove(full))
            raise StorageTrouble(
                "the stored object is not what was sent; it was removed, and is tried again", again=True
            )

    async def _same(self, full: str, sums: Sums, sha256: str) -> bool:
        """Whether the object there has just these bytes: by the storage's own sums, or by reading it back."""
        found = await tried(lambda: self._bucket.head(full))
        if found is None or found.shelved.size_bytes != sums.size_bytes:
            return False
        verdict = _verdict(found, sums)
        if verdict is not None:
            return verdict
        return sha256 == await tried(lambda: self._hash_of(full))

    async def _hash_of(self, full: str) -> str:
        digest = hashlib.sha256()
        async for piece in self._bucket.get(full, Span()):
            await self._threads.run(digest.update, piece)
        return digest.hexdigest()

    async def _abort_all(self, prefix: str, *, before: float | None) -> int:
        gone = 0
        for upload in await tried(lambda: self._bucket.pending(prefix)):
            if (before is None and upload.key == prefix) or (before is not None and upload.begun_at < before):
                await tried(lambda upload=upload: self._bucket.abort(upload.key, upload.id))
                gone += 1
        return gone

    def _full(self, key: str) -> str:
        return self._place.prefix + key


def _verdict(found: Found, sums: Sums) -> bool | None:
    """What the storage's own sums say of the bytes there; None when they say nothing that can be compared."""
    if found.crc64 is not None:
        return found.crc64 == sums.crc64
    if found.md5 is None:
        return None
    ours = sums.md5(in_parts="-" in found.md5)
    if found.md5 == ours:
        return True
    # Cut into other parts, or encrypted with a key of the user's, an object has an MD5 that says nothing.
    return None


def _candidates(key: str, sha256: str) -> tuple[str, str, str]:
    return key, variant_key(key, sha256), variant_key(key, sha256, letters=64)


async def _gathered(pieces: AsyncIterator[bytes]) -> AsyncGenerator[memoryview, None]:
    """The same bytes in parts of one size, the last one smaller. Raises NotWhole as soon as it shows, and before the
    last part is handed on.
    """
    part, boxes = bytearray(), BoxWalker()
    async for piece in pieces:
        boxes.feed(piece)
        left = memoryview(piece)
        while left:
            taken = left[: PART_BYTES - len(part)]
            part += taken
            left = left[len(taken) :]
            if len(part) == PART_BYTES:
                full, part = part, bytearray()
                yield memoryview(full)
                del full
    boxes.finish()
    if part:
        yield memoryview(part)


async def _chained(
    first: tuple[memoryview, ...], rest: AsyncGenerator[memoryview, None]
) -> AsyncGenerator[memoryview, None]:
    held = list(first)
    del first
    while held:
        yield held.pop(0)
    async for part in rest:
        yield part


async def _read_back(file: IO[bytes], threads: Threads) -> AsyncGenerator[memoryview, None]:
    await threads.run(file.seek, 0)
    while block := await threads.run(file.read, PART_BYTES):
        yield memoryview(block)
