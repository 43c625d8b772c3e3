"""A prompt as the rules read it: quotations, clauses, shots, and its words in both languages."""

# ruff: noqa: E501 - a pattern is read as one line, like the row of a table

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from typing import Any, NamedTuple

from wanreel.prompt.gate import Doors, Gated
from wanreel.prompt.lexicon import plain

Span = tuple[int, int]
"""From and to, in code points."""

HIDDEN = "\ue000"  # stands for each character that is not the author's direction, such as a sign's wording

_QUOTES = re.compile(
    r"“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》|«[^»]*»|\"[^\"\n]*\"|‘[^’\n]{1,200}’(?![a-zA-Z])|(?<![\w])'[^'\n]{1,200}'(?![\w])"
)
_QUOTE_SIGNS = re.compile("[“「『《«\"‘']")
_BREAK = re.compile(r"[,;:.!?，。；：！？、\n]+(?=\s|$|[^\x00-\x7f])|[,;!?，。；：！？\n]+|\s[-–—]+\s|——")
# A pattern that begins with one set of signs is found by them; one that begins with a choice is tried at every place.
_STOP = re.compile(r"[.!?;。；！？\n](?:(?<=[。；！？\n])|(?=\s))")
_FULL_STOP = re.compile(r"[.!?。！？\n](?:(?<=[。！？\n])|(?=\s|$))")
_THEY = re.compile(r"[他她它](?:们)?")
STORY_MIN = 650
"""From this length on a prompt tells what happens one after another; a Chinese character weighs as much as two letters."""
_SHOT = re.compile(
    r"(?:\b(?:shot|scene|clip|part|segment|frame|cut|panel)\s*(?:no\.?\s*)?(?:\d+|one|two|three|four|five|[a-d])\b\s*[:.\-–—(\[,]"
    r"|\b(?:first|second|third|fourth|final|last|opening|closing|next) (?:shot|scene)\b"
    r"|\bcut(?:s|ting)? to\b|\bsmash cut\b"
    r"|\[?\(?\b\d{1,2}(?:\.\d)?\s*(?:(?:s|sec|seconds?)\s*)?[-–~—至到]\s*\d{1,2}(?:\.\d)?\s*(?:s|sec|seconds?|秒)\)?\]?"
    r"|\b\d{1,2}:\d\d\s*[-–]\s*\d{1,2}:\d\d\b"
    r"|第\s*[一二三四五六七八九十\d]+\s*(?:个|组)?\s*(?:镜头|场景|幕|镜|段|画面)|(?:镜头|场景|分镜|画面)\s*(?:[一二三四五六七八九十]+|\d+)\s*[:：,，、.。）)】]|(?<!长)(?:镜头|分镜)\s*(?:[一二三四五六七八九十]|\d+)(?![\d一-十气般个直路起切下动边片定转彩颜光次度段秒分帧倍米年成致样同律并旦帆脸对旁])"
    r"|切换到|切换至|切到|切至|转场到)",
    re.ASCII,
)
# What every match of it holds: "shot 2", "first scene", "cut to", "0-3 s", 第一幕.
_SHOT_SIGNS = re.compile(
    r"shot\s*(?:no|\d|[otfa-d])|scene\s*(?:no|\d|[otfa-d])|clip\s*(?:no|\d|[otfa-d])|part\s*(?:no|\d|[otfa-d])|segment\s*(?:no|\d|[otfa-d])|frame\s*(?:no|\d|[otfa-d])|cut|panel\s*(?:no|\d|[otfa-d])"
    r"|first s|second s|third s|fourth s|final s|last s|opening s|closing s|next s|第|镜|场|画面|切"
)
_SHOT_TIMES = re.compile(r"\d(?:\.\d)?\s*(?:(?:s|sec|seconds?)\s*)?[-–~—至到:]")
# Wording of a sign without quotation marks: "a sign that reads NO ENTRY", "a no smoking sign", 写着禁止停车的牌子.
_SIGNS = re.compile(
    r"(?:\b(?:reads?|reading|says?|saying|labell?ed|marked|the words?|lettered|printed with|stating|titled|called|named|entitled)\b:?\s+(?:the words? )?)"
    r"((?:[A-Z][A-Z'’!]+)(?:[ -][A-Z0-9'’!]+)*|(?:No|Do Not|Don't|Don’t|Never|Keep|Please)(?: [A-Z][\w'’]*)+)"
    r"|\b(?:a|an|the|this|that|each|every|old|red|rusty|small|wooden|metal|faded|his|her|large|round|their|with|and|two|yellow|blue|white|painted|hanging|of) "
    r"((?:no[- ](?:parking|smoking|entry|trespassing|vacancy|swimming|fishing|exit|u-turn|littering|diving|dogs|cycling|photography|standing|stopping|dumping|loitering|turns?|hunting|running|through traffic|overtaking|admittance|soliciting|camping|pets|cameras|phones|food)|(?:No|Do Not|Don't|Don’t|Never)(?: [A-Z][\w'’]*)+|do[- ]not[- ](?:disturb|enter|touch|cross|feed)|(?:NO|DO NOT|NEVER)(?: [A-Z]+)+)(?=[ -](?:\w+ )?(?:signs?|placards?|board|notices?|stickers?|symbols?|posters?|plaques?|tags?|hanger|label|plate|tape|zone|banner)))"
    r"|(?:写着|写有|印着|印有|刻着|刻有|标着|标有|贴着|挂着|名为|题为|题着|喷着)((?:禁止|请勿|严禁|不准|不许|不得|勿|禁|不要|非请勿|无)[^，。；、,;“”]{1,10}?)(?=的|，|。|；|,|$)"
    r"|((?:禁止|请勿|严禁|不准|不许|切勿|不得|禁)[^，。；、,;“”要出]{1,8}?)(?=的?(?:标志|牌|标识|告示|标语|警示|提示牌|字样|招牌|横幅|海报|警告牌|指示))"
)


