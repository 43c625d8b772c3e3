"""Whether two prompts are the same words: what a task told about itself, against what a call of ours sent."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher
from enum import StrEnum

CUT_MIN = 200  # characters: a shorter beginning of our prompt is another prompt, not ours cut by the vendor
NEARLY = 0.9  # as alike as this, and it may be ours, written down differently


class Words(StrEnum):
    """How a told prompt compares with ours."""

    SAME = "same"
    CLOSE = "close"  # neither clearly ours nor clearly not
    OTHER = "other"
    UNTOLD = "untold"


def compare(ours: str, told: str | None) -> Words:
    """The vendor keeps a prompt's words and may fold its spaces, recompose its letters and cut what is too long."""
    if told is None:
        return Words.SAME if not ours.strip() else Words.UNTOLD
    mine, theirs = fold(ours), fold(told)
    if mine == theirs:
        return Words.SAME
    if len(theirs) >= CUT_MIN and mine.startswith(theirs):
        return Words.SAME
    mine, theirs = _letters(mine), _letters(theirs)
    alike = SequenceMatcher(None, mine, theirs, autojunk=False)
    near = alike.real_quick_ratio() >= NEARLY and alike.quick_ratio() >= NEARLY and alike.ratio() >= NEARLY
    return Words.CLOSE if near else Words.OTHER


def fold(text: str) -> str:
    """NFC, and every run of white space as one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _letters(text: str) -> str:
    """What is left when case, punctuation, width and spaces don't count."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())
