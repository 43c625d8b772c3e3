"""Brands, trademarked characters and real people, named."""

# ruff: noqa: E501 - a pattern is read as one line, like the row of a table

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise, zip_longest
from operator import add

from wanreel.prompt.finding import NAMED_ENTITY, Finding
from wanreel.prompt.lexicon import Names, beings_of_data, casting, names, plain
from wanreel.prompt.reading import Reading, Word

_JOINS = frozenset({"", " ", "-", "–", ".", ". ", " & ", "&", " - ", ", ", "·", "'"})
_PLACE = re.compile(
    r"'?s? ?(?:(?:international )?airport|street|avenue|square|bridge|memorial|museum|monument|center|centre|university|college|park|tower|boulevard|island|lake|river|county|city|falls|bay|mountains?|house museum|trail|(?-i:Hill|Beach|Village|Market|Pass|Cathedral|Palace|Castle|Temple|Gardens?|District|Quarter)|desert|coast|reef|rainforest|basin|jungle)\b",
    re.IGNORECASE,
)
_PLACE_ZH = re.compile(
    r"线圈|故居|纪念馆|纪念堂|公园|大?路|大道|广场|大桥|机场|草堂|祠|庙|墓|陵|书院|年间|时期|年制|朝|青花|瓷|堤|诗|词牌|犬|塔|故里|式的|大学|中学|市|州|湖|岛|峡"
)
_NOT = re.compile(
    r"(?:rembrandt light|hitchcock zoom|vertigo shot|munch(?:ing|es) |imax format|trump card|tesla coil|java|apple (?:pie|tree|juice|cider|orchard|blossom)|sonic boom|elvis impersonator no)"
)
_PRAISE = r"(?:the |a |an |artist |director |painter |filmmaker |photographer |master |legendary |great |famous |japanese |french |american |italian |chinese |late |anime |film |movie )*"
# "in the style of Somebody", "painted by Somebody": the name need not be known.
_STYLE = re.compile(
    r"\b(?:in the (?:style|manner|spirit|vein|aesthetic|look|tradition) of|(?:painted|drawn|directed|photographed|illustrated|designed|filmed|shot|composed) by|(?:reminiscent|worthy|evocative) of|inspired by|à la|a la|homage to|tribute to|style of|looks? like a (?:film|painting|movie|photo) by|(?:painting|film|artwork|movie|photograph|mural|print)s? (?:by|of)) "
    + _PRAISE
    + r"((?:[A-ZÀ-Þ][\w'’.-]+)(?:[ -](?:van|von|de|da|del|der|la|le|el|di|bin|al|[A-ZÀ-Þ][\w'’.-]*))*)"
)
_ESQUE = re.compile(r"\b([A-ZÀ-Þ][a-zà-ÿ]{3,}(?: [A-ZÀ-Þ][a-zà-ÿ]+)?)(?:-style|-esque|esque|-like|-inspired| style)\b")
# What every match of the two holds: they begin with many words.
_STYLE_SIGNS = re.compile(rf" (?:of|by|la|to) {_PRAISE}[A-ZÀ-Þ]")
_ESQUE_SIGNS = re.compile(r"-style|esque|-like|-inspired| style")
_NAMED = re.compile(
    r"\b(?:named|called|nicknamed|character|heroine|protagonist|our hero|fictional)[,:]? (?:\w+ )?$", re.IGNORECASE
)
_DOTTED_ZH = re.compile(r"[\u4e00-\u9fff]{1,6}[·•・][\u4e00-\u9fff]{1,7}(?:[·•・][\u4e00-\u9fff]{1,6})?")
# The signs foreign names are written with: most of a name is of these, a heading with a dot is not.
_SOUNDS_ZH = frozenset(
    "阿埃艾奥巴贝本比宾波博布查达戴丹德狄迪杜多厄恩尔法菲费芬弗福盖甘高戈格葛古哈海汉赫亨胡华怀霍基吉加贾简杰金卡凯坎康科克肯孔库奎拉莱兰朗劳勒雷李里利莉丽林琳隆卢鲁伦罗洛马玛迈麦曼梅门蒙米密明莫墨默姆穆拿纳娜南内尼妮宁纽诺欧帕潘佩彭皮珀普奇契乔切琼让热日荣茹瑞若萨塞赛桑瑟森莎沙山舍圣施史舒朔斯丝思松苏索塔泰坦汤陶特提图托瓦万旺威韦维魏温文沃乌武西希锡夏香肖谢辛欣休修雅亚扬耶叶伊依因英尤于约赞泽扎詹张珍芝朱兹佐黛露萝梵高安东尼"
)
_DOTS = frozenset("·•・")
_LANDS = frozenset({"patagonia"})
"""Makes called after a land: only somebody's is one."""
_STYLE_ZH = re.compile(
    r"(?:画家|导演|艺术家|歌手|演员|明星|影星|球星|摄影师|大师|影帝|影后|总统|主席|首相|总理|作家|诗人|动画大师|企业家|科学家)([\u4e00-\u9fff]{2,3})(?=风格|的|式|笔下|站|在|唱|执导|作品|画风|穿|走|坐|演讲|骑|跑|跳|手|微笑|正)"
)
# "Elena Marlow, a lighthouse keeper": somebody made up is told who she is.
_DESCRIBED = re.compile(
    r",? \(?(?:(?:an?|the|her|his) (?:[\w-]+ ){0,4}(?:who|with|in|of|from|keeper|teacher|woman|man|girl|boy|farmer|fisherman|nurse|pilot|detective|baker|doctor|student|widow|sailor|clerk|artist)\b|\d\d?\b|aged \d|in (?:his|her) (?:early |late |mid )?(?:\w+ties|teens))"
)
_MYTH = re.compile(r"\b(?:god|goddess|gods|deity|deities|myth\w*|titan|nymph|olympus|winged victory)\b", re.IGNORECASE)
_TITLED = re.compile(
    r" (?!(?:And|Of|In|On|At|The|With|Who|Is|Day|Bear|Snow|Cat|Dog)\b)[A-Z][a-z]{2,}\b(?: [A-Z][a-z]+\b)?"
)
_OF_BRAND_ZH = frozenset("酒车牌机包鞋店杯瓶茶糖")
_NOT_DESCRIBING = frozenset(
    {
        "chagall",
        "laurent",
        "kubrick",
        "vivaldi",
        "seurat",
        "kent",
        "cassavetes",
        "fred",
        "mcqueen",
        "magritte",
        "reed",
        "wright",
        "sargent",
        "titian",
        "sebastian",
    }
)
WORDS_MAX = 9
"""No name has more words than this."""
_MARK = re.compile(r"\w{1,40} ?[®™]")


