"""Who acts in Chinese words: in each piece of a sentence the being, or the machine, that stands before its verb."""

# ruff: noqa: E501 - a pattern, or a list of words, is read as one line

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from operator import add

from wanreel.prompt.lexicon import Cast, casting, words
from wanreel.prompt.reading import Reading, Span, Word
from wanreel.prompt.rules.actors_english import Actor

# A table laid, a kitchen: what is named after these words lies there. What is named before the others is made.
_STILL_LIFE = re.compile(
    r"桌上|餐桌|盘中|盘子|菜肴|菜品|摆满|摆着|盛着|火锅|锅里|蒸笼|烤(?!火|串|面包机|红薯的)|案板|砧板|货架|冰鲜|摊位上|橱窗里"
)
_MADE = re.compile(
    r"图案|玩偶|雕像|造型|形状|剪纸|摆件|印有|绣着|画着|海报|摆放|陈列|纹样|纹饰|浮雕|屏风上|年画|雕刻|雕花"
)
_MADE_ROW = re.compile(
    r"(?:皮影|木偶|面具|雕像|塑像|玩偶|人偶|布偶|剪影|画像|手办|泥人|糖人|面人|脸谱|年画|剪纸|照片|贴纸|徽章|邮票|卡片|纸牌|积木|摆件|玩具|模型)$"
)
_CUT = re.compile(
    r"、|以及|同时|而(?=一)|与此同时|旁边(?=一|有|的)|还有(?!人)|[和与](?=一[只个名位头条匹台辆])|(?:上|里|中|旁|边|前|下|外)(?=[一两三][只个名位头条匹台辆架])"
)
_COUNTED = re.compile(
    r"^(?:又|还|也|更)?有的?人|^有的(?!是)|^另[外]?一[个名位只条头]|^另一(?:边|侧|头)|^一[个只名位](?=在|正|负责|忙)|^第[一二三四五六][个只名位人]|^还有(?:人|一)"
)
_LIKENED = re.compile(
    r"^(?:就|又|也|都|便|正)?(?:好)?(?:像|仿佛|如同|宛如|宛若|犹如|好似|恰似|似|如|若|让人|令人|使人|给人)"
)
_LABEL = re.compile(r"(?:主体|人物|角色|主角)\s*[一二三四五六七八九十\dA-Fa-f甲乙丙丁戊]\s*[：:、，,]")
_MERGED = frozenset("手者员师工兵匠女童妇")
_LEAD = re.compile(
    r"^(?:左边|右边|中间|左侧|右侧|前景|后景|背景|近处|远处|门口|门外|窗外|台上|台下|旁边|身旁|一旁|角落里?|树下|屋顶上?|桥上|路边|街边|街角|上方|下方|左|右|前|后|河边|岸边|田里|院里|厨房里|院子里|这边|那边|另一边|一边|空中|天上|地上|水里|水中|此时|这时|忽然|突然|同时|只见|画面中|画面里)+的?"
)
_MEASURE = re.compile(
    r"^(?:[一两二三四五六七八九十几数\d]+|某|每|那|这)(?:只|个|名|位|头|条|匹|台|辆|架|艘|对|群|队|双|尾|峰|羽|口|尊|把|部|列)$"
)
_OWNED = words(
    "的, 身上, 手中, 手里, 脚下, 身后, 身边, 背后, 面前, 头顶, 群, 形, 状, 般, 似的, 脸上, 手, 之间, 家, 图案, 形象, 雕像, 玩偶, 服, 装, 造型, 头像, 们的, 眼中, 眼里, 掌心, 指尖, 肩上, 怀里, 脚边"
)
_JOIN = words("和, 与, 跟, 及, 同") | {"、"}
_NOUNS = frozenset({"n", "nr", "nz", "nrt", "ng", "nt"})
_QUIET_VERBS = words("有, 是, 让, 使, 站着, 像, 如, 坐着")


def actors(prompt: Reading, within: Sequence[Span] | None = None) -> Iterator[Actor]:
    """The subjects of all pieces, or of those in some sentences, in order."""
    if not prompt.has_chinese:
        return
    cast = casting()
    segments = _merged(prompt.chinese)
    for label in _LABEL.finditer(prompt.said):
        yield Actor(label[0], label.start(), label.end())
    starts = [w.start for w in segments]
    row = False  # of things made, whose names follow: 一排皮影，将军、书生
    for start, end in _pieces(prompt):
        if within is not None and not any(first <= start < last for first, last in within):
            continue
        text = prompt.said[start:end]
        if row and len(text) <= 4:
            continue
        row = _MADE_ROW.search(text) is not None
        if _MADE.search(text) or not re.search(r"[\u3400-\u9fff]", text):
            continue
        lead = _LEAD.match(text)
        begin = start + (lead.end() if lead else 0)
        if _LIKENED.match(text):
            continue
        counted = _COUNTED.match(prompt.said[begin:end])
        if (
            counted is not None
            and end - begin - counted.end() >= 1
            and not _moment(prompt.said[begin + counted.end() : end])
        ):
            yield Actor(f"{counted[0]}@{begin}", begin, begin + counted.end())
            continue
        first = bisect_left(starts, begin)
        inside = [w for w in segments[first : bisect_left(starts, end)] if w.end <= end and w.text.strip()]
        found = list(_subjects(inside, cast)) if inside else []
        found = found or list(_by_letters(prompt.said, begin, end, cast))
        still = _STILL_LIFE.search(prompt.said, start, end)
        if still is not None and not any(a.start < still.start() for a in found):
            continue
        yield from found
        if not found and not _LABEL.search(text):
            yield from _perhaps(inside, cast)


