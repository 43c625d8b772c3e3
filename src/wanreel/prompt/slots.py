"""The eight parts of a prompt, and how they are put together in either language."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Literal

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Slots:
    """A prompt by its parts, in the order they are written. A part may hold several pieces, joined by commas."""

    shot: str = ""
    subject: str = ""
    action: str = ""
    setting: str = ""
    lighting: str = ""
    camera: str = ""
    style: str = ""
    quality: str = ""

    def filled(self) -> dict[str, str]:
        """The parts that say something, in order."""
        return {name: part for name in ORDER if (part := getattr(self, name).strip())}


ORDER = tuple(f.name for f in fields(Slots))
MOTION = ("action", "camera")
"""All an input picture leaves open: it fixes subject, setting and style itself (FS §12)."""

_HAN = re.compile(r"[\u3400-\u9fff]")


def language_of(text: str) -> Language:
    """Chinese where a fifth or more of the letters are; a single quoted word does not change it."""
    letters = [c for c in text if c.isalpha()]
    return "zh" if letters and sum(bool(_HAN.match(c)) for c in letters) * 5 >= len(letters) else "en"


def comma(language: Language) -> str:
    """What stands between two parts."""
    return "，" if language == "zh" else ", "
