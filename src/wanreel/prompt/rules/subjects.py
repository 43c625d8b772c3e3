"""More than three main subjects: actors or objects that carry the action, props and scenery not counted."""

# ruff: noqa: E501 - a pattern is read as one line, like the row of a table

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wanreel.prompt.finding import TOO_MANY_SUBJECTS, Finding
from wanreel.prompt.lexicon import Cast, casting
from wanreel.prompt.reading import Reading, Word
from wanreel.prompt.rules import negation

SUBJECTS_MAX = 3
REACH, REACH_CHINESE = 330, 120
"""How far apart, in characters, subjects still share one picture."""

STORY_MIN = 450
"""From this length on, parts of one thing are told one by one, and "the heel lifts, the sole opens" is one subject."""

_ONE = frozenset(
    {
        "a",
        "an",
        "one",
        "another",
        "his",
        "her",
        "their",
        "two",
        "three",
        "four",
        "five",
        "six",
        "several",
        "some",
        "many",
        "couple",
    }
)
_THE = frozenset({"the", "this", "that", "its", "each"})
_STOP = frozenset(
    [
        "in",
        "on",
        "at",
        "by",
        "with",
        "from",
        "into",
        "onto",
        "over",
        "under",
        "through",
        "past",
        "along",
        "around",
        "beside",
        "behind",
        "near",
        "between",
        "among",
        "across",
        "against",
        "toward",
        "towards",
        "upon",
        "beneath",
        "above",
        "below",
        "inside",
        "outside",
        "to",
        "for",
        "as",
        "while",
        "where",
        "when",
        "who",
        "which",
        "that",
        "whose",
        "and",
        "or",
        "but",
        "then",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "has",
        "have",
        "had",
        "so",
        "if",
        "off",
        "down",
        "up",
        "out",
        "about",
        "without",
        "during",
        "before",
        "after",
        "like",
        "amid",
        "amidst",
        "atop",
        "via",
        "next",
        "plus",
        "nor",
        "yet",
        "it",
        "he",
        "she",
        "they",
        "them",
        "him",
        "we",
        "you",
        "i",
        "there",
        "here",
        "not",
        "no",
        "only",
        "also",
        "too",
        "very",
    ]
)
_PREPOSITION = frozenset(
    [
        "in",
        "on",
        "at",
        "by",
        "with",
        "from",
        "into",
        "onto",
        "over",
        "under",
        "through",
        "past",
        "along",
        "around",
        "beside",
        "behind",
        "near",
        "between",
        "among",
        "across",
        "against",
        "toward",
        "towards",
        "of",
        "for",
        "above",
        "below",
        "inside",
        "like",
        "as",
        "to",
        "atop",
        "without",
        "wearing",
        "holding",
        "carrying",
    ]
)
_OPENERS = frozenset(["and", "while", "as", "where", "when", "plus", "meanwhile", "then", "also"])
_FEEL = frozenset(
    ["style", "look", "feel", "mood", "shot", "view", "film", "colour", "color", "light", "lighting", "tone"]
)


class Actor(NamedTuple):
    """Somebody or something that acts: what it is called, and where."""

    name: str
    start: int
    end: int


def crowded(prompt: Reading, names: Sequence[Finding]) -> Iterator[Finding]:
    """One finding over all of them, when there are more than three in one shot; `names` are those named in it."""
    unwanted = negation.spans(prompt)
    everyone = [*_english(prompt), *_named(prompt, names), *_chinese(prompt)]
    for first, last in prompt.shots:
        found = [a for a in everyone if first <= a.start < last]
        actors: dict[str, Actor] = {}
        for actor in found:
            if not any(a <= actor.start < b for a, b in unwanted):
                actors.setdefault(actor.name, actor)
        spans = _together(prompt, sorted(actors.values(), key=lambda a: a.start))
        if len(spans) > SUBJECTS_MAX:
            listed = ", ".join(prompt.text[a.start : a.end] for a in spans[:8])
            words = f"{len(spans)} subjects act at once ({listed}); models lose track past {SUBJECTS_MAX}. Keep the ones that matter, or split the scene into clips."
            yield Finding(TOO_MANY_SUBJECTS, min(a.start for a in spans), max(a.end for a in spans), words)
            return


