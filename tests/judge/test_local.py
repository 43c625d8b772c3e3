"""The local judge on real clips: planted faults are caught, good clips let alone, a planted order found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.judge.film import FPS, Kept, failed, film, job_of, media_of, opinion, pictures, planted, spec, still
from wanreel.domain.verdict import Review, rank, score_of
from wanreel.emulator.clips import render
from wanreel.media.source import HeldBytes

HORSE = "a white horse in a meadow, sunny day, slow push in"

SUBJECTS = (
    "a white horse in a meadow, sunny day",
    "A red sports car drives through a neon city street at night in the rain",
    "a sailing boat on the sea, sunset",
    "樱花飘落，一位白衣少女在林间行走，清晨薄雾",
    "A steaming cup of coffee on a wooden table, morning light",
    "an astronaut walks on the moon",
    "a dragon flies over misty mountains",
    "fireworks over a harbour at night",
)
CAMERAS = ("slow push in", "camera pans left", "static shot", "镜头拉远")
GOOD_T2V = [f"{subject}, {CAMERAS[(place + turn) % 4]}" for place, subject in enumerate(SUBJECTS) for turn in (0, 2)]
GOOD_I2V = [f"{words}, {camera}" for words in ("rain sets in", "falling snow") for camera in (*CAMERAS[:3], "orbit")]
GOOD_KF2V = ["day turns into night", "城市变成草原", "slow push in", "orbit", "camera pans right", "static shot"]
GOOD = [("t2v", p) for p in GOOD_T2V] + [("i2v", p) for p in GOOD_I2V] + [("kf2v", p) for p in GOOD_KF2V]


def test_there_are_thirty_good_clips() -> None:
    """As many as the promise names, in all three modes."""
    assert 30 == len(GOOD)
    assert {"t2v", "i2v", "kf2v"} == {mode for mode, _ in GOOD}


@pytest.mark.parametrize(("mode", "prompt"), GOOD)
async def test_a_good_clip_is_let_alone(mode: str, prompt: str, tmp_path: Path) -> None:
    """No check fails on what the emulator makes of a wish, in any mode."""
    kept = Kept(tmp_path)
    frames: dict[str, bytes] = {}
    if mode != "t2v":
        frames["first_frame"] = still("a red car in the city at night")
    if mode == "kf2v":
        frames["last_frame"] = still("a white horse in a meadow with blue flowers, day")
    clip = render(
        spec(prompt, 11, mode=mode, first_image=frames.get("first_frame"), last_image=frames.get("last_frame"))
    )
    said = await opinion(job_of(prompt, mode=mode, media=media_of(kept, **frames)), clip, kept)
    assert [] == failed(said), said
    assert set(frames) <= {check.name for check in said.checks}


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("black", "black"),
        ("black beginning", "black"),
        ("frozen", "frozen"),
        ("frozen end", "frozen"),
        ("cut", "cut"),
        ("wrong size", "size"),
        ("short", "length"),
    ],
)
async def test_a_planted_fault_is_caught(kind: str, check: str, tmp_path: Path) -> None:
    """A spoilt clip fails the check that is for its fault, and no other of those."""
    clip = planted(kind, render(spec(HORSE)))
    said = await opinion(job_of(HORSE), clip, Kept(tmp_path))
    assert check in failed(said)
    assert set(failed(said)) <= {check, "camera"}, "nothing else is said of it"


async def test_a_clip_that_misses_its_last_frame_is_caught(tmp_path: Path) -> None:
    """kf2v that ends with another picture than the one given fails for its last frame, not for its first."""
    first, last = still("a red car in the city at night"), still("a white horse in a meadow with blue flowers, day")
    clip = render(spec("slow push in", mode="kf2v", first_image=first, last_image=first))
    kept = Kept(tmp_path)
    media = media_of(kept, first_frame=first, last_frame=last)
    said = await opinion(job_of("slow push in", mode="kf2v", media=media), clip, kept)
    assert ["last_frame"] == [name for name in failed(said) if name != "camera"]


async def test_a_clip_that_begins_with_another_picture_is_caught(tmp_path: Path) -> None:
    """i2v that does not begin with its picture fails for its first frame."""
    clip = render(spec("a sailing boat on the sea, sunset"))
    kept = Kept(tmp_path)
    media = media_of(kept, first_frame=still("a red car in the city at night"))
    said = await opinion(job_of("slow push in", mode="i2v", media=media), clip, kept)
    assert "first_frame" in failed(said)


async def test_several_shots_are_no_fault_where_they_were_asked_for(tmp_path: Path) -> None:
    """A cut is fine in a clip whose prompt names its shots."""
    prompt = "Shot 1 [0-1s]: a white horse in a meadow. Shot 2 [1-2s]: a sailing boat at night."
    said = await opinion(job_of(prompt), planted("cut", render(spec(HORSE))), Kept(tmp_path))
    assert "cut" not in failed(said)


async def test_a_flash_is_no_cut(tmp_path: Path) -> None:
    """Two bright pictures, with the same shot before and after them, are lightning."""
    shots = pictures(render(spec(HORSE)))
    shots[20] = shots[21] = (shots[20] // 4 + 190).astype("uint8")
    assert "cut" not in failed(await opinion(job_of(HORSE), film(shots), Kept(tmp_path)))


async def test_another_rate_is_told(tmp_path: Path) -> None:
    """Pictures at another rate than the model makes are a warning."""
    shots = pictures(render(spec(HORSE)))
    said = await opinion(job_of(HORSE), film(shots[: len(shots) // 2], FPS // 2), Kept(tmp_path))
    assert "fps" in failed(said)


async def test_what_is_no_clip_is_an_opinion(tmp_path: Path) -> None:
    """Bytes that do not play are judged unreadable, not refused."""
    said = await opinion(job_of(HORSE), b"<html>gone</html>", Kept(tmp_path))
    assert ["readable"] == failed(said)


@pytest.mark.parametrize(
    ("asked", "made"),
    [("slow push in", "pull back"), ("camera pans left", "pan right"), ("tilt up", "tilt down")],
)
async def test_a_camera_that_does_the_contrary_is_told(asked: str, made: str, tmp_path: Path) -> None:
    """The measured movement is held against the prompt's camera slot."""
    wrong = await opinion(
        job_of(f"a white horse in a meadow, {asked}"), render(spec(f"a horse, {made}")), Kept(tmp_path)
    )
    right = await opinion(
        job_of(f"a white horse in a meadow, {asked}"), render(spec(f"a horse, {asked}")), Kept(tmp_path)
    )
    assert "camera" in failed(wrong)
    assert "camera" not in failed(right)


async def test_ranking_agrees_with_a_planted_order(tmp_path: Path) -> None:
    """Right, then the wrong camera, then a cut, then short and black: the order they were planted in."""
    good = render(spec(HORSE))
    clips = {
        "right": good,
        "wrong camera": render(spec("a white horse in a meadow, sunny day, pull back")),
        "cut": planted("cut", good),
        "short and black": film([shot // 16 for shot in pictures(good)][:FPS]),
    }
    reviews: dict[str, Review] = {}
    for name, clip in clips.items():
        said = await opinion(job_of(HORSE), clip, Kept(tmp_path))
        reviews[name] = Review(name, 0.0, score_of([said]), (said,))
    assert list(clips) == [one.job_id for one in rank(sorted(clips), reviews)]


async def test_a_picture_is_read_upright_and_grey(tmp_path: Path) -> None:
    """What clips are compared with comes from the child, at most as wide as asked."""
    from wanreel.media.looks import Looks

    frame = await Looks().pixels(HeldBytes(still("a red car in the city"), "still.png"), 64)
    assert (64, 1) == (frame.width, frame.channels)
    assert frame.width * frame.height == len(frame.pixels)
