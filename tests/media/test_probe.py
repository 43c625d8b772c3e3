"""Facts of clips, and errors in words for what is no clip."""

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from tests.archive.clips import FPS, FRAMES, SIDE, bare_clip, encode_clip, real_clip
from wanreel.domain.errors import Invalid, NotFound, Unavailable
from wanreel.media.probe import ClipFacts, probe


@pytest.mark.parametrize("movflags", ["+faststart", "0", "frag_keyframe+empty_moov"])
def test_a_clips_facts_are_those_it_was_made_with(tmp_path: Path, movflags: str) -> None:
    """Index first, last or in fragments: the same sides, rate, frames and length."""
    encode_clip(tmp_path / "clip.mp4", movflags=movflags)
    facts = ClipFacts(SIDE, SIDE, float(FPS), FRAMES, FRAMES / FPS, "h264", None)
    assert facts == probe(tmp_path / "clip.mp4")


def test_sound_is_told(tmp_path: Path) -> None:
    """A clip with sound names its codec."""
    with av.open(tmp_path / "clip.mp4", "w") as container:
        video = container.add_stream("libx264", rate=8)
        video.width = video.height = SIDE
        sound = container.add_stream("aac", rate=44100)
        for _ in range(8):
            container.mux(video.encode(av.VideoFrame(SIDE, SIDE, "yuv420p")))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44100), dtype=np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(sound.encode(frame))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    assert "aac" == probe(tmp_path / "clip.mp4").audio


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a clip that can be read"),
        (b"<Error><Code>AccessDenied</Code></Error>", "not a clip that can be read"),
        (real_clip()[:600], "not a clip that can be read"),
        (bare_clip(), "holds no pictures"),
    ],
)
def test_what_is_no_clip_is_invalid(tmp_path: Path, content: bytes, words: str) -> None:
    """Empty, something else, cut within the index, without pictures."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=words):
        probe(path)


def test_missing_and_unreadable_are_told_apart(tmp_path: Path) -> None:
    """Nothing there, and a folder there."""
    with pytest.raises(NotFound):
        probe(tmp_path / "none.mp4")
    with pytest.raises((Unavailable, Invalid)):
        probe(tmp_path)


def test_an_odd_name_is_a_name(tmp_path: Path) -> None:
    """A name that looks like a protocol is opened as the file it is."""
    path = tmp_path / "http:x 夏%20.mp4"
    path.write_bytes(real_clip())
    assert FRAMES == probe(path).frames


def test_only_those_who_look_into_clips_load_the_decoder() -> None:
    """The room can be imported without PyAV; probing loads it."""
    loaded = "print('av' in sys.modules)"
    program = f"import sys, wanreel.media; {loaded}; import wanreel.media.probe; {loaded}"
    assert b"False\nTrue\n" == subprocess.check_output([sys.executable, "-c", program])
