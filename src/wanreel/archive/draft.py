"""A clip on its way into a folder: a temporary file beside its final place, hashed and checked as it is written.

Blocking; one thread at a time. The temporary's name begins with a dot and is locked while its process lives, so that
`sweep` can tell what a dead one left behind.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import re
from pathlib import Path

from wanreel.archive.boxes import BoxWalker
from wanreel.archive.disk import Disk, abandoned

_ENDING = ".wanreel-part"
_NAME = re.compile(r"\..+\.\d+-\d+" + re.escape(_ENDING))
_NAMES_TRIED_MAX = 10_000
_count = itertools.count()  # one name per draft of this process; the lock, not the name, says whose it is


class Draft:
    """Bytes that are not visible under any key yet. `discard` at the end, whatever happened."""

    def __init__(self, disk: Disk, target: Path, *, whole_clip: bool = True) -> None:
        self._disk = disk
        self._target = target
        self._fd: int | None = None
        self._sha256 = hashlib.sha256()
        self._boxes = BoxWalker() if whole_clip else None
        self.path: Path | None = None
        self.size_bytes = 0

    @property
    def is_open(self) -> bool:
        """Whether there is something to discard."""
        return self._fd is not None or self.path is not None

    @property
    def folder(self) -> Path:
        """Where it lies, and will lie."""
        return self._target.parent

    def begin(self) -> None:
        """Make the temporary file. Raises OSError."""
        for number in itertools.islice(_count, _NAMES_TRIED_MAX):
            path = self._target.with_name(f".{self._target.name}.{os.getpid()}-{number}{_ENDING}")
            try:
                self._fd = self._disk.create(path)
            except FileExistsError:
                continue  # left by an earlier process of this number
            self.path = path
            return
        raise OSError(errno.EEXIST, "too many temporary files lie there", str(self._target.parent))

    def add(self, data: bytes) -> None:
        """Write the next bytes. Raises OSError, NotWhole."""
        assert self._fd is not None, "begin first"
        if self._boxes is not None:
            self._boxes.feed(data)
        self._disk.write(self._fd, data)
        self._sha256.update(data)
        self.size_bytes += len(data)

    def seal(self) -> str:
        """No more bytes come: check that they are a whole MP4, make them durable, return the hash as hex.
        Raises OSError, NotWhole.
        """
        assert self._fd is not None, "begin first"
        if self._boxes is not None:
            self._boxes.finish()
        self._disk.sync(self._fd)
        written = os.fstat(self._fd).st_size
        if written != self.size_bytes:
            raise OSError(errno.EIO, f"{self.size_bytes} bytes were written and {written} are there", str(self.path))
        return self._sha256.hexdigest()

    def replace(self) -> None:
        """Give the sealed bytes their final name, in place of what lay there. Raises OSError."""
        assert self.path is not None, "begin first"
        self._disk.replace(self.path, self._target)
        self.path = None

    def discard(self) -> None:
        """Close and remove the temporary; harmless twice. What cannot be removed is left to the sweep."""
        fd, self._fd = self._fd, None
        path, self.path = self.path, None
        with contextlib.suppress(OSError):
            if path is not None:
                self._disk.remove(path)
        with contextlib.suppress(OSError):
            if fd is not None:
                os.close(fd)


def is_draft(name: str, pid: int | None = None) -> bool:
    """Whether a file is called as a draft is; as one of that process."""
    return bool(_NAME.fullmatch(name)) and (pid is None or f".{pid}-" in name[-60:])


def sweep(root: Path) -> int:
    """Remove the temporaries below `root` that no living process holds; how many went. Never raises OSError."""
    gone = 0
    for folder, _, names in os.walk(root):
        for name in filter(_NAME.fullmatch, names):
            with contextlib.suppress(OSError):
                gone += _remove_if_abandoned(Path(folder, name))
    return gone


def _remove_if_abandoned(path: Path) -> bool:
    fd = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        if not abandoned(fd):
            return False
        if os.name != "posix":
            os.close(fd)
            fd = -1
        path.unlink()
        return True
    finally:
        if fd >= 0:
            os.close(fd)
