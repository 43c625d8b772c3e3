"""What a look into somebody else's file may use before it is ended."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Each is a bar of its own; whatever meets one is refused in words that name it.

    The vendor's largest clip is 30 s of 1920 x 1080 at 30 pictures a second, its largest picture 8000 x 8000.
    """

    wall_s: float = 120.0  # of the whole look, waiting for bytes included
    cpu_s: int = 60  # of all the child's threads together
    memory_bytes: int = 1024 * _MIB  # of address space
    clip_pixels_max: int = 4096 * 4096  # of one picture of a clip
    picture_pixels_max: int = 8000 * 8000  # of a still
    frames_max: int = 7200  # pictures decoded: two minutes at 60 a second
    read_bytes_max: int = 512 * _MIB  # of the file, read again or not
    answer_bytes_max: int = 128 * _MIB  # of what comes back


LIMITS = Limits()
PROBE = Limits(wall_s=30.0, cpu_s=10, read_bytes_max=64 * _MIB, answer_bytes_max=_MIB)
