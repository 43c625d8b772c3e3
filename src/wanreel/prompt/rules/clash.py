"""Directions that exclude each other within one shot."""

# ruff: noqa: E501 - a pattern is read as one line, like the row of a table

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from wanreel.prompt.finding import CONTRADICTION, Finding
from wanreel.prompt.gate import Gated
from wanreel.prompt.lexicon import Axis, Direction, axes
from wanreel.prompt.once import once
from wanreel.prompt.reading import Reading, Span

# Words that put one thing after another.
BEFORE_MAX = 200  # characters of a clause that are read before a direction: a bound on what hostile text can cost
SIGHTS_MAX = 30
_SEQUENCE = re.compile(
    r"\b(?:then|until|before|after|afterwards|eventually|finally|followed by|later|next|subsequently|ends? (?:on|with|in|as|up)|ending (?:on|with|in|as)|settles?|settling|comes? to (?:rest|a stop)|cuts? to|gives? way|giving way)\b"
    r"|直到|直至|随后|然后|之后|接着|最后|最终|再(?!次)|继而|后来|转场|而后|紧接着"
)
# Words that turn one state into another over time.
_BECOMES = re.compile(
    r"\b(?:turns?|turning|turned|becomes?|becoming|fad(?:es|ing)|transitions?|transitioning|transforms?|transforming|changes?|changing|shifts?|shifting|dissolv(?:es|ing)|melts?|melting|morphs?|morphing|gradually|progress(?:es|ing|ion)?|evolv(?:es|ing)|cycles?|into|reveal(?:s|ing)?|passes|blends?|as the (?:sun|night|day|evening|sky|light|moon|storm|clouds|bell|doors|rain)|speed[- ]ramp\w*|ramps? (?:up|down|into)|suddenly|drain(?:s|ing)|seep(?:s|ing)? (?:in|into|back)|returns?|stops?|breaks? (?:into|out|through)|clear(?:s|ing) (?:up|to|away)|fills? (?:up )?with|empties|starts? to|begins? to|beginning to|slides? into|slips? into|sets|rises?)\b"
    r"|变(?:为|成|得|幻|化)?|渐变|渐渐|逐渐|逐步|过渡|转(?:为|成|入|换|瞬)|入夜|慢慢(?:变|转|暗|亮|褪|染)|由|从|开始时|随着|褪去|褪为|恢复|转眼|交替|更替|循环|轮转|降临|渐(?:亮|暗|浓|起|退|黑|晚)|到(?=夜|白|黄|深|清|正|傍|日|凌|黑|盛|寒|冬|夏)|至|升起|忽然|突然|瞬间|初(?:升|现|上)|停后|过后|泛起"
)
_MOVES = re.compile(
    r"\b(?:becom\w+|gradually|narrow(?:s|ing)|tighten(?:s|ing)|clos(?:es|ing) in|pull(?:s|ing)? (?:back|out|away)|push(?:es|ing)? (?:in|closer|forward|toward\w*)|zoom(?:s|ing)? (?:out|in)|doll(?:y|ies|ying)|crane\w*|widen(?:s|ing)|ris(?:es|ing)|reveal(?:s|ing)?|rack(?:s|ing)?|moves?|moving|from (?=[^,.;]{3,40}\bto\b)|starts?|starting|opens?|opening|begins?|beginning|turns?|into|descend\w*|swoop\w*|closing in|closes in|transition\w*|tilt\w*|track\w*|shifts? to|changes? to|switch\w* to|alternat\w+)\b"
    r"|拉远|拉开|推近|推进|推到|推向|拉到|升起|拉升|下降|俯冲|逐渐|渐渐|缓缓|由|从(?!高空)|到|至|转|变|切|先"
)
_TURNS = {
    "size": _MOVES,
    "camera": re.compile(
        r"\b(?:transition\w*|starts?|begins?|breaks? into|suddenly)\b|由(?![^，。]{0,14}(?:组成|构成|拼接|剪))|从(?!高空)|逐渐|渐渐|突然|忽然|转为|变为|开始(?!终)|先"
    ),
}
_TURNS["cut"] = re.compile(r"(?!)")
_TURNS["direction"] = re.compile(
    r"\b(?:transition\w*|starts?|begins?|into|back and forth|in and out|back again|up and down)\b|由|从|先|转|来回|往复|继而|又(?=向|拉|推)"
)
_BESIDE = re.compile(
    r"\b(?:outside|inside|through the|behind the|window|beyond|against|contrast\w*|meets?|between|one side|other side|half|left|right|rim|backlight)\b|窗外|屋外|室外|窗内|屋内|对比|交织|辉映|一侧|一边|背景|外面|里面|透过|映"
)
_LEAD = re.compile(
    r"\b(?:from|begins?|beginning|starts?|starting|opens?|opening|transitions?|gradually|time-?lapse of|day[- ]to[- ]night|half|left|right|split[- ]screen|side by side|one side|while inside|diptych|both|alternat\w+|contrast(?:s|ing)?|between)\b|从|由|分屏|左半|左边|左侧|右边|右侧|一半|一边|左右对比|冷暖对比|上半|下半|逐渐|渐渐|交替"
)
_SPLIT = re.compile(
    r"\bsplit[- ]screen\b|\bside[- ]by[- ]side\b|\bdiptych\b|\b(?:left|right|top|bottom|upper|lower|one|other) (?:half|side|panel)\b|分屏|左右对比|(?:左|右|上|下)(?:半|边|侧)|画面(?:左|右)|一半"
)
# What a picture, a screen or a window in the scene shows is not the scene.
_WITHIN = re.compile(
    r"\bin (?:the|a|her|his) (?:\w+ )?(?:mirror|painting|photo|picture|poster|reflection|dream|memory|flashback|puddle|film|movie)\b[^,.;]*$|镜子?里[^，。；]*$|\b(?:remember(?:s|ing)?|recall(?:s|ing)?|miss(?:es|ing)|longs? for|longing for|thinks? (?:of|about)|thinking (?:of|about)|imagin(?:es|ing)|waits? for|waiting for|promises?|last)\b[^,.;]{0,24}$|(?:想起|怀念|思念|期待|想象|盼着|等待)[^，。；,;]{0,8}$|\b(?:paintings?|posters?|photos?|photographs?|pictures?|murals?|televisions?|tv|screens?|postcards?|monitor|dreams?|dreaming|memory|memories|billboards?|mirror|snow globe|projector|hologram|prints?|tattoo|wallpaper|embroidered|named|called|scent|movie|film about|toy|book|cover|model of) (?:\w+ ){0,2}(?:of|shows?|showing|displaying|depicting|playing|about|with)\b[^,.;]*$|(?:画着|印着|海报|照片|壁画|电视|屏幕|油画|明信片|梦见|回忆|名为|绣着|画里|图案|书封)[^，。；,;]*$"
)
_LIKENED = re.compile(
    r"(?:\blike|\bas if (?:it were|in)|\bas bright as|如|似|像|宛如|仿佛|如同|好似|堪比|胜似)\s*(?:a |the )?(?:一?[轮个片弯颗条座道幅把面场层])?$"
)
# What stands after the words and makes them a thing in the scene, or a likeness.
_DEPICTED = re.compile(
    r"\s*(?:般|似的|一样|色(?!彩|调)|蓝|灯具|牌|号)|[- ](?:pattern(?:ed|s)?|checks|checkered|checkerboard|tiles?|fur|feathers|uniform|suit|dress|robe|pavement|fa[cç]ade|football|tuxedo|cats?|dogs?|cows?|horses?|pandas?|magpies?)\b|[- ]?(?:photo(?:graph)?s?|pictures?|portraits?|prints?|posters?|paintings?|drawings?|movies?|postcards?|stripes?)? ?(?:on (?:a|the|his|her) (?:\w+ )?(?:wall|screen|tv|television|poster|phone|laptop|monitor|desk|shelf|table)|hang(?:s|ing)|pinned|taped|framed)\b|[^,.;]{0,40}\b(?:seen|visible|glimpsed|reflected|shown|displayed|projected|painted|printed) (?:through|in|on|onto|beyond|behind|above|across|over)\b"
)
_SELECTIVE = re.compile(
    r"\b(?:except|only|apart from|selective colou?r|splash of|single (?:red|colou?red|pop)|pop of|accent|other than|but for|but (?:a|the|her|his|one))\b|唯有|只有(?!黑白|灰)|唯独|除了|局部彩色|点缀|仅有|一抹"
)
_AT_ONCE = re.compile(
    r"\b(?:at the same time|simultaneously|at once|in (?:one|the same) (?:single )?(?:frame|shot)|same frame|same shot)\b|同时|同框|同一(?:画面|镜头|时刻)|一边.{1,12}一边"
)
_CAMERA = re.compile(
    r"\b(?:camera|shot|lens|viewpoint|drone|frame|footage|steadicam|cameraman|view|dolly|perspective|gimbal|cam|camerawork|move|movement|operator)\b"
)
_STRONG = re.compile(
    r"handheld|hand-held|shaky|steadicam|gimbal|doll(?:y|ies|ying).*|push.*|pull.*|pan|pans|panning|tilt|crane.*|tracking.*|whip.*|zoom.*|boom.*|travel+ing shot|fly-?through|orbit|orbital|arc|follow shot|truck"
)
_OTHER_SUBJECT = re.compile(r"\b(?:an?|the|his|her|its|their|some|two|three|many|she|he|it|they|who|whose|that)\b")


