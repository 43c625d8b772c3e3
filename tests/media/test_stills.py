"""Pictures are known by their content, decoded to the end, and never trusted about their size."""

import contextlib
import io
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

from tests.inputs.pictures import picture, png_claiming
from wanreel.domain.clip import Fit, Still
from wanreel.domain.errors import Invalid
from wanreel.media.limits import LIMITS, Limits
from wanreel.media.looks import Looks
from wanreel.media.source import HeldBytes
from wanreel.media.stills import read_still
from wanreel.media.wants import UnreadableError


def read_picture(data: bytes, fit: Fit | None = None) -> Still:
    """As the child does."""
    return read_still(data, fit, LIMITS.picture_pixels_max)


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
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_asks(kind: str, orientation: int) -> None:
    """All eight: what is written anew shows what a viewer shows, keeps its format, and asks for no further turn."""
    data = picture(kind, orientation=orientation)
    found = read_picture(data)
    if orientation == 1:
        assert (None, ()) == (found.data, found.changes)
        return
    assert found.data is not None
    assert ("turned upright",) == found.changes
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(found.data)) as after:
        assert (kind, 1) == (after.format, after.getexif().get(0x0112, 1))
        seen = ImageOps.exif_transpose(before)
        assert (found.width, found.height) == seen.size == after.size
        apart = ImageStat.Stat(ImageChops.difference(seen.convert("L"), after.convert("L"))).mean[0]
        assert apart < 3.0


ROOMY = Fit(side_min=100, side_max=8000, bytes_max=10_000_000, alpha=True)


def test_what_fits_is_left_alone() -> None:
    """Not a byte is written anew."""
    found = read_picture(picture("PNG"), ROOMY)
    assert (None, ()) == (found.data, found.changes)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP"])
def test_sides_that_are_too_long_are_scaled(kind: str) -> None:
    """The longer side becomes what is allowed, the shape and the format stay."""
    found = read_picture(picture(kind, size=(900, 600)), replace(ROOMY, side_max=300))
    assert (kind, 300, 200, ("scaled to 300 x 200",)) == (found.format, found.width, found.height, found.changes)
    assert (300, 200) == opened(found).size


def test_too_many_bytes_are_first_packed_then_scaled() -> None:
    """Noise as PNG becomes JPEG, and smaller only where that is not enough."""
    noise = noisy(500, 400)
    packed = read_picture(noise, replace(ROOMY, bytes_max=300_000))
    assert ("JPEG", 500, ("saved as JPEG",)) == (packed.format, packed.width, packed.changes)
    scaled = read_picture(noise, replace(ROOMY, bytes_max=40_000))
    assert scaled.data is not None
    assert (True, True) == (len(scaled.data) <= 40_000, scaled.width < 500)
    assert f"scaled to {scaled.width} x {scaled.height}" in scaled.changes


def test_transparency_that_is_not_allowed_is_laid_on_white() -> None:
    """Where it is allowed it stays."""
    clear = picture("PNG", mode="RGBA")
    assert read_picture(clear, ROOMY).data is None
    found = read_picture(clear, replace(ROOMY, alpha=False))
    assert ("PNG", False, ("transparency laid on white",)) == (found.format, found.has_alpha, found.changes)
    assert "RGB" == opened(found).mode


def test_what_cannot_be_made_to_fit_is_refused() -> None:
    """No side is made shorter than the model takes."""
    with pytest.raises(UnreadableError, match="cannot be made to fit"):
        read_picture(noisy(500, 120), replace(ROOMY, bytes_max=1000))
    with pytest.raises(UnreadableError, match="shorter than 100"):
        read_picture(picture("PNG", size=(2000, 150)), replace(ROOMY, side_max=1000))


def test_a_colour_profile_survives_being_written_anew() -> None:
    """And nothing else that was noted in the file does, such as where it was taken."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "at home"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (300, 200), "red").save(out, "JPEG", exif=exif, icc_profile=profile)
    found = opened(read_picture(out.getvalue()))
    assert (profile, None) == (found.info.get("icc_profile"), found.getexif().get(0x010E))


async def test_the_child_says_the_same() -> None:
    """Facts and new bytes come through it whole; a bomb or damage is the file's error, by its name."""
    data = picture("JPEG", orientation=6)
    assert read_picture(data) == await Looks().still(HeldBytes(data, "a.jpg"))
    with pytest.raises(Invalid, match=r"bomb\.png has 60000 x 2000 pixels"):
        await Looks().still(HeldBytes(png_claiming(60_000, 2_000), "bomb.png"))
    with pytest.raises(Invalid, match=r"a\.png is damaged"):
        await Looks().still(HeldBytes(picture()[:300], "a.png"))


async def test_a_picture_that_wants_too_much_memory_ends_its_child_alone() -> None:
    """64 million pixels, all of them there, where only 100 MB may be used."""
    out = io.BytesIO()
    Image.new("RGB", (8000, 8000)).save(out, "PNG")
    file = HeldBytes(out.getvalue(), "large.png")
    with pytest.raises(Invalid, match="memory"):
        await Looks(limits=Limits(memory_bytes=200 * 1024 * 1024)).still(file)
    assert 8000 == (await Looks().still(file)).width


def opened(still: Still) -> Image.Image:
    """The picture that was written anew."""
    assert still.data is not None
    return Image.open(io.BytesIO(still.data))


def noisy(width: int, height: int) -> bytes:
    """A PNG that nothing packs well."""
    out = io.BytesIO()
    Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3)).save(out, "PNG")
    return out.getvalue()


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
    assert (300, 200, ()) == (facts.width, facts.height, facts.changes)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_picture_cut_short_is_damaged(kind: str, part: float) -> None:
    """The vendor would refuse it after a wait; here it is refused at once."""
    whole = picture(kind, size=(640, 480))
    with pytest.raises(UnreadableError, match="damaged or cut short"):
        read_picture(whole[: int(len(whole) * part)])


@pytest.mark.parametrize("sides", [(8001, 8000), (60_000, 2_000), (20_000, 10_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_decoded(sides: tuple[int, int]) -> None:
    """A few bytes that promise a picture of gigabytes."""
    with pytest.raises(UnreadableError, match="8000 x 8000"):
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
    with pytest.raises(UnreadableError) as error:
        read_picture(data)
    assert words in error.value.why


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_pictures_are_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    """Whatever bytes are changed, the decoder's own errors never come through."""
    whole = bytearray(picture(data.draw(st.sampled_from(["JPEG", "PNG", "BMP", "WEBP"])), size=(40, 30), orientation=6))
    for place in data.draw(st.lists(st.integers(0, min(200, len(whole) - 1)), min_size=1, max_size=6)):
        whole[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(UnreadableError):
        assert read_picture(bytes(whole)).width > 0
