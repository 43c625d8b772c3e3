"""How long tasks took that have succeeded: gathered as steps end, written down a few times a second for all of them.

A step need not wait for that, and what a process that dies has gathered in its last moments is learned from others.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wanreel.domain.errors import WanreelError
from wanreel.domain.runtimes import RunTime
from wanreel.ports.watching import Watching
from wanreel.telemetry import WATCH_BROKE, log

MET_MAX = 1000  # where the store is slow, so many are kept for it


@dataclass(slots=True)
class Learning:
    """One for each runner."""

    watching: Watching
    _met: list[RunTime] = field(default_factory=list[RunTime])

    @property
    def has_news(self) -> bool:
        """Whether there is something to write down."""
        return bool(self._met)

    def meet(self, met: RunTime) -> None:
        """A task has just been seen to have succeeded."""
        if len(self._met) < MET_MAX:
            self._met.append(met)

    async def write(self) -> None:
        """Write down what was gathered. When the store is away, these are not."""
        met, self._met = self._met, []
        if not met:
            return
        try:
            await self.watching.learn(*met)
        except WanreelError as why:
            log.info(WATCH_BROKE, account="", why=str(why))