def _together(prompt: Reading, actors: list[Actor]) -> list[Actor]:
    """The actors of the fullest stretch: people met one after another through a long story do not act at once."""
    reach = REACH_CHINESE if prompt.has_chinese and len(prompt.chinese) > len(prompt.english) else REACH
    stretches = [[b for b in actors[n:] if b.start - a.start <= reach] for n, a in enumerate(actors)]
    return max(stretches, key=len) if stretches else []


# --- English --------------------------------------------------------------------------------------------------------


def _english(prompt: Reading) -> Iterator[Actor]:
    tokens = [w for w in prompt.english if prompt.said[w.start] == prompt.text[w.start]]
    lower = [
        re.sub(r"['’]s$", "", w.text.lower()) if not w.text.lower().endswith(("'s", "’s")) else "'s" for w in tokens
    ]
    place = 0
    while place < len(tokens):
        actor, place = _phrase(prompt, tokens, lower, place)
        if actor is not None:
            yield actor


def _phrase(prompt: Reading, tokens: list[Word], lower: list[str], at: int) -> tuple[Actor | None, int]:
    """The noun phrase that may begin here: an actor when its head is one that acts."""
    cast = casting()
    word = lower[at]
    opens = _opens(prompt, tokens, lower, at)
    determined = word in _ONE
    definite = word in _THE
    if not determined and not definite and not opens:
        return None, at + 1
    head, verb, place = _head(prompt, tokens, lower, at + 1 if determined or definite else at)
    if head is None:
        return None, max(place, at + 1)
    name = lower[head]
    pair = f"{lower[head - 1]} {name}" if head > at else ""
    being = _is(name, cast.beings) or pair in cast.beings or _sounds_alive(name, verb)
    machine = _is(name, cast.machines) or pair in cast.machines
    many = name in cast.collectives or (name.endswith("s") and _singular(name) in cast.beings)
    after = _previous(lower, at)
    subject = opens or verb or after in _OPENERS
    resume = max(place, at + 1)
    actor = Actor(
        _singular(name) if name not in ("one", "another", "third", "fourth", "fifth", "second") else f"{name}@{at}",
        tokens[at].start,
        tokens[head].end,
    )
    if (
        (being or machine)
        and not definite
        and (determined or many or verb)
        and subject
        and not (after in _PREPOSITION and not verb and not opens)
    ):
        return actor, resume
    if definite and being and opens and (verb or _goes_on(lower, place)):
        return actor, resume
    counted = name in ("one", "another", "third", "fourth", "fifth", "someone", "somebody")
    plain = (
        verb == "finite"
        and determined
        and name not in cast.scenery
        and _singular(name) not in cast.scenery
        and not name.endswith(("ly", "ing"))
    )
    whole_thing = verb == "finite" and definite and opens and len(prompt.text) < STORY_MIN and name not in cast.scenery
    if whole_thing and _singular(name) not in cast.scenery and not name.endswith(("ly", "ing")):
        return actor, resume
    if (plain and (opens or after in _OPENERS or after == "with")) or (counted and verb == "finite" and opens):
        return actor, resume
    return None, resume


def _named(prompt: Reading, names: Sequence[Finding]) -> Iterator[Actor]:
    """Somebody called by name at the start of a clause, with a verb after it."""
    for start, end in ((f.start, f.end) for f in names):
        opening = re.search(r"(?:^|[,;.:，。；：、\n]|\b(?:and|while|as|where|和|与))\s*$", prompt.lower[:start])
        if opening is not None and re.match(r" [a-z]{2,}(?:s|ing)\b(?<!ss)|[\u4e00-\u9fff]", prompt.said[end:]):
            yield Actor(prompt.lower[start:end], start, end)


def _previous(lower: list[str], at: int) -> str:
    return lower[at - 1] if at else ""


