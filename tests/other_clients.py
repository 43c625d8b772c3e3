"""Running other people's clients: their programs, and the two pictures they are given."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

PATIENCE_S = 60.0


async def run(*command: str, patience_s: float = PATIENCE_S, environment: Mapping[str, str] | None = None) -> str:
    """Run another program, its environment added to ours; what it printed. Fails with its errors when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    out, err = await asyncio.wait_for(process.communicate(), patience_s)
    assert 0 == process.returncode, err.decode()
    return out.decode()


def two_frames(folder: Path) -> tuple[str, str]:
    """A first and a last frame as files, 750 x 1000."""
    for name, colour in (("first", (200, 120, 40)), ("last", (20, 120, 40))):
        Image.new("RGB", (750, 1000), colour).save(folder / f"{name}.png")
    return str(folder / "first.png"), str(folder / "last.png")
