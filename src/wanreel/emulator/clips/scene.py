"""A drawn scene: the place, its light, the subjects in it and the weather, seen through a moving camera."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from wanreel.emulator.clips.camera import View
from wanreel.emulator.clips.figures.beasts import BEASTS
from wanreel.emulator.clips.figures.pen import Pen
from wanreel.emulator.clips.figures.roster import FIGURES, Figure
from wanreel.emulator.clips.picture import RGB, Picture, Sprite, mix
from wanreel.emulator.clips.scenery.land import Ground, Place
from wanreel.emulator.clips.scenery.layers import shifted
from wanreel.emulator.clips.scenery.palette import Palette
from wanreel.emulator.clips.scenery.places import build
from wanreel.emulator.clips.scenery.weather import weather
from wanreel.emulator.clips.spec import ClipSpec
from wanreel.emulator.clips.words import Subject, Wish

FALLS_MAX = 2
_FAR = ("fireworks",)  # weather that is behind the subjects
_PHASES = 12
_UNSAID_PLACES = ("field", "mountain", "lake")
_WHERE = {
    "boat": "sea", "fish": "underwater", "whale": "underwater", "astronaut": "space", "rocket": "space",
    "car": "city", "bus": "city", "bicycle": "city", "train": "mountain", "plane": "mountain", "dragon": "mountain",
    "balloon": "mountain", "castle": "mountain", "house": "field", "flower": "field", "butterfly": "field",
    "robot": "city",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Actor:
    """One subject in the scene: its drawn phases and where it goes (pixels), `x` and `y` being its feet's middle."""

    phases: tuple[Sprite, ...]
    shadow: Sprite | None
    figure: Figure
    x: float
    y: float
    facing: int
    bob: float

    def lay(self, picture: Picture, second: float, share: float, view: View) -> None:
        """Draw the actor at `second`, `share` of the way through its clip."""
        width = picture.size[0]
        sprite = self.phases[int(second * self.figure.pace * _PHASES) % _PHASES]
        step = self.facing * self.figure.travel * width * (share - 0.5)
        # The camera keeps an eye on its subject: of its own movement only a part shows.
        near = replace(view, x=view.x * 0.3)
        x, y = shifted(self.x + step * 0.6, self.y, 1.0, near, picture.size)
        y += self.bob * float(np.sin(second * 1.9 + self.x))
        if self.shadow:
            across, down = self.shadow.size
            picture.lay(self.shadow, round(x - across / 2), round(y - down * 0.62))
        picture.lay(sprite, round(x - sprite.size[0] / 2), round(y - sprite.size[1]))


class Scene:
    """Built once per clip; `at` gives one frame."""

    def __init__(self, spec: ClipSpec, wish: Wish, dice: np.random.Generator) -> None:
        self._seconds = spec.frame_count / spec.fps
        self._size = (spec.width, spec.height)
        name = place_for(wish, dice)
        ground = Ground(self._size, Palette.of(wish, name, dice), wish.colours, dice)
        place = build(name, ground)
        self._sky = Picture.of(place.sky)
        self._behind, self._before = place.behind, place.before
        subjects = wish.subjects or (Subject("orb", wish.colours[0] if wish.colours else None),)
        seats = [_Seat(len(subjects), across) for across in _SEATS[len(subjects) - 1]]
        self._actors = [_cast(one, seat, place, ground, wish) for one, seat in zip(subjects, seats, strict=True)]
        kinds = [kind for kind in wish.weather if name not in ("room", "studio")]
        if name == "underwater" and "bubbles" not in kinds:
            kinds.append("bubbles")
        falls = [(kind, weather(kind, self._size, wish.colours, dice)) for kind in kinds[:FALLS_MAX]]
        self._far_falls = [fall for kind, fall in falls if kind in _FAR]
        self._falls = [fall for kind, fall in falls if kind not in _FAR]

    def at(self, second: float, view: View) -> Picture:
        """The frame at `second` from `view`, a new picture."""
        picture = self._sky.copy()
        for layer in self._behind:
            layer.lay(picture, second, view)
        for fall in self._far_falls:
            fall(picture, second, view)
        for actor in self._actors:
            actor.lay(picture, second, second / self._seconds, view)
        for layer in self._before:
            layer.lay(picture, second, view)
        for fall in self._falls:
            fall(picture, second, view)
        return self._closer(picture, view)

    def _closer(self, picture: Picture, view: View) -> Picture:
        """Zoom in low, where the subjects stand: their feet stay in the frame."""
        if view.zoom <= 1.002:
            return picture
        width, height = self._size
        across, down = width / view.zoom, height / view.zoom
        left, top = (width - across) * 0.5, (height - down) * 0.88
        return picture.window((left, top, left + across, top + down), self._size)


