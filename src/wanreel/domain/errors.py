"""The errors a caller can meet, each with a machine-readable code and words that say what to do.

    WanreelError
    ├── Invalid         invalid         what was asked cannot be; every problem is listed
    ├── NotFound        not_found       no such job, group or artifact
    ├── Conflict        conflict        the thing is in another state, or somebody else changed it first
    │   ├── Stale                       a change was made on a version that is no longer current
    │   ├── BudgetReached               a budget, a highest cost or a wrong price stops a submit
    │   └── TaskTaken                   the vendor's task already belongs to another job
    ├── Unauthorized    unauthorized    no key, or a key the vendor refuses
    ├── RateLimited     rate_limited    not now; says when
    ├── Unavailable     unavailable     a part we need cannot be reached or used (disk, database, network)
    ├── VendorRefused   vendor_refused  the vendor's own verdict, in its own words
    └── Internal        internal        a bug of ours; its text is for the operator
        └── IllegalTransition           an event that cannot follow the state; nothing was changed

Expected outcomes of a step are events (`domain.event`), not exceptions; these are for the edges and for bugs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class WanreelError(Exception):
    """Base of all errors; never raised itself. `code` is stable, `message` is fit for the caller."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str) -> None:
        if type(self) is WanreelError:
            raise TypeError("raise one of the children of WanreelError")
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request: the `field`, what was `given`, and a sentence saying what is allowed. `code`
    names the rule that was broken, for faces with words of their own.
    """

    field: str
    message: str
    given: str = ""
    code: str = ""


class Invalid(WanreelError):
    """What was asked cannot be done as asked; `problems` lists everything that was found, not only the first."""

    code = "invalid"

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        lines = [f"{p.field}: {p.message}" for p in problems]
        super().__init__("\n".join([message, *lines]) if message else "\n".join(lines))
        self.problems = problems


class NotFound(WanreelError):
    """There is no such job, group or artifact here."""

    code = "not_found"


class Conflict(WanreelError):
    """The thing is not in a state that allows this."""

    code = "conflict"


class Stale(Conflict):
    """A change was based on a version that is no longer the current one; nothing was written."""


class TaskTaken(Conflict):
    """The vendor's task already belongs to another job; nothing was written."""


class BudgetReached(Conflict):
    """There is no money for a submit; nothing was written. `final`: no waiting can help."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


class Unauthorized(WanreelError):
    """No key is configured, or it may not be used for this."""

    code = "unauthorized"


class RateLimited(WanreelError):
    """Not now."""

    code = "rate_limited"


class Unavailable(WanreelError):
    """A part that is needed (disk, database, network) cannot be used at the moment."""

    code = "unavailable"


class VendorRefused(WanreelError):
    """The vendor said no; the message carries its own code and words."""

    code = "vendor_refused"


class Internal(WanreelError):
    """A bug of ours."""

    code = "internal"


class IllegalTransition(Internal):
    """The event cannot follow the state; the job is untouched."""
