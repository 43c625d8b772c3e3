"""When tasks were created that are not ours to watch, for how many rows of the list stand between two that are."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence

STRANGERS_MAX = 5_000  # so many are remembered at most
_FEW = 256  # no more than that are not worth looking through


class Strangers:
    """Other people's tasks, and our own once they run no more, each counted once however often a row shows it."""

    def __init__(self) -> None:
        self._created: list[float] = []
        self._ids: dict[str, float] = {}
        self._look_through_at = _FEW

    @property
    def created(self) -> Sequence[float]:
        """The instants of their creation, oldest first."""
        return self._created

    def add(self, task_id: str, created_at: float, since: float) -> None:
        """One more. Those older than `since` are forgotten now and then: nothing of ours that runs is so old."""
        if task_id in self._ids:
            return
        self._ids[task_id] = created_at
        insort(self._created, created_at)
        if len(self._ids) >= self._look_through_at:
            self._ids = {each: at for each, at in self._ids.items() if at >= since}
            del self._created[: bisect_left(self._created, since)]
            self._look_through_at = max(_FEW, 2 * len(self._ids))
        if len(self._ids) > STRANGERS_MAX:
            oldest = next(iter(self._ids))
            del self._created[bisect_left(self._created, self._ids.pop(oldest))]
