"""Pictures side by side stand in their places."""

from __future__ import annotations

import subprocess
import sys

from wanreel.domain.clip import Frame
from wanreel.media.sheet import Layout, corner, tiled


def frame(shade: int) -> Frame:
    """A picture of one shade."""
    return Frame(0.0, 6, 4, 3, bytes([shade]) * (6 * 4 * 3))


def test_pictures_stand_row_by_row() -> None:
    """Five pictures in three columns fill two rows, each at the corner that is told for it."""
    frames = [frame(40 * n) for n in range(5)]
    sheet = tiled(frames, Layout(columns=3, gap=2))
    assert (3 * 8 + 2, 2 * 6 + 2) == sheet.size
    corners = [corner(place, frames[0], 3, Layout(columns=3, gap=2)) for place in range(5)]
    assert [(2, 2), (10, 2), (18, 2), (2, 8), (10, 8)] == corners
    assert [(40 * n,) * 3 for n in range(5)] == [sheet.getpixel(at) for at in corners]


def test_the_parents_side_loads_no_decoder() -> None:
    """Whoever asks for looks never has PyAV or Pillow in his own process."""
    program = "import sys, wanreel.media.looks; print('av' in sys.modules, 'PIL' in sys.modules)"
    assert b"False False\n" == subprocess.check_output([sys.executable, "-c", program])
