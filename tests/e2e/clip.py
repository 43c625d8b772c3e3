"""A small real MP4, made once: what the emulator serves where a test does not look at the picture."""

from __future__ import annotations

import io
from functools import cache

import av
import numpy as np


@cache
def small_clip() -> bytes:
    """Twelve frames of H.264, 64 by 48."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(12):
            picture = np.full((48, 64, 3), number * 20, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()
