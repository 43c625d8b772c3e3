"""Write deploy/grafana/wanreel.json: `python tools/dashboard.py`. A test compares."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "deploy" / "grafana" / "wanreel.json"
SOURCE = {"type": "prometheus", "uid": "${source}"}
WIDE, HIGH = 8, 8


@dataclass(frozen=True)
class Panel:
    """One panel: its title, unit and queries with their legends."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "timeseries"


PANELS = (
    Panel("Unfinished jobs", "short", (("max by (state) (wanreel_jobs)", "{{state}}"),)),
    Panel("Oldest job", "s", (("max by (state) (wanreel_oldest_job_age_seconds)", "{{state}}"),)),
    Panel("Until a clip is lost", "s", (("min(wanreel_nearest_loss_seconds)", "nearest"),), "stat"),
    Panel(
        "Slots in use",
        "short",
        (
            ("max by (account, model) (wanreel_slots_in_use)", "{{account}} {{model}}"),
            ("max by (account, model) (wanreel_slots_limit)", "limit {{account}} {{model}}"),
        ),
    ),
    Panel(
        "Waiting for a slot", "short", (("max by (account, model) (wanreel_jobs_waiting)", "{{account}} {{model}}"),)
    ),
    Panel("Held back", "short", (("max by (account, model, why) (wanreel_parked)", "{{account}} {{model}} {{why}}"),)),
    Panel(
        "Seen after its end",
        "s",
        tuple(
            (f"histogram_quantile({q}, sum by (le) (rate(wanreel_detection_lag_seconds_bucket[15m])))", name)
            for q, name in ((0.5, "half within"), (0.95, "95 % within"))
        ),
    ),
    Panel(
        "Vendor's answers",
        "reqps",
        (("sum by (kind, answer) (rate(wanreel_vendor_requests_total[5m]))", "{{kind}} {{answer}}"),),
    ),
    Panel(
        "Vendor's time",
        "s",
        (
            (
                "histogram_quantile(0.95, sum by (le, kind) (rate(wanreel_vendor_request_seconds_bucket[5m])))",
                "{{kind}} 95 % within",
            ),
        ),
    ),
    Panel("Reserved", "short", (("max by (currency) (wanreel_money_reserved)", "{{currency}}"),)),
    Panel(
        "Spent an hour", "short", (("sum by (currency) (increase(wanreel_money_settled_total[1h]))", "{{currency}}"),)
    ),
    Panel(
        "Doubt, spares, late news",
        "short",
        (
            ("sum(increase(wanreel_doubts_total[1h]))", "doubts"),
            ("sum(increase(wanreel_spares_total[1h]))", "spares"),
            ("sum(increase(wanreel_late_news_total[1h]))", "late news"),
        ),
    ),
    Panel("Steps", "ops", (("sum by (event) (rate(wanreel_job_events_total[5m]))", "{{event}}"),)),
    Panel(
        "Our own answers",
        "reqps",
        (("sum by (status) (rate(wanreel_http_requests_total[5m]))", "{{status}}"),),
    ),
    Panel(
        "Our own time",
        "s",
        (
            (
                "histogram_quantile(0.99, sum by (le, method) (rate(wanreel_http_request_seconds_bucket[5m])))",
                "{{method}} 99 % within",
            ),
        ),
    ),
    Panel(
        "Webhooks and notices",
        "ops",
        (
            ("sum by (outcome) (rate(wanreel_webhook_tries_total[5m]))", "webhooks {{outcome}}"),
            ("sum by (outcome) (rate(wanreel_notices_total[5m]))", "notices {{outcome}}"),
        ),
    ),
    Panel(
        "Spool",
        "bytes",
        (("max(wanreel_spool_bytes)", "waits"), ("max(wanreel_spool_left_bytes)", "room left")),
    ),
    Panel("Survived faults", "short", (("sum by (event) (increase(wanreel_faults_total[1h]))", "{{event}}"),)),
)


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it; it asks for the Prometheus to read from."""
    return {
        "title": "wanreel",
        "uid": "wanreel",
        "schemaVersion": 39,
        "tags": ["wanreel"],
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "templating": {
            "list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]
        },
        "panels": [_panel(number, panel) for number, panel in enumerate(PANELS)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    down, across = divmod(number, 24 // WIDE)
    return {
        "id": number + 1,
        "title": panel.title,
        "type": panel.kind,
        "datasource": SOURCE,
        "gridPos": {"x": across * WIDE, "y": down * HIGH, "w": WIDE, "h": HIGH},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": query, "legendFormat": legend}
            for place, (query, legend) in enumerate(panel.queries)
        ],
    }


def text() -> str:
    """The file's text."""
    return json.dumps(dashboard(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
