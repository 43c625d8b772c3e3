"""From spec to MP4: reads the prompt, films the frames, adds sound and muxes."""

import hashlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wanreel.emulator.clips.mux import mux
from wanreel.emulator.clips.reel import film
from wanreel.emulator.clips.spec import ClipSpec
from wanreel.emulator.clips.tone import tone


def render(spec: ClipSpec) -> bytes:
    """The clip as MP4 bytes: the same bytes for the same spec (and the same fonts and codec library).

    Raises ValueError when an image can't be read.
    """
    out = io.BytesIO()
    mux(spec, film(spec, dice(spec, "frames")), _sound(spec), out)
    return out.getvalue()


def render_to(spec: ClipSpec, path: Path) -> None:
    """The same clip written to `path` as it is made, so that memory holds frames and never the whole file."""
    mux(spec, film(spec, dice(spec, "frames")), _sound(spec), str(path))


def dice(spec: ClipSpec, purpose: str) -> np.random.Generator:
    """Chance, from prompt and seed alone; each purpose rolls its own dice."""
    words = f"{purpose}\n{spec.seed}\n{spec.prompt}".encode("utf-8", "surrogatepass")
    return np.random.default_rng(int.from_bytes(hashlib.sha256(words).digest()[:8], "big"))


def _sound(spec: ClipSpec) -> NDArray[np.float32] | None:
    return tone(spec.frame_count / spec.fps, dice(spec, "sound")) if spec.audio else None
