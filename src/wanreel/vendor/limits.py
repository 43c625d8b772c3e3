"""Keeps our calls under the vendor's request limits: one bucket per account and kind of call, awaited, never refused.

The vendor counts per main account over all its keys (FS §5, §10.1). Calls are spaced a little wider than the limit
says, so that no second anywhere holds more of them than allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wanreel.domain.errors import Unavailable
from wanreel.ports.clock import Clock
from wanreel.ports.slots import Rates
from wanreel.telemetry import RATES_UNKNOWN, log

TASKS_PER_S = 20.0  # query, list and cancel, each (FS §5.1 to §5.3)
POLICIES_PER_S = 100.0  # upload policies, per account and model (FS §7)
QUOTAS_PER_S = 1.0  # of nothing that is in a hurry
SUBMITS_PER_S = 2.0  # where no limit of a model is published: the smallest that is
MARGIN = 1.05
SLOWER = 2.0  # how much wider submits are spaced after one that came too quickly ...
SLOWER_MAX = 16.0
CALM_S = 60.0  # ... and after how long without another one the spacing is halved again


@dataclass(slots=True)
class Bucket:
    """The generic cell rate algorithm: a call is due `interval_s` after the one before it, `burst` of them sooner."""

    interval_s: float
    burst: int = 1
    due_at: float = field(default=0.0)  # the theoretical arrival of the next call
    slower: float = field(default=1.0)  # how much wider than usual, since the vendor found the rate to rise too quickly
    slowed_at: float = field(default=0.0)

    def wait_s(self, now: float) -> float:
        """Seconds until the next call may be made."""
        return max(0.0, self.due_at - (self.burst - 1) * self.interval_s - now)

    def take(self, now: float) -> float:
        """Count one call and say how long it must wait."""
        wait_s = self.wait_s(now)
        self.due_at = max(self.due_at, now) + self.interval_s * self.pace(now)
        return wait_s

    def pace(self, now: float) -> float:
        """How much wider than usual calls are spaced now: less with every calm minute."""
        halvings = max(0.0, now - self.slowed_at) // CALM_S
        return max(1.0, self.slower * 0.5 ** min(halvings, 64.0))

    def slow_down(self, now: float) -> None:
        """The vendor found that the rate rose too quickly."""
        self.slower = min(self.pace(now) * SLOWER, SLOWER_MAX)
        self.slowed_at = now


class Limits:
    """All buckets of this process. Callers wait in the order they came. With `rates`, other processes call as well, and
    all wait for their turns together; while nobody can say whose turn it is, each keeps to the limit by itself.
    """

    def __init__(self, clock: Clock, rates: Rates | None = None) -> None:
        self._clock = clock
        self._rates = rates
        self._buckets: dict[tuple[str, str], Bucket] = {}

    async def take(self, account: str, kind: str, per_s: float, *, by: float | None = None) -> bool:
        """Wait for a turn. False, and nothing counted, if the turn would come after `by`."""
        bucket = self._buckets.setdefault((account, kind), Bucket(MARGIN / per_s))
        now = self._clock.now()
        if self._rates is not None:
            try:
                at = await self._rates.turn(f"{account} {kind}", now, bucket.interval_s * bucket.pace(now), by)
            except Unavailable as why:
                log.warning(RATES_UNKNOWN, account=account, kind=kind, why=str(why))
            else:
                return at is not None and await self._wait(bucket, at)
        if by is not None and now + bucket.wait_s(now) > by:
            return False
        wait_s = bucket.take(now)
        if wait_s > 0:
            await self._clock.sleep(wait_s)
        return True

    async def _wait(self, bucket: Bucket, at: float) -> bool:
        """Until a turn that all agree on; this process's own bucket keeps in step, for when nobody can say."""
        bucket.due_at = max(bucket.due_at, at + bucket.interval_s)
        wait_s = at - self._clock.now()
        if wait_s > 0:
            await self._clock.sleep(wait_s)
        return True

    def slow_down(self, account: str, kind: str) -> None:
        """Space these calls wider for a while."""
        bucket = self._buckets.get((account, kind))
        if bucket is not None:
            bucket.slow_down(self._clock.now())
