"""Counts what is logged, as it is logged: an event has one name in the log and the metrics, said in one place."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from structlog.typing import WrappedLogger

from wanreel import telemetry
from wanreel.metrics import names
from wanreel.metrics.names import Metric, Sort
from wanreel.version import VERSION

_DELIVERIES = {
    telemetry.HOOK: (names.WEBHOOKS, "delivered"),
    telemetry.HOOK_FAILED: (names.WEBHOOKS, "failed"),
    telemetry.NOTICE: (names.NOTICES, "delivered"),
    telemetry.NOTICE_FAILED: (names.NOTICES, "failed"),
}
_PLAIN = {telemetry.DOUBT: names.DOUBTS, telemetry.SPARE: names.SPARES, telemetry.STEP_LATE: names.LATE}
_FAULTS = frozenset(
    {telemetry.STEP_BROKE, telemetry.LOOP_BROKE, telemetry.REQUEST_BROKE, telemetry.FEED_BROKE, telemetry.WATCH_BROKE}
)


class Counting:
    """A structlog processor that counts and hands on what it was given, unchanged."""

    def __init__(self) -> None:
        """Every counter begins at zero, in a registry of its own."""
        self._registry = CollectorRegistry()
        self._counters = {m: _counter(m, self._registry) for m in names.ALL if m.sort is Sort.COUNTER}
        self._clocks = {m: _histogram(m, self._registry) for m in names.ALL if m.sort is Sort.HISTOGRAM}
        for metric, outcome in _DELIVERIES.values():
            self._counters[metric].labels(outcome)
        for event in _FAULTS:
            self._counters[names.FAULTS].labels(event)
        build = Gauge(names.BUILD.name, names.BUILD.words, names.BUILD.labels, registry=self._registry)
        build.labels(VERSION).set(1)

    def __call__(self, logger: WrappedLogger, level: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Count a log line. What a line lacks is not counted: a metric must never break what it measures."""
        try:
            self._count(str(line["event"]), line)
        except (KeyError, TypeError, ValueError):
            return line
        return line

    def text(self) -> bytes:
        """The counters, in Prometheus' text form."""
        return generate_latest(self._registry)

    def _count(self, event: str, line: MutableMapping[str, Any]) -> None:
        if event in _PLAIN:
            self._counters[_PLAIN[event]].inc()
        elif event in _DELIVERIES:
            metric, outcome = _DELIVERIES[event]
            self._counters[metric].labels(outcome).inc()
        elif event in _FAULTS:
            self._counters[names.FAULTS].labels(event).inc()
        elif event == telemetry.STEP:
            self._counters[names.EVENTS].labels(line["what"], line["state"]).inc()
        elif event == telemetry.END_SEEN:
            self._clocks[names.LAG].observe(max(0.0, line["lag_s"]))
        elif event == telemetry.SETTLED:
            amount = float(line["amount"])
            self._counters[names.SETTLED].labels(line["currency"]).inc(amount)
        elif event == telemetry.VENDOR_CALL:
            status = line["status"]
            self._counters[names.CALLS].labels(line["kind"], "none" if status is None else status).inc()
            self._clocks[names.CALL_S].labels(line["kind"]).observe(line["seconds"])
        elif event == telemetry.REQUEST:
            method = _method(line["method"])
            self._counters[names.REQUESTS].labels(method, line["status"]).inc()
            self._clocks[names.REQUEST_S].labels(method).observe(line["seconds"])


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _method(said: str) -> str:
    """A method as a label: a stranger's invention must not become a time series."""
    return said if said in _METHODS else "other"


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name.removesuffix("_total"), metric.words, metric.labels, registry=registry)


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    return Histogram(metric.name, metric.words, metric.labels, buckets=metric.buckets, registry=registry)
