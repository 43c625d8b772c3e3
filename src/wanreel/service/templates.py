"""Prompts with variables, those that ship and those a home's users keep: the same for every face."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wanreel.domain.errors import Invalid, NotFound, Problem
from wanreel.ports.prompts import OwnTemplates
from wanreel.prompt.slots import Language, language_of
from wanreel.prompt.templates import Template, parse_own, shipped, unfillable

NAME = r"[a-z0-9][a-z0-9-]{0,63}"
CHARS_MAX = 20_000
KEPT_MAX = 1_000
MODES = ("t2v", "i2v", "kf2v")


class Templates:
    """A home's templates. Calls block for as long as a small file takes."""

    def __init__(self, own: OwnTemplates) -> None:
        self._own = own

    def all(self) -> list[Template]:
        """Those that ship, and the home's own; one of the home's stands before a shipped one of its name."""
        own = self.own()
        return [*(t for t in shipped() if t.name not in own), *own.values()]

    def own(self) -> dict[str, Template]:
        """Those the home's users keep, by name. Raises Invalid (the file cannot be read), Unavailable."""
        return {t.name: t for t in parse_own(self._own.rows())}

    def get(self, name: str) -> Template:
        """One by its name. Raises NotFound naming those there are."""
        known = {t.name: t for t in self.all()}
        if name not in known:
            raise NotFound(f"there is no template {name[:80]}; there are {', '.join(sorted(known))}")
        return known[name]

    def fill(self, name: str, values: Mapping[str, str], language: Language = "en") -> str:
        """A template's prompt. Raises NotFound, Invalid naming every variable that is missing or unknown."""
        return self.get(name).fill(values, language)

    def save(self, name: str, text: str, *, mode: str = "t2v", kind: str = "own") -> Template:
        """Keep a template; the same name again replaces it. Its language is that of its words. Raises Invalid."""
        text, kind = text.strip(), kind.strip()
        problems = [*_amiss(name, text, mode, kind)]
        if problems:
            raise Invalid("", tuple(problems))
        row: dict[str, str] = {"kind": kind, "mode": mode, language_of(text): text}

        def edit(rows: dict[str, object]) -> None:
            if name not in rows and len(rows) >= KEPT_MAX:
                raise Invalid("", (Problem("name", f"a home keeps {KEPT_MAX} templates: remove one first", name),))
            rows[name] = row
            parse_own(rows)  # one that cannot be read is not made worse

        self._own.change(edit)
        return Template(name=name, **row)

    def remove(self, name: str) -> None:
        """Forget one of the home's own. Raises NotFound; those that ship stay."""

        def edit(rows: dict[str, object]) -> None:
            if rows.pop(name, None) is None:
                raise NotFound(f"there is no template {name[:80]} among this home's own")
            parse_own(rows)

        self._own.change(edit)


def _amiss(name: str, text: str, mode: str, kind: str) -> list[Problem]:
    found: list[Problem] = []
    if not re.fullmatch(NAME, name):
        found.append(Problem("name", "takes small letters, digits and hyphens, at most 64", name))
    if not text:
        found.append(Problem("text", "say the prompt, with its {variables} in braces"))
    if len(text) > CHARS_MAX or re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", text):
        found.append(Problem("text", f"takes up to {CHARS_MAX} characters, none of them a control character"))
    if odd := unfillable(text):
        words = "a variable is one word of letters, digits and _ in braces, such as {product}"
        found.append(Problem("text", f"{words}; {odd[0][:40]} is none", odd[0][:40]))
    if mode not in MODES:
        found.append(Problem("mode", f"is one of {', '.join(MODES)}", mode))
    if not re.fullmatch(r"[\w-]{1,40}", kind):
        found.append(Problem("kind", "is one word, at most 40 letters", kind))
    return found


def template_body(template: Template, *, own: bool) -> dict[str, Any]:
    """A template's public shape."""
    return {
        "name": template.name,
        "kind": template.kind,
        "mode": template.mode,
        "own": own,
        "variables": list(template.variables),
        "en": template.en,
        "zh": template.zh,
    }
