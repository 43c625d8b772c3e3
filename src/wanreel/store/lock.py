"""The runner's lock on a home: held by the operating system for a process, and gone with it however it dies."""

from __future__ import annotations

import os
import socket
import sys
import weakref
from contextlib import suppress
from pathlib import Path

from wanreel.domain.errors import Unavailable

PLACES_MAX = 64  # workers of one home on one machine

if sys.platform == "win32":
    import msvcrt

    _BEYOND_THE_WORDS = 1 << 30  # a locked byte cannot be read there, so it lies behind what others want to read

    def _lock(file: int) -> None:
        os.lseek(file, _BEYOND_THE_WORDS, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class RunnerLock:
    """At most one process holds the lock file at `path`. The file itself says nothing: it stays when the lock is gone.

    Children do not inherit it: programs that are started get no handle, and a fork drops its copy at once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        _all.add(self)

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._file is not None

    def try_lock(self, who: str = "") -> bool:
        """Take the lock, or say at once that somebody else has it. `who` tells others what holds it.

        Taking it twice is harmless. Raises Unavailable when the file cannot be made.
        """
        if self._file is not None:
            return True
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)  # not inheritable, as all of Python's
        except OSError as error:
            raise Unavailable(
                f"the lock {self._path} cannot be opened: {error.strerror}. Is the home writable?"
            ) from error
        try:
            _lock(file)
        except (BlockingIOError, PermissionError):
            os.close(file)
            return False
        except OSError as error:
            os.close(file)
            raise Unavailable(f"{self._path} cannot be locked here: {error.strerror}. Use a local disk.") from error
        self._file = file
        words = f"process {os.getpid()}{': ' if who else ''}{who}\n"
        with suppress(OSError):  # a full disk takes nothing from the lock, only the words are missing
            os.ftruncate(file, 0)
            os.lseek(file, 0, os.SEEK_SET)
            os.write(file, words.encode(errors="replace"))
        return True

    def release(self) -> None:
        """Let go; harmless when it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def holder(self) -> str:
        """In words, what held the lock last (true as long as somebody does); "" when nobody knows."""
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""


class Places:
    """Room for several workers in one home, each with a lock of its own: there is always another one free."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: RunnerLock | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds a place."""
        return self._held is not None

    def try_lock(self, who: str = "") -> bool:
        """Take a place, or say that all are taken. Taking it twice is harmless. Raises Unavailable."""
        if self._held is not None:
            return True
        for number in range(1, PLACES_MAX + 1):
            lock = RunnerLock(self._folder / f"{socket.gethostname()}-{number}.lock")
            if lock.try_lock(who):
                self._held = lock
                return True
        return False

    def release(self) -> None:
        """Let go; harmless when it is not held."""
        held, self._held = self._held, None
        if held is not None:
            held.release()


_all: weakref.WeakSet[RunnerLock] = weakref.WeakSet()


def _drop_copies() -> None:
    for lock in _all:
        lock.release()  # closes this process's handle only: the lock stays with the parent


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_copies)