def _opens(prompt: Reading, tokens: list[Word], lower: list[str], at: int) -> bool:
    """Whether a phrase here can be a clause's subject: after a mark, at the start, or after "and", "while", "where"."""
    if at == 0:
        return True
    gap = prompt.said[tokens[at - 1].end : tokens[at].start]
    return any(mark in gap for mark in ",;.:!?，。；：、\n") or lower[at - 1] in _OPENERS


def _head(prompt: Reading, tokens: list[Word], lower: list[str], at: int) -> tuple[int | None, str, int]:
    """The phrase's noun, whether a verb follows (`finite`, `ing` or none), and where reading goes on."""
    cast = casting()
    noun: int | None = None
    place = at
    while place < len(tokens) and place < at + 8:
        word = lower[place]
        if place > at and prompt.said[tokens[place - 1].end : tokens[place].start].strip(" -'’") != "":
            break
        if (
            word == "of"
            and noun is not None
            and place + 1 < len(tokens)
            and (lower[noun] in cast.collectives or lower[noun] in ("group", "pair", "set"))
        ):
            inner = place + 1
            while inner < len(tokens) and inner < place + 4 and lower[inner] not in _STOP:
                inner += 1
            verb = "finite" if inner < len(tokens) else ""
            return noun, verb, inner
        if word in _STOP or word in _ONE or word in _THE or word in _PREPOSITION:
            break
        if (
            noun is not None
            and word.endswith("ing")
            and (_is(lower[noun], cast.beings) or _is(lower[noun], cast.machines))
        ):
            return noun, "ing", place
        if noun is not None and _finite(word, lower[noun]):
            return noun, "finite", place
        if (
            noun is not None
            and (lower[noun].endswith("s") and _singular(lower[noun]) in cast.beings)
            and not word.endswith(("ed", "ly"))
        ):
            return noun, "finite", place
        if noun is not None and _base_verb(lower, at, noun, place):
            return noun, "finite", place
        if not word.endswith("ly"):
            noun = place
        place += 1
    if noun is not None and place < len(tokens) and lower[place] in ("is", "are", "has"):
        return noun, "finite", place
    return noun, "", place


def _sounds_alive(name: str, verb: str) -> bool:
    """A word nobody listed that ends like a trade or a creature."""
    if name.endswith(
        (
            "maid",
            "smith",
            "woman",
            "keeper",
            "herd",
            "monger",
            "ician",
            "ologist",
            "seller",
            "eater",
            "walker",
            "maker",
            "player",
            "fish",
            "horse",
            "wright",
            "herder",
            "cleaner",
            "catcher",
            "tamer",
            "sweep",
        )
    ):
        return True
    return bool(verb) and len(name) > 4 and name.endswith(("er", "or", "ist", "eer", "ster", "ian", "ess"))


def _goes_on(lower: list[str], place: int) -> bool:
    """Whether "the boy" is followed by where he is: "the boy under the table tickles the cat"."""
    return place < len(lower) and lower[place] in _PREPOSITION and lower[place] not in ("of", "with", "as", "like")


def _base_verb(lower: list[str], at: int, noun: int, place: int) -> bool:
    """The verb of a joined subject: "a panda and a pirate share a picnic"."""
    joined = at >= 2 and "and" in (lower[at - 1], lower[at - 2])
    return (
        joined and _is(lower[noun], casting().beings) and not _is(lower[place], casting().beings | casting().machines)
    )


def _finite(word: str, noun: str) -> bool:
    """A verb by its ending: "a chef tosses". A singular phrase has few other words in -s."""
    if (
        word.endswith(("ss", "us", "is", "ous", "'s"))
        or len(word) < 3
        or word in ("sports", "glasses", "jeans", "arms", "clothes", "times")
    ):
        return False
    return word.endswith("s") and not noun.endswith("s")


def _is(name: str, among: frozenset[str]) -> bool:
    return name in among or _singular(name) in among


