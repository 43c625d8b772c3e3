"""Tests of `/v1/accounts`: seen, held back, let go on, planned for; and by whom."""

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


async def test_an_account_is_held_back_and_let_go_on(idle: Served) -> None:
    """What is parked is shown with its reason, on the account and on the job that waits for it, until it is resumed."""
    job = await idle.order()
    [account] = (await idle.ask("GET", "/v1/accounts")).json["data"]
    name = account["account"]
    assert (1, 0, []) == (account["waiting"], account["running"], account["held"])
    assert "sk-" not in str(account)

    parked = await idle.ask("POST", f"/v1/accounts/{name}/park", {"why": "the bill is looked at"})
    assert (200, name, "*") == (parked.status, parked.json["account"], parked.json["model"])
    [account] = (await idle.ask("GET", "/v1/accounts")).json["data"]
    assert ["every model: the bill is looked at"] == account["held"]
    assert "the bill is looked at" in (await idle.ask("GET", f"/v1/jobs/{job['id']}")).json["attention"]

    assert {"ended": 1} == (await idle.ask("POST", f"/v1/accounts/{name}/resume", {})).json
    assert (await idle.ask("GET", f"/v1/jobs/{job['id']}")).json["attention"] is None
    assert {"ended": 0} == (await idle.ask("POST", f"/v1/accounts/{name}/resume", {"model": "wan2.6-t2v"})).json


async def test_a_project_is_held_back_by_its_own(idle: Served) -> None:
    """A project's admin parks its jobs and no account; another project is not there for it."""
    mine, other = await bearer(idle, "films", "admin"), await bearer(idle, "news", "admin")
    job = (await idle.ask("POST", "/v1/jobs", {"prompt": "a kite"}, authorization=mine)).json["jobs"][0]["id"]

    assert 404 == (await idle.ask("POST", "/v1/projects/films/park", {"why": "x"}, authorization=other)).status
    assert 404 == (await idle.ask("POST", "/v1/projects/nowhere/park", {"why": "x"}, authorization=mine)).status
    assert 200 == (await idle.ask("POST", "/v1/projects/films/park", {"why": "enough"}, authorization=mine)).status
    assert "enough" in (await idle.ask("GET", f"/v1/jobs/{job}", authorization=mine)).json["attention"]
    assert {"ended": 1} == (await idle.ask("POST", "/v1/projects/films/resume", authorization=mine)).json
    for verb, path in (
        ("GET", "/v1/accounts"),
        ("POST", "/v1/accounts/main/park"),
        ("GET", "/v1/accounts/plan?model=wan2.5-t2v-preview&per_day=9"),
    ):
        assert 403 == (await idle.ask(verb, path, {} if verb == "POST" else None, authorization=mine)).status


async def test_what_so_many_clips_need(idle: Served) -> None:
    """Slots for so many clips a day, by arithmetic: 2,000 clips of 75 s keep less than two slots busy all day."""
    path = "/v1/accounts/plan?model=wan2.5-t2v-preview&per_day={}&run_s={}"
    need = (await idle.ask("GET", path.format(2000, 75))).json
    assert need["slots_needed"] <= need["slots_now"]
    assert "nothing: there are enough" == need["to_ask_for"]
    assert need["slots_now"] < (await idle.ask("GET", path.format(200_000, 75))).json["slots_needed"]
    for wrong in ("0&run_s=1", "nan", "1&run_s=-1", "inf"):
        assert 422 == (await idle.ask("GET", f"/v1/accounts/plan?model=wan2.5-t2v-preview&per_day={wrong}")).status


async def test_an_account_that_is_none(idle: Served) -> None:
    """Parking what is not there is an error, and parks nothing."""
    assert 404 == (await idle.ask("POST", "/v1/accounts/nobody/park", {})).status
    assert [[]] == [a["held"] for a in (await idle.ask("GET", "/v1/accounts")).json["data"]]
