"""Tests of `/v1/jobs`: ordering, looking, waiting, keys and conditions."""

from __future__ import annotations

from decimal import Decimal

from tests.api.served import WISH, Served
from tests.client.small_world import bought
from tests.factories import make_job
from wanreel.api.orders import job_out
from wanreel.api.schemas import JobOut
from wanreel.domain.job import STATES
from wanreel.emulator.server import Emulator
from wanreel.service.view import view


async def test_an_order_is_answered_at_once_though_the_vendor_cannot_be_reached(idle: Served) -> None:
    """A POST stores the job and says where to look after it; nobody was called."""
    got = await idle.ask("POST", "/v1/jobs", WISH)
    assert 202 == got.status
    assert "queued" == got.json["jobs"][0]["state"]
    assert f"/v1/jobs/{got.json['jobs'][0]['id']}" == got.headers["Location"]
    looked = await idle.ask("GET", got.headers["Location"])
    assert got.json["jobs"][0]["id"] == looked.json["id"]


async def test_waiting_answers_with_the_archived_clip(server: Served, vendor: Emulator) -> None:
    """`Prefer: wait` answers 200 once the job has ended, and says that it did as asked."""
    got = await server.ask("POST", "/v1/jobs", WISH, prefer="respond-async, wait=30")
    assert 200 == got.status
    assert "wait=30" == got.headers["Preference-Applied"]
    job = got.json["jobs"][0]
    assert ("succeeded", True) == (job["state"], job["done"])
    assert 1 == bought(vendor)


async def test_a_wait_that_runs_out_answers_with_the_job_as_it_is(idle: Served) -> None:
    """An unfinished job is a 202, not an error."""
    got = await idle.ask("POST", "/v1/jobs", WISH, prefer="wait=1")
    assert (202, "queued") == (got.status, got.json["jobs"][0]["state"])


async def test_one_key_buys_one_clip(server: Served, vendor: Emulator) -> None:
    """The same key and body again is the same job; another body is refused and buys nothing."""
    first = await server.ask("POST", "/v1/jobs", WISH, idempotency_key="shot-1", prefer="wait=30")
    again = await server.ask("POST", "/v1/jobs", WISH, idempotency_key="shot-1", prefer="wait=30")
    assert first.json["jobs"] == again.json["jobs"]
    other = await server.ask("POST", "/v1/jobs", WISH | {"variants": 2}, idempotency_key="shot-1")
    assert (409, "conflict") == (other.status, other.json["code"])
    assert 1 == bought(vendor)


async def test_no_key_never_merges(server: Served, vendor: Emulator) -> None:
    """Two equal orders without a key are two clips."""
    first, second = await server.made(), await server.made()
    assert first["id"] != second["id"]
    assert 2 == bought(vendor)


async def test_bad_keys_are_refused_in_words(idle: Served) -> None:
    """A key with spaces, or a very long one, is no key."""
    for key in ("two words", "k" * 256):
        got = await idle.ask("POST", "/v1/jobs", WISH, idempotency_key=key)
        assert (400, "malformed") == (got.status, got.json["code"])


async def test_every_mistake_is_named_at_once(idle: Served) -> None:
    """A wrong order lists each of its problems with the field it is about."""
    got = await idle.ask(
        "POST", "/v1/jobs", {"prompt": "x", "model": "wan2.5-t2v-preview", "duration_s": 7, "size": "9*9"}
    )
    assert (422, "application/problem+json") == (got.status, got.headers["Content-Type"])
    assert {"duration_s", "size"} == {problem["field"] for problem in got.json["problems"]}


async def test_an_order_may_be_capped(idle: Served) -> None:
    """What one clip may cost, and all of an order's together; a cap the price passes, or that is none, is refused."""
    for cap, variants in (({"max_cost": "0.01"}, 1), ({"max_cost": "cheap"}, 1), ({"group_max_cost": "4"}, 3)):
        refused = await idle.ask("POST", "/v1/jobs", {**WISH, **cap, "variants": variants})
        assert 422 == refused.status, (cap, refused.json)
    taken = await idle.ask("POST", "/v1/jobs", {**WISH, "max_cost": "100", "group_max_cost": "200"})
    assert (202, "100", "200") == (
        taken.status,
        taken.json["jobs"][0]["max_cost"],
        taken.json["jobs"][0]["group_max_cost"],
    )


async def test_unknown_fields_are_mistakes(idle: Served) -> None:
    """A misspelt field is refused, not ignored."""
    got = await idle.ask("POST", "/v1/jobs", WISH | {"seconds": 5})
    assert ["seconds"] == [problem["field"] for problem in got.json["problems"]]


async def test_no_path_of_the_server_is_opened(idle: Served) -> None:
    """Plain paths and file:// from outside are refused before anything is read, whatever they name."""
    for name in ("/etc/passwd", "file:///etc/passwd", "../home/wanreel.sqlite3", "picture.png"):
        got = await idle.ask("POST", "/v1/jobs", {"prompt": "x", "first_frame": name})
        assert 422 == got.status
        assert "opens no paths" in got.json["problems"][0]["message"]


async def test_pages_lead_to_the_end(idle: Served) -> None:
    """Each page names the next, the last one none; together they hold every job once, newest first."""
    ids = [(await idle.order(name=f"n{n}"))["id"] for n in range(5)]
    seen: list[str] = []
    path: str | None = "/v1/jobs?limit=2&state=queued"
    while path:
        got = await idle.ask("GET", path)
        seen += [job["id"] for job in got.json["data"]]
        path = f"/v1/jobs?limit=2&state=queued&after={got.json['next']}" if got.json["next"] else None
        assert bool(path) == ("Link" in got.headers)
    assert ids[::-1] == seen


