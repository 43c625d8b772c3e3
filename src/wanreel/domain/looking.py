"""What measurements of a clip mean: which checks fail, and how well the camera did what the prompt asked. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wanreel.domain.clip import ClipFacts
from wanreel.domain.model import Model
from wanreel.domain.request import Request
from wanreel.domain.verdict import Check, Severity

BLACK_S_MAX = 0.75  # a fade from black is a style; three quarters of a second of nothing are not
FROZEN_S_MAX = 1.0
FROZEN_SHARE_MAX = 0.5  # of a clip that is short
FAITHFUL_MIN = 0.72  # likeness of a frame to the picture it should be; unlike pictures stay below 0.6
LENGTH_OFF_S = 0.35
FPS_OFF = 0.6
PIXELS_OFF = 0.12  # a tier is "close to" its pixels (FS §2.2)
_TIER_PIXELS = {"480P": 832 * 480, "720P": 1280 * 720, "1080P": 1920 * 1080}

_OBEYED_MIN = 0.4  # agreement below this is another movement than the one asked for, or none
PAN_MIN, ZOOM_MIN = 0.05, 0.06  # shares of the picture, over the whole clip, below which a camera did not move
SHAKE_MIN = 0.12  # of the path's length that leads nowhere


@dataclass(frozen=True, slots=True)
class Motion:
    """How the camera moved over the clip, in shares of the picture's width and height. `zoom` is the natural logarithm
    of how much larger things became. `path` is the whole way it went, back and forth counted.
    """

    right: float
    up: float
    zoom: float
    path: float
    sure: float  # 0 to 1: how much of the picture agrees


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured in a clip's pictures. Likeness is from 0 to 1, None where there is nothing to compare with."""

    black_s: float  # the longest stretch without a picture
    frozen_s: float  # the longest stretch in which nothing changes
    cuts_s: tuple[float, ...]  # instants at which one shot became another
    first_likeness: float | None = None
    last_likeness: float | None = None
    motion: Motion | None = None
    sharpness: float = 0.0


def as_asked(request: Request, facts: ClipFacts, model: Model | None) -> list[Check]:
    """Size, length and rate against what was asked for and what the model makes."""
    checks = [_size(request, facts, model)]
    if request.duration_s is not None and request.duration_s > 0:
        off = facts.duration_s - request.duration_s
        words = f"{facts.duration_s:.2f} s, asked were {request.duration_s} s"
        checks.append(Check("length", abs(off) <= LENGTH_OFF_S, words, figure=facts.duration_s))
    if model is not None and model.fps:
        fine = abs(facts.fps - model.fps) <= FPS_OFF
        checks.append(
            Check(
                "fps", fine, f"{facts.fps:g} pictures a second, {model.id} makes {model.fps}", Severity.WARN, facts.fps
            )
        )
    return checks


def _size(request: Request, facts: ClipFacts, model: Model | None) -> Check:
    got = f"{facts.width}*{facts.height}"
    wanted = request.size
    if wanted is None and request.resolution and request.ratio and model is not None:
        wanted = next((s.wire for s in model.sizes if (s.tier, s.ratio) == (request.resolution, request.ratio)), None)
    if wanted is not None:
        return Check("size", got == wanted, f"{got}, asked was {wanted}")
    pixels = _TIER_PIXELS.get(request.resolution or "")
    if pixels is None:
        return Check("size", None, f"{got}; no size was asked for")
    fits = abs(facts.width * facts.height / pixels - 1) <= PIXELS_OFF
    return Check("size", fits, f"{got}, asked was {request.resolution}")


def shows(request: Request, facts: ClipFacts, seen: Measures, *, multi_shot: bool) -> list[Check]:
    """Black, frozen, cut, and whether it begins and ends with the pictures that were given."""
    frozen_max = min(FROZEN_S_MAX, FROZEN_SHARE_MAX * facts.duration_s)
    checks = [
        Check("black", seen.black_s <= BLACK_S_MAX, f"black for {seen.black_s:.1f} s", figure=seen.black_s),
    ]
    if checks[0].ok:  # black is frozen, too: said once
        checks.append(
            Check("frozen", seen.frozen_s <= frozen_max, f"still for {seen.frozen_s:.1f} s", figure=seen.frozen_s)
        )
    if not multi_shot:
        at = ", ".join(f"{cut:.1f} s" for cut in seen.cuts_s[:5])
        words = f"a cut at {at}, where one shot was asked for" if seen.cuts_s else "one shot"
        checks.append(Check("cut", not seen.cuts_s, words, figure=float(len(seen.cuts_s))))
    for name, likeness, which in (
        ("first_frame", seen.first_likeness, "begins"),
        ("last_frame", seen.last_likeness, "ends"),
    ):
        if likeness is not None:
            fine = likeness >= FAITHFUL_MIN
            words = f"{which} {'' if fine else 'un'}like the picture that was given ({likeness:.2f} of 1)"
            checks.append(Check(name, fine, words, figure=likeness))
    return checks