def _singular(name: str) -> str:
    if name.endswith("ies") and len(name) > 4:
        return name[:-3] + "y"
    if name.endswith("men"):
        return name[:-3] + "man"
    if name.endswith(("ches", "shes", "xes", "sses")):
        return name[:-2]
    if name in ("children", "wolves", "mice", "geese", "people"):
        return {"children": "child", "wolves": "wolf", "mice": "mouse", "geese": "goose", "people": "person"}[name]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


# --- Chinese --------------------------------------------------------------------------------------------------------

_FOOD = re.compile(
    r"(?:桌上|餐桌|盘中|盘子|菜肴|菜品|摆满|摆着|盛着|火锅|锅里|蒸笼|烤|图案|玩偶|雕像|造型|形状|剪纸|摆件|印有|绣着)"
)
_LIST = re.compile(r"[、和与及跟同]|以及")


def _chinese(prompt: Reading) -> Iterator[Actor]:
    if not prompt.has_chinese:
        return
    cast = casting()
    segments = prompt.chinese
    for start, end in _pieces(prompt):
        inside = [w for w in segments if start <= w.start and w.end <= end and w.text.strip()]
        if not inside or _FOOD.search(prompt.said[start:end]):
            continue
        yield from _subjects(inside, cast)


def _pieces(prompt: Reading) -> Iterator[tuple[int, int]]:
    """Clauses, and the items of a list within them."""
    for start, end in prompt.clauses:
        begin = start
        for mark in re.finditer("、|以及|同时|而(?=一)|与此同时|旁边(?=一|有)|还有", prompt.said[start:end]):
            yield begin, start + mark.start()
            begin = start + mark.end()
        yield begin, end


def _subjects(inside: list[Word], cast: Cast) -> Iterator[Actor]:
    """Beings before the clause's first verb, joined by "and" or alone; a list item that is only a being counts too."""
    pending: list[Actor] = []
    blocked = False
    number = 0
    while number < len(inside):
        word = inside[number]
        name = _being(inside, number, cast)
        follows = inside[number + 1] if number + 1 < len(inside) else None
        if name is not None and not blocked:
            owner = follows is not None and follows.text in (
                "的",
                "身上",
                "手中",
                "手里",
                "脚下",
                "身后",
                "身边",
                "背后",
                "面前",
                "头顶",
                "群",
                "形",
            )
            if not owner:
                pending.append(Actor(name, word.start, word.end))
                if follows is None or follows.text not in ("和", "与", "跟", "及", "、"):
                    blocked = True
            number += 1
            continue
        if number == 0 and _describes(inside, cast):
            number += 1
            continue
        if (
            word.kind.startswith("v")
            and word.text not in ("有", "是", "让", "使", "站着", "像", "如")
            and not _modifier(inside, number)
        ):
            blocked = True
        number += 1
    yield from pending


def _describes(inside: list[Word], cast: Cast) -> bool:
    """Whether a first verb belongs to the noun after it, which then acts itself: 送货机器人倒地."""
    if len(inside) < 3 or not inside[0].kind.startswith("v") or inside[0].text[-1] in "着了起过到来去出入住":
        return False
    return _being(inside, 1, cast) is not None and inside[2].kind[:1] in ("v", "d", "p", "n", "i")


def _modifier(inside: list[Word], number: int) -> bool:
    """Whether a verb only describes a noun that follows: 身穿汉服的女子."""
    return any(w.text == "的" for w in inside[number + 1 : number + 6])


def _being(inside: list[Word], number: int, cast: Cast) -> str | None:
    word = inside[number]
    text = word.text
    if text in cast.not_beings_zh:
        return None
    if text in cast.beings_zh or text in cast.collectives_zh:
        return text
    if len(text) > 1 and text[-1] in "在正把被" and text[:-1] in cast.beings_zh:
        return text[:-1]
    if word.kind.startswith(("v", "p", "d", "a", "m", "q", "x", "f", "c", "u", "ns", "t", "s")) and word.kind != "vn":
        return None
    acts = any(w.kind[:1] in ("v", "d", "i", "p") for w in inside[number + 1 : number + 5])
    if len(text) >= 2 and (text.endswith(cast.endings_zh) and (acts or len(inside) <= 3)):
        return text
    return None
