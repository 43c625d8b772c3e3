"""Pictures of a clip side by side in one: a contact sheet for people, a sprite for players. Importing loads Pillow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from wanreel.domain.clip import Frame

_BACKGROUND = (24, 24, 24)


@dataclass(frozen=True, slots=True)
class Layout:
    """How many columns, and how many pixels between and around the pictures."""

    columns: int = 4
    gap: int = 4


def image_of(frame: Frame) -> Image.Image:
    """A picture as Pillow has it."""
    return Image.frombytes("RGB" if frame.channels == 3 else "L", (frame.width, frame.height), frame.pixels)


def tiled(frames: Sequence[Frame], layout: Layout) -> Image.Image:
    """The pictures row by row; all places are as large as the first picture."""
    first = frames[0]
    columns = min(layout.columns, len(frames))
    rows = math.ceil(len(frames) / columns)
    sides = (_at(columns, first.width, layout), _at(rows, first.height, layout))
    sheet = Image.new("RGB", sides, _BACKGROUND)
    for place, frame in enumerate(frames):
        sheet.paste(image_of(frame), corner(place, first, columns, layout))
    return sheet


def corner(place: int, first: Frame, columns: int, layout: Layout) -> tuple[int, int]:
    """Where the upper left corner of a place is."""
    row, column = divmod(place, columns)
    return _at(column, first.width, layout), _at(row, first.height, layout)


def _at(place: int, side: int, layout: Layout) -> int:
    return layout.gap + place * (side + layout.gap)
