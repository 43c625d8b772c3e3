"""How things stand, read from the store when somebody asks; nothing is kept in between, so nothing is ever stale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from wanreel.domain.errors import WanreelError
from wanreel.domain.event import SlotKey
from wanreel.domain.slots import allowed
from wanreel.metrics import names
from wanreel.metrics.names import Metric
from wanreel.ports.census import Counted
from wanreel.ports.clock import Clock
from wanreel.ports.slots import Holds, Slots
from wanreel.ports.spools import Spool

Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Gauges:
    """The doors that the figures come from; `limit_of` says how many slots a key has by what is set and documented."""

    clock: Clock
    counted: Counted
    slots: Slots
    holds: Holds
    spool: Spool
    limit_of: Callable[[SlotKey], int]

    async def text(self) -> bytes:
        """The figures of this moment, in Prometheus' text form. What cannot be read just now is left out: an alert that
        something broke must not be silenced by what broke.
        """
        figures: list[GaugeMetricFamily] = []
        for read in (self._of_store, self._of_spool):
            with suppress(WanreelError):
                figures += await read()
        registry = CollectorRegistry()
        registry.register(_Taken(figures))
        return generate_latest(registry)

    async def _of_store(self) -> list[GaugeMetricFamily]:
        now = self.clock.now()
        census = await self.counted.census()
        used, waiting = await self.slots.in_use(now), await self.holds.waiting()
        learned, parks = await self.holds.learned(), await self.slots.parks(now)
        keys = sorted({*used, *waiting}, key=lambda key: (key.account, key.model))
        return [
            _gauge(names.JOBS, (((state,), s.jobs) for state, s in census.standings.items())),
            _gauge(names.OLDEST, (((state,), _past(now, s.oldest_at)) for state, s in census.standings.items())),
            _gauge(names.WAITING, ((_of(key), waiting.get(key, 0)) for key in keys)),
            _gauge(names.SLOTS, ((_of(key), used.get(key, 0)) for key in keys)),
            _gauge(names.LIMIT, ((_of(key), allowed(self.limit_of(key), learned.get(key), now)) for key in keys)),
            _gauge(names.PARKED, (((*_of(p.park.key), p.park.kind.value), 1) for p in parks)),
            _gauge(names.LOSS, () if census.expires_at is None else [((), census.expires_at - now)]),
            _gauge(names.RESERVED, (((currency,), float(held)) for currency, held in census.reserved.items())),
        ]

    async def _of_spool(self) -> list[GaugeMetricFamily]:
        room = await self.spool.room()
        return [_gauge(names.SPOOL, [((), room.used_bytes)]), _gauge(names.SPOOL_LEFT, [((), room.left_bytes)])]


class _Taken(Collector):
    def __init__(self, figures: list[GaugeMetricFamily]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._figures


def _gauge(metric: Metric, samples: Iterable[Sample]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metric.name, metric.words, labels=metric.labels)
    seen: set[tuple[str, ...]] = set()
    for labels, figure in samples:
        if labels not in seen:  # two parks of one kind, of two projects, are one line
            seen.add(labels)
            family.add_metric(labels, figure)
    return family


def _of(key: SlotKey) -> tuple[str, str]:
    return key.account, key.model


def _past(now: float, at: float) -> float:
    return max(0.0, now - at)
