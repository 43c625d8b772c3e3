"""The places a scene can be in: what lies behind the subjects and what stands in front of them."""

from collections.abc import Callable

from PIL import Image, ImageDraw

from wanreel.emulator.clips.picture import RGB, Sprite, mix
from wanreel.emulator.clips.scenery import growth
from wanreel.emulator.clips.scenery.land import (
    Ground,
    Place,
    Ridge,
    Row,
    edge,
    flood,
    open_sky,
    plant,
    raise_land,
    stars,
)
from wanreel.emulator.clips.scenery.layers import Layer, sweep, wide
from wanreel.emulator.clips.scenery.rooms import room, studio
from wanreel.emulator.clips.scenery.streets import city

_BLOOMS: tuple[RGB, ...] = ((240, 230, 120), (236, 130, 160), (240, 240, 244))


def build(name: str, ground: Ground) -> Place:
    """The place called `name` (see words.PLACES)."""
    return _PLACES[name](ground)


def _field(ground: Ground) -> Place:
    place = open_sky(ground, 0.66)
    green: RGB = (108, 168, 74)
    raise_land(ground, place, Ridge(0.58, 0.05, 0.2, (120, 150, 120), 2.0))
    raise_land(ground, place, Ridge(0.64, 0.03, 0.45, mix(green, (96, 140, 90), 0.5), 2.4))
    leaf = ground.palette.lit((82, 140, 66), 0.25)
    trees = [growth.broadleaf(round(ground.unit * share), leaf, ground.dice) for share in (0.2, 0.15)]
    plant(ground, place, trees, Row(0.69, 0.5, 5))
    raise_land(ground, place, Ridge(0.74, 0.015, 0.9, green, 1.6))
    edge(ground, place, 0.09, (84, 150, 60), ground.colours or _BLOOMS)
    return place


def _mountain(ground: Ground) -> Place:
    place = open_sky(ground, 0.7)
    raise_land(ground, place, Ridge(0.42, 0.13, 0.12, (120, 134, 164), 3.5, jagged=True, snow=True))
    raise_land(ground, place, Ridge(0.56, 0.09, 0.32, (92, 112, 120), 5.0, jagged=True))
    raise_land(ground, place, Ridge(0.68, 0.04, 0.6, (72, 112, 84)))
    needle = ground.palette.lit((52, 98, 74), 0.15)
    firs = [growth.conifer(round(ground.unit * share), needle) for share in (0.15, 0.19, 0.11)]
    plant(ground, place, firs, Row(0.77, 0.7, 11))
    raise_land(ground, place, Ridge(0.78, 0.015, 0.95, (96, 144, 84), 2.0))
    return place


def _forest(ground: Ground) -> Place:
    place = open_sky(ground, 0.8, clouds=1)
    (width, height), lit = ground.size, ground.palette.lit
    unit = min(height, round(width * 1.15))
    for row, share in ((Row(0.7, 0.25, 16), 0.46), (Row(0.76, 0.5, 11), 0.6)):
        far, tall = 0.75 - row.depth, unit * share
        trees = [growth.conifer(round(tall * size), lit((58, 112, 74), far)) for size in (1.0, 0.8)]
        trees.append(growth.broadleaf(round(tall * 0.9), lit((76, 132, 64), far), ground.dice))
        raise_land(ground, place, Ridge(row.foot - 0.02, 0.01, row.depth, (70, 116, 70)))
        plant(ground, place, trees, row)
    raise_land(ground, place, Ridge(0.78, 0.012, 0.9, (88, 122, 62), 2.0))
    across = wide(ground.size, 1.5)
    for share in (ground.chance(0.02, 0.1), ground.chance(0.9, 0.98)):
        stem = growth.trunk(round(height * 1.25), lit((92, 70, 54)), ground.dice)
        x = (width - across) / 2 + share * across - stem.width / 2
        place.before.append(Layer(Sprite.of(stem), x, height * 1.1 - stem.height, 1.5))
    edge(ground, place, 0.1, (60, 118, 56), ground.colours)
    return place


def _bamboo(ground: Ground) -> Place:
    place = open_sky(ground, 0.8, clouds=1)
    height, lit = ground.size[1], ground.palette.lit
    for row, far in ((Row(0.72, 0.25, 34), 0.5), (Row(0.78, 0.5, 20), 0.25), (Row(0.82, 0.75, 9), 0.0)):
        raise_land(ground, place, Ridge(row.foot - 0.02, 0.008, row.depth, (104, 128, 70)))
        canes = [
            growth.bamboo(round(height * (row.foot + 0.06)), lit((104, 158, 74), far), ground.dice) for _ in range(3)
        ]
        plant(ground, place, canes, row)
    raise_land(ground, place, Ridge(0.8, 0.01, 0.9, (122, 134, 78), 2.0))
    edge(ground, place, 0.1, (80, 130, 60), ground.colours)
    return place


