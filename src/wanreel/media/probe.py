"""What a clip is, read from its container without decoding: sides, rate, frames, length, codec, sound. In the child."""

from __future__ import annotations

from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from wanreel.domain.clip import ClipFacts

_COUNTED_BYTES_MAX = 64 * 1024 * 1024  # a clip in fragments says nowhere how many pictures it has; small ones are read


def facts_of(container: InputContainer, video: VideoStream) -> ClipFacts:
    """Facts of the first pictures in an opened clip."""
    fps = float(video.average_rate or video.guessed_rate or 0)
    duration_s = _duration_s(container, video)
    frames = video.frames
    if not frames and container.size <= _COUNTED_BYTES_MAX:
        frames = sum(1 for packet in container.demux(video) if packet.size)
        container.seek(0, stream=video)
    sound: Any = next(iter(container.streams.audio), None)
    return ClipFacts(
        width=video.codec_context.width,
        height=video.codec_context.height,
        fps=fps,
        frames=frames or round(duration_s * fps),
        duration_s=duration_s or (frames / fps if fps else 0.0),
        codec=video.codec_context.name,
        audio=_sound_name(sound) if sound is not None else None,
    )


def _sound_name(sound: Any) -> str:
    return sound.codec_context.name if sound.codec_context is not None else "unknown"  # no decoder is known


def _duration_s(container: InputContainer, video: VideoStream) -> float:
    if video.duration and video.time_base:
        return float(video.duration * video.time_base)
    return container.duration / av.time_base if container.duration else 0.0
