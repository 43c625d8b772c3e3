"""Who acts in English words: noun phrases that begin a clause and carry its verb, and beings named in a row."""

# ruff: noqa: E501 - a pattern, or a list of words, is read as one line

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from wanreel.prompt.lexicon import beings_of_data, casting, words
from wanreel.prompt.reading import HIDDEN, Reading, Span, Word

STORY_MIN = 450
"""From this length on, parts of one thing are told one by one, and "the heel lifts, the sole opens" is one subject."""


class Actor(NamedTuple):
    """Somebody or something that acts: what it is called, and where; `sure` where it is known for one that can."""

    name: str
    start: int
    end: int
    sure: bool = True


_ONE = words(
    "a, an, one, another, two, three, four, five, six, several, some, many, every, each, both, first, second, third, fourth, fifth, sixth"
)
_OWN = words("his, her, their, its, our, my, your")
_THE = words("the, this, that, these, those")
_COUNTED = words("one, another, third, fourth, fifth, sixth, second, first, someone, somebody, others, other, last")
_PREPOSITIONS = words(
    "in, on, at, by, with, from, into, onto, over, under, underneath, through, past, along, around, beside, besides, behind, near, between, among, across, against, "
    "toward, towards, upon, beneath, above, below, inside, outside, to, for, as, of, off, down, up, out, about, without, during, before, after, like, amid, amidst, "
    "atop, via, next, within, throughout, per, than, opposite, alongside, aboard, until, since, except, astride, despite"
)
_JOINING = words(
    "and, while, as, where, when, whereas, plus, meanwhile, then, also, but, or, yet, so, nearby, elsewhere, featuring, showing, include, includes, including, with"
)
_WHO = words("who, which, whose, that")
_BE = words("is, are, was, were, has, have, keeps, keep, gets, goes, comes")
_PRONOUNS = words("it, he, she, they, them, him, we, you, i, there, here, what, everything, nothing, everyone, nobody")
_NOT_FINITE = words(
    "sports, glasses, jeans, arms, clothes, times, always, sometimes, perhaps, across, towards, besides, afterwards, overseas, headphones, sunglasses"
)
_OPENINGS = words("there, is, are, here, suddenly, nearby, meanwhile, shot, of, picture, imagine, see")
_DETERMINERS = words("a, an, one, another, two, three, four, five, six, several, some, the, his, her, their, its")
_LISTED = words("with, as, or, include, includes, including, showing")
_AS_PROP = words(
    "statue, statues, costume, mask, toy, figurine, sculpture, painting, poster, mural, tattoo, logo, portrait, picture, photo, print, doll"
)
_SHARED = words(
    "come, dance, fight, run, play, sing, race, march, chase, fly, walk, jump, share, compete, argue, work, sit, stand, wait, meet, gather, swim, climb, cook, eat, drive, roll, spin, wrestle, battle, duel, perform, leap, hide, stroll, drift, soar, parade, juggle, clap, laugh, bow, act, team, join, all, each, are, have, keep, take, try, do, go, speed, zoom, rush"
)
_STANDS = words(
    "stands, stand, sits, sit, hangs, hang, lies, rests, leans, towers, rises, shows, depicts, is, are, looks, glows, gleams, shines, glints, watches, overlooks, faces, dominates, reads, appears, fades"
)
_LABELS = ("subject", "character", "person", "performer", "actor", "figure", "hero", "player")
_LABEL = re.compile(
    rf"\b(?:main )?(?:{'|'.join(_LABELS)})s?\s*(?:no\.?\s*|#\s*)?(?:\d|[a-f]|one|two|three|four|five|six)\s*[:=–-]"
)
_DRIVEN = words(
    "riding, driving, holding, wearing, carrying, walking, petting, hugging, feeding, chasing, filming, watching, painting, dressed, clad, flying"
)
_LISTING = re.compile(
    r"\b(?:of|with|like|featuring|between|wears?|wearing|holds?|holding|sells?|selling|serv(?:es|ing)|paints?|painting|draws?|drawing|carv(?:es|ing)|feeds?|feeding|pets?|petting|films?|filming|counts?|counting|collects?|watch(?:es|ing)|sketch(?:es|ing)|showing|shows?)(?: \w+){0,3}$"
)
_MADE = words(
    "porcelain, brass, stuffed, wooden, plastic, toy, stone, carved, painted, ceramic, bronze, knitted, plush, embroidered, tin, clay, paper, glass, marble, golden, silver, iron, felt, rubber, chocolate, gingerbread, sugar, printed, inflatable, papier-mache"
)
_OBJECT_LIST = re.compile(
    r"\b(?:of|with|like|including|featuring|between|wearing|holding|selling|serving|from|for|as)\b"
)

