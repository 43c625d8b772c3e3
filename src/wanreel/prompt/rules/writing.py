"""On-screen text asked for in a script the models do not draw."""

# ruff: noqa: E501 - a pattern is read as one line, like the row of a table

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wanreel.prompt.finding import UNSUPPORTED_SCRIPT, Finding
from wanreel.prompt.gate import Gated
from wanreel.prompt.lexicon import table, words
from wanreel.prompt.once import once
from wanreel.prompt.reading import Reading, Span

# Scripts that stand in ordinary Latin or Chinese prompts: one sign of them alone asks for nothing.
_OURS = (
    "LATIN",
    "CJK",
    "IDEOGRAPHIC",
    "FULLWIDTH LATIN",
    "MICRO",
    "MASCULINE",
    "FEMININE",
    "MODIFIER",
    "BOPOMOFO",
    "ROMAN",
    "FULLWIDTH",
)
_FOREIGN = re.compile(r"[^\x00-\u024f\u2000-\u206f\u3000-\u303f\u3400-\u9fff\uff00-\uff5e]")
_SPEAKER = re.compile(
    r"(?:\b(?:says?|said|saying|whispers?|whispering|shouts?|shouting|sings?|singing|asks?|yells?|speaks?|murmurs?|mutters?|chants?)\b[^,.;]{0,25}|(?:说道?|喊道?|唱|念道?|低语|问|喊着|唱着)[^，。；]{0,6})[:：,，]?\s*[\"“«「'‘]?$"
)
_SURFACE = re.compile(
    r"\b(?:sign|banner|board|text|caption|subtitle|title|letter|word|poster|label|neon|shirt|wall|card|screen|billboard|logo|plaque|placard|note|page|book|paper|cake|cup|mug|flag|window|door|stone|calligraph\w*|script|graffiti|chalk\w*|menu|tattoo|writing|inscription)\w*|牌|字|标|幕|横幅|招|海报|墙|屏|纸|书|匾|布|贴|霓虹|旗"
)


class _Patterns(NamedTuple):
    named: Gated
    beside: Gated
    languages: Gated
    chinese: Gated
    chinese_scripts: Gated
    texts: re.Pattern[str]
    spoken: re.Pattern[str]
    texts_zh: re.Pattern[str]
    spoken_zh: re.Pattern[str]


@once
def _patterns() -> _Patterns:
    en, zh = table("scripts")["english"], table("scripts")["chinese"]
    language = f"(?:{_any(en['languages'])})"
    text = f"(?:{_any(en['text_words'])})"
    written = f"(?:{_any(en['written'])})"
    filler = r"(?:[\w'-]+ ){0,2}"
    return _Patterns(
        named=Gated(rf"\b(?:{_any(en['scripts'])})\b"),
        languages=Gated(rf"\b{language}\b"),
        beside=Gated(
            rf"\b{language}(?:-language|-script|-style)? {filler}{text}\b"
            rf"|\b{text}\b[^.;!?]{{0,60}}? in (?:the |bold |elegant |glowing |golden |old |traditional |large |red |white |modern |flowing |ornate |neon |big |handwritten |[\w-]+ )*?{language}\b(?![ -](?:style|restaurant|garden|fashion|tradition|dress|cuisine|colou?rs|light|costume|temple|market|street)s?\b)"
            rf"|\b{written}\b[^.;!?]{{0,60}}? in (?:the |bold |elegant |glowing |golden |old |traditional |large |red |white |modern |flowing |ornate |big |[\w-]+ )?{language}\b"
            rf"|\b{language} (?:written|printed|carved|painted)\b|\bin {language} (?:script|letters|lettering|text|characters|writing|calligraphy)\b"
        ),
        chinese=Gated(
            rf"(?:{'|'.join(sorted(words(zh['names']), key=len, reverse=True))})(?:{'|'.join(sorted(words(zh['forms']), key=len, reverse=True))})"
        ),
        chinese_scripts=Gated("|".join(sorted(words(zh["scripts"]), key=len, reverse=True))),
        texts=re.compile(rf"\b(?:{_any(en['text_words'])}|{_any(en['written'])})\b"),
        spoken=re.compile(rf"\b(?:{_any(en['spoken'])})\b"),
        texts_zh=re.compile("|".join(words(zh["text_words"]))),
        spoken_zh=re.compile("|".join(words(zh["spoken"]))),
    )


def gates() -> tuple[Gated, ...]:
    """The patterns that wait behind a gate."""
    found = _patterns()
    return found.named, found.beside, found.languages, found.chinese, found.chinese_scripts