def _snow(ground: Ground) -> Place:
    place = open_sky(ground, 0.68, clouds=3)
    lit = ground.palette.lit
    raise_land(ground, place, Ridge(0.46, 0.1, 0.12, (150, 166, 194), 3.5, jagged=True, snow=True))
    raise_land(ground, place, Ridge(0.62, 0.04, 0.4, (220, 230, 242), 2.4))
    firs = [
        growth.conifer(round(ground.unit * share), lit((58, 98, 92), 0.2), snow=True) for share in (0.24, 0.3, 0.18)
    ]
    plant(ground, place, firs, Row(0.72, 0.55, 9))
    raise_land(ground, place, Ridge(0.74, 0.02, 0.9, (240, 244, 250), 1.8))
    plant(ground, place, [growth.conifer(round(ground.unit * 0.5), lit((48, 84, 80)), snow=True)], Row(0.9, 0.95, 2))
    return place


def _desert(ground: Ground) -> Place:
    place = open_sky(ground, 0.66, clouds=1)
    raise_land(ground, place, Ridge(0.56, 0.06, 0.2, (226, 178, 120), 2.0))
    raise_land(ground, place, Ridge(0.66, 0.05, 0.5, (230, 174, 104), 2.6))
    plants = [
        growth.cactus(round(ground.unit * share), ground.palette.lit((72, 122, 78), 0.1)) for share in (0.2, 0.14)
    ]
    plant(ground, place, plants, Row(0.77, 0.7, 4))
    raise_land(ground, place, Ridge(0.76, 0.02, 0.95, (236, 186, 118), 1.4))
    return place


def _sea(ground: Ground) -> Place:
    place = open_sky(ground, 0.56)
    flood(ground, place, 0.52, 0.86, (34, 118, 172))
    raise_land(ground, place, Ridge(0.9, 0.012, 1.0, (236, 214, 168), 1.4))
    place.floor = 0.93
    return place


def _lake(ground: Ground) -> Place:
    place = open_sky(ground, 0.6)
    raise_land(ground, place, Ridge(0.44, 0.1, 0.12, (108, 128, 160), 3.2, jagged=True))
    raise_land(ground, place, Ridge(0.52, 0.03, 0.25, (70, 116, 92)))
    flood(ground, place, 0.56, 0.9, (52, 124, 150))
    raise_land(ground, place, Ridge(0.9, 0.01, 1.0, (120, 132, 84), 1.6))
    edge(ground, place, 0.12, (96, 132, 64), ground.colours)
    place.floor = 0.93
    return place


def _space(ground: Ground) -> Place:
    (width, height), unit = ground.size, ground.unit
    sky = sweep(ground.palette.raw((8, 8, 26)), ground.palette.raw((26, 18, 56)), ground.size)
    stars(sky, height, ground.dice, 260)
    place = Place(sky)
    tones: tuple[RGB, ...] = ground.colours or ((120, 60, 170), (40, 90, 180), (180, 70, 110))
    for index in range(3):
        haze = growth.cloud(round(unit * 1.2) // 2 * 2, tones[index % len(tones)], 70, ground.dice)
        x, y = width * ground.chance(-0.2, 0.7), height * ground.chance(0.15, 0.5)
        place.behind.append(Layer(Sprite.of(haze), x, y, 0.1))
    globe = growth.planet(round(unit * 0.42) // 2 * 2, tones[int(ground.dice.integers(len(tones)))])
    place.behind.append(Layer(Sprite.of(globe), width * ground.chance(0.1, 0.7), height * 0.22, 0.15))
    raise_land(ground, place, Ridge(0.8, 0.02, 0.95, (150, 146, 156), 2.4), clear=True)
    return place


def _underwater(ground: Ground) -> Place:
    (width, height), palette = ground.size, ground.palette
    place = Place(sweep(palette.lit((70, 180, 214)), palette.lit((8, 52, 104)), ground.size))
    for _ in range(4):
        beam = Image.new("RGBA", (round(ground.unit * 0.5) // 2 * 2, height // 2 * 2))
        corners = ((beam.width * 0.6, 0), (beam.width * 0.8, 0), (beam.width * 0.5, height), (0, height))
        ImageDraw.Draw(beam).polygon(corners, (220, 250, 255, 26))
        x, rock = width * ground.chance(-0.1, 0.9), ground.unit * 0.02
        place.behind.append(Layer(Sprite.of(beam), x, 0, 0.1, bob=rock, period=6.0, phase=ground.chance(0, 1)))
    raise_land(ground, place, Ridge(0.84, 0.02, 0.95, palette.lit((150, 150, 130)), 2.4), clear=True)
    edge(ground, place, 0.26, (36, 120, 100), ((236, 110, 120), (246, 170, 90)))
    place.floor = 0.8
    return place


_PLACES: dict[str, Callable[[Ground], Place]] = {
    "field": _field, "mountain": _mountain, "forest": _forest, "bamboo": _bamboo, "snow": _snow, "desert": _desert,
    "sea": _sea, "lake": _lake, "city": city, "room": room, "studio": studio, "space": _space,
    "underwater": _underwater,
}  # fmt: skip
