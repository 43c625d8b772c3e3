"""What a rule found in a prompt: where, why, how bad, and the change that mends it where one is safe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "advice"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the lint. `code` never changes its meaning; `label` is None for advice, which counts for nothing."""

    code: str
    label: str | None
    severity: Severity
    title: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that is safe: the finding's span goes, `negative` belongs into the negative prompt."""

    negative: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule found. `start` and `end` count code points of the prompt as it was given."""

    rule: Rule
    start: int
    end: int
    message: str
    fix: Fix | None = None


NEGATION = Rule("PL101", "negation", "warning", "what should not appear is said in the main prompt")
TOO_MANY_SUBJECTS = Rule("PL102", "too_many_subjects", "warning", "more than three main subjects")
NAMED_ENTITY = Rule("PL103", "named_entity", "warning", "a brand, a trademarked character or a real person is named")
UNSUPPORTED_SCRIPT = Rule("PL104", "unsupported_script", "warning", "on-screen text in a script other than these two")
CONTRADICTION = Rule("PL105", "contradiction", "warning", "directions that exclude each other in one shot")
WRONG_MODE = Rule("PL106", "wrong_mode", "error", "text-to-video that refers to a supplied picture or video")
ASPECT_MISMATCH = Rule("PL107", "aspect_mismatch", "warning", "the framing asked for contradicts the size")
TOO_LONG = Rule("PL108", "too_long", "error", "longer than the model reads; the rest is cut off")
EMPTY_SLOTS = Rule("PL201", None, "advice", "parts of a prompt that matter are missing")
CAMERA_FIGHT = Rule("PL202", None, "advice", "camera and subject both move fast")
MANY_ACTIONS = Rule("PL203", None, "advice", "more actions than the length has room for")
SEVERAL_SHOTS = Rule("PL204", None, "advice", "several shots for a model that makes one")
LONG = Rule("PL205", None, "advice", "long, though under the limit")
CUT_BY_MODEL = Rule("PL206", None, "advice", "the official model behind the name reads fewer characters")

RULES = (
    NEGATION,
    TOO_MANY_SUBJECTS,
    NAMED_ENTITY,
    UNSUPPORTED_SCRIPT,
    CONTRADICTION,
    WRONG_MODE,
    ASPECT_MISMATCH,
    TOO_LONG,
    EMPTY_SLOTS,
    CAMERA_FIGHT,
    MANY_ACTIONS,
    SEVERAL_SHOTS,
    LONG,
    CUT_BY_MODEL,
)