_TELLS_MORE = re.compile(r"有的|有人|另|第|还有|一[个只名位](?:在|正|负责|忙)")
"""One of these stands in every match of `_COUNTED`."""


def at_most(prompt: Reading) -> tuple[int, int] | None:
    """How many act at most of whom that is known, and how many more perhaps, by a look at each word alone.

    None where some are counted or labelled, which only reading tells. Whoever acts is a word that may name somebody, or
    letters of one at the beginning of a piece that the segmenter cut through; who acts perhaps is a noun before a verb.
    """
    if _TELLS_MORE.search(prompt.said) or _LABEL.search(prompt.said):
        return None
    words = prompt.chinese
    sure = [
        word
        for word in words
        if _may_be(word.text[-_WORD_MAX:]) or (word.kind[:2] == "nr" and word.text[0] in "小阿老大")
    ]
    counted = {place for word in sure for place in range(word.start, word.end)}
    perhaps = sum(one.kind in _NOUNS and two.kind[:1] == "v" for one, two in pairwise(words))
    return len(sure) + sum(place not in counted for place in _cut_names(prompt.said)), perhaps


_WORD_MAX = 40  # signs: of what is longer the end alone may tell


@lru_cache(maxsize=1 << 13)
def _may_be(text: str) -> bool:
    """Whether `_being` may take a word for somebody or something that acts, were its place the best."""
    cast = casting()
    return (
        text in cast.beings_zh
        or text in cast.collectives_zh
        or text in _MERGED
        or text[-2:] in cast.beings_zh
        or text[:-1] in cast.beings_zh
        or cast.endings_zh.end(text)
        or cast.machine_endings_zh.end(text)
    )


def _cut_names(said: str) -> Iterator[int]:
    """Where known beings of two signs and more stand in a text, whatever its words are."""
    starts, known = _starts(), casting().beings_zh
    for place, start in enumerate(map(add, said, said[1:])):
        if start in starts and any(said[place : place + length] in known for length in range(2, 7)):
            yield place


@cache
def _starts() -> frozenset[str]:
    """The first two signs of all beings that have as many."""
    return frozenset(name[:2] for name in casting().beings_zh if len(name) > 1)


def beings_in(prompt: Reading, start: int, end: int) -> int:
    """How many different words between two places could name somebody or something that acts; at least as many as act."""
    cast = casting()
    return len(
        {
            word.text
            for word in prompt.chinese_in(start, end)
            if (
                word.text in cast.beings_zh
                or word.text in cast.collectives_zh
                or cast.endings_zh.end(word.text)
                or cast.machine_endings_zh.end(word.text)
                or word.kind.startswith("nr")
            )
        }
    )


def _pieces(prompt: Reading) -> Iterator[tuple[int, int]]:
    """Clauses, and the items of a list within them."""
    for start, end in prompt.clauses:
        begin = start
        for mark in _CUT.finditer(prompt.said[start:end]):
            yield begin, start + (mark.start() if mark[0][0] not in "上里中旁边前下外" else mark.end())
            begin = start + mark.end()
        yield begin, end


def _subjects(inside: list[Word], cast: Cast) -> Iterator[Actor]:
    """Beings before the piece's first verb, joined by "and" or alone; a list item that is only a being counts too."""
    pending: list[Actor] = []
    blocked = False
    measured = False
    number = 0
    while number < len(inside):
        word = inside[number]
        follows = inside[number + 1] if number + 1 < len(inside) else None
        if _MEASURE.match(word.text):
            measured = not blocked
            number += 1
            continue
        name = _being(inside, number, cast, measured=measured)
        if name is not None and not blocked:
            owner = follows is not None and (follows.text in _OWNED or follows.text.startswith("的"))
            compound = (
                follows is not None
                and follows.kind.startswith("n")
                and _being(inside, number + 1, cast) is not None
                and follows.text not in _JOIN
            )
            if not owner and not compound:
                pending.append(Actor(name, word.start, word.end))
                if follows is None or follows.text not in _JOIN:
                    blocked = True
            number += 1
            continue
        if number == 0 and _describes(inside, cast):
            number += 1
            continue
        if word.kind.startswith("v") and word.text not in _QUIET_VERBS and not _modifier(inside, number):
            blocked = True
        number += 1
    yield from pending


