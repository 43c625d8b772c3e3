"""Opening a clip to look into it, within limits. Runs in the child; everything the decoder says becomes one exception.

Only MP4 is tried: letting the library guess would let a foreign file choose among a hundred parsers, some of which
follow names written in it. Only the decoders the vendor's clips need are let in.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import av
import av.subtitles.stream
from av import VideoFrame
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from wanreel.domain.clip import Frame, Sampling
from wanreel.media.limits import Limits
from wanreel.media.wants import File, UnreadableError

CODECS = frozenset({"h264", "hevc"})
_LOADED_EARLY = av.subtitles.stream  # PyAV does so at the first clip, when the child may open nothing any more
_SOUND_CODECS = ("aac", "mp3")
_BUFFER_BYTES = 256 * 1024  # one question to whoever holds the file
_TRIED_BYTES = 5_000_000  # how far the library may look for what the index does not say


@contextmanager
def opened(file: File, limits: Limits) -> Generator[tuple[InputContainer, VideoStream]]:
    """The container and its first pictures, every error of the decoder's translated, also of what is done inside.
    Raises UnreadableError.
    """
    options = {"codec_whitelist": ",".join((*sorted(CODECS), *_SOUND_CODECS)), "probesize": str(_TRIED_BYTES)}
    try:
        with av.open(file, format="mp4", metadata_errors="replace", buffer_size=_BUFFER_BYTES, options=options) as it:
            if not it.streams.video:
                raise UnreadableError("holds no pictures")
            video = it.streams.video[0]
            _allowed(video, limits)
            yield cast("InputContainer", it), video  # opened to be read
    except PermissionError:
        raise UnreadableError("holds pictures or sound of a kind that is not looked into") from None
    except FFmpegError as error:
        raise UnreadableError(f"is not a clip that can be read: {error.strerror or error}") from None


def _allowed(video: VideoStream, limits: Limits) -> None:
    context: Any = video.codec_context  # None where no decoder is known
    if context is None or context.name not in CODECS:
        kind = context.name if context is not None else "unknown"
        raise UnreadableError(f"holds pictures of a kind that is not looked into ({kind})")
    if not context.width or not context.height:
        raise UnreadableError("does not say how large its pictures are")
    if context.width * context.height > limits.clip_pixels_max:
        raise UnreadableError(f"has pictures of {context.width} x {context.height}, more than are decoded")
    context.options = {"max_pixels": str(limits.clip_pixels_max)}  # the pictures themselves may say otherwise, later
    video.thread_type = "AUTO"


def sampled(container: InputContainer, video: VideoStream, wanted: Sampling, limits: Limits) -> Iterator[VideoFrame]:
    """The pictures asked for, one at a time. Raises UnreadableError past the limit of pictures decoded."""
    frames = _Frames(container, video, limits)
    instants = _instants(container, video, wanted)
    found = False
    for frame in _spread(frames, video, instants) if wanted.count else frames.all():
        found = True
        yield frame
    if not found:
        raise UnreadableError("holds no picture that can be shown")


def scaled(frame: VideoFrame, width: int, *, grey: bool = False) -> Frame:
    """A picture's pixels, scaled down to a width, padding taken off."""
    across = min(width, frame.width)
    down = min(max(1, round(frame.height * across / frame.width)), 4 * across)
    small = frame.reformat(across, down, "gray" if grey else "rgb24", interpolation="AREA")
    channels = 1 if grey else 3
    plane = small.planes[0]
    raw, line, step = bytes(plane), across * channels, plane.line_size
    pixels = raw[: line * down] if step == line else b"".join(raw[row * step :][:line] for row in range(down))
    return Frame(float(frame.time or 0.0), across, down, channels, pixels)


class _Frames:
    """Decoding forward, jumping when told, counting all along."""

    def __init__(self, container: InputContainer, video: VideoStream, limits: Limits) -> None:
        self._container = container
        self._video = video
        self._limits = limits
        self._decoded = 0
        self._stream = container.decode(video)

    def next(self) -> VideoFrame | None:
        frame = next(self._stream, None)
        if frame is None:
            return None
        self._decoded += 1
        if self._decoded > self._limits.frames_max:
            raise UnreadableError(f"has more than {self._limits.frames_max} pictures to go through")
        if frame.width * frame.height > self._limits.clip_pixels_max:
            raise UnreadableError(f"has a picture of {frame.width} x {frame.height}, more than are decoded")
        return frame

    def all(self) -> Iterator[VideoFrame]:
        while (frame := self.next()) is not None:
            yield frame

    def jump(self, target: int) -> None:
        self._container.seek(target, stream=self._video)
        self._stream = self._container.decode(self._video)


def _spread(frames: _Frames, video: VideoStream, instants: list[int]) -> Iterator[VideoFrame]:
    """The picture shown at each of some instants.

    Decoding goes forward from picture to picture, and jumps only where a key frame lies between here and the next
    instant; a clip with one key frame is decoded once, not once for each.
    """
    shown: VideoFrame | None = None
    following = frames.next()
    for target in instants:
        key_at = _key_frame_at(video, target)
        if following is not None and key_at is not None and (following.pts or 0) < key_at:
            frames.jump(target)
            shown, following = None, frames.next()
        while following is not None and (shown is None or (following.pts or 0) <= target):
            shown, following = following, frames.next()
        if shown is None:
            return
        yield shown


def _instants(container: InputContainer, video: VideoStream, wanted: Sampling) -> list[int]:
    """In the stream's own time base."""
    start, length = video.start_time or 0, video.duration or 0
    if not length and container.duration and video.time_base:
        length = round(container.duration / av.time_base / video.time_base)
    if wanted.ends and wanted.count > 1:
        return [start + round(length * place / (wanted.count - 1)) for place in range(wanted.count)]
    middle = 0.0 if wanted.ends else 0.5
    return [start + round(length * (place + middle) / wanted.count) for place in range(wanted.count)]


def _key_frame_at(video: VideoStream, target: int) -> int | None:
    """The instant of the last key frame before `target` that the container's index knows of."""
    entries: Any = video.index_entries  # PyAV's own type hints are partial
    place: int = entries.search_timestamp(target) if len(entries) else -1
    return None if place < 0 else entries[place].timestamp
