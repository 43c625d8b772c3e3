"""Things on a table, things that grow, things people build."""

import math

from wanreel.emulator.clips.figures.pen import Pen, dark, pale, ring, swing
from wanreel.emulator.clips.picture import RGB


def cup(pen: Pen, phase: float, paint: RGB) -> None:
    """A steaming cup."""
    for index, x in enumerate((38, 50, 61)):
        wave = [(x + 3 * math.sin(step / 2 - 2 * math.pi * (phase + index / 3)), 48 - step * 3.4) for step in range(11)]
        for step, (at, y) in enumerate(wave):
            pen.oval(at, y, 2.6, 3, (250, 250, 250), 120 - step * 10)
    pen.oval(50, 94, 40, 5, dark(paint, 0.18))
    pen.oval(50, 92.5, 38, 4.4, pale(paint, 0.4))
    pen.limb(((74, 62), (88, 64), (86, 76), (72, 80)), 4.5, dark(paint, 0.1))
    bowl = [ring(50, 54, 28, 38, turn / 40) for turn in range(21)]
    pen.poly(bowl, paint)
    pen.poly([*bowl[:8], (62, 54)], dark(paint, 0.14))
    pen.oval(50, 54, 28, 6, pale(paint, 0.5))
    pen.oval(50, 54.6, 25, 4.8, (92, 54, 30))


def bottle(pen: Pen, phase: float, paint: RGB) -> None:
    """A bottle with a label; a highlight wanders over it."""
    pen.oval(50, 96, 30, 4, (20, 20, 26), 110)
    pen.slab(43, 6, 57, 20, (214, 180, 96), 2)
    pen.slab(45, 18, 55, 32, pale(paint, 0.2))
    pen.slab(28, 30, 72, 96, paint, 9)
    pen.slab(60, 34, 72, 94, dark(paint, 0.2), 6)
    pen.slab(33, 52, 67, 80, (250, 246, 238), 2)
    pen.limb(((39, 61), (61, 61)), 1.8, dark(paint, 0.4))
    pen.limb(((43, 68), (57, 68)), 1.2, (170, 160, 150))
    shine = 33 + 14 * (0.5 + 0.5 * swing(phase))
    pen.poly(((shine, 33), (shine + 4, 33), (shine + 2, 49), (shine - 2, 49)), (255, 255, 255), 150)


def phone(pen: Pen, phase: float, paint: RGB) -> None:
    """A phone, its screen alive."""
    pen.oval(50, 97, 26, 3, (20, 20, 26), 110)
    pen.slab(28, 6, 72, 97, dark(paint, 0.25), 7)
    pen.slab(31, 9, 69, 94, (24, 40, 92), 5)
    pen.glow(50, 46, 34, (70, 130, 255))
    for index in range(4):
        rise = (index / 4 + phase) % 1
        pen.oval(50 + 10 * math.cos(index * 2.4), 84 - 62 * rise, 6, 6, pale((90, 200, 255), 0.25 * index), 200)
    pen.slab(43, 11, 57, 14, (10, 12, 20), 1.5)


def watch(pen: Pen, phase: float, paint: RGB) -> None:
    """A wristwatch, its second hand going round once per phase."""
    pen.slab(36, 2, 64, 34, dark(paint, 0.35), 3)
    pen.slab(36, 66, 64, 98, dark(paint, 0.35), 3)
    pen.oval(50, 50, 30, 30, paint)
    pen.oval(50, 50, 25, 25, (246, 246, 242))
    for hour in range(12):
        pen.limb((ring(50, 50, 22, 22, hour / 12), ring(50, 50, 19, 19, hour / 12)), 1.4, (40, 40, 48))
    pen.limb(((50, 50), ring(50, 50, 12, 12, 0.58)), 2.6, (40, 40, 48))
    pen.limb(((50, 50), ring(50, 50, 17, 17, 0.92)), 2, (40, 40, 48))
    pen.limb(((50, 50), ring(50, 50, 20, 20, phase)), 1, (214, 48, 49))


