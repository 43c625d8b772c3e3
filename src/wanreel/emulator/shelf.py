"""Files the emulator keeps by content hash: uploaded and fetched pictures, and rendered clips."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from hashlib import sha256
from pathlib import Path


class Shelf:
    """A folder of files named by what is in them, held under a total size by dropping the least recently used."""

    def __init__(self, directory: Path, bytes_max: int = 2 * 1024**3) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.bytes_max = bytes_max

    def put(self, data: bytes) -> str:
        """Keep bytes; their SHA-256."""
        name = sha256(data).hexdigest()
        self.put_as(name, data)
        return name

    def put_as(self, name: str, data: bytes) -> Path:
        """Keep bytes under a given name; written aside first, so that no reader sees half a file."""
        path = self.directory / name
        if not path.exists():
            fresh = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.new")
            fresh.write_bytes(data)
            fresh.replace(path)
            self._trim(keep=path)
        return path

    def get(self, name: str) -> bytes | None:
        """The bytes under a name, if they are still here."""
        path = self.path(name)
        return path.read_bytes() if path else None

    def path(self, name: str) -> Path | None:
        """The file under a name, marked as used; None when it is not here."""
        path = self.directory / name
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def _trim(self, keep: Path) -> None:
        files: list[tuple[float, int, Path]] = []
        for path in self.directory.iterdir():
            with suppress(FileNotFoundError):  # another thread has just given it its name, or trimmed it
                about = path.stat()
                files.append((about.st_mtime, about.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self.bytes_max:
                return
            if path != keep:
                total -= size
                path.unlink(missing_ok=True)