def _by_letters(text: str, begin: int, end: int, cast: Cast) -> Iterator[Actor]:
    """A known being at the very start that the segmenter cut through: 小二端茶 is cut 小|二端|茶."""
    measured = re.match(r"[一两二三四五几]?[只个名位头条匹台辆架]", text[begin:end])
    begin += measured.end() if measured else 0
    for length in range(min(6, end - begin - 1), 1, -1):
        name = text[begin : begin + length]
        rest = text[begin + length : end]
        if name in cast.beings_zh and not rest.startswith(tuple(_OWNED)) and re.match(r"[\u3400-\u9fff]", rest):
            yield Actor(name, begin, begin + length)
            return


def _merged(words: tuple[Word, ...]) -> list[Word]:
    """The segmenter's words, with a trade it cut through put together: 摩托车|手."""
    found: list[Word] = []
    for word in words:
        last = found[-1] if found else None
        if (
            last is not None
            and word.text in _MERGED
            and last.kind.startswith("n")
            and last.end == word.start
            and (word.text != "手" or last.text.endswith(("车", "琴", "鼓", "笛", "滑板")))
        ):
            found[-1] = Word(last.text + word.text, last.start, word.end, "n")
            continue
        found.append(word)
    return found


def _moment(rest: str) -> bool:
    """Whether what is counted is a moment or a shot, not somebody."""
    return re.match(r"(?:瞬间|镜头|画面|场景|部分|阶段|片段|细节|是|为|[，。：:])", rest) is not None


def _perhaps(inside: list[Word], cast: Cast) -> Iterator[Actor]:
    """A noun nobody listed that opens its piece and has a verb at once: it may act, where others plainly do."""
    if len(inside) < 3 or sum(len(w.text) for w in inside) > 12:
        return
    one, two = inside[0], inside[1]
    if (
        one.kind in _NOUNS
        and two.kind[:1] == "v"
        and two.text not in _QUIET_VERBS
        and 2 <= len(one.text) <= 5
        and one.text not in cast.not_beings_zh
        and not cast.scenery_endings_zh.end(one.text)
    ):
        yield Actor(one.text, one.start, one.end, sure=False)


def _describes(inside: list[Word], cast: Cast) -> bool:
    """Whether a first verb belongs to the noun after it, which then acts itself: 送货机器人倒地."""
    if len(inside) < 3 or not inside[0].kind.startswith("v") or inside[0].text[-1] in "着了起过到来去出入住":
        return False
    return _being(inside, 1, cast) is not None and inside[2].text not in _OWNED


def _modifier(inside: list[Word], number: int) -> bool:
    """Whether a verb only describes a noun that follows: 身穿汉服的女子."""
    return any(w.text == "的" for w in inside[number + 1 : number + 6])


def _being(inside: list[Word], number: int, cast: Cast, *, measured: bool = False) -> str | None:
    word = inside[number]
    text = word.text
    if text in cast.not_beings_zh:
        return None
    if text in cast.beings_zh or text in cast.collectives_zh:
        return text
    ends, machine = cast.endings_zh.end(text), cast.machine_endings_zh.end(text)
    if len(text) > 2 and text[-2:] in cast.beings_zh and not cast.machine_endings_zh.end(text[-2:]):
        return text
    if not ends and not machine and not (number == 0 and word.kind.startswith("nr")) and text[-1] not in "在正把被":
        return None
    if number == 0 and word.kind.startswith("nr") and re.fullmatch(r"[小阿老大][\u4e00-\u9fff]", text):
        return text  # 小明
    if len(text) > 1 and text[-1] in "在正把被" and text[:-1] in cast.beings_zh:
        return text[:-1]
    place = number == 0 or measured or inside[number - 1].text in ("的", "、")
    if (
        len(text) >= 2
        and ends
        and word.kind[:1] in ("n", "v", "j", "z", "x", "l")
        and word.kind not in ("ns", "nt")
        and place
    ):
        return text if number + 1 < len(inside) or measured else None
    if word.kind.startswith(("v", "p", "d", "a", "m", "q", "x", "f", "c", "u", "ns", "t", "s")) and word.kind != "vn":
        return None
    acts = any(w.kind[:1] in ("v", "d", "i", "p") for w in inside[number + 1 : number + 5])
    if len(text) >= 2 and (ends and (acts or len(inside) <= 3)):
        return text
    if (
        len(text) >= 2
        and machine
        and place
        and number + 1 < len(inside)
        and inside[number + 1].text not in _OWNED
        and (acts or measured or number == 0)
    ):
        return text
    return None
