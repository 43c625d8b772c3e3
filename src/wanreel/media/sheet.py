"""A contact sheet: some pictures of a clip, evenly spaced in time, side by side in one PNG.

Importing this loads PyAV and Pillow: callers import it when they need it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from wanreel.domain.errors import Invalid, Unavailable
from wanreel.media.probe import opened

_BACKGROUND = (24, 24, 24)


@dataclass(frozen=True, slots=True)
class Layout:
    """How many pictures, in how many columns, each how wide at most, how many pixels between them."""

    pictures: int = 8
    columns: int = 4
    width: int = 320
    gap: int = 4


def contact_sheet(clip: Path, out: Path, layout: Layout | None = None) -> Path:
    """Write the sheet of `clip` to `out`, a PNG, and return `out`. One picture of the clip is held at a time.

    Raises NotFound, Invalid (not a clip, or one without pictures), Unavailable (cannot be read or written).
    """
    layout = layout or Layout()
    sheet: Image.Image | None = None
    with opened(clip) as (container, video):
        for place, tile in enumerate(_spread(container, video, layout)):
            if sheet is None:
                sheet = _empty(tile.size, layout)
            row, column = divmod(place, layout.columns)
            sheet.paste(tile, (_at(column, tile.width, layout), _at(row, tile.height, layout)))
    if sheet is None:
        raise Invalid(f"{clip} holds no picture that can be shown")
    try:
        sheet.save(out, "PNG")
    except OSError as error:
        raise Unavailable(f"the contact sheet {out} cannot be written: {error.strerror or error}") from error
    return out


def _spread(container: InputContainer, video: VideoStream, layout: Layout) -> Iterator[Image.Image]:
    """The picture shown at each of some instants, scaled: the middles of as many equal parts of the clip.

    Decoding goes forward from picture to picture, and jumps only where a key frame lies between here and the next
    instant; a clip with one key frame is decoded once, not once for each.
    """
    video.thread_type = "AUTO"
    frames = container.decode(video)
    shown: VideoFrame | None = None
    following = next(frames, None)
    for target in _instants(container, video, layout.pictures):
        key_at = _key_frame_at(video, target)
        if following is not None and key_at is not None and (following.pts or 0) < key_at:
            container.seek(target, stream=video)
            frames = container.decode(video)
            shown, following = None, next(frames, None)
        while following is not None and (shown is None or (following.pts or 0) <= target):
            shown, following = following, next(frames, None)
        if shown is None:
            return
        yield _scaled(shown, layout.width)


def _instants(container: InputContainer, video: VideoStream, count: int) -> list[int]:
    """In the stream's own time base."""
    start, length = video.start_time or 0, video.duration or 0
    if not length and container.duration and video.time_base:
        length = round(container.duration / av.time_base / video.time_base)
    return [start + round(length * (place + 0.5) / count) for place in range(count)]


def _key_frame_at(video: VideoStream, target: int) -> int | None:
    """The instant of the last key frame before `target` that the container's index knows of."""
    entries: Any = video.index_entries  # PyAV's own type hints are partial
    place: int = entries.search_timestamp(target) if len(entries) else -1
    return None if place < 0 else entries[place].timestamp


def _scaled(frame: VideoFrame, width: int) -> Image.Image:
    width = min(width, frame.width)
    height = min(max(1, round(frame.height * width / frame.width)), 2 * width)
    anything: Any = frame
    return anything.to_image(width=width, height=height)


def _empty(tile: tuple[int, int], layout: Layout) -> Image.Image:
    columns = min(layout.columns, layout.pictures)
    rows = math.ceil(layout.pictures / columns)
    return Image.new("RGB", (_at(columns, tile[0], layout), _at(rows, tile[1], layout)), _BACKGROUND)


def _at(place: int, side: int, layout: Layout) -> int:
    return layout.gap + place * (side + layout.gap)
