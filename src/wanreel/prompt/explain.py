"""From a prompt back to its slots, where commas make it plain; every word is kept, order aside."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wanreel.prompt.slots import ORDER, Slots, comma, language_of
from wanreel.prompt.vocabulary import signs, term_of

# Which slot speaks first for a part that several could claim.
_CLAIM = ("quality", "camera", "shot", "lighting", "style", "subject", "action", "setting")
_COMMA = re.compile(r"(?<!\d),\s*|,\s+|，\s*|[。；;]\s*|\.\s+(?=[A-Z])|\n+")


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a prompt and the slot it speaks for; `meaning` where it is a term of the vocabulary."""

    text: str
    slot: str
    meaning: str = ""


def parts(prompt: str) -> tuple[Part, ...]:
    """The pieces between commas, each with its slot; the first that is nothing else is the subject."""
    found: list[Part] = []
    pieces = [piece.strip() for piece in _COMMA.split(prompt.strip().rstrip("。."))]
    known = {"subject": False}
    for number, piece in enumerate(p for p in pieces if p):
        term = term_of(piece)
        slot = term.slot if term else _slot(piece, first=number == 0, has_subject=known["subject"])
        known["subject"] = known["subject"] or slot == "subject"
        found.append(Part(piece, slot, term.meaning if term else ""))
    return tuple(found)


def explain(prompt: str) -> Slots:
    """The prompt's slots; pieces of one slot stay in their order."""
    by_slot: dict[str, list[str]] = {slot: [] for slot in ORDER}
    for part in parts(prompt):
        by_slot[part.slot].append(part.text)
    mark = comma(language_of(prompt))
    return Slots(**{slot: mark.join(pieces) for slot, pieces in by_slot.items()})


def _slot(piece: str, *, first: bool, has_subject: bool) -> str:
    claims = [slot for slot in _CLAIM if signs()[slot].search(piece)]
    starts = re.match(r"(?:an?|the|one|two|three) |一", piece, re.IGNORECASE) is not None
    if starts and not has_subject and "camera" not in claims and not (first and "shot" in claims):
        return "subject"
    if first and "shot" in claims:
        return "shot"
    if not has_subject and (not claims or claims[0] in ("action", "setting", "subject")):
        return "subject"
    if re.match(r"(?:in|on|at|inside|through|beside|next to|near|under|above|behind|against|across) ", piece):
        return "setting" if "lighting" not in claims[:1] else claims[0]
    if re.match(r"\w{3,}ing ", piece) and "camera" not in claims[:1]:
        return "action"
    if has_subject and claims[:2] == ["subject", "action"]:
        return "action"
    return claims[0] if claims else "setting"