def shoe(pen: Pen, phase: float, paint: RGB) -> None:
    """A trainer, bouncing lightly."""
    lift = -abs(swing(phase / 2)) * 6
    pen.oval(50, 96, 40, 3.5, (20, 20, 26), 110)
    pen.slab(8, 82 + lift, 94, 93 + lift, (248, 248, 246), 5)
    upper = ((10, 84 + lift), (12, 52 + lift), (34, 50 + lift), (46, 62 + lift), (78, 70 + lift), (92, 82 + lift))
    pen.poly((*upper, (92, 86 + lift), (10, 86 + lift)), paint)
    pen.poly(((22, 80 + lift), (58, 66 + lift), (64, 69 + lift), (32, 84 + lift)), pale(paint, 0.75))
    for x in (40, 47, 54):
        pen.limb(((x, 60 + lift), (x + 8, 62 + lift)), 1.6, (250, 250, 250))


def cake(pen: Pen, phase: float, paint: RGB) -> None:
    """A cake with candles that flicker."""
    pen.oval(50, 93, 44, 5, (236, 236, 240))
    pen.slab(14, 58, 86, 92, (196, 132, 78), 4)
    pen.slab(14, 70, 86, 76, (250, 240, 226))
    pen.slab(14, 54, 86, 64, paint, 4)
    for x in range(18, 86, 11):
        pen.oval(x, 65, 4.4, 5, paint)
    for index, x in enumerate((30, 43, 57, 70)):
        pen.slab(x - 1.6, 38, x + 1.6, 56, pale(paint, 0.6))
        lean = swing(phase, index / 4) * 1.4
        pen.glow(x, 33, 8, (255, 200, 90))
        pen.bright(((x - 2, 37), (x + lean, 28), (x + 2, 37)), (255, 220, 110))


def flower(pen: Pen, phase: float, paint: RGB) -> None:
    """A flower on its stem, nodding."""
    sway = swing(phase) * 3
    pen.limb(((50, 98), (49 + sway / 3, 74), (50 + sway, 48)), 3, (62, 138, 70))
    pen.poly(((50, 86), (28, 74), (34, 66), (49, 80)), (74, 158, 80))
    pen.poly(((50, 80), (72, 66), (68, 58), (49, 74)), (62, 138, 70))
    for turn in range(8):
        pen.oval(*ring(50 + sway, 32, 16, 16, turn / 8), 10, 10, paint if turn % 2 else dark(paint, 0.12))
    pen.oval(50 + sway, 32, 10, 10, (244, 196, 64))
    pen.oval(50 + sway, 32, 6, 6, (214, 150, 40))


def lantern(pen: Pen, phase: float, paint: RGB) -> None:
    """A paper lantern, glowing."""
    sway = swing(phase) * 2
    pen.glow(50 + sway, 48, 44, pale(paint, 0.35))
    pen.slab(40 + sway, 20, 60 + sway, 26, (214, 170, 80), 1)
    pen.oval(50 + sway, 47, 27, 23, paint)
    for across in (18, 8):
        pen.oval(50 + sway, 47, across, 23, pale(paint, 0.12 + (18 - across) / 60))
    pen.slab(40 + sway, 68, 60 + sway, 74, (214, 170, 80), 1)
    for x in (45, 50, 55):
        pen.limb(((x + sway, 74), (x + 1.6 * sway, 92)), 1, (226, 176, 60))


def ball(pen: Pen, phase: float, paint: RGB) -> None:
    """A ball, bouncing and turning."""
    lift = -abs(swing(phase / 2)) * 30
    pen.oval(50, 97, 22 + lift / 4, 3, (20, 20, 26), 110)
    pen.oval(50, 74 + lift, 23, 23, paint)
    pen.oval(44, 67 + lift, 15, 15, pale(paint, 0.18))
    for turn in range(3):
        pen.limb(
            (
                ring(50, 74 + lift, 21, 21, phase / 2 + turn / 6),
                ring(50, 74 + lift, 21, 21, phase / 2 + turn / 6 + 0.5),
            ),
            2,
            dark(paint, 0.4),
        )
    pen.oval(41, 63 + lift, 4, 4, (255, 255, 255), 180)


