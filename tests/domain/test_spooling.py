"""The spool's own rules: what must fit, which clips go there, when somebody is alarmed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.factories import DAY_S, NOW, make_job, make_outcome, make_request, make_task
from wanreel.domain.job import STATES, Archiving, Generating, SpoolCopy, State, Submitting, Unconfirmed
from wanreel.domain.policy import Policy
from wanreel.domain.spooling import SpoolRoom, alarm_due, expected_bytes, life_used, must_spool, stake_bytes

POLICY = Policy()
COPY = SpoolCopy(NOW, 10, "5" * 64)
FRESH = Archiving(make_task(), make_outcome(), NOW, since=NOW)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"size": "1280*720"}, 10_000_000),
        ({"size": "832*480"}, 5_000_000),
        ({"size": None, "resolution": "1080P", "duration_s": 10}, 40_000_000),
        ({"size": None, "duration_s": None}, 60_000_000),
    ],
)
def test_what_a_clip_may_take_goes_by_its_pixels_and_seconds(request_: dict[str, object], expected: int) -> None:
    """By tier and length; what was not said counts as the largest."""
    assert expected == expected_bytes(make_request(**request_), POLICY)


@pytest.mark.parametrize("kind", STATES)
def test_what_is_paid_for_and_lies_nowhere_of_ours_is_at_stake(kind: type[State]) -> None:
    """From the intent to the storage or the spool; a queued job and an ended one ask for nothing."""
    at_stake = kind in (Submitting, Unconfirmed, Generating, Archiving)
    assert at_stake == (stake_bytes(make_job(kind), POLICY) is not None)
    assert stake_bytes(make_job(Archiving, spooled=COPY), POLICY) is None


def test_a_clip_goes_to_the_spool_after_ten_minutes_of_failing_or_half_its_urls_life() -> None:
    """Not before either, not when the spool has just failed, and not twice."""
    failing = replace(FRESH, failing_since=NOW)
    assert not must_spool(failing, NOW + 599, POLICY)
    assert must_spool(failing, NOW + 600, POLICY)
    assert not must_spool(FRESH, NOW + 0.49 * DAY_S, POLICY)
    assert must_spool(FRESH, NOW + 0.5 * DAY_S, POLICY)
    assert not must_spool(replace(failing, unspoolable=True), NOW + 700, POLICY)
    assert not must_spool(replace(failing, spooled=COPY), NOW + 700, POLICY)


def test_alarms_are_due_at_half_and_at_four_fifths_of_a_life() -> None:
    """Each once; whoever looks late hears the higher one alone; what is spooled alarms nobody."""
    assert 0 == alarm_due(FRESH, NOW + 0.49 * DAY_S, POLICY)
    assert 50 == alarm_due(FRESH, NOW + 0.5 * DAY_S, POLICY)
    assert 0 == alarm_due(replace(FRESH, alarmed=50), NOW + 0.79 * DAY_S, POLICY)
    assert 80 == alarm_due(replace(FRESH, alarmed=50), NOW + 0.8 * DAY_S, POLICY)
    assert 80 == alarm_due(FRESH, NOW + 2 * DAY_S, POLICY)
    assert 0 == alarm_due(replace(FRESH, alarmed=80), NOW + 2 * DAY_S, POLICY)
    assert 0 == alarm_due(replace(FRESH, spooled=COPY), NOW + 2 * DAY_S, POLICY)


def test_a_life_is_counted_from_when_the_url_was_heard_of() -> None:
    """For a job stored by an older wanreel, from a day before its end; a clock that jumped back does not go below 0."""
    short = replace(FRESH, outcome=replace(FRESH.outcome, url_expires_at=NOW + 90))
    assert 0.5 == life_used(short, NOW + 45, POLICY)
    assert 0.5 == life_used(replace(FRESH, since=None), NOW + 0.5 * DAY_S, POLICY)
    assert (0.0, 1.0) == (life_used(FRESH, NOW - 10, POLICY), life_used(FRESH, NOW + 3 * DAY_S, POLICY))
    assert 1.0 == life_used(replace(short, since=NOW + 100), NOW, POLICY)


def test_a_spool_has_what_its_setting_and_its_disk_leave() -> None:
    """The smaller of both, never less than nothing."""
    assert (4, 3, 0) == tuple(SpoolRoom(10, 1, used, free).left_bytes for used, free in ((6, 9), (6, 3), (12, 9)))
