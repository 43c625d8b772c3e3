"""More than three main subjects: actors or objects that carry the action, props and scenery not counted."""

# ruff: noqa: E501 - a pattern, or a list of words, is read as one line

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wanreel.prompt.finding import TOO_MANY_SUBJECTS, Finding
from wanreel.prompt.reading import Reading, Span
from wanreel.prompt.rules import actors_chinese, actors_english
from wanreel.prompt.rules.actors_english import Actor

SUBJECTS_MAX = 3
REACH, REACH_CHINESE = 330, 120
"""How far apart, in characters, subjects still share one picture."""


def crowded(prompt: Reading, names: Sequence[Finding], unwanted: Sequence[Span]) -> Iterator[Finding]:
    """One finding over all of them, when there are more than three in one shot; `names` are those named in it."""
    everyone = [*actors_english.actors(prompt), *_named(prompt, names), *actors_chinese.actors(prompt)]
    for first, last in prompt.shots:
        found: dict[str, Actor] = {}
        taken: list[Actor] = []
        for actor in sorted((a for a in everyone if first <= a.start < last), key=lambda a: a.start):
            if any(a <= actor.start < b for a, b in unwanted) or any(
                t.start < actor.end and actor.start < t.end for t in taken
            ):
                continue
            taken.append(actor)
            found.setdefault(actor.name, actor)
        spans = _together(prompt, sorted(found.values(), key=lambda a: a.start))
        if len(spans) > SUBJECTS_MAX:
            listed = ", ".join(prompt.text[a.start : a.end] for a in spans[:8])
            words = f"{len(spans)} subjects act at once ({listed}); models lose track past {SUBJECTS_MAX}. Keep the ones that matter, or split the scene into clips."
            yield Finding(TOO_MANY_SUBJECTS, min(a.start for a in spans), max(a.end for a in spans), words)
            return


def _together(prompt: Reading, actors: list[Actor]) -> list[Actor]:
    """The actors of the fullest stretch: people met one after another through a long story do not act at once."""
    reach = REACH_CHINESE if prompt.has_chinese and len(prompt.chinese) > len(prompt.english) else REACH
    stretches = [[b for b in actors[n:] if b.start - a.start <= reach] for n, a in enumerate(actors)]
    return max(stretches, key=len) if stretches else []


def _named(prompt: Reading, names: Sequence[Finding]) -> Iterator[Actor]:
    """Somebody called by name at the start of a clause, with a verb after it."""
    for start, end in ((f.start, f.end) for f in names):
        opening = re.search(r"(?:^|[,;.:，。；：、\n]|\b(?:and|while|as|where|和|与))\s*$", prompt.lower[:start])
        if opening is not None and re.match(r" [a-z]{2,}(?:s|ing)\b(?<!ss)|[\u4e00-\u9fff]", prompt.said[end:]):
            yield Actor(prompt.lower[start:end], start, end)
