"""The building blocks of places: sky, ridges, rows of trees, water; each adds layers to a place under construction."""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from wanreel.emulator.clips.figures.pen import dark, pale
from wanreel.emulator.clips.picture import RGB, Sprite, mix
from wanreel.emulator.clips.scenery import growth
from wanreel.emulator.clips.scenery.layers import TILT, Layer, Relief, jagged, ridge, rolling, spread, sweep, wide
from wanreel.emulator.clips.scenery.palette import Palette

_DISC_DEPTH = 0.05
_SNOW: RGB = (246, 248, 252)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a place is built with: the frame's size, the light, spare colours of the prompt, chance."""

    size: tuple[int, int]
    palette: Palette
    colours: tuple[RGB, ...]
    dice: np.random.Generator

    @property
    def unit(self) -> int:
        """The shorter side: what sizes are measured by, so that tall clips are not full of giants."""
        return min(self.size)

    def chance(self, low: float, high: float) -> float:
        """A number drawn evenly between two."""
        return float(self.dice.uniform(low, high))


@dataclass(slots=True)
class Place:
    """A sky (RGB, frame size), layers behind and before the subjects, and where those stand (share of the height)."""

    sky: Image.Image
    behind: list[Layer] = field(default_factory=list[Layer])
    before: list[Layer] = field(default_factory=list[Layer])
    floor: float = 0.86


@dataclass(frozen=True, slots=True)
class Ridge:
    """Land across the frame: its middle at `y`, `rise` high (shares of the height), `waves` humps to a frame width."""

    y: float
    rise: float
    depth: float
    paint: RGB
    waves: float = 3.0
    jagged: bool = False
    snow: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """`count` things side by side, standing at `foot` (share of the height)."""

    foot: float
    depth: float
    count: int


def open_sky(ground: Ground, horizon: float, *, clouds: int = 4, disc: bool = True) -> Place:
    """A place of nothing but sky down to `horizon`: gradient, stars at night, sun or moon, clouds."""
    hour, palette, (width, height) = ground.palette.hour, ground.palette, ground.size
    tall = round(height * horizon)
    sky = Image.new("RGB", ground.size, palette.raw(hour.sky_low))
    sky.paste(sweep(palette.raw(hour.sky_top), palette.raw(hour.sky_low), (width, tall), 1.2), (0, 0))
    if hour.dark:
        stars(sky, tall, ground.dice, 100)
    place = Place(sky)
    if disc and palette.name != "overcast":
        side = round(ground.unit * 0.34) // 2 * 2
        image = growth.disc(side, palette.raw(hour.disc), palette.raw(mix(hour.disc, hour.sky_low, 0.35)))
        x, y = width * ground.chance(0.16, 0.84), height * hour.disc_height * (horizon / 0.66)
        place.behind.append(Layer(Sprite.of(image), x - side / 2, y - side / 2, _DISC_DEPTH))
    for _ in range(clouds):
        across = round(ground.unit * ground.chance(0.35, 0.8)) // 2 * 2
        puff = growth.cloud(across, palette.lit((250, 250, 252), 0.12), 70 if hour.dark else 215, ground.dice)
        x, y = width * ground.chance(-0.2, 1.0), height * ground.chance(0.2, 0.42) * (horizon / 0.66)
        drift = ground.unit * ground.chance(0.012, 0.035)
        place.behind.append(Layer(Sprite.of(puff), x, y, ground.chance(0.08, 0.2), drift))
    return place


