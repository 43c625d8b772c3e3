"""Brands, trademarked characters and real people, named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wanreel.prompt.finding import NAMED_ENTITY, Finding
from wanreel.prompt.lexicon import Names, names, plain
from wanreel.prompt.reading import Reading, Word

_JOINS = frozenset({"", " ", "-", "–", ".", ". ", " & ", "&", " - ", ", ", "·", "'"})
_PLACE = re.compile(
    r"'?s? ?(?:(?:international )?airport|street|avenue|square|bridge|memorial|museum|monument|center|centre|university|college|park|tower|boulevard|island|lake|river|county|city|falls|bay|mountains?|house museum|trail|desert|coast|reef|rainforest|basin|jungle)\b",
    re.IGNORECASE,
)
_PLACE_ZH = re.compile(r"线圈|故居|纪念馆|纪念堂|公园|大?路|大道|广场|大桥|机场|草堂|祠|庙|墓|陵|书院|年间|时期|年制|朝|青花|瓷|堤|诗|词牌|犬|塔|故里|式的|大学|中学|市|州|湖|岛|峡")
_NOT = re.compile(r"(?:trump card|tesla coil|java|apple (?:pie|tree|juice|cider|orchard|blossom)|sonic boom|elvis impersonator no)")
# "in the style of Somebody", "painted by Somebody": the name need not be known.
_STYLE = re.compile(
    r"\b(?:in the (?:style|manner|spirit|vein|aesthetic|look|tradition) of|(?:painted|drawn|directed|photographed|illustrated|designed|filmed|shot|composed) by|(?:reminiscent|worthy|evocative) of|inspired by|à la|a la|homage to|tribute to|style of|looks? like a (?:film|painting|movie|photo) by|(?:painting|film|artwork|movie|photograph|mural|print)s? (?:by|of)) "
    r"(?:the |a |an |artist |director |painter |filmmaker |photographer |master |legendary |great |famous |japanese |french |american |italian |chinese |late |anime |film |movie )*"
    r"((?:[A-ZÀ-Þ][\w'’.-]+)(?:[ -](?:van|von|de|da|del|der|la|le|el|di|bin|al|[A-ZÀ-Þ][\w'’.-]*))*)"
)
_ESQUE = re.compile(r"\b([A-ZÀ-Þ][a-zà-ÿ]{3,}(?: [A-ZÀ-Þ][a-zà-ÿ]+)?)(?:-style|-esque|esque|-like|-inspired| style)\b")
_GENERIC = frozenset(
    """art baroque renaissance impressionism impressionist impressionists expressionism cubism cubist surrealism surrealist romanticism realism rococo gothic victorian edwardian georgian tudor nouveau deco bauhaus
    ukiyo ukiyo-e sumi-e chinese japanese korean indian persian french italian american european african british english german russian spanish dutch scandinavian nordic mexican moroccan mediterranean arabic turkish thai egyptian greek roman
    byzantine celtic norse viking aztec mayan tang song ming qing han edo meiji pop noir film western westerns soviet medieval classical neoclassical minimalist minimalism modernist modern mid-century brutalist brutalism art-deco hollywood bollywood
    nollywood kung wuxia old golden new wave italian-neorealism technicolor super vhs polaroid polaroids kodachrome documentary national nature sci cyberpunk steampunk solarpunk vaporwave dutch-golden impressionistic fauvism pointillism dada
    dadaism constructivism socialist folk gongbi shan hudson school pre-raphaelite preraphaelite ottoman islamic mughal tibetan buddhist hindu christian paris parisian new-york york tokyo london venice venetian florentine tuscan provence
    dark light soft warm cool slow wide close medium vintage retro studio wabi wabi-sabi zen anime manga claymation watercolor watercolour oil hong kong shanghai beijing hangzhou suzhou jiangnan suzhou dunhuang silk arctic alpine christmas
    halloween easter ink disco imax rgb hdr cgi vfx pov asmr mtv-less grand low high black white blue red green pastel neo post tim-less instagram-less asian western-style caribbean hawaiian californian cuban brazilian latin bohemian boho
    broadway sunday monday wild spaghetti space fantasy horror the a an one two haute french-new shot scene style rembrandt-lighting flemish venetian bengal ghana""".split()
)
_FIRST = frozenset(
    """james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark donald steven paul andrew joshua kenneth kevin brian george timothy ronald edward jason jeffrey ryan jacob gary nicholas eric
    jonathan stephen larry justin scott brandon benjamin samuel gregory alexander patrick frank raymond jack dennis jerry tyler aaron jose adam nathan henry zachary douglas peter kyle ethan jeremy walter christian keith roger terry harry sean
    austin carl arthur lawrence jesse dylan bryan joe jordan billy bruce albert willie gabriel logan alan juan elijah ralph roy randy eugene vincent bobby louis philip johnny mary patricia jennifer linda elizabeth barbara susan jessica sarah
    karen lisa nancy betty sandra margaret ashley kimberly emily donna michelle carol amanda melissa deborah stephanie rebecca sharon laura cynthia dorothy amy kathleen angela shirley emma brenda pamela nicole anna samantha katherine christine
    helen debra rachel carolyn janet maria catherine heather diane olivia julie joyce victoria ruth virginia lauren kelly christina joan evelyn judith andrea hannah jacqueline megan cheryl teresa ann jean alice doris julia sophia martha
    tom tim jim bill bob ben matt chris nick mike steve dan sam alex max leo hugo oscar diego pablo carlos luis javier antonio marco luca giovanni pierre jacques claude francois henri hans klaus otto fritz ivan dmitri vladimir sergei boris
    mikhail yuri akira kenji hiroshi takeshi hayao yuki naomi haruki jackie jet andy tony maggie lucy kate emma scarlett penelope salma sofia gal margot cate tilda keanu denzel idris viola lupita zendaya timothee saoirse cillian liam colin
    hugh ewan gerard orlando viggo javier mads lebron kobe serena venus rafael novak kylian erling cristiano lionel usain simone megan lewis sebastian fernando ayrton lady snoop freddie elvis mick ozzy bob dolly stevie aretha whitney
    rosa nelson winston margaret angela emmanuel narendra barack hillary kamala bernie greta malala oprah ellen conan jimmy gordon martha stella donatella giorgio gianni calvin ralph tommy yves karl coco vera vivienne alexander norah nora ella ava mia zoe chloe lily grace ruby amelia isla freya alicia miles ethan mason owen caleb wyatt luke isaac jayden levi aiden dominic ian evan jared jake kurt ernest edgar franz johann wolfgang ludwig claude edouard edvard gustav egon salvador frida diego vincent andy keith roy jeff damien yayoi takashi ansel annie dorothea cindy diane helmut wim werner rainer sofia agnes jean francois roman krzysztof bela satyajit ingmar lars bong wong zhang jackie michelle gong ziyi lang yo itzhak hilary anne sophie joshua andre nigel vanessa lindsey ronda conor floyd manny canelo tyson evander sugar mohamed zlatan karim luka wayne gareth harry raheem bukayo alexia ada marta naomi coco iga aryna carlos jannik andre pete bjorn billie chris steffi martina monica""".split()
)
_NOT_LAST = frozenset(
    """russell spaniel terrier street avenue road square lake falls park bridge island river church cathedral palace castle tower station beach bay mountain valley desert city county hall hotel bar cafe café house garden gardens market harbour
    harbor airport museum opera day night rose marie lily may jane doe shepherd frost hood claus bear jacket dress coat hat boots shoes beetle pear plum daisy lou fruit pie cake bread stick knife bus train ferry dog cat crow bird nose spin
    creek canyon cove coast grove hills heights woods village town trail pass peak point port ridge""".split()
)
_NAMED = re.compile(r"\b(?:named|called|nicknamed|character|heroine|protagonist|our hero|fictional)[,:]? (?:\w+ )?$", re.IGNORECASE)
_DOTTED_ZH = re.compile(r"[\u4e00-\u9fff]{1,6}[·•・][\u4e00-\u9fff]{1,7}(?:[·•・][\u4e00-\u9fff]{1,6})?")
_STYLE_ZH = re.compile(r"(?:画家|导演|艺术家|歌手|演员|明星|影星|球星|摄影师|大师|影帝|影后|总统|主席|首相|总理|作家|诗人|动画大师|企业家|科学家)([\u4e00-\u9fff]{2,3})(?=风格|的|式|笔下|站|在|唱|执导|作品|画风|穿|走|坐|演讲|骑|跑|跳|手|微笑|正)")
_MARK = re.compile(r"\w+ ?[®™]")


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
    tokens = [Word(plain(w.text), w.start, w.end) for w in _parts(prompt.english)]
    for number, token in enumerate(tokens):
        longest = _longest(text, tokens, number, known)
        if longest is not None:
            end, kind = longest
            if not _PLACE.match(text, end) and not _NOT.match(text[token.start : token.start + 20].lower()):
                yield token.start, end, kind
        elif _careful(prompt, token, known):
            yield token.start, token.end, "brand"
    for pattern in (_STYLE, _ESQUE):
        for match in pattern.finditer(text):
            first = re.split(r"[ -]", match[1])[0].lower().rstrip(".,")
            if plain(first) not in _GENERIC and plain(match[1]) not in _GENERIC and not first.endswith(("ist", "ism", "ian", "ese")) and not _PLACE.match(text, match.end(1)):
                yield match.start(1), match.end(1), "person"
    for match in _MARK.finditer(text):
        yield *match.span(), "brand"
    yield from _full_names(prompt)


def _parts(found: tuple[Word, ...]) -> Iterator[Word]:
    """Words without a possessive."""
    for word in found:
        ending = re.search(r"['’]s$", word.text)
        yield Word(word.text[: ending.start()], word.start, word.start + ending.start()) if ending else word


def _longest(text: str, tokens: list[Word], number: int, known: Names) -> tuple[int, str] | None:
    key, best = "", None
    for offset in range(known.longest):
        if number + offset >= len(tokens):
            break
        token = tokens[number + offset]
        if offset and text[tokens[number + offset - 1].end : token.start] not in _JOINS:
            possessive = text[tokens[number + offset - 1].end : token.start]
            if possessive.lower() not in ("'s ", "’s "):
                break
            key += "'s"
        key = f"{key} {token.text}" if key else token.text
        kind = known.english.get(key)
        if kind is not None:
            best = token.end, kind
        if text[token.end : token.end + 2].lower() in ("'s", "’s") and (kind := known.english.get(key + "'s")) is not None:
            best = token.end + 2, kind
    return best


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
    if re.match(rf"[ -](?:{after.pattern})", rest, re.IGNORECASE) or (capital and follows and re.match(rf"[ -][\w-]+ (?:{after.pattern})", rest, re.IGNORECASE)):
        return capital or token.text not in ("mars", "dawn", "gap", "target", "echo", "time", "coach", "bounty", "mini", "link", "flash", "goofy", "queen", "galaxy", "surface", "pixel", "zoom", "meta", "frozen", "oracle", "mustang", "jaguar", "beetle", "adele", "usher", "turner", "champion", "mario", "cher", "drake", "windows", "discord", "shell", "ford", "converse", "puma", "tide", "guess", "prince", "sharp", "trump", "delta", "united", "columbia", "dodge", "diesel", "supreme") or token.text in ("shell", "converse", "puma") and re.match(r" (?:gas|petrol|shoes|sneaker)", rest) is not None
    if not capital or near is None:
        return False
    start, end = prompt.clause_at(token.start)
    inside = token.start > start or text[token.start : token.start + 1] == ""
    lead = text[max(0, token.start - 12) : token.start].lower()
    return (inside or lead.strip() == "") and near.search(text[max(start, token.start - 60) : min(len(text), end + 40)]) is not None


def _full_names(prompt: Reading) -> Iterator[tuple[int, int, str]]:
    """A first name in use and a capitalised second: more often somebody than nobody, unless the text says otherwise."""
    text = prompt.text
    found = prompt.english
    for one, two in zip(found, found[1:], strict=False):
        if one.text.lower() not in _FIRST or not one.text[0].isupper() or not two.text[0].isupper():
            continue
        last = re.sub(r"['’]s$", "", two.text).lower()
        if text[one.end : two.start] != " " or last in _NOT_LAST or len(last) < 3 or last in _GENERIC:
            continue
        if _PLACE.match(text, two.end) or _NAMED.search(text[: one.start]) or text[max(0, one.start - 4) : one.start].lower() in ("st. ", "san "):
            continue
        if any(a <= one.start < b for a, b in prompt.quotes) or re.search(r"\b(?:Saint|St|Lake|Mount|Port|Fort|Cape|Santa|Mr|Mrs|Aunt|Uncle|Dr) $", text[: one.start]):
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
    for place, char in enumerate(text):
        for name in known.chinese.get(char, ()):
            if text.startswith(name, place):
                end = place + len(name)
                if _aligned(prompt, place, end, name) and not _PLACE_ZH.match(text, end):
                    yield place, end, "zh"
                    break
    for name, (after, before) in known.careful_chinese.items():
        for match in re.finditer(re.escape(name), text):
            rest = re.sub(r"^[ ]", "", text[match.end() : match.end() + 12])
            if after.match(rest) or (before is not None and before.search(text[max(0, match.start() - 8) : match.start()])):
                yield *match.span(), "zh"
    for match in _DOTTED_ZH.finditer(prompt.said):
        yield *match.span(), "zh"
    for match in _STYLE_ZH.finditer(prompt.said):
        kinds = {w.kind for w in prompt.chinese if w.start >= match.start(1) and w.end <= match.end(1)}
        if kinds and all(kind.startswith("nr") for kind in kinds):
            yield *match.span(1), "zh"


def _aligned(prompt: Reading, start: int, end: int, name: str) -> bool:
    """Short names count only as whole words: 马云 is not in 骏马云集, nor 成龙 in 望子成龙."""
    if len(name) > 3 or not all("\u4e00" <= c <= "\u9fff" for c in name):
        first = name[0].isascii() and start > 0 and prompt.text[start - 1].isascii() and prompt.text[start - 1].isalnum()
        last = name[-1].isascii() and prompt.text[end : end + 1].isascii() and prompt.text[end : end + 1].isalnum()
        return not first and not last
    if {start, end} <= prompt.boundaries:
        return True
    tagged = {place for w in prompt.chinese for place in (w.start, w.end)}
    return {start, end} <= tagged
