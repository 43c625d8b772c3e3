"""Small scenery drawn once and stamped often: trees, clouds, buildings, tufts."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from wanreel.emulator.clips.figures.pen import dark, pale
from wanreel.emulator.clips.picture import RGB, mix
from wanreel.emulator.clips.scenery.palette import Palette

_OVER = 2


def conifer(tall: int, paint: RGB, *, snow: bool = False) -> Image.Image:
    """A fir, `tall` pixels high."""
    image, draw = _sheet(tall * 0.55, tall)
    wide, high = image.size
    draw.rectangle((wide * 0.46, high * 0.9, wide * 0.54, high), dark(paint, 0.3))
    for step in range(4):
        top, low = high * (0.0 + 0.19 * step), high * (0.38 + 0.19 * step)
        half = wide * (0.2 + 0.1 * step)
        draw.polygon(
            ((wide / 2, top), (wide / 2 + half, low), (wide / 2 - half, low)), mix(paint, dark(paint), step / 5)
        )
        if snow:
            cut = 0.45
            edge = (wide / 2 - half * cut, top + (low - top) * cut), (wide / 2 + half * cut, top + (low - top) * cut)
            draw.polygon(
                ((wide / 2, top), edge[1], (wide / 2 + half * 0.1, low - (low - top) * 0.45), edge[0]),
                pale(paint, 0.85),
            )
    return _small(image)


def broadleaf(tall: int, paint: RGB, dice: np.random.Generator) -> Image.Image:
    """A round-headed tree."""
    image, draw = _sheet(tall * 0.8, tall)
    wide, high = image.size
    draw.polygon(
        ((wide * 0.46, high * 0.5), (wide * 0.54, high * 0.5), (wide * 0.57, high), (wide * 0.43, high)),
        dark((112, 80, 56), 0.2),
    )
    for shade, rise in ((dark(paint, 0.25), 0.05), (paint, 0.0), (pale(paint, 0.14), -0.05)):
        for _ in range(9):
            x, y = wide * dice.uniform(0.24, 0.76), high * (dice.uniform(0.24, 0.46) + rise)
            size = wide * dice.uniform(0.12, 0.19)
            draw.ellipse((x - size, y - size, x + size, y + size), shade)
    return _small(image)


def trunk(tall: int, paint: RGB, dice: np.random.Generator) -> Image.Image:
    """A bare trunk, taller than the frame: the near trees of a wood."""
    image, draw = _sheet(tall * 0.13, tall)
    wide, high = image.size
    draw.polygon(((wide * 0.3, 0), (wide * 0.7, 0), (wide * 0.8, high), (wide * 0.2, high)), paint)
    draw.polygon(((wide * 0.56, 0), (wide * 0.7, 0), (wide * 0.8, high), (wide * 0.62, high)), dark(paint, 0.3))
    for _ in range(14):
        x, y = wide * dice.uniform(0.3, 0.66), high * dice.uniform(0, 0.95)
        draw.line((x, y, x, y + high * 0.05), dark(paint, 0.35), max(round(wide * 0.03), 1))
    return _small(image)


def bamboo(tall: int, paint: RGB, dice: np.random.Generator) -> Image.Image:
    """One cane with its joints and a few leaves."""
    image, draw = _sheet(tall * 0.16, tall)
    wide, high = image.size
    left, right = wide * 0.44, wide * 0.56
    draw.rectangle((left, 0, right, high), paint)
    draw.rectangle((wide * 0.52, 0, right, high), dark(paint, 0.22))
    for step in range(1, 10):
        y = high * step / 10
        draw.rectangle((wide * 0.42, y, wide * 0.58, y + max(high * 0.004, 2)), dark(paint, 0.35))
        if dice.random() < 0.7:
            side = 1 if dice.random() < 0.5 else -1
            tip = (wide * (0.5 + side * 0.45), y + high * 0.045)
            draw.polygon(((wide * 0.5, y), (wide * (0.5 + side * 0.25), y - high * 0.004), tip), pale(paint, 0.15))
            draw.polygon(((wide * 0.5, y), (wide * (0.5 + side * 0.12), y + high * 0.03), tip), paint)
    return _small(image)


def cactus(tall: int, paint: RGB) -> Image.Image:
    """A saguaro with two arms."""
    image, draw = _sheet(tall * 0.7, tall)
    wide, high = image.size
    thick = wide * 0.16
    draw.rounded_rectangle((wide * 0.5 - thick / 2, 0, wide * 0.5 + thick / 2, high * 1.1), thick / 2, paint)
    for side, low, top in ((-1, 0.6, 0.3), (1, 0.48, 0.16)):
        x = wide * (0.5 + 0.28 * side)
        left, right = sorted((x, wide * 0.5))
        draw.rounded_rectangle(
            (left - thick / 3, high * low, right, high * low + thick * 0.8), thick / 3, dark(paint, 0.12)
        )
        draw.rounded_rectangle(
            (x - thick / 3, high * top, x + thick / 3, high * low + thick * 0.7), thick / 3, dark(paint, 0.12)
        )
    return _small(image)


def planet(side: int, paint: RGB) -> Image.Image:
    """A ringed planet, shaded, on a square of `side`."""
    image = Image.new("RGBA", (side * 4, side * 4))
    draw = ImageDraw.Draw(image)
    draw.ellipse((side, side, side * 3, side * 3), dark(paint, 0.3))
    draw.ellipse((side, side, side * 2.8, side * 2.8), pale(paint, 0.15))
    draw.arc((side * 0.3, side * 1.6, side * 3.7, side * 2.5), -25, 205, pale(paint, 0.5), max(side // 14, 2))
    return image.reduce(4)


def cloud(wide: int, paint: RGB, alpha: int, dice: np.random.Generator) -> Image.Image:
    """A soft cloud."""
    image = Image.new("L", (wide, max(wide // 3, 4)))
    draw = ImageDraw.Draw(image)
    high = image.height
    for _ in range(9):
        x, size = wide * dice.uniform(0.2, 0.8), high * dice.uniform(0.16, 0.34)
        y = high * 0.62 - size * 0.5
        draw.ellipse((x - size * 1.6, y - size, x + size * 1.6, y + size), alpha)
    draw.ellipse((wide * 0.1, high * 0.5, wide * 0.9, high * 0.8), alpha)
    solid = Image.new("RGBA", image.size, paint)
    solid.putalpha(image.filter(ImageFilter.GaussianBlur(max(wide * 0.02, 1))))
    return solid


def towers(size: tuple[int, int], palette: Palette, far: float, dice: np.random.Generator) -> Image.Image:
    """A row of buildings standing on the lower edge, windows lit when it is dark."""
    wide, high = size
    image = Image.new("RGBA", size)
    draw = ImageDraw.Draw(image)
    lamps = ((255, 220, 140), (255, 240, 200), (150, 210, 255))
    at = -int(dice.integers(0, max(wide // 20, 2)))
    unit = max(round(high * 0.055), 5)
    while at < wide:
        across = unit * int(dice.integers(4, 9))
        tall = round(high * float(dice.uniform(0.42, 1.0)))
        tone: RGB = ((112, 120, 136), (136, 126, 122), (96, 108, 130), (150, 140, 130))[int(dice.integers(4))]
        wall = palette.lit(tone, far)
        draw.rectangle((at, high - tall, at + across - 2, high), wall)
        draw.rectangle((at + across * 0.8, high - tall, at + across - 2, high), dark(wall, 0.16))
        for y in range(high - tall + unit // 2, high, unit):
            for x in range(at + unit // 2, at + across - unit, unit):
                lit = dice.random() < (0.45 if palette.hour.dark else 0.06)
                glass = (
                    palette.raw(mix(lamps[int(dice.integers(3))], palette.hour.haze, far * 0.7))
                    if lit
                    else dark(wall, 0.24)
                )
                draw.rectangle((x, y, x + unit * 0.45, y + unit * 0.5), glass)
        at += across + int(dice.integers(0, unit))
    return image


def tufts(size: tuple[int, int], paint: RGB, dots: tuple[RGB, ...], dice: np.random.Generator) -> Image.Image:
    """A strip of grass blades with flowers among them."""
    wide, high = size[0] * _OVER, size[1] * _OVER
    image = Image.new("RGBA", (wide, high))
    draw = ImageDraw.Draw(image)
    step = max(high // 9, 3)
    for x in range(0, wide, step):
        lean, tall = dice.uniform(-0.3, 0.3) * high, dice.uniform(0.4, 0.95) * high
        shade = mix(paint, dark(paint, 0.5), float(dice.uniform(0, 1)))
        draw.polygon(((x - step * 0.5, high), (x + step * 0.5, high), (x + lean, high - tall)), shade)
        if dots and dice.random() < 0.09:
            bloom, y = dots[int(dice.integers(len(dots)))], high - tall * 0.8
            for turn in range(5):
                cx, cy = x + step * 0.8 * math.cos(turn * 1.257), y + step * 0.8 * math.sin(turn * 1.257)
                draw.ellipse((cx - step * 0.6, cy - step * 0.6, cx + step * 0.6, cy + step * 0.6), bloom)
            draw.ellipse((x - step * 0.5, y - step * 0.5, x + step * 0.5, y + step * 0.5), (250, 214, 90))
    return _small(image)


def disc(side: int, paint: RGB, halo: RGB) -> Image.Image:
    """Sun or moon with its halo, on a square of `side`."""
    at = (np.arange(side, dtype=np.float32) + 0.5 - side / 2) / (side / 2)
    far = np.hypot(at[:, None], at[None, :])
    core = np.clip((0.34 - far) * side / 2 + 0.5, 0, 1)
    glow = np.clip(1 - far, 0, 1) ** 2.2 * 0.62
    data = np.empty((side, side, 4), np.uint8)
    data[..., :3] = np.asarray(halo) * (1 - core[..., None]) + np.asarray(paint) * core[..., None]
    data[..., 3] = np.maximum(core, glow) * 255
    return Image.fromarray(data)


def _sheet(wide: float, tall: float) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGBA", (max(round(wide), 2) * _OVER, max(round(tall), 2) * _OVER))
    return image, ImageDraw.Draw(image)


def _small(image: Image.Image) -> Image.Image:
    return image.resize((image.width // _OVER, image.height // _OVER), Image.Resampling.BOX)
