"""Real clips over HTTP: the size, length, frame rate and sound of the model that was asked, and only those."""

from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from tests.emulator.caller import call, create, fetch
from tests.emulator.test_media import inline
from wanreel.emulator.server import Emulator


def still(colour: tuple[int, int, int]) -> str:
    """An inline 4:3 picture of one colour."""
    out = BytesIO()
    Image.new("RGB", (400, 300), colour).save(out, "PNG")
    return inline(out.getvalue())


async def clip(emulator: Emulator, body: dict[str, Any], family: str = "video-generation") -> bytes:
    """Make a clip and download it."""
    _, made = await create(emulator, json=body, family=family)
    emulator.advance(9000)
    _, done = await call(emulator, "GET", f"/tasks/{made['output']['task_id']}")
    status, data, _ = await fetch(done["output"]["video_url"])
    assert 200 == status
    return data


def measured(data: bytes) -> tuple[int, int, float, int, int]:
    """Width, height, seconds, frames a second, and how many sound tracks."""
    with av.open(BytesIO(data), "r") as film:
        video = film.streams.video[0]
        assert "h264" == video.codec_context.name
        seconds = round(float(video.duration or 0) * float(video.time_base or 0), 2)
        assert round(seconds * float(video.average_rate or 0)) == sum(1 for _ in film.decode(video))
        return video.width, video.height, seconds, int(video.average_rate or 0), len(film.streams.audio)


T3 = {"model": "wan3.0-video", "input": {"prompt": "a red fox in fresh snow"}}
CASES: dict[str, tuple[dict[str, Any], str, tuple[int, int, float, int, int]]] = {
    "t2v 3.0": (
        {**T3, "parameters": {"resolution": "480P", "ratio": "9:16", "duration": 2}},
        "video-generation",
        (480, 832, 2.0, 30, 1),
    ),
    "t2v 3.0 silent": (
        {**T3, "parameters": {"resolution": "480P", "ratio": "1:1", "duration": 3, "audio": False}},
        "video-generation",
        (624, 624, 3.0, 30, 0),
    ),
    "t2v 2.5": (
        {"model": "wan2.5-t2v-preview", "input": {"prompt": "雪地里的狐狸"}, "parameters": {"size": "832*480"}},
        "video-generation",
        (832, 480, 5.0, 24, 1),
    ),
    "i2v 2.1": (
        {
            "model": "wanx2.1-i2v-turbo",
            "input": {"prompt": "it moves", "img_url": still((200, 80, 40))},
            "parameters": {"resolution": "480P", "duration": 3},
        },
        "video-generation",
        (720, 544, 3.0, 30, 0),
    ),
    "kf2v 2.2": (
        {
            "model": "wan2.2-kf2v-flash",
            "input": {"first_frame_url": still((200, 80, 40)), "last_frame_url": still((20, 80, 140))},
            "parameters": {"resolution": "480P"},
        },
        "image2video",
        (720, 544, 5.0, 30, 0),
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_clips_are_as_asked(case: str, tmp_path: Path) -> None:
    """One clip per mode, decoded to its last frame."""
    body, family, expected = CASES[case]
    async with Emulator(virtual=True, seed=1, clips=tmp_path) as emulator:
        data = await clip(emulator, body, family)

    assert expected == measured(data)


def kept(folder: Path) -> int:
    """How many clips a folder holds."""
    return len(list(folder.glob("*.mp4")))


async def test_padding_does_not_hurt(tmp_path: Path) -> None:
    """A clip padded to 5 MB plays as before, and is taken from the cache the second time."""
    body = CASES["t2v 3.0"][0]
    async with Emulator(virtual=True, seed=1, clips=tmp_path, clip_bytes=5_000_000) as emulator:
        data = await clip(emulator, {**body, "parameters": {**body["parameters"], "seed": 5}})
        again = await clip(emulator, {**body, "parameters": {**body["parameters"], "seed": 5}})

    assert 5_000_000 == len(data)
    assert (480, 832, 2.0, 30, 1) == measured(data)
    assert data == again
    assert 1 == kept(tmp_path)
