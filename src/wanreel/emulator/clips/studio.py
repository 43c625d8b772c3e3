"""The clip cache: each spec is rendered once, kept under its content hash, and the oldest go when space runs out."""

import hashlib
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import av
import numpy as np
import PIL

from wanreel.emulator.clips.fonts import font_files
from wanreel.emulator.clips.render import render_to
from wanreel.emulator.clips.spec import ClipSpec

CACHE_BYTES_MAX = 2_000_000_000


class Studio:
    """Makes clips and remembers them, from several threads at once.

    A file is whole or absent (written aside, then renamed). When the folder outgrows `bytes_max` the clips unused
    for longest are deleted, never the newest; a deleted clip comes back, byte for byte, when it is asked for again.
    `cache_dir` None keeps the clips in a folder of the studio's own, gone with `close`. `rendered` and `reused` count
    what was made and what was found.
    """

    def __init__(self, cache_dir: Path | None = None, bytes_max: int = CACHE_BYTES_MAX) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="wanreel-clips-") if cache_dir is None else None
        self._dir = cache_dir or Path(self._own.name if self._own else ".")
        self._dir.mkdir(parents=True, exist_ok=True)
        self._bytes_max = bytes_max
        self._tools = _tools()
        self._lock = threading.Lock()
        self._turns: dict[str, tuple[threading.Lock, int]] = {}
        self._sizes: OrderedDict[Path, int] = OrderedDict()
        for path in self._dir.glob("*.part"):
            path.unlink(missing_ok=True)  # left behind by a process that was killed
        for path in sorted(self._dir.glob("*.mp4"), key=lambda found: found.stat().st_mtime):
            self._sizes[path] = path.stat().st_size
        self.rendered = 0
        self.reused = 0

    def clip(self, spec: ClipSpec) -> Path:
        """The clip's file. Open it before asking for many others. Raises ValueError when an image can't be read."""
        path = self._dir / f"{spec.key()}-{self._tools}.mp4"
        with self._turn(path.name):
            if not self._met(path):
                self._make(spec, path)
                self._keep(path)
        return path

    def close(self) -> None:
        """Delete the studio's own folder; a folder that was given stays. Harmless twice."""
        if self._own:
            self._own.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _turn(self, name: str) -> Generator[None]:
        """One render per clip: whoever asks for the same one meanwhile waits for it."""
        with self._lock:
            turn, waiting = self._turns.get(name, (threading.Lock(), 0))
            self._turns[name] = (turn, waiting + 1)
        try:
            with turn:
                yield
        finally:
            with self._lock:
                turn, waiting = self._turns.pop(name)
                if waiting > 1:
                    self._turns[name] = (turn, waiting - 1)

    def _met(self, path: Path) -> bool:
        with self._lock:
            if not path.is_file():
                self._sizes.pop(path, None)
                return False
            self._sizes[path] = path.stat().st_size
            self._sizes.move_to_end(path)
            self.reused += 1
            return True

    def _make(self, spec: ClipSpec, path: Path) -> None:
        with tempfile.NamedTemporaryFile(dir=self._dir, suffix=".part", delete=False) as part:
            aside = Path(part.name)
        try:
            render_to(spec, aside)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    def _keep(self, path: Path) -> None:
        with self._lock:
            self.rendered += 1
            self._sizes[path] = path.stat().st_size
            while sum(self._sizes.values()) > self._bytes_max and len(self._sizes) > 1:
                oldest, _ = self._sizes.popitem(last=False)
                oldest.unlink(missing_ok=True)


def _tools() -> str:
    """What else the bytes hang on: other fonts draw other pictures, another codec library writes other files."""
    fonts = [f"{path.name} {path.stat().st_size}" for path in font_files()]
    tools = [f"av {av.__version__}", f"numpy {np.__version__}", f"pillow {PIL.__version__}"]
    return hashlib.sha256("\n".join(tools + fonts).encode()).hexdigest()[:8]