def named(prompt: Reading) -> Iterator[Finding]:
    """Each name once, with a generic wording to use instead."""
    taken: list[tuple[int, int]] = []
    for start, end, kind in sorted([*_english(prompt), *_chinese(prompt)], key=lambda s: (s[0], -s[1])):
        if any(a < end and start < b for a, b in taken):
            continue
        taken.append((start, end))
        wording = names().wording.get(kind, names().wording["zh"])
        words = f"“{prompt.text[start:end]}” is a name: the vendor may refuse it, and the clip may infringe. Write {wording}."
        yield Finding(NAMED_ENTITY, start, end, words)


def _english(prompt: Reading) -> Iterator[tuple[int, int, str]]:
    text, known = prompt.text, names()
    for match in _MARK.finditer(text) if "®" in text or "™" in text else ():
        yield *match.span(), "brand"
    if not prompt.has_english:
        return
    bare = [w[:-2] if w.endswith(("'s", "’s")) else w for w in prompt.english_lower]
    for number in _openings(bare, known):
        found = prompt.english
        low = bare[number]
        tokens = [Word(plain(w.text), w.start, w.end) for w in _parts(found[number : number + WORDS_MAX])]
        token = tokens[0]
        longest = _longest(text, tokens, 0, known) if low in known.longest else None
        if longest is not None:
            end, kind = longest
            if (
                not _PLACE.match(text, end)
                and not _NOT.match(text[token.start : token.start + 20].lower())
                and not _thing_or_myth(text, token.start, end, kind, known)
            ):
                yield token.start, end, kind
        elif _careful(prompt, token, known) or _make(prompt, token, known):
            yield token.start, token.end, "brand"
        elif token.text in known.titles and (holder := _TITLED.match(text, token.end)) is not None:
            yield token.start, holder.end(), "person"
    for pattern, signs in ((_STYLE, _STYLE_SIGNS), (_ESQUE, _ESQUE_SIGNS)):
        for match in pattern.finditer(text) if signs.search(text) else ():
            first = re.split(r"[ -]", match[1])[0].lower().rstrip(".,")
            if (
                plain(first) not in known.styles
                and plain(match[1]) not in known.styles
                and not first.endswith(("ist", "ism", "ian", "ese"))
                and not (pattern is _ESQUE and (_describes(first) or _common(prompt, match)))
                and not _PLACE.match(text, match.end(1))
                and not _PLACE.search(f" {match[1].split()[-1]}", 0)
            ):
                yield match.start(1), match.end(1), "person"
    yield from _full_names(prompt)


