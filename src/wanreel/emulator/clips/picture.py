"""Pictures as the codec wants them (Y, U, V with halved chroma), and sprites to lay over them.

Drawing in 4:2:0 from the start moves 1.5 bytes a pixel where RGB moves 4, and saves the conversion of every frame;
Pillow's 8-bit planes paste and resize in C.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

RGB = tuple[int, int, int]
Box = tuple[float, float, float, float]

# Pillow's YCbCr spans 0..255; video keeps head and foot room (luma 16..235, chroma 16..240). Matrix: BT.601.
_LUMA = [round(16 + value * 219 / 255) for value in range(256)]
_CHROMA = [round(128 + (value - 128) * 224 / 255) for value in range(256)]


@dataclass(frozen=True, slots=True)
class Picture:
    """One opaque frame: `y` at full size, `u` and `v` at half."""

    y: Image.Image
    u: Image.Image
    v: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in luma pixels."""
        return self.y.size

    @staticmethod
    def of(image: Image.Image) -> Picture:
        """From an RGB image with even sides."""
        half = image.reduce(2)
        return Picture(_luma(image), *_chroma(half))

    def copy(self) -> Picture:
        """A picture of its own, to draw on."""
        return Picture(self.y.copy(), self.u.copy(), self.v.copy())

    def window(self, box: Box, size: tuple[int, int]) -> Picture:
        """The part inside `box` (luma pixels, fractions allowed), scaled to `size`."""
        if box == (0, 0, *self.size) and size == self.size:
            return self
        half = (size[0] // 2, size[1] // 2)
        half_box = (box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2)
        # The eye does not see how colour is scaled at half size, so the cheapest way is good enough for it.
        return Picture(
            self.y.resize(size, Image.Resampling.BILINEAR, box),
            self.u.resize(half, Image.Resampling.NEAREST, half_box),
            self.v.resize(half, Image.Resampling.NEAREST, half_box),
        )

    def blend(self, other: Picture, share: float) -> Picture:
        """This picture giving way to `other`: 0 is all this, 1 all the other. Both of one size."""
        pairs = zip(self.planes, other.planes, strict=True)
        return Picture(*(Image.blend(mine, theirs, share) for mine, theirs in pairs))

    @property
    def planes(self) -> tuple[Image.Image, Image.Image, Image.Image]:
        """Y, U, V."""
        return self.y, self.u, self.v

    def put(self, other: Picture, x: int, y: int) -> None:
        """Cover the part from (x, y), both even, with `other`."""
        self.y.paste(other.y, (x, y))
        self.u.paste(other.u, (x // 2, y // 2))
        self.v.paste(other.v, (x // 2, y // 2))

    def lay(self, sprite: Sprite, x: int, y: int) -> None:
        """Draw `sprite` here with its top left corner at (x, y); what hangs over the edge is cut."""
        self.y.paste(sprite.y, (x, y), sprite.alpha)
        self.u.paste(sprite.u, (x >> 1, y >> 1), sprite.alpha_half)
        self.v.paste(sprite.v, (x >> 1, y >> 1), sprite.alpha_half)
        if sprite.foot:
            low = y + sprite.y.height
            self.y.paste(sprite.foot.y, (x, low))
            self.u.paste(sprite.foot.u, (x >> 1, low >> 1))
            self.v.paste(sprite.foot.v, (x >> 1, low >> 1))


@dataclass(frozen=True, slots=True)
class Sprite:
    """A picture with transparency. Even sides.

    Land is opaque but for its crest: the opaque rows at the foot are kept apart, because copying is far cheaper than
    blending.
    """

    y: Image.Image
    u: Image.Image
    v: Image.Image
    alpha: Image.Image
    alpha_half: Image.Image
    foot: Picture | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in luma pixels, the foot included."""
        return self.y.width, self.y.height + (self.foot.size[1] if self.foot else 0)

    @staticmethod
    def of(image: Image.Image) -> Sprite:
        """From an RGBA image; an odd side gains a transparent row or column."""
        width, height = image.width + image.width % 2, image.height + image.height % 2
        if (width, height) != image.size:
            grown = Image.new("RGBA", (width, height))
            grown.paste(image, (0, 0))
            image = grown
        crest = _crest(image.getchannel("A"))
        foot = Picture.of(image.crop((0, crest, *image.size)).convert("RGB")) if crest < image.height else None
        image = image.crop((0, 0, image.width, crest))
        # Pillow weighs colours by alpha when it shrinks RGBA, so no dark fringe creeps in from the empty parts.
        half = image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)
        return Sprite(
            _luma(image.convert("RGB")),
            *_chroma(half.convert("RGB")),
            image.getchannel("A"),
            half.getchannel("A"),
            foot,
        )

    def faded(self, share: float) -> Sprite:
        """The same sprite (without its foot) at `share` of its opacity."""
        table = [round(value * share) for value in range(256)]
        return Sprite(self.y, self.u, self.v, self.alpha.point(table), self.alpha_half.point(table))


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """The colour `share` of the way from one to the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def average(colours: Iterable[RGB]) -> RGB:
    """The plain mean of some colours."""
    rows = list(colours)
    red, green, blue = (round(sum(column) / len(rows)) for column in zip(*rows, strict=True))
    return red, green, blue


def _crest(alpha: Image.Image) -> int:
    """How many rows, an even number and at least two, come before the opaque ones at the foot."""
    clear = np.flatnonzero(np.asarray(alpha).min(axis=1) < 255)
    crest = int(clear[-1]) + 1 if clear.size else 0
    return min(max(crest + crest % 2, 2), alpha.height)


def _luma(rgb: Image.Image) -> Image.Image:
    return rgb.convert("YCbCr").getchannel("Y").point(_LUMA)


def _chroma(rgb: Image.Image) -> tuple[Image.Image, Image.Image]:
    _, blue, red = rgb.convert("YCbCr").split()
    return blue.point(_CHROMA), red.point(_CHROMA)