# --- the camera -----------------------------------------------------------------------------------------------------

Wanted = tuple[str, ...]
_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # longer words first: "pull back" before "pull"
    ("still", ("static", "locked", "fixed camera", "tripod", "still camera", "camera stays", "固定镜头", "静止镜头")),
    ("in", ("push in", "push-in", "dolly in", "zoom in", "moves in", "pushes in", "zooms in", "推进", "推近", "推镜")),
    ("out", ("pull back", "pull out", "pulls back", "pulls out", "dolly out", "zoom out", "zooms out", "拉远", "拉镜")),
    ("left", ("pan left", "pans left", "truck left", "move left", "moves left", "left pan", "左摇", "左移", "向左")),
    ("right", ("pan right", "pans right", "truck right", "move right", "moves right", "右摇", "右移", "向右")),
    ("up", ("tilt up", "tilts up", "pedestal up", "crane up", "rises", "上摇", "上移", "上升", "仰起")),
    ("down", ("tilt down", "tilts down", "pedestal down", "crane down", "下摇", "下移", "下降")),
    ("shake", ("handheld", "hand-held", "shaky", "手持")),
)


def camera_wanted(words: str) -> Wanted:
    """The moves a prompt's camera slot asks for that can be measured, in no order; none for all others (an orbit and a
    tracking shot look like many things).
    """
    text = words.lower()
    return tuple(move for move, signs in _SIGNS if any(sign in text for sign in signs))


def camera_agreement(wanted: Wanted, motion: Motion | None) -> float | None:
    """From 0 (the contrary) to 1 (as asked); None where it cannot be told."""
    if not wanted or motion is None or motion.sure < 0.25:
        return None
    return round(min(_one(move, motion) for move in wanted), 3)


def camera_check(wanted: Wanted, motion: Motion | None, slot: str) -> Check | None:
    """Whether the camera did what the prompt's slot says."""
    agreement = camera_agreement(wanted, motion)
    if agreement is None or motion is None:
        return None
    words = f"the camera {moved(motion)}; asked was: {slot}"
    fine = True if agreement >= _OBEYED_MIN else None if _is_still(motion) else False
    return Check("camera", fine, words, Severity.WARN, agreement)


def _is_still(motion: Motion) -> bool:
    """No movement that counts. It is evidence, not a fault: over far things a camera can go a long way unseen."""
    return max(abs(motion.right) / PAN_MIN, abs(motion.up) / PAN_MIN, abs(motion.zoom) / ZOOM_MIN) < 1


def moved(motion: Motion) -> str:
    """What the camera did, in words."""
    said: list[str] = []
    if abs(motion.zoom) >= ZOOM_MIN:
        said.append("goes in" if motion.zoom > 0 else "goes back")
    if abs(motion.right) >= PAN_MIN:
        said.append("turns right" if motion.right > 0 else "turns left")
    if abs(motion.up) >= PAN_MIN:
        said.append("turns up" if motion.up > 0 else "turns down")
    return " and ".join(said) or "stays where it is"


def _one(move: str, motion: Motion) -> float:
    match move:
        case "in":
            return _grade(motion.zoom / ZOOM_MIN)
        case "out":
            return _grade(-motion.zoom / ZOOM_MIN)
        case "left":
            return _grade(-motion.right / PAN_MIN)
        case "right":
            return _grade(motion.right / PAN_MIN)
        case "up":
            return _grade(motion.up / PAN_MIN)
        case "down":
            return _grade(-motion.up / PAN_MIN)
        case "shake":
            return _grade((motion.path - math.hypot(motion.right, motion.up)) / SHAKE_MIN)
        case _:
            away = max(abs(motion.zoom) / ZOOM_MIN, abs(motion.right) / PAN_MIN, abs(motion.up) / PAN_MIN)
            return 1 - _grade(away - 1.0)


def _grade(times: float) -> float:
    """How plainly something happened, by how many times the least that counts: 0.5 at once, nearly 1 at four times."""
    return 1 / (1 + math.exp(-1.6 * (times - 1.0)))
