"""More than three main subjects: actors or objects that carry the action, props and scenery not counted."""

# ruff: noqa: E501 - a pattern, or a list of words, is read as one line

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wanreel.prompt.finding import TOO_MANY_SUBJECTS, Finding
from wanreel.prompt.reading import Reading, Span
from wanreel.prompt.rules import actors_chinese, actors_english, recurring
from wanreel.prompt.rules.actors_english import Actor

SUBJECTS_MAX = 3
AT_ONCE = re.compile(
    r"\b(?:all )?at (?:once|the same time)\b|\bsimultaneously\b|\b(?:single|one|same) (?:\w+ )?(?:frame|picture|image|tableau)\b|同时|同框|同一(?:个)?(?:画面|镜头|时刻)"
)
"""What makes one picture of a long text."""
REACH, REACH_CHINESE, REACH_CHINESE_KNOWN = 330, 120, 320
"""How far apart, in characters, subjects still share one picture."""


def crowded(prompt: Reading, names: Sequence[Finding], unwanted: Sequence[Span]) -> Iterator[Finding]:
    """One finding over all of them, when there are more than three in one shot; `names` are those named in it."""
    if prompt.tells_a_story and AT_ONCE.search(prompt.lower) is None and not _may_crowd(prompt, names):
        return
    if _too_few(prompt, len(names)):
        return
    pieces = actors_english.pieces(prompt)
    everyone = [*actors_english.actors(prompt, pieces), *_named(prompt, names), *actors_chinese.actors(prompt)]
    everyone = [a for a in everyone if not any(first <= a.start < last for first, last in unwanted)]
    if len(everyone) <= SUBJECTS_MAX:
        return
    for first, last in prompt.shots:
        acting = _apart(sorted((a for a in everyone if first <= a.start < last), key=lambda a: a.start))
        met = recurring.first_met(prompt, acting)
        follow = prompt.tells_a_story and AT_ONCE.search(prompt.lower, first, last) is None
        spans = _in_a_sentence(prompt, met) if follow else _together(prompt, met)
        if len(spans) > SUBJECTS_MAX:
            listed = ", ".join(prompt.text[a.start : a.end] for a in spans[:8])
            words = f"{len(spans)} subjects act at once ({listed}); models lose track past {SUBJECTS_MAX}. Keep the ones that matter, or split the scene into clips."
            yield Finding(TOO_MANY_SUBJECTS, min(a.start for a in spans), max(a.end for a in spans), words)
            return


def _too_few(prompt: Reading, named: int) -> bool:
    """Whether there are not enough even if every word acts that can: how it is with most prompts."""
    known = actors_english.at_most(prompt) + named
    if not prompt.has_chinese:
        return known <= SUBJECTS_MAX
    chinese = actors_chinese.at_most(prompt)
    if chinese is None:
        return False
    known, perhaps = known + chinese[0], chinese[1]
    if known + perhaps <= SUBJECTS_MAX:
        return True
    return _mostly_chinese(prompt) and _doubtful_count_not(known, known + perhaps)


def _mostly_chinese(prompt: Reading) -> bool:
    return prompt.has_chinese and len(prompt.chinese) > len(prompt.english_lower)


def _doubtful_count_not(known: int, all_of_them: int) -> bool:
    """In Chinese, doubtful ones count beside three known, or as more beside two."""
    return known < 2 or (known == 2 and all_of_them < 5)


_BREAK = re.compile(r"[,;:、，；：—]|\b(?:and|while|as|with|where)\b|[和与跟及]")
_LATIN = re.compile(r"[a-z]+")


def _may_crowd(prompt: Reading, names: Sequence[Finding]) -> bool:
    """Whether any one sentence of a long text holds more than three; only then is it worked out who was met before."""
    within = _full(prompt, names)
    if not within:
        return False
    pieces = actors_english.pieces(prompt, within)
    acting = [*actors_english.actors(prompt, pieces), *actors_chinese.actors(prompt, within)]
    named = list(_named(prompt, names))
    return any(
        len({a.name for a in (*acting, *named) if first <= a.start < last}) > SUBJECTS_MAX for first, last in within
    )


def _full(prompt: Reading, names: Sequence[Finding]) -> list[Span]:
    """The sentences with words enough for more than three, by a look at each word alone."""
    text, forms = prompt.lower, actors_english.forms()
    full: list[Span] = []
    for start, end in prompt.full_sentences:
        some = text[start:end]
        if len(_BREAK.findall(some)) < SUBJECTS_MAX:
            continue
        found = set(_LATIN.findall(some))
        count = len(found & forms) + sum(word.endswith(actors_english.TRADES) for word in found - forms)
        count += sum(start <= name.start < end for name in names)
        if prompt.has_chinese:
            count += actors_chinese.beings_in(prompt, start, end)
        if count > SUBJECTS_MAX:
            full.append((start, end))
    return full


def _apart(actors: list[Actor]) -> list[Actor]:
    """The actors without those that lie over one before."""
    found: list[Actor] = []
    for actor in actors:
        if not found or all(a.end <= actor.start or actor.end <= a.start for a in found):
            found.append(actor)
    return found


def _in_a_sentence(prompt: Reading, actors: list[Actor]) -> list[Actor]:
    """Of a story, those who first appear in one sentence; sentences follow each other, and so do those in them."""
    sentences: dict[int, list[Actor]] = {}
    for actor in actors:
        if actor.sure and "@" not in actor.name:
            sentences.setdefault(prompt.sentence_number(actor.start), []).append(actor)
    return max(sentences.values(), key=len) if sentences else []


def _together(prompt: Reading, actors: list[Actor]) -> list[Actor]:
    """Those that share a picture: known actors wherever they stand, others where the text is fullest."""
    chinese = _mostly_chinese(prompt)
    stretches: list[list[Actor]] = [_near(actors[n:], REACH_CHINESE if chinese else REACH) for n in range(len(actors))]
    known = [a for a in actors if a.sure]
    if chinese:
        stretches += [_near(known[n:], REACH_CHINESE_KNOWN) for n in range(len(known))]
    else:
        stretches.append(known)
    return max(stretches, key=len) if stretches else []


def _near(actors: list[Actor], reach: int) -> list[Actor]:
    """The actors of one stretch, in Chinese without the doubtful where those do not count."""
    found = [a for a in actors if a.start - actors[0].start <= reach]
    doubtful = [a for a in found if not a.sure]
    known = len(found) - len(doubtful)
    if doubtful and reach == REACH_CHINESE and _doubtful_count_not(known, len(found)):
        return [a for a in found if a.sure]
    return found


def _named(prompt: Reading, names: Sequence[Finding]) -> Iterator[Actor]:
    """Somebody called by name at the start of a clause, with a verb after it."""
    for start, end in ((f.start, f.end) for f in names):
        opening = re.search(r"(?:^|[,;.:，。；：、\n]|\b(?:and|while|as|where|和|与))\s*$", prompt.lower[:start])
        if opening is not None and re.match(r" [a-z]{2,}(?:s|ing)\b(?<!ss)|[\u4e00-\u9fff]", prompt.said[end:]):
            yield Actor(prompt.lower[start:end], start, end)
