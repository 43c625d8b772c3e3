"""Contact sheets show the right moments of a clip, whatever its key frames."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.archive.clips import encode_clip
from wanreel.domain.errors import Invalid, NotFound, Unavailable
from wanreel.media.sheet import Layout, contact_sheet

FRAMES = 32
LAYOUT = Layout(pictures=8, columns=4, width=32, gap=2)


def brightening(path: Path, key_every: int) -> None:
    """32 pictures, each 8 of 256 brighter than the last, with a key frame every so many."""
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(8), options={"threads": "1", "crf": "1"})
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = key_every
        for number in range(FRAMES):
            picture = np.full((48, 64, 3), 8 * number, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("key_every", [1, 3, 250])
def test_the_pictures_are_evenly_spaced_in_time(tmp_path: Path, key_every: int) -> None:
    """Eight of 32 pictures: the third of each four, whether found by jumping or by decoding on."""
    brightening(tmp_path / "clip.mp4", key_every)
    out = contact_sheet(tmp_path / "clip.mp4", tmp_path / "sheet.png", LAYOUT)
    with Image.open(out) as sheet:
        assert ("PNG", (4 * 34 + 2, 2 * 26 + 2)) == (sheet.format, sheet.size)
        grey = sheet.convert("L")
        shades = [grey.getpixel((2 + column * 34 + 16, 2 + row * 26 + 12)) for row in range(2) for column in range(4)]
    assert [8 * (4 * place + 2) for place in range(8)] == pytest.approx(shades, abs=4)


def test_a_clip_shorter_than_the_sheet_repeats_pictures(tmp_path: Path) -> None:
    """Three pictures fill eight places."""
    encode_clip(tmp_path / "clip.mp4", frames=3)
    with Image.open(contact_sheet(tmp_path / "clip.mp4", tmp_path / "sheet.png", LAYOUT)) as sheet:
        assert (4 * 34 + 2, 2 * 34 + 2) == sheet.size


def test_a_small_clip_is_not_blown_up(tmp_path: Path) -> None:
    """Pictures are scaled down only."""
    encode_clip(tmp_path / "clip.mp4")
    with Image.open(contact_sheet(tmp_path / "clip.mp4", tmp_path / "sheet.png")) as sheet:
        assert (4 * 68 + 4, 2 * 68 + 4) == sheet.size


def test_errors_are_the_houses_own(tmp_path: Path) -> None:
    """No clip, not a clip, and a sheet that cannot be written."""
    with pytest.raises(NotFound):
        contact_sheet(tmp_path / "none.mp4", tmp_path / "sheet.png")
    (tmp_path / "text.mp4").write_text("hello")
    with pytest.raises(Invalid):
        contact_sheet(tmp_path / "text.mp4", tmp_path / "sheet.png")
    encode_clip(tmp_path / "clip.mp4")
    with pytest.raises(Unavailable, match="nowhere"):
        contact_sheet(tmp_path / "clip.mp4", tmp_path / "nowhere" / "sheet.png")
