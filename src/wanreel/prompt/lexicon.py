"""The room's word lists, read once from the package's own data; nothing else here touches a file."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

from wanreel.prompt.gate import Gated
from wanreel.prompt.once import once

Table = dict[str, Any]


@cache
def table(name: str) -> Table:
    """A data file of this room as the mapping it holds."""
    return tomllib.loads(files("wanreel").joinpath(f"prompt/data/{name}.toml").read_text("utf-8"))


def words(text: str) -> frozenset[str]:
    """The entries of a list written with commas."""
    return frozenset(part for part in (piece.strip() for piece in re.split(r"[,\n]", text)) if part)


def plain(text: str) -> str:
    """Lower case without accents, one form of apostrophe: how English names are compared."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    return "".join(c for c in bare if not unicodedata.combining(c))


@dataclass(frozen=True)
class Names:
    """Brands, characters and people: English by their words, Chinese by their first signs."""

    english: dict[str, str]  # "coca cola" -> kind
    longest: dict[str, int]  # "coca" -> 2, the words of the longest name that begins with it
    followed: dict[str, frozenset[str]]  # "coca" -> "cola", "colas": what the second word may be
    single: frozenset[str]  # words that are a whole name, with "s" or without, or may be one; others need a second
    openings: frozenset[str]  # words that may begin a name, of either kind
    chinese: dict[str, tuple[str, ...]]  # first two signs -> names, longest first
    careful_first: dict[str, tuple[str, ...]]  # the same of the careful ones
    careful_english: dict[str, tuple[re.Pattern[str], re.Pattern[str] | None]]
    careful_chinese: dict[str, tuple[re.Pattern[str], re.Pattern[str] | None]]
    wording: dict[str, str]
    styles: frozenset[str]  # what "in the style of" may be followed by without naming anybody
    first_names: frozenset[str]
    not_last_names: frozenset[str]
    capital: frozenset[str]  # ordinary words, names only with a capital letter
    proper: frozenset[str]  # "a Jaguar"
    titles: frozenset[str]
    things: frozenset[str]  # what may follow a name that is a thing's: a Tesla coil


@cache
def names() -> Names:
    """The names a prompt should not use."""
    data = table("names")
    english: dict[str, str] = {}
    for kind, row in cast("dict[str, Table]", data["plain"]).items():
        if kind != "zh":
            for name in words(row["names"]):
                english[" ".join(re.findall(r"[\w&']+", plain(name)))] = kind
    careful_zh = {w: _conditions(row, "before") for w, row in data["words"]["zh"].items()}
    longest = _longest(english)
    careful = {w: _conditions(row, "near") for w, row in data["words"]["en"].items()}
    heuristics = cast("dict[str, str]", data["heuristics"])
    proper, titles = words(heuristics["proper"]), words(heuristics["titles"])
    single, followed = _alone(english) | frozenset(careful) | proper | titles, _followed(english)
    return Names(
        english=english,
        longest=longest,
        followed=followed,
        single=single,
        openings=single | followed.keys(),
        chinese=_by_first_signs(words(data["plain"]["zh"]["names"])),
        careful_first=_by_first_signs(careful_zh),
        careful_english=careful,
        careful_chinese=careful_zh,
        wording={kind: row["wording"] for kind, row in data["plain"].items()},
        styles=words(heuristics["styles"]),
        first_names=words(heuristics["first_names"]),
        not_last_names=words(heuristics["not_last_names"]),
        capital=words(heuristics["capital"]),
        proper=proper,
        titles=titles,
        things=words(heuristics["things"]),
    )


def _by_first_signs(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name[:2], []).append(name)
    return {first: tuple(sorted(some, key=len, reverse=True)) for first, some in found.items()}


def _alone(names: dict[str, str]) -> frozenset[str]:
    single = [name for name in names if " " not in name]
    return frozenset(form for name in single for form in (name, f"{name}s", name.removesuffix("'s")))


