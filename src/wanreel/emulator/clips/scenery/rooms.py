"""Indoors: a room with a window and a wooden table, and a photographer's studio."""

from PIL import Image, ImageDraw

from wanreel.emulator.clips.figures.pen import dark, pale
from wanreel.emulator.clips.picture import RGB, Sprite
from wanreel.emulator.clips.scenery import growth
from wanreel.emulator.clips.scenery.land import Ground, Place, open_sky
from wanreel.emulator.clips.scenery.layers import TILT, Layer, spread, sweep, wide

_WALLS: tuple[RGB, ...] = ((226, 214, 198), (206, 216, 220), (222, 208, 206))
_DROPS: tuple[RGB, ...] = ((214, 220, 230), (232, 218, 206), (206, 224, 214), (222, 212, 232))


def room(ground: Ground) -> Place:
    """A wall (in the prompt's spare colour, if it has one), a window on the hour's sky, a lamp, boards."""
    (width, height), palette, unit = ground.size, ground.palette, ground.unit
    wall = palette.painted(_tone(ground, _WALLS))
    place = Place(sweep(pale(wall, 0.08), dark(wall, 0.18), ground.size), floor=0.9)
    pane = _window(ground)
    x = width * ground.chance(0.1, 0.5)
    place.behind.append(Layer(Sprite.of(pane), x, height * 0.3, 0.3))
    lamp = _lamp(ground)
    place.behind.append(Layer(Sprite.of(lamp), x + pane.width + unit * 0.02, 0, 0.35))
    size = (wide(ground.size, 0.9), round(height * (0.3 + TILT)) // 2 * 2)
    boards = sweep(palette.painted((176, 132, 92)), palette.painted((120, 84, 58)), size)
    draw = ImageDraw.Draw(boards)
    for step in range(1, 6):
        y = boards.height * (step / 6) ** 1.6
        draw.line((0, y, boards.width, y), palette.painted((104, 72, 50)), max(unit // 300, 1))
    place.behind.append(spread(Sprite.of(boards.convert("RGBA")), ground.size, height * 0.76, 0.9))
    return place


def studio(ground: Ground) -> Place:
    """A seamless backdrop, a round stand and a spot of light that wanders."""
    (width, height), unit = ground.size, ground.unit
    tone = ground.palette.painted(_tone(ground, _DROPS))
    place = Place(sweep(pale(tone, 0.25), dark(tone, 0.12), ground.size), floor=0.885)
    spot = growth.disc(round(unit * 1.1) // 2 * 2, pale(tone, 0.75), pale(tone, 0.75))
    spot.putalpha(spot.getchannel("A").point([round(value * 0.55) for value in range(256)]))
    x, y = (width - spot.width) / 2, height * 0.52 - spot.height / 2
    place.behind.append(Layer(Sprite.of(spot), x, y, 0.2, bob=unit * 0.07, period=5.0))
    stand = _stand(round(unit * 0.7) // 2 * 2, round(unit * 0.2) // 2 * 2, tone)
    place.behind.append(
        Layer(Sprite.of(stand), (width - stand.width) / 2, height * place.floor - stand.height * 0.3, 1.0)
    )
    return place


def _tone(ground: Ground, usual: tuple[RGB, ...]) -> RGB:
    return ground.colours[0] if ground.colours else usual[int(ground.dice.integers(len(usual)))]


def _window(ground: Ground) -> Image.Image:
    unit, white = ground.unit, ground.palette.painted((246, 244, 240))
    outside = Ground((round(unit * 0.46) // 2 * 2, round(unit * 0.4) // 2 * 2), ground.palette, (), ground.dice)
    sky = open_sky(outside, 1.0, clouds=0, disc=False).sky
    frame = Image.new("RGBA", (sky.width + unit // 18, sky.height + unit // 18), white)
    frame.paste(sky, (unit // 36, unit // 36))
    middle = frame.width / 2
    ImageDraw.Draw(frame).rectangle((middle - unit / 120, 0, middle + unit / 120, frame.height), white)
    return frame


def _lamp(ground: Ground) -> Image.Image:
    """A lamp hanging from the ceiling, with the light it throws."""
    side, drop = round(ground.unit * 0.5) // 2 * 2, round(ground.size[1] * 0.26)
    image = Image.new("RGBA", (side, drop + side))
    glow = growth.disc(side, (255, 238, 200), (255, 226, 170))
    glow.putalpha(glow.getchannel("A").point([round(value * 0.6) if value < 160 else 96 for value in range(256)]))
    image.alpha_composite(glow, (0, drop - side // 4))
    draw = ImageDraw.Draw(image)
    middle, shade = side / 2, ground.palette.painted((196, 92, 62))
    draw.line((middle, 0, middle, drop), dark(shade, 0.6), max(ground.unit // 180, 1))
    draw.ellipse((middle - side * 0.07, drop + side * 0.1, middle + side * 0.07, drop + side * 0.24), (255, 246, 214))
    hood = ((-0.06, 0.0), (0.06, 0.0), (0.2, 0.17), (-0.2, 0.17))
    draw.polygon([(middle + side * across, drop + side * down) for across, down in hood], shade)
    return image


def _stand(across: int, tall: int, tone: RGB) -> Image.Image:
    image = Image.new("RGBA", (across * 2, tall * 2))
    draw = ImageDraw.Draw(image)
    lip, side = tall * 0.9, dark(tone, 0.34)
    draw.ellipse((0, tall * 2 - lip - 1, across * 2 - 1, tall * 2 - 1), side)
    draw.rectangle((0, lip / 2, across * 2 - 1, tall * 2 - lip / 2), side)
    draw.ellipse((0, 0, across * 2 - 1, lip), pale(tone, 0.35))
    return image.reduce(2)
