"""Alerts and dashboard: every name in a query is a metric there is, and the dashboard is what its program writes."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import yaml

from wanreel.metrics import names

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "wanreel.json"


def samples() -> set[str]:
    """Every name under which a sample can be asked for."""
    found: set[str] = set()
    for metric in names.ALL:
        endings = ("_bucket", "_sum", "_count") if metric.sort is names.Sort.HISTOGRAM else ("",)
        found |= {metric.name + ending for ending in endings}
    return found


def queries() -> Iterator[tuple[str, str]]:
    """Each alert and panel with its queries."""
    for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def test_queries_ask_for_metrics_there_are() -> None:
    """A renamed metric would leave an alert that never fires."""
    asked = [(where, set(re.findall(r"wanreel_\w+", query))) for where, query in queries()]
    assert all(found for _, found in asked)
    assert [] == [(where, found - samples()) for where, found in asked if found - samples()]


def test_labels_in_queries_are_labels_there_are() -> None:
    """What is grouped by or matched must be a label of the metric, or the query is empty for ever."""
    of = {name: set(metric.labels) for metric in names.ALL for name in samples() if name.startswith(metric.name)}
    for where, query in queries():
        known = {"le"}.union(*(of[name] for name in re.findall(r"wanreel_\w+", query)))
        used = set(re.findall(r"(\w+)=~?\"", query))
        for group in re.findall(r"by \(([^)]*)\)", query):
            used |= {label.strip() for label in group.split(",")}
        assert used <= known, f"{where}: {used - known}"


def shown() -> Iterator[tuple[str, str, set[str]]]:
    """Each alert and panel with a query, and the labels its words would show."""
    for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            said = " ".join(rule["annotations"].values())
            yield rule["alert"], rule["expr"], set(re.findall(r"\$labels\.(\w+)", said))
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            legend = target.get("legendFormat", "")
            yield panel["title"], target["expr"], set(re.findall(r"\{\{\s*(\w+)\s*\}\}", legend))


def test_what_is_shown_of_a_query_is_in_its_answer() -> None:
    """A label in words or a legend that the answer has not is an empty place at night."""
    of = {name: set(metric.labels) for metric in names.ALL for name in samples() if name.startswith(metric.name)}
    several = 0
    for where, query, labels in shown():
        kept = {label.strip() for group in re.findall(r"by \(([^)]*)\)", query) for label in group.split(",")}
        bare = {"instance", "job"}.union(*(of[name] for name in re.findall(r"wanreel_\w+", query)))
        summed = re.match(r"\s*(sum|max|min|avg|count|histogram_quantile)\b", query)
        assert labels <= (kept if summed else bare), f"{where}: {labels}"
        several += bool(labels)
    assert several > 5


def test_every_alert_says_what_to_do() -> None:
    """At two in the morning a name is not enough."""
    for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            assert {"summary", "todo"} <= rule["annotations"].keys(), rule["alert"]
            assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]


def test_the_dashboard_is_made_by_its_program() -> None:
    """It is written by tools/dashboard.py, not by hand."""
    made = runpy.run_path(str(ROOT / "tools" / "dashboard.py"))["text"]()
    assert made == DASHBOARD.read_text("utf-8")
