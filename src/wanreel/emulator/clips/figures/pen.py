"""Drawing a figure in a square of 100 x 100 units (feet at the bottom, facing right), smoothed by supersampling."""

import math
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

from wanreel.emulator.clips.picture import RGB, Box, mix

Point = tuple[float, float]

_OVER = 2


class Pen:
    """Draws on a transparent square `side` pixels wide. `light` turns each paint into the scene's light."""

    def __init__(self, side: int, light: Callable[[RGB], RGB]) -> None:
        self._side = side
        self._unit = side * _OVER / 100
        self._light = light
        self._image = Image.new("RGBA", (side * _OVER, side * _OVER))
        self._draw = ImageDraw.Draw(self._image)

    def oval(self, x: float, y: float, across: float, down: float, paint: RGB, alpha: int = 255) -> None:
        """An ellipse about (x, y) with radii `across` and `down`."""
        unit, ink = self._unit, self._ink(paint, alpha)
        box = ((x - across) * unit, (y - down) * unit, (x + across) * unit, (y + down) * unit)
        if alpha == 255:
            self._draw.ellipse(box, ink)
        else:
            self._veil(box, lambda draw, left, top: draw.ellipse(_moved(box, left, top), ink))

    def poly(self, points: Sequence[Point], paint: RGB, alpha: int = 255) -> None:
        """A filled polygon."""
        ink, at = self._ink(paint, alpha), [(x * self._unit, y * self._unit) for x, y in points]
        if alpha == 255:
            self._draw.polygon(at, ink)
            return
        across, down = [x for x, _ in at], [y for _, y in at]
        box = (min(across), min(down), max(across), max(down))
        self._veil(box, lambda draw, left, top: draw.polygon([(x - left, y - top) for x, y in at], ink))

    def slab(self, left: float, top: float, right: float, low: float, paint: RGB, radius: float = 0) -> None:
        """A rectangle, its corners rounded by `radius`."""
        unit = self._unit
        box = (left * unit, top * unit, right * unit, low * unit)
        self._draw.rounded_rectangle(box, radius * unit, self._ink(paint, 255))

    def limb(self, points: Sequence[Point], width: float, paint: RGB) -> None:
        """A thick line with round joints and ends: legs, arms, tails."""
        unit, ink = self._unit, self._ink(paint, 255)
        at = [(x * unit, y * unit) for x, y in points]
        self._draw.line(at, ink, max(round(width * unit), 1), joint="curve")
        half = width * unit / 2
        for x, y in (at[0], at[-1]):
            self._draw.ellipse((x - half, y - half, x + half, y + half), ink)

    def glow(self, x: float, y: float, radius: float, paint: RGB) -> None:
        """A soft light about (x, y), brightest in the middle, that no hour dims."""
        unit = self._unit

        def rings(draw: ImageDraw.ImageDraw, left: int, top: int) -> None:
            for step in range(8, 0, -1):
                reach = radius * step / 8 * unit
                box = (x * unit - reach, y * unit - reach, x * unit + reach, y * unit + reach)
                draw.ellipse(_moved(box, left, top), (*paint, 22 * (9 - step)))

        self._veil(((x - radius) * unit, (y - radius) * unit, (x + radius) * unit, (y + radius) * unit), rings)

    def bright(self, points: Sequence[Point], paint: RGB) -> None:
        """A polygon that shines by itself: lamps, screens, lit windows."""
        self._draw.polygon([(x * self._unit, y * self._unit) for x, y in points], (*paint, 255))

    def image(self, *, mirrored: bool = False) -> Image.Image:
        """What was drawn, smoothed; facing left when `mirrored`."""
        small = self._image.resize((self._side, self._side), Image.Resampling.BOX)
        return small.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else small

    def _veil(self, box: Box, paint: Callable[[ImageDraw.ImageDraw, int, int], object]) -> None:
        """Lay what `paint` draws over the rest: Pillow's own drawing would replace what is there, alpha and all."""
        left, top = max(int(box[0]), 0), max(int(box[1]), 0)
        right, low = min(int(box[2]) + 2, self._image.width), min(int(box[3]) + 2, self._image.height)
        if right <= left or low <= top:
            return
        veil = Image.new("RGBA", (right - left, low - top))
        paint(ImageDraw.Draw(veil), left, top)
        self._image.alpha_composite(veil, (left, top))

    def _ink(self, paint: RGB, alpha: int) -> tuple[int, int, int, int]:
        return (*self._light(paint), alpha)


def _moved(box: Box, left: int, top: int) -> Box:
    return box[0] - left, box[1] - top, box[2] - left, box[3] - top


def dark(paint: RGB, share: float = 0.3) -> RGB:
    """The shaded side of a colour."""
    return mix(paint, (12, 12, 24), share)


def pale(paint: RGB, share: float = 0.4) -> RGB:
    """The lit side of a colour."""
    return mix(paint, (255, 255, 255), share)


def swing(phase: float, shift: float = 0.0) -> float:
    """-1 to 1 and back as `phase` goes from 0 to 1."""
    return math.sin(2 * math.pi * (phase + shift))


def ring(x: float, y: float, across: float, down: float, angle: float) -> Point:
    """The point at `angle` (turns) on an ellipse."""
    turn = 2 * math.pi * angle
    return x + across * math.cos(turn), y + down * math.sin(turn)
