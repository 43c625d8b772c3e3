"""A person's word on a doubt, as an event."""

from __future__ import annotations

from typing import Any

import pytest

from wanreel.domain.errors import Invalid
from wanreel.domain.event import Found, GivenUp, NotFound
from wanreel.service.settling import settlement


def asked(**answers: Any) -> Found | NotFound | GivenUp:
    """What these answers mean."""
    whole: dict[str, Any] = {"adopt": None, "resubmit": False, "give_up": False, "note": "seen"} | answers
    return settlement(**whole)


def test_each_answer_is_its_event() -> None:
    """With the person and the note as evidence."""
    assert Found("t-1", "person", "seen") == asked(adopt=" t-1 ")
    assert NotFound("person", "seen") == asked(resubmit=True)
    assert GivenUp("person", "seen") == asked(give_up=True)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"resubmit": True, "give_up": True},
        {"adopt": "t", "give_up": True},
        *({"adopt": task} for task in ("", "a b", "../x", "\x1b[1mt", "t" * 201)),
    ],
)
def test_one_answer_that_can_be_one(answers: dict[str, Any]) -> None:
    """Not none, not two, and a task id that could be the vendor's."""
    with pytest.raises(Invalid):
        asked(**answers)
