"""What flies or swims: birds, butterflies, fish, whales, dragons."""

import math

from wanreel.emulator.clips.figures.pen import Pen, dark, pale, swing
from wanreel.emulator.clips.picture import RGB


def bird(pen: Pen, phase: float, paint: RGB) -> None:
    """Wings beat once per phase."""
    beat = swing(phase) * 24
    pen.poly(((46, 52), (60, 50), (40, 50 - beat * 1.2), (22, 42 - beat * 1.4)), dark(paint, 0.3))
    pen.poly(((20, 52), (8, 46), (6, 56), (22, 58)), dark(paint, 0.2))
    pen.oval(46, 55, 27, 10, paint)
    pen.oval(48, 58, 20, 6, pale(paint, 0.5))
    pen.oval(74, 48, 10, 9, paint)
    pen.poly(((82, 46), (94, 50), (82, 52)), (240, 160, 50))
    pen.oval(77, 46, 1.8, 1.8, (20, 20, 24))
    pen.poly(((38, 54), (58, 52), (36, 54 - beat * 1.5), (16, 48 - beat * 1.8)), paint)


def butterfly(pen: Pen, phase: float, paint: RGB) -> None:
    """Seen half from above; wings fold and open."""
    open_ = 0.35 + 0.65 * abs(swing(phase / 2))
    for side, colour in ((-1, dark(paint, 0.12)), (1, paint)):
        pen.oval(50 + side * 20 * open_, 38, 20 * open_, 22, colour)
        pen.oval(50 + side * 16 * open_, 66, 14 * open_, 16, dark(colour, 0.15))
        pen.oval(50 + side * 22 * open_, 36, 9 * open_, 11, pale(colour, 0.45))
        pen.oval(50 + side * 17 * open_, 66, 6 * open_, 7, pale(colour, 0.6))
        pen.limb(((50, 30), (50 + side * 9, 16)), 1.2, (40, 34, 40))
    pen.limb(((50, 32), (50, 70)), 5, (48, 40, 46))


def fish(pen: Pen, phase: float, paint: RGB) -> None:
    """The tail sways."""
    sway = swing(phase) * 8
    pen.poly(((26, 50), (6, 36 + sway), (12, 50 + sway / 2), (6, 66 + sway)), dark(paint, 0.2))
    pen.poly(((40, 38), (54, 24), (66, 38)), dark(paint, 0.25))
    pen.oval(54, 50, 32, 17, paint)
    pen.oval(56, 57, 25, 8, pale(paint, 0.45))
    for x in (44, 58):
        pen.limb(((x, 37), (x - 2, 50), (x, 62)), 3, pale(paint, 0.55))
    pen.poly(((52, 56), (42, 66 + sway / 2), (58, 62)), dark(paint, 0.15))
    pen.oval(75, 46, 4, 4, (250, 250, 250))
    pen.oval(76, 46, 2.2, 2.2, (20, 20, 24))


def whale(pen: Pen, phase: float, paint: RGB) -> None:
    """A slow fluke."""
    lift = swing(phase) * 7
    pen.limb(((30, 56), (14, 50 + lift / 2), (8, 42 + lift)), 9, paint)
    pen.poly(((10, 44 + lift), (0, 30 + lift), (10, 36 + lift), (22, 30 + lift)), dark(paint, 0.15))
    pen.oval(58, 56, 38, 20, paint)
    pen.poly(((34, 64), (60, 76), (90, 66), (94, 58), (70, 64), (40, 60)), pale(paint, 0.6))
    pen.poly(((54, 66), (44, 84 - lift / 2), (64, 70)), dark(paint, 0.25))
    pen.oval(82, 53, 2.2, 2.2, (16, 18, 26))


def dragon(pen: Pen, phase: float, paint: RGB) -> None:
    """A long body running in waves, horns, whiskers and a mane of flame."""
    spine = [
        (6 + step * 1.9, 52 + 15 * math.sin(step / 5.2 - 2 * math.pi * phase) * (1 - step / 90)) for step in range(40)
    ]
    for index, (x, y) in enumerate(spine):
        size = 3 + 7 * math.sin(math.pi * min(index / 44 + 0.08, 1))
        pen.poly(((x - 3, y - size), (x, y - size - 6), (x + 3, y - size)), (236, 140, 50))
    for index, (x, y) in enumerate(spine):
        size = 3 + 7 * math.sin(math.pi * min(index / 44 + 0.08, 1))
        pen.oval(x, y, size, size, paint)
    for index, (x, y) in enumerate(spine[::2]):
        size = 1.6 + 3.6 * math.sin(math.pi * min(index / 22 + 0.08, 1))
        pen.oval(x, y + size, size, size * 0.8, pale(paint, 0.55))
    for at in (12, 28):
        x, y = spine[at]
        pen.limb(((x, y + 6), (x + 3, y + 15), (x + 8, y + 16)), 3.4, dark(paint, 0.2))
    x, y = spine[-1]
    for rise in (-8, 0, 8):
        pen.poly(((x, y - 6), (x - 12, y + rise - 4), (x, y + 6)), (236, 120, 50))
    pen.limb(((x + 1, y - 6), (x - 4, y - 18)), 2.4, (240, 224, 170))
    pen.oval(x + 5, y, 10, 8.5, paint)
    pen.limb(((x + 9, y + 2), (x + 17, y + 3)), 7, pale(paint, 0.1))
    pen.limb(((x + 16, y + 4), (x + 10, y + 13 + swing(phase) * 3), (x + 2, y + 18)), 1.1, (250, 224, 150))
    pen.oval(x + 7, y - 3, 2.4, 2.4, (255, 240, 170))
    pen.oval(x + 7.6, y - 3, 1.2, 1.6, (20, 20, 24))