_NO_PHRASE = _PRONOUNS | _WHO | _PREPOSITIONS
_COUNTS = _ONE | _COUNTED
_KNOWN_TO_BE = _THE | _OWN
_DETERMINE = _ONE | _THE | _OWN
_NO_VERB = _PREPOSITIONS | _DETERMINE
_LEADS_ON = _PREPOSITIONS | _WHO
_PLACED = _PREPOSITIONS - {"of", "as", "like"}
_BETWEEN = re.compile(r"[,;:.!?，。；：、\n()\[\]—–|]|\s-\s|[\u3400-\u9fff]")
_FULL_BREAK = re.compile(r"[.;!?。；—–\n]|\s-\s")
_CAPITALISED = re.compile(r"[A-Z][a-z]+")


class Piece(NamedTuple):
    """Tokens between two marks or joining words; `mark` is what stood before."""

    tokens: tuple[Word, ...]
    lower: list[str]  # its words in lower case; a possessive is only its mark
    mark: str

    def may_act(self) -> bool:
        """Whether it holds a word without which nobody acts in it."""
        return any(_may_act(word[-_WORD_MAX:]) for word in self.lower)


class _Phrase(NamedTuple):
    """A noun phrase: where its tokens begin, its head, what follows it."""

    first: int
    head: int
    after: int
    kind: str  # one, own, the, bare


def actors(prompt: Reading, pieces: Sequence[Piece]) -> Iterator[Actor]:
    """Everybody who acts in these pieces, in the order of the text; the same one may come twice under one name."""
    labels = _labels(prompt)
    if labels:
        yield from labels
        return
    row: list[tuple[Actor, bool]] = []  # pieces one after another that each have somebody, and whether he acts
    row_open = True
    for piece in pieces:
        may_act = piece.may_act()
        found = next(_acting(prompt, piece), None) if may_act else None
        bare = _named_only(prompt, piece) if may_act and found is None else None
        if found is not None:
            row.append((found, True))
        elif bare is not None and (row or row_open or piece.mark in (".", ":", "\n", "")):
            row.append((bare, False))
        else:
            yield from _of_row(row)
            row = []
        row_open = found is not None or bare is not None or not (_has_object(piece) or piece.mark in _LISTED)
        if found is not None and _lists(piece):
            yield from _of_row(row)
            row, row_open = [], False
    yield from _of_row(row)


def at_most(prompt: Reading) -> int:
    """How many act at most, by a look at each word alone: one in each piece that `may_act`."""
    return len(_labels(prompt)) or _acting_at_most(prompt)


_STEPS = re.compile(r"[a-z0-9]+(?:'[a-z]+)?(?:-[a-z0-9]+(?:'[a-z]+)?)*|[,;:.!?\n()\[\]|]|\s-\s")
"""The words of plain text, those tied by hyphens together, and what cuts it."""


