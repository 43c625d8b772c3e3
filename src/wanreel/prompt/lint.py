"""The lint: one prompt and its circumstances in, findings out. Pure; a short prompt takes a tenth of a millisecond.

The rules are imported when the first prompt comes: their patterns and word lists take a tenth of a second each, which
a command that reads no prompt need not pay.
"""

from __future__ import annotations

from functools import cache

from wanreel.prompt.subject import Lint, Subject

_FIRST = "A dog in Paris runs, no text"
"""Any prompt will do: it is read by every rule."""


@cache
def load() -> None:
    """Bring in every rule and list now, and not when the first prompt comes; once in a process. What cuts Chinese into
    words (33 MB) still waits for the first Chinese prompt.
    """
    lint(Subject(_FIRST))


def is_loaded() -> bool:
    """Whether `load` has been through."""
    return load.cache_info().currsize > 0


def lint(subject: Subject, *, advise: bool = True) -> Lint:
    """Read a prompt by every rule, as an eye reads it: signs that nobody sees hide nothing, though they are counted.
    Without advice what has a label is found alone, in little more than half of the time.
    """
    from wanreel.prompt.judging import findings

    found = findings(subject, advise=advise)
    return Lint(tuple(sorted(found, key=lambda f: (f.start, f.end, f.rule.code))))


def shots(prompt: str) -> int:
    """How many shots a prompt tells of."""
    from wanreel.prompt.reading import Reading

    return len(Reading(prompt).shots)
