"""What the lint is asked about, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from wanreel.prompt.finding import Finding

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
