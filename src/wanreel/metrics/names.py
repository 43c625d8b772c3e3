"""Every metric there is: name, kind, labels, meaning. The reference page, alerts and dashboard are held to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sort(StrEnum):
    """What a metric's figure is."""

    GAUGE = "gauge"  # how things stand now, read from the store: the same from every process on it
    COUNTER = "counter"  # what this process has done since it began
    HISTOGRAM = "histogram"  # how long it took, in this process


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. A counter's name ends in `_total`; `buckets` are a histogram's upper bounds, in seconds."""

    name: str
    sort: Sort
    labels: tuple[str, ...]
    words: str
    buckets: tuple[float, ...] = ()


_CALL_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

JOBS = Metric("wanreel_jobs", Sort.GAUGE, ("state",), "Unfinished jobs by state.")
OLDEST = Metric("wanreel_oldest_job_age_seconds", Sort.GAUGE, ("state",), "Age of the oldest job in each state.")
WAITING = Metric("wanreel_jobs_waiting", Sort.GAUGE, ("account", "model"), "Jobs that wait for a slot.")
SLOTS = Metric(
    "wanreel_slots_in_use", Sort.GAUGE, ("account", "model"), "Slots held: from the intent to the last word."
)
LIMIT = Metric("wanreel_slots_limit", Sort.GAUGE, ("account", "model"), "Slots there are, as far as is known.")
PARKED = Metric("wanreel_parked", Sort.GAUGE, ("account", "model", "why"), "1 for what is held back, and why.")
LOSS = Metric(
    "wanreel_nearest_loss_seconds", Sort.GAUGE, (), "Until the vendor deletes a clip that lies in no place of ours."
)
SPOOL = Metric("wanreel_spool_bytes", Sort.GAUGE, (), "What lies in the spool and waits for the storage.")
SPOOL_LEFT = Metric("wanreel_spool_left_bytes", Sort.GAUGE, (), "What the spool could still take.")
RESERVED = Metric("wanreel_money_reserved", Sort.GAUGE, ("currency",), "Held for what is under way.")

SETTLED = Metric("wanreel_money_settled_total", Sort.COUNTER, ("currency",), "What the vendor's usage has cost.")
EVENTS = Metric("wanreel_job_events_total", Sort.COUNTER, ("event", "state"), "Steps of jobs, and where they led.")
DOUBTS = Metric("wanreel_doubts_total", Sort.COUNTER, (), "Paid calls whose answer was lost.")
SPARES = Metric("wanreel_spares_total", Sort.COUNTER, (), "Paid tasks beyond the one that a job needed.")
LATE = Metric("wanreel_late_news_total", Sort.COUNTER, (), "Events that met a job which had moved on.")
LAG = Metric(
    "wanreel_detection_lag_seconds",
    Sort.HISTOGRAM,
    (),
    "From the end of a task, by the vendor's clock, to our knowing of it.",
    (0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 300.0, 1800.0),
)
CALLS = Metric(
    "wanreel_vendor_requests_total", Sort.COUNTER, ("kind", "answer"), "Calls, by HTTP status; none: no answer came."
)
CALL_S = Metric("wanreel_vendor_request_seconds", Sort.HISTOGRAM, ("kind",), "How long the vendor took.", _CALL_S)
REQUESTS = Metric("wanreel_http_requests_total", Sort.COUNTER, ("method", "status"), "Requests answered here.")
REQUEST_S = Metric("wanreel_http_request_seconds", Sort.HISTOGRAM, ("method",), "How long an answer took.", _CALL_S)
WEBHOOKS = Metric("wanreel_webhook_tries_total", Sort.COUNTER, ("outcome",), "Tries to deliver: delivered or failed.")
NOTICES = Metric("wanreel_notices_total", Sort.COUNTER, ("outcome",), "Notices handed on: delivered or failed.")
FAULTS = Metric("wanreel_faults_total", Sort.COUNTER, ("event",), "What should not happen and was survived.")
BUILD = Metric("wanreel_build_info", Sort.GAUGE, ("version",), "1, and which version this is.")

ALL = (
    *(JOBS, OLDEST, WAITING, SLOTS, LIMIT, PARKED, LOSS, SPOOL, SPOOL_LEFT, RESERVED),
    *(SETTLED, EVENTS, DOUBTS, SPARES, LATE, LAG, CALLS, CALL_S, REQUESTS, REQUEST_S, WEBHOOKS, NOTICES, FAULTS, BUILD),
)
