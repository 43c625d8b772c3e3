"""An append-only file of what the desk has done, so that a killed emulator wakes up with its tasks and counters."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

if os.name == "posix":
    import fcntl


class Journal:
    """JSON Lines under ``state/journal.jsonl``. A line is handed to the system before the call is answered.

    No fsync: it has to survive the death of the emulator, not of the machine.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "journal.jsonl"
        self._file: int | None = None
        self._held: int | None = None
        self._hold()

    @staticmethod
    def last_at(lines: Iterable[dict[str, Any]]) -> float:
        """The latest instant written down; 0 in an empty journal."""
        return max((line["at"] for line in lines if line.get("at")), default=0.0)

    def _hold(self) -> None:
        """Keep others from writing here. The system lets go when this process dies, however it dies."""
        if self._held is not None or os.name != "posix":
            return
        held = os.open(self.path.with_name("lock"), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(held)
            words = f"another emulator keeps its state in {self.path.parent}: stop it, or take another folder"
            raise ValueError(words) from None
        self._held = held

    def load(self) -> list[dict[str, Any]]:
        """All whole lines; a last line torn by a kill is dropped."""
        if not self.path.exists():
            return []
        lines: list[dict[str, Any]] = []
        for line in self.path.read_bytes().split(b"\n"):
            if line:
                try:
                    lines.append(json.loads(line))
                except ValueError:
                    continue
        return lines

    def rewrite(self, lines: Iterable[dict[str, Any]]) -> None:
        """Replace the whole file, for a start with what is still known."""
        fresh = self.path.with_suffix(".new")
        fresh.write_bytes(b"".join(_encoded(line) for line in lines))
        fresh.replace(self.path)

    def append(self, line: dict[str, Any]) -> None:
        """Add one line."""
        if self._file is None:
            self._hold()
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(self._file, _encoded(line))

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _encoded(line: dict[str, Any]) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
