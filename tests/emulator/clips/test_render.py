"""Rendered clips, probed as a player would: size, length, codecs, determinism, and what a prompt may contain."""

import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.emulator.clips.pictures import BASE, distance, frames, i2v, kf2v, probe, still, stored
from wanreel.emulator.clips import ClipSpec, contact_sheet, render, render_to


@pytest.mark.parametrize(
    ("width", "height", "fps", "duration_s", "count"),
    [
        (160, 96, 30, 1.0, 30),
        (96, 160, 24, 0.5, 12),
        (112, 112, 16, 0.75, 12),
        (166, 94, 30, 0.1, 3),
        (160, 96, 30, 0.04, 1),
    ],
)
@pytest.mark.parametrize("audio", [False, True])
def test_a_clip_has_the_size_rate_and_length_that_were_asked(
    width: int, height: int, fps: int, duration_s: float, count: int, *, audio: bool
) -> None:
    """Width, height, fps, frame count and duration are exact, with sound and without."""
    spec = replace(BASE, width=width, height=height, fps=fps, duration_s=duration_s, audio=audio)
    got = probe(render(spec))
    assert (width, height, fps, count) == (got.width, got.height, got.fps, got.frame_count)
    assert got.video_s == pytest.approx(count / fps, abs=1e-6)
    assert got.container_s == pytest.approx(count / fps, abs=2e-3)


def test_a_clip_is_h264_with_its_index_first() -> None:
    """Video is H.264 in yuv420p, and a player meets `moov` before `mdat`."""
    clip = render(BASE)
    got = probe(clip)
    assert ("h264", "yuv420p") == (got.video_codec, got.pixel_format)
    assert -1 < clip.index(b"moov") < clip.index(b"mdat")


def test_sound_is_aac_stereo_of_the_clip_s_length() -> None:
    """A clip with audio has one stereo AAC track as long as the picture."""
    got = probe(render(replace(BASE, audio=True, duration_s=1.0)))
    assert ("aac", 2) == (got.audio_codec, got.channels)
    assert got.audio_s == pytest.approx(1.0, abs=1e-3)


def test_a_silent_clip_has_no_audio_track() -> None:
    """Without audio there is no track at all, as with the vendor's silent models."""
    assert probe(render(BASE)).audio_codec is None


def test_equal_specs_give_equal_bytes(tmp_path: Path) -> None:
    """The same spec renders to the same bytes, in memory and to a file, and no time of day is written."""
    spec = replace(BASE, audio=True, watermark=True)
    once = render(spec)
    path = tmp_path / "clip.mp4"
    render_to(spec, path)
    assert once == render(spec) == path.read_bytes()
    assert "creation_time" not in probe(once).metadata


@pytest.mark.parametrize("prompt", ["a cat in a garden", "一只小猫", ""])
def test_another_seed_is_another_clip(prompt: str) -> None:
    """Two seeds differ visibly, apart from the written seed."""
    one, other = (frames(render(replace(BASE, prompt=prompt, seed=seed)))[3][40:] for seed in (1, 2))
    assert distance(one, other) > 4


def test_another_prompt_is_another_clip() -> None:
    """The picture is about the prompt: night is darker than day, the desert is not the sea."""
    day, night = (frames(render(replace(BASE, prompt=f"a beach at {hour}")))[0].mean() for hour in ("noon", "midnight"))
    assert day > night + 40
    sand, sea = (
        frames(render(replace(BASE, prompt=prompt)))[0][60:].mean(axis=(0, 1)) for prompt in ("沙漠，白天", "海底")
    )
    assert sand[0] > sand[2] + 30
    assert sea[2] > sea[0] + 30


def test_a_named_colour_is_seen() -> None:
    """A red car brings more red than a blue one, with the same seed."""
    red, blue = (frames(render(replace(BASE, prompt=f"a {name} car on a road, day")))[2] for name in ("red", "blue"))
    difference = (red - blue)[30:]
    assert difference[..., 0].max() > 100
    assert difference[..., 2].min() < -80


def test_the_picture_moves() -> None:
    """Neighbouring frames differ: nothing stands still, whatever the prompt says."""
    for prompt in ("", "static shot of a bottle", "push in on a flower", "环绕拍摄城堡"):
        shown = frames(render(replace(BASE, prompt=prompt)))
        assert all(distance(a[24:], b[24:]) > 0.05 for a, b in pairwise(shown)), prompt