# Sizes of several shots, told one by one: "wide shots and close-ups", "close-up of his hands, medium shot of the room".
_SEVERAL = re.compile(r"(?:shots|close-?ups|views|angles|panoramas|scenes|sequences|images)\b")
_ANGLES = re.compile(
    r"\b(?:various|multiple|different|several|many|alternating|varied) (?:\w+ )?(?:angles|shots|perspectives|views|shot sizes)\b|\b(?:mix|combination|series|sequence|variety|range) of\b|\bincluding\b|\bcut(?:s|ting)? between\b|多(?:个|种)?(?:角度|景别|机位)|不同(?:角度|景别)|景别(?:变化|切换)"
)
_SEASONS = re.compile(r"\b(?:spring|summer|autumn|fall|winter)\b|[春夏秋冬]")
_SEASONS_PASS = re.compile(r"\b(?:four |the )?seasons\b|四季|季节")
_MEDIUM = re.compile(r"\b(?:medium|mid)[- ]?(?:\w+[- ])?(?:shots?|close-?ups?|views?)\b|中景|近景(?!深)")
_COVERS = re.compile(r"[- ]?(?:shots?|views?|angles?|perspectives?)? ?(?:of|showing|captur\w+|reveal\w+|on|follow\w+) ")
_SERVES = re.compile(r"[^，。；]{0,3}(?:交代|表现|展示|呈现|强调|突出|营造|用于|负责)")
# What speaks of the whole clip, wherever in a long text it stands.
_OVERALL = re.compile(
    r"\b(?:film|footage|image|picture|palette|colou?rs?|look|style|grade|grading|aesthetic|tone|whole|entire|overall|throughout|clip|video|visuals)\b|画面|影像|色彩|色调|整体|全片|全程|风格|短片|视频"
)
_THROUGHOUT = re.compile(
    r"\bthroughout\b|\b(?:whole|entire|same|full|one|single) (?:\w+ )?(?:time|clip|take|shot|video|scene)\b|\bfirst frame\b|\bat all times\b|\b(?:always|never|constantly|continuously)\b|全程|始终|一直|从头到尾|自始至终|整个(?:镜头|视频)|同一镜头|全片|一镜到底"
)
_OVERALL_KINDS = ("colour", "style", "cut")
_OVERALL_NAMES = ("speed of time",)
_CYCLES = ("time", "light")


