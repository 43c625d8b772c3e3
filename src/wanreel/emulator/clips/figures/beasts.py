"""Animals on four legs: one body plan, and the few traits that tell a fox from a cow."""

from dataclasses import dataclass

from wanreel.emulator.clips.figures.pen import Pen, dark, pale, ring, swing
from wanreel.emulator.clips.picture import RGB

_EYE: RGB = (24, 20, 22)


@dataclass(frozen=True, slots=True)
class Beast:
    """Lengths in units of the 100 x 100 square; the default is a cat."""

    coat: RGB
    legs: float = 22
    girth: float = 10
    length: float = 22
    neck: float = 8
    head: float = 10
    snout: float = 3
    ears: str = "point"
    tail: str = "up"
    marks: str = ""
    trim: RGB | None = None


BEASTS: dict[str, Beast] = {
    "cat": Beast((232, 150, 70), marks="stripes"),
    "dog": Beast((196, 142, 88), legs=24, girth=11, snout=8, ears="flop", tail="wag"),
    "fox": Beast(
        (226, 108, 36), legs=22, girth=9, length=20, head=11, snout=8, tail="bush", marks="bib", trim=(250, 244, 236)
    ),
    "wolf": Beast((128, 134, 146), legs=27, girth=11, neck=9, snout=9, tail="bush", marks="bib"),
    "rabbit": Beast((214, 200, 190), legs=12, girth=13, length=17, neck=7, head=10, ears="long", tail="puff"),
    "panda": Beast(
        (244, 244, 240), legs=17, girth=18, length=22, neck=5, head=14, ears="round", tail="puff", marks="panda"
    ),
    "bear": Beast((122, 82, 52), legs=19, girth=18, length=24, neck=5, head=13, snout=6, ears="round", tail="puff"),
    "horse": Beast((146, 88, 50), legs=36, girth=12, length=23, neck=24, head=8, snout=11, tail="flow", marks="mane"),
    "deer": Beast((186, 128, 76), legs=35, girth=10, length=20, neck=21, head=7, snout=7, tail="puff", marks="antlers"),
    "tiger": Beast((236, 142, 46), legs=21, girth=13, length=27, head=12, snout=5, ears="round", marks="stripes"),
    "lion": Beast((216, 164, 88), legs=23, girth=13, length=26, neck=9, head=11, snout=6, ears="round", marks="ruff"),
    "elephant": Beast(
        (140, 146, 158), legs=27, girth=20, length=23, neck=7, head=14, ears="fan", tail="wag", marks="trunk"
    ),
    "camel": Beast(
        (206, 166, 110), legs=32, girth=12, length=22, neck=18, head=8, snout=8, ears="flop", tail="wag", marks="hump"
    ),
    "cow": Beast(
        (244, 242, 238),
        legs=24,
        girth=15,
        length=26,
        neck=9,
        head=10,
        snout=9,
        ears="flop",
        tail="wag",
        marks="patches",
    ),
    "sheep": Beast(
        (246, 244, 238), legs=18, girth=16, length=22, neck=5, head=9, snout=6, ears="flop", tail="puff", marks="wool"
    ),
}


def beast(pen: Pen, phase: float, paint: RGB, traits: Beast) -> None:
    """One step of a walking animal; `paint` is the coat."""
    shade = dark(paint, 0.22)
    limbs = (40, 40, 46) if traits.marks in ("panda", "wool") else paint
    top = 98 - traits.legs - traits.girth + swing(2 * phase) * 0.8
    hip, chest = 44 - traits.length, 44 + traits.length
    _tail(pen, phase, hip, top, paint, traits)
    for foot, shift, colour in (
        (hip + 9, 0.5, shade),
        (chest - 3, 0.0, shade),
        (hip + 4, 0.0, paint),
        (chest - 8, 0.5, paint),
    ):
        _leg(pen, foot, top, swing(phase, shift), dark(limbs, 0.22) if colour is shade else limbs, traits)
    nod = swing(2 * phase, 0.2) * 0.8
    head = (chest + 5 + traits.neck * 0.35, top - traits.neck - traits.girth * 0.25 + nod)
    if traits.marks == "ruff":
        pen.oval(*head, traits.head * 1.75, traits.head * 1.75, dark((150, 84, 34), 0.1))
    pen.limb(((chest - 4, top), head), max(traits.girth * 0.95, traits.head * 0.9), paint)
    if traits.marks == "mane":
        pen.limb(((chest - 12, top - 7), (head[0] - 6, head[1] - 6)), 5, dark(paint, 0.5))
    pen.oval(44, top, traits.length + 4, traits.girth, paint)
    _coat(pen, top, paint, traits)
    _face(pen, head, paint, traits)


def _leg(pen: Pen, x: float, top: float, step: float, paint: RGB, traits: Beast) -> None:
    width = max(traits.girth * 0.42, 4)
    knee = (x + step * 3, (top + 98) / 2 + 2)
    foot = (x + step * traits.legs * 0.32, 97 - max(step, 0) * 2.5)
    pen.limb(((x, top + 2), knee, foot), width, paint)


