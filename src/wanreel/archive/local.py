"""The archive in a folder of this machine: whole clips, durable before they are visible, never overwritten.

A temporary file in the same folder is written, hashed and checked piece by piece, synced, linked to its name if nothing
has that name, and the folder synced; only then does `keep` return. Disk work runs in threads, so that a slow disk holds
no loop, and `keep` never leaves while one of its threads still works. Changing threads costs more than most of what is
done there: whatever of a clip is left in hand at its end is written, checked and published in one step.
"""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from wanreel.archive.boxes import NotWhole
from wanreel.archive.disk import Disk, put_if_absent, same_bytes, why_not
from wanreel.archive.draft import Draft, sweep
from wanreel.archive.facts import encoded, facts_path
from wanreel.archive.naming import check_key, variant_key
from wanreel.archive.pieces import hand_on, let_go
from wanreel.archive.threads import P, T, Threads
from wanreel.domain.event import Trouble
from wanreel.domain.job import Artifact
from wanreel.ports.archive import KeepFailed, Label
from wanreel.telemetry import FACTS_LOST, log

_THREADS = 8  # as many clips as come home at once, by default: what they sync at the same time the disk does together
_FOLDERS_REMEMBERED_MAX = 1000


class LocalArchive:
    """`ports.Archive` on a folder, which is made at first use; once used, it is never silently made anew."""

    def __init__(self, root: Path, disk: Disk | None = None) -> None:
        self._root = root.absolute()
        self._disk = disk or Disk()
        self._threads = Threads(_THREADS, "archive")
        self._durable: set[Path] = set()  # folders known to be synced into those above them

    async def sweep(self) -> int:
        """Remove temporaries that dead processes left; how many. Call it once, at start."""
        return await self._threads.run(sweep, self._root)

    async def keep(self, key: str, pieces: AsyncIterator[bytes], label: Label | None = None) -> Artifact:
        """As `ports.Archive.keep`. Cancelled, it leaves no temporary; a clip that was already linked by then stays,
        whole. Raises Invalid for a key that `archive.naming` would not make.
        """
        path = self._path(key)
        draft = Draft(self._disk, path)
        try:
            rest = await hand_on(pieces, lambda block: self._on_disk(self._add, draft, block))
            return await self._on_disk(self._finish, draft, rest, key, label)
        finally:
            try:
                if draft.is_open:
                    await self._threads.run(draft.discard)
            finally:
                await let_go(pieces)

    # --- steps, each in one thread ---

    def _add(self, draft: Draft, block: bytes) -> None:
        if not draft.is_open:
            self._begin(draft)
        draft.add(block)

    def _begin(self, draft: Draft) -> None:
        folder = draft.folder
        if folder in self._durable:
            try:
                draft.begin()
            except FileNotFoundError:
                if not self._root.is_dir():
                    # An archive that vanishes is a disk that was unplugged: a new one in its place would swallow clips.
                    raise FileNotFoundError(errno.ENOENT, "the archive is gone", str(self._root)) from None
            else:
                return
        elif self._durable and not self._root.is_dir():
            raise FileNotFoundError(errno.ENOENT, "the archive is gone", str(self._root))
        self._make_durable(folder)
        draft.begin()

    def _make_durable(self, folder: Path) -> None:
        self._disk.make_folders(folder)
        for above in (folder, *folder.parents):
            if above == self._root:
                break
            self._disk.sync_folder(above.parent)
        if len(self._durable) >= _FOLDERS_REMEMBERED_MAX:
            self._durable.clear()
        self._durable.add(folder)

    def _finish(self, draft: Draft, rest: bytes, key: str, label: Label | None) -> Artifact:
        self._add(draft, rest)
        sha256 = draft.seal()
        for candidate in _candidates(key, sha256):
            path = self._path(candidate)
            assert draft.path is not None
            ours = put_if_absent(self._disk, draft.path, path)
            if ours or same_bytes(path, draft.size_bytes, sha256):
                try:
                    self._settle(draft, path, sha256, label)
                except OSError:
                    if ours:
                        self._take_away(path)  # nothing visible that is not durable
                    raise
                return Artifact(candidate, draft.size_bytes, sha256)
        raise KeepFailed(
            Trouble.DESTINATION, f"other files lie at {self._path(key)} and where its variants would go: move them away"
        )

    def _settle(self, draft: Draft, path: Path, sha256: str, label: Label | None) -> None:
        """Make its name durable, and that of the facts beside it with the same sync of their folder."""
        draft.discard()
        if label is not None:
            self._describe(path, replace(label, facts=(*label.facts, ("sha256", sha256))))
        self._disk.sync_folder(path.parent)

    def _describe(self, path: Path, label: Label) -> None:
        """Lay the facts beside a clip: without them it is no less kept. What a crash cut short is replaced when the
        clip comes again; nobody reads it before.
        """
        place, facts = facts_path(path), encoded(label)
        try:
            try:
                self._disk.lay(place, facts)
            except FileExistsError:
                self._describe_anew(place, facts)
        except OSError as error:
            log.warning(FACTS_LOST, key=path.relative_to(self._root).as_posix(), why=why_not(error, self._root))

    def _describe_anew(self, place: Path, facts: bytes) -> None:
        draft = Draft(self._disk, place, whole_clip=False)
        try:
            draft.begin()
            draft.add(facts)
            draft.seal()
            draft.replace()
        finally:
            draft.discard()

    def _take_away(self, path: Path) -> None:
        for name in (path, facts_path(path)):
            with suppress(OSError):
                self._disk.remove(name)

    def _path(self, key: str) -> Path:
        return self._root.joinpath(*check_key(key).split("/"))

    async def _on_disk(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a step, its errors translated."""
        try:
            return await self._threads.run(step, *args, **kwargs)
        except NotWhole as error:
            raise KeepFailed(Trouble.BAD_BYTES, f"what came is not a whole MP4: {error.why}") from None
        except OSError as error:
            raise KeepFailed(Trouble.DESTINATION, why_not(error, self._root)) from error


def _candidates(key: str, sha256: str) -> Iterator[str]:
    """Where a clip may lie: under its key, or, where another lies there, beside it."""
    yield key
    yield variant_key(key, sha256)
    yield variant_key(key, sha256, letters=64)
