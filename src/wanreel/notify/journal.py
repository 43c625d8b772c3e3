"""Notices appended to a file, one JSON object a line, for whoever wants to follow along with `tail -f`.

Other processes may append at the same time. A line that a crash or a full disk cut short never spoils the next one. A
notice that stands among the file's last lines is not written again: it was told before, and others still owe it.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from pathlib import Path

from wanreel.domain.errors import Unavailable
from wanreel.domain.event import Notice
from wanreel.notify.payload import notice_line

if os.name == "posix":
    import fcntl

TAIL_BYTES = 4 * 1024**2  # some ten thousand notices
KNOWN_MAX = 20_000
_ID = re.compile(rb'^\{"id": "((?:[^"\\]|\\.)*)"', re.MULTILINE)


class JournalNotifier:
    """`ports.Notifier` on a file; each notice is on the disk when `tell` returns."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._known: dict[bytes, None] | None = None  # ids of the last lines, oldest first; None: not looked at yet

    async def tell(self, notice: Notice) -> None:
        """As `ports.Notifier.tell`."""
        await self.tell_all([notice])

    async def tell_all(self, notices: Sequence[Notice]) -> None:
        """As `ports.TellsMany.tell_all`: one write and one sync for all of them."""
        await asyncio.to_thread(self._append, [notice_line(notice) + b"\n" for notice in notices])

    def _append(self, lines: Sequence[bytes]) -> None:
        try:
            if self._known is None:
                self._known = _last_ids(self._path)
            news = {notice_id: line for line in lines for notice_id in _ID.findall(line)}
            news = {notice_id: line for notice_id, line in news.items() if notice_id not in self._known}
            if not news:
                return
            fresh = not self._path.exists()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
            try:
                _append_lines(fd, b"".join(news.values()))
            finally:
                os.close(fd)
            if fresh:
                _sync_folder(self._path.parent)
            self._known |= dict.fromkeys(news)
            while len(self._known) > KNOWN_MAX:
                del self._known[next(iter(self._known))]
        except OSError as error:
            raise Unavailable(
                f"notices cannot be written to {self._path} ({error.strerror or error}): "
                "free some space there, or give the right to write; they are tried again"
            ) from error


def _last_ids(path: Path) -> dict[bytes, None]:
    """The ids of the notices at the file's end. Raises OSError."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            whole, _, _ = file.read().rpartition(b"\n")  # what was cut short was not told
    except FileNotFoundError:
        return {}
    return dict.fromkeys(_ID.findall(whole))


def _append_lines(fd: int, lines: bytes) -> None:
    """Append whole lines durably, or leave the file as it was. Raises OSError."""
    if os.name == "posix":
        fcntl.flock(fd, fcntl.LOCK_EX)  # held for one small write; ends with the descriptor
    size_bytes = os.fstat(fd).st_size
    if size_bytes:
        os.lseek(fd, size_bytes - 1, os.SEEK_SET)
        if os.read(fd, 1) != b"\n":
            lines = b"\n" + lines  # the last writer died in mid-line
    try:
        left = memoryview(lines)
        while left:
            left = left[os.write(fd, left) :]
        os.fsync(fd)
    except OSError:
        os.ftruncate(fd, size_bytes)
        raise


def _sync_folder(folder: Path) -> None:
    """Make the new file's name survive a power cut; Windows offers no such thing and needs none."""
    if os.name == "posix":
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
