"""The vendor's calls one by one, in virtual time."""

import re
from typing import Any

import pytest

from tests.emulator.front_desk import T2V, FrontDesk, t2v
from wanreel.emulator.accounts import Account
from wanreel.emulator.replies import Reply

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def error(reply: Reply) -> tuple[int, str, str]:
    """Status, code and message of a refusal."""
    assert isinstance(reply.body, dict)
    assert {"code", "message", "request_id"} == set(reply.body)
    return reply.status, reply.body["code"], reply.body["message"]


def test_accepts_a_task(desk: FrontDesk) -> None:
    """A good submit answers 200 with a pending task and lower-case UUIDs."""
    reply = desk.create()

    assert isinstance(reply.body, dict)
    assert 200 == reply.status
    assert {"output", "request_id"} == set(reply.body)
    assert {"task_status": "PENDING", "task_id": reply.body["output"]["task_id"]} == reply.body["output"]
    assert UUID.fullmatch(reply.body["output"]["task_id"])
    assert UUID.fullmatch(reply.body["request_id"])


def test_life_of_a_task(desk: FrontDesk) -> None:
    """Pending, running, succeeded: each state shows its own fields and no others."""
    task_id = desk.made()
    pending = desk.output(task_id)
    desk.desk.advance(desk.now)
    while desk.output(task_id)["task_status"] == "PENDING":
        desk.wait(1)
    running = desk.output(task_id)
    body = desk.finish(task_id)

    assert ["task_id", "task_status", "submit_time"] == list(pending)
    assert ["task_id", "task_status", "submit_time", "scheduled_time"] == list(running)
    done = body["output"]
    assert "SUCCEEDED" == done["task_status"]
    assert {*running, "end_time", "orig_prompt", "video_url"} == set(done)
    assert T2V["input"]["prompt"] == done["orig_prompt"]
    assert "2026-05-29 04:26:40.000" == done["submit_time"]
    assert 5.0 == body["usage"]["duration"]
    assert isinstance(body["usage"]["duration"], float)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Authorization": ""}, (401, "InvalidApiKey", "No API-key provided.")),
        ({"Authorization": "Bearer nonsense"}, (401, "InvalidApiKey", "Invalid API-key provided.")),
        (
            {"X-DashScope-Async": ""},
            (403, "AccessDenied", "current user api does not support synchronous calls"),
        ),
    ],
)
def test_refuses_by_header(desk: FrontDesk, change: dict[str, str], expected: tuple[int, str, str]) -> None:
    """Key first, then the async header, each in the vendor's words."""
    headers = {**desk.headers(), "X-DashScope-Async": "enable", **change}

    assert expected == error(desk.desk.create("video-generation", headers, T2V, desk.now))


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        (b"{not json", "video-generation", (400, "BadRequest.IllegalInput")),
        ({"input": {}}, "video-generation", (400, "BadRequest.EmptyModel")),
        ({"model": "wan2.5-t2v-plus", "input": {"prompt": "x"}}, "video-generation", (400, "InvalidParameter")),
        ({"model": "wan2.6-t2v"}, "video-generation", (400, "BadRequest.EmptyInput")),
        ({"model": "wan2.6-t2v", "input": {}}, "video-generation", (400, "InvalidParameter")),
        (t2v(duration=5.5), "video-generation", (400, "InvalidParameter")),
    ],
)
def test_refuses_by_body(desk: FrontDesk, body: Any, path: str, expected: tuple[int, str]) -> None:
    """The cheap checks of a submit refuse at once."""
    assert expected == error(desk.create(body, path))[:2]


@pytest.mark.parametrize(("model", "path"), [("wan2.2-kf2v-flash", "video-generation"), ("wan2.6-t2v", "image2video")])
def test_wrong_pairing(desk: FrontDesk, model: str, path: str) -> None:
    """A model on the other path meets the vendor's url error."""
    body = {"model": model, "input": {"prompt": "x"}}

    assert (400, "InvalidParameter", "url error, please check url！") == error(desk.create(body, path))


