"""Real clips for judges: good ones from the emulator in every mode, and bad ones made to be caught."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tests.domain.catalog_file import CATALOG
from tests.factories import make_job
from wanreel.domain.job import Job, Succeeded
from wanreel.domain.request import Media, Stored
from wanreel.domain.verdict import Opinion
from wanreel.emulator.clips import ClipSpec, render
from wanreel.judge.local import LocalJudge
from wanreel.media.looks import Looks
from wanreel.media.source import HeldBytes

MODEL = "wan2.5-t2v-preview"  # 24 pictures a second
WIDTH, HEIGHT, FPS, LENGTH_S = 640, 368, 24, 2
SIZE = f"{WIDTH}*{HEIGHT}"
Picture = NDArray[np.uint8]


def spec(prompt: str, seed: int = 5, **fields: Any) -> ClipSpec:
    """What the emulator is asked for."""
    base = ClipSpec("t2v", WIDTH, HEIGHT, FPS, float(LENGTH_S), prompt, seed, audio=False, model=MODEL)
    return replace(base, **fields)


def still(prompt: str, seed: int = 3) -> bytes:
    """A picture to start from, or to end with: one of the emulator's own, without its writing."""
    image = pictures(render(spec(prompt, seed, duration_s=0.5)))[6]
    return png(image[int(HEIGHT * 0.2) : int(HEIGHT * 0.93)])


def png(image: Picture) -> bytes:
    """A picture file."""
    from PIL import Image

    paper = io.BytesIO()
    Image.fromarray(image).save(paper, "PNG")
    return paper.getvalue()


def pictures(clip: bytes) -> list[Picture]:
    """All pictures of a clip."""
    opened: Any = av.open(io.BytesIO(clip))
    with opened as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def film(shots: Iterator[Picture] | list[Picture], fps: int = FPS) -> bytes:
    """A real MP4 of these pictures."""
    paper = io.BytesIO()
    made: Any = av.open(paper, "w", format="mp4")
    with made as container:
        stream = None
        for picture in shots:
            if stream is None:
                stream = container.add_stream("libx264", rate=Fraction(fps), options={"crf": "20", "threads": "1"})
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        assert stream is not None, "a film has pictures"
        container.mux(stream.encode(None))
    return paper.getvalue()


class Kept:
    """`ports.Inputs`, of which only reading is needed: pictures by name, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, name: str, data: bytes) -> Stored:
        (self.folder / name).write_bytes(data)
        return Stored(name, "image/png", len(data), WIDTH, HEIGHT, f"{name}.png")

    def path(self, sha256: str) -> Path:
        return self.folder / sha256


def job_of(prompt: str, **request: Any) -> Job:
    """A succeeded job that asked for a clip of this file's size and length."""
    wish: dict[str, Any] = {"model": MODEL, "size": SIZE, "duration_s": LENGTH_S, "prompt": prompt, **request}
    return make_job(Succeeded, **wish)


def media_of(kept: Kept, **frames: bytes) -> tuple[Media, ...]:
    """Pictures a request names, kept."""
    return tuple(Media(role, kept.keep(role, data)) for role, data in frames.items())


async def opinion(job: Job, clip: bytes, kept: Any) -> Opinion:
    """What the local judge says."""
    judge = LocalJudge(Looks(), kept, CATALOG)
    return await judge.judge(job, HeldBytes(clip, "clip.mp4"))


def failed(said: Opinion) -> list[str]:
    """Names of the checks that found something."""
    return [check.name for check in said.checks if check.ok is False]


def planted(kind: str, good: bytes) -> bytes:
    """A good clip, spoilt."""
    return film(_SPOILT[kind](pictures(good)))


def _black(shots: list[Picture]) -> list[Picture]:
    return [np.full_like(shot, 16) for shot in shots]


def _black_beginning(shots: list[Picture]) -> list[Picture]:
    return [np.full_like(shot, 12) if place < FPS else shot for place, shot in enumerate(shots)]


def _frozen(shots: list[Picture]) -> list[Picture]:
    return [shots[0]] * len(shots)


def _frozen_end(shots: list[Picture]) -> list[Picture]:
    return [shots[min(place, len(shots) // 3)] for place in range(len(shots))]


def _cut(shots: list[Picture]) -> list[Picture]:
    other = pictures(render(spec("a sailing boat on the sea at night, fireworks", 8)))
    half = len(shots) // 2
    return [*shots[:half], *other[half:]]


def _wrong_size(shots: list[Picture]) -> list[Picture]:
    return [shot[:320, :480] for shot in shots]


def _short(shots: list[Picture]) -> list[Picture]:
    return shots[: len(shots) // 2]


_SPOILT: dict[str, Callable[[list[Picture]], list[Picture]]] = {
    "black": _black,
    "black beginning": _black_beginning,
    "frozen": _frozen,
    "frozen end": _frozen_end,
    "cut": _cut,
    "wrong size": _wrong_size,
    "short": _short,
}
