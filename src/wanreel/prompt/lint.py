"""The lint: one prompt and its circumstances in, findings out. Pure; a few milliseconds once the lists are read."""

from __future__ import annotations

from dataclasses import dataclass
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


def lint(subject: Subject) -> Lint:
    """Read a prompt by every rule."""
    prompt = Reading(subject.prompt, doors())
    names = tuple(named(prompt))
    unwanted = spans(prompt)
    found = [
        *negations(prompt, unwanted),
        *crowded(prompt, names, unwanted),
        *names,
        *scripts(prompt, unwanted),
        *clashes(prompt, unwanted),
        *wrong_modes(prompt, subject.mode),
        *mismatches(prompt, subject.size),
        *too_long(prompt, subject.chars_max, subject.official_max),
        *advice(prompt, subject.mode, subject.duration_s, multi_shot=subject.multi_shot),
    ]
    return Lint(tuple(sorted(found, key=lambda f: (f.start, f.end, f.rule.code))))
