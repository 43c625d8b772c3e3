"""Counting: a log line under a known name is counted, whatever else it says, and no line is ever held up by it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from wanreel import telemetry
from wanreel.metrics import names
from wanreel.metrics.counting import Counting


def figures(counting: Counting) -> dict[tuple[str, tuple[str, ...]], float]:
    """What was counted, by sample and label values."""
    families = text_string_to_metric_families(counting.text().decode())
    samples = [sample for family in families for sample in family.samples if not sample.name.endswith("_created")]
    return {(sample.name, tuple(sample.labels.values())): sample.value for sample in samples}


def count(*lines: Mapping[str, object]) -> dict[tuple[str, tuple[str, ...]], float]:
    """The figures after some log lines."""
    counting = Counting()
    for line in lines:
        assert counting(None, "info", dict(line)) == line
    return figures(counting)


@pytest.mark.parametrize(
    ("line", "sample", "labels"),
    [
        (
            {"event": telemetry.STEP, "what": "Accepted", "state": "generating"},
            "wanreel_job_events_total",
            ("Accepted", "generating"),
        ),
        ({"event": telemetry.DOUBT, "job": "j"}, "wanreel_doubts_total", ()),
        ({"event": telemetry.SPARE}, "wanreel_spares_total", ()),
        ({"event": telemetry.STEP_LATE}, "wanreel_late_news_total", ()),
        ({"event": telemetry.HOOK}, "wanreel_webhook_tries_total", ("delivered",)),
        ({"event": telemetry.HOOK_FAILED}, "wanreel_webhook_tries_total", ("failed",)),
        ({"event": telemetry.NOTICE_FAILED}, "wanreel_notices_total", ("failed",)),
        ({"event": telemetry.LOOP_BROKE}, "wanreel_faults_total", (telemetry.LOOP_BROKE,)),
        (
            {"event": telemetry.VENDOR_CALL, "kind": "submit", "status": 429, "seconds": 0.2},
            "wanreel_vendor_requests_total",
            ("429", "submit"),
        ),
        (
            {"event": telemetry.VENDOR_CALL, "kind": "look", "status": None, "seconds": 9.0},
            "wanreel_vendor_requests_total",
            ("none", "look"),
        ),
        (
            {"event": telemetry.REQUEST, "method": "GET", "status": 200, "seconds": 0.01},
            "wanreel_http_requests_total",
            ("GET", "200"),
        ),
        (
            {"event": telemetry.REQUEST, "method": "BREW", "status": 405, "seconds": 0.01},
            "wanreel_http_requests_total",
            ("other", "405"),
        ),
    ],
)
def test_a_line_is_counted_once(line: dict[str, object], sample: str, labels: tuple[str, ...]) -> None:
    """Each under its own name and labels, and nothing else moves with it but its clock."""
    before, after = count(), count(line)
    moved = {at for at, figure in after.items() if figure != before.get(at, 0.0) and at[0].endswith("_total")}

    assert {(sample, labels)} == moved
    assert 1 == after[sample, labels]


def test_money_is_summed_by_currency() -> None:
    """Amounts come as text, exact, and are added up."""
    found = count(*({"event": telemetry.SETTLED, "amount": a, "currency": "CNY"} for a in ("0.7", "3")))
    assert 3.7 == pytest.approx(found["wanreel_money_settled_total", ("CNY",)])


def test_lag_is_never_negative() -> None:
    """A vendor's clock ahead of ours makes no negative time."""
    found = count({"event": telemetry.END_SEEN, "lag_s": -4.0}, {"event": telemetry.END_SEEN, "lag_s": 3.0})
    assert (2, 3.0) == (
        found["wanreel_detection_lag_seconds_count", ()],
        found["wanreel_detection_lag_seconds_sum", ()],
    )


@pytest.mark.parametrize(
    "line",
    [
        {"event": telemetry.STEP},
        {"event": telemetry.SETTLED, "amount": "much", "currency": "CNY"},
        {"event": telemetry.END_SEEN, "lag_s": "late"},
        {"event": "something.else"},
        {},
    ],
)
def test_a_line_that_lacks_something_breaks_nothing(line: dict[str, object]) -> None:
    """A metric must not break what it measures."""
    assert count() == count(line)


def test_every_counter_has_a_line_that_moves_it() -> None:
    """A metric that nothing counts would be a lie in the reference."""
    moved = {name for (name, _), figure in count(*_ONE_OF_EACH).items() if figure}
    counted = [m.name for m in names.ALL if m.sort is names.Sort.COUNTER]
    timed = [f"{m.name}_count" for m in names.ALL if m.sort is names.Sort.HISTOGRAM]

    assert set() == {*counted, *timed} - moved


_ONE_OF_EACH: tuple[dict[str, object], ...] = (
    {"event": telemetry.STEP, "what": "Stored", "state": "succeeded"},
    {"event": telemetry.DOUBT},
    {"event": telemetry.SPARE},
    {"event": telemetry.STEP_LATE},
    {"event": telemetry.END_SEEN, "lag_s": 1.0},
    {"event": telemetry.SETTLED, "amount": "1", "currency": "USD"},
    {"event": telemetry.HOOK},
    {"event": telemetry.NOTICE},
    {"event": telemetry.STEP_BROKE},
    {"event": telemetry.VENDOR_CALL, "kind": "list", "status": 200, "seconds": 0.1},
    {"event": telemetry.REQUEST, "method": "GET", "status": 200, "seconds": 0.1},
)


def test_lines_too_quiet_to_be_printed_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """As the command line sets the log up: what is below its level is counted and not printed."""
    from wanreel.cli.session import run

    counting = Counting()

    async def work() -> int:
        telemetry.log.debug(telemetry.HOOK, hook="h")
        telemetry.log.info(telemetry.DOUBT, job="job_1")
        return 0

    try:
        assert 0 == run(work, as_json=False, log="info", counting=counting)
    finally:
        structlog.reset_defaults()
    found = figures(counting)
    assert (1, 1) == (found["wanreel_webhook_tries_total", ("delivered",)], found["wanreel_doubts_total", ()])
    printed = capsys.readouterr().err
    assert telemetry.DOUBT in printed
    assert telemetry.HOOK not in printed
