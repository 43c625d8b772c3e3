"""The tasks of one account, oldest first, and an agenda of them: kept between turns, so that a turn costs what is new.

Theory. The plain schedule gives every task an instant at which it is next looked at. That instant only moves later: a
look puts it off, and so does leaving a task to somebody else for a while. So the agenda is a heap of instants each of
which may be too early and never is too late. Whoever asks what comes first has the head's instant worked out anew; if
it stands, that is the answer, else it goes back to where it now belongs. A task that needs no instant leaves the
agenda; where it comes to need one it is *touched*, and so stands at the head to be worked out.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace
from itertools import count

from wanreel.domain.runtimes import Curve, RunKind
from wanreel.ports.watching import Watched


@dataclass(slots=True, eq=False)
class Tracked:
    """A watched task, and what is known of it."""

    task: Watched
    known_at: float  # when it was last known to run
    looked_at: float = 0.0  # when it was last looked at, whether or not that told anything
    unlisted_until: float = 0.0  # the list did not show it: asked after by itself until then
    held_until: float = 0.0  # its end was seen, or it could not be asked after: somebody else's turn until then
    agenda_at: float = field(default=math.nan, init=False)  # where on its board's agenda; not a number: nowhere
    left: float = field(default=1.0, init=False)  # the share of such tasks that takes longer than it was known to run,
    left_at: float = field(default=math.nan, init=False)  # worked out for then,
    left_by: Curve | None = field(default=None, init=False)  # by this curve


def _age(one: Tracked) -> tuple[float, str]:
    return one.task.accepted_at, one.task.job_id


class Board:
    """Tracked tasks. Whoever changes a task so that it comes to need an instant says `touch`."""

    def __init__(self, tasks: Iterable[Tracked] = ()) -> None:
        self._by_age: list[Tracked] = []
        self._kinds: dict[RunKind, list[Tracked]] = {}
        self._agenda: list[tuple[float, tuple[float, str], int, Tracked]] = []
        self._number = count()
        self.worked_out = 0  # instants, ever: what going over the agenda has cost
        for one in tasks:
            self.add(one)

    def __len__(self) -> int:
        return len(self._by_age)

    def __iter__(self) -> Iterator[Tracked]:
        return iter(self._by_age)

    @property
    def by_age(self) -> Sequence[Tracked]:
        """All of them, oldest first."""
        return self._by_age

    @property
    def kinds(self) -> Mapping[RunKind, Sequence[Tracked]]:
        """Those of each kind, oldest first; none is empty."""
        return self._kinds

    def add(self, one: Tracked) -> None:
        """One task more."""
        insort(self._by_age, one, key=_age)
        insort(self._kinds.setdefault(one.task.kind, []), one, key=_age)
        one.agenda_at = math.nan
        self.touch(one)

    def remove(self, one: Tracked) -> None:
        """It runs no more."""
        del self._by_age[self.place(one)]
        mine = self._kinds[one.task.kind]
        del mine[bisect_left(mine, _age(one), key=_age)]
        if not mine:
            del self._kinds[one.task.kind]
        one.agenda_at = math.nan

    def place(self, one: Tracked) -> int:
        """Where it stands among all, oldest first."""
        return bisect_left(self._by_age, _age(one), key=_age)

    def touch(self, one: Tracked) -> None:
        """It needs an instant now, and may have had none. One that it has never is too late."""
        if math.isnan(one.agenda_at):
            one.agenda_at = -math.inf
            heappush(self._agenda, self._entry(one))

    def soonest(self, when: Callable[[Tracked], float]) -> tuple[float, Tracked] | None:
        """The first instant, and whose; None for none. `when` works one out: infinite for a task that needs none."""
        agenda = self._agenda
        while agenda:
            stood_at, _, _, one = agenda[0]
            if one.agenda_at != stood_at:  # it is gone, or stands elsewhere by now
                heappop(agenda)
                continue
            self.worked_out += 1
            at = when(one)
            if at <= stood_at:
                return at, one
            if at == math.inf:
                one.agenda_at = math.nan
                heappop(agenda)
            else:
                one.agenda_at = at
                heapreplace(agenda, self._entry(one))
        return None

    def _entry(self, one: Tracked) -> tuple[float, tuple[float, str], int, Tracked]:
        return one.agenda_at, _age(one), next(self._number), one
