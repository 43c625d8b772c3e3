"""One image under a moving camera, with mirrored edges so that no move shows a border."""

import numpy as np
from PIL import Image, ImageFilter

from wanreel.emulator.clips.camera import View
from wanreel.emulator.clips.picture import Picture

_EDGE = 0.15


class Stage:
    """An image (even sides) larger than the frame by mirrored edges."""

    def __init__(self, image: Image.Image) -> None:
        self._size = image.size
        self._edge = tuple(round(side * _EDGE) // 2 * 2 for side in image.size)
        across, down = self._edge
        wide = Image.fromarray(np.pad(np.asarray(image), ((down, down), (across, across), (0, 0)), mode="reflect"))
        self._whole = Picture.of(_softened(wide, across, down))

    def at(self, view: View) -> Picture:
        """The frame seen from `view`, a new picture."""
        width, height = self._size[0] / view.zoom, self._size[1] / view.zoom
        # The middle of what is seen may move until it meets the mirrored edge's end.
        reach_x, reach_y = (self._size[0] * (1 + 2 * _EDGE) - width) / 2, (self._size[1] * (1 + 2 * _EDGE) - height) / 2
        left = self._whole.size[0] / 2 - width / 2 + view.x * max(reach_x - 2, 0) * 0.6
        top = self._whole.size[1] / 2 - height / 2 - view.y * max(reach_y - 2, 0) * 0.6
        return self._whole.window((left, top, left + width, top + height), self._size)


def _softened(wide: Image.Image, across: int, down: int) -> Image.Image:
    """Blur what was mirrored, more the farther out: nobody should meet their own feet. The image itself is kept."""
    small = wide.reduce(8).filter(ImageFilter.GaussianBlur(3))
    blurred = small.resize(wide.size, Image.Resampling.BILINEAR)
    x, y = np.arange(wide.width, dtype=np.float32), np.arange(wide.height, dtype=np.float32)
    out_x = np.maximum(across - x, x - (wide.width - 1 - across)) / max(across * 0.3, 1)
    out_y = np.maximum(down - y, y - (wide.height - 1 - down)) / max(down * 0.3, 1)
    mask = np.clip(np.maximum(out_x[None, :], out_y[:, None]), 0, 1) * 255
    return Image.composite(blurred, wide, Image.fromarray(mask.astype(np.uint8)))
