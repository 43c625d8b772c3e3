"""What the command's exit codes mean; the documented table is checked against this one."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0  # everything asked for is done
    FAILED = 1  # at least one job ended without a clip
    INVALID = 2  # what was asked cannot be done as asked; nothing was stored, sent or paid
    ATTENTION = 3  # something waits for a person: a doubt, a refused key; nothing is lost
    NOT_FOUND = 4  # no such job or model
    CONFLICT = 5  # the thing is in another state, or another runner works this home
    UNAUTHORIZED = 6  # no key is configured
    RATE_LIMITED = 7  # not now
    UNAVAILABLE = 8  # disk, database or network cannot be used
    VENDOR_REFUSED = 9  # the vendor's verdict
    TIMEOUT = 10  # the patience given ran out; the jobs go on
    INTERNAL = 70  # a bug of ours
    INTERRUPTED = 130  # Ctrl-C; unfinished jobs go on with the next runner
    PIPE_CLOSED = 141  # whoever read the answer went away; unfinished jobs go on with the next runner


OF_CODE = {
    "invalid": Exit.INVALID,
    "not_found": Exit.NOT_FOUND,
    "conflict": Exit.CONFLICT,
    "unauthorized": Exit.UNAUTHORIZED,
    "rate_limited": Exit.RATE_LIMITED,
    "unavailable": Exit.UNAVAILABLE,
    "vendor_refused": Exit.VENDOR_REFUSED,
    "internal": Exit.INTERNAL,
}
"""Exit code of an error's `code`."""
