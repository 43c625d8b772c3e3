"""Longer than the model reads, and long enough to be worth shortening."""

from __future__ import annotations

from collections.abc import Iterator

from wanreel.prompt.finding import CUT_BY_MODEL, LONG, TOO_LONG, Finding
from wanreel.prompt.reading import Reading

LONG_SHARE = 0.75


def too_long(prompt: Reading, chars_max: int, official_max: int | None = None) -> Iterator[Finding]:
    """The part past the limit. The vendor cuts it off without a word (FS §2), so it is an error."""
    length = len(prompt.text)
    if length > chars_max:
        words = (
            f"{length} characters; the model reads {chars_max} and drops the rest. Shorten it by {length - chars_max}."
        )
        yield Finding(TOO_LONG, chars_max, length, words)
        return
    if official_max is not None and length > official_max:
        words = f"{length} characters; the official model behind this name reads {official_max} and drops the rest."
        yield Finding(CUT_BY_MODEL, official_max, length, words)
    elif length > chars_max * LONG_SHARE:
        shorter = _shorter(prompt, int(chars_max * LONG_SHARE))
        yield Finding(
            LONG,
            0,
            length,
            f"{length} of {chars_max} characters. The last sentences count least; a shorter one: {shorter}",
        )


def _shorter(prompt: Reading, room: int) -> str:
    """Whole sentences from the start, as many as fit; a proposal, never applied."""
    end = max((prompt.text.rfind(mark, 0, room) for mark in ".。!！?？;；,，"), default=-1)
    return prompt.text[: end + 1 if end > 0 else room].strip()
