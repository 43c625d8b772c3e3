"""The parts scenery is made of: ridges, gradients, stamps, and how a layer moves under the camera."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wanreel.emulator.clips.camera import View
from wanreel.emulator.clips.picture import RGB, Picture, Sprite

Heights = NDArray[np.float32]

PAN, TILT = 0.16, 0.1  # how far a layer of depth 1 moves at View.x = 1 or View.y = 1, in frame widths and heights


@dataclass(frozen=True, slots=True)
class Layer:
    """A sprite at (x, y); `depth` 0 is the sky, 1 where the subjects stand, above 1 in front of them.

    `drift` pixels a second to the right, starting over after `lap` pixels (0: never); `bob` pixels up and down in
    `period` seconds, starting at `phase` turns.
    """

    sprite: Sprite
    x: float
    y: float
    depth: float
    drift: float = 0.0
    lap: float = 0.0
    bob: float = 0.0
    period: float = 4.0
    phase: float = 0.0

    def lay(self, picture: Picture, second: float, view: View) -> None:
        """Draw the layer as it is at `second` from `view`."""
        x, y = shifted(self.x + self.drift * second, self.y, self.depth, view, picture.size)
        if self.bob:
            turn = 2 * math.pi * (second / self.period + self.phase)
            x, y = x + self.bob * 1.5 * math.cos(turn), y + self.bob * math.sin(turn)
        if self.lap:
            width = self.sprite.size[0]
            x = (x + width) % self.lap - width
        picture.lay(self.sprite, round(x), round(y))


def shifted(x: float, y: float, depth: float, view: View, size: tuple[int, int]) -> tuple[float, float]:
    """Where (x, y) at `depth` comes to lie when the camera is at `view`."""
    near = depth - view.pivot
    return x - view.x * near * PAN * size[0], y + view.y * depth * TILT * size[1]


def wide(size: tuple[int, int], depth: float) -> int:
    """How wide a layer must be to cover the frame wherever the camera goes."""
    return round(size[0] * (1 + 2 * PAN * max(depth, 1) + 0.04)) // 2 * 2


def spread(sprite: Sprite, size: tuple[int, int], y: float, depth: float) -> Layer:
    """A full-width layer, centred, with its top at `y`."""
    return Layer(sprite, (size[0] - sprite.size[0]) / 2, y, depth)


def sweep(top: RGB, low: RGB, size: tuple[int, int], power: float = 1.0) -> Image.Image:
    """A vertical gradient, RGB; `power` above 1 keeps the top colour longer."""
    ramp = np.linspace(0, 1, size[1], dtype=np.float32)[:, None] ** power
    rows = np.asarray(top, np.float32) * (1 - ramp) + np.asarray(low, np.float32) * ramp
    column = Image.fromarray(np.ascontiguousarray(np.rint(rows)[:, None, :]).astype(np.uint8))
    return column.resize(size, Image.Resampling.NEAREST)


def rolling(width: int, unit: float, dice: np.random.Generator, waves: float = 3.0) -> Heights:
    """A smooth line: sums of sines, about -1 to 1; `unit` is the frame's width, `waves` how many humps it holds."""
    at = np.arange(width, dtype=np.float32) / unit * 2 * np.pi
    line = np.zeros(width, np.float32)
    for step, share in ((1.0, 0.55), (2.3, 0.3), (4.1, 0.15)):
        line += share * np.sin(at * waves * step / 2 + dice.uniform(0, 2 * np.pi)).astype(np.float32)
    return line


def jagged(width: int, unit: float, dice: np.random.Generator, peaks: float = 5.0) -> Heights:
    """A mountain line, about -1 to 1: peaks and valleys by turns, then broken again at two finer steps."""
    line = np.zeros(width, np.float32)
    for octave, share in ((1, 0.72), (4, 0.2), (13, 0.08)):
        count = max(int(width / unit * peaks * octave * 2), 4)
        knots = dice.uniform(-1, 1, count)
        if octave == 1:
            knots = np.where(np.arange(count) % 2, dice.uniform(0.2, 1.0, count), dice.uniform(-1.0, -0.3, count))
        places = (np.arange(count) + dice.uniform(-0.3, 0.3, count)) * width / (count - 1)
        line += share * np.interp(np.arange(width), places, knots).astype(np.float32)
    return line


@dataclass(frozen=True, slots=True)
class Relief:
    """How land is painted: from `top` to `low` downwards; `cap` (colour, pixels) covers what is within that distance
    of the highest point (snow); `melts` lets it vanish towards its foot (swell on water).
    """

    top: RGB
    low: RGB
    cap: tuple[RGB, float] | None = None
    melts: bool = False


def ridge(line: Heights, deep: int, relief: Relief) -> tuple[Sprite, float]:
    """Land below `line` (pixels from the frame's top), down to `deep`: the sprite and the y of its top."""
    crest = math.floor(float(line.min())) - 1
    tall = max(deep - crest, 4) // 2 * 2
    rows = np.arange(tall, dtype=np.float32)[:, None] + crest
    cover = np.clip(rows + 0.5 - line[None, :], 0, 1)
    if relief.melts:
        cover *= np.linspace(1, 0, tall, dtype=np.float32)[:, None]
    ground = np.asarray(sweep(relief.top, relief.low, (line.size, tall)))
    data = np.dstack([ground, (cover * 255).astype(np.uint8)])
    if relief.cap:
        colour, reach = relief.cap
        edge = float(line.min()) + reach + 0.25 * reach * np.sin(np.arange(line.size, dtype=np.float32) * 0.11)
        data[..., :3][rows + 0.0 * line < edge[None, :]] = colour
    return Sprite.of(Image.fromarray(data)), float(crest)
