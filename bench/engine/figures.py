"""What is measured of an engine, in the shape that is printed and kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Life:
    """So many jobs through the whole life. CPU in milliseconds a job: of whoever works, and of servers beside them."""

    jobs: int
    jobs_s: float
    cpu_ms: float
    servers_ms: float
    rows: float  # a job leaves in our tables, or the recipe's
    commits: float
    paid: int
    beside: str = ""  # what the engine counts in its own words


@dataclass(frozen=True, slots=True)
class Watching:
    """Memory in megabytes with so many tasks watched: of whoever works, and of servers beside them."""

    tasks: int
    worker_mb: float
    servers_mb: float


@dataclass(frozen=True, slots=True)
class Recovery:
    """After a kill -9 in the middle of submits: seconds from the kill to the next end and to all; tasks paid."""

    jobs: int
    next_s: float
    all_s: float
    paid: int
    in_air: int  # submits that were under way when it died: bought, and nobody had heard


@dataclass(slots=True)
class Figures:
    """All of one engine."""

    name: str
    life: Life | None = None
    watching: list[Watching] = field(default_factory=list[Watching])
    recovery: Recovery | None = None

    def at(self, tasks: int) -> Watching | None:
        """Its memory with so many tasks."""
        return next((one for one in self.watching if one.tasks == tasks), None)


def figures_of(kept: dict[str, Any]) -> Figures:
    """What `dataclasses.asdict` made of figures, back again."""
    life, recovery = kept["life"], kept["recovery"]
    return Figures(
        kept["name"],
        Life(**life) if life else None,
        [Watching(**one) for one in kept["watching"]],
        Recovery(**recovery) if recovery else None,
    )