class Word(NamedTuple):
    """A word with its place; Chinese words carry the segmenter's part of speech."""

    text: str
    start: int
    end: int
    kind: str = ""


_WORDS = re.compile(r"[A-Za-zÀ-ɏ0-9]+(?:['’][A-Za-zÀ-ɏ]+)?")
_HAN = re.compile(r"[\u3400-\u9fff]")


@cache
def _segmenter() -> Any:
    """The segmenter, loaded with its dictionary when the first Chinese prompt comes."""
    return import_module("rjieba")


_HALF = re.compile("[\ud800-\udfff]")  # of a pair, as bytes that are no UTF-8 become


def _whole(text: str) -> str:
    """A text as the segmenter can take it, every place where it was."""
    return _HALF.sub("\ufffd", text)


_SIGN_WORDS = re.compile(
    r"read|say|label|mark|letter|word|print|stat|titl|call|nam|no[- ]|No[- ]|Do |NO |DO |Don|Never|NEVER|do[- ]not|写|印|刻|标|贴|挂|名|题|喷|禁|勿|严|不|切"
)


@dataclass(frozen=True)
class Reading:
    """One prompt, read as often as the rules like and analysed once."""

    text: str
    doors: Doors | None = field(default=None, compare=False, repr=False)

    @cached_property
    def _opened(self) -> dict[Gated, list[str]]:
        return {} if self.doors is None else self.doors.opened(self.lower)

    def open_gates(self, some: Mapping[Gated, Any]) -> list[Gated]:
        """Those of some patterns that are worth reading at all, in the order of what they stand for."""
        doors = self.doors
        if doors is None:
            return list(some)
        likely = [*(self._opened.keys() & some.keys()), *(gate for gate in doors.always if gate in some)]
        return sorted(likely, key=some.__getitem__)

    def matches(self, gate: Gated) -> Iterator[re.Match[str]]:
        """All matches of a pattern in `lower`, read only in the sentences that can hold one."""
        words = self._opened.get(gate)
        if words:
            return gate.near(self.lower, self.sentences, words)
        return gate.finditer(self.lower, self.sentences) if self._may_stand(gate) else iter(())

    def _may_stand(self, gate: Gated) -> bool:
        """Whether nobody has looked for a pattern's gate words."""
        return self.doors is None or gate not in self.doors.known

    @cached_property
    def quotes(self) -> tuple[tuple[int, int], ...]:
        """Spans between quotation marks, marks included."""
        return tuple(m.span() for m in _QUOTES.finditer(self.text)) if _QUOTE_SIGNS.search(self.text) else ()

    @cached_property
    def said(self) -> str:
        """The author's own directions: quoted text and wording of signs hidden, every offset as in the text."""
        said = self.text
        for start, end in self.quotes:
            said = said[: start + 1] + HIDDEN * (end - start - 2) + said[end - 1 :]
        for match in _SIGNS.finditer(self.text) if _SIGN_WORDS.search(self.text) else ():
            for group, found in enumerate(match.groups(), 1):
                if found:
                    said = said[: match.start(group)] + HIDDEN * len(found) + said[match.end(group) :]
        return said.replace("’", "'")

    @cached_property
    def lower(self) -> str:
        """`said` in lower case, one character for one."""
        whole = self.said.lower()
        return (
            whole
            if len(whole) == len(self.said)
            else "".join(c.lower() if len(c.lower()) == 1 else c for c in self.said)
        )

    @cached_property
    def clauses(self) -> tuple[tuple[int, int], ...]:
        """Pieces between punctuation marks, without the marks and without white space at their ends."""
        spans: list[tuple[int, int]] = []
        start = 0
        for mark in _BREAK.finditer(self.said):
            spans.append((start, mark.start()))
            start = mark.end()
        spans.append((start, len(self.said)))
        return tuple(trimmed for span in spans if (trimmed := self._trimmed(*span)) is not None)

    def _trimmed(self, start: int, end: int) -> tuple[int, int] | None:
        while start < end and self.said[start].isspace():
            start += 1
        while end > start and self.said[end - 1].isspace():
            end -= 1
        return (start, end) if start < end else None

    def clause_at(self, place: int) -> tuple[int, int]:
        """The clause a place stands in."""
        return next((c for c in self.clauses if c[0] <= place < c[1]), (place, place))

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """Sentences with the marks at both their ends, so that neighbours share one; no pattern reaches over a mark."""
        edges = [0, *(m.start() for m in _STOP.finditer(self.said)), len(self.said)]
        return tuple((a, min(b + 1, len(self.said))) for a, b in itertools.pairwise(edges) if b > a)

    @cached_property
    def tells_a_story(self) -> bool:
        """Whether it is long enough that its sentences follow each other in time, and are not one picture."""
        length = len(self.text)
        if len(self._stops) > 3 and len(_THEY.findall(self.said)) > 1 and length > STORY_MIN // 4:
            return True  # Chinese sentences in which he and she come again
        return length >= STORY_MIN or (length >= STORY_MIN // 2 and length + len(_HAN.findall(self.text)) >= STORY_MIN)

    @cached_property
    def _stops(self) -> tuple[int, ...]:
        return tuple(m.start() for m in _FULL_STOP.finditer(self.said))

    def sentence_number(self, place: int) -> int:
        """Which sentence a place stands in, counted from 0; a semicolon ends none."""
        return bisect_left(self._stops, place)

    @cached_property
    def full_sentences(self) -> tuple[Span, ...]:
        """The sentences as they are numbered."""
        edges = (-1, *self._stops, len(self.said))
        return tuple((a + 1, b) for a, b in itertools.pairwise(edges))

    def sentence_around(self, place: int) -> Span:
        """The sentence a place stands in."""
        number = self.sentence_number(place)
        return (
            self._stops[number - 1] + 1 if number else 0,
            self._stops[number] if number < len(self._stops) else len(self.said),
        )

    @cached_property
    def shots(self) -> tuple[tuple[int, int], ...]:
        """Labelled or timed shots; the whole text where there are none."""
        text = self.lower
        if _SHOT_SIGNS.search(text) is None and _SHOT_TIMES.search(text) is None:
            return ((0, len(text)),) if text else ()
        cuts = [m.start() for m in _SHOT.finditer(text)]
        edges = [0, *(c for c in cuts if c > 0), len(self.said)]
        return tuple((a, b) for a, b in itertools.pairwise(edges) if b > a)

    @cached_property
    def english(self) -> tuple[Word, ...]:
        """Latin words of the whole text, quotes included."""
        return tuple([Word(m[0], *m.span(), "") for m in _WORDS.finditer(self.text)])

    @cached_property
    def has_english(self) -> bool:
        """Whether any Latin word or figure stands in it."""
        return _WORDS.search(self.text) is not None

    @cached_property
    def english_lower(self) -> tuple[str, ...]:
        """Those words in lower case and without accents."""
        if self.text.isascii():
            return tuple(_WORDS.findall(self.text.lower()))
        return tuple([text.lower() if text.isascii() else plain(text) for text in _WORDS.findall(self.text)])

    def lacks(self, words: frozenset[str]) -> bool:
        """Whether none of some words stands in it for certain; only of plain text are its words quickly known."""
        return self.text.isascii() and words.isdisjoint(self.english_lower)

    def english_in(self, within: Sequence[Span] | None) -> Iterator[Word]:
        """Latin words of some stretches, in order; of the whole text where none are named."""
        if within is None:
            yield from self.english
            return
        starts = [word.start for word in self.english]
        for first, last in within:
            yield from self.english[bisect_left(starts, first) : bisect_left(starts, last)]

    @cached_property
    def has_chinese(self) -> bool:
        """Whether any Han character stands in it."""
        return not self.text.isascii() and _HAN.search(self.text) is not None

    @cached_property
    def chinese(self) -> tuple[Word, ...]:
        """Segments with parts of speech, of the author's directions; empty without Han characters."""
        if not self.has_chinese:
            return ()
        found: list[Word] = []
        place = 0
        for text, kind in _segmenter().tag(_whole(self.said)):
            found.append(Word(text, place, place + len(text), kind))
            place += len(text)
        return tuple(found)

    @cached_property
    def _chinese_starts(self) -> list[int]:
        return [word.start for word in self.chinese]

    def chinese_in(self, start: int, end: int) -> tuple[Word, ...]:
        """The segments that begin between two places."""
        starts = self._chinese_starts
        return self.chinese[bisect_left(starts, start) : bisect_left(starts, end)]

    @cached_property
    def boundaries(self) -> frozenset[int]:
        """Places where a Chinese word begins or ends by the dictionary alone."""
        places = {0}
        place = 0
        for text in _segmenter().cut(_whole(self.text), False) if self.has_chinese else ():
            place += len(text)
            places.add(place)
        return frozenset(places)
