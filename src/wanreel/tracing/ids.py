"""The trace of a job, known from the job's id alone: whoever works on it, wherever, adds to the same."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256


@lru_cache(maxsize=4096)
def ids_of(job: str) -> tuple[int, int]:
    """Trace id (128 bits) and the id of its first span (64 bits); neither is ever 0."""
    drawn = sha256(b"wanreel trace " + job.encode()).digest()
    return int.from_bytes(drawn[:16]) or 1, int.from_bytes(drawn[16:24]) or 1


def trace_id(job: str) -> str:
    """The trace id as logs and viewers write it: 32 digits."""
    return f"{ids_of(job)[0]:032x}"
