"""The emulator produces every answer of the vendor's contract data: same status, keys, types, documented words."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.caller import KEY, call, create, fetch, finished
from tests.emulator.front_desk import T2V, FrontDesk, body_for, fake_clip, region_of, t2v
from tests.vendor_contract.load import Item, items, shapes
from wanreel.emulator.accounts import Account
from wanreel.emulator.events import EventOptions, event_body
from wanreel.emulator.replies import Reply
from wanreel.emulator.server import Emulator
from wanreel.emulator.signing import SIGNED_HEADERS, Signer
from wanreel.emulator.uploads import Kept

#: Shapes a receiver must survive although the vendor's native API never sends them: the emulator has no reason to.
NEVER_SENT = {
    "create-answer/openai-wrapped",  # another host's wrapping
    "event/without-token",  # an event as an attacker, or an old rule, would send it
    "event/altered",
    "event/foreign-certificate",
    "url/stranger-host",  # addresses a client must refuse
    "url/vendor-host",  # the emulator serves results on its own host; see test_result_address
    "url/expires-arithmetic",
}

Made = tuple[int, Any]


def shape_of(value: Any) -> Any:
    """Keys and types; whole and fractional numbers are one type, None stands for any."""
    match value:
        case dict():
            return {str(key): shape_of(item) for key, item in value.items()}
        case list():
            return [shape_of(value[0])] if value else []
        case bool() | None:
            return type(value).__name__
        case int() | float():
            return "number"
        case _:
            return type(value).__name__


def whole(reply: Reply) -> Made:
    """Status and body of a reply."""
    return reply.status, reply.body


def scripted(operation: str, **instruction: Any) -> Made:
    """What a call answers under one instruction."""
    desk = FrontDesk()
    desk.desk.add_script({operation: [instruction]}, account="*")
    calls: dict[str, Callable[[], Reply]] = {
        "create": desk.create,
        "query": lambda: desk.desk.query("x", desk.headers(), desk.now),
        "list": lambda: desk.desk.list({}, desk.headers(), desk.now),
        "cancel": lambda: desk.desk.cancel("x", desk.headers(), desk.now),
    }
    made = whole(calls[operation]())
    assert {} == desk.desk.gate.scripts.unmet()
    return made


def ended(body: dict[str, Any], path: str = "video-generation", fate: Any = None, **quirks: Any) -> Made:
    """The final query of one task."""
    desk = FrontDesk(quirks=quirks, accounts=(Account(region=region_of(body["model"])),))
    if fate:
        desk.desk.add_script({"create": [{"fate": fate}]}, account="*")
    return 200, desk.finish(desk.made(body, path))


def during(status: str, body: dict[str, Any] = T2V, path: str = "video-generation", **quirks: Any) -> Made:
    """A query while the task is in a state."""
    desk = FrontDesk(quirks=quirks)
    task_id = desk.made(body, path)
    while desk.output(task_id)["task_status"] != status:
        desk.wait(1)
    return 200, desk.query(task_id)


def canceled(**quirks: Any) -> Made:
    """A query of a canceled task."""
    desk = FrontDesk(quirks=quirks)
    task_id = desk.made()
    desk.wait(0.001)
    desk.desk.cancel(task_id, desk.headers(), desk.now)
    return 200, desk.query(task_id)


def picked_up() -> Made:
    """A query that still says PENDING although the task was picked up."""
    desk = FrontDesk(quirks={"picked_up_s": 30.0})
    task_id = desk.made()
    while "scheduled_time" not in desk.output(task_id):
        desk.wait(1)
    return 200, desk.query(task_id)


def overrun(operation: str) -> Made:
    """The 21st call within a second."""
    desk = FrontDesk()
    calls: dict[str, Callable[[], Reply]] = {
        "query": lambda: desk.desk.query("x", desk.headers(), desk.now),
        "list": lambda: desk.desk.list({}, desk.headers(), desk.now),
        "cancel": lambda: desk.desk.cancel("x", desk.headers(), desk.now),
    }
    return whole([calls[operation]() for _ in range(21)][-1])


def sixth(over_limit: str) -> Made:
    """One task more than may run."""
    desk = FrontDesk(quirks={"over_limit": over_limit}, accounts=(Account(submit_rate=0),))
    return whole([desk.create() for _ in range(6)][-1])


def listed(count: int, *, wait_s: float = 7200, **params: str) -> Made:
    """A page of the list."""
    desk = FrontDesk()
    for number in range(count):
        desk.made(*body_for("wanx2.1-kf2v-plus" if number % 2 else "wan2.6-t2v"))
    desk.wait(wait_s)
    return whole(desk.desk.list(params, desk.headers(), desk.now))


def query_headers(**headers: str) -> Made:
    """A query with other headers."""
    desk = FrontDesk()
    return whole(desk.desk.query("x", {**desk.headers(), **headers}, desk.now))


def cancelled_reply() -> Made:
    """The answer to a cancel in time."""
    desk = FrontDesk()
    return whole(desk.desk.cancel(desk.made(), desk.headers(), desk.now))


def limits() -> Made:
    """The quota page."""
    desk = FrontDesk()
    params = {"page_no": "1", "page_size": "10", "model": "wan2.6-i2v-flash"}
    return whole(desk.desk.limits(params, desk.headers(), desk.now))


def policy() -> Made:
    """An upload policy."""
    desk = FrontDesk()
    params = {"action": "getPolicy", "model": "wan2.5-i2v-preview"}
    return whole(desk.desk.policy(params, desk.headers(), desk.now))


def suspended() -> Made:
    """A status word only the SDK knows, on request."""
    desk = FrontDesk()
    task_id = desk.made()
    desk.desk.add_script({"query": [{"fault": "unknown", "code": "SUSPENDED"}]}, account="*")
    return 200, desk.query(task_id)


KF2V = body_for("wan2.2-kf2v-flash")
ANIMATE = body_for("wan2.2-animate-mix")
MADE: dict[str, Callable[[], Made]] = {
    "create-accepted": lambda: whole(FrontDesk().create()),
    "create-rejected-401": lambda: whole(FrontDesk().desk.create("video-generation", {}, T2V, 0.0)),
    "create-rejected-400": lambda: whole(FrontDesk().create({**T2V, "input": {}})),
    "create-server-error-500": lambda: scripted("create", fault="status", status=500),
    "create-200-with-code": lambda: scripted("create", fault="top_code"),
    "create-200-with-empty-code": lambda: whole(FrontDesk(quirks={"empty_code": True}).create()),
    "query-async-header-refused": lambda: query_headers(**{"X-DashScope-Async": "enable"}),
    "query-pending": lambda: during("PENDING"),
    "query-pending-picked-up": picked_up,
    "query-running": lambda: during("RUNNING"),
    "query-running-task-metrics": lambda: during("RUNNING", *KF2V),
    "query-succeeded": lambda: ended(T2V),
    "query-succeeded-actual-prompt": lambda: ended(*body_for("wan2.2-t2v-plus")),
    "query-succeeded-prompt-not-extended": lambda: ended(*body_for("wan2.2-t2v-plus", prompt_extend=False)),
    "query-succeeded-no-actual-prompt-3.0": lambda: ended(*body_for("wan3.0-video")),
    "query-succeeded-actual-prompt-3.0": lambda: ended(*body_for("wan3.0-video"), actual_prompt_30=True),
    "query-succeeded-task-metrics": lambda: ended(*KF2V),
    "query-succeeded-no-task-metrics": lambda: ended(*KF2V, task_metrics="never"),
    "query-succeeded-results-object": lambda: ended(*ANIMATE),
    "query-succeeded-no-url": lambda: ended(T2V, fate={"outcome": "no_url"}),
    "query-failed": lambda: ended(t2v(size="1*1"), failed_times=False),
    "query-failed-times": lambda: ended(t2v(size="1*1")),
    "query-failed-deadline": lambda: ended(T2V, fate={"outcome": "stuck"}),
    "query-canceled": lambda: canceled(canceled_times=False),
    "query-canceled-times": canceled,
    "query-unknown": query_headers,
    "query-suspended": suspended,
    "query-http-401": lambda: query_headers(Authorization="Bearer nonsense"),
    "query-http-500": lambda: scripted("query", fault="status", status=500),
    "query-http-503": lambda: scripted("query", fault="status", status=503),
    "query-200-with-code": lambda: scripted("query", fault="top_code"),
    "cancel-done": cancelled_reply,
    "cancel-too-late": lambda: whole(FrontDesk().desk.cancel("x", FrontDesk().headers(), 0.0)),
    "list-page": lambda: listed(2),
    "list-page-of-several": lambda: listed(3, page_no="2", page_size="1"),
    "list-page-unfinished": lambda: listed(1, wait_s=0.001),
    "list-page-empty": lambda: listed(0),
    "over-limit-query": lambda: overrun("query"),
    "over-limit-list": lambda: overrun("list"),
    "over-limit-cancel": lambda: overrun("cancel"),
    "over-limit-submit-rejected": lambda: sixth("reject"),
    "over-limit-submit-queued": lambda: sixth("queue"),
    "limits-answer": limits,
    "limits-answer-paged": limits,
    "upload-policy": policy,
}


ANSWERS = [
    item
    for group in ("create_answers", "queries", "cancel", "list", "over_limit", "limits")
    for item in items(group)
    if item.http_status is not None and item.shape not in NEVER_SENT
]


def compatible(expected: Any, got: Any) -> None:
    """Same keys all the way down; None fits any type, and a list is judged by its first row."""
    if isinstance(expected, dict) and isinstance(got, dict):
        assert set(expected) == set(got)
        for key in expected:
            compatible(expected[key], got[key])
    elif isinstance(expected, list) and isinstance(got, list):
        assert bool(expected) == bool(got)
        if expected:
            compatible(expected[0], got[0])
    elif expected != "NoneType" and got != "NoneType":
        assert expected == got


def test_every_shape_is_answered_for() -> None:
    """A shape of the contract that no test here covers fails."""
    covered = {item.shape for item in ANSWERS}
    covered |= {item.shape for group in ("errors", "usage", "upload", "create_requests") for item in items(group)}
    covered |= {"query/request", "cancel/request", "list/request", "list/request-no-slash", "list/request-filters"}
    covered |= {"limits/request", "url/plain-http", "result/whole", "result/range", "result/head-refused"}
    covered |= {"result/expired", "result/gone", "result/bad-signature"}
    covered |= {"event/succeeded", "event/failed", "event/duplicate", "event/certificate"}

    assert set() == {shape.shape for shape in shapes()} - covered - NEVER_SENT
    assert {item.id for item in ANSWERS} <= set(MADE)


@pytest.mark.parametrize("item", ANSWERS, ids=str)
def test_answers(item: Item) -> None:
    """Status, keys and types of every documented answer; its words where they are documented."""
    status, body = MADE[item.id]()
    expected = item.body
    if item.id == "limits-answer":  # the sheet's own sample, without the paging and usage fields others have seen
        body["output"] = {"quotas": body["output"]["quotas"]}
        for limit in (row[name] for row in body["output"]["quotas"] for name in ("model_limit", "workspace_limit")):
            del limit["usage_limit_field"], limit["usage_limit_period"]
    if item.id == "query-suspended":  # only the word is known, not what comes with it
        expected["output"].pop("submit_time")

    assert item.http_status == status
    compatible(shape_of(expected), shape_of(body))
    if "output" in expected and "task_status" in expected["output"]:
        assert expected["output"]["task_status"] == body["output"]["task_status"]
    if item.group in ("cancel", "over_limit") and "code" in expected:
        assert (expected["code"], expected["message"]) == (body["code"], body["message"])


@pytest.mark.parametrize("item", items("usage"), ids=str)
def test_usage(item: Item) -> None:
    """The usage of each model family, key for key; figure for figure where the request decides them."""
    model, sample = item.expect["model"], item.body["usage"]
    parameters: dict[str, Any] = {"seed": 1}
    size = sample.get("size") or sample.get("video_ratio")
    if size and "*" in size:
        parameters["size"] = size
    if "SR" in sample:
        parameters["resolution"] = f"{sample['SR']}P"
    seconds = sample.get("output_video_duration") or sample.get("duration") or sample.get("video_duration")
    if float(seconds).is_integer():
        parameters["duration"] = int(seconds)
    for name in ("ratio", "audio"):
        if name in sample:
            parameters[name] = sample[name]
    if sample.get("video_ratio") == "pro":
        parameters["mode"] = "wan-pro"
    body, path = body_for(model, **parameters)
    if sample.get("input_video_duration") == 5:
        body["input"] = {"prompt": "x", "media": [{"type": "reference_video", "url": "https://m.example/v.mp4"}]}
    quirks: dict[str, Any] = {"task_metrics": "never"}
    if item.choice is not None:
        name = "s2v_url" if "s2v" in item.choice.question else "usage_25"
        quirks[name] = item.choice.answer

    _, got = ended(body, path, **quirks)

    assert "SUCCEEDED" == got["output"]["task_status"]
    assert set(item.body["output"]) == set(got["output"])
    if "s2v" in item.id:  # as long as its sound, which nobody measures here
        assert shape_of(sample) == shape_of(got["usage"])
        assert sample["SR"] == got["usage"]["SR"]
    else:
        assert sample == got["usage"]
    if model == "wan2.6-t2v":
        assert isinstance(got["usage"]["duration"], float)


@pytest.mark.parametrize("item", items("errors"), ids=str)
def test_errors(item: Item) -> None:
    """Every code of the error table, at submit, in a task or on the task calls; documented words to the letter."""
    where, _, what = item.shape.partition(":")
    code = item.expect["code"]
    message = item.expect["message"]
    if (natural := NATURAL.get(item.shape) or NATURAL.get(what)) is not None:
        status, body = natural()
    elif where == "task":
        fate = {"outcome": "failed", "code": code}
        if "output" in what or not item.expect["message_documented"]:
            fate["message"] = message
        status, body = ended(T2V, fate=fate)
    else:
        words = {} if item.expect["message_documented"] else {"message": message}
        operation = {"submit": "create", "tasks": "list", "cancel": "cancel"}[where]
        extra = {} if code in KNOWN else {"status": item.http_status}
        status, body = scripted(operation, fault="status", code=code, **words, **extra)

    said = body["output"] if where == "task" else body
    assert item.http_status == status
    assert code == said["code"]
    if item.expect["message_documented"]:
        assert message == said["message"]
    assert set(item.body) == set(body)


KNOWN = {
    item.expect["code"]
    for item in items("errors")
    if "*" not in item.shape and item.expect["code"] != "Throttling.Concurrent"  # the article's own invention
}
NATURAL: dict[str, Callable[[], Made]] = {
    "InvalidApiKey/missing": lambda: whole(FrontDesk().desk.create("video-generation", {}, T2V, 0.0)),
    "InvalidApiKey/bad": lambda: whole(
        FrontDesk().desk.create("video-generation", {"authorization": "Bearer nonsense"}, T2V, 0.0)
    ),
    "InvalidParameter/url-error": lambda: whole(FrontDesk().create(T2V, "image2video")),
    "InvalidParameter/model-not-exist": lambda: whole(FrontDesk().create({**T2V, "model": "wan2.5-t2v-plus"})),
    "AccessDenied/sync-call": lambda: whole(
        FrontDesk().desk.create("video-generation", FrontDesk().headers(), T2V, 0.0)
    ),
    "ModelNotFound": lambda: whole(FrontDesk(quirks={"unknown_model": "404"}).create({**T2V, "model": "x"})),
    "task:InvalidParameter/size": lambda: ended(t2v(size="1024*1024")),
    "submit:InvalidParameter/size": lambda: whole(
        FrontDesk(quirks={"value_checks": "submit"}).create(t2v(size="1024*1024"))
    ),
}


@pytest.mark.parametrize("item", items("create_requests"), ids=str)
def test_accepts_every_documented_request(item: Item) -> None:
    """Each documented create is accepted, and comes out in the size and length it asks for."""
    desk = FrontDesk(accounts=(Account(region=region_of(item.expect["model"])),))
    if "oss_resolve" in item.expect:
        key = item.expect["first_frame"].removeprefix("oss://")
        desk.desk.ledger.kept[key] = Kept(key, "default", item.expect["model"], desk.now + 60, "0" * 64)
    family = re.sub(r"^.*/aigc/([^/]+)/.*$", r"\1", item.path or "")

    reply = desk.desk.create(family, item.headers, item.raw, desk.now)

    assert 200 == reply.status, reply.body
    (task,) = desk.desk.tasks(desk.now)
    assert "" == task.code, task.message
    for name in ("width", "height", "duration_s"):
        if item.expect.get(name):
            assert item.expect[name] == getattr(task.shot, name)


REQUESTS = [
    item
    for group in ("queries", "cancel", "list", "limits", "upload")
    for item in items(group)
    if item.method and item.path and item.path.startswith("/api/v1/")
]


@pytest.mark.parametrize("item", REQUESTS, ids=str)
async def test_other_requests_find_their_route(emulator: Emulator, item: Item) -> None:
    """Query, cancel, list, limits and policy requests are understood as they are written."""
    path = (item.path or "").removeprefix("/api/v1")
    query = "&".join(f"{name}={value}" for name, value in item.query.items())

    status, body = await call(emulator, item.method or "", f"{path}?{query}", headers=dict(KEY))

    expected = {"cancel-request": (400, "UnsupportedOperation"), "list-request-filters": (200, None)}
    assert expected.get(item.id, (200, None)) == (status, body.get("code"))


async def test_result_answers() -> None:
    """A result whole, in part, by HEAD, forged, expired and gone: status, headers and XML of the contract."""
    by_id = {item.id: item for item in items("result_urls")}
    async with Emulator(virtual=True, seed=1, render=fake_clip) as emulator:
        url = (await finished(emulator))["output"]["video_url"]
        key, query = url.split("?")
        got = {
            "result-whole": await fetch(url),
            "result-range": await fetch(url, range="bytes=0-1023"),
            "result-head-refused": await fetch(url, "HEAD"),
            "result-bad-signature": await fetch(url[:-3] + "AAA"),
        }
        emulator.advance(86_450)
        got["result-expired"] = await fetch(url)
    async with Emulator(virtual=True, seed=1, render=fake_clip, quirks={"keep_s": 7200.0}) as emulator:
        url = (await finished(emulator))["output"]["video_url"]
        emulator.advance(7200)
        got["result-gone"] = await fetch(url)

    assert re.search(r"/1d/[0-9a-f]{2}/\d{8}/[0-9a-f]{8}/[0-9a-f-]{36}\.mp4$", key)
    assert re.fullmatch(r"Expires=\d+&OSSAccessKeyId=\w+&Signature=[\w%]+", query)
    for name, (status, data, headers) in got.items():
        item = by_id[name]
        assert item.http_status == status, name
        for header, value in item.headers.items():
            assert header.lower() in headers, name
            if header in ("Accept-Ranges", "Content-Type"):
                assert value == headers[header.lower()], name
        for tag in ("Code", "Message"):
            expected = re.search(f"<{tag}>(.*)</{tag}>", item.text or "")
            if expected:
                assert expected[0].encode() in data, name
        for tag in ("Expires", "ServerTime", "RequestId", "HostId"):
            assert (f"<{tag}>" in (item.text or "")) == (f"<{tag}>".encode() in data), name


async def test_result_expires_a_day_after_the_end(emulator: Emulator) -> None:
    """``Expires`` is the end plus 24 h less about 2 s, and asking again does not move it."""
    body = await finished(emulator)
    (task,) = emulator.desk.tasks(emulator.clock.now())
    emulator.advance(600)
    _, again = await call(emulator, "GET", f"/tasks/{task.id}")

    expires = int(body["output"]["video_url"].split("Expires=")[1].split("&")[0])
    assert 86_396 <= expires - (task.end_at or 0) <= 86_400
    assert body["output"]["video_url"] == again["output"]["video_url"]


EVENTS = [item for item in items("events") if item.shape not in NEVER_SENT]


@pytest.mark.parametrize("item", EVENTS, ids=str)
def test_events(item: Item) -> None:
    """The event of a finished and of a failed task has the documented keys, types and signature headers."""
    signer = Signer(1_780_000_000.0)
    if item.shape == "event/certificate":
        assert signer.certificate_pem.startswith(b"-----BEGIN CERTIFICATE-----\n")
        return
    desk = FrontDesk()
    failed = item.expect["status"] == "FAILED"
    task = desk.desk.ledger.tasks[desk.made(t2v(size="1*1") if failed else T2V)]
    desk.finish(task.id)

    body = event_body(task, Account())

    sample = item.body
    assert shape_of(sample) == shape_of(body)
    assert list(sample) == list(body)
    assert list(sample["data"]) == list(body["data"])
    for name in ("specversion", "source", "type", "datacontenttype", "aliyuneventbusname"):
        assert sample[name] == body[name]
    assert item.expect["status"] == body["data"]["task_status"]
    headers = signer.headers("http://127.0.0.1/", b"{}", desk.now, "u", EventOptions("http://127.0.0.1/").token)
    assert (
        {name.lower() for name in item.headers}
        == set(headers)
        == {
            "content-type",
            *SIGNED_HEADERS,
            "x-eventbridge-signature-v2",
        }
    )


async def test_create_over_http(emulator: Emulator) -> None:
    """The accepted answer over HTTP is the one of the contract."""
    status, body = await create(emulator)

    assert 200 == status
    assert shape_of(items("create_answers")[0].body) == shape_of(body)
