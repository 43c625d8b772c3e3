"""The field's terms by slot, in English and Chinese, each with its one-line meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import cast

from wanreel.prompt.lexicon import table
from wanreel.prompt.slots import ORDER, Language


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a slot."""

    slot: str
    en: str
    zh: str
    meaning: str

    def of(self, language: Language) -> str:
        """The term in a language."""
        return self.zh if language == "zh" else self.en


@cache
def terms() -> tuple[Term, ...]:
    """Every term, slots in the order of a prompt."""
    found: list[Term] = []
    for slot in ORDER:
        for en, rest in cast("dict[str, str]", table("vocabulary")[slot]["terms"]).items():
            zh, meaning = (part.strip() for part in rest.split("|", 1))
            found.append(Term(slot, en, zh, meaning))
    return tuple(found)


@cache
def titles() -> dict[str, str]:
    """What each slot is called."""
    return {slot: str(table("vocabulary")[slot]["title"]) for slot in ORDER}


@cache
def term_of(words: str) -> Term | None:
    """The term with these words in either language, if it is one."""
    return _by_words().get(words.strip().lower())


@cache
def _by_words() -> dict[str, Term]:
    return {word.lower(): term for term in reversed(terms()) for word in (term.zh, term.en)}


@cache
def signs() -> dict[str, re.Pattern[str]]:
    """How each slot is told from a part's words."""
    return {slot: re.compile(str(table("vocabulary")[slot]["also"]), re.IGNORECASE) for slot in ORDER}
