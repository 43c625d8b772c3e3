"""Looking into clips through the child: the right facts and pictures, and words for everything that is no clip."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive.clips import FPS, FRAMES, SIDE, bare_clip, encode_clip, real_clip
from tests.media.clips import STEPS, brightening, encoded, large, with_sound
from wanreel.domain.clip import ClipFacts, Sampled, Sampling
from wanreel.domain.errors import Invalid
from wanreel.media.limits import Limits
from wanreel.media.looks import Looks
from wanreel.media.source import DiskFile, HeldBytes

GIB = 1024**3


async def facts(path: Path) -> ClipFacts:
    """What the child says of a file."""
    async with DiskFile(path) as clip:
        return await Looks().probe(clip)


async def look(path: Path, wanted: Sampling, limits: Limits | None = None) -> Sampled:
    """Pictures of a file."""
    async with DiskFile(path) as clip:
        return await Looks(limits=limits or Limits()).frames(clip, wanted)


@pytest.mark.parametrize("movflags", ["+faststart", "0", "frag_keyframe+empty_moov"])
async def test_a_clips_facts_are_those_it_was_made_with(tmp_path: Path, movflags: str) -> None:
    """Index first, last or in fragments: the same sides, rate, frames and length."""
    encode_clip(tmp_path / "clip.mp4", movflags=movflags)
    assert ClipFacts(SIDE, SIDE, float(FPS), FRAMES, FRAMES / FPS, "h264", None) == await facts(tmp_path / "clip.mp4")


async def test_sound_is_told(tmp_path: Path) -> None:
    """A clip with sound names its codec."""
    assert "aac" == (await facts(with_sound(tmp_path / "clip.mp4"))).audio


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a clip that can be read"),
        (b"<Error><Code>AccessDenied</Code></Error>", "not a clip that can be read"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n", "not a clip that can be read"),
        (real_clip()[:600], "not a clip that can be read"),
        (bare_clip(), "holds no pictures"),
    ],
)
async def test_what_is_no_clip_is_invalid(content: bytes, words: str) -> None:
    """Empty, something else, a playlist that names files, cut within the index, without pictures."""
    with pytest.raises(Invalid, match=words):
        await Looks().probe(HeldBytes(content, "clip.mp4"))


async def test_an_odd_name_is_a_name(tmp_path: Path) -> None:
    """A name that looks like a protocol is opened as the file it is."""
    path = tmp_path / "http:x 夏%20.mp4"
    path.write_bytes(real_clip())
    assert FRAMES == (await facts(path)).frames


async def test_probing_a_gigabyte_reads_a_small_part_of_it(tmp_path: Path) -> None:
    """The index at the far end of a clip of 1 GiB is found without reading what lies before it."""
    path = large(tmp_path / "clip.mp4", GIB, real_clip(movflags="0"))
    async with DiskFile(path) as clip:
        counted = Counted(clip)
        assert FRAMES == (await Looks().probe(counted)).frames
        assert (GIB, True) == (counted.size_bytes, counted.read_bytes < 2 * 1024 * 1024)
        assert 3 == len((await Looks().frames(counted, Sampling(count=3))).frames)
        assert counted.read_bytes < 8 * 1024 * 1024


class Counted:
    """A file that counts what is read of it."""

    def __init__(self, inner: DiskFile) -> None:
        self._inner = inner
        self.read_bytes = 0
        self.name = inner.name
        self.size_bytes = inner.size_bytes

    async def read(self, start: int, size: int) -> bytes:
        self.read_bytes += size
        return await self._inner.read(start, size)


@pytest.mark.parametrize("key_every", [1, 3, 250])
async def test_pictures_are_evenly_spaced_in_time(tmp_path: Path, key_every: int) -> None:
    """Eight of 32 pictures: the third of each four, whether found by jumping or by decoding on."""
    found = await look(brightening(tmp_path / "clip.mp4", key_every), Sampling(count=8, width=32))
    assert [8 * (4 * place + 2) for place in range(8)] == pytest.approx(shades(found), abs=4)
    assert {(32, 24, 3)} == {(f.width, f.height, f.channels) for f in found.frames}


async def test_the_ends_are_the_first_and_the_last_picture(tmp_path: Path) -> None:
    """With `ends`, three pictures are the very first, the middle and the very last."""
    found = await look(brightening(tmp_path / "clip.mp4", 250), Sampling(count=3, width=16, ends=True))
    assert [0, 8 * STEPS // 2, 8 * (STEPS - 1)] == pytest.approx(shades(found), abs=4)
    assert [0.0, 2.0, 3.875] == [f.at_s for f in found.frames]


async def test_every_picture_once_and_grey(tmp_path: Path) -> None:
    """A count of 0 gives them all in order; grey is one byte a pixel, its padding taken off."""
    found = await look(brightening(tmp_path / "clip.mp4", 250), Sampling(count=0, width=33, grey=True))
    assert [8 * n for n in range(STEPS)] == pytest.approx(shades(found), abs=4)
    assert {(33, 25, 1, 33 * 25)} == {(f.width, f.height, f.channels, len(f.pixels)) for f in found.frames}


async def test_a_clip_shorter_than_asked_repeats_pictures_and_is_not_blown_up(tmp_path: Path) -> None:
    """Three pictures fill eight places, at their own size."""
    encode_clip(tmp_path / "clip.mp4", frames=3)
    found = await look(tmp_path / "clip.mp4", Sampling(count=8, width=320))
    assert (8, {(64, 64)}) == (len(found.frames), {(f.width, f.height) for f in found.frames})


async def test_only_the_vendors_codecs_are_decoded(tmp_path: Path) -> None:
    """An MP4 of another codec is refused by its name, before any of it is decoded."""
    path = encoded(tmp_path / "clip.mp4", "mpeg4", (64, 64))
    with pytest.raises(Invalid, match="kind that is not looked into"):
        await facts(path)


async def test_what_cannot_be_asked_is_said(tmp_path: Path) -> None:
    """Too many, too wide."""
    clip = HeldBytes(real_clip(), "clip.mp4")
    for wanted in (Sampling(count=1001), Sampling(count=-1), Sampling(width=0), Sampling(width=4097)):
        with pytest.raises(Invalid, match="at most"):
            await Looks().frames(clip, wanted)


def shades(found: Sampled) -> list[int]:
    """The brightness in the middle of each picture."""
    return [f.pixels[(f.height // 2 * f.width + f.width // 2) * f.channels] for f in found.frames]
