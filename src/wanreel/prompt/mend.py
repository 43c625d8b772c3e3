"""Apply the safe fixes: flagged spans go, what they say moves into the negative prompt. Nothing else changes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wanreel.prompt.lint import lint
from wanreel.prompt.subject import Lint, Subject

NEGATIVE_CHARS_MAX = 500
"""FS §2: longer negative prompts are cut off; what has no room stays where it was."""

_BETWEEN = re.compile(r"[,，、;；]")


@dataclass(frozen=True, slots=True)
class Mended:
    """A prompt after its safe fixes, and what the negative prompt says now."""

    prompt: str
    negative_prompt: str
    removed: tuple[str, ...] = ()


def mend(
    subject: Subject,
    negative_prompt: str = "",
    *,
    found: Lint | None = None,
    negative_chars_max: int | None = NEGATIVE_CHARS_MAX,
) -> Mended:
    """Move what should not appear to the negative prompt. `negative_chars_max` None: the model has none, nothing moves.

    Doing it again changes nothing: what was moved is no longer found.
    """
    if negative_chars_max is None:
        return Mended(subject.prompt, negative_prompt)
    prompt, negative = subject.prompt, negative_prompt
    gone: list[str] = []
    spans: list[tuple[int, int]] = []
    for finding in (found or lint(subject)).findings:
        if finding.fix is None:
            continue
        grown = _join(negative, finding.fix.negative)
        if len(grown) > negative_chars_max or _would_empty(prompt, [*spans, (finding.start, finding.end)]):
            continue
        negative = grown
        spans.append((finding.start, finding.end))
        gone.append(prompt[finding.start : finding.end])
    for start, end in sorted(spans, reverse=True):
        prompt = prompt[:start] + prompt[end:]
    return Mended(prompt, negative, tuple(gone))


def _join(negative: str, more: str) -> str:
    if not negative:
        return more
    said = {item.strip().lower() for item in _BETWEEN.split(negative)}
    new = [item for item in _BETWEEN.split(more) if item.strip().lower() not in said]
    if not new:
        return negative
    mark = "，" if any("\u3400" <= c <= "\u9fff" for c in more) else ", "
    return (
        negative + mark + (more if len(new) == len(_BETWEEN.split(more)) else mark.join(item.strip() for item in new))
    )


def _would_empty(prompt: str, spans: list[tuple[int, int]]) -> bool:
    kept = len(prompt) - sum(end - start for start, end in spans)
    return kept < 2