def _openings(bare: Sequence[str], known: Names) -> Iterator[int]:
    """The places of words that may begin a name."""
    if known.openings.isdisjoint(bare):
        return
    for number, (low, follows) in enumerate(zip_longest(bare, bare[1:])):
        if low in known.single or (low in known.followed and follows in known.followed[low]):
            yield number


def _describes(word: str) -> bool:
    """Whether a word in front of "style" says how, not whose: "Contemporary", "Realistic"."""
    return (
        len(word) > 4
        and word.endswith(
            (
                "ist",
                "ism",
                "ian",
                "ese",
                "ish",
                "ary",
                "ic",
                "ed",
                "ive",
                "ern",
                "ous",
                "ful",
                "ing",
                "al",
                "ical",
                "less",
                "ple",
                "ty",
                "ant",
                "ent",
                "age",
                "ure",
                "tion",
            )
        )
        and word not in _NOT_DESCRIBING
    )


def _common(prompt: Reading, match: re.Match[str]) -> bool:
    """Whether a word before "-like" is a capitalised creature or thing, as at the start of a sentence: "Dragon-like wings"."""
    opens = re.search(r"(?:^|[.!?:]\s*)$", prompt.text[: match.start()]) is not None
    word = match[1].lower()
    return (
        opens
        and " " not in word
        and (
            word in casting().beings
            or word in casting().scenery
            or word in casting().machines
            or word in beings_of_data()
        )
    )


def _parts(found: tuple[Word, ...]) -> Iterator[Word]:
    """Words without a possessive."""
    for word in found:
        yield Word(word.text[:-2], word.start, word.end - 2) if word.text.endswith(("'s", "’s")) else word


def _longest(text: str, tokens: list[Word], number: int, known: Names) -> tuple[int, str] | None:
    key, best = "", None
    for offset in range(known.longest[tokens[number].text] + 1):
        if number + offset >= len(tokens):
            break
        token = tokens[number + offset]
        if offset and text[tokens[number + offset - 1].end : token.start] not in _JOINS:
            possessive = text[tokens[number + offset - 1].end : token.start]
            if possessive.lower() not in ("'s ", "’s "):
                break
            key += "'s"
        key = f"{key} {token.text}" if key else token.text
        kind = _kind(text, tokens[number].start, key, known) or (
            _kind(text, tokens[number].start, key[:-1], known) if len(key) > 4 and key.endswith("s") else None
        )
        if kind is not None:
            best = token.end, kind
        if (
            text[token.end : token.end + 2].lower() in ("'s", "’s")
            and (kind := known.english.get(key + "'s")) is not None
        ):
            best = token.end + 2, kind
    return best


