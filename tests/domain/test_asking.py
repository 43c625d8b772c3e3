"""What a person is asked of a doubt has a code, and what it names can be read back from the sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wanreel.domain.asking import QUESTIONS, question, read_question

ROOM = Path(__file__).resolve().parents[2]
NAMES = {"why": "HTTP 500: {task}, and so on", "task": "0385-79", "tasks": "a, b", "calls": "2", "count": "3"}


@pytest.mark.parametrize("code", QUESTIONS)
def test_a_sentence_gives_its_code_and_names_back(code: str) -> None:
    """Each is one and no other, whatever somebody else's words in it are."""
    asked = set(re.findall(r"\{(\w+)\}", QUESTIONS[code]))
    given = {name: NAMES[name] for name in asked}
    assert (code, given) == read_question(question(code, **given))


def test_other_sentences_have_no_code() -> None:
    """A question of another release is shown as it stands."""
    assert ("", {}) == read_question("nobody can tell")
    assert ("", {}) == read_question("")


def test_weighing_asks_nothing_without_a_code() -> None:
    """Every question is made of the table, and the page has each in both languages."""
    source = (ROOM / "src/wanreel/domain/weighing.py").read_text("utf-8")
    used = set(re.findall(r'question\("(\w+)"', source))
    assert set(QUESTIONS) == used
    assert [] == re.findall(r'Ask\(call\.job\.id, f?"', source)
    for language in ("en", "zh"):
        words = (ROOM / "web/src/words" / f"{language}.ts").read_text("utf-8")
        assert used == set(re.findall(r'"asks\.(\w+)":', words)), language
