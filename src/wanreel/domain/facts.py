"""What was learned about an account's task list: the things the vendor's documentation leaves open (FS §5.2, §18).

None of it is assumed. Each fact is met, noted and kept, and may be corrected by what is met later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Zone(StrEnum):
    """How the list reads the window it is asked for."""

    UTC8 = "utc+8"  # like the times in the vendor's answers
    UTC = "utc"
    UNSENT = "unsent"  # neither was shown what it must show: the window is left out, and the last day comes


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one account's list; nothing by default."""

    key_ids: tuple[str, ...] = ()  # of our own keys, from rows of tasks that an answer told us of; sorted
    lag_s: float = 0.0  # the longest time for which an accepted task was provably not shown
    page_size: int = 0  # rows a page really holds; 0: not met yet
    newest_first: bool | None = None
    zone: Zone | None = None
    skew_s: float | None = None  # the vendor's clock minus ours
    overruled_at: float = 0.0  # when a person last ended a doubt without a task: that call may have made one after all


def together(stored: Facts, met: Facts) -> Facts:
    """Both: keys add up, the longest lag stays, of everything else the newer word counts where it says anything."""
    return replace(
        stored,
        key_ids=tuple(sorted({*stored.key_ids, *met.key_ids})),
        lag_s=max(stored.lag_s, met.lag_s),
        page_size=met.page_size or stored.page_size,
        newest_first=stored.newest_first if met.newest_first is None else met.newest_first,
        zone=met.zone or stored.zone,
        skew_s=stored.skew_s if met.skew_s is None else met.skew_s,
        overruled_at=max(stored.overruled_at, met.overruled_at),
    )