def _acting_at_most(prompt: Reading) -> int:
    """Counts the `pieces` that may act; where the text is plain, without making them."""
    if prompt.text.isascii() and prompt.lower.isascii():
        count, counted = 0, False
        for step in _STEPS.findall(prompt.lower):
            if step in _JOINING or not step[0].isalnum():
                counted = False
            elif "-" in step and not _JOINING.isdisjoint(step.split("-")):
                break  # "salt-and-pepper" or a dash: the pieces tell
            elif not counted and _may_act(step[-_WORD_MAX:]):
                count, counted = count + 1, True
        else:
            return count
    if not prompt.english_lower:
        return 0
    return sum(piece.may_act() for piece in pieces(prompt))


def _labels(prompt: Reading) -> list[Actor]:
    """Actors written as in a cast list, "Subject 1: …", where there is more than one."""
    if not any(label in prompt.lower for label in _LABELS):
        return []
    found = [Actor(label[0], label.start(), label.end()) for label in _LABEL.finditer(prompt.lower)]
    return found if len(found) > 1 else []


def _of_row(row: list[tuple[Actor, bool]]) -> Iterator[Actor]:
    """Who of a row counts: all who act, and those only named where three or more stand in a row."""
    together = any(acts for _, acts in row)
    yield from (actor for actor, acts in row if acts or (len(row) > 2 and (actor.sure or together)))


def _lists(piece: Piece) -> bool:
    """Whether a piece ends in something that the next pieces may go on listing: "he dreams of dragons, …"."""
    return len(piece.tokens) > 2 and _LISTING.search(" ".join(piece.lower)) is not None


def pieces(prompt: Reading, within: Sequence[Span] | None = None) -> list[Piece]:
    """The text, or some sentences, cut at marks and at words that join clauses."""
    return [Piece(tuple(tokens), [_plain(word) for word in tokens], mark) for tokens, mark in _cut(prompt, within)]


def _cut(prompt: Reading, within: Sequence[Span] | None) -> Iterator[tuple[list[Word], str]]:
    """The tokens of each piece, and the mark or word before it."""
    said = prompt.said
    held: list[Word] = []
    mark = ""
    last = 0
    for word in prompt.english_in(within):
        if said[word.start] == HIDDEN:
            continue
        gap = said[last : word.start]
        broke = None if gap == " " else _BETWEEN.search(gap)
        last = word.end
        name = word.text.lower()
        if gap == "-" and held:
            held[-1] = Word(f"{held[-1].text}-{word.text}", held[-1].start, word.end)
            continue
        if broke and held:
            yield held, mark
            held = []
        if broke:
            mark = ":" if ":" in gap or "：" in gap else "." if _FULL_BREAK.search(gap) else ","
        if name in _JOINING:
            if held:
                yield held, mark
                held = []
            mark = name if not (broke and name in ("and", "then", "while")) else mark
            continue
        held.append(word)
    if held:
        yield held, mark


def _acting(prompt: Reading, piece: Piece) -> Iterator[Actor]:
    lower = piece.lower
    for place in _starts(lower):
        # "his wife the badger irons shirts": the second name has the verb
        if lower[place] in _OWN and (
            again := next((n for n in range(place + 2, min(place + 5, len(lower))) if lower[n] == "the"), None)
        ):
            actor = _actor(prompt, piece, lower, again)
            if actor is not None and alive(lower, again - 1):
                yield actor
                return
        actor = _actor(prompt, piece, lower, place)
        if actor is not None:
            yield actor
            return


def _starts(lower: list[str]) -> Iterator[int]:
    """Where the subject may begin: at once, or after "in the foreground", "on the first", "there is"."""
    place = 0
    while place < len(lower) and ((lower[place].endswith("ly") and len(lower[place]) > 4) or lower[place] in _OPENINGS):
        place += 1
    if place >= len(lower):
        return
    if lower[place] not in _PREPOSITIONS or lower[place] == "as":
        yield place
        return
    for later in range(place + 2, len(lower)):
        if lower[later] in _DETERMINERS and lower[later - 1] not in _PREPOSITIONS:
            yield later