def _followed(names: dict[str, str]) -> dict[str, frozenset[str]]:
    second: dict[str, set[str]] = {}
    for name in names:
        parts = name.split()
        for first in (parts[0], f"{parts[0]}s", parts[0].removesuffix("'s")) if len(parts) > 1 else ():
            bare = parts[1].removesuffix("'s")
            second.setdefault(first, set()).update((parts[1], bare, f"{parts[1]}s", f"{bare}s"))
    return {first: frozenset(some) for first, some in second.items()}


def _longest(names: dict[str, str]) -> dict[str, int]:
    longest: dict[str, int] = {}
    for name in names:
        parts = name.split()
        for first in (parts[0], f"{parts[0]}s", parts[0].removesuffix("'s")):
            longest[first] = max(longest.get(first, 0), len(parts))
    return longest


def _conditions(row: Table, other: str) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    beside = rf"\b(?:{row[other]})" if other == "near" and other in row else row.get(other)
    return re.compile(row["after"], re.IGNORECASE), re.compile(beside, re.IGNORECASE) if beside else None


@dataclass(frozen=True)
class Direction:
    """One value of an axis: what it can live with, and how it is written."""

    poles: frozenset[str]
    patterns: tuple[Gated, ...]
    camera: bool


@dataclass(frozen=True)
class Axis:
    """Directions of one kind that may exclude each other."""

    name: str
    kind: str
    values: tuple[Direction, ...]


@once
def axes() -> tuple[Axis, ...]:
    """All axes a prompt can contradict itself on."""
    return tuple(
        Axis(
            row["name"],
            row["kind"],
            tuple(
                Direction(
                    frozenset(v["poles"]),
                    tuple(Gated(p) for p in v["patterns"]),
                    bool(v.get("camera")),
                )
                for v in row["value"]
            ),
        )
        for row in table("directions")["axis"]
    )


class Endings:
    """Endings of Chinese words, by length: a set is asked far faster than a long tuple."""

    def __init__(self, endings: frozenset[str]) -> None:
        self._last = frozenset(ending[-1] for ending in endings)
        self._by_length = tuple(
            (length, frozenset(e for e in endings if len(e) == length)) for length in sorted({len(e) for e in endings})
        )

    def end(self, text: str) -> bool:
        """Whether one of them ends the text."""
        if text[-1:] not in self._last:
            return False
        for length, some in self._by_length:  # noqa: SIM110 - a plain loop: this runs hundreds of times a prompt
            if text[-length:] in some:
                return True
        return False


@dataclass(frozen=True)
class Cast:
    """Who can carry an action, and what only surrounds it."""

    beings: frozenset[str]
    machines: frozenset[str]
    collectives: frozenset[str]
    scenery: frozenset[str]
    beings_zh: frozenset[str]
    endings_zh: Endings
    not_beings_zh: frozenset[str]
    collectives_zh: frozenset[str]
    machine_endings_zh: Endings
    first_names: frozenset[str]
    scenery_endings_zh: Endings


@cache
def beings_of_data() -> frozenset[str]:
    """English words for persons and animals from a dictionary (tools/beings.py)."""
    lines = files("wanreel").joinpath("prompt/data/beings.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


@cache
def casting() -> Cast:
    """The words for actors, machines, groups and scenery."""
    en, zh = table("subjects")["english"], table("subjects")["chinese"]
    return Cast(
        beings=words(en["beings"]),
        machines=words(en["machines"]),
        collectives=words(en["collectives"]),
        scenery=words(en["scenery"]),
        beings_zh=(words(zh["beings"]) | words(zh["machines"])) - words(zh["not_beings"]),
        endings_zh=Endings(words(zh["being_endings"])),
        not_beings_zh=words(zh["not_beings"]),
        collectives_zh=words(zh["collectives"]),
        machine_endings_zh=Endings(words(zh["machine_endings"])),
        first_names=names().first_names,
        scenery_endings_zh=Endings(words(zh["scenery_endings"])),
    )
