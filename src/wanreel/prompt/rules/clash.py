"""Directions that exclude each other within one shot."""

# ruff: noqa: E501 - a pattern is read as one line, like the row of a table

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from wanreel.prompt.finding import CONTRADICTION, Finding
from wanreel.prompt.lexicon import Axis, Direction, axes
from wanreel.prompt.reading import Reading
from wanreel.prompt.rules import negation

# Words that turn one state into another over time, between the two or shortly before the first.
_TURN = re.compile(
    r"\b(?:turns?|turning|turned|becomes?|becoming|fad(?:es|ing)|transitions?|transitioning|transforms?|transforming|changes?|changing|shifts?|shifting|gives way|giving way|dissolv(?:es|ing)|melts? into|morphs?|morphing|"
    r"then|until|before|after|afterwards|eventually|finally|followed by|ends? (?:on|with|in|as)|ending|settles?|settling|opens? (?:on|with)|starts?|starting|begins?|beginning|gradually|progress(?:es|ing|ion)?|evolv(?:es|ing)|cycle|"
    r"into|later|slowly reveal\w*|reveal(?:s|ing)?|passes|passing from|blends? into|as the (?:sun|night|day|evening|sky|light|moon|storm|camera)|speed[- ]ramp\w*|ramp(?:s|ing)?|suddenly|next|pull(?:s|ing)? (?:back|out|away)|push(?:es|ing)? in|zoom(?:s|ing)? (?:out|in)|ris(?:es|ing) (?:to|into)|widen(?:s|ing)|rack(?:s|ing)?|drain(?:s|ing)|seep(?:s|ing)|bleed(?:s|ing)?|spread(?:s|ing)?|bloom(?:s|ing)?|returns?|stops?|comes? to rest|clear(?:s|ing) (?:up|to)|breaks? (?:into|out)|falls?|falling|day[- ]to[- ]night|night[- ]to[- ]day|dawn[- ]to[- ]dusk|from|to)\b"
    r"|变(?:为|成|得|幻|化)?|渐变|渐渐|逐渐|逐步|过渡|转(?:为|成|入|到|向|换|场)|直到|直至|随后|然后|之后|接着|最后|最终|入夜|慢慢(?:变|转|暗|亮|褪|染)|切换|由|从|再|开始时|随着|褪去|褪为|恢复|转眼|交替|更替|循环|轮转|降临|到(?=夜|白|黄|深|清|正|傍|日|凌|黑|入|全景|远景|特写|大|近景|中景)|至|拉远|拉开|推近|推进|升起|继而|后来|忽然|突然|瞬间|定格|先"
)
_WEAK = frozenset(
    {
        "to",
        "from",
        "into",
        "after",
        "before",
        "then",
        "falls",
        "falling",
        "fall",
        "next",
        "opens on",
        "reveals",
        "passes",
    }
)
_LEAD = re.compile(
    r"\b(?:from|begins?|beginning|starts?|starting|opens?|opening|transitions?|gradually|time-?lapse of|day[- ]to[- ]night|half|left|right|split[- ]screen|side by side|one side|while inside|diptych|both|alternat\w+|contrast(?:s|ing)?|between)\b|从|由|分屏|左半|左边|左侧|右边|右侧|一半|一边|左右对比|冷暖对比|上半|下半|逐渐|渐渐|交替"
)
_SPLIT = re.compile(
    r"\bsplit[- ]screen\b|\bside[- ]by[- ]side\b|\bdiptych\b|\b(?:left|right|top|bottom|upper|lower|one|other) (?:half|side|panel)\b|分屏|左右对比|(?:左|右|上|下)(?:半|边|侧)|画面(?:左|右)|一半"
)
# What a picture, a screen or a window in the scene shows is not the scene.
_WITHIN = re.compile(
    r"\b(?:paintings?|posters?|photos?|photographs?|pictures?|murals?|televisions?|tv|screens?|postcards?|monitor|dreams?|dreaming|memory|memories|billboards?|mirror|snow globe|projector|hologram|prints?|tattoo|wallpaper|embroidered|named|called|scent|movie|film about|toy|book|cover|model of) (?:\w+ ){0,2}(?:of|shows?|showing|displaying|depicting|playing|about|with)\b[^,.;]*$|(?:画着|印着|海报|照片|壁画|电视|屏幕|油画|明信片|梦见|回忆|名为|绣着|画里|图案|书封)[^，。；,;]*$"
)
_LIKENED = re.compile(
    r"(?:\blike|\bas if (?:it were|in)|\bas bright as|如|似|像|宛如|仿佛|如同|好似|堪比|胜似)\s*(?:a |the )?$"
)
_SELECTIVE = re.compile(
    r"\b(?:except|only|apart from|selective colou?r|splash of|single (?:red|colou?red|pop)|pop of|accent|other than|but for|but (?:a|the|her|his|one))\b|唯有|只有|唯独|除了|局部彩色|点缀|仅有|一抹"
)
_AT_ONCE = re.compile(
    r"\b(?:at the same time|simultaneously|at once|in (?:one|the same) (?:single )?(?:frame|shot)|same frame|same shot)\b|同时|同框|同一(?:画面|镜头|时刻)|一边.{1,12}一边"
)
_CAMERA = re.compile(
    r"\b(?:camera|shot|lens|viewpoint|drone|frame|footage|steadicam|cameraman|view|dolly|perspective|gimbal|cam|camerawork|move|movement|operator)\b"
)
_OTHER_SUBJECT = re.compile(r"\b(?:an?|the|his|her|its|their|some|two|three|many|she|he|it|they|who|whose|that)\b")