class Sight(NamedTuple):
    """One direction met in the text."""

    start: int
    end: int
    direction: Direction


def clashes(prompt: Reading, unwanted: Sequence[Span]) -> Iterator[Finding]:
    """At most one finding an axis and shot: the first pair that cannot be had together."""
    seen: set[Span] = set()
    shots: list[Span] | None = None
    for axis, standing in _worth_reading(prompt):
        sights = _sights(prompt, axis, standing, unwanted)
        if len(sights) < 2:
            continue
        if shots is None:
            shots = [shot for shot in prompt.shots if not _SPLIT.search(prompt.lower, *shot)]
        for first, last in shots:
            pair = _clash(prompt, axis, [s for s in sights if first <= s.start < last])
            if pair is None:
                continue
            one, two = sorted(pair)
            if (one.start, two.end) not in seen:
                seen.add((one.start, two.end))
                yield _finding(prompt, axis, one, two)


Standing = Mapping[int, Sequence[Gated]]
"""Of the values of an axis that may stand in a text, by their numbers, the patterns that are worth reading."""


@once
def _values() -> dict[Gated, tuple[int, int, int]]:
    """Where each pattern belongs: the numbers of its axis and value, and its own."""
    return {
        pattern: (number, place, nth)
        for number, axis in enumerate(axes())
        for place, value in enumerate(axis.values)
        for nth, pattern in enumerate(value.patterns)
    }