def test_order_of_checks(desk: FrontDesk) -> None:
    """Key, async header, JSON, model, path, inputs: the first that fails speaks."""
    bare: dict[str, str] = {}
    keyed = desk.headers()
    whole = {**keyed, "X-DashScope-Async": "enable"}
    steps = [
        (bare, b"{", "image2video"),
        (keyed, b"{", "image2video"),
        (whole, b"{", "image2video"),
        (whole, {"model": "nobody", "input": {}}, "image2video"),
        (whole, {"model": "wan2.6-t2v", "input": {}}, "image2video"),
        (whole, {"model": "wan2.6-t2v", "input": {}}, "video-generation"),
    ]

    said = [error(desk.desk.create(path, headers, body, desk.now))[2] for headers, body, path in steps]

    assert [
        "No API-key provided.",
        "current user api does not support synchronous calls",
        "The input parameter requires json format.",
        "Model not exist.",
        "url error, please check url！",
        "Required parameter(s) missing or invalid, please check the request parameters.",
    ] == said


def test_wrong_value_fails_the_task(desk: FrontDesk) -> None:
    """A size outside the closed list is accepted and fails, as the documented sample does."""
    body = desk.finish(desk.made(t2v(size="1024*1024")))

    assert "FAILED" == body["output"]["task_status"]
    assert ("InvalidParameter", "The size is not match 1024*1024") == (
        body["output"]["code"],
        body["output"]["message"],
    )
    assert "usage" not in body


def test_wrong_value_can_refuse_the_submit() -> None:
    """With value_checks=submit the same size is refused at once."""
    desk = FrontDesk(quirks={"value_checks": "submit"})

    assert (400, "InvalidParameter") == error(desk.create(t2v(size="1024*1024")))[:2]


def test_unknown_keys_are_ignored(desk: FrontDesk) -> None:
    """What the SDK adds on its own does no harm."""
    body = {
        **T2V,
        "input": {**T2V["input"], "extend_prompt": True, "function": "video-synthesis"},
        "parameters": {**T2V["parameters"], "image_url": "x", "anything": [1]},
        "extra": 1,
    }

    assert 200 == desk.create(body).status


def test_strangers_see_unknown() -> None:
    """Another account's task, and a task that never was, are UNKNOWN with 200."""
    desk = FrontDesk(accounts=(Account("one", keys=("sk-1",)), Account("two", keys=("sk-2",))))
    task_id = desk.made(key="sk-1")

    assert "PENDING" == desk.query(task_id, key="sk-1")["output"]["task_status"]
    assert {"task_id": task_id, "task_status": "UNKNOWN"} == desk.query(task_id, key="sk-2")["output"]
    assert {"task_id": "nobody", "task_status": "UNKNOWN"} == desk.query("nobody", key="sk-2")["output"]
    assert [] == desk.rows(key="sk-2")


def test_forgotten_after_a_day(desk: FrontDesk) -> None:
    """A task is UNKNOWN 24 h after its end, and gone from the list."""
    task_id = desk.made()
    desk.finish(task_id)
    desk.wait(86_400)

    assert "UNKNOWN" == desk.output(task_id)["task_status"]
    assert [] == desk.rows()


def test_cancel_only_while_pending(desk: FrontDesk) -> None:
    """A pending task is canceled; a running, a canceled and an unknown one are not."""
    waiting, running = desk.made(), desk.made()
    cancelled = desk.desk.cancel(waiting, desk.headers(), desk.now)
    assert {"request_id"} == set(cancelled.body)
    assert 200 == cancelled.status
    assert "CANCELED" == desk.output(waiting)["task_status"]
    while desk.output(running)["task_status"] == "PENDING":
        desk.wait(1)

    words = "Failed to cancel the task, please confirm if the task is in PENDING status."
    for task_id in (waiting, running, "nobody"):
        assert (400, "UnsupportedOperation", words) == error(desk.desk.cancel(task_id, desk.headers(), desk.now))
    assert 1 == desk.desk.figures(desk.now)["tasks_canceled"]


def test_figures(desk: FrontDesk) -> None:
    """Tasks, paid seconds and calls are counted; a failed task costs nothing."""
    desk.finish(desk.made(t2v(duration=10)))
    desk.finish(desk.made(t2v(size="1*1")))

    figures = desk.desk.figures(desk.now)

    assert (2, 1, 1) == (figures["tasks_accepted"], figures["tasks_succeeded"], figures["tasks_failed"])
    assert 10.0 == figures["paid_seconds"] == figures["accounts"]["default"]["paid_seconds"]
    assert 2 == figures["requests"]["create"] == figures["answers"]["create.200"]


def test_same_seed_same_answers() -> None:
    """Two desks with one seed say the same, ids and times included."""

    def run(seed: int) -> list[Any]:
        desk = FrontDesk(seed)
        ids = [desk.made() for _ in range(3)]
        return [desk.finish(task_id) for task_id in ids]

    assert run(1) == run(1)
    assert run(1) != run(2)
