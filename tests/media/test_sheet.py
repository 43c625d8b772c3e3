"""Pictures side by side stand in their places."""

from __future__ import annotations

import subprocess
import sys

from wanreel.domain.clip import Frame
from wanreel.media.sheet import Layout, tiled


def frame(shade: int) -> Frame:
    """A picture of one shade."""
    return Frame(0.0, 6, 4, 3, bytes([shade]) * (6 * 4 * 3))


def test_pictures_stand_row_by_row() -> None:
    """Five pictures in three columns fill two rows, a gap around each."""
    frames = [frame(40 * n) for n in range(5)]
    sheet = tiled(frames, Layout(columns=3, gap=2))
    assert (3 * 8 + 2, 2 * 6 + 2) == sheet.size
    corners = [(2, 2), (10, 2), (18, 2), (2, 8), (10, 8)]
    assert [(40 * n,) * 3 for n in range(5)] == [sheet.getpixel(at) for at in corners]


def test_times_stand_below_their_pictures() -> None:
    """With times there is a strip below each picture with something written in it."""
    wide = [Frame(1.5, 60, 4, 3, bytes(60 * 4 * 3))]
    sheet = tiled(wide, Layout(columns=4, gap=2, times=True))
    assert (64, 4 + 20 + 4) == sheet.size
    assert 200 < max(sheet.crop((2, 6, 62, 26)).convert("L").tobytes())


def test_the_parents_side_loads_no_decoder() -> None:
    """Whoever asks for looks never has PyAV or Pillow in his own process."""
    program = "import sys, wanreel.media.looks; print('av' in sys.modules, 'PIL' in sys.modules)"
    assert b"False False\n" == subprocess.check_output([sys.executable, "-c", program])
