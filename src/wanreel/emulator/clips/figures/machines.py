"""What people ride: cars, trains, boats, planes, balloons, rockets."""

from wanreel.emulator.clips.figures.pen import Pen, dark, pale, ring, swing
from wanreel.emulator.clips.picture import RGB

_GLASS: RGB = (176, 214, 236)
_TYRE: RGB = (30, 30, 34)


def car(pen: Pen, phase: float, paint: RGB) -> None:
    """A saloon; wheels turn."""
    pen.poly(((20, 76), (32, 60), (62, 59), (76, 75)), dark(paint, 0.12))
    pen.poly(((26, 75), (35, 63), (47, 62.5), (47, 75)), _GLASS)
    pen.poly(((50, 75), (50, 62.5), (61, 62), (70, 75)), _GLASS)
    pen.slab(4, 73, 96, 89, paint, 6)
    pen.slab(4, 83, 96, 89, dark(paint, 0.25), 3)
    pen.limb(((10, 78), (90, 77)), 1, pale(paint, 0.5))
    pen.bright(((91, 77), (96, 78), (96, 82), (91, 81)), (255, 244, 190))
    pen.bright(((4, 77), (8, 77), (8, 82), (4, 82)), (230, 50, 50))
    for x in (23, 76):
        _wheel(pen, x, 89, 9, phase)


def bus(pen: Pen, phase: float, paint: RGB) -> None:
    """A bus or lorry."""
    pen.slab(3, 46, 97, 90, paint, 5)
    for x in range(8, 84, 13):
        pen.slab(x, 52, x + 10, 67, _GLASS, 1.5)
    pen.slab(87, 52, 97, 72, _GLASS, 2)
    pen.slab(3, 74, 97, 78, pale(paint, 0.6))
    pen.bright(((93, 82), (97, 82), (97, 86), (93, 86)), (255, 244, 190))
    for x in (22, 76):
        _wheel(pen, x, 90, 8, phase)


def train(pen: Pen, phase: float, paint: RGB) -> None:
    """A streamlined train, as long as the square."""
    pen.poly(((0, 62), (70, 62), (88, 68), (99, 84), (97, 92), (0, 92)), paint)
    pen.poly(((0, 84), (99, 84), (97, 92), (0, 92)), dark(paint, 0.25))
    pen.slab(0, 79, 97, 82, (220, 60, 60))
    for index in range(6):
        x = 3 + index * 11.5
        pen.slab(x, 67, x + 8, 75, (255, 238, 190) if index % 3 else _GLASS, 1.5)
    pen.poly(((76, 66), (86, 69), (92, 76), (78, 76)), _GLASS)
    pen.limb(((0, 95), (100, 95)), 1.4, (90, 90, 96))
    for x in (12, 30, 52, 70):
        _wheel(pen, x, 92, 3.4, phase)


def bicycle(pen: Pen, phase: float, paint: RGB) -> None:
    """A bicycle and its rider, pedalling."""
    for x in (26, 74):
        pen.oval(x, 82, 15, 15, _TYRE)
        pen.oval(x, 82, 13, 13, (214, 220, 226))
        for turn in range(4):
            pen.limb(((x, 82), ring(x, 82, 13, 13, phase + turn / 4)), 0.7, (120, 124, 130))
    for line in (((26, 82), (44, 60), (66, 60), (50, 82), (26, 82)), ((44, 60), (50, 82)), ((66, 57), (74, 82))):
        pen.limb(line, 2.4, paint)
    pen.limb(((66, 56), (72, 53)), 2, _TYRE)
    foot = ring(50, 82, 6, 6, phase)
    pen.limb(((44, 56), ((44 + foot[0]) / 2 + 6, 66), foot), 5, (54, 60, 84))
    pen.limb(((44, 55), (56, 34)), 11, dark(paint, 0.2))
    pen.limb(((56, 37), (70, 53)), 4, (238, 196, 162))
    pen.oval(61, 25, 7, 8, (238, 196, 162))
    pen.poly(((53, 24), (55, 16), (62, 14), (69, 20), (60, 20)), (50, 40, 40))


