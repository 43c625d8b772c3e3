"""Prompts with variables: the ones that ship, and those a user saves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

from wanreel.domain.errors import Invalid, Problem
from wanreel.prompt.lexicon import table
from wanreel.prompt.slots import Language

_VARIABLE = re.compile(r"\{([^\W\d]\w*)\}")
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt with `{variables}`. An empty `zh` or `en` says that it exists in one language only."""

    name: str
    kind: str
    mode: str
    en: str = ""
    zh: str = ""

    def text(self, language: Language) -> str:
        """Its words in a language, or in the one it has."""
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)

    @property
    def variables(self) -> tuple[str, ...]:
        """What must be given, in order."""
        return tuple(dict.fromkeys(_VARIABLE.findall(f"{self.en} {self.zh}")))

    def fill(self, values: Mapping[str, str], language: Language = "en") -> str:
        """The prompt. Raises Invalid naming every variable that is missing or unknown."""
        needed = set(_VARIABLE.findall(self.text(language)))
        problems = [
            Problem(name, f"template {self.name} needs it: give {name}=WORDS") for name in sorted(needed - set(values))
        ]
        problems += [
            Problem(name, f"template {self.name} has no such variable; it has {', '.join(self.variables)}")
            for name in sorted(set(values) - set(self.variables))
        ]
        if problems:
            raise Invalid("", tuple(problems))
        return _VARIABLE.sub(lambda m: values[m[1]], self.text(language))


def unfillable(text: str) -> tuple[str, ...]:
    """What stands in braces and is no variable: nobody could ever fill it."""
    return tuple(dict.fromkeys(b for b in _BRACES.findall(text) if not _VARIABLE.fullmatch(b)))


@cache
def shipped() -> tuple[Template, ...]:
    """The templates that come with the package."""
    return tuple(Template(name=name, **cast("dict[str, str]", row)) for name, row in table("templates").items())


def parse_own(rows: Mapping[str, object]) -> tuple[Template, ...]:
    """A user's own, from the mapping a TOML reader makes. Raises Invalid listing every mistake."""
    problems: list[Problem] = []
    found: list[Template] = []
    for name, row in rows.items():
        given: dict[str, object] = dict(cast("Mapping[str, object]", row)) if isinstance(row, Mapping) else {}
        said = {key: value for key, value in given.items() if isinstance(value, str)}
        if (
            len(said) != len(given)
            or not (said.get("en") or said.get("zh"))
            or set(said) - {"kind", "mode", "en", "zh"}
        ):
            problems.append(Problem(name, "takes kind, mode, and a prompt as en or zh, all texts"))
            continue
        found.append(
            Template(name, said.get("kind", "own"), said.get("mode", "t2v"), said.get("en", ""), said.get("zh", ""))
        )
    if problems:
        raise Invalid("the saved templates cannot be read:", tuple(problems))
    return tuple(found)
