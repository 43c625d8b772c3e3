"""What falls, floats or bursts in front of a scene."""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from wanreel.emulator.clips.camera import View
from wanreel.emulator.clips.picture import RGB, Picture, Sprite
from wanreel.emulator.clips.scenery.layers import shifted

Fall = Callable[[Picture, float, View], None]


def weather(kind: str, size: tuple[int, int], colours: tuple[RGB, ...], dice: np.random.Generator) -> Fall:
    """A function that draws `kind` (see words.WEATHERS) over a picture at a second of the clip."""
    unit = min(size)
    match kind:
        case "rain":
            tiles = [_tile(size, 90, dice, lambda draw, x, y: _streak(draw, x, y, unit, (214, 226, 240, 130)))]
            return _falling(tiles, size, (-0.25, 2.4))
        case "snow":
            flakes = [
                _tile(size, count, dice, _dot(unit * reach, (250, 252, 255, 225)))
                for count, reach in ((70, 0.005), (34, 0.009))
            ]
            return _falling(flakes, size, (0.05, 0.16))
        case "petals" | "leaves":
            paints: tuple[RGB, ...] = (
                ((248, 190, 208), (250, 214, 224))
                if kind == "petals"
                else ((206, 96, 38), (226, 150, 50), (178, 62, 36))
            )
            leaf = [_tile(size, 26, dice, _leaf(unit * reach, paints, dice)) for reach in (0.011, 0.018)]
            return _falling(leaf, size, (0.1, 0.14))
        case "sparks":
            glowing = [
                _tile(size, 30, dice, _dot(unit * 0.006, (255, 186, 80, 235))),
                _tile(size, 12, dice, _dot(unit * 0.009, (255, 226, 130, 235))),
            ]
            return _falling(glowing, size, (0.03, -0.12))
        case "bubbles":
            rings = [
                _tile(
                    size,
                    14,
                    dice,
                    lambda draw, x, y: draw.ellipse(
                        (x, y, x + unit * 0.03, y + unit * 0.03), (230, 250, 255, 60), (240, 252, 255, 190)
                    ),
                )
            ]
            return _falling(rings, size, (0.0, -0.12))
        case "fireworks":
            return _bursts(size, colours, dice)
        case _:
            return _fog(size, dice)


def _falling(tiles: list[Image.Image], size: tuple[int, int], speed: tuple[float, float]) -> Fall:
    """Frame-sized tiles that scroll and repeat; each nearer one faster. `speed` in shorter sides a second."""
    sprites, unit = [Sprite.of(tile) for tile in tiles], min(size)

    def lay(picture: Picture, second: float, view: View) -> None:
        for index, sprite in enumerate(sprites):
            pace = 1 + 0.55 * index
            x = speed[0] * unit * second * pace + unit * 0.02 * math.sin(second * 1.7 + index)
            y = speed[1] * unit * second * pace
            left, top = shifted(x, y, 1.1 + 0.3 * index, view, size)
            left, top = left % size[0] - size[0], top % size[1] - size[1]
            for across in (0, size[0]):
                for down in (0, size[1]):
                    picture.lay(sprite, round(left) + across, round(top) + down)

    return lay


def _tile(
    size: tuple[int, int],
    count: int,
    dice: np.random.Generator,
    draw_one: Callable[[ImageDraw.ImageDraw, float, float], object],
) -> Image.Image:
    image = Image.new("RGBA", size)
    draw = ImageDraw.Draw(image)
    for _ in range(count):
        draw_one(draw, float(dice.uniform(0, size[0] * 0.98)), float(dice.uniform(0, size[1] * 0.97)))
    return image


