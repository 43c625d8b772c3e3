"""Names in the pages' own words are names there are: settings, metrics, events, alerts, exit codes, codes of errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from wanreel import spans, telemetry
from wanreel.api import problems
from wanreel.cli.exits import OF_CODE, Exit
from wanreel.domain.hook import KINDS, PING
from wanreel.domain.policy import Policy
from wanreel.metrics import names
from wanreel.settings import LOG_VARIABLE, Settings
from wanreel.temporal.words import ATTRIBUTES

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "deploy/README.md", "deploy/prometheus/alerts.yml")),
    *(ROOT / "deploy").glob("*.example"),
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "decisions"),
]  # a decision tells what was so when it was taken

BUILD = {"WANREEL_WITHOUT_STUDIO", "WANREEL_IMAGE"}  # of the wheel's build and of compose, not of the program
ROOMS = {
    "job",
    "account",
    "money",
    "webhook",
    "notice",
    "budget",
    "group",
    "http",
    "vendor",
    "runner",
    "spool",
    "traces",
}
"""First halves of names of events, so that `jobs.csv` is none."""


def variables() -> set[str]:
    """Variables there are."""
    settings = {f"WANREEL_{name.upper()}" for name in Settings.model_fields}
    figures = {f"WANREEL_POLICY__{field.name.upper()}" for field in fields(Policy)}
    return settings | figures | BUILD | {LOG_VARIABLE, "WANREEL_POLICY__NAME"}


def samples() -> set[str]:
    """Metrics there are, under every name they can be asked for."""
    endings = {names.Sort.HISTOGRAM: ("", "_bucket", "_sum", "_count")}
    return {metric.name + ending for metric in names.ALL for ending in endings.get(metric.sort, ("",))}


def events() -> set[str]:
    """Kinds of notices and log events there are, and what spans carry."""
    logged = {value for name, value in vars(telemetry).items() if name.isupper() and isinstance(value, str)}
    return logged | {*KINDS, PING} | set(spans.FACTS)


def alerts() -> set[str]:
    """Alerts there are, and what jobs are found by on Temporal's page, which looks alike."""
    groups = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"]
    return {rule["alert"] for group in groups for rule in group["rules"]} | set(ATTRIBUTES)


def said(pattern: str) -> dict[str, set[str]]:
    """What the pages say that looks like a name, and where."""
    found: dict[str, set[str]] = {}
    for page in PAGES:
        for name in re.findall(pattern, page.read_text("utf-8")):
            found.setdefault(name, set()).add(str(page.relative_to(ROOT)))
    return found


@pytest.mark.parametrize(
    ("pattern", "known", "at_least"),
    [
        (r"\bWANREEL_[A-Z][A-Z_]*[A-Z]\b", variables, 60),
        (r"(?<![\w/.@-])wanreel_[a-z_]+\b", samples, 20),
        (rf"`((?:{'|'.join(sorted(ROOMS))})\.[a-z_.]+)`", events, 20),
        (r"\bWanreel[A-Z]\w+\b", alerts, 10),
    ],
    ids=["settings", "metrics", "events", "alerts"],
)
def test_names_in_the_pages_are_names_there_are(pattern: str, known: Callable[[], set[str]], at_least: int) -> None:
    """A page that names what was renamed sends its reader nowhere."""
    found = said(pattern)
    assert at_least <= len(found)
    there = known() | {"WanreelError"}
    assert {} == {name: where for name, where in found.items() if name not in there}


def test_exit_codes_in_the_pages_are_those_there_are() -> None:
    """Wherever a page says a code by its number."""
    found = said(r"[Ee]xit code (\d+)\b")
    assert found
    assert {} == {code: where for code, where in found.items() if int(code) not in {known.value for known in Exit}}


def test_every_error_has_an_exit_code_and_a_status() -> None:
    """What a page says of an error's code holds on the command line and over HTTP."""
    assert set(OF_CODE) <= set(problems.TABLE)
    assert len(problems.TABLE) == len({kind.status for kind in problems.TABLE.values()})