def _kind(text: str, start: int, name: str, known: Names) -> str | None:
    """What a name names; one made of ordinary words needs its capital letter, and alone a place inside a sentence."""
    kind = known.english.get(name)
    if kind is None or (name not in known.capital and f"{name}s" not in known.capital):
        return kind
    opens = re.search(r"(?:^|[.!?。！？:：\n])\s*$", text[max(0, start - 4) : start]) is not None
    if " " in name:
        return (
            kind
            if re.fullmatch(
                r"(?:[^a-zà-ÿ\s]\S*|of|the|and|de|la)(?:[\s-]+(?:[^a-zà-ÿ\s]\S*|of|the|and|de|la))*",
                text[start : start + len(name)],
            )
            else None
        )
    return kind if text[start].isupper() and not opens else None


def _thing_or_myth(text: str, start: int, end: int, kind: str, known: Names) -> bool:
    """Whether a name is a thing's (Rembrandt lighting) or a god's (Nike, the winged goddess)."""
    follows = re.match(r"(?:'s|’s)? ([a-z]+)", text[end : end + 24])
    if kind == "person" and follows is not None and follows[1] in known.things:
        return True
    return _MYTH.search(text[max(0, start - 40) : end + 40]) is not None and " " not in text[start:end]


def _make(prompt: Reading, token: Word, known: Names) -> bool:
    """A make written as one: "his Ford", never "a jaguar" and not where a sentence begins."""
    text = prompt.text
    if token.text not in known.proper or not text[token.start].isupper():
        return False
    follows = re.match(r"(?:'s|’s)? ([a-z]+)", text[token.end : token.end + 24])
    if follows is not None and follows[1] in known.things:
        return False
    before = text[max(0, token.start - 20) : token.start]
    if (
        token.text in _LANDS
        and re.search(r"\b(?:an?|his|her|their|my|your|wear(?:s|ing)|new|old|worn) $", before) is None
    ):
        return False
    return re.search(r"\b[a-z][a-z-]* $", before) is not None and not re.match(
        r" (?:River|Desert|Mountains?|Coast|National|Steppe)", text[token.end :]
    )


def _careful(prompt: Reading, token: Word, known: Names) -> bool:
    conditions = known.careful_english.get(token.text)
    if conditions is None:
        return False
    after, near = conditions
    text = prompt.text
    rest = text[token.end : token.end + 40]
    rest = re.sub(r"^['’]s", "", rest)
    follows = re.match(r"[ -](?:[\w-]+ )?(?=\S)", rest)
    capital = text[token.start].isupper()
    if re.match(rf"[ -](?:{after.pattern})", rest, re.IGNORECASE) or (
        capital and follows and re.match(rf"[ -][\w-]+ (?:{after.pattern})", rest, re.IGNORECASE)
    ):
        return (
            capital
            or token.text
            not in (
                "mars",
                "dawn",
                "gap",
                "target",
                "echo",
                "time",
                "coach",
                "bounty",
                "mini",
                "link",
                "flash",
                "goofy",
                "queen",
                "galaxy",
                "surface",
                "pixel",
                "zoom",
                "meta",
                "frozen",
                "oracle",
                "mustang",
                "jaguar",
                "beetle",
                "adele",
                "usher",
                "turner",
                "champion",
                "mario",
                "cher",
                "drake",
                "windows",
                "discord",
                "shell",
                "ford",
                "converse",
                "puma",
                "tide",
                "guess",
                "prince",
                "sharp",
                "trump",
                "delta",
                "united",
                "columbia",
                "dodge",
                "diesel",
                "supreme",
            )
            or (
                token.text in ("shell", "converse", "puma")
                and re.match(r" (?:gas|petrol|shoes|sneaker)", rest) is not None
            )
        )
    if not capital or near is None:
        return False
    start, end = prompt.clause_at(token.start)
    inside = token.start > start or text[token.start : token.start + 1] == ""
    lead = text[max(0, token.start - 12) : token.start].lower()
    return (inside or lead.strip() == "") and near.search(
        text[max(start, token.start - 60) : min(len(text), end + 40)]
    ) is not None


