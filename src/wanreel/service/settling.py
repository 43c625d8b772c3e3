"""A person's word on a doubtful job, as the event it is."""

from __future__ import annotations

from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.event import Found, GivenUp, NotFound
from wanreel.domain.job import TASK_ID

BY = "person"


def settlement(*, adopt: str | None, resubmit: bool, give_up: bool, note: str) -> Found | NotFound | GivenUp:
    """The event of exactly one of three answers: it is task `adopt`; it never arrived; nobody knows. Raises Invalid."""
    if (adopt is not None) + resubmit + give_up != 1:
        raise Invalid("", (Problem("resolve", "say exactly one of: adopt TASK, resubmit, give up"),))
    if adopt is not None:
        task = adopt.strip()
        if not TASK_ID.fullmatch(task):
            raise Invalid("", (Problem("adopt", "must be the vendor's task id, as its console shows it", adopt),))
        return Found(task, BY, note)
    return NotFound(BY, note) if resubmit else GivenUp(BY, note)