def _worth_reading(prompt: Reading) -> list[tuple[Axis, Standing]]:
    """The axes of which two values may stand in the text."""
    values = _values()
    found: dict[int, dict[int, list[Gated]]] = {}
    for pattern in prompt.open_gates(values):
        number, place, _ = values[pattern]
        found.setdefault(number, {}).setdefault(place, []).append(pattern)
    return [(axes()[number], standing) for number, standing in found.items() if len(standing) > 1]


def _finding(prompt: Reading, axis: Axis, one: Sight, two: Sight) -> Finding:
    said = [prompt.text[s.start : s.end].strip(" ,，;；、") for s in (one, two)]
    words = f"“{said[0]}” and “{said[1]}” exclude each other in one shot ({axis.name}). Keep one, or say how one turns into the other."
    return Finding(CONTRADICTION, one.start, max(one.end, two.end), words)


def _said(prompt: Reading, standing: Standing) -> list[tuple[int, Iterator[re.Match[str]]]]:
    """The values that the text has words of, with those words; none unless there are two, as one cannot clash."""
    said: list[tuple[int, Iterator[re.Match[str]]]] = []
    left = len(standing)
    for place, patterns in standing.items():
        matches = chain.from_iterable(map(prompt.matches, patterns))
        first = next(matches, None)
        if first is not None:
            said.append((place, chain((first,), matches)))
        else:
            left -= 1
            if left < 2:
                return []
    return said


