"""WAV and MP3 are known by their content."""

import io
import struct

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inputs.pictures import mp3, picture, wav
from wanreel.inputs.sound import Sound, read_sound


@pytest.mark.parametrize(
    ("data", "sound"),
    [
        (wav(), Sound("WAV", "audio/wav")),
        (mp3(), Sound("MP3", "audio/mpeg")),
        (mp3(tag=bytes(300)), Sound("MP3", "audio/mpeg")),
        (b"\xff\xf3\x40\xc4" + bytes(100) + b"\xff\xf3\x40\xc4", Sound("MP3", "audio/mpeg")),  # MPEG-2, 32 kbit/s
        (wav()[:12] + struct.pack("<4sI", b"LIST", 3) + bytes(4) + wav()[12:], Sound("WAV", "audio/wav")),
    ],
)
def test_a_sound_is_recognised(data: bytes, sound: Sound) -> None:
    """With and without tags and other chunks before the sound."""
    assert sound == read_sound(data)


def test_what_an_encoder_writes_is_recognised() -> None:
    """A real MP3, with the tags its encoder adds."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44100), dtype=np.int16), format="s16", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert Sound("MP3", "audio/mpeg") == read_sound(out.getvalue())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        wav()[:20],
        wav(0),
        b"RIFF\4\0\0\0WAVE",
        b"RIFF\4\0\0\0AVI ",
        mp3(1),
        mp3(tag=bytes(300))[:200],
        b"\xff\xf1\x50\x80" * 300,  # AAC
        b"\xff\xfb\xf0\x00" * 300,
        picture("JPEG"),
        picture("WEBP"),
        bytes(1000),
    ],
)
def test_what_is_no_sound_is_not_taken_for_one(data: bytes) -> None:
    """Other formats, headers without sound, and one frame by chance."""
    assert read_sound(data) is None


@given(st.sampled_from([b"", b"RIFF\4\0\0\0WAVE", b"ID3", b"\xff\xfb\x90\x00"]), st.binary(max_size=100))
def test_any_bytes_get_an_answer(start: bytes, rest: bytes) -> None:
    """No bytes raise."""
    assert read_sound(start + rest) is None or start
