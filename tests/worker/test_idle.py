"""Which unfinished jobs stand still until a person acts."""

from __future__ import annotations

import pytest

from tests.factories import MODEL, NOW, key_of, make_job
from wanreel.domain.event import Park, Pause, SlotKey
from wanreel.domain.job import Archiving, Generating, Job, Queued, Submitting, Unconfirmed
from wanreel.ports.slots import Parked
from wanreel.worker.idle import waits_for_person

KEY = SlotKey("main", MODEL)


def parked(kind: Pause, model: str = MODEL, account: str = "main") -> Parked:
    """A park in force."""
    return Parked(Park(SlotKey(account, model), kind, NOW + 60, "why"), NOW)


CASES = (
    ("a doubt that asks", make_job(Unconfirmed, asks="no later task"), (), 0, True),
    ("a doubt looked up", make_job(Unconfirmed), (), 0, False),
    ("a job that may be sent", make_job(Queued), (), 0, False),
    ("busy at the vendor", make_job(Queued), (parked(Pause.BUSY),), 0, False),
    ("out of quota", make_job(Queued), (parked(Pause.QUOTA),), 0, False),
    ("account overdue", make_job(Queued), (parked(Pause.ACCOUNT, "*"),), 0, True),
    ("another account overdue", make_job(Queued), (parked(Pause.ACCOUNT, "*", "other"),), 0, False),
    ("model not bought", make_job(Queued), (parked(Pause.MODEL),), 0, True),
    ("another model not bought", make_job(Queued), (parked(Pause.MODEL, "wan2.6-t2v"),), 0, False),
    ("every slot held by doubts", make_job(Queued), (), 2, True),
    ("one slot left", make_job(Queued), (), 1, False),
    ("in the air", make_job(Submitting), (parked(Pause.ACCOUNT, "*"),), 2, False),
    ("running while parked", make_job(Generating), (parked(Pause.ACCOUNT, "*"),), 2, False),
    ("coming home while parked", make_job(Archiving), (parked(Pause.ACCOUNT, "*"),), 2, False),
)


@pytest.mark.parametrize(("says", "job", "parks", "doubts", "waits"), CASES, ids=[c[0] for c in CASES])
def test_a_job_waits_for_a_person_only_when_nothing_else_can_move_it(
    says: str, job: Job, parks: tuple[Parked, ...], doubts: int, waits: bool
) -> None:
    """Doubts, and what is queued behind a bill, a key or doubts that hold every slot; nothing else."""
    assert waits is waits_for_person(job, parks, {key_of(job): doubts}, 2)
