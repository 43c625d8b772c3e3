"""Which drawing stands for which subject, how large, where it belongs and how it moves."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from wanreel.emulator.clips.figures import folk, goods, machines, wings
from wanreel.emulator.clips.figures.beasts import BEASTS, beast
from wanreel.emulator.clips.figures.pen import Pen
from wanreel.emulator.clips.picture import RGB

Home = Literal["ground", "air", "water", "deep", "table"]


@dataclass(frozen=True, slots=True)
class Figure:
    """`draw(pen, phase, paint)`; `scale` of the usual height; `pace` cycles a second; `travel` frame widths a clip."""

    draw: Callable[[Pen, float, RGB], None]
    paint: RGB
    home: Home
    scale: float = 1.0
    pace: float = 1.0
    travel: float = 0.3


def _beast(kind: str, scale: float) -> Figure:
    traits = BEASTS[kind]
    return Figure(partial(beast, traits=traits), traits.coat, "ground", scale, 1.5, 0.34)


FIGURES: dict[str, Figure] = {
    **{kind: _beast(kind, 1.0) for kind in ("cat", "dog", "fox", "wolf", "rabbit", "sheep")},
    **{kind: _beast(kind, 1.15) for kind in ("camel", "panda", "bear", "deer", "tiger", "lion", "cow")},
    **{kind: _beast(kind, 1.35) for kind in ("horse", "elephant")},
    "man": Figure(folk.man, (60, 96, 168), "ground", 1.05, 1.0, 0.26),
    "woman": Figure(folk.woman, (206, 60, 84), "ground", 1.05, 1.0, 0.26),
    "astronaut": Figure(folk.astronaut, (240, 242, 246), "ground", 1.1, 0.6, 0.18),
    "robot": Figure(folk.robot, (150, 164, 184), "ground", 1.0, 0.8, 0.22),
    "bird": Figure(wings.bird, (236, 240, 246), "air", 0.66, 1.6, 0.5),
    "butterfly": Figure(wings.butterfly, (240, 150, 60), "air", 0.42, 3.0, 0.3),
    "dragon": Figure(wings.dragon, (202, 52, 48), "air", 1.3, 0.6, 0.3),
    "fish": Figure(wings.fish, (240, 120, 50), "deep", 0.7, 1.2, 0.4),
    "whale": Figure(wings.whale, (70, 104, 150), "deep", 1.2, 0.4, 0.25),
    "car": Figure(machines.car, (206, 44, 48), "ground", 1.1, 2.0, 0.3),
    "bus": Figure(machines.bus, (232, 170, 52), "ground", 1.2, 2.0, 0.3),
    "train": Figure(machines.train, (236, 240, 244), "ground", 1.5, 2.0, 0.5),
    "bicycle": Figure(machines.bicycle, (44, 128, 190), "ground", 0.95, 1.2, 0.34),
    "boat": Figure(machines.boat, (150, 74, 50), "water", 0.95, 0.4, 0.22),
    "plane": Figure(machines.plane, (238, 242, 248), "air", 0.9, 1.0, 0.5),
    "drone": Figure(machines.drone, (88, 96, 110), "air", 0.6, 2.0, 0.2),
    "rocket": Figure(machines.rocket, (238, 240, 244), "air", 1.0, 3.0, 0.05),
    "balloon": Figure(machines.balloon, (222, 74, 60), "air", 0.85, 0.3, 0.12),
    "lantern": Figure(goods.lantern, (222, 54, 44), "air", 0.5, 0.4, 0.06),
    "cup": Figure(goods.cup, (240, 236, 228), "table", 0.8, 0.5, 0.0),
    "bottle": Figure(goods.bottle, (52, 122, 96), "table", 0.95, 0.4, 0.0),
    "phone": Figure(goods.phone, (60, 64, 74), "table", 0.9, 0.4, 0.0),
    "watch": Figure(goods.watch, (214, 178, 96), "table", 0.85, 0.25, 0.0),
    "shoe": Figure(goods.shoe, (222, 68, 60), "table", 0.75, 0.8, 0.0),
    "cake": Figure(goods.cake, (246, 168, 188), "table", 0.75, 1.2, 0.0),
    "flower": Figure(goods.flower, (226, 60, 96), "ground", 0.75, 0.4, 0.0),
    "ball": Figure(goods.ball, (236, 120, 44), "ground", 0.55, 1.2, 0.2),
    "campfire": Figure(goods.campfire, (240, 130, 40), "ground", 0.6, 1.6, 0.0),
    "castle": Figure(goods.castle, (206, 196, 180), "ground", 1.35, 0.5, 0.0),
    "house": Figure(goods.house, (236, 222, 196), "ground", 1.05, 0.3, 0.0),
    "windmill": Figure(goods.windmill, (236, 232, 222), "ground", 1.3, 1.0, 0.0),
    "orb": Figure(goods.orb, (90, 140, 220), "air", 0.6, 0.4, 0.2),
}
