"""The light of a scene: sky, haze and tint by the hour, and what they do to a colour."""

import colorsys
from dataclasses import dataclass

import numpy as np

from wanreel.emulator.clips.picture import RGB, mix
from wanreel.emulator.clips.words import Wish

Tint = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Hour:
    """How the sky looks and how much of each colour it lets through."""

    sky_top: RGB
    sky_low: RGB
    haze: RGB
    tint: Tint
    disc: RGB
    disc_height: float
    dark: bool


HOURS: dict[str, Hour] = {
    "day": Hour((64, 140, 226), (190, 226, 250), (196, 222, 240), (1.0, 1.0, 1.0), (255, 248, 220), 0.4, False),
    "dawn": Hour((122, 150, 214), (255, 206, 170), (244, 208, 190), (1.0, 0.9, 0.86), (255, 236, 190), 0.54, False),
    "sunset": Hour((62, 44, 118), (255, 146, 74), (232, 138, 96), (0.92, 0.7, 0.6), (255, 214, 120), 0.56, False),
    "night": Hour((6, 10, 34), (34, 46, 98), (34, 46, 92), (0.42, 0.48, 0.72), (236, 238, 250), 0.4, True),
    "overcast": Hour((112, 124, 138), (190, 196, 202), (178, 186, 194), (0.8, 0.84, 0.88), (222, 224, 226), 0.4, False),
}

_UNSAID = ("day", "day", "dawn", "sunset")


@dataclass(frozen=True, slots=True)
class Palette:
    """The hour, the shift the seed gave it, and whether all is ink and paper."""

    name: str
    hour: Hour
    hue: float
    mono: bool

    @staticmethod
    def of(wish: Wish, place: str, dice: np.random.Generator) -> "Palette":
        """The prompt's hour, else a likely one for the place; the seed turns all hues a little."""
        unsaid = _UNSAID[int(dice.integers(len(_UNSAID)))]
        hue = float(dice.uniform(-0.045, 0.045))
        if wish.hour is None and "rain" in wish.weather:
            unsaid = "overcast"
        if wish.hour is None and ("fireworks" in wish.weather or wish.style == "neon"):
            unsaid = "night"
        if wish.hour is None and place in ("underwater", "room", "studio"):
            unsaid = "day"
        name = wish.hour or unsaid
        return Palette(name, HOURS[name], hue, wish.style == "mono")

    def raw(self, colour: RGB) -> RGB:
        """A colour that shines by itself: the seed's turn only."""
        red, green, blue = (channel / 255 for channel in colour)
        if self.mono:
            grey = round(255 * (0.3 * red + 0.59 * green + 0.11 * blue))
            return min(grey + 6, 255), min(grey + 3, 255), max(grey - 6, 0)
        hue, light, full = colorsys.rgb_to_hls(red, green, blue)
        turned = colorsys.hls_to_rgb((hue + self.hue) % 1, light, full)
        return round(turned[0] * 255), round(turned[1] * 255), round(turned[2] * 255)

    def lit(self, colour: RGB, far: float = 0.0) -> RGB:
        """A colour in this light, `far` (0..1) of the way into the haze."""
        red, green, blue = (min(round(c * t), 255) for c, t in zip(colour, self.hour.tint, strict=True))
        return self.raw(mix((red, green, blue), self.hour.haze, far))

    def painted(self, colour: RGB) -> RGB:
        """A subject's own colour in this light: named colours keep their hue, and night leaves them readable."""
        red, green, blue = (min(round(c * (0.45 + 0.55 * t)), 255) for c, t in zip(colour, self.hour.tint, strict=True))
        return self.raw(mix((red, green, blue), (30, 28, 26), 0.45)) if self.mono else (red, green, blue)