def place_for(wish: Wish, dice: np.random.Generator) -> str:
    """The place the prompt names, else where its first subject lives, else one by the seed."""
    unsaid = _UNSAID_PLACES[int(dice.integers(len(_UNSAID_PLACES)))]
    if wish.place:
        return wish.place
    for subject in wish.subjects:
        if subject.kind in _WHERE:
            return _WHERE[subject.kind]
        if FIGURES[subject.kind].home == "table":
            return "room"
    return "city" if wish.style == "neon" else unsaid


def _cast(subject: Subject, seat: "_Seat", place: Place, ground: Ground, wish: Wish) -> Actor:
    """Draw `subject` in all its phases and give it its spot."""
    figure, (width, height), dice = FIGURES[subject.kind], ground.size, ground.dice
    usual = min(height * 0.5, width * 0.66) * (1.0, 0.86, 0.74)[seat.count - 1]
    side = max(round(usual * figure.scale * ground.chance(0.92, 1.08)) // 2 * 2, 8)
    facing = {"pan left": -1, "pan right": 1}.get(wish.camera or "", int(dice.choice([-1, 1])))
    if wish.brisk:
        figure = replace(figure, pace=figure.pace * 1.7, travel=figure.travel * 1.3)
    phases = _phases(figure, _paint(subject, figure), side, ground.palette, mirrored=facing < 0)
    still = figure.home == "table" and seat.count == 1
    x = width * (seat.across + (0 if still else ground.chance(-0.05, 0.05)))
    y = height * place.floor
    if figure.home in ("air", "deep"):
        y = height * (0.62 + ground.chance(-0.04, 0.05)) + side * 0.12
    elif figure.home == "water":
        y = height * min(place.floor, 0.8)
    bob = min(ground.size) * {"air": 0.018, "deep": 0.018, "water": 0.008}.get(figure.home, 0.0)
    shadow = _shadow(side) if figure.home in ("ground", "table") else None
    return Actor(phases, shadow, figure, x, y, facing, bob)


def _paint(subject: Subject, figure: Figure) -> RGB:
    if subject.colour and subject.kind in BEASTS and max(subject.colour) - min(subject.colour) > 30:
        return mix(subject.colour, figure.paint, 0.35)  # a red fox is not as red as a red car
    return subject.colour or figure.paint


def _phases(figure: Figure, paint: RGB, side: int, palette: Palette, *, mirrored: bool) -> tuple[Sprite, ...]:
    drawn: list[Sprite] = []
    for step in range(_PHASES):
        pen = Pen(side, palette.painted)
        figure.draw(pen, step / _PHASES, paint)
        drawn.append(Sprite.of(pen.image(mirrored=mirrored)))
    return tuple(drawn)


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where one of `count` subjects stands, as a share of the width."""

    count: int
    across: float


_SEATS = ((0.5,), (0.34, 0.68), (0.24, 0.52, 0.8))


def _shadow(side: int) -> Sprite:
    across, down = round(side * 0.72) // 2 * 2, max(round(side * 0.1) // 2 * 2, 2)
    image = Image.new("RGBA", (across, down), (10, 12, 24, 0))
    ImageDraw.Draw(image).ellipse((0, 0, across - 1, down - 1), (10, 12, 24, 84))
    return Sprite.of(image)
