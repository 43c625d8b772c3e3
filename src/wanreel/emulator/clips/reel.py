"""The frames of a clip, one after another, for each of the three modes."""

import math
from collections.abc import Iterator

import numpy as np

from wanreel.emulator.clips import camera, words
from wanreel.emulator.clips.caption import Caption
from wanreel.emulator.clips.picture import Picture
from wanreel.emulator.clips.scene import FALLS_MAX, Scene
from wanreel.emulator.clips.scenery.weather import weather
from wanreel.emulator.clips.spec import ClipSpec
from wanreel.emulator.clips.stage import Stage
from wanreel.emulator.clips.still import open_still


def film(spec: ClipSpec, dice: np.random.Generator) -> Iterator[Picture]:
    """All frames of `spec`, drawn as they are asked for. Images are read before the first (ValueError)."""
    wish = words.read(spec.prompt)
    if spec.mode == "t2v" or spec.first_image is None:
        return _drawn(spec, wish, dice)
    size = (spec.width, spec.height)
    first = Stage(open_still(spec.first_image, size, "first_image"))
    if spec.mode == "i2v" or spec.last_image is None:
        return _moved(spec, wish, first, dice)
    return _joined(spec, wish, (first, Stage(open_still(spec.last_image, size, "last_image"))), dice)


def _drawn(spec: ClipSpec, wish: words.Wish, dice: np.random.Generator) -> Iterator[Picture]:
    move = wish.camera or camera.DEFAULT
    scene = Scene(spec, wish, dice)
    caption = Caption(spec, move)
    for index, share in _shares(spec):
        picture = scene.at(index / spec.fps, camera.view(move, share))
        caption.lay(picture, index)
        yield picture


def _moved(spec: ClipSpec, wish: words.Wish, stage: Stage, dice: np.random.Generator) -> Iterator[Picture]:
    """The image itself first, untouched; then the camera leaves it, and weather and writing come in."""
    move = wish.camera or "push in"
    caption = Caption(spec, move)
    size = (spec.width, spec.height)
    lean = _lean(dice)
    falls = [weather(kind, size, wish.colours, dice) for kind in wish.weather[:FALLS_MAX]]
    for index, share in _shares(spec):
        view, shown = camera.leave(move, share, lean), _shown(spec, index, out=False)
        picture = stage.at(view)
        if falls and shown:
            clear = picture.copy()
            for fall in falls:
                fall(picture, index / spec.fps, view)
            picture = clear.blend(picture, shown)
        caption.lay(picture, index, shown)
        yield picture


def _joined(
    spec: ClipSpec, wish: words.Wish, ends: tuple[Stage, Stage], dice: np.random.Generator
) -> Iterator[Picture]:
    """From the first image to the last: each is whole at its own end, and they dissolve in between."""
    (first, last), lean = ends, _lean(dice)
    move = wish.camera or "push in"
    caption = Caption(spec, move)
    for index, share in _shares(spec):
        over = camera.ease(min(max((share - 0.2) / 0.6, 0.0), 1.0))
        picture = last.at(camera.arrive(move, share, lean)) if over >= 1 else first.at(camera.leave(move, share, lean))
        if 0 < over < 1:
            picture = picture.blend(last.at(camera.arrive(move, share, lean)), over)
        caption.lay(picture, index, _shown(spec, index, out=True))
        yield picture


def _lean(dice: np.random.Generator) -> camera.Lean:
    x, y, zoom = (float(value) for value in dice.uniform(-1, 1, 3))
    # To one side or the other, never to neither: two seeds should be told apart.
    return camera.Lean(math.copysign(0.5 + abs(x) / 2, x), y, zoom)


def _shares(spec: ClipSpec) -> Iterator[tuple[int, float]]:
    """Each frame's number and its share of the way: 0 for the first, 1 for the last."""
    for index in range(spec.frame_count):
        yield index, index / max(spec.frame_count - 1, 1)


def _shown(spec: ClipSpec, index: int, *, out: bool) -> float:
    """How much shows of what was added to the image: none on the first frame (nor on the last, if `out`)."""
    fade = max(min(0.4 * spec.fps, spec.frame_count / 6), 1.0)
    left = min(index, spec.frame_count - 1 - index) if out else index
    return min(left / fade, 1.0)