def _any(text: str) -> str:
    return "|".join(re.escape(word) for word in sorted(words(text), key=len, reverse=True))


def scripts(prompt: Reading, unwanted: Sequence[Span]) -> Iterator[Finding]:
    """Letters of other scripts, and other scripts or languages named for writing."""
    taken: list[tuple[int, int]] = []
    for start, end, script in _runs(prompt.text):
        if not _spoken(prompt, start):
            taken.append((start, end))
            yield _finding(prompt, start, end, script.title())
    for start, end in _named(prompt):
        if not any(a <= start < b for a, b in unwanted):
            yield _finding(prompt, start, end, prompt.text[start:end])


def _finding(prompt: Reading, start: int, end: int, what: str) -> Finding:
    words = f"{what}: on-screen text comes out right only in Latin letters and Chinese. Add this text afterwards, or ask for it in English or Chinese."
    return Finding(UNSUPPORTED_SCRIPT, start, end, words)


def _runs(text: str) -> Iterator[tuple[int, int, str]]:
    """Runs of letters of one foreign script; a single letter outside quotation marks is a symbol, not a text."""
    if not _FOREIGN.search(text):
        return
    start, script = -1, ""
    last = -1
    count = 0
    for place, char in enumerate(text):
        if char.isascii() or "\u3400" <= char <= "\u9fff":
            own = ""
        elif unicodedata.category(char)[0] == "L":
            own = _script(char)
        else:
            continue
        if own and (script in ("", own) or {script, own} <= {"HIRAGANA", "KATAKANA"}):
            start = place if not script else start
            script, last, count = own, place + 1, count + 1
        elif char.isspace() and script:
            continue
        elif script:
            if count > 1 or _quoted(text, start, last):
                yield start, last, script
            start, script, count = (place, own, 1) if own else (-1, "", 0)
            last = place + 1
    if script and (count > 1 or _quoted(text, start, last)):
        yield start, last, script


def _quoted(text: str, start: int, end: int) -> bool:
    return start > 0 and end < len(text) and text[start - 1] in "\"'“‘「『«" and text[end] in "\"'”’」』»"


def _script(char: str) -> str:
    name = unicodedata.name(char, "")
    return "" if name.startswith(_OURS) else name.split(" ", 1)[0]


def _spoken(prompt: Reading, start: int) -> bool:
    before = prompt.text[max(0, start - 60) : start].lower()
    match = _SPEAKER.search(before)
    if match is None:
        return False
    opening = max(before.rfind(mark, 0, match.start()) for mark in ",.;，。；")
    return _SURFACE.search(before[opening + 1 :]) is None


def _named(prompt: Reading) -> Iterator[tuple[int, int]]:
    found = _patterns()
    text = prompt.lower
    for match in prompt.matches(found.named):
        yield match.span()
    for match in prompt.matches(found.beside) if any(prompt.matches(found.languages)) else ():
        if not any(
            bad in text[max(0, match.start() - 9) : match.end() + 9]
            for bad in words(table("scripts")["english"]["not_text"])
        ):
            speech = found.spoken.search(match[0])
            if speech is None or re.search(
                r"\b(?:sign|banner|text|subtitles?|captions?|title|lettering|script)\b", match[0]
            ):
                yield match.span()
    if not prompt.has_chinese:
        return
    for match in prompt.matches(found.chinese_scripts):
        yield match.span()
    for match in prompt.matches(found.chinese):
        if _about_writing(prompt, match, found):
            yield match.span()


def _about_writing(prompt: Reading, match: re.Match[str], found: _Patterns) -> bool:
    text = prompt.lower
    if match.start() > 0 and (
        text[match.start() - 1] in "生今昨明次每节假整平春夏秋冬前后往终白旭落连度周初末同当烈隔中"
        and match[0].startswith("日")
    ):
        return False
    if text[match.end() : match.end() + 1] in ("案", "化", "物", "明", "艺", "人", "具", "学", "件", "系", "育"):
        return False
    if match[0] in ("韩体", "日体", "藏体", "维体", "满体", "俄体", "满文", "满字") and "满文" != match[0]:
        return False
    a, b = prompt.clause_at(match.start())
    near = text[a : match.start()] + text[match.end() : b]
    if match[0].endswith(("语",)) or match[0] == "日体":
        return bool(found.texts_zh.search(near)) and not found.spoken_zh.search(near)
    speaks = found.spoken_zh.search(near)
    return bool(found.texts_zh.search(near)) or (
        speaks is None and match[0].endswith(("文字", "字母", "字体", "文", "字符"))
    )
