"""Budgets over HTTP: set, seen, kept to, ended, and whose they are."""

from __future__ import annotations

import asyncio

from tests.api.served import Served
from tests.api.test_tokens import bearer

WISH = {"prompt": "A red kite over a grey sea", "model": "wan2.5-t2v-preview", "resolution": "480P"}  # 1.50 CNY


async def test_a_budget_is_set_seen_and_ended(idle: Served) -> None:
    """What it is, what is committed and when its period ends; set again it is another; ended it is gone."""
    path = "/v1/budgets/films/month/CNY"
    made = await idle.ask("PUT", path, {"amount": "250", "zone": "Europe/Berlin", "warn_at": "0.5"})
    assert 200 == made.status, made.json
    assert ("films/month/CNY", "250", "0", "250", "0.5") == tuple(
        made.json[name] for name in ("budget", "amount", "committed", "left", "warn_at")
    )
    assert made.json["begins_at"] < made.json["ends_at"]
    again = (await idle.ask("PUT", path, {"amount": "99.50"})).json
    assert ("99.5", "Europe/Berlin", "0.5") == (again["amount"], again["zone"], again["warn_at"])
    assert ["99.5"] == [b["amount"] for b in (await idle.ask("GET", "/v1/budgets")).json["data"]]
    assert [204, 404] == [(await idle.ask("DELETE", path)).status for _ in range(2)]


async def test_what_is_no_budget_is_refused(idle: Served) -> None:
    """An amount, a currency, a zone, a share or a period that is none."""
    for path, body in (
        ("films/month/CNY", {"amount": "-1"}),
        ("films/month/CNY", {"amount": "NaN"}),
        ("films/month/EUR", {"amount": "1"}),
        ("films/year/CNY", {"amount": "1"}),
        ("films/month/CNY", {"amount": "1", "zone": "Mars"}),
        ("films/month/CNY", {"amount": "1", "warn_at": "2"}),
        ("films/month/CNY", {"amount": 1}),
    ):
        assert 422 == (await idle.ask("PUT", f"/v1/budgets/{path}", body)).status, (path, body)
    assert [] == (await idle.ask("GET", "/v1/budgets")).json["data"]


async def test_budgets_are_their_projects(idle: Served) -> None:
    """Reading needs `read`, setting `admin`; another project's budget and that of all together look missing."""
    operator, films = await bearer(idle, None, "admin"), await bearer(idle, "films", "admin")
    news, reader = await bearer(idle, "news", "admin"), await bearer(idle, "films", "read")
    for path, who in (("films/day/CNY", films), ("*/day/CNY", operator)):
        assert 200 == (await idle.ask("PUT", f"/v1/budgets/{path}", {"amount": "5"}, authorization=who)).status
    assert 403 == (await idle.ask("PUT", "/v1/budgets/films/day/CNY", {"amount": "9"}, authorization=reader)).status
    for path in ("films/day/CNY", "*/day/CNY"):
        assert 404 == (await idle.ask("PUT", f"/v1/budgets/{path}", {"amount": "9"}, authorization=news)).status
        assert 404 == (await idle.ask("DELETE", f"/v1/budgets/{path}", authorization=news)).status

    async def seen(who: str) -> list[str]:
        return [b["budget"] for b in (await idle.ask("GET", "/v1/budgets", authorization=who)).json["data"]]

    assert ["*/day/CNY", "films/day/CNY"] == sorted(await seen(operator))
    assert [["films/day/CNY"], []] == [await seen(reader), await seen(news)]


async def test_a_budget_holds_a_job_back_and_lets_it_go(server: Served) -> None:
    """It says why without telling what others spent, waits while there is no money, and is sent when there is."""
    assert 200 == (await server.ask("PUT", "/v1/budgets/*/day/CNY", {"amount": "2"})).status
    assert "succeeded" == (await server.made(resolution="480P"))["state"]
    job = (await server.ask("POST", "/v1/jobs", WISH)).json["jobs"][0]
    async with asyncio.timeout(20):
        while not (shown := (await server.ask("GET", f"/v1/jobs/{job['id']}", prefer="wait=1")).json)["why"]:
            assert "queued" == shown["state"]
    assert "too little is left of 2.00 CNY a day for all projects" in shown["why"]
    await server.ask("PUT", "/v1/budgets/*/day/CNY", {"amount": "3"})
    done = (await server.ask("GET", f"/v1/jobs/{job['id']}", prefer="wait=30")).json
    assert "succeeded" == done["state"]
    (budget,) = (await server.ask("GET", "/v1/budgets")).json["data"]
    assert ("3", "0") == (budget["committed"], budget["left"])
