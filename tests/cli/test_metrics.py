"""Metrics of real processes: what one clip's life leaves on the page, from the vendor's answers to the money."""

from __future__ import annotations

import json
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from tests.archive.seaweed import free_ports
from tests.cli.terminal import Terminal, until
from wanreel.emulator.server import Emulator

FOX = ("generate", "A red fox in snow", "--model", "wan2.5-t2v-preview", "--resolution", "480P")


def page(url: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """The figures at an address, by sample and label values."""
    with urllib.request.urlopen(url + "/metrics", timeout=10) as answer:
        text = answer.read().decode()
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(s.labels.values())): s.value for family in families for s in family.samples}


def shows_the_clip(url: str) -> bool:
    """Whether all that one clip's life leaves is there: told only after the commit, so a moment after its end."""
    found = page(url)
    expected = {
        ("wanreel_job_events_total", ("Accepted", "generating")): 1.0,
        ("wanreel_job_events_total", ("Stored", "succeeded")): 1.0,
        ("wanreel_vendor_requests_total", ("200", "submit")): 1.0,
        ("wanreel_detection_lag_seconds_count", ()): 1.0,
        ("wanreel_money_settled_total", ("CNY",)): 1.5,
    }
    return expected.items() <= found.items()


def test_a_worker_tells_what_it_has_done(terminal: Terminal, vendor: Emulator) -> None:
    """`wanreel worker --metrics` counts the clip that another process ordered."""
    (port,) = free_ports(1)
    with terminal.process("worker", "--metrics", f"127.0.0.1:{port}") as worker:
        assert worker.stderr is not None
        assert any("metrics are at" in line for line in worker.stderr)
        made = terminal(*FOX)
        assert 0 == made.code, made.err
        until(lambda: shows_the_clip(f"http://127.0.0.1:{port}"), "the page shows the clip")


def test_a_server_tells_what_it_has_done(terminal: Terminal, vendor: Emulator) -> None:
    """`wanreel up` counts the clip it was asked for over HTTP, and the request that asked."""
    with terminal.process("up", "--port", "0", "--json") as server:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        wish = {"prompt": "A red fox in snow", "model": "wan2.5-t2v-preview", "resolution": "480P"}
        asked = urllib.request.Request(
            url + "/v1/jobs", json.dumps(wish).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert 202 == answer.status
        until(lambda: shows_the_clip(url), "the page shows the clip")
        assert 1 == page(url)["wanreel_http_requests_total", ("POST", "202")]
