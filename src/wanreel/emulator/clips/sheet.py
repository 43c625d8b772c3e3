"""Contact sheets: evenly spaced frames of a clip on one page, to look at."""

import io
from pathlib import Path
from typing import Any

import av
from PIL import Image

CELL_LONG_SIDE = 360
_GAP = 6


def contact_sheet(clip: bytes | Path, columns: int, rows: int) -> bytes:
    """A PNG of columns x rows frames, from the first to the last. Raises ValueError when no frame can be read."""
    frames = _frames(clip, columns * rows)
    width, height = frames[0].size
    page = Image.new("RGB", (columns * (width + _GAP) + _GAP, rows * (height + _GAP) + _GAP), (24, 26, 30))
    for index, frame in enumerate(frames):
        x, y = _GAP + index % columns * (width + _GAP), _GAP + index // columns * (height + _GAP)
        page.paste(frame, (x, y))
    out = io.BytesIO()
    # 256 colours are plenty to judge by, and keep a page of the docs small.
    page.quantize(256, method=Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


def _frames(clip: bytes | Path, wanted: int) -> list[Image.Image]:
    source = io.BytesIO(clip) if isinstance(clip, bytes) else str(clip)
    opened: Any = av.open(source)  # PyAV's own type hints are partial
    with opened as container:
        stream = container.streams.video[0]
        last = max(stream.frames - 1, 0)
        picks = [round(index * last / max(wanted - 1, 1)) for index in range(wanted)]
        found: dict[int, Image.Image] = {}
        for index, frame in enumerate(container.decode(stream)):
            if index in picks:
                image: Image.Image = frame.to_image()
                image.thumbnail((CELL_LONG_SIDE, CELL_LONG_SIDE), Image.Resampling.BOX)
                found[index] = image
    if not found:
        raise ValueError("the clip has no frames")
    return [found[pick] for pick in picks if pick in found]
