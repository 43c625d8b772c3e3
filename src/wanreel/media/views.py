"""Poster, thumbnail, contact sheet and sprite of a clip, made in one go through it. Runs in the child.

The clip is sampled evenly. The poster is the first sample that shows something: a clip that fades in from black should
not be shown as black; when all are flat, the least flat is taken.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from av import VideoFrame
from PIL import Image, ImageStat, WebPImagePlugin

from wanreel.domain.clip import Aspect, Frame, Sampling, Sprite
from wanreel.media.decode import opened, sampled, scaled
from wanreel.media.limits import Limits
from wanreel.media.probe import facts_of
from wanreel.media.sheet import Layout, image_of, tiled
from wanreel.media.wants import File, Listener

_LOADED_EARLY = WebPImagePlugin  # Pillow would load it, and those of preinit, at the first picture,
Image.preinit()  # when the child may open nothing any more

SHEET_PICTURES = 8
SHEET_SIDE = 320  # of a picture on the sheet: its width, or its height where it stands upright
CELL_SIDE = 160
CELL_S = 0.4  # a cell of the sprite stands for about so long ...
CELLS_MAX = 96  # ... unless there would be more than these
SPRITE_COLUMNS = 8
THUMBNAIL_SIDE = 320
_FLAT = 6.0  # a standard deviation of brightness below this, of 256, is a picture of nothing
_LOOKED_AT = 96  # pixels across, when judging that


def make(to: Listener, file: File, args: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Everything a page needs, each file a part of the answer."""
    with opened(file, limits) as (container, video):
        facts = facts_of(container, video)
        cells = _cells(facts.duration_s)
        cell_width, sheet_width = (
            _across(facts.width, facts.height, CELL_SIDE),
            _across(facts.width, facts.height, SHEET_SIDE),
        )
        small: list[Frame] = []
        larger: list[Frame] = []
        cover = _Cover()
        for place, picture in enumerate(sampled(container, video, Sampling(count=cells), limits)):
            small.append(scaled(picture, cell_width))
            if place % (cells // SHEET_PICTURES) == cells // SHEET_PICTURES // 2:
                larger.append(scaled(picture, sheet_width))
            cover.offer(picture)
    poster = image_of(cover.taken)
    thumbnail = poster.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    sprite = Sprite(min(SPRITE_COLUMNS, len(small)), len(small), small[0].width, small[0].height)
    told = [
        _hand(to, Aspect.POSTER, poster, "JPEG", quality=88),
        _hand(to, Aspect.THUMBNAIL, thumbnail, "WEBP", quality=80),
        _hand(
            to, Aspect.SHEET, tiled(larger, Layout(columns=SHEET_PICTURES // 2, gap=4, times=True)), "JPEG", quality=88
        ),
        _hand(to, Aspect.SPRITE, tiled(small, Layout(columns=SPRITE_COLUMNS, gap=0)), "JPEG", quality=75),
    ]
    return {"facts": asdict(facts), "sprite": asdict(sprite), "files": told}


class _Cover:
    """The picture that stands for the clip."""

    def __init__(self) -> None:
        self._taken: Frame | None = None
        self._spread = -1.0

    def offer(self, picture: VideoFrame) -> None:
        """Take it if nothing better has come."""
        if self._spread >= _FLAT:
            return
        spread = ImageStat.Stat(image_of(scaled(picture, _LOOKED_AT, grey=True))).stddev[0]
        if spread > self._spread:
            self._spread = spread
            self._taken = scaled(picture, picture.width)

    @property
    def taken(self) -> Frame:
        """What was taken."""
        assert self._taken is not None, "sampling gives one picture at least"
        return self._taken


def _cells(duration_s: float) -> int:
    """How many samples: a multiple of the sheet's pictures, so that these are among them."""
    times = min(max(1, math.ceil(duration_s / CELL_S / SHEET_PICTURES)), CELLS_MAX // SHEET_PICTURES)
    return times * SHEET_PICTURES


def _across(width: int, height: int, side: int) -> int:
    """The width at which the longer side is `side`."""
    return side if width >= height else max(1, round(side * width / height))


def _hand(to: Listener, aspect: Aspect, picture: Image.Image, kind: str, *, quality: int) -> dict[str, Any]:
    paper = io.BytesIO()
    picture.save(paper, kind, quality=quality)
    to.piece(paper.getvalue())
    return {
        "aspect": str(aspect),
        "media_type": Image.MIME[kind],
        "width": picture.width,
        "height": picture.height,
    }