def stars(sky: Image.Image, tall: int, dice: np.random.Generator, count: int) -> None:
    """Scatter `count` stars over the upper `tall` pixels."""
    draw = ImageDraw.Draw(sky)
    size = max(min(sky.size) // 360, 1)
    for _ in range(count):
        x, y, tone = int(dice.integers(sky.width)), int(dice.integers(max(tall, 1))), int(dice.integers(140, 255))
        reach = size if dice.random() < 0.8 else size * 2
        draw.ellipse((x, y, x + reach, y + reach), (tone, tone, min(tone + 20, 255)))


def raise_land(ground: Ground, place: Place, land: Ridge, *, clear: bool = False) -> None:
    """Add a ridge behind the subjects; the farther, the hazier, unless the air is `clear`."""
    (width, height), palette = ground.size, ground.palette
    across, far = wide(ground.size, land.depth), 0.0 if clear else max(0.75 - land.depth, 0) * 0.9
    shape = jagged if land.jagged else rolling
    line = (land.y - land.rise * shape(across, max(width, height * 0.8), ground.dice, land.waves)) * height
    shade = palette.raw if clear else palette.lit
    top, low = shade(pale(land.paint, 0.08)), shade(dark(land.paint, 0.22))
    if far:
        top, low = palette.lit(pale(land.paint, 0.08), far), palette.lit(dark(land.paint, 0.22), far * 0.8)
    cap = (palette.lit(_SNOW, far * 0.8), land.rise * height * 0.55) if land.snow else None
    deep = round(height * (1 + TILT * max(land.depth, 0.4))) + 4
    sprite, crest = ridge(line.astype(np.float32), deep, Relief(top, low, cap))
    place.behind.append(spread(sprite, ground.size, crest, land.depth))


def plant(ground: Ground, place: Place, stamps: list[Image.Image], row: Row) -> None:
    """Add a row of stamps behind the subjects, joined into one full-width layer."""
    across = wide(ground.size, row.depth)
    tall = max(stamp.height for stamp in stamps)
    strip = Image.new("RGBA", (across, tall + tall % 2))
    for index in range(row.count):
        stamp = stamps[int(ground.dice.integers(len(stamps)))]
        x = round((index + ground.chance(-0.35, 0.35)) * across / max(row.count - 1, 1) - stamp.width / 2)
        cut = max(-x, 0)
        if cut < stamp.width and x < across:
            strip.alpha_composite(stamp, (x + cut, strip.height - stamp.height), (cut, 0))
    place.behind.append(spread(Sprite.of(strip), ground.size, ground.size[1] * row.foot - strip.height, row.depth))


def edge(ground: Ground, place: Place, tall: float, paint: RGB, dots: tuple[RGB, ...]) -> None:
    """Blades of grass along the lower edge, in front of everything; flowers in them when there are `dots`."""
    palette = ground.palette
    size = (wide(ground.size, 1.3), round(ground.unit * tall))
    strip = growth.tufts(size, palette.lit(paint), tuple(palette.lit(dot) for dot in dots), ground.dice)
    place.before.append(spread(Sprite.of(strip), ground.size, ground.size[1] - strip.height + 2, 1.3))


def flood(ground: Ground, place: Place, horizon: float, low: float, paint: RGB) -> None:
    """Water from the horizon down to `low`: bands of swell that rock, and the sun's road over them."""
    (width, height), palette = ground.size, ground.palette
    shallow = palette.raw(mix(palette.lit(paint), palette.hour.sky_low, 0.58))
    deep = palette.lit(dark(paint, 0.15))
    across = wide(ground.size, 1.0)
    base = sweep(shallow, deep, (across, round(height * (1 - horizon)) // 2 * 2 + 2), 0.6)
    place.behind.append(spread(Sprite.of(base.convert("RGBA")), ground.size, height * horizon, 0.3))
    for index, share in enumerate((0.08, 0.26, 0.5, 0.78)):
        y, depth = horizon + (low - horizon) * share, 0.35 + 0.5 * share
        line = (rolling(across, width, ground.dice, 9 - 4 * share) * (0.004 + 0.008 * share) + y) * height
        tone = mix(shallow, deep, share)
        foot = round(height * y) + max(round(height * 0.09), 6)
        band, crest = ridge(line.astype(np.float32), foot, Relief(pale(tone, 0.22), tone, melts=True))
        x, bob = (width - band.size[0]) / 2, ground.unit * (0.004 + 0.007 * share)
        place.behind.append(Layer(band, x, crest, depth, bob=bob, period=3.2 + share, phase=index / 4))
    _glitter(ground, place, horizon, low)


def _glitter(ground: Ground, place: Place, horizon: float, low: float) -> None:
    """Short bright dashes under the disc, in two sheets that rock against each other."""
    disc = next((layer for layer in place.behind if layer.depth == _DISC_DEPTH), None)
    if disc is None:
        return
    across, tall = round(ground.unit * 0.5) // 2 * 2, round(ground.size[1] * (low - horizon)) // 2 * 2
    for sheet in range(2):
        image = Image.new("RGBA", (across, tall))
        draw = ImageDraw.Draw(image)
        for _ in range(34):
            share = ground.chance(0.02, 0.95)
            x = across * (0.5 + float(ground.dice.normal(0, 0.07 + 0.12 * share)))
            reach, thick = ground.unit * (0.012 + 0.03 * share), max(ground.unit * 0.004 * (0.5 + share), 1)
            ink = (*ground.palette.raw(ground.palette.hour.disc), round(190 * (1 - 0.6 * share)))
            draw.rounded_rectangle((x - reach, tall * share, x + reach, tall * share + thick * 2), thick, ink)
        x = disc.x + disc.sprite.size[0] / 2 - across / 2
        rock = ground.unit * 0.012
        layer = Layer(
            Sprite.of(image), x, ground.size[1] * horizon, 0.08, bob=rock, period=2.3 + sheet, phase=sheet / 2
        )
        place.behind.append(layer)