def campfire(pen: Pen, phase: float, paint: RGB) -> None:
    """Logs and flames."""
    pen.glow(50, 70, 48, pale(paint, 0.2))
    pen.limb(((24, 95), (74, 88)), 7, (104, 68, 44))
    pen.limb(((76, 95), (26, 88)), 7, (84, 54, 36))
    for x, tall, shift, colour in (
        (38, 34, 0.0, paint),
        (62, 38, 0.4, paint),
        (50, 56, 0.2, paint),
        (50, 32, 0.6, (255, 226, 130)),
    ):
        reach, lean = tall * (1 + 0.14 * swing(phase, shift)), 4 * swing(phase, shift + 0.25)
        wide = tall * 0.3
        pen.bright(
            (
                (x - wide, 86),
                (x - wide * 0.8, 86 - reach * 0.4),
                (x + lean, 86 - reach),
                (x + wide * 0.8, 86 - reach * 0.4),
                (x + wide, 86),
            ),
            colour,
        )


def castle(pen: Pen, phase: float, paint: RGB) -> None:
    """Towers with flags."""
    for x, top in ((16, 44), (84, 44), (50, 26)):
        pen.slab(x - 11, top, x + 11, 98, dark(paint, 0.1))
        pen.poly(((x - 14, top), (x, top - 22), (x + 14, top)), (150, 62, 66))
        wave = swing(phase, x / 100) * 2
        pen.poly(((x, top - 21), (x + 11, top - 18 + wave), (x, top - 14)), (240, 196, 70))
        pen.bright(
            ((x - 2.5, top + 10), (x + 2.5, top + 10), (x + 2.5, top + 19), (x - 2.5, top + 19)), (255, 214, 120)
        )
    pen.slab(16, 66, 84, 98, paint)
    for x in range(16, 84, 9):
        pen.slab(x, 61, x + 5, 68, paint)
    pen.slab(42, 78, 58, 98, (72, 48, 38), 8)


def house(pen: Pen, phase: float, paint: RGB) -> None:
    """A cottage with a smoking chimney."""
    for step in range(6):
        rise = (step / 6 + phase) % 1
        pen.oval(72 + 8 * rise, 24 - 22 * rise, 3 + 4 * rise, 3 + 4 * rise, (224, 224, 230), round(150 * (1 - rise)))
    pen.slab(68, 26, 76, 46, (140, 86, 70))
    pen.slab(16, 54, 84, 98, paint)
    pen.poly(((8, 56), (50, 24), (92, 56)), (160, 72, 60))
    pen.slab(43, 70, 57, 98, (110, 70, 46), 1)
    for x in (22, 64):
        pen.bright(((x, 66), (x + 14, 66), (x + 14, 80), (x, 80)), (255, 222, 140))
        pen.limb(((x + 7, 66), (x + 7, 80)), 1, (120, 84, 56))


def windmill(pen: Pen, phase: float, paint: RGB) -> None:
    """Four sails turning, a quarter turn a phase."""
    pen.poly(((40, 40), (60, 40), (68, 98), (32, 98)), paint)
    pen.poly(((52, 40), (60, 40), (68, 98), (56, 98)), dark(paint, 0.14))
    pen.poly(((38, 42), (50, 26), (62, 42)), (160, 72, 60))
    pen.slab(45, 80, 55, 98, (110, 70, 46), 4)
    for turn in range(4):
        angle = (phase + turn) / 4
        pen.limb(((50, 40), ring(50, 40, 38, 38, angle)), 2, (110, 84, 60))
        near, far = ring(50, 40, 12, 12, angle), ring(50, 40, 37, 37, angle)
        side = ring(0, 0, 8, 8, angle + 0.25)
        pen.poly(
            (near, far, (far[0] + side[0], far[1] + side[1]), (near[0] + side[0], near[1] + side[1])), (244, 238, 224)
        )


def orb(pen: Pen, phase: float, paint: RGB) -> None:
    """What stands for a subject no table knows: a shaded ball with a ring about it."""
    tilt = 5 * swing(phase)
    hoop = [ring(50, 50 + tilt * math.cos(math.pi * turn / 16), 46, 12, turn / 32) for turn in range(33)]
    pen.limb(hoop[16:], 2, pale(paint, 0.5))
    pen.oval(50, 50, 30, 30, dark(paint, 0.25))
    pen.oval(47, 47, 26, 26, paint)
    pen.oval(41, 40, 13, 13, pale(paint, 0.35))
    pen.oval(37, 36, 5, 5, (255, 255, 255), 190)
    pen.limb(hoop[:17], 3, pale(paint, 0.6))