@pytest.mark.parametrize(
    "move", ["pan left", "pan right", "tilt up", "orbit", "zoom out", "handheld", "航拍", "镜头推进"]
)
def test_every_camera_word_moves_the_picture_its_own_way(move: str) -> None:
    """Each camera word gives another film than a fixed camera does."""
    moved, fixed = (frames(render(replace(BASE, prompt=f"mountains, day, {word}"))) for word in (move, "static shot"))
    assert max(distance(a[30:], b[30:]) for a, b in zip(moved, fixed, strict=True)) > 1


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "   \n\t ",
        "<b>bold</b> & <script>alert(1)</script> {x} %s \\n",
        "line one\nline two\r\nline three\x00\x07\x1b[31m",
        "emoji 🐱🚀👩‍👩‍👧 ❤️ and flags 🇨🇳",
        "中文提示词：夜晚的城市，霓虹灯闪烁。「雨」——慢镜头……",
        "日本語と한국어 و العربية עברית ไทย",
        "lone \ud800 surrogate",
        "W" * 3000,
        "a long walk by the sea, " * 834,
        "很长的提示词，" * 2858,
    ],
    ids=[
        "empty",
        "blank",
        "markup",
        "controls",
        "emoji",
        "chinese",
        "scripts",
        "surrogate",
        "one-word",
        "20k",
        "20k-chinese",
    ],
)
def test_any_prompt_renders(prompt: str) -> None:
    """No prompt breaks a render, however odd or long."""
    assert 6 == probe(render(replace(BASE, prompt=prompt, watermark=True))).frame_count


def test_the_tiniest_and_the_oddest_shapes_render() -> None:
    """Sixteen pixels, and strips of eight to one either way."""
    for width, height in ((16, 16), (256, 32), (32, 256)):
        got = probe(render(replace(BASE, width=width, height=height)))
        assert (width, height) == (got.width, got.height)


def test_the_watermark_stands_bottom_right() -> None:
    """A watermark changes the lower right corner and nothing else."""
    spec = replace(BASE, width=320, height=192, duration_s=0.1)
    plain, marked = (frames(render(replace(spec, watermark=mark)))[0] for mark in (False, True))
    assert distance(plain[-30:, -70:], marked[-30:, -70:]) > 4
    assert distance(plain[:150], marked[:150]) < 1


def test_model_and_seed_are_written_on_the_clip() -> None:
    """The panel at the top changes with the model's name, the picture below it does not."""
    spec = replace(BASE, width=640, height=360, duration_s=0.1)
    one, other = (frames(render(replace(spec, model=model)))[0] for model in ("wan2.6-t2v", "wan3.0-video-prime"))
    assert distance(one[:60], other[:60]) > 1
    assert distance(one[120:320], other[120:320]) < 0.5


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"width": 161}, "width"),
        ({"height": 0}, "height"),
        ({"width": 8192}, "width"),
        ({"fps": 0}, "fps"),
        ({"duration_s": 0.0}, "duration_s"),
        ({"duration_s": 0.001}, "duration_s"),
        ({"duration_s": float("nan")}, "duration_s"),
        ({"mode": "v2v"}, "mode"),
        ({"mode": "i2v"}, "first_image"),
    ],
)
def test_an_impossible_spec_is_refused_in_words(fields: dict[str, object], word: str) -> None:
    """A spec no clip can be made of raises ValueError that names the field."""
    with pytest.raises(ValueError, match=word):
        replace(BASE, **fields)


def test_every_field_counts_in_the_key() -> None:
    """Specs that differ anywhere have different keys, equal ones the same."""
    image, other = stored(still()), stored(still("navy"))
    specs: list[ClipSpec] = [
        BASE,
        replace(BASE, width=162),
        replace(BASE, height=98),
        replace(BASE, fps=11),
        replace(BASE, duration_s=0.7),
        replace(BASE, prompt="x"),
        replace(BASE, prompt="x\ud800"),
        replace(BASE, seed=8),
        replace(BASE, audio=True),
        replace(BASE, model="m"),
        replace(BASE, watermark=True),
        i2v(image),
        i2v(other),
        kf2v(image, None),
        kf2v(image, other),
        kf2v(other, image),
    ]
    assert len(specs) == len({spec.key() for spec in specs})
    assert BASE.key() == replace(BASE).key()


def test_a_contact_sheet_shows_frames_from_first_to_last() -> None:
    """A sheet is a PNG grid whose first and last cells are the clip's first and last frames."""
    from PIL import Image

    clip = render(kf2v(stored(still("teal")), stored(still("maroon"))))
    sheet = Image.open(io.BytesIO(contact_sheet(clip, 3, 1))).convert("RGB")
    assert ((160 + 6) * 3 + 6, 96 + 12) == sheet.size
    cells = [np.asarray(sheet.crop((6 + 166 * column, 6, 166 + 166 * column, 102)), np.float32) for column in (0, 2)]
    shown = frames(clip)
    assert distance(cells[0], shown[0]) < 6
    assert distance(cells[1], shown[-1]) < 6


def test_a_contact_sheet_takes_a_path_and_more_cells_than_frames(tmp_path: Path) -> None:
    """A file works as well as bytes, and a short clip repeats its frames."""
    path = tmp_path / "clip.mp4"
    render_to(replace(BASE, duration_s=0.1), path)
    assert contact_sheet(path, 2, 2).startswith(b"\x89PNG")