def _dot(reach: float, ink: tuple[int, int, int, int]) -> Callable[[ImageDraw.ImageDraw, float, float], None]:
    def draw_one(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
        draw.ellipse((x - reach - 1, y - reach - 1, x + reach + 1, y + reach + 1), (*ink[:3], ink[3] // 4))
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), ink)

    return draw_one


def _streak(draw: ImageDraw.ImageDraw, x: float, y: float, unit: int, ink: tuple[int, int, int, int]) -> None:
    draw.line((x, y, x - unit * 0.006, y + unit * 0.055), ink, max(unit // 360, 1))


def _leaf(
    reach: float, paints: tuple[RGB, ...], dice: np.random.Generator
) -> Callable[[ImageDraw.ImageDraw, float, float], None]:
    def draw_one(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
        turn = float(dice.uniform(0, 2 * math.pi))
        ahead, aside = (
            (math.cos(turn) * reach, math.sin(turn) * reach),
            (-math.sin(turn) * reach * 0.45, math.cos(turn) * reach * 0.45),
        )
        points = (
            (x - ahead[0], y - ahead[1]),
            (x + aside[0], y + aside[1]),
            (x + ahead[0], y + ahead[1]),
            (x - aside[0], y - aside[1]),
        )
        draw.polygon(points, (*paints[int(dice.integers(len(paints)))], 240))

    return draw_one


def _fog(size: tuple[int, int], dice: np.random.Generator) -> Fall:
    """Two banks that drift."""
    wide, high = round(size[0] * 1.6) // 2 * 2, round(size[1] * 0.34) // 2 * 2
    banks: list[Sprite] = []
    for _ in range(2):
        mask = Image.new("L", (wide // 8, high // 8))
        draw = ImageDraw.Draw(mask)
        for _ in range(16):
            x, y, across = (
                dice.uniform(0, mask.width),
                dice.uniform(mask.height * 0.38, mask.height * 0.62),
                dice.uniform(0.06, 0.18) * mask.width,
            )
            draw.ellipse((x - across, y - mask.height * 0.12, x + across, y + mask.height * 0.12), 105)
        soft = mask.filter(ImageFilter.GaussianBlur(max(mask.height * 0.12, 1))).resize(
            (wide, high), Image.Resampling.BILINEAR
        )
        bank = Image.new("RGBA", (wide, high), (226, 232, 238))
        bank.putalpha(soft)
        banks.append(Sprite.of(bank))

    def lay(picture: Picture, second: float, view: View) -> None:
        for index, bank in enumerate(banks):
            x, y = shifted(
                -size[0] * 0.3 + (1 - 2 * index) * 0.03 * size[0] * second,
                size[1] * (0.44 + 0.22 * index),
                0.6 + 0.5 * index,
                view,
                size,
            )
            picture.lay(bank, round(x), round(y))

    return lay


def _bursts(size: tuple[int, int], colours: tuple[RGB, ...], dice: np.random.Generator) -> Fall:
    """Rockets that open one after another in the upper sky."""
    paints: tuple[RGB, ...] = colours or (
        (255, 110, 90),
        (255, 214, 110),
        (120, 200, 255),
        (226, 130, 255),
        (140, 255, 170),
    )
    unit = min(size)
    shows: list[tuple[float, float, float, list[Sprite]]] = []
    for index in range(5):
        side = round(unit * float(dice.uniform(0.3, 0.5))) // 2 * 2
        stages = [Sprite.of(_burst(side, paints[index % len(paints)], share / 9)) for share in range(1, 10)]
        shows.append(
            (float(dice.uniform(-1.8, 0)), float(dice.uniform(0.05, 0.75)), float(dice.uniform(0.1, 0.24)), stages)
        )

    def lay(picture: Picture, second: float, view: View) -> None:
        for start, across, down, stages in shows:
            stage = int((second - start) % 1.8 / 0.15)
            if stage < len(stages):
                x, y = shifted(size[0] * across, size[1] * down, 0.1, view, size)
                picture.lay(stages[stage], round(x), round(y))

    return lay


def _burst(side: int, paint: RGB, share: float) -> Image.Image:
    image = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(image)
    middle, reach, ink = side / 2, side * 0.47 * share**0.5, (*paint, round(255 * (1 - share) ** 0.6))
    for step in range(8, 0, -1):
        glow = reach * step / 8
        draw.ellipse(
            (middle - glow, middle - glow, middle + glow, middle + glow),
            (*paint, round(ink[3] * 0.22 * (9 - step) / 8)),
        )
    for ring_at, count in ((1.0, 20), (0.62, 13), (0.3, 7)):
        for index in range(count):
            turn = 2 * math.pi * index / count
            x, y = (
                middle + math.cos(turn) * reach * ring_at,
                middle + math.sin(turn) * reach * ring_at + side * 0.05 * share,
            )
            size = side * 0.019
            draw.line(
                (middle + (x - middle) * 0.82, middle + (y - middle) * 0.82, x, y),
                (*ink[:3], ink[3] // 2),
                max(round(size * 1.2), 1),
            )
            draw.ellipse((x - size, y - size, x + size, y + size), ink)
    return image
