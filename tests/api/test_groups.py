"""Tests of `/v1/groups`: variants and batches."""

from __future__ import annotations

from tests.api.served import WISH, Served
from tests.api.test_tokens import bearer
from tests.client.small_world import bought
from wanreel.emulator.server import Emulator


async def test_variants_are_a_group(server: Served, vendor: Emulator) -> None:
    """An order of several clips leads to its group, which counts their states."""
    got = await server.ask("POST", "/v1/jobs", WISH | {"variants": 3})
    assert f"/v1/groups/{got.json['group']}" == got.headers["Location"]
    group = (await server.ask("GET", got.headers["Location"], prefer="wait=30")).json
    assert (True, {"succeeded": 3}) == (group["done"], group["states"])
    assert 3 == len({job["seed"] for job in group["jobs"]}) == bought(vendor)


async def test_a_batch_is_stored_all_or_none(idle: Served) -> None:
    """One wrong row refuses the batch, says which, and stores nothing."""
    got = await idle.ask("POST", "/v1/groups", {"orders": [WISH, WISH | {"duration_s": 7}]})
    assert (422, ["orders.1.duration_s"]) == (got.status, [p["field"] for p in got.json["problems"]])
    assert [] == (await idle.ask("GET", "/v1/jobs")).json["data"]


async def test_a_batch_with_a_key_is_bought_once(idle: Served) -> None:
    """The same batch under its key is the same group; another batch under it is a conflict."""
    body = {"orders": [WISH | {"name": "a"}, WISH | {"name": "b"}]}
    first = await idle.ask("POST", "/v1/groups", body, idempotency_key="night-run")
    again = await idle.ask("POST", "/v1/groups", body, idempotency_key="night-run")
    assert (202, first.json) == (again.status, again.json)
    more = {"orders": [*body["orders"], WISH]}
    assert 409 == (await idle.ask("POST", "/v1/groups", more, idempotency_key="night-run")).status
    assert 2 == len((await idle.ask("GET", "/v1/jobs")).json["data"])


async def test_a_group_that_is_not_here(idle: Served) -> None:
    """A group nobody made is not found."""
    assert 404 == (await idle.ask("GET", "/v1/groups/grp_nowhere")).status


async def test_groups_are_listed_newest_first(idle: Served) -> None:
    """Page by page, each as it was recorded; a project's token sees its own and no other, nor goes on after one."""
    mine, theirs = await bearer(idle, "films"), await bearer(idle, "news")
    made = [
        (await idle.ask("POST", "/v1/jobs", WISH | {"variants": 2, "name": name}, authorization=mine)).json["group"]
        for name in "ab"
    ]
    other = (await idle.ask("POST", "/v1/groups", {"orders": [WISH]}, authorization=theirs)).json["group"]
    first = await idle.ask("GET", "/v1/groups?limit=1", authorization=mine)
    assert ([made[1]], made[1]) == ([row["id"] for row in first.json["data"]], first.json["next"])
    assert f'</v1/groups?limit=1&after={made[1]}>; rel="next"' == first.headers["Link"]
    rest = (await idle.ask("GET", f"/v1/groups?limit=1&after={made[1]}", authorization=mine)).json
    assert (None, "variants", "films", "a", 2, "drawn") == (
        rest["next"],
        *(rest["data"][0][name] for name in ("kind", "project", "name", "wanted", "seeds")),
    )
    assert rest["data"][0] == (await idle.ask("GET", f"/v1/groups/{made[0]}", authorization=mine)).json["record"]
    assert 404 == (await idle.ask("GET", f"/v1/groups?after={other}", authorization=mine)).status
    assert [] == (await idle.ask("GET", "/v1/groups?project=news", authorization=mine)).json["data"]