def _actor(prompt: Reading, piece: Piece, lower: list[str], place: int) -> Actor | None:
    phrase = _phrase(lower, place, piece.mark)
    if phrase is None:
        return None
    head = lower[phrase.head]
    verb = _verb(lower, phrase, piece.mark)
    if not verb:
        return None
    text = prompt.said[piece.tokens[phrase.first].start : piece.tokens[phrase.head].end].lower()
    actor = Actor(_name(text, head, phrase), piece.tokens[phrase.first].start, piece.tokens[phrase.head].end)
    if head in _COUNTED:
        return actor._replace(name=f"{text}@{actor.start}") if verb == "finite" else None
    if phrase.head + 1 < len(lower) and lower[phrase.head + 1] in _AS_PROP:
        return None
    if head in _AS_PROP and not (verb == "finite" and phrase.kind == "one" and _moves(lower, phrase)):
        return None
    being = alive(lower, phrase.head)
    machine = _machine(lower, phrase.head)
    if being or machine or head in casting().collectives:
        return actor if being or phrase.kind != "the" or verb == "finite" else None
    if verb != "finite" or _is(head, casting().scenery) or head in _PRONOUNS:
        return None
    if head.endswith(("ly", "ing", "ness", "tion")):
        return None
    if phrase.kind == "bare":
        named = phrase.head == phrase.first and place == 0 and _CAPITALISED.fullmatch(piece.tokens[0].text)
        return actor if named and (piece.mark not in ("", ".") or head in casting().first_names) else None
    actor = actor._replace(sure=False)
    return actor if phrase.kind == "one" or (phrase.kind == "the" and len(prompt.text) < STORY_MIN) else None


def _moves(lower: list[str], phrase: _Phrase) -> bool:
    """Whether a made thing does more than stand there: "a rag doll twirls", not "a statue stands"."""
    return phrase.after < len(lower) and lower[phrase.after] not in _STANDS


def _plain(word: Word) -> str:
    text = word.text.lower().replace("’", "'")
    return "'s" if text.endswith("'s") else text


def _phrase(lower: list[str], at: int, mark: str) -> _Phrase | None:
    """The noun phrase at a place: determiner, describing words, head; the head is the last word before a verb."""
    if at >= len(lower) or lower[at] in _NO_PHRASE:
        return None
    first = lower[at]
    kind = "one" if first in _ONE else "own" if first in _OWN else "the" if first in _THE else "bare"
    place = at if kind == "bare" else at + 1
    while place < len(lower) and lower[place] in _COUNTS and place < at + 3:
        place += 1
    if place >= len(lower) or (kind != "bare" and lower[place] in _PREPOSITIONS):
        return None if first not in _COUNTED else _Phrase(at, at, at + 1, "one")
    if (
        first in _COUNTED
        and kind == "one"
        and place == at + 1
        and _finite(lower[place], "")
        and lower[place] not in _NOT_FINITE
    ):
        return _Phrase(at, at, at + 1, "one")
    if place > at + 1 and _finite(lower[place], ""):
        return _Phrase(at, place - 1, place, "one")
    head: int | None = None
    while place < len(lower) and place < at + 9:
        word = lower[place]
        if word in _PREPOSITIONS or word in _PRONOUNS or word in _WHO or word in _BE or word in _KNOWN_TO_BE:
            break
        if head is not None and word in _ONE:
            break
        if head is not None and word == "'s":
            head = None
            place += 1
            continue
        if word == "'s":
            head = None
            place += 1
            continue
        if head is not None:
            if _finite(word, lower[head]):
                break
            if (
                word.endswith("ing")
                and (alive(lower, head) or _is(lower[head], casting().machines))
                and place + 1 <= len(lower)
            ):
                break
            if lower[head].endswith("s") and alive(lower, head) and not word.endswith("ed"):
                break
            if word.endswith("ly"):
                break
            if mark == "and" and kind == "one" and alive(lower, head) and not alive(lower, place):
                break
        head = place
        place += 1
    if head is None:
        return None
    if (
        place < len(lower)
        and lower[place] == "of"
        and (lower[head] in casting().collectives or lower[head] in ("group", "pair", "set"))
    ):
        inner = place + 1
        while (
            inner < len(lower)
            and inner < place + 4
            and lower[inner] not in _PREPOSITIONS
            and not (inner > place + 1 and _finite(lower[inner], lower[inner - 1]))
        ):
            inner += 1
        return _Phrase(at, head, inner, kind)
    return _Phrase(at, head, place, kind)


