"""Pictures of a clip side by side in one: a contact sheet for people, a sprite for players. Importing loads Pillow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from wanreel.domain.clip import Frame

_BACKGROUND = (24, 24, 24)
_INK = (225, 225, 225)
_STRIP = 20  # pixels below a picture for its time
_FONT = ImageFont.load_default(13)  # Pillow's own, held in memory


@dataclass(frozen=True, slots=True)
class Layout:
    """How many columns, how many pixels between and around the pictures, and whether each has its time below it."""

    columns: int = 4
    gap: int = 4
    times: bool = False


def image_of(frame: Frame) -> Image.Image:
    """A picture as Pillow has it."""
    return Image.frombytes("RGB" if frame.channels == 3 else "L", (frame.width, frame.height), frame.pixels)


def tiled(frames: Sequence[Frame], layout: Layout) -> Image.Image:
    """The pictures row by row; all places are as large as the first picture."""
    first = frames[0]
    columns = min(layout.columns, len(frames))
    rows = math.ceil(len(frames) / columns)
    strip = _STRIP if layout.times else 0
    sheet = Image.new("RGB", (_at(columns, first.width, layout), _at(rows, first.height + strip, layout)), _BACKGROUND)
    for place, frame in enumerate(frames):
        row, column = divmod(place, columns)
        corner = (_at(column, first.width, layout), _at(row, first.height + strip, layout))
        sheet.paste(image_of(frame), corner)
        if layout.times:
            middle = (corner[0] + frame.width / 2, corner[1] + first.height + strip / 2)
            ImageDraw.Draw(sheet).text(middle, f"{frame.at_s:.1f} s", fill=_INK, font=_FONT, anchor="mm")
    return sheet


def _at(place: int, side: int, layout: Layout) -> int:
    return layout.gap + place * (side + layout.gap)
