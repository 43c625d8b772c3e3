"""A job as every face shows it."""

from __future__ import annotations

import json

import pytest

from tests.factories import NOW, make_entry, make_job
from wanreel.domain.event import CancelAsked
from wanreel.domain.job import FINAL, STATES, Queued, State, Succeeded, state_name
from wanreel.service.view import iso, view, view_entry


@pytest.mark.parametrize("kind", STATES, ids=state_name)
def test_every_state_is_plain_values(kind: type[State]) -> None:
    """JSON without exceptions, with the state's word, and an end for what has ended."""
    body = json.loads(json.dumps(view(make_job(kind), lambda artifact: f"/archive/{artifact.key}"), allow_nan=False))
    assert state_name(kind) == body["state"]
    assert (kind in FINAL) is (body["finished_at"] is not None)


def test_a_success_says_where_its_clip_is() -> None:
    """Path, size and hash of the archived file, beside what the vendor told."""
    body = view(make_job(Succeeded), lambda artifact: f"/archive/{artifact.key}")
    assert "/archive/clip.mp4" == body["artifact"]["where"]
    assert 1234 == body["artifact"]["size_bytes"]


def test_instants_are_iso_in_utc() -> None:
    """To the millisecond; what is never is nothing."""
    assert "2026-09-21T14:13:20.000Z" == iso(NOW)
    assert iso(float("inf")) is None
    assert iso(None) is None


def test_a_line_of_history() -> None:
    """Event, states, reason and details, without infinities."""
    line = view_entry(make_entry(make_job(Queued), event=CancelAsked(discard=True)))
    assert ("CancelAsked", {"discard": True}) == (line["event"], line["details"])
    json.dumps(line, allow_nan=False)
