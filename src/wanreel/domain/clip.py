"""What is known of a clip once somebody has looked into it, and what a look may ask for. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


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


# --- what a page needs of a clip ------------------------------------------------------------------------------------


class Aspect(StrEnum):
    """What can be had of a finished job: the clip itself, and what is derived from it and kept beside it."""

    CLIP = "clip"
    POSTER = "poster"  # one picture, as large as the clip
    THUMBNAIL = "thumbnail"  # the same, small
    SHEET = "sheet"  # eight moments with their times, for people and judges
    SPRITE = "sprite"  # many moments in one picture, for a player's progress bar
    TRACK = "track"  # WebVTT: which part of the sprite belongs to which moment
    STILL = "still"  # the picture the clip was made from, where there was one


@dataclass(frozen=True, slots=True)
class Sprite:
    """How a sprite is laid out: cells row by row, each shown for the same part of the clip."""

    columns: int
    cells: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Derived:
    """One file made from a clip, before it is kept."""

    aspect: Aspect
    media_type: str
    data: bytes = field(repr=False)
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Views:
    """All that a page needs of a clip, made in one look."""

    facts: ClipFacts
    sprite: Sprite
    files: tuple[Derived, ...]


def track(sprite: Sprite, duration_s: float, picture: str) -> str:
    """The WebVTT text that says which cell of the sprite, found at the link `picture`, belongs to which moment."""
    lines = ["WEBVTT", ""]
    for cell in range(sprite.cells):
        begin, end = (_clock(duration_s * place / sprite.cells) for place in (cell, cell + 1))
        row, column = divmod(cell, sprite.columns)
        box = f"{column * sprite.width},{row * sprite.height},{sprite.width},{sprite.height}"
        lines += [f"{begin} --> {end}", f"{picture}#xywh={box}", ""]
    return "\n".join(lines)


def _clock(at_s: float) -> str:
    milliseconds = round(at_s * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


# --- stills ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fit:
    """What a still may be at most; one that is more is made smaller."""

    side_min: int
    side_max: int
    bytes_max: int
    alpha: bool  # whether transparency may stay


@dataclass(frozen=True, slots=True)
class Still:
    """A picture that decodes to its end, as one sees it. `data` is set where it had to be written anew: turned upright,
    or made to fit; None means that the file is fine as it is.
    """

    format: str  # in Pillow's words: JPEG, PNG, BMP, WEBP
    mime: str
    width: int
    height: int
    has_alpha: bool
    data: bytes | None = field(default=None, repr=False)
    changes: tuple[str, ...] = ()  # what was done to it, in words: "turned upright", "scaled to 4000 x 3000"