def _verb(lower: list[str], phrase: _Phrase, mark: str) -> str:
    """What follows the phrase: a finite verb, a participle, or nothing that acts."""
    place = phrase.after
    while place < len(lower) and (
        lower[place].endswith("ly")
        or lower[place] in ("each", "both", "all", "also", "still", "just", "now", "always", "quietly", "all")
    ):
        place += 1
    if place < len(lower) and lower[place] in _WHO:
        place += 1
    # "the boy under the table tickles the cat": a place between, then the verb
    if place < len(lower) and lower[place] in _PLACED:
        for inner in range(place + 2, min(len(lower), place + 7)):
            ends = inner + 1 == len(lower)
            if not _finite(lower[inner], lower[inner - 1]) or lower[inner - 1] in _DETERMINE:
                continue
            if not ends or lower[inner - 2] in _DETERMINE:  # "a hippo in a tutu pirouettes"
                return "finite"
        return ""
    if place >= len(lower):
        return ""
    word = lower[place]
    if place and lower[place - 1] in ("each", "both", "all"):
        return "finite"
    if word in _BE or _finite(word, lower[phrase.head]):
        return "finite"
    if word.endswith("ing") and len(word) > 4:
        return "ing"
    if (
        mark == "and"
        and phrase.kind != "bare"
        and place + 1 < len(lower)
        and word.isalpha()
        and not word.endswith("ed")
    ):
        acts = alive(lower, phrase.head) or _machine(lower, phrase.head)
        return "finite" if acts and word not in _PREPOSITIONS else ""
    head = lower[phrase.head]
    if mark == "and" and word in _SHARED and (alive(lower, phrase.head) or _machine(lower, phrase.head)):
        return "finite"  # "a toaster, a kettle and a blender come alive"
    plural = (
        head.endswith("s") or head in casting().collectives or head in ("people", "children", "men", "women", "police")
    )
    if plural and word.isalpha() and not word.endswith("ed") and word not in _NO_VERB:
        return "finite"
    return ""


def _named_only(prompt: Reading, piece: Piece) -> Actor | None:
    """A piece that is nothing but somebody: "an old wizard", "jousting knight", "a fox in a coat"."""
    lower = piece.lower
    if not lower or piece.mark in _LISTED or set(lower) & _MADE:
        return None
    kind = "one" if lower[0] in _ONE else "own" if lower[0] in _OWN else "the" if lower[0] in _THE else "bare"
    place = 0
    head = None
    while place < len(lower) and place < 6:
        if lower[place] in _LEADS_ON:
            break
        if lower[place] == "'s":
            return None
        head = place
        place += 1
    if head is None or kind in ("the", "own"):
        return None
    living = alive(lower, head)
    if not living and not _machine(lower, head):
        return None
    if place < len(lower) and lower[place] in ("of", "to"):
        return None
    if any(w in _DRIVEN for w in lower[:head]) and kind != "bare":
        return None
    text = prompt.said[piece.tokens[0].start : piece.tokens[head].end].lower()
    name = _name(text, lower[head], _Phrase(0, head, place, kind))
    return Actor(name, piece.tokens[0].start, piece.tokens[head].end, sure=living)


def _has_object(piece: Piece) -> bool:
    """Whether a piece holds a verb, whose objects may go on after the comma."""
    lower = piece.lower
    return any(
        _finite(b, a) or b.endswith("ing") or b in _PREPOSITIONS for a, b in pairwise(["", *lower]) if len(lower) > 2
    ) or bool(_OBJECT_LIST.search(" ".join(lower)))


