"""Specs, stills and looks at clips for the tests of this room."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wanreel.emulator.clips import ClipSpec

SIZE = (160, 96)
Pixels = NDArray[np.float32]

BASE = ClipSpec(
    mode="t2v",
    width=SIZE[0],
    height=SIZE[1],
    fps=10,
    duration_s=0.6,
    prompt="A red fox runs through a snowy forest at sunset, camera pans right",
    seed=7,
    audio=False,
    model="wan2.6-t2v",
)


def i2v(image: bytes, **fields: Any) -> ClipSpec:
    """The base spec as image to video."""
    return replace(BASE, mode="i2v", first_image=image, **fields)


def kf2v(first: bytes, last: bytes | None, **fields: Any) -> ClipSpec:
    """The base spec from frame to frame."""
    return replace(BASE, mode="kf2v", first_image=first, last_image=last, **fields)


def still(tone: str = "teal", size: tuple[int, int] = (200, 120)) -> Image.Image:
    """A picture with a bright corner top left and a dark one bottom right, so that turns and flips show."""
    image = Image.new("RGB", size, tone)
    image.paste("white", (0, 0, size[0] // 4, size[1] // 4))
    image.paste("black", (size[0] * 3 // 4, size[1] * 3 // 4, *size))
    return image


def stored(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """The image as file bytes."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Probe:
    """What a player would learn of a clip."""

    width: int
    height: int
    fps: float
    frame_count: int
    video_s: float
    container_s: float
    video_codec: str
    pixel_format: str
    audio_codec: str | None
    audio_s: float | None
    channels: int | None
    metadata: dict[str, str]


def probe(clip: bytes) -> Probe:
    """Decodes every frame and reads the container."""
    opened: Any = av.open(io.BytesIO(clip))
    with opened as container:
        video = container.streams.video[0]
        audio = container.streams.audio[0] if container.streams.audio else None
        return Probe(
            width=video.width,
            height=video.height,
            fps=float(video.average_rate),
            frame_count=sum(1 for _ in container.decode(video)),
            video_s=float(video.duration * video.time_base),
            container_s=container.duration / 1_000_000,
            video_codec=video.codec.name,
            pixel_format=video.codec_context.pix_fmt,
            audio_codec=audio.codec.name if audio else None,
            audio_s=float(audio.duration * audio.time_base) if audio else None,
            channels=audio.channels if audio else None,
            metadata=dict(container.metadata),
        )


def frames(clip: bytes) -> list[Pixels]:
    """All frames as RGB arrays."""
    opened: Any = av.open(io.BytesIO(clip))
    with opened as container:
        return [np.asarray(frame.to_image(), np.float32) for frame in container.decode(video=0)]


def distance(one: Pixels, other: Pixels) -> float:
    """Mean difference of two pictures, 0 to 255."""
    return float(np.abs(one - other).mean())


def fitted(image: Image.Image) -> Pixels:
    """The image as RGB pixels at the size of the test clips; its shape must be theirs already."""
    return np.asarray(image.convert("RGB").resize(SIZE, Image.Resampling.BICUBIC), np.float32)


def spread_of(clip: bytes, region: Callable[[Pixels], Pixels]) -> float:
    """How far the first and the middle frame differ in a region."""
    shown = frames(clip)
    return distance(region(shown[0]), region(shown[len(shown) // 2]))
