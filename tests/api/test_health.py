"""Tests of health and readiness."""

from __future__ import annotations

from tests.api.served import Served


async def test_alive_and_ready(server: Served) -> None:
    """A server that works its home is both."""
    assert (await server.ask("GET", "/healthz")).json["ok"]
    got = await server.ask("GET", "/readyz")
    assert (200, {"ok": True, "amiss": {}}) == (got.status, got.json)


async def test_alive_but_nobody_works(idle: Served) -> None:
    """Where nobody makes the clips it is alive, takes orders, and says so."""
    assert 200 == (await idle.ask("GET", "/healthz")).status
    got = await idle.ask("GET", "/readyz")
    assert (503, ["worker"]) == (got.status, list(got.json["amiss"]))
