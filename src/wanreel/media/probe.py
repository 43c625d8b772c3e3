"""What a clip is, read from its container without decoding: sides, rate, frames, length, codec, sound.

Importing this loads PyAV, which is slow and large: callers import it when they need it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from wanreel.domain.errors import Invalid, NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """Facts of a clip. `audio` is the codec of its sound, None where it is silent."""

    width: int
    height: int
    fps: float
    frames: int
    duration_s: float
    codec: str
    audio: str | None


def probe(path: Path) -> ClipFacts:
    """Facts of the first pictures in a file. Raises NotFound, Unavailable (not readable), Invalid (not a clip)."""
    with opened(path) as (container, video):
        frames = video.frames or sum(1 for packet in container.demux(video) if packet.size)
        fps = float(video.average_rate or video.guessed_rate or 0)
        sound = next(iter(container.streams.audio), None)
        return ClipFacts(
            width=video.codec_context.width,
            height=video.codec_context.height,
            fps=fps,
            frames=frames,
            duration_s=_duration_s(container, video) or (frames / fps if fps else 0.0),
            codec=video.codec_context.name,
            audio=sound.codec_context.name if sound is not None else None,
        )


@contextmanager
def opened(path: Path) -> Generator[tuple[InputContainer, VideoStream]]:
    """The container and its first pictures, every error of the decoder's translated, also of what is done inside."""
    try:
        # A plain path with a colon, or "-", would be taken for a protocol.
        with av.open(f"file:{path.absolute()}", metadata_errors="replace") as container:
            if not container.streams.video:
                raise Invalid(f"{path} holds no pictures")
            yield container, container.streams.video[0]
    except FFmpegError as error:  # those that stand for the system's errors are also of Python's own kinds
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise NotFound(f"the clip {path} is not there") from None
        if isinstance(error, PermissionError | IsADirectoryError):
            raise Unavailable(f"the clip {path} cannot be read: {error.strerror}") from None
        raise Invalid(f"{path} is not a clip that can be read: {error.strerror or error}") from None


def _duration_s(container: InputContainer, video: VideoStream) -> float:
    if video.duration and video.time_base:
        return float(video.duration * video.time_base)
    return container.duration / av.time_base if container.duration else 0.0
