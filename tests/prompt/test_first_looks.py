"""What is looked at first, so that little is read: it may open too much, and never hides what a rule finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.prompt.scoring import lines
from wanreel.prompt import reading
from wanreel.prompt.judging import doors
from wanreel.prompt.reading import Reading
from wanreel.prompt.rules import actors_chinese, actors_english, named, negation

DATA = Path(__file__).resolve().parent / "data"
PROMPTS = [Reading(row["prompt"], doors()) for path in sorted(DATA.glob("*.jsonl")) for row in lines(path)]
TEXTS = [text for prompt in PROMPTS for text in (prompt.text, prompt.lower)]


@pytest.mark.parametrize(
    ("pattern", "signs"),
    [
        (reading._QUOTES, [reading._QUOTE_SIGNS]),
        (reading._SIGNS, [reading._SIGN_WORDS]),
        (reading._SHOT, [reading._SHOT_SIGNS, reading._SHOT_TIMES]),
        (named._STYLE, [named._STYLE_SIGNS]),
        (named._ESQUE, [named._ESQUE_SIGNS]),
        (negation._ZH, [negation._ZH_SIGNS]),
        (re.compile(actors_chinese._COUNTED.pattern.replace("^", "")), [actors_chinese._TELLS_MORE]),
    ],
    ids=["quotes", "signs", "shots", "style", "esque", "negation", "counted"],
)
def test_signs_stand_in_every_match(pattern: re.Pattern[str], signs: list[re.Pattern[str]]) -> None:
    """Where none of its signs stands, a pattern finds nothing."""
    hidden = [text for text in TEXTS if not any(sign.search(text) for sign in signs) and pattern.search(text)]
    assert hidden == []


def test_words_stand_in_every_negation() -> None:
    """Where a prompt lacks the words of negations, there is no key of one."""
    plain = [prompt for prompt in PROMPTS if prompt.lacks(negation._KEY_WORDS)]
    assert len(plain) > 500
    assert [prompt.text for prompt in plain if negation._KEY.search(prompt.lower)] == []


def test_no_more_act_in_english_than_were_counted() -> None:
    """Nobody is left out by a count of those who may act."""
    for prompt in PROMPTS:
        found = list(actors_english.actors(prompt, actors_english.pieces(prompt)))
        assert len(found) <= actors_english.at_most(prompt), prompt.text


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("A paper boat drifts down a gutter at dawn, slow pan, golden light", 1),
        ("A dog and a cat race while a fox-and-hounds sign swings", 3),
        ("Salt-and-pepper hair, a jack-o'-lantern, a robot-dog barks", 1),
        ("Subject 1: a fox. Subject 2: a hen.", 2),
        ("", 0),
    ],
)
def test_how_many_may_act_in_english(text: str, most: int) -> None:
    """One in each piece that holds a being or what may be its verb."""
    assert actors_english.at_most(Reading(text)) == most


def test_no_more_act_in_chinese_than_were_counted() -> None:
    """Neither of those known nor of all together."""
    for prompt in PROMPTS:
        counted = actors_chinese.at_most(prompt)
        if counted is not None:
            found = list(actors_chinese.actors(prompt))
            assert sum(actor.sure for actor in found) <= counted[0], prompt.text
            assert len(found) <= sum(counted), prompt.text


def test_the_segmenter_may_cut_through_who_acts() -> None:
    """Letters of a known being count where its word is no word: 小二端茶 is cut 小|二|端|茶."""
    prompt = Reading("小二端茶，店里很热闹")
    assert [actor.name for actor in actors_chinese.actors(prompt)] == ["小二"]
    assert actors_chinese.at_most(prompt) is not None
    assert (actors_chinese.at_most(prompt) or (0, 0))[0] >= 1
