"""The columns a job is found by, and the words for rows that cannot be read."""

from __future__ import annotations

import math

import pytest

from tests.factories import NOW, make_intent, make_job, make_notice
from wanreel.domain.errors import Internal, Invalid, Unavailable
from wanreel.domain.job import (
    Archiving,
    Cancelled,
    Failed,
    Generating,
    Job,
    Queued,
    State,
    Submitting,
    Succeeded,
    Unconfirmed,
)
from wanreel.domain.policy import Policy
from wanreel.ports.jobs import Lane
from wanreel.store.rows import index, job_of, job_text, notice_of, notice_text

POLICY = Policy()
DEADLINE = NOW + POLICY.vendor_deadline_s


@pytest.mark.parametrize(
    ("job", "state", "lane", "due_at", "first_at", "slot_until"),
    [
        (make_job(Queued, due_at=NOW + 3), "queued", Lane.SUBMIT, NOW + 3, NOW, None),
        (make_job(Submitting), "submitting", None, None, None, math.inf),
        (make_job(Unconfirmed), "unconfirmed", None, None, None, DEADLINE),
        (make_job(Generating, due_at=NOW + 3), "generating", Lane.WATCH, NOW + 3, NOW + 3, math.inf),
        (make_job(Archiving, due_at=NOW + 3), "archiving", Lane.ARCHIVE, NOW + 3, NOW + 86_400, None),
        (make_job(Archiving, due_at=NOW + 3, requery=True), "archiving", Lane.WATCH, NOW + 3, NOW + 3, None),
        (make_job(Succeeded), "succeeded", None, None, None, None),
        (make_job(Failed), "failed", None, None, None, None),
        (make_job(Cancelled), "cancelled", None, None, None, None),
    ],
)
def test_the_columns_follow_from_the_state(
    job: Job, state: str, lane: Lane | None, due_at: float | None, first_at: float | None, slot_until: float | None
) -> None:
    """Who waits in which lane, who goes first, and who holds a slot is told by the state alone."""
    columns = index(job, POLICY)

    told = (columns.state, columns.lane, columns.due_at, columns.order_at or columns.queued_at, columns.slot_until)
    assert (state, lane, due_at, first_at, slot_until) == told
    assert (job.account.id, job.request.model) == (columns.account, columns.model)


def test_only_a_call_in_the_air_has_an_intent_to_wait_for() -> None:
    """The quiet time counts from the intent of a Submitting job; a doubt has been answered, in its way."""
    assert NOW - 7 == index(make_job(Submitting(make_intent(NOW - 7))), POLICY).intent_at
    assert index(make_job(Unconfirmed), POLICY).intent_at is None


@pytest.mark.parametrize("kind", [Generating, Archiving])
def test_what_the_vendor_has_shown_is_a_column(kind: type[State]) -> None:
    """The instant of the last sighting is kept while there is a task to see."""
    assert NOW == index(make_job(kind, seen_at=NOW), POLICY).seen_at


def test_a_name_that_is_no_text_is_refused() -> None:
    """Names that jobs are found by must be storable."""
    with pytest.raises(Invalid):
        index(make_job(key="\ud800"), POLICY)


def test_a_row_of_a_newer_wanreel_says_what_to_do() -> None:
    """A job with a state this version does not know is unreadable in words, and names itself."""
    text = job_text(make_job(id="job_x", due_at=NOW)).replace('"queued"', '"dreaming"')

    with pytest.raises(Unavailable, match=r"dreaming(.|\n)*Upgrade wanreel(.|\n)*job_x"):
        job_of(text)


def test_a_job_that_is_no_job_is_a_bug() -> None:
    """An instant that is no number is refused where it is written, by the job's name."""
    with pytest.raises(Internal, match="job_x"):
        job_text(make_job(id="job_x", due_at=math.nan))


def test_a_notice_comes_back_as_it_was() -> None:
    """A notice is stored whole."""
    notice = make_notice(make_job())

    assert notice == notice_of(notice_text(notice))
