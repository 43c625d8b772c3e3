"""People, astronauts and robots, walking."""

from wanreel.emulator.clips.figures.pen import Pen, dark, pale, swing
from wanreel.emulator.clips.picture import RGB

_SKIN: RGB = (238, 196, 162)
_HAIR: RGB = (44, 32, 30)


def man(pen: Pen, phase: float, paint: RGB) -> None:
    """A walker in a coat of `paint`."""
    _legs(pen, phase, (54, 58, 78), 58)
    _arm(pen, phase + 0.5, dark(paint, 0.25))
    pen.limb(((50, 36), (50, 56)), 17, paint)
    _arm(pen, phase, dark(paint, 0.1))
    _head(pen, phase)
    pen.poly(((41, 16), (42, 9), (50, 5), (58, 9), (59, 15), (50, 12)), _HAIR)


def woman(pen: Pen, phase: float, paint: RGB) -> None:
    """A walker in a dress of `paint`, her long hair moving."""
    sway = swing(phase) * 2
    pen.limb(((45, 14), (41 - sway, 28), (39 - 1.5 * sway, 40)), 9, _HAIR)
    _legs(pen, phase, _SKIN, 66)
    _arm(pen, phase + 0.5, dark(_SKIN, 0.14))
    pen.poly(((44, 31), (56, 31), (56, 46), (66 + sway, 78), (34 + sway, 78), (44, 46)), paint)
    pen.poly(((56, 46), (66 + sway, 78), (58 + sway, 78), (53, 46)), dark(paint, 0.18))
    _arm(pen, phase, _SKIN)
    _head(pen, phase)
    pen.poly(((41, 22), (40, 11), (46, 5), (55, 5), (60, 12), (53, 11), (45, 14)), _HAIR)


def astronaut(pen: Pen, phase: float, paint: RGB) -> None:
    """A slow walk in a suit of `paint`."""
    suit, shade = paint, dark(paint, 0.18)
    pen.slab(33, 30, 46, 60, (150, 156, 168), 3)
    _legs(pen, phase, shade, 60, 10)
    _arm(pen, phase + 0.5, shade, 8, shade)
    pen.limb(((50, 40), (50, 57)), 22, suit)
    pen.slab(46, 42, 58, 49, (70, 120, 200), 1)
    _arm(pen, phase, suit, 8, pale(suit, 0.2))
    pen.oval(51, 19, 15, 15, suit)
    pen.oval(55, 19, 10.5, 10, (36, 52, 84))
    pen.oval(58, 15, 3.4, 2.2, (214, 232, 255))


def robot(pen: Pen, phase: float, paint: RGB) -> None:
    """A box of a robot with a lit face."""
    for x, shift in ((42, 0.5), (58, 0.0)):
        step = swing(phase, shift) * 7
        pen.limb(((x, 62), (x + step / 2, 78), (x + step, 95 - max(step, 0) * 0.4)), 6, dark(paint, 0.4))
        pen.slab(x + step - 6, 93, x + step + 8, 98, dark(paint, 0.5), 2)
    pen.limb(((36, 40), (30 + swing(phase) * 4, 52), (33 + swing(phase) * 8, 62)), 5, dark(paint, 0.4))
    pen.slab(34, 34, 66, 66, paint, 5)
    pen.slab(40, 42, 60, 56, dark(paint, 0.35), 2)
    pen.oval(45, 49, 2.5, 2.5, (110, 240, 160))
    pen.oval(54, 49, 2.5, 2.5, (255, 190, 80))
    pen.limb(((66, 40), (72 - swing(phase) * 4, 52), (68 - swing(phase) * 8, 62)), 5, dark(paint, 0.3))
    pen.limb(((50, 10), (50, 3)), 1.6, dark(paint, 0.4))
    pen.oval(50, 3, 2.4, 2.4, (255, 90, 80))
    pen.slab(37, 9, 63, 31, pale(paint, 0.2), 6)
    pen.slab(42, 14, 62, 25, (20, 30, 46), 3)
    for x in (47, 57):
        pen.glow(x, 19.5, 5, (110, 220, 255))
        pen.oval(x, 19.5, 2.2, 2.6, (214, 246, 255))


def _head(pen: Pen, phase: float) -> None:
    nod = swing(2 * phase) * 0.5
    pen.limb(((50, 30), (50, 24)), 6, dark(_SKIN, 0.12))
    pen.oval(50, 17 + nod, 9.5, 11, _SKIN)
    pen.oval(55, 16 + nod, 1.2, 1.6, (34, 28, 28))
    pen.limb(((54, 22.5 + nod), (57, 22 + nod)), 0.9, (190, 96, 90))


def _legs(pen: Pen, phase: float, paint: RGB, hip: float, width: float = 7) -> None:
    for x, shift, colour in ((48, 0.5, dark(paint, 0.25)), (52, 0.0, paint)):
        step = swing(phase, shift)
        knee = (x + step * 6 + 1.5, (hip + 97) / 2)
        foot = (x + step * 12, 95 - max(step, 0) * 3)
        pen.limb(((x, hip), knee, foot), width, colour)
        pen.limb(((foot[0], 96 - max(step, 0) * 3), (foot[0] + 5, 96.5 - max(step, 0) * 3)), 4, (48, 40, 42))


def _arm(pen: Pen, phase: float, paint: RGB, width: float = 5, hand: RGB = _SKIN) -> None:
    reach = swing(phase, 0.5) * 11
    pen.limb(((50, 36), (49 + reach * 0.4, 47), (51 + reach, 56)), width, paint)
    pen.oval(51 + reach, 57, width * 0.5, width * 0.5, hand)
