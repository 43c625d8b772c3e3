"""What one clip is to be: the whole input of a render, and the content hash it is cached by."""

import hashlib
from dataclasses import dataclass, fields
from typing import Literal, get_args

Mode = Literal["t2v", "i2v", "kf2v"]

SIDE_MIN, SIDE_MAX = 16, 4096
FPS_MAX = 120
DURATION_S_MAX = 120.0

# Raised whenever the pictures drawn for an unchanged spec change, so that no cache serves yesterday's look.
LOOK = 1


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """One clip. Sizes in pixels (even: H.264 with 4:2:0 has no odd ones), images as the bytes of a picture file.

    `t2v` draws a scene, `i2v` moves `first_image`, `kf2v` goes from `first_image` to `last_image` (which may be
    missing: then it moves the first). Other families borrow one of the three looks.
    Raises ValueError, in words, for a spec no clip can be made of.
    """

    mode: Mode
    width: int
    height: int
    fps: int
    duration_s: float
    prompt: str
    seed: int
    audio: bool
    model: str
    watermark: bool = False
    first_image: bytes | None = None
    last_image: bytes | None = None

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise ValueError(f"mode {self.mode!r} is none of {', '.join(get_args(Mode))}")
        for name in ("width", "height"):
            side: int = getattr(self, name)
            if side % 2 or not SIDE_MIN <= side <= SIDE_MAX:
                raise ValueError(f"{name} {side} must be even and from {SIDE_MIN} to {SIDE_MAX}")
        if not 1 <= self.fps <= FPS_MAX:
            raise ValueError(f"fps {self.fps} must be from 1 to {FPS_MAX}")
        if not 0 < self.duration_s <= DURATION_S_MAX or self.frame_count < 1:
            raise ValueError(f"duration_s {self.duration_s} must hold a frame and be at most {DURATION_S_MAX:g}")
        if self.mode != "t2v" and self.first_image is None:
            raise ValueError(f"mode {self.mode} needs first_image")

    @property
    def frame_count(self) -> int:
        """How many frames the clip has: the nearest whole number."""
        return round(self.duration_s * self.fps)

    def key(self) -> str:
        """The content hash (hex): equal specs, equal clips; every field counts, and so does the look's version."""
        digest = hashlib.sha256(f"look {LOOK}\n".encode())
        for field in fields(self):
            value: object = getattr(self, field.name)
            data = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
            digest.update(f"{field.name} {type(value).__name__} {len(data)}\n".encode() + data)
        return digest.hexdigest()