class Sight(NamedTuple):
    """One direction met in the text."""

    start: int
    end: int
    direction: Direction


def clashes(prompt: Reading) -> Iterator[Finding]:
    """At most one finding an axis and shot: the first pair that cannot be had together."""
    unwanted = negation.spans(prompt)
    seen: set[tuple[int, int]] = set()
    for first, last in prompt.shots:
        part = prompt.lower[first:last]
        if _SPLIT.search(part):
            continue
        for axis in axes():
            sights = _sights(prompt, axis, (first, last), unwanted)
            pair = _clash(prompt, axis, sights)
            if pair is None:
                continue
            one, two = sorted(pair)
            span = (one.start, two.end)
            if span in seen:
                continue
            seen.add(span)
            said = (
                prompt.text[one.start : one.end].strip(" ,，;；、"),
                prompt.text[two.start : two.end].strip(" ,，;；、"),
            )
            words = f"“{said[0]}” and “{said[1]}” exclude each other in one shot ({axis.name}). Keep one, or say how one turns into the other."
            yield Finding(CONTRADICTION, one.start, max(one.end, two.end), words)


def _sights(prompt: Reading, axis: Axis, part: tuple[int, int], unwanted: list[tuple[int, int]]) -> list[Sight]:
    found: list[Sight] = []
    text = prompt.lower
    for direction in axis.values:
        if direction is axis.values[-1] and not found:
            return []
        for match in (direction.pattern if prompt.has_chinese else direction.english).finditer(text, *part):
            if match[0] == "" or (any(a <= match.start() < b for a, b in unwanted) and axis.name != "cutting"):
                continue
            start, end = prompt.clause_at(match.start() + (1 if match[0][0] in ",;，；、 " else 0))
            if _WITHIN.search(text[start : match.start()]) or _LIKENED.search(text[: match.start()]):
                continue
            if "\u3400" <= text[match.start()] <= "\u9fff" and not _whole_words(prompt, match):
                continue
            if direction.camera and not _of_camera(text, match, start, end):
                continue
            found.append(Sight(match.start(), match.end(), direction))
    return found


def _whole_words(prompt: Reading, match: re.Match[str]) -> bool:
    """A Chinese direction must not end inside another word: 白天 is not in 白天鹅."""
    word = prompt.text[match.start() : match.end() + 1]
    return not word.startswith(
        (
            "白天鹅",
            "夜景灯",
            "星空蓝",
            "午夜蓝",
            "月光石",
            "晨曦号",
            "彩色铅笔",
            "彩色玻",
            "航拍无人机",
            "微距镜头盒",
            "航拍器",
            "夜空蓝",
            "暮色蓝",
        )
    )


