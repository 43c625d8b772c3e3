"""A drawn scene (first form): sky, hills and subjects."""

import numpy as np
from PIL import Image

from wanreel.emulator.clips.camera import View
from wanreel.emulator.clips.picture import Picture, Sprite
from wanreel.emulator.clips.spec import ClipSpec
from wanreel.emulator.clips.words import Wish

_SKIES = {
    "night": ((8, 12, 40), (40, 50, 100)),
    "sunset": ((60, 40, 110), (250, 150, 80)),
    "dawn": ((120, 150, 210), (255, 210, 170)),
    "overcast": ((120, 130, 140), (190, 195, 200)),
    "day": ((80, 150, 230), (200, 230, 250)),
}


class Scene:
    def __init__(self, spec: ClipSpec, wish: Wish, dice: np.random.Generator) -> None:
        width, height = spec.width, spec.height
        top, low = _SKIES[wish.hour or str(dice.choice(["day", "sunset", "dawn"]))]
        ramp = np.linspace(0, 1, height)[:, None, None]
        rows = np.asarray(top) * (1 - ramp) + np.asarray(low) * ramp
        self._sky = Picture.of(Image.fromarray(np.broadcast_to(rows, (height, width, 3)).astype(np.uint8)))
        self._layers: list[tuple[float, Sprite]] = []
        for depth in (0.2, 0.5, 1.0):
            wide = width + int(width * 0.3) // 2 * 2
            at = np.arange(wide) / width
            line = height * (0.45 + 0.25 * depth) + sum(
                height * 0.06 / k * np.sin(at * 6 * k + dice.uniform(0, 6)) for k in (1, 2, 3)
            )
            cover = np.clip(np.arange(height)[:, None] - line[None, :], 0, 1)
            colour = np.asarray(dice.integers(40, 200, 3)) * (1.1 - 0.6 * depth)
            data = np.empty((height, wide, 4), np.uint8)
            data[..., :3], data[..., 3] = colour, cover * 255
            self._layers.append((depth, Sprite.of(Image.fromarray(data))))

    def at(self, second: float, view: View) -> Picture:
        picture = self._sky.copy()
        width, height = picture.size
        for depth, layer in self._layers:
            x = -(layer.size[0] - width) // 2 - round(view.x * depth * width * 0.14)
            picture.lay(layer, x, round(view.y * depth * height * 0.1))
        if view.zoom > 1:
            across, down = width / view.zoom, height / view.zoom
            left, top = (width - across) / 2, (height - down) / 2
            picture = picture.window((left, top, left + across, top + down), (width, height))
        return picture
