"""Where the camera is: a smooth path over the clip, by the prompt's word for it."""

import math
from dataclasses import dataclass

DEFAULT = "drift"


@dataclass(frozen=True, slots=True)
class View:
    """`x`, `y` from -1 to 1 (right, up); `zoom` 1 shows all, above 1 a part, below 1 more than all.

    What lies at depth `pivot` keeps its place when `x` changes: 0 for a camera that pans, 1 for one that goes round
    the subject.
    """

    x: float
    y: float
    zoom: float
    pivot: float = 0.0


def ease(share: float) -> float:
    """0 to 1, slow at both ends."""
    return share * share * (3 - 2 * share)


def view(move: str, share: float) -> View:
    """The camera at `share` (0..1) of a clip with the camera word `move` (see words.CAMERAS)."""
    soft, around = ease(share), 2 * math.pi * share
    match move:
        case "push in":
            return View(0, 0, 1 + 0.34 * soft)
        case "pull back":
            return View(0, 0, 1.34 - 0.34 * soft)
        case "orbit":
            return View(1.3 * math.sin(around), 0.1 * math.sin(2 * around), 1.05 - 0.05 * math.cos(around), 1.0)
        case "pan left":
            return View(1 - 2 * soft, 0, 1)
        case "pan right":
            return View(2 * soft - 1, 0, 1)
        case "tilt up":
            return View(0, 2 * soft - 1, 1)
        case "tilt down":
            return View(0, 1 - 2 * soft, 1)
        case "handheld":
            shake = 0.16 * math.sin(5.1 * around) + 0.1 * math.sin(8.3 * around + 1)
            return View(shake, 0.12 * math.sin(6.7 * around + 2), 1)
        case "aerial":
            return View(0.5 - soft, 0.8 - 0.6 * soft, 1)
        case "static":
            return View(0, 0, 1)
        case _:
            return View(0.6 * (soft - 0.5), 0, 1)


@dataclass(frozen=True, slots=True)
class Lean:
    """Where a camera tends to beside its move, each from -1 to 1: what tells the variants of one image apart."""

    x: float
    y: float
    zoom: float


def leave(move: str, share: float, lean: Lean) -> View:
    """A path that starts at the whole image, as i2v must: the move eases in from a standing start."""
    soft = ease(share)
    x, y = 0.34 * lean.x * soft, 0.34 * lean.y * soft
    match move:
        case "static":
            return View(x, y, 1 + 0.05 * soft)
        case "pull back":
            return View(x / 2, y / 2, 1 - (0.17 + 0.03 * lean.zoom) * soft)
        case "push in":
            return View(x, y, 1 + (0.28 + 0.08 * lean.zoom) * soft)
        case _:
            start, now = view(move, 0), view(move, share)
            zoom = 1 + (0.12 + 0.04 * lean.zoom) * soft
            return View((now.x - start.x + x) / 2, (now.y - start.y + y) / 2, zoom)


def arrive(move: str, share: float, lean: Lean) -> View:
    """A path that ends at the whole image, as the last frame must: `leave`, backwards and mirrored."""
    back = leave(move, 1 - share, lean)
    return View(-back.x, -back.y, back.zoom)
