"""What a job says about itself: the word of its state, whether it has ended, the tasks it has owned."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from tests.factories import make_job, make_task
from wanreel.domain.job import (
    FINAL,
    STATES,
    Cancelled,
    Generating,
    Queued,
    State,
    Submitting,
    Unconfirmed,
    current_task,
    is_final,
    known_tasks,
    state_name,
)


def test_each_state_has_one_word() -> None:
    """The words faces and stores use are the states' names in lower case, for a state and for its kind."""
    words = ["queued", "submitting", "unconfirmed", "generating", "archiving", "succeeded", "failed", "cancelled"]
    assert words == [state_name(kind) for kind in STATES]
    assert words == [state_name(make_job(kind).state) for kind in STATES]


@pytest.mark.parametrize("kind", STATES)
def test_three_states_are_final(kind: type[State]) -> None:
    """Succeeded, Failed and Cancelled end a job; nothing else does."""
    assert (kind in FINAL) is is_final(make_job(kind))


@pytest.mark.parametrize("kind", STATES)
def test_a_job_has_a_task_from_its_acceptance_on(kind: type[State]) -> None:
    """Before an answer there is no task; a job cancelled in the queue never had one."""
    lacks = (Queued, Submitting, Unconfirmed, Cancelled)
    assert (kind not in lacks) is (current_task(make_job(kind)) is not None)


def test_known_tasks_are_the_present_one_and_those_that_failed() -> None:
    """Both count, so that no task is ever taken for a second one."""
    assert {"a", "b"} == known_tasks(make_job(Generating, task_id="b", past=(make_task("a"),)))
    assert {"a"} == known_tasks(make_job(Queued, past=(make_task("a"),)))


@pytest.mark.parametrize("kind", STATES)
def test_jobs_and_states_are_values(kind: type[State]) -> None:
    """Nobody can change one in place."""
    job = make_job(kind)
    with pytest.raises(FrozenInstanceError):
        job.version = 2  # type: ignore[misc]
