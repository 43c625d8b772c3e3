"""The city: skylines with lit windows, a road, signs and street lamps."""

from PIL import Image, ImageDraw

from wanreel.emulator.clips.figures.pen import dark, pale
from wanreel.emulator.clips.picture import RGB, Sprite
from wanreel.emulator.clips.scenery import growth
from wanreel.emulator.clips.scenery.land import Ground, Place, open_sky
from wanreel.emulator.clips.scenery.layers import TILT, Layer, spread, wide

_NEON: tuple[RGB, ...] = ((255, 60, 160), (60, 220, 255), (255, 190, 60), (150, 90, 255))


def city(ground: Ground) -> Place:
    """A street before two rows of buildings."""
    place = open_sky(ground, 0.7, clouds=3)
    height = ground.size[1]
    for foot, tall, depth in ((0.74, 0.5, 0.2), (0.78, 0.4, 0.5)):
        size = (wide(ground.size, depth), round(height * tall) // 2 * 2)
        row = growth.towers(size, ground.palette, 0.7 - depth, ground.dice)
        place.behind.append(spread(Sprite.of(row), ground.size, height * foot - row.height, depth))
    place.behind.append(spread(Sprite.of(_road(ground)), ground.size, height * 0.76, 0.9))
    if ground.palette.hour.dark:
        _signs(ground, place)
    lamp = _lamp(ground)
    for share in (0.08, 0.92):
        x = ground.size[0] * share - lamp.width / 2
        place.before.append(Layer(Sprite.of(lamp), x, height - lamp.height + 2, 1.35))
    place.floor = 0.9
    return place


def _road(ground: Ground) -> Image.Image:
    across, height, lit = wide(ground.size, 1.0), ground.size[1], ground.palette.lit
    road = Image.new("RGBA", (across, round(height * (0.26 + TILT)) // 2 * 2), lit((86, 88, 96)))
    draw = ImageDraw.Draw(road)
    draw.rectangle((0, 0, across, height * 0.05), lit((164, 160, 156)))
    draw.rectangle((0, height * 0.05, across, height * 0.06), lit((120, 118, 118)))
    step = round(ground.unit * 0.2)
    for x in range(0, across, step):
        draw.rectangle((x, height * 0.17, x + step * 0.55, height * 0.182), lit((236, 226, 180)))
    return road


def _signs(ground: Ground, place: Place) -> None:
    """Lit signs on the nearer walls, in the prompt's spare colours if it has any."""
    width, height = ground.size
    colours = ground.colours or _NEON
    for index in range(6):
        across, tall = round(ground.unit * 0.05), round(ground.unit * ground.chance(0.1, 0.2))
        sign = _sign(across, tall, ground.palette.raw(pale(colours[index % len(colours)], 0.1)))
        x, y = width * (index + ground.chance(0.1, 0.9)) / 6, height * ground.chance(0.42, 0.56)
        place.behind.append(Layer(Sprite.of(sign), x, y, 0.55))


def _sign(across: int, tall: int, colour: RGB) -> Image.Image:
    image = Image.new("RGBA", (across * 3, tall + across * 2))
    draw = ImageDraw.Draw(image)
    for reach in range(across, 0, -2):
        box = (across - reach, across - reach, 2 * across + reach, tall + across + reach)
        draw.rounded_rectangle(box, reach, (*colour, round(70 * (1 - reach / across) ** 2)))
    draw.rounded_rectangle((across, across, 2 * across, tall + across), across // 4, (*dark(colour, 0.6), 255))
    for y in range(across + across // 3, tall + across // 2, max(across * 2 // 3, 2)):
        draw.rectangle((across * 1.25, y, across * 1.75, y + across * 0.36), pale(colour, 0.3))
    return image


def _lamp(ground: Ground) -> Image.Image:
    """A street lamp, lit when it is dark."""
    height, unit, steel = ground.size[1], ground.unit, ground.palette.lit((58, 62, 72))
    image = Image.new("RGBA", (round(unit * 0.16) // 2 * 2, round(height * 0.62) // 2 * 2))
    draw = ImageDraw.Draw(image)
    middle, thick = image.width / 2, max(unit * 0.008, 1)
    draw.rectangle((middle - thick, unit * 0.06, middle + thick, image.height), steel)
    draw.rectangle((middle - unit * 0.05, unit * 0.05, middle + unit * 0.05, unit * 0.065), steel)
    if ground.palette.hour.dark:
        image.alpha_composite(growth.disc(image.width, (255, 240, 200), (255, 200, 110)))
    return image
