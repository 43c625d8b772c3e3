"""Clips of given images: first and last frames, odd files, broken files."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from tests.emulator.clips.pictures import SIZE, distance, fitted, frames, i2v, kf2v, probe, still, stored
from wanreel.emulator.clips import render

_SHAPED = (SIZE[0] * 2, SIZE[1] * 2)


def test_i2v_begins_with_the_image_and_moves_it() -> None:
    """The first frame is the image, free of writing; later ones move and carry the caption."""
    image = still(size=_SHAPED)
    shown = frames(render(i2v(stored(image), duration_s=1.0)))
    assert distance(shown[0], fitted(image)) < 3
    assert distance(shown[-1], fitted(image)) > 6


def test_kf2v_goes_from_the_first_image_to_the_last() -> None:
    """The first frame is the first image, the last frame the last, and the middle is on its way between them."""
    first, last = still("teal", _SHAPED), still("maroon", _SHAPED)
    shown = frames(render(kf2v(stored(first), stored(last), duration_s=1.0)))
    assert distance(shown[0], fitted(first)) < 3
    assert distance(shown[-1], fitted(last)) < 3
    reds = [float(frame[40:70, 60:90, 0].mean()) for frame in shown]
    assert all(after >= before - 2 for before, after in pairwise(reds))
    assert reds[0] + 20 < reds[len(reds) // 2] < reds[-1] - 20


def test_kf2v_without_a_last_image_moves_the_first() -> None:
    """A missing last image is no error: the clip begins with the first and leaves it."""
    image = still(size=_SHAPED)
    shown = frames(render(kf2v(stored(image), None, duration_s=1.0)))
    assert distance(shown[0], fitted(image)) < 3
    assert distance(shown[-1], shown[0]) > 4


@pytest.mark.parametrize("prompt", ["the camera pans right", "static shot", "", "镜头拉远"])
def test_two_seeds_of_one_image_differ(prompt: str) -> None:
    """Variants of one image, or of one pair, are told apart by eye, whatever the camera does."""
    first, last = stored(still(size=_SHAPED)), stored(still("maroon", _SHAPED))
    specs = [i2v(first, prompt=prompt, duration_s=1.0), kf2v(first, last, prompt=prompt, duration_s=1.0)]
    for spec in specs:
        one, other = (frames(render(replace(spec, seed=seed)))[5] for seed in (1, 2))
        assert distance(one[30:80], other[30:80]) > 0.5


def test_a_turned_photo_stands_upright() -> None:
    """The EXIF orientation of a camera is honoured."""
    upright = still(size=_SHAPED)
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn me a quarter clockwise to see me"
    turned = stored(upright.rotate(90, expand=True), "JPEG", exif=exif, quality=95)
    assert distance(frames(render(i2v(turned)))[0], fitted(upright)) < 4


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_each_format_of_the_vendor_is_read(form: str, mode: str) -> None:
    """JPEG, PNG, BMP and WEBP, in colour and grey."""
    image = still(size=_SHAPED).convert(mode)
    assert distance(frames(render(i2v(stored(image, form))))[0], fitted(image)) < 5


@pytest.mark.parametrize("mode", ["1", "P", "LA", "I;16", "CMYK", "YCbCr", "RGBA"])
def test_each_colour_mode_is_read(mode: str) -> None:
    """Palettes, bitmaps, print colours and deep greys become video without complaint."""
    image = still("grey", _SHAPED)
    odd = image.convert("L").convert(mode) if mode == "I;16" else image.convert(mode)
    form = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    assert 6 == probe(render(i2v(stored(odd, form)))).frame_count


def test_transparency_is_laid_on_white() -> None:
    """What is clear in the image is white in the clip, never black by accident."""
    clear = Image.new("RGBA", _SHAPED, (200, 0, 0, 0))
    assert frames(render(i2v(stored(clear))))[0].mean() > 245


@pytest.mark.parametrize("size", [(1, 1), (37, 211), (2000, 250), (251, 403)])
def test_images_of_any_shape_fill_the_frame(size: tuple[int, int]) -> None:
    """Odd sides, strips and single pixels are scaled and cut to the frame, without bars."""
    shown = frames(render(i2v(stored(Image.new("RGB", size, (40, 160, 80))))))
    assert distance(shown[0], np.full_like(shown[0], 0) + np.asarray((40, 160, 80), np.float32)) < 4


@pytest.mark.parametrize("mode", ["i2v", "kf2v"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        stored(still())[:120],
        stored(still(), "JPEG")[:400],
        b"<svg></svg>",
    ],
    ids=["empty", "text", "hollow-png", "cut-png", "cut-jpeg", "svg"],
)
def test_broken_image_bytes_are_refused_in_words(data: bytes, mode: str) -> None:
    """Bytes that are no whole picture raise ValueError naming the image and what to do, whichever image it is."""
    spec, name = (i2v(data), "first_image") if mode == "i2v" else (kf2v(stored(still()), data), "last_image")
    with pytest.raises(ValueError, match=rf"{name} .*: send "):
        render(spec)


def test_an_image_too_large_to_be_honest_is_refused() -> None:
    """A bomb of a picture is refused by its header, before it is unpacked."""
    bomb = stored(Image.new("1", (10_000, 9_000)))
    with pytest.raises(ValueError, match="first_image"):
        render(i2v(bomb))


def test_weather_of_the_prompt_falls_over_the_image() -> None:
    """A prompt that asks for snow brings it, after the untouched first frame."""
    image = stored(Image.new("RGB", _SHAPED, (20, 30, 60)))
    snow, none = (
        frames(render(i2v(image, prompt=f"static shot{words}", duration_s=1.0))) for words in (", snowing", "")
    )
    assert distance(snow[0], none[0]) < 0.5
    assert (snow[-1] - none[-1])[50:80].max() > 80