def boat(pen: Pen, phase: float, paint: RGB) -> None:
    """A sailing boat, rocking."""
    lean = swing(phase) * 2.5
    pen.limb(((50, 78), (50 + lean, 10)), 2, (110, 76, 50))
    pen.poly(((52, 72), (52 + lean, 12), (84 + lean * 0.5, 66)), (250, 246, 236))
    pen.poly(((48, 70), (48 + lean, 20), (24 + lean * 0.5, 66)), dark((250, 246, 236), 0.12))
    pen.poly(((10, 76), (90, 74), (78, 92), (22, 92)), paint)
    pen.poly(((12, 80), (88, 78), (86, 82), (14, 84)), pale(paint, 0.5))


def plane(pen: Pen, phase: float, paint: RGB) -> None:
    """An airliner, climbing a little."""
    pen.poly(((10, 46), (4, 26), (14, 26), (26, 46)), dark(paint, 0.3))
    pen.poly(((52, 48), (36, 28), (44, 28), (66, 48)), dark(paint, 0.25))
    pen.limb(((14, 51), (84, 49)), 15, paint)
    pen.oval(88, 49.5, 9, 7, paint)
    pen.poly(((88, 44), (95, 47), (88, 49)), _GLASS)
    for x in range(24, 82, 7):
        pen.oval(x, 48, 1.5, 1.8, (90, 130, 170))
    pen.poly(((60, 52), (30, 76), (42, 76), (74, 54)), dark(paint, 0.12))
    pen.oval(46, 66, 6, 3, dark(paint, 0.4))
    if phase < 0.3:
        pen.glow(36, 76, 6, (255, 80, 70))


def drone(pen: Pen, phase: float, paint: RGB) -> None:
    """Four rotors and a lamp."""
    spread = 13 * abs(swing(phase * 2)) + 3
    for x in (18, 82):
        pen.limb(((50, 54), (x, 46)), 4, dark(paint, 0.2))
        pen.limb(((x, 46), (x, 40)), 2.4, _TYRE)
        pen.oval(x, 40, spread, 1.6, (190, 196, 206))
    pen.oval(50, 55, 18, 10, paint)
    pen.oval(54, 62, 6, 6, (28, 32, 42))
    pen.oval(56, 61, 2.2, 2.2, (120, 190, 255))
    pen.glow(38, 57, 6, (255, 70, 70) if phase < 0.5 else (80, 255, 120))


def rocket(pen: Pen, phase: float, paint: RGB) -> None:
    """Upright, its flame flickering."""
    flame = 12 + 6 * abs(swing(phase * 2))
    pen.glow(50, 84, 16, (255, 180, 70))
    pen.bright(((42, 74), (58, 74), (50, 80 + flame)), (255, 150, 50))
    pen.bright(((46, 74), (54, 74), (50, 78 + flame / 2)), (255, 240, 180))
    pen.poly(((38, 56), (26, 76), (40, 72)), (214, 60, 60))
    pen.poly(((62, 56), (74, 76), (60, 72)), (214, 60, 60))
    pen.poly(((38, 74), (38, 34), (50, 8), (62, 34), (62, 74)), paint)
    pen.poly(((52, 74), (52, 12), (62, 34), (62, 74)), dark(paint, 0.15))
    pen.poly(((42, 26), (50, 8), (58, 26)), (214, 60, 60))
    pen.oval(50, 40, 6.5, 6.5, (60, 70, 90))
    pen.oval(50, 40, 4.8, 4.8, _GLASS)


def balloon(pen: Pen, phase: float, paint: RGB) -> None:
    """A hot-air balloon in gores of colour."""
    pen.oval(50, 36, 32, 34, paint)
    for across, colour in ((20, pale(paint, 0.55)), (8, dark(paint, 0.1))):
        pen.oval(50, 36, across, 34, colour)
    pen.poly(((24, 56), (76, 56), (56, 80), (44, 80)), dark(paint, 0.1))
    if phase < 0.5:
        pen.glow(50, 80, 5, (255, 190, 80))
    for x in (44, 56):
        pen.limb(((x, 78), (x, 88)), 0.8, (90, 66, 46))
    pen.slab(42, 87, 58, 98, (150, 104, 60), 2)


def _wheel(pen: Pen, x: float, y: float, radius: float, phase: float) -> None:
    pen.oval(x, y, radius, radius, _TYRE)
    pen.oval(x, y, radius * 0.6, radius * 0.6, (190, 194, 202))
    for turn in range(5):
        pen.limb(((x, y), ring(x, y, radius * 0.52, radius * 0.52, phase + turn / 5)), radius * 0.14, (90, 94, 104))
