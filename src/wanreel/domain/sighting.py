"""A task as the vendor's list or a completion event shows it: enough to know it by, never its clip."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sighting:
    """One row of the vendor's task list; `created_at` is by the vendor's clock."""

    task_id: str
    model: str
    status: str  # the vendor's word
    created_at: float
    key_id: str = ""
    request_id: str = ""
    ended_at: float | None = None  # by the vendor's clock, where the row says
