"""Money over HTTP: reports, the vendor's bill, and prices that were wrong."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.api.served import Served
from tests.api.test_tokens import bearer
from tests.domain.catalog_file import BOOKS
from tests.factories import NOW, make_change, make_job
from wanreel.domain.booking import Kind
from wanreel.domain.policy import Policy
from wanreel.store.sqlite import SqliteStore


async def test_a_clip_stands_in_every_report(server: Served) -> None:
    """By project, model, day and tag, with what it cost; a report says which days it is of."""
    job = await server.made(resolution="480P", tags=["hero"])
    for by, key in (("project", "default"), ("model", "wan2.5-t2v-preview"), ("tag", "hero")):
        got = (await server.ask("GET", f"/v1/usage?by={by}")).json
        (line,) = got["data"]
        assert (key, "CNY", 1, "1.5", "1.5", "0") == tuple(
            line[name] for name in ("key", "currency", "clips", "settled", "per_accepted", "reserved")
        )
    days = (await server.ask("GET", "/v1/usage?by=day&zone=UTC")).json
    assert ("day", "UTC", [job["created_at"][:10]]) == (days["by"], days["zone"], [d["key"] for d in days["data"]])
    assert [] == (await server.ask("GET", "/v1/usage?since=2020-01-01&until=2020-01-31")).json["data"]


async def test_days_that_make_no_sense_are_refused(idle: Served) -> None:
    """Each in the field's own name."""
    for query in ("since=soon", "zone=Mars", "since=2026-02-02&until=2026-02-01", "by=whim"):
        assert 422 == (await idle.ask("GET", f"/v1/usage?{query}")).status


async def test_a_projects_token_sees_its_own_money_alone(server: Served) -> None:
    """Whatever project it asks for; who sees all projects may ask for one."""
    films, news = await bearer(server, "films", "submit", "read"), await bearer(server, "news", "admin")
    operator = await bearer(server, None, "admin")
    wish = {"prompt": "A red kite over a grey sea", "model": "wan2.5-t2v-preview", "resolution": "480P"}
    made = await server.ask("POST", "/v1/jobs", wish, authorization=films, prefer="wait=30")
    assert 200 == made.status, made.json
    for query in ("", "?project=films", "?by=tag"):
        assert [] == (await server.ask("GET", f"/v1/usage{query}", authorization=news)).json["data"]
    for who in (films, operator):
        (line,) = (await server.ask("GET", "/v1/usage?project=films", authorization=who)).json["data"]
        assert "1.5" == line["settled"]


async def test_a_bill_is_held_against_the_ledger(server: Served) -> None:
    """Missing, extra and changed rows, each with its job; one that cannot be read is refused with its line."""
    jobs = [await server.made(resolution="480P") for _ in range(3)]
    same, changed, missing = (job["task_id"] for job in jobs)
    text = f"任务ID;应付金额\n{same};1,50\n{changed};2,50\nstrange;9\n"
    got = (await server.ask("POST", "/v1/usage/reconcile", {"bill": text})).json
    assert (1, {"CNY": "13"}, {"CNY": "4.5"}) == (got["agreed"], got["billed"], got["settled"])
    assert {
        ("changed", changed, jobs[1]["id"]),
        ("extra", "strange", None),
        ("missing", missing, jobs[2]["id"]),
    } == {(d["verdict"], d["task_id"], d["job"]) for d in got["differences"]}
    refused = await server.ask("POST", "/v1/usage/reconcile", {"bill": "task_id;amount\nt;1,500\n"})
    assert (422, "line 2") == (refused.status, refused.json["problems"][0]["field"])


async def overrun(server: Served) -> str:
    """Enter a clip that cost 3.50 where 3.00 was reserved for it, of project `films`; its model."""
    path = server.home.path / "wanreel.sqlite3"
    async with SqliteStore(path, lambda _: 9, Policy()) as store:
        job = make_job(project="films", at=NOW)
        await store.add([job])
        reserve = replace(BOOKS.wanted(job, NOW), id="reserve:t", amount=Decimal(3))
        settle = replace(reserve, id="settle:t", kind=Kind.SETTLE, amount=Decimal("3.5"), task="t")
        await store.commit(make_change(job, job.state, at=NOW, money=(reserve, settle)))
    return job.request.model


async def test_a_wrong_price_is_looked_at_by_who_sees_all_projects(idle: Served) -> None:
    """A settlement above its reservation is listed until it is cleared; a project's own admin may do neither."""
    model = await overrun(idle)
    operator, films = await bearer(idle, None, "admin"), await bearer(idle, "films", "admin")
    for verb, path, body in (
        ("GET", "/v1/overruns", None),
        ("DELETE", "/v1/overruns", None),
        ("POST", "/v1/usage/reconcile", {"bill": "task_id,amount\n"}),
    ):
        assert 403 == (await idle.ask(verb, path, body, authorization=films)).status
    (told,) = (await idle.ask("GET", "/v1/overruns", authorization=operator)).json["data"]
    assert (model, "3", "3.5", "t") == (told["model"], told["reserved"], told["settled"], told["task_id"])
    assert {"cleared": 0} == (await idle.ask("DELETE", "/v1/overruns?model=x", authorization=operator)).json
    assert {"cleared": 1} == (await idle.ask("DELETE", f"/v1/overruns?model={model}", authorization=operator)).json
    assert {"data": []} == (await idle.ask("GET", "/v1/overruns", authorization=operator)).json
