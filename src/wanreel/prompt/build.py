"""From slots to one prompt, in either language, for a mode; and shots of their own for models that can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wanreel.prompt.slots import MOTION, Language, Slots, comma
from wanreel.prompt.vocabulary import term_of


@dataclass(frozen=True, slots=True)
class Shot:
    """One shot of several: from and to in seconds, and what it shows."""

    start_s: int
    end_s: int
    slots: Slots


def build(slots: Slots, *, mode: str = "t2v", language: Language = "en", sound: str = "") -> str:
    """One prompt of the filled slots, in their order. Terms of the vocabulary come out in the language asked for.

    With pictures (i2v, kf2v) only action and camera are said: the picture fixes the rest (FS §12). Where neither is
    given, everything is said after all, since an empty prompt says less than a redundant one. `sound` comes last.
    """
    filled = slots.filled()
    names = [name for name in filled if mode == "t2v" or name in MOTION] or list(filled)
    mark = comma(language)
    parts = [_in(language, filled[name]) for name in names]
    if sound.strip():
        parts.append(sound.strip())
    return mark.join(parts)


def build_shots(overall: str, shots: Sequence[Shot], *, language: Language = "en") -> str:
    """A prompt of several shots: what holds for all, then each with its number and time (FS §12)."""
    lines: list[str] = []
    for number, shot in enumerate(shots, 1):
        said = build(shot.slots, language=language)
        head = (
            f"第{number}个镜头[{shot.start_s}-{shot.end_s}秒]"
            if language == "zh"
            else f"Shot {number} [{shot.start_s}-{shot.end_s}s]:"
        )
        lines.append(f"{head}{'' if language == 'zh' else ' '}{said}")
    lead = "生成多镜头视频。" if language == "zh" else "Generate a multi-shot video. "
    stop = "。" if language == "zh" else ". "
    return lead + stop.join([overall.strip().rstrip("。."), *lines] if overall.strip() else lines)


def _in(language: Language, part: str) -> str:
    """A part in a language: terms of the vocabulary translated, other words left as they are."""
    mark = comma(language)
    pieces = [piece.strip() for piece in part.replace("，", ",").split(",")]
    said: list[str] = []
    for piece in pieces:
        term = term_of(piece)
        said.append(term.of(language) if term else piece)
    return mark.join(said)
