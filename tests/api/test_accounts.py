"""Tests of `/v1/accounts`."""

from __future__ import annotations

from tests.api.served import Served
from tests.api.test_tokens import bearer


async def test_accounts_are_shown_with_what_waits(idle: Served) -> None:
    """Counts by model, no key in it, and for admins alone."""
    job = await idle.order()
    got = await idle.ask("GET", "/v1/accounts")
    row = next(one for one in got.json["data"] if one["account"] == job["account"])
    assert (1, 0) == (row["waiting"], row["running"])
    assert [(job["model"], 1)] == [(one["model"], one["waiting"]) for one in row["models"]]
    assert b"sk-" not in got.bytes
    assert 403 == (await idle.ask("GET", "/v1/accounts", authorization=await bearer(idle))).status
