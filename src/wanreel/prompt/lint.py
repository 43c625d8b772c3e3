"""The lint: one prompt and its circumstances in, findings out. Pure; a few milliseconds once the lists are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from wanreel.prompt.finding import Finding
from wanreel.prompt.gate import Doors
from wanreel.prompt.lexicon import axes
from wanreel.prompt.reading import Reading
from wanreel.prompt.rules import framing, mode, negation, writing
from wanreel.prompt.rules.advice import advice
from wanreel.prompt.rules.clash import clashes
from wanreel.prompt.rules.framing import mismatches
from wanreel.prompt.rules.length import too_long
from wanreel.prompt.rules.mode import wrong_modes
from wanreel.prompt.rules.named import named
from wanreel.prompt.rules.negation import negations, spans
from wanreel.prompt.rules.subjects import crowded
from wanreel.prompt.rules.writing import scripts

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Soft hyphens, joiners, marks of direction: they print as nothing."""

_FIRST = "A dog in Paris runs, no text"
"""Any prompt will do: it is read by every rule."""

CHARS_MAX = 1500
"""What wan2.5 and 2.6 read (FS §2.1); other models say theirs."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A prompt and what it is for. `chars_max` is the limit it is judged by, `official_max` one of the model behind."""

    prompt: str
    mode: str | None = "t2v"
    size: str | None = None
    duration_s: int = 5
    chars_max: int = CHARS_MAX
    official_max: int | None = None
    multi_shot: bool = False


@dataclass(frozen=True, slots=True)
class Lint:
    """What was found, in the order of the text."""

    findings: tuple[Finding, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that fired, sorted, each once."""
        return tuple(sorted({f.rule.label for f in self.findings if f.rule.label}))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings a submit would refuse."""
        return tuple(f for f in self.findings if f.rule.severity == "error")


@cache
def doors() -> Doors:
    """The gates of every pattern that waits behind one."""
    directions = (pattern for axis in axes() for value in axis.values for pattern in value.patterns)
    return Doors((*directions, *mode.PATTERNS, *framing.PATTERNS, *negation.PATTERNS, *writing.gates()))


def load() -> None:
    """Read every list now, and not when the first prompt comes: a tenth of a second, once in a process. What cuts
    Chinese into words (33 MB) still waits for the first Chinese prompt.
    """
    lint(Subject(_FIRST))


def is_loaded() -> bool:
    """Whether the lists have been read."""
    return doors.cache_info().currsize > 0


def lint(subject: Subject) -> Lint:
    """Read a prompt by every rule, as an eye reads it: signs that nobody sees hide nothing, though they are counted."""
    given = Reading(subject.prompt, doors())
    if _UNSEEN.search(subject.prompt) is None:
        found = _read(given, subject)
    else:
        places = [place for place, sign in enumerate(subject.prompt) if not _UNSEEN.match(sign)]
        seen = Reading("".join(subject.prompt[place] for place in places), doors())
        found = [_moved(finding, places) for finding in _read(seen, subject)]
    found += too_long(given, subject.chars_max, subject.official_max)
    return Lint(tuple(sorted(found, key=lambda f: (f.start, f.end, f.rule.code))))


def _read(prompt: Reading, subject: Subject) -> list[Finding]:
    names = tuple(named(prompt))
    unwanted = spans(prompt)
    return [
        *negations(prompt, unwanted),
        *crowded(prompt, names, unwanted),
        *names,
        *scripts(prompt, unwanted),
        *clashes(prompt, unwanted),
        *wrong_modes(prompt, subject.mode),
        *mismatches(prompt, subject.size),
        *advice(prompt, subject.mode, subject.duration_s, multi_shot=subject.multi_shot),
    ]


def _moved(finding: Finding, places: Sequence[int]) -> Finding:
    """At its place in the prompt as it was given."""
    start = places[finding.start] if finding.start < len(places) else (places[-1] + 1 if places else 0)
    end = places[finding.end - 1] + 1 if finding.start < finding.end <= len(places) else start
    return replace(finding, start=start, end=end)
