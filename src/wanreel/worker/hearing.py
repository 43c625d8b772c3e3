"""Tasks that somebody trustworthy says have ended: whose they are, and until when that is remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from wanreel.ports.clock import Clock
from wanreel.ports.watching import Watching

HEARD_S = 60.0  # what was heard of a task is forgotten, if somebody else has it in hand for so long


@dataclass(frozen=True, slots=True)
class Ears:
    """What it takes to know whose task is spoken of."""

    watching: Watching
    accounts: tuple[str, ...]


@dataclass(slots=True)
class Hearing:
    """One for each runner; without `ears` nothing that is said comes to anything."""

    ears: Ears | None
    clock: Clock
    _heard: dict[str, float] = field(default_factory=dict[str, float])  # tasks, and since when that waits

    def hear(self, task_id: str) -> None:
        """Somebody speaks of a task."""
        self._heard.setdefault(task_id, self.clock.now())

    async def wanted(self, *, sending: bool) -> dict[str, str]:
        """The tasks that are ours, by job. `sending`: a submit is under way whose task may be written down only later.
        Raises Unavailable.
        """
        if not self._heard or self.ears is None:
            return {}
        now, ours, spoken_of = self.clock.now(), dict[str, str](), tuple(self._heard)
        for account in self.ears.accounts:
            known = await self.ears.watching.known_tasks(account, spoken_of)
            ours |= {task_id: one.job_id for task_id, one in known.items() if one.runs}
        for task_id in spoken_of:  # and not what was heard while the store was asked
            unknown = task_id not in ours and not sending
            if unknown or now - self._heard.get(task_id, now) > HEARD_S:
                self._heard.pop(task_id, None)
        return {ours[task_id]: task_id for task_id in self._heard if task_id in ours}

    def taken(self, task_ids: Iterable[str]) -> None:
        """These are being looked after."""
        for task_id in task_ids:
            self._heard.pop(task_id, None)
