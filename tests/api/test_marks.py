"""Tests of favourites and tags over HTTP: changed after the order, found by, and kept to their project."""

from __future__ import annotations

import pytest

from tests.api.served import Served
from tests.api.test_tokens import bearer


async def test_a_job_is_sorted_after_it_was_ordered(idle: Served) -> None:
    """A favourite with other tags, whatever its state; its version stays, its ETag does not; lists go by it."""
    job, other = await idle.order(tags=["spring", "draft"]), await idle.order(tags=["spring"])
    url = f"/v1/jobs/{job['id']}"
    before = await idle.ask("GET", url)
    assert (False, ["spring", "draft"]) == (before.json["favourite"], before.json["tags"])
    got = await idle.ask("PATCH", url, {"favourite": True, "add_tags": ["hero", "海"], "remove_tags": ["draft"]})
    assert (200, True, ["spring", "hero", "海"]) == (got.status, got.json["favourite"], got.json["tags"])
    after = await idle.ask("GET", url)
    assert (after.json["tags"], after.json["version"]) == (got.json["tags"], before.json["version"])
    assert before.headers["ETag"] != after.headers["ETag"]
    assert 412 == (await idle.ask("PATCH", url, {"favourite": False}, if_match=before.headers["ETag"])).status
    for query, found in {
        "favourites=true": [job["id"]],
        "favourites=false": [other["id"], job["id"]],
        "tag=hero": [job["id"]],
        "tag=draft": [],
        "tag=spring&favourites=true": [job["id"]],
    }.items():
        listed = (await idle.ask("GET", f"/v1/jobs?{query}")).json["data"]
        assert found == [one["id"] for one in listed], query
    assert all(one["favourite"] == (one["id"] == job["id"]) for one in (await idle.ask("GET", "/v1/jobs")).json["data"])
    await idle.ask("POST", f"{url}/cancel")
    again = (await idle.ask("POST", f"{url}/retry")).json
    assert (["spring", "hero", "海"], False) == (again["tags"], again["favourite"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "favourite"),
        ({"tags": ["a/b"]}, "tags"),
        ({"add_tags": ["x" * 65]}, "tags"),
        ({"add_tags": ["\u202e\u0000"]}, "tags"),
        ({"tags": [f"t{n}" for n in range(21)]}, "tags"),
        ({"tags": [f"t{n}" for n in range(51)]}, "tags"),
        ({"tags": "a,b"}, "tags"),
        ({"favourite": "maybe"}, "favourite"),
        ({"starred": True}, "starred"),
    ],
)
async def test_what_cannot_be_said(idle: Served, body: dict[str, object], field: str) -> None:
    """Refused by the field, and nothing changes."""
    job = await idle.order(tags=["a"])
    got = await idle.ask("PATCH", f"/v1/jobs/{job['id']}", body)
    assert (422, "invalid") == (got.status, got.json["code"])
    assert field in [problem["field"] for problem in got.json["problems"]]
    assert ["a"] == (await idle.ask("GET", f"/v1/jobs/{job['id']}")).json["tags"]


async def test_projects_sort_their_own(idle: Served) -> None:
    """Another project's job looks missing, another's favourite is not listed; who only reads changes nothing."""
    mine, theirs = await bearer(idle, "films"), await bearer(idle, "news")
    reads = await bearer(idle, "films", "read")
    job = (await idle.ask("POST", "/v1/jobs", {"prompt": "A kite"}, authorization=mine)).json["jobs"][0]
    url = f"/v1/jobs/{job['id']}"
    assert 404 == (await idle.ask("PATCH", url, {"favourite": True}, authorization=theirs)).status
    assert 403 == (await idle.ask("PATCH", url, {"favourite": True}, authorization=reads)).status
    assert 200 == (await idle.ask("PATCH", url, {"favourite": True, "tags": ["x"]}, authorization=mine)).status
    for query in ("favourites=true", "tag=x"):
        assert [] == (await idle.ask("GET", f"/v1/jobs?{query}", authorization=theirs)).json["data"]
        assert 1 == len((await idle.ask("GET", f"/v1/jobs?{query}", authorization=mine)).json["data"])