def _name(text: str, head: str, phrase: _Phrase) -> str:
    """How one actor is told from the next: "the cat" is the cat met before, "an old man" is not "a young man"."""
    said = re.sub(
        r"^(?:the|this|that|these|those|his|her|their|its|our|a|an|one|two|three|four|several|some) ", "", text
    )
    return singular(said) if phrase.kind == "one" else singular(head)


def alive(lower: Sequence[str], head: int) -> bool:
    """Whether the word at a place is a person or an animal, alone or with the word before it."""
    name = lower[head]
    pair = f"{lower[head - 1]} {name}" if head else name
    cast = casting()
    return (
        _is(name, cast.beings)
        or pair in cast.beings
        or (_is(name, beings_of_data()) and not _is(name, cast.scenery))
        or _trade(name)
    )


def _machine(lower: Sequence[str], head: int) -> bool:
    """Whether the word at a place is a machine, alone or with the word before it."""
    machines = casting().machines
    return _is(lower[head], machines) or " ".join(lower[max(0, head - 1) : head + 1]) in machines


def _trade(name: str) -> bool:
    """A word nobody listed that ends like a trade."""
    return len(name) > 5 and singular(name).endswith(_TRADES)


_VERBS_ALONE = words("are, were, have, keep, each, both, all")


_WORD_MAX = 40  # letters: of what is longer the end alone may tell


@lru_cache(maxsize=1 << 13)
def _may_act(word: str) -> bool:
    """Whether a word may name somebody, or be what makes a verb of its neighbour.

    Nobody acts in a piece without one: `_actor` asks for a being, a machine or a group, or else for a finite verb, and
    what `_verb` takes for one ends in s (or follows a plural in s), or is among these few.
    """
    return word.endswith("s") or word in forms() or word in _VERBS_ALONE or word.endswith(TRADES)


@cache
def forms() -> frozenset[str]:
    """Single words, in singular and plural, that may name somebody or something that acts."""
    cast = casting()
    known = cast.beings | cast.machines | cast.collectives | beings_of_data()
    single = frozenset(word.rsplit(" ", 1)[-1] for word in known)
    return (
        single | {f"{w}s" for w in single} | {f"{w}es" for w in single} | {f"{w[:-1]}ies" for w in single} | _ODD.keys()
    )


def _finite(word: str, noun: str) -> bool:
    """A verb by its ending: "a chef tosses". A singular phrase has few other words in -s."""
    if word.endswith(("ss", "us", "is", "ous", "'s")) or len(word) < 3 or word in _NOT_FINITE:
        return False
    return word.endswith("s") and not (noun.endswith("s") and not noun.endswith(("ss", "us", "is")))


def _is(name: str, among: frozenset[str]) -> bool:
    return name in among or singular(name) in among


_TRADES = (
    "smith",
    "woman",
    "man",
    "keeper",
    "herder",
    "monger",
    "ologist",
    "seller",
    "walker",
    "maker",
    "player",
    "wright",
    "tamer",
    "catcher",
    "person",
    "girl",
    "boy",
    "rider",
    "fighter",
    "dancer",
    "eater",
    "thrower",
    "breather",
    "bender",
    "bot",
)
TRADES = (*_TRADES, *(f"{ending}s" for ending in _TRADES), "men", "women", "people")
"""How words end that are trades though nobody listed them."""
_ODD = {
    "children": "child",
    "wolves": "wolf",
    "mice": "mouse",
    "geese": "goose",
    "people": "person",
    "thieves": "thief",
    "elves": "elf",
    "dwarves": "dwarf",
}


def singular(name: str) -> str:
    """A noun in the singular, by its ending."""
    if name in _ODD:
        return _ODD[name]
    if name.endswith("ies") and len(name) > 4:
        return name[:-3] + "y"
    if name.endswith("men"):
        return name[:-3] + "man"
    if name.endswith(("ches", "shes", "xes", "sses")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us")) else name
