"""What is known of a clip once somebody has looked into it, and what a look may ask for. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field


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


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which pictures of a clip are wanted.

    `count` pictures, evenly spaced in time: the middles of as many equal parts of the clip or, with `ends`, the very
    first picture, the very last, and the rest between them. A clip with fewer pictures repeats some. `count` 0 is every
    picture once. Each is scaled down (never up) to at most `width` pixels across, its shape kept; `grey` asks for one
    byte a pixel instead of three.
    """

    count: int = 16
    width: int = 256
    ends: bool = False
    grey: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a clip: when it is shown, and its pixels row by row, RGB or grey, `width * height * channels`."""

    at_s: float
    width: int
    height: int
    channels: int  # 3: RGB; 1: grey
    pixels: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sampled:
    """Some pictures of a clip, in time's order, and the clip's facts."""

    facts: ClipFacts
    frames: tuple[Frame, ...]