def _of_camera(text: str, match: re.Match[str], start: int, end: int) -> bool:
    if "\u3400" <= match[0].strip(" ,，;；、")[:1] <= "\u9fff":
        return True
    before, after = text[start : match.start()], text[match.end() : end]
    word = match[0].split()[-1] if match[0].split() else ""
    if re.search(r"\b(?:camera|drone|lens|viewpoint|shot|frame|cam)\b(?: \w+){0,3} ?$", before):
        return not re.search(r"\b(?:of|as|while|captures?|watch\w+|on|at) (?:\w+ ){0,3}$", before)
    if (
        re.match(
            r"[ -](?:\w+ ){0,2}(?:camera|shot|cam|camera ?work|camera (?:move|movement|motion|path)|movement|move|footage|dolly|drone|tracking|pan|take|tracking)\b",
            after,
        )
        and word != "moving"
    ):
        return True
    strong = re.fullmatch(
        r"(?:handheld|hand-held|shaky|steadicam|gimbal|dolly.*|push.*|pull.*|pan|pans|panning|tilt|crane.*|tracking.*|whip.*|zoom.*|boom.*|travel+ing shot|fly-?through|orbit|orbital|arc|follow shot|truck)",
        word,
    )
    if not before.strip() or not _OTHER_SUBJECT.search(before):
        opener = not before.strip()
        return (strong is not None and (opener or len(before.split()) <= 3)) or (
            opener
            and re.match(
                r" (?:around|past|along|through|toward|towards|over|across|in|into|with|from|after|the)\b|$", after
            )
            is not None
            and word.endswith(("orbit", "arc", "circle", "ing", "glide", "sweep", "follow", "drift"))
            and word not in ("moving", "rolling", "rushing", "shaking")
        )
    return False


def _clash(prompt: Reading, axis: Axis, sights: list[Sight]) -> tuple[Sight, Sight] | None:
    for number, one in enumerate(sights):
        for two in sights[number + 1 :]:
            if one.direction.poles & two.direction.poles or not _apart(one, two):
                continue
            if _explained(prompt, axis, *sorted((one, two))):
                continue
            return one, two
    return None


def _apart(one: Sight, two: Sight) -> bool:
    return one.end <= two.start or two.end <= one.start or axis_free(one, two)


def axis_free(one: Sight, two: Sight) -> bool:
    """Whether two overlapping sights are different words after all ("black and white … color")."""
    return (
        (one.start, one.end) != (two.start, two.end)
        and not (one.start <= two.start and two.end <= one.end)
        and not (two.start <= one.start and one.end <= two.end)
    )


def _explained(prompt: Reading, axis: Axis, one: Sight, two: Sight) -> bool:
    """Whether the text says how one becomes the other."""
    text = prompt.lower
    between = text[one.end : two.start]
    if _AT_ONCE.search(text[one.start : two.end + 30]):
        return False
    if axis.kind == "colour" and _SELECTIVE.search(text):
        return True
    before = text[max(0, one.start - 45) : one.start]
    turns = {m[0] for m in _TURN.finditer(between)}
    near = len(between) < 40
    if turns - _WEAK or (
        turns
        and near
        and turns & {"to", "into", "then", "before", "after", "next", "reveals"}
        and axis.kind != "camera"
    ):
        return True
    if turns & {"then", "before", "after"}:
        return True
    lead = re.split(r"[.;。；]", before)[-1]
    if _LEAD.search(lead) and (near or re.search(r"\bto\b|到|至|转|变", between)):
        return True
    tail = text[two.end : two.end + 40]
    if re.match(r"[^.。;；]{0,25}(?:transition|cross-?fade|dissolve|过渡|渐变|转变|变化|更替|交替|转换|流转)", tail):
        return True
    return (
        axis.kind == "time"
        and re.search(r"\b(?:day|night|dusk|dawn)\b.{0,12}\b(?:transition|cycle|to night|to day)\b", text) is not None
    )
