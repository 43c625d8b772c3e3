"""A person's word on a doubtful job, as the event it is."""

from __future__ import annotations

import re

from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.event import Found, GivenUp, NotFound

BY = "person"
_TASK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:~-]{0,199}")  # what is taken for an id in the vendor's answers, too


def settlement(*, adopt: str | None, resubmit: bool, give_up: bool, note: str) -> Found | NotFound | GivenUp:
    """The event of exactly one of three answers: it is task `adopt`; it never arrived; nobody knows. Raises Invalid."""
    if (adopt is not None) + resubmit + give_up != 1:
        raise Invalid("", (Problem("resolve", "say exactly one of: adopt TASK, resubmit, give up"),))
    if adopt is not None:
        task = adopt.strip()
        if not _TASK.fullmatch(task):
            raise Invalid("", (Problem("adopt", "must be the vendor's task id, as its console shows it", adopt),))
        return Found(task, BY, note)
    return NotFound(BY, note) if resubmit else GivenUp(BY, note)
