"""Patterns behind a gate: what a match cannot do without is looked for first; plain words are found far faster."""

from __future__ import annotations

import itertools
import re
import string
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import add

_ESCAPED = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)")
_SET = re.compile(r"\[\^?\]?(?:\\.|[^\]])*\]")
_HOW_OFTEN = re.compile(r"[*+?]\??|\{\d*,?\d*\}\??")
_OPEN = re.compile(r"\((?:\?(?:[:=!]|<[=!]|P<\w+>|[a-z-]*:))?")

Needs = frozenset[str] | None
"""One of these stands in every match; None where nothing can be said."""


@dataclass(frozen=True, eq=False)
class Gated:
    """A pattern over lower-case text, and the words one of which every match contains; compiled when let through."""

    source: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern itself."""
        return re.compile(self.source, re.ASCII)  # a word ends where Chinese begins

    @cached_property
    def needs(self) -> Needs:
        """The words of the gate."""
        return needs(self.source)

    def opens(self, text: str) -> bool:
        """Whether a match is possible at all."""
        found = self.needs
        if found is None:
            return True
        for word in found:  # noqa: SIM110 - a plain loop: this runs hundreds of times a prompt
            if word in text:
                return True
        return False

    def finditer(self, text: str, sentences: Sequence[tuple[int, int]] = ()) -> Iterator[re.Match[str]]:
        """All matches, as the pattern itself finds them; with sentences, only those with a gate word are read."""
        found = self.needs
        if found is None or not sentences:
            return self.pattern.finditer(text) if self.opens(text) else iter(())
        return self.near(text, sentences, found)

    def near(self, text: str, sentences: Sequence[tuple[int, int]], words: Iterable[str]) -> Iterator[re.Match[str]]:
        """All matches in the sentences that hold one of these words."""
        if len(sentences) == 1:
            return self.pattern.finditer(text, *sentences[0])
        marked: set[int] = set()
        for word in words:
            place = text.find(word)
            while place >= 0:
                number = bisect_right(sentences, (place, len(text))) - 1
                marked.add(number)
                place = text.find(word, sentences[number][1])
        return itertools.chain.from_iterable(self.pattern.finditer(text, *sentences[n]) for n in sorted(marked))

    def search(self, text: str) -> re.Match[str] | None:
        """The first match."""
        return self.pattern.search(text) if self.opens(text) else None


_LETTERS_MAX = 5
_LETTERS = re.compile(r"[a-z]+")
_NO_LETTERS = str.maketrans("", "", string.ascii_lowercase)
_WORDS_KEPT = 1 << 13
"""Words whose gate words are remembered: more than most prompts are made of, and a few MB."""
_LENGTH_KEPT = 40
"""Letters of such a word at most: what is longer is none."""


class Doors:
    """The gates of all rules at once: one look at a text says which patterns are worth reading.

    Most gate words are not in most texts. English ones are looked for only where up to five of their letters stand in a
    word of the text, and which those are is remembered of each word; Chinese ones only where their first two signs do.
    """

    def __init__(self, gates: Sequence[Gated]) -> None:
        self._behind: dict[str, list[Gated]] = {}
        for gate in gates:
            for word in gate.needs or ():
                self._behind.setdefault(word, []).append(gate)
        self.known = frozenset(gate for gate in gates if gate.needs is not None)
        self.always = tuple(gate for gate in gates if gate.needs is None)
        self._by_letters: dict[str, list[tuple[str, str]]] = {}
        self._by_signs: dict[str, list[str]] = {}
        for word in self._behind:
            letters = max(_LETTERS.findall(word), key=len, default="")
            if letters:
                self._by_letters.setdefault(letters[:_LETTERS_MAX], []).append((letters, word))
            else:
                self._by_signs.setdefault(word[:2], []).append(word)
        self._first_signs = frozenset(signs[0] for signs in self._by_signs)
        self._near_word = lru_cache(_WORDS_KEPT)(self._likely_at)

    def opened(self, text: str) -> dict[Gated, list[str]]:
        """For each gate that opens, its words that stand in the text."""
        found: dict[Gated, list[str]] = {}
        for word in self._likely(text):
            if word in text:
                for gate in self._behind[word]:
                    found.setdefault(gate, []).append(word)
        return found

    def _likely(self, text: str) -> set[str]:
        """The gate words that may stand in a text."""
        likely: set[str] = set()
        words = set(_LETTERS.findall(text))
        likely.update(*[(self._near_word if len(word) <= _LENGTH_KEPT else self._likely_at)(word) for word in words])
        rest = text.translate(_NO_LETTERS) if text.isascii() else text  # those words have none
        signs = set(rest)
        if not self._first_signs.isdisjoint(signs):
            signs.update(map(add, rest, rest[1:]))
            for start in self._by_signs.keys() & signs:
                likely.update(self._by_signs[start])
        return likely

    def _likely_at(self, word: str) -> tuple[str, ...]:
        """The gate words that may stand in a text for one of its words."""
        starts = {word[n : n + size] for size in range(1, _LETTERS_MAX + 1) for n in range(len(word) - size + 1)}
        return tuple(
            gate
            for start in starts & self._by_letters.keys()
            for letters, gate in self._by_letters[start]
            if _fits(letters, gate, word)
        )


def _fits(letters: str, gate: str, word: str) -> bool:
    """Whether these letters of a gate word may be those of a word: where they end in the one they end in the other."""
    before, after = gate.split(letters, 1)
    place = len(word) - len(letters) if after else 0
    return word.startswith(letters, place) if before or after else letters in word


def needs(source: str) -> Needs:
    """What every match of a pattern must contain one of."""
    found, place = _branches(source, 0)
    return found if place >= len(source) else None


def _branches(source: str, place: int) -> tuple[Needs, int]:
    """Alternatives up to the closing bracket or the end; one without a need leaves the gate open."""
    every: set[str] = set()
    is_open = False
    while True:
        best, place = _sequence(source, place)
        is_open = is_open or best is None
        every |= best or set()
        if place >= len(source) or source[place] == ")":
            return (None if is_open else frozenset(every)), place
        place += 1  # the bar


def _sequence(source: str, place: int) -> tuple[Needs, int]:
    """The most telling need of the parts that follow each other."""
    best: Needs = None
    run = ""
    while place < len(source) and source[place] not in "|)":
        letter, part, place = _part(source, place)
        often = _HOW_OFTEN.match(source, place)
        place = often.end() if often else place
        optional = often is not None and (often[0][0] in "*?" or often[0].startswith(("{0", "{,")))
        if letter and not optional:
            run += letter
        if not letter or often is not None:
            best, run = _better(best, frozenset({run}) if run else None), ""
        if part is not None and not optional:
            best = _better(best, part)
    return _better(best, frozenset({run}) if run else None), place


def _part(source: str, place: int) -> tuple[str, Needs, int]:
    """One part: a letter, or the need of a group, and where it ends."""
    char = source[place]
    if char == "(":
        head = _OPEN.match(source, place)
        assert head is not None
        inner, end = _branches(source, head.end())
        looks = head[0] in ("(?=", "(?!", "(?<=", "(?<!")
        return "", None if looks else inner, end + 1
    if char == "[":
        found = _SET.match(source, place)
        assert found is not None
        return "", None, found.end()
    if char == "\\":
        found = _ESCAPED.match(source, place)
        assert found is not None
        plain = found[0][1:]
        return (plain if not plain.isalnum() else ""), None, found.end()
    return ("" if char in ".^$" else char), None, place + 1


_COMMON = frozenset(
    ("and", "camera", "from", "in", "light", "of", "on", "shot", "the", "to", "with", "镜头", "画面", "的", "上", "下")
)
"""Words of most prompts: they tell least of what follows, and so does a single letter."""


def _better(one: Needs, two: Needs) -> Needs:
    """The need that is met less often: without common words, then longer words, then fewer of them."""
    if one is None or two is None:
        return two if one is None else one
    rank_one, rank_two = (min(map(_rank, need)) for need in (one, two))
    if rank_one != rank_two:
        return one if rank_one > rank_two else two
    return one if len(one) <= len(two) else two


def _rank(word: str) -> int:
    bare = word.strip()
    return 0 if bare in _COMMON or (len(bare) == 1 and bare.isascii() and bare.isalpha()) else min(4, len(word))
