"""What keeps one account's watcher turning in a simulated process: in small, what `worker.lookouts` does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.world import World
from wanreel.ports.vendor import Ended
from wanreel.watch.watcher import Watcher

NOTICED_S = 0.5  # what one process has written another one knows


@dataclass(slots=True, eq=False)
class Lookout:
    """One watcher of one life of a process. `spawn` starts a strand of that process, `saw` hears of an end."""

    world: World
    watcher: Watcher
    spawn: Callable[[str, str, Any, Callable[[Exception | None], None]], None]
    saw: Callable[[Ended], None]
    again_s: Callable[[], float]
    wanted: Callable[[], bool]  # whether anything runs
    turning: bool = False
    at: float | None = None
    until: float = 0.0

    def changed(self) -> None:
        """Something else runs now: the watcher hears of it, as it does within a second whoever wrote it."""
        self.watcher.changed()
        self.soon(NOTICED_S)

    def soon(self, seconds: float = 0.0) -> None:
        """Take a turn a while from now, unless it comes sooner anyway."""
        at = self.world.now + seconds
        if not self.turning and (self.at is None or at < self.at):
            self.at = at
            self.world.at(at, lambda: self._turn(at))

    def _turn(self, at: float) -> None:
        if self.at != at:
            return
        self.at = None
        if self.wanted():
            self.turning = True
            self.spawn("watch", self.watcher.account.id, self._turn_once(), self._turned)

    async def _turn_once(self) -> None:
        turned = await self.watcher.turn()
        self.until = turned.until
        for ended in turned.ended:
            self.saw(ended)

    def _turned(self, why: Exception | None) -> None:
        self.turning = False
        self.soon(self.again_s() if why is not None else max(self.until - self.world.wall, NOTICED_S))
