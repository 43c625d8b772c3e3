"""Tests of callers with tokens: scopes, projects, revoking, rates, and the log."""

from __future__ import annotations

import pytest

from tests.api.served import WISH, Served
from tests.factories import FakeClock
from wanreel.api.admission import GUESSES_PER_MINUTE, Admission, Bucket
from wanreel.api.problems import Refusal
from wanreel.service.tokens import Tokens
from wanreel.store.access import MemoryAccess


async def bearer(server: Served, project: str | None = "default", *scopes: str, per_minute: int = 0) -> str:
    """A fresh token's Authorization."""
    if project not in {None, *(p.name for p in await server.home.tokens.projects())}:
        await server.home.tokens.make_project(project or "")
    made = await server.home.tokens.make("t", project, scopes or ("submit", "read"), per_minute=per_minute)
    return f"Bearer {made[1]}"


async def test_with_the_first_token_everybody_needs_one(idle: Served) -> None:
    """Before it anybody on this machine is let in, whatever is sent; after it nobody without."""
    assert 200 == (await idle.ask("GET", "/v1/jobs", authorization="Bearer anything")).status
    mine = await bearer(idle)
    for bad in ({}, {"authorization": "Bearer wr_wrong"}, {"authorization": "Basic eDp5"}):
        got = await idle.ask("GET", "/v1/jobs", **bad)
        assert (401, "unauthorized", "Bearer") == (got.status, got.json["code"], got.headers["WWW-Authenticate"])
    assert 200 == (await idle.ask("GET", "/v1/jobs", authorization=mine)).status
    assert 200 == (await idle.ask("GET", "/healthz")).status


async def test_scopes_are_kept_to(idle: Served) -> None:
    """Reading does not order, ordering does not settle doubts, admin may all."""
    reads, orders = await bearer(idle, "default", "read"), await bearer(idle, "default", "submit")
    admin = await bearer(idle, "default", "admin")
    assert 403 == (await idle.ask("POST", "/v1/jobs", WISH, authorization=reads)).status
    assert 202 == (await idle.ask("POST", "/v1/jobs", WISH, authorization=orders)).status
    assert 403 == (await idle.ask("GET", "/v1/jobs", authorization=orders)).status
    assert 403 == (await idle.ask("GET", "/v1/webhooks", authorization=reads)).status
    for path in ("/v1/jobs", "/v1/webhooks"):
        assert 200 == (await idle.ask("GET", path, authorization=admin)).status


async def test_projects_are_strangers(idle: Served) -> None:
    """Somebody else's job looks missing, word for word; orders go to the token's project whatever they say."""
    films, news = await bearer(idle, "films"), await bearer(idle, "news")
    job = (await idle.ask("POST", "/v1/jobs", WISH, authorization=films)).json["jobs"][0]
    assert "films" == job["project"]
    foreign = await idle.ask("GET", f"/v1/jobs/{job['id']}", authorization=news)
    missing = await idle.ask("GET", f"/v1/jobs/{job['id'][:-1]}z", authorization=news)
    assert 404 == foreign.status == missing.status
    assert foreign.json["detail"].replace(job["id"], "X") == missing.json["detail"].replace(job["id"][:-1] + "z", "X")
    assert [] == (await idle.ask("GET", "/v1/jobs", authorization=news)).json["data"]
    assert 422 == (await idle.ask("POST", "/v1/jobs", WISH | {"project": "films"}, authorization=news)).status
    operator = await bearer(idle, None)
    assert 1 == len((await idle.ask("GET", "/v1/jobs?project=films", authorization=operator)).json["data"])


async def test_the_same_key_in_two_projects_is_two_orders(idle: Served) -> None:
    """Idempotency keys of projects do not meet."""
    films, news = await bearer(idle, "films"), await bearer(idle, "news")
    made = [
        (await idle.ask("POST", "/v1/jobs", WISH, authorization=who, idempotency_key="k")).json["jobs"][0]["id"]
        for who in (films, news, films)
    ]
    assert made[0] == made[2] != made[1]


async def test_a_project_named_like_anothers_key_gets_nothing_of_it(idle: Served) -> None:
    """Wherever one ends and the other begins, and also for a project named like the mark of a token of all."""
    made: list[str] = []
    for project, key in (("films", "spring:k"), ("films:spring", "k"), ("*", "k"), (None, "k")):
        who = await bearer(idle, project)
        got = await idle.ask("POST", "/v1/jobs", WISH, authorization=who, idempotency_key=key)
        made.append(got.json["jobs"][0]["id"])
    assert 4 == len(set(made))


async def test_a_revoked_token_is_out(idle: Served) -> None:
    """Revoking takes hold at once in this process."""
    made, secret = await idle.home.tokens.make("t", "default", ("read",))
    assert 200 == (await idle.ask("GET", "/v1/jobs", authorization=f"Bearer {secret}")).status
    await idle.home.tokens.revoke(made.id)
    assert 401 == (await idle.ask("GET", "/v1/jobs", authorization=f"Bearer {secret}")).status


async def test_what_callers_did_is_in_the_log(idle: Served) -> None:
    """Orders and cancels stand there with the token that made them, and no secret."""
    made, secret = await idle.home.tokens.make("t", "default", ("submit", "read"))
    told = {"authorization": f"Bearer {secret}"}
    job = (await idle.ask("POST", "/v1/jobs", WISH, **told)).json["jobs"][0]["id"]
    await idle.ask("POST", f"/v1/jobs/{job}/cancel", **told)
    log = await idle.home.tokens.log()
    assert [("cancel", made.id, job), ("order", made.id, job)] == [(d.what, d.token, d.subject) for d in log[:2]]
    assert secret not in repr(log)


async def test_a_token_has_a_rate(idle: Served) -> None:
    """Past its rate it hears when to come back; other tokens are not affected."""
    slow, quick = await bearer(idle, per_minute=6), await bearer(idle)
    seen = [(await idle.ask("GET", "/v1/models", authorization=slow)).status for _ in range(3)]
    assert [200, 429, 429] == seen
    got = await idle.ask("GET", "/v1/models", authorization=slow)
    assert 1 <= int(got.headers["Retry-After"]) <= 10
    assert 200 == (await idle.ask("GET", "/v1/models", authorization=quick)).status


async def test_guessing_is_slow() -> None:
    """Wrong tokens from one address are counted; right ones always pass, and other addresses are not affected."""
    clock = FakeClock()
    tokens = Tokens(MemoryAccess(), clock)
    _, secret = await tokens.make("t", "default", ("read",))
    admission = Admission(tokens, clock)
    codes: list[str] = []
    for number in range(GUESSES_PER_MINUTE * 2):
        with pytest.raises(Refusal) as refused:
            await admission.admit(f"wr_{number}", "192.0.2.1")
        codes.append(refused.value.told.code)
    assert GUESSES_PER_MINUTE == codes.count("unauthorized")
    assert (await admission.admit(secret, "192.0.2.1")).may("read")
    with pytest.raises(Refusal) as elsewhere:
        await admission.admit("wr_x", "192.0.2.2")
    assert "unauthorized" == elsewhere.value.told.code


def test_a_bucket_gives_its_rate_and_no_more() -> None:
    """Over a long time exactly the rate passes, evenly, with a burst at the start."""
    bucket, passed = Bucket(60, 5.0), 0
    for tick in range(1000):
        passed += not bucket.take(tick * 0.1)
    assert 100 + 4 <= passed <= 100 + 6