async def test_filters_narrow_and_unknown_states_are_named(idle: Served) -> None:
    """Lists take states and tags; a state that does not exist is a mistake."""
    await idle.order(tags=["launch"])
    await idle.order()
    assert 1 == len((await idle.ask("GET", "/v1/jobs?tag=launch")).json["data"])
    assert 0 == len((await idle.ask("GET", "/v1/jobs?state=succeeded&state=failed")).json["data"])
    assert 422 == (await idle.ask("GET", "/v1/jobs?state=running")).status


async def test_a_tag_saves_a_second_look(idle: Served) -> None:
    """An ETag that still holds answers 304 without a body; a change makes another tag."""
    job = await idle.order()
    first = await idle.ask("GET", f"/v1/jobs/{job['id']}")
    assert "next to be sent" == first.json["progress"]
    again = await idle.ask("GET", f"/v1/jobs/{job['id']}", if_none_match=first.headers["ETag"])
    assert (304, b"") == (again.status, again.bytes)
    await idle.ask("POST", f"/v1/jobs/{job['id']}/cancel")
    after = await idle.ask("GET", f"/v1/jobs/{job['id']}", if_none_match=first.headers["ETag"])
    assert (200, "cancelled") == (after.status, after.json["state"])


async def test_a_change_on_an_old_look_is_refused(idle: Served) -> None:
    """If-Match with a tag that no longer holds changes nothing."""
    job = await idle.order()
    got = await idle.ask("POST", f"/v1/jobs/{job['id']}/cancel", {"discard": True}, if_match='"old"')
    assert (412, "changed") == (got.status, got.json["code"])
    assert "queued" == (await idle.ask("GET", f"/v1/jobs/{job['id']}")).json["state"]


async def test_cancel_then_retry(server: Served, idle: Served) -> None:
    """A cancelled job stays so, a second cancel is a conflict, and a retry is a new job that names it."""
    job = await idle.order()
    assert "cancelled" == (await idle.ask("POST", f"/v1/jobs/{job['id']}/cancel")).json["state"]
    assert 409 == (await idle.ask("POST", f"/v1/jobs/{job['id']}/cancel")).status
    again = await idle.ask("POST", f"/v1/jobs/{job['id']}/retry")
    assert (202, job["id"]) == (again.status, again.json["retry_of"])
    assert f"/v1/jobs/{again.json['id']}" == again.headers["Location"]


async def test_only_a_doubt_is_resolved(idle: Served) -> None:
    """Settling a job that is in no doubt is a conflict; an unclear word is invalid."""
    job = await idle.order()
    assert 409 == (await idle.ask("POST", f"/v1/jobs/{job['id']}/resolve", {"resubmit": True})).status
    assert 422 == (await idle.ask("POST", f"/v1/jobs/{job['id']}/resolve", {})).status


async def test_history_tells_the_whole_story(server: Served) -> None:
    """Every event of a job's life is there, in order."""
    job = await server.made()
    told = (await server.ask("GET", f"/v1/jobs/{job['id']}/history")).json["data"]
    assert ["SubmitBegun", "Accepted", "Finished", "Stored"] == [
        e["event"] for e in told if e["event"] != "StillRunning"
    ]


async def test_a_beginning_of_an_id_names_no_job(idle: Served) -> None:
    """Over HTTP only whole ids count: a beginning would tell who is there."""
    job = await idle.order()
    got = await idle.ask("GET", f"/v1/jobs/{job['id'][:12]}")
    assert (404, "not_found") == (got.status, got.json["code"])


async def test_an_estimate_orders_nothing(idle: Served) -> None:
    """Estimating shows the calls and the price, and stores no job."""
    got = await idle.ask("POST", "/v1/estimate", WISH | {"variants": 3})
    assert (3, 3) == (got.json["estimate"]["clips"], len(got.json["calls"]))
    assert (None, 3, 3) == tuple(got.json["budget"][name] for name in ("verdict", "clips", "fit"))
    cost = Decimal(got.json["estimate"]["per_clip"])
    await idle.home.till.set_budget(str(cost * 2), period="day")
    held = (await idle.ask("POST", "/v1/estimate", WISH | {"variants": 3})).json["budget"]
    assert ("held", 2) == (held["verdict"], held["fit"])
    assert "too little is left" in held["why"][0]
    assert [] == (await idle.ask("GET", "/v1/jobs")).json["data"]


def test_everything_a_job_shows_is_documented() -> None:
    """Whatever the view of a job in any state holds stands in the API's schema, but for paths of our disk."""
    for state in STATES:
        job = make_job(state)
        assert set(view(job, lambda _: "x")) <= set(JobOut.model_fields)
        assert job.id == job_out(job, None).id


async def test_a_job_tells_what_it_costs(server: Served) -> None:
    """Nothing before it was sent, and afterwards what was settled, in the ledger's own words."""
    job = await server.made()
    told = (await server.ask("GET", f"/v1/jobs/{job['id']}")).json["cost"]
    [line] = await server.home.till.cost(job["id"])
    assert [{"currency": "CNY", "reserved": "0", "unproven": "0", "unknown": 0}] == [
        {name: one[name] for name in ("currency", "reserved", "unproven", "unknown")} for one in told
    ]
    assert f"{line.settled:f}" == told[0]["settled"] != "0"
