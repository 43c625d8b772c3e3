"""Whether what was written down explains what is: a job's entries, folded, give the job again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from tests.simulation.world import BrokenPromise
from wanreel.domain.event import Entry
from wanreel.domain.job import Job
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy

COUNTERS = {"due_at": 0.0, "polls": 0, "seen_at": None, "trouble": ""}
"""What a look that found nothing new may move without a line."""


def fold(first: Job, entries: Sequence[Entry], last: Job, policy: Policy) -> None:
    """Raises BrokenPromise where the fold of the entries is another job than the stored one."""
    job = first
    for entry in entries:
        job = transition(job, entry.event, entry.at, policy, entry.draw).job
    if _bare(job) != _bare(last):
        raise BrokenPromise(f"{last.id}: its history folds to {_bare(job)}, and it is {_bare(last)}")


def _bare(job: Job) -> Job:
    names = {f.name for f in fields(job.state)}
    counters = {name: value for name, value in COUNTERS.items() if name in names}
    return replace(job, state=replace(job.state, **counters), version=0)