def _sights(prompt: Reading, axis: Axis, standing: Standing, unwanted: Sequence[Span]) -> list[Sight]:
    found: list[Sight] = []
    text = prompt.lower
    for place, matches in _said(prompt, standing):
        direction, met = axis.values[place], 0
        for match in matches:
            if match[0] == "" or (
                any(a <= match.start() < b for a, b in unwanted)
                and axis.name not in ("cutting", "crowding", "camera motion", "wetness", "wind")
            ):
                continue
            start, end = prompt.clause_at(match.start() + (1 if match[0][0] in ",;，；、 " else 0))
            if (
                (axis.name != "point of view" and _DEPICTED.match(text, match.end()))
                or _WITHIN.search(text[max(start, match.start() - BEFORE_MAX) : match.start()])
                or _LIKENED.search(text[max(0, match.start() - 24) : match.start()])
            ):
                continue
            if "\u3400" <= text[match.start()] <= "\u9fff" and not _whole_words(prompt, match):
                continue
            if direction.camera and not _of_camera(text, match, start, end):
                continue
            found.append(Sight(match.start(), match.end(), direction))
            met += 1
            if met == SIGHTS_MAX:  # the hundredth time that it is said tells nothing new
                break
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
    if re.search(
        r"\b(?:camera|lens|shot|frame|drone|tripod)\b[^.;]*\b(?:as|while|and|yet|but|that|which) (?:it )?(?:at the same time |simultaneously |also |meanwhile |still |at once )?(?:\w+ly )?$",
        before,
    ):
        return True
    word = match[0].split()[-1] if match[0].split() else ""
    noun = re.search(r".*\b(?:camera|drone|lens|viewpoint|shot|frame|cam)\b((?: \w+){0,3} ?)$", before)
    if noun is not None:
        return not re.search(r"\b(?:of|as|while|captures?|watch\w+|on|at) (?:\w+ ){0,3}$", noun[1])
    if (
        re.match(
            r"[ -](?:\w+ ){0,2}(?:camera|shot|cam|camera ?work|camera (?:move|movement|motion|path)|movement|move|footage|dolly|drone|tracking|pan|take|tracking)\b",
            after,
        )
        and word != "moving"
    ):
        return True
    strong = any(map(_STRONG.fullmatch, match[0].split()))
    if not before.strip() or not _OTHER_SUBJECT.search(before):
        opener = not before.strip()
        return (strong and (opener or len(before.split()) <= 3)) or (
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
            if not _one_picture(prompt, axis, one, two) or _explained(prompt, axis, *sorted((one, two))):
                continue
            if axis.kind in _CYCLES and _cycle(prompt, sights, one):
                continue
            return one, two
    return None


def _one_picture(prompt: Reading, axis: Axis, one: Sight, two: Sight) -> bool:
    """Whether both are said of the same moment: sentences of a story, and moves of a camera, follow each other."""
    if prompt.sentence_number(one.start) == prompt.sentence_number(two.start):
        return True
    if prompt.tells_a_story:
        if axis.kind == "camera":
            return all(_THROUGHOUT.search(prompt.lower, *prompt.sentence_around(s.start)) for s in (one, two))
        if axis.kind not in _OVERALL_KINDS and axis.name not in _OVERALL_NAMES:
            return False
        return all(_OVERALL.search(prompt.lower, *prompt.clause_at(s.start)) is not None for s in (one, two))
    return axis.kind != "direction"


def _cycle(prompt: Reading, sights: list[Sight], one: Sight) -> bool:
    """Whether three times or seasons are told in one sentence: "spring, summer, autumn" pass, they are not at once."""
    number = prompt.sentence_number(one.start)
    told: list[frozenset[str]] = []
    for sight in sights:
        if prompt.sentence_number(sight.start) == number and not any(sight.direction.poles & p for p in told):
            told.append(sight.direction.poles)
    return len(told) > 2 and _AT_ONCE.search(prompt.lower, *prompt.sentence_around(one.start)) is None


def _apart(one: Sight, two: Sight) -> bool:
    return one.end <= two.start or two.end <= one.start or axis_free(one, two)


def axis_free(one: Sight, two: Sight) -> bool:
    """Whether two overlapping sights are different words after all ("black and white … color")."""
    return (
        (one.start, one.end) != (two.start, two.end)
        and not (one.start <= two.start and two.end <= one.end)
        and not (two.start <= one.start and one.end <= two.end)
    )


def _twilight(text: str, one: Sight, two: Sight) -> bool:
    """Whether a moon or stars stand in the sky of dusk or dawn, as they do."""
    early, late = sorted((one, two), key=lambda s: "night" in s.direction.poles)
    words = text[late.start : late.end]
    return (
        early.direction.poles <= {"dawn", "dusk"}
        and late.direction.poles == frozenset({"night"})
        and re.search(r"moon|star|constellation|aurora|northern lights|milky|月|星|银河|极光", words) is not None
        and re.search(r"night|夜|满天|漫天", words) is None
    )


def _seasons_pass(sentence: str) -> bool:
    return len(set(_SEASONS.findall(sentence))) > 2 or _SEASONS_PASS.search(sentence) is not None


def _covered(prompt: Reading, one: Sight, two: Sight) -> bool:
    """Whether two sizes are two shots: of several, with a medium one among them, or each a sentence about its own thing."""
    text = prompt.lower
    if "s" in (text[one.end - 1], text[two.end - 1]) and _SEVERAL.search(
        text[one.start : one.end + 1] + text[two.start : two.end + 1]
    ):
        return True
    if _MEDIUM.search(text, max(0, one.start - 40), two.end + 40):
        return True
    if _ANGLES.search(text, prompt.sentence_around(one.start)[0], one.start):
        return True
    apart = prompt.sentence_number(one.start) != prompt.sentence_number(two.start)
    return apart and all(_COVERS.match(text, s.end) is not None for s in (one, two))


def _explained(prompt: Reading, axis: Axis, one: Sight, two: Sight) -> bool:
    """Whether the text says how one becomes the other, or puts them beside each other."""
    text = prompt.lower
    between = text[one.end : two.start]
    if _AT_ONCE.search(text[max(0, one.start - 20) : two.end + 30]):
        return False
    if axis.name == "turn" and re.fullmatch(r"(?:转动|旋转)?[\s,，、]*(?:and|又|且|并)?\s*", between) is None:
        return True  # one wheel's way, another's
    if _SEVERAL.search(text[one.start : one.end + 10]) and _SEVERAL.search(text[two.start : two.end + 10]):
        return True
    if between.strip() == "and" and _SEVERAL.search(text[two.start : two.end + 8]):
        return True
    if axis.kind == "size" and _covered(prompt, one, two):
        return True
    if axis.kind == "time" and prompt.tells_a_story and re.fullmatch(r"\s*(?:和|与|及|、|and)\s*(?:the )?", between):
        return True  # of both parts of a story: 黎明和入夜都要安静
    if axis.name.startswith("season") and _seasons_pass(text[slice(*prompt.sentence_around(one.start))]):
        return True
    if _SERVES.match(text, one.end) and _SERVES.match(text, two.end):
        return True
    if axis.kind == "colour" and _SELECTIVE.search(text):
        return True
    if axis.name == "time of day" and _twilight(text, one, two):
        return True
    if axis.name == "weather" and re.search(r"\brainbow|\bsun ?shower|彩虹|太阳雨|东边日出", text):
        return True
    if axis.kind in ("place", "light") and _BESIDE.search(text[max(0, one.start - 25) : two.end + 25]):
        return True
    if _SEQUENCE.search(between) or (_TURNS.get(axis.kind, _BECOMES).search(between) is not None):
        return True
    near = len(between) < 40
    lead = re.split(r"[.;。；]", text[max(0, one.start - 45) : one.start])[-1]
    if _LEAD.search(lead) and (near or re.search(r"\bto\b|\binto\b|到|至|转|变", between)):
        return True
    if near and axis.kind != "camera" and re.fullmatch(r"[\w\s,'-]*\b(?:to|into)\b[\w\s'-]{0,20}", between):
        return True
    tail = text[two.end : two.end + 40]
    if re.match(r"[^.。;；]{0,25}(?:transition|cross-?fade|dissolve|过渡|渐变|转变|变化|更替|交替|转换|流转)", tail):
        return True
    return (
        axis.kind == "time"
        and re.search(r"\b(?:day|night|dusk|dawn)\b.{0,12}\b(?:transition|cycle|to night|to day)\b", text) is not None
    )