def _tail(pen: Pen, phase: float, hip: float, top: float, paint: RGB, traits: Beast) -> None:
    sway = swing(phase) * 3
    root = (hip + 2, top - 2)
    match traits.tail:
        case "up":
            pen.limb((root, (hip - 8, top - 8), (hip - 9 + sway, top - 22), (hip - 4 + sway, top - 28)), 4, paint)
        case "wag":
            pen.limb((root, (hip - 8 + sway, top - 6), (hip - 12 + 2 * sway, top - 14)), 3.4, paint)
        case "bush":
            pen.limb((root, (hip - 12, top + 2 + sway / 2)), 7, paint)
            pen.limb(((hip - 10, top + 1), (hip - 18, top + 4 + sway)), 10, paint)
            pen.oval(hip - 21, top + 5 + sway, 4.5, 4.5, traits.trim or pale(paint))
        case "flow":
            tip = ((hip - 8, top + 8), (hip - 10 + sway, top + 24))
            pen.limb((root, *tip), 5, dark(paint, 0.5))
        case _:
            pen.oval(hip - 3, top - 2, 5, 5, pale(paint, 0.5))


def _coat(pen: Pen, top: float, paint: RGB, traits: Beast) -> None:
    match traits.marks:
        case "hump":
            pen.oval(42, top - traits.girth * 0.9, 11, 13, paint)
            pen.oval(42, top - traits.girth * 0.9 - 8, 6, 4, dark(paint, 0.15))
        case "stripes":
            for x in range(26, 64, 7):
                pen.limb(((x, top - traits.girth + 3), (x + 1, top - 1)), 2, dark(paint, 0.62))
        case "patches":
            pen.oval(34, top - 3, 9, 7, (40, 36, 38))
            pen.oval(56, top + 4, 7, 5, (40, 36, 38))
        case "wool":
            for turn in range(12):
                pen.oval(*ring(44, top, traits.length, traits.girth * 0.7, turn / 12), 7, 7, paint)
        case "bib":
            pen.oval(60, top + 4, 10, traits.girth * 0.5, traits.trim or pale(paint, 0.5))
        case "panda":
            pen.oval(62, top, 8, traits.girth * 0.98, (40, 40, 46))
        case _:
            pen.oval(44, top + traits.girth * 0.5, traits.length * 0.8, traits.girth * 0.4, pale(paint, 0.14))


def _face(pen: Pen, head: tuple[float, float], paint: RGB, traits: Beast) -> None:
    x, y = head
    size = traits.head
    ear = (40, 40, 46) if traits.marks == "panda" else dark(paint, 0.25)
    _ears(pen, x, y, size, ear, traits.ears)
    if traits.marks == "antlers":
        for lean in (-1, 1):
            stem = ((x - 2, y - size), (x - 4 + lean * 4, y - size - 9), (x + lean * 9 - 2, y - size - 17))
            pen.limb(stem, 1.8, (150, 110, 70))
            pen.limb(((x - 4 + lean * 4, y - size - 9), (x + lean * 1, y - size - 15)), 1.6, (150, 110, 70))
    pen.oval(x, y, size, size * 0.94, paint)
    if traits.snout > 3:
        muzzle = pale(paint, 0.3) if traits.marks != "wool" else paint
        pen.limb(
            ((x + size * 0.4, y + size * 0.25), (x + size * 0.55 + traits.snout, y + size * 0.4)), size * 0.85, muzzle
        )
        pen.oval(x + size * 0.75 + traits.snout, y + size * 0.22, 1.8, 1.5, _EYE)
    else:
        pen.oval(x + size * 0.45, y + size * 0.4, size * 0.45, size * 0.36, pale(paint, 0.55))
        pen.oval(x + size * 0.6, y + size * 0.22, 1.6, 1.2, (214, 110, 110))
        if traits.tail == "up":
            for rise in (-3.0, 1.5):
                pen.limb(
                    ((x + size * 0.6, y + size * 0.4), (x + size * 1.35, y + size * 0.4 + rise)), 0.6, pale(paint, 0.8)
                )
    if traits.marks == "trunk":
        pen.limb(
            ((x + size * 0.7, y + 3), (x + size + 3, y + 16), (x + size, y + 30), (x + size + 4, y + 36)), 6, paint
        )
        pen.limb(((x + size * 0.5, y + 9), (x + size + 4, y + 14)), 2.6, (250, 246, 232))
    if traits.marks == "panda":
        pen.oval(x + size * 0.35, y - size * 0.12, 4.2, 4.8, (40, 40, 46))
        pen.oval(x + size * 0.4, y - size * 0.14, 1.7, 1.7, (250, 250, 250))
    pen.oval(x + size * 0.34, y - size * 0.16, max(size * 0.17, 1.6), max(size * 0.19, 1.7), _EYE)
    pen.oval(x + size * 0.4, y - size * 0.24, 0.7, 0.7, (255, 255, 255))


def _ears(pen: Pen, x: float, y: float, size: float, paint: RGB, kind: str) -> None:
    match kind:
        case "point":
            for at in (-0.62, 0.3):
                left, right = x + size * at - size * 0.38, x + size * at + size * 0.38
                pen.poly(((left, y - size * 0.5), (x + size * at, y - size * 1.55), (right, y - size * 0.5)), paint)
        case "long":
            for at in (-0.4, 0.15):
                pen.limb(((x + size * at, y - size * 0.5), (x + size * (at - 0.25), y - size * 2.3)), 4.6, paint)
        case "round":
            for at in (-0.7, 0.45):
                pen.oval(x + size * at, y - size * 0.8, size * 0.36, size * 0.36, paint)
        case "fan":
            pen.oval(x - size * 0.75, y + 1, size * 0.8, size * 1.0, paint)
        case _:
            pen.limb(((x - size * 0.5, y - size * 0.55), (x - size * 0.85, y + size * 0.55)), size * 0.5, paint)
