"""What is said of a doubt: what comes next, and by when."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from tests.factories import make_job
from wanreel.domain.doubt import outlook, proof_wait_s, utc
from wanreel.domain.job import Unconfirmed
from wanreel.domain.policy import Policy

POLICY = Policy()


def test_a_doubt_says_what_comes_next_and_by_when() -> None:
    """Until its absence could be proven, from then on, once a person is asked, and when its slot is free again."""
    state = make_job(Unconfirmed).state
    assert isinstance(state, Unconfirmed)
    sent_at = state.intent.at
    proven, free = utc(sent_at + 360.0), utc(sent_at + 3 * 3600.0)
    early = outlook(replace(state, asks=""), POLICY, sent_at + 1.0)
    assert f"can be proven from {proven} UTC on" in early
    assert f"its slot is held until {free} UTC at the latest" in early
    assert early == outlook(replace(state, asks=""), POLICY, sent_at + 359.0)  # no words that change by the second
    assert "any look may end it now" in outlook(replace(state, asks=""), POLICY, sent_at + 360.0)
    asked = replace(state, asks="two tasks could be its own")
    assert outlook(asked, POLICY, sent_at + 9.0).startswith("a person decides, unless the vendor's list does first")
    assert "it holds no slot" in outlook(asked, POLICY, sent_at + 3 * 3600.0)


def test_the_page_knows_these_words() -> None:
    """It says them in Chinese by their shape; a sentence that is changed here is changed there."""
    page = (Path(__file__).resolve().parents[2] / "web/src/lib/outlook.ts").read_text("utf-8")
    state = make_job(Unconfirmed).state
    assert isinstance(state, Unconfirmed)
    for asks, age_s in (("", 1.0), ("", 400.0), ("which?", 1.0)):
        said = outlook(replace(state, asks=asks), POLICY, state.intent.at + age_s)
        for piece in re.split(r"\d{4}-[\d: -]+\d", said):
            for part in piece.removeprefix("the vendor's list is searched for its task; ").split("; "):
                assert part.strip() in page, part


def test_a_list_that_was_met_late_is_waited_for() -> None:
    """The lag that was met counts where it is longer than the usual one."""
    assert (360.0, 360.0, 420.0) == tuple(proof_wait_s(POLICY, lag_s) for lag_s in (0.0, 60.0, 120.0))
