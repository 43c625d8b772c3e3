"""Which keys this home is uploading to: one small locked file each, so that a dead process's uploads can be found.

A note is made before its upload is begun and struck when the upload has ended, so whatever instant a process dies at,
the next one knows where to look. The lock dies with its process; a note that nobody holds is a dead one's.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from pathlib import Path

from wanreel.archive.disk import Disk, abandoned

_ENDING = ".upload"
_NAMES_TRIED_MAX = 10_000
_BYTES_MAX = 4096
_count = itertools.count()


class Note:
    """One key that is being uploaded to. Blocking."""

    def __init__(self, path: Path, fd: int, disk: Disk) -> None:
        self._path, self._fd, self._disk = path, fd, disk

    def strike(self) -> None:
        """The upload has ended, one way or the other."""
        with contextlib.suppress(OSError):
            self._disk.remove(self._path)
        with contextlib.suppress(OSError):
            os.close(self._fd)

    def leave(self) -> None:
        """The upload could not be ended: leave the note to the sweep."""
        with contextlib.suppress(OSError):
            os.close(self._fd)


class Notes:
    """The notes in one folder of the home. Blocking; raises OSError."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self._folder = folder
        self._disk = disk or Disk()

    def write(self, key: str) -> Note:
        """Note a key before anything is begun under it."""
        self._disk.make_folders(self._folder)
        mark = hashlib.sha256(key.encode()).hexdigest()[:16]
        for number in itertools.islice(_count, _NAMES_TRIED_MAX):
            path = self._folder / f"{mark}.{os.getpid()}-{number}{_ENDING}"
            try:
                fd = self._disk.create(path)
            except FileExistsError:
                continue
            try:
                self._disk.write(fd, key.encode())
                self._disk.sync(fd)
                self._disk.sync_folder(self._folder)
            except OSError:
                Note(path, fd, self._disk).strike()
                raise
            return Note(path, fd, self._disk)
        raise FileExistsError(f"too many notes lie in {self._folder}")

    def dead(self) -> list[tuple[str, Note]]:
        """Keys that processes which are no more were uploading to, each with its note, held by us now."""
        found: list[tuple[str, Note]] = []
        with contextlib.suppress(FileNotFoundError):
            for path in sorted(self._folder.glob(f"*{_ENDING}")):
                with contextlib.suppress(OSError):
                    fd = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
                    if abandoned(fd):
                        found.append((os.read(fd, _BYTES_MAX).decode("utf-8", "replace"), Note(path, fd, self._disk)))
                    else:
                        os.close(fd)
        return found
