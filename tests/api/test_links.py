"""Tests of stable links over HTTP: made, listed, revoked, and seen by anybody."""

from __future__ import annotations

from tests.api.served import OUTSIDE, Served
from tests.api.test_tokens import bearer


async def test_a_link_is_made_seen_and_revoked(filmed: Served) -> None:
    """The same link until it is revoked; anybody sees what it shows; afterwards nobody, and a new one is another."""
    job = await filmed.made()
    where = f"/v1/jobs/{job['id']}/links"
    made = await filmed.ask("POST", where, {})
    assert (201, "video") == (made.status, made.json["shows"])
    assert f"{OUTSIDE}{made.json['path']}" == made.json["url"]
    assert made.json == (await filmed.ask("POST", where, {"shows": "video"})).json
    seen = await filmed.ask("GET", made.json["path"])
    assert (200, "video/mp4") == (seen.status, seen.headers["content-type"])
    poster = (await filmed.ask("POST", where, {"shows": "poster"})).json
    assert (await filmed.ask("GET", poster["path"])).headers["content-type"].startswith("image/")

    assert 204 == (await filmed.ask("DELETE", f"{where}/{made.json['token']}")).status
    assert 404 == (await filmed.ask("GET", made.json["path"])).status
    assert made.json["token"] != (await filmed.ask("POST", where, {})).json["token"]
    listed = (await filmed.ask("GET", where)).json["data"]
    assert [made.json["token"]] == [one["token"] for one in listed if one["revoked_at"]]
    assert 404 == (await filmed.ask("DELETE", f"{where}/{'0' * 32}")).status


async def test_no_link_without_a_clip(idle: Served) -> None:
    """What waits has nothing to show yet."""
    job = await idle.order()
    assert 409 == (await idle.ask("POST", f"/v1/jobs/{job['id']}/links", {})).status
    reader = await bearer(idle, "default", "read")
    assert 403 == (await idle.ask("POST", f"/v1/jobs/{job['id']}/links", {}, authorization=reader)).status


async def test_a_link_of_another_job_is_not_revoked_by_this_one(filmed: Served) -> None:
    """Who may end the links of one job ends no others, however well they know the token."""
    first, second = await filmed.made(), await filmed.made()
    token = (await filmed.ask("POST", f"/v1/jobs/{first['id']}/links", {})).json["token"]
    assert 404 == (await filmed.ask("DELETE", f"/v1/jobs/{second['id']}/links/{token}")).status
    assert 200 == (await filmed.ask("GET", f"/s/{token}")).status
    assert {"revoked": 0} == (await filmed.ask("DELETE", f"/v1/jobs/{second['id']}/links")).json
    assert {"revoked": 1} == (await filmed.ask("DELETE", f"/v1/jobs/{first['id']}/links")).json
    assert 404 == (await filmed.ask("GET", f"/s/{token}")).status
