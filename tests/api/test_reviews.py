"""Tests of what came out, over HTTP: reviews, a pick, and why a clip looks wrong."""

from __future__ import annotations

import pytest

from tests.api.served import WISH, Served
from wanreel.service.pictures import diagnosis_body, group_body, review_body


async def test_a_group_is_ranked_and_one_is_picked(server: Served) -> None:
    """Finished clips have their places; the one a person takes stands first, and changing needs a word."""
    ordered = (await server.ask("POST", "/v1/jobs", WISH | {"variants": 2})).json
    group = (await server.ask("GET", f"/v1/groups/{ordered['group']}", prefer="wait=30")).json
    one, other = (job["id"] for job in group["jobs"])
    path = f"/v1/groups/{group['id']}"
    before = (await server.ask("GET", f"{path}/reviews")).json
    assert (None, {one, other}) == (before["pick"], {row["job"] for row in before["data"]})
    taken = await server.ask("POST", f"{path}/pick", {"job": other, "note": "the light"})
    assert (200, other, "the light") == (taken.status, taken.json["job"], taken.json["note"])
    after = (await server.ask("GET", f"{path}/reviews")).json
    picture, jobs = server.home.picture, [row["job"] for row in after["data"]]
    ranking, known = await picture.rank(group["id"], judge=False), await picture.reviews(jobs)
    shown = group_body(await picture.group(group["id"]), ranking, known)  # as the command prints it
    assert (after["data"], after["pick"]) == (shown["ranking"], shown["pick"])
    assert (other, True, other) == (after["data"][0]["job"], after["data"][0]["picked"], after["pick"]["job"])
    assert 409 == (await server.ask("POST", f"{path}/pick", {"job": one})).status
    assert 200 == (await server.ask("POST", f"{path}/pick", {"job": one, "change": True})).status


async def test_a_pick_is_a_clip_of_the_group(idle: Served) -> None:
    """A job that is not in the group, or has no clip yet, cannot be picked."""
    ordered = (await idle.ask("POST", "/v1/jobs", WISH | {"variants": 2})).json
    path = f"/v1/groups/{ordered['group']}/pick"
    assert 404 == (await idle.ask("POST", path, {"job": "job_of_somebody_else"})).status
    waiting = (await idle.ask("GET", f"/v1/groups/{ordered['group']}")).json["jobs"][0]["id"]
    assert 409 == (await idle.ask("POST", path, {"job": waiting})).status
    assert 404 == (await idle.ask("GET", "/v1/groups/grp_nowhere/reviews")).status


async def test_a_clip_that_looks_wrong_has_a_cause(server: Served) -> None:
    """An ended job tells its likeliest cause with evidence; one that is under way is a conflict."""
    prompt = "static locked-off camera, the camera orbits a red lantern on a river, dusk"
    job = (await server.ask("POST", "/v1/jobs", WISH | {"prompt": prompt}, prefer="wait=30")).json["jobs"][0]
    found = (await server.ask("GET", f"/v1/jobs/{job['id']}/diagnosis")).json
    assert job["id"] == found["job"]
    assert (
        diagnosis_body(await server.home.picture.diagnose(job["id"], judge=False)) == found
    )  # as the command prints it
    assert any("exclude each other" in " ".join(cause["evidence"]) for cause in found["causes"]), found
    assert 404 == (await server.ask("GET", "/v1/jobs/job_nowhere/diagnosis")).status


async def test_what_is_under_way_has_no_cause_yet(idle: Served) -> None:
    """A job that waits cannot look wrong."""
    job = (await idle.ask("POST", "/v1/jobs", WISH)).json["jobs"][0]
    assert 409 == (await idle.ask("GET", f"/v1/jobs/{job['id']}/diagnosis")).status


async def test_a_clip_is_looked_at_when_somebody_asks(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A POST has the judges look, and keeps what they say; a line that is too long is told to come back."""
    job = await server.made()
    first = await server.ask("POST", f"/v1/jobs/{job['id']}/review")
    assert (200, job["id"]) == (first.status, first.json["job"])
    assert review_body(await server.home.picture.review(job["id"])) == first.json  # as the command prints it
    again = await server.ask("POST", f"/v1/jobs/{job['id']}/review", {"again": True})
    assert first.json["opinions"] == again.json["opinions"]
    monkeypatch.setattr("wanreel.api.reviews.IN_LINE_MAX", 0)
    assert 503 == (await server.ask("POST", f"/v1/jobs/{job['id']}/review")).status


async def test_what_is_under_way_is_not_looked_at(idle: Served) -> None:
    """There is no clip to look at, to pick or to replace."""
    job = await idle.order()
    for what in ("review", "pick", "replace"):
        assert 409 == (await idle.ask("POST", f"/v1/jobs/{job['id']}/{what}")).status
