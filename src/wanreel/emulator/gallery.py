"""Clips for tasks: asks the studio, off the event loop, and hands back a file to stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from wanreel.emulator.clips import ClipSpec, Studio
from wanreel.emulator.shelf import Shelf
from wanreel.emulator.tasks import Shot

RENDERS_AT_ONCE = 2


class Gallery:
    """Finds or makes the clip of a shot. ``render`` replaces the real renderer (tests that need no picture)."""

    def __init__(self, directory: Path, pictures: Shelf, render: Callable[[ClipSpec], bytes] | None = None) -> None:
        self._pictures = pictures
        self._studio = Studio(directory)
        self._fake = Shelf(directory / "given") if render else None
        self._render = render
        self._pool = ThreadPoolExecutor(RENDERS_AT_ONCE, thread_name_prefix="wanreel-render")

    async def clip(self, shot: Shot) -> Path:
        """The clip's file; made at the first asking."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.make, shot)

    def make(self, shot: Shot) -> Path:
        """The same, blocking."""
        spec = self.spec(shot)
        if self._fake is None or self._render is None:
            return self._studio.clip(spec)
        name = f"{spec.key()}.mp4"
        return self._fake.path(name) or self._fake.put_as(name, self._render(spec))

    def spec(self, shot: Shot) -> ClipSpec:
        """What the renderer is told. A mode whose pictures are not at hand falls back to one that needs fewer."""
        first = self._pictures.get(shot.first_image) if shot.first_image else None
        last = self._pictures.get(shot.last_image) if shot.last_image else None
        mode: Literal["t2v", "i2v", "kf2v"] = "kf2v" if first and last else "i2v" if first else "t2v"
        return ClipSpec(
            mode=mode,
            width=shot.width,
            height=shot.height,
            fps=shot.fps,
            duration_s=shot.duration_s,
            prompt=shot.prompt,
            seed=shot.seed,
            audio=shot.audio,
            model=shot.model,
            watermark=shot.watermark,
            first_image=first,
            last_image=last,
        )

    def close(self) -> None:
        """Stop rendering; clips not begun are not made."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._studio.close()
