"""Metrics over HTTP: what a clip's life leaves in them, and who may ask."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.api.served import Served
from wanreel.domain.access import ADMIN, READ


async def test_the_page_is_prometheus_text(server: Served) -> None:
    """Gauges and counters on one page that its own parser reads, each name once."""
    await server.order()
    got = await server.ask("GET", "/metrics")

    assert 200 == got.status
    found = [family.name for family in text_string_to_metric_families(got.bytes.decode())]
    assert len(found) == len(set(found))
    assert {"wanreel_jobs", "wanreel_vendor_requests", "wanreel_detection_lag_seconds"} <= set(found)


async def test_only_who_may_see_everything_may_ask(server: Served) -> None:
    """It counts over all projects: a reader's token, and an admin's of one project, are refused."""
    tokens = server.home.tokens
    await tokens.make_project("spring")
    asked = {
        "reader": (await tokens.make("r", None, (READ,)))[1],
        "admin of one": (await tokens.make("s", "spring", (ADMIN,)))[1],
        "operator": (await tokens.make("o", None, (ADMIN,)))[1],
    }
    told = {who: await server.ask("GET", "/metrics", authorization=f"Bearer {t}") for who, t in asked.items()}

    assert {"reader": 403, "admin of one": 403, "operator": 200} == {who: got.status for who, got in told.items()}
    assert 401 == (await server.ask("GET", "/metrics")).status
