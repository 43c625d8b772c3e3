"""Every rule over one prompt. To import this takes a tenth of a second: it brings all patterns of all rules along."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from wanreel.prompt.finding import Finding
from wanreel.prompt.gate import Doors
from wanreel.prompt.lexicon import axes
from wanreel.prompt.once import once
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
from wanreel.prompt.subject import Subject

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Soft hyphens, joiners, marks of direction: they print as nothing."""


@once
def doors() -> Doors:
    """The gates of every pattern that waits behind one."""
    directions = (pattern for axis in axes() for value in axis.values for pattern in value.patterns)
    return Doors((*directions, *mode.PATTERNS, *framing.PATTERNS, *negation.PATTERNS, *writing.gates()))


def findings(subject: Subject, *, advise: bool) -> list[Finding]:
    """What the rules find, in no order; places count in the prompt as it was given. Advice is what has no label."""
    given = Reading(subject.prompt, doors())
    if _UNSEEN.search(subject.prompt) is None:
        found = _read(given, subject, advise=advise)
    else:
        places = [place for place, sign in enumerate(subject.prompt) if not _UNSEEN.match(sign)]
        seen = Reading("".join(subject.prompt[place] for place in places), doors())
        found = [_moved(finding, places) for finding in _read(seen, subject, advise=advise)]
    found += too_long(given, subject.chars_max, subject.official_max)
    return found if advise else [finding for finding in found if finding.rule.label]


def _read(prompt: Reading, subject: Subject, *, advise: bool) -> list[Finding]:
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
        *(advice(prompt, subject.mode, subject.duration_s, multi_shot=subject.multi_shot) if advise else ()),
    ]


def _moved(finding: Finding, places: Sequence[int]) -> Finding:
    """At its place in the prompt as it was given."""
    start = places[finding.start] if finding.start < len(places) else (places[-1] + 1 if places else 0)
    end = places[finding.end - 1] + 1 if finding.start < finding.end <= len(places) else start
    return replace(finding, start=start, end=end)
