"""A file on this machine's disk, as `ports.FileBytes`: read where it lies, only what is asked for."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from wanreel.domain.errors import NotFound, Unavailable


class DiskFile:
    """Opened on entering, closed on leaving. Raises NotFound, Unavailable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1
        self.name = str(path)
        self.size_bytes = 0

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    async def read(self, start: int, size: int) -> bytes:
        """As `ports.FileBytes.read`."""
        return await asyncio.to_thread(self._read, start, size)

    def _open(self) -> None:
        try:
            self._fd = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            if self._path.is_dir():
                raise IsADirectoryError(21, "Is a directory")
            self.size_bytes = os.fstat(self._fd).st_size
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"the file {self._path} is not there") from None
        except OSError as error:
            if self._fd >= 0:
                os.close(self._fd)
            raise Unavailable(f"the file {self._path} cannot be read: {error.strerror or error}") from error

    def _read(self, start: int, size: int) -> bytes:
        try:
            os.lseek(self._fd, start, os.SEEK_SET)
            return os.read(self._fd, size)
        except OSError as error:
            raise Unavailable(f"the file {self._path} cannot be read: {error.strerror or error}") from error


class HeldBytes:
    """Bytes in memory, as `ports.FileBytes`."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self.name = name
        self.size_bytes = len(data)

    async def read(self, start: int, size: int) -> bytes:
        """As `ports.FileBytes.read`."""
        return self._data[start : start + size]