def _full_names(prompt: Reading) -> Iterator[tuple[int, int, str]]:
    """A first name in use and a capitalised second: more often somebody than nobody, unless the text says otherwise."""
    text, known = prompt.text, names()
    if prompt.lacks(known.first_names) or prompt.tells_a_story:
        return  # people of a story have names of its own
    found = prompt.english
    for one, two in pairwise(found):
        if one.text.lower() not in known.first_names or not one.text[0].isupper() or not two.text[0].isupper():
            continue
        last = re.sub(r"['’]s$", "", two.text).lower()
        if text[one.end : two.start] != " " or last in known.not_last_names or len(last) < 3 or last in known.styles:
            continue
        if (
            _PLACE.match(text, two.end)
            or _NAMED.search(text[: one.start])
            or text[max(0, one.start - 4) : one.start].lower() in ("st. ", "san ")
        ):
            continue
        if (
            _DESCRIBED.match(text, two.end)
            or any(a <= one.start < b for a, b in prompt.quotes)
            or re.search(r"\b(?:Saint|St|Lake|Mount|Port|Fort|Cape|Santa|Mr|Mrs|Aunt|Uncle|Dr) $", text[: one.start])
        ):
            continue
        if text[one.start : two.end].istitle() and _titled(text, one.start):
            continue
        yield one.start, two.start + len(last), "person"


def _titled(text: str, place: int) -> bool:
    """Whether a whole run of words around is capitalised, as in a heading."""
    around = re.findall(r"[A-Za-z]{3,}", text[max(0, place - 40) : place + 60])
    return len(around) > 5 and sum(w[0].isupper() for w in around) > len(around) * 0.8


def _chinese(prompt: Reading) -> Iterator[tuple[int, int, str]]:
    if not prompt.has_chinese:
        return
    text, known = prompt.text, names()
    signs = set(text)
    signs.update(map(add, text, text[1:]))
    for first in known.chinese.keys() & signs:
        for name in known.chinese[first]:
            place = text.find(name) if name[-1] in signs else -1
            while place >= 0:
                end = place + len(name)
                if _aligned(prompt, place, end, name) and not _PLACE_ZH.match(text, end):
                    yield place, end, "zh"
                place = text.find(name, place + 1)
    for name in chain.from_iterable(known.careful_first[first] for first in known.careful_first.keys() & signs):
        after, before = known.careful_chinese[name]
        for match in re.finditer(re.escape(name), text) if name in text else ():
            rest = re.sub(r"^[ ]", "", text[match.end() : match.end() + 12])
            if after.match(rest) or (
                before is not None and before.search(text[max(0, match.start() - 8) : match.start()])
            ):
                yield *match.span(), "zh"
    for match in _DOTTED_ZH.finditer(prompt.said) if signs & _DOTS else ():
        if all(sum(c in _SOUNDS_ZH for c in part) > len(part) / 2 for part in re.split("[·•・]", match[0])[:2]):
            yield *match.span(), "zh"
    for match in _STYLE_ZH.finditer(prompt.said):
        kinds = {w.kind for w in prompt.chinese if w.start >= match.start(1) and w.end <= match.end(1)}
        if kinds and all(kind.startswith("nr") for kind in kinds):
            yield *match.span(1), "zh"


def _aligned(prompt: Reading, start: int, end: int, name: str) -> bool:
    """Short names count only as whole words: 马云 is not in 骏马云集, nor 成龙 in 望子成龙."""
    if len(name) > 3 or not all("\u4e00" <= c <= "\u9fff" for c in name):
        first = (
            name[0].isascii() and start > 0 and prompt.text[start - 1].isascii() and prompt.text[start - 1].isalnum()
        )
        last = name[-1].isascii() and prompt.text[end : end + 1].isascii() and prompt.text[end : end + 1].isalnum()
        return not first and not last
    if {start, end} <= prompt.boundaries:
        return True
    if start in prompt.boundaries and prompt.text[end : end + 1] in _OF_BRAND_ZH and end + 1 in prompt.boundaries:
        return True  # 茅台酒 is one word to the dictionary
    tagged = {place for w in prompt.chinese for place in (w.start, w.end)}
    return {start, end} <= tagged
