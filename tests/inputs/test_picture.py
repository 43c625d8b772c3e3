"""Pictures are known by their content, decoded to the end, and never trusted about their size."""

import contextlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.inputs.pictures import picture, png_claiming
from wanreel.inputs.picture import NotUsable, read_picture


@pytest.mark.parametrize(
    ("kind", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("BMP", "image/bmp"), ("WEBP", "image/webp")]
)
def test_the_format_is_told_by_content(kind: str, mime: str) -> None:
    """Each format of the vendor's, with its sides and no transparency."""
    facts = read_picture(picture(kind))
    assert (kind, mime, 300, 200, False) == (facts.format, facts.mime, facts.width, facts.height, facts.has_alpha)


@pytest.mark.parametrize(
    ("kind", "mode", "has_alpha"),
    [
        ("PNG", "RGBA", True),
        ("PNG", "LA", True),
        ("PNG", "L", False),
        ("PNG", "1", False),
        ("PNG", "P", False),
        ("WEBP", "RGBA", True),
        ("JPEG", "CMYK", False),
    ],
)
def test_transparency_is_told(kind: str, mode: str, has_alpha: bool) -> None:
    """An alpha channel counts even where it is opaque: the vendor refuses the channel."""
    assert has_alpha == read_picture(picture(kind, mode=mode)).has_alpha


def test_a_transparent_palette_colour_is_transparency() -> None:
    """A palette PNG may have it without a channel."""
    out = io.BytesIO()
    Image.new("P", (300, 300)).save(out, "PNG", transparency=0)
    assert read_picture(out.getvalue()).has_alpha


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(("orientation", "sides"), [(1, (300, 200)), (3, (300, 200)), (6, (200, 300)), (8, (200, 300))])
def test_sides_are_those_one_sees(kind: str, orientation: int, sides: tuple[int, int]) -> None:
    """A phone's upright picture is stored lying, with a note in EXIF: both pairs of sides are told."""
    facts = read_picture(picture(kind, orientation=orientation))
    assert sides == (facts.width, facts.height)
    assert (300, 200, orientation) == (facts.raw_width, facts.raw_height, facts.orientation)


def test_a_phones_several_pictures_in_one_are_a_jpeg() -> None:
    """MPO is a JPEG with more behind it."""
    out = io.BytesIO()
    image = Image.new("RGB", (300, 200))
    image.save(out, "MPO", save_all=True, append_images=[image])
    assert "JPEG" == read_picture(out.getvalue()).format


def test_broken_exif_does_not_spoil_a_picture() -> None:
    """Nonsense in the EXIF block means upright, not damaged."""
    good = picture("JPEG", orientation=6)
    at = good.index(b"Exif\0\0")
    facts = read_picture(good[: at + 6] + b"\xff" * 8 + good[at + 14 :])
    assert (300, 200, 1) == (facts.width, facts.height, facts.orientation)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_picture_cut_short_is_damaged(kind: str, part: float) -> None:
    """The vendor would refuse it after a wait; here it is refused at once."""
    whole = picture(kind, size=(640, 480))
    with pytest.raises(NotUsable, match="damaged or cut short"):
        read_picture(whole[: int(len(whole) * part)])


@pytest.mark.parametrize("sides", [(8001, 8000), (60_000, 2_000), (20_000, 10_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_decoded(sides: tuple[int, int]) -> None:
    """A few bytes that promise a picture of gigabytes."""
    with pytest.raises(NotUsable, match="8000 x 8000"):
        read_picture(png_claiming(*sides))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (picture("GIF"), "is a GIF: use JPEG"),
        (picture("TIFF"), "is a TIFF"),
        (b"\0\0\0\x18ftypheic" + bytes(50), "is a HEIC picture"),
        (b"\0\0\0\x18ftypavif" + bytes(50), "is an AVIF picture"),
        (b"\0\0\0\x18ftypisom" + bytes(50), "is a video"),
        (b"%PDF-1.7", "is a PDF"),
        (b"<?xml version='1.0'?><svg>", "is an SVG drawing"),
        (b"PK\3\4", "is a ZIP"),
        (b"hello", "neither a picture nor a sound"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(data: bytes, words: str) -> None:
    """And what to use instead is said."""
    with pytest.raises(NotUsable) as error:
        read_picture(data)
    assert words in error.value.why


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_pictures_are_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    """Whatever bytes are changed, the decoder's own errors never come through."""
    whole = bytearray(picture(data.draw(st.sampled_from(["JPEG", "PNG", "BMP", "WEBP"])), size=(40, 30), orientation=6))
    for place in data.draw(st.lists(st.integers(0, min(200, len(whole) - 1)), min_size=1, max_size=6)):
        whole[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(NotUsable):
        assert read_picture(bytes(whole)).width > 0
