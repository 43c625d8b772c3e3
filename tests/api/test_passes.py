"""Tests of short signed links: one view of one job, for a while, for as long as the token they were asked for with."""

from __future__ import annotations

import hashlib

import pytest

from tests.api.served import Served
from tests.api.test_tokens import bearer
from tests.factories import FakeClock
from wanreel.api.admission import GUESSES_PER_MINUTE, Admission
from wanreel.api.problems import Refusal
from wanreel.service.passes import LIFE_S, STEP_S, read_pass
from wanreel.service.tokens import KEPT_S, Tokens
from wanreel.store.access import MemoryAccess


async def test_a_link_needs_no_header(server: Served) -> None:
    """It streams in parts, as `<video>` asks for them; without tokens the plain address is enough."""
    job = await server.made()
    plain = (await server.ask("GET", f"/v1/jobs/{job['id']}/artifact/link")).json
    assert {"url": f"/v1/jobs/{job['id']}/artifact?variant=video", "expires_at": None} == plain
    mine = await bearer(server)
    link = (await server.ask("GET", f"/v1/jobs/{job['id']}/artifact/link", authorization=mine)).json
    whole = await server.ask("GET", link["url"])
    assert (200, job["artifact"]["sha256"]) == (whole.status, hashlib.sha256(whole.bytes).hexdigest())
    part = await server.ask("GET", link["url"], range="bytes=0-9")
    assert (206, whole.bytes[:10]) == (part.status, part.bytes)
    assert 200 == (await server.ask("HEAD", link["url"])).status
    poster = await server.ask("GET", f"/v1/jobs/{job['id']}/artifact/link?variant=poster", authorization=mine)
    assert "invalid" == (await server.ask("GET", poster.json["url"])).json["code"], "let in; this clip has no pictures"


async def test_a_link_shows_nothing_else(server: Served) -> None:
    """Not another view, not another job, not with a letter changed, and nothing but the artifact."""
    job, other = await server.made(), await server.made()
    mine, theirs = await bearer(server), await bearer(server, "news")
    url: str = (await server.ask("GET", f"/v1/jobs/{job['id']}/artifact/link", authorization=mine)).json["url"]
    last = "0" if url[-1] != "0" else "1"
    for wrong in (
        url.replace(job["id"], other["id"]),
        url.replace("variant=video", "variant=poster"),
        url.replace("variant=video&", "variant=video&variant=poster&"),
        url[:-1] + last,
        url.replace("/artifact", "/history"),
        url.replace("/artifact", ""),
        url.replace("/artifact?", "/artifact/link?"),
        f"/v1/jobs/{job['id']}/artifact?pass=",
        f"/v1/jobs/{job['id']}/artifact?pass=x.1.{'0' * 64}",
    ):
        got = await server.ask("GET", wrong)
        assert got.status in (401, 422), wrong
    assert 401 == (await server.ask("DELETE", url)).status or 405 == (await server.ask("DELETE", url)).status
    assert 404 == (await server.ask("GET", f"/v1/jobs/{job['id']}/artifact/link", authorization=theirs)).status
    wrong_token = await server.ask("GET", url, authorization="Bearer wr_wrong")
    assert 401 == wrong_token.status, "a token that is sent decides, whatever else is"


async def test_a_token_of_orders_alone_gets_none(server: Served) -> None:
    """Who may not read may not have it read either."""
    job = await server.made()
    blind = await bearer(server, None, "submit")
    assert 403 == (await server.ask("GET", f"/v1/jobs/{job['id']}/artifact/link", authorization=blind)).status


async def test_a_link_ends() -> None:
    """With its time, and within a second of its token's end; guessing is counted as with tokens."""
    clock = FakeClock()
    tokens = Tokens(MemoryAccess(), clock)
    admission = Admission(tokens, clock)
    token, secret = await tokens.make("one", None, ("read",))
    caller = await admission.admit(secret, "192.0.2.1")
    first = await admission.give_pass(caller, "job_1", "video")
    assert first == await admission.give_pass(caller, "job_1", "video"), "the same for a while"
    assert first is not None
    assert LIFE_S <= first.until - clock.now() <= LIFE_S + STEP_S
    assert token.id == (await admission.admit_pass(str(first), "job_1", "video", "192.0.2.1")).token
    clock.advance(first.until - clock.now())
    with pytest.raises(Refusal, match="no longer in force"):
        await admission.admit_pass(str(first), "job_1", "video", "192.0.2.1")
    fresh = await admission.give_pass(caller, "job_1", "video")
    await tokens.revoke(token.id)
    clock.advance(KEPT_S)
    with pytest.raises(Refusal, match="no longer in force"):
        await admission.admit_pass(str(fresh), "job_1", "video", "192.0.2.1")
    codes: list[str] = []
    for number in range(GUESSES_PER_MINUTE * 2):
        with pytest.raises(Refusal) as refused:
            await admission.admit_pass(f"tok.{number}.{'0' * 64}", "job_1", "video", "192.0.2.7")
        codes.append(refused.value.told.code)
    assert GUESSES_PER_MINUTE == codes.count("unauthorized")


def test_what_is_no_pass() -> None:
    """Read whole or not at all."""
    for text in ("", "a.b.c", "tok.1.0f", f"tok.1.{'0' * 64}\n", f"tok.-1.{'0' * 64}", f"tok.١.{'0' * 64}", "." * 90):
        assert read_pass(text) is None, text
