"""The vendor's own bodies, section by section of the fact sheet, as our wire reads and writes them."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from tests.domain.catalog_file import CATALOG
from tests.vendor_contract.load import Item, items
from wanreel.domain.event import (
    Accepted,
    CancelFailed,
    CancelRefused,
    CancelTaken,
    Finished,
    FinishedBlank,
    Lost,
    QueryFailed,
    Refused,
    StillRunning,
    TaskCancelled,
    TaskFailed,
    TaskUnknown,
)
from wanreel.domain.job import Fault
from wanreel.domain.request import Draft, Link, Media, Stored
from wanreel.domain.validate import Options, validate
from wanreel.ports.vendor import ListFailed
from wanreel.vendor.answers import cancel_answer, look_answer, submit_answer, url_expiry
from wanreel.vendor.body import build, model_of
from wanreel.vendor.listing import event_sighting, list_answer
from wanreel.vendor.words import instant

NOW = 1_800_000_000.0
ANSWERS = [i for i in items("create_answers") if i.http_status]
SUBMITS = [i for i in items("errors") if i.shape.startswith("submit:")]
OVER = items("over_limit")
TASKS = [
    i
    for group in ("queries", "usage", "errors")
    for i in items(group)
    if i.is_json and i.http_status == 200 and "task_status" in (i.body.get("output") or {})
]
REGIONS = {"wan2.6-t2v-us": "virginia", "wan2.6-i2v-us": "virginia"}


@pytest.mark.parametrize("item", [*ANSWERS, *SUBMITS, *(i for i in OVER if "submit" in i.id)], ids=str)
def test_submit_answers(item: Item) -> None:
    """A submit's answer is a yes, a no or a doubt, with the vendor's own code and words."""
    answer = submit_answer("int_1", item.http_status or 0, item.raw)
    kinds = {"accepted": Accepted, "refused": Refused, "doubt": Lost}
    assert kinds[item.expect["submit_outcome"]] is type(answer)
    if isinstance(answer, Accepted):
        assert (item.body["output"]["task_id"], item.body["request_id"]) == (answer.task_id, answer.request_id)
    if isinstance(answer, Refused):
        assert (item.body["code"], item.body["message"]) == (answer.code, answer.message)
        assert item.body["request_id"] == answer.request_id
        assert item.expect["whose_fault"] == answer.fault.value
        assert (item.expect.get("retry") == "once") == answer.again
        assert (answer.fault in (Fault.THROTTLE, Fault.ACCOUNT)) == (answer.pause.value != "none")
    if isinstance(answer, Lost) and isinstance(item.body.get("code"), str):
        assert item.body["code"] in answer.why


@pytest.mark.parametrize("item", TASKS, ids=str)
def test_query_answers(item: Item) -> None:
    """Every status of a task, every usage, every code inside a FAILED one."""
    expect, output = item.expect, item.body["output"]
    now = (expect.get("url_expires_at") or NOW) - 3600  # while the URL lives
    answer = look_answer(expect["task_id"], 200, item.raw, now)
    status = expect["status"]
    if status in ("PENDING", "RUNNING", "SUSPENDED"):
        assert StillRunning(status) == answer
    elif status == "SUCCEEDED" and expect["video_url"] is None:
        assert FinishedBlank("{}") == answer
    elif status == "SUCCEEDED":
        assert isinstance(answer, Finished)
        outcome = answer.outcome
        assert expect["video_url"] == outcome.video_url
        assert expect["url_expires_at"] == outcome.url_expires_at
        assert expect["billed_seconds"] == outcome.billed_s
        assert expect["orig_prompt"] == outcome.orig_prompt
        assert expect["actual_prompt"] == outcome.actual_prompt
        assert item.body["usage"] == json.loads(outcome.usage)
    elif status == "FAILED":
        assert isinstance(answer, TaskFailed)
        assert (output["code"], output["message"]) == (answer.code, answer.message)
        assert expect["whose_fault"] == answer.fault.value
        assert (expect.get("retry_with") == {"prompt_extend": False}) == answer.without_extend
    else:
        assert {"CANCELED": TaskCancelled(), "UNKNOWN": TaskUnknown(witnessed=False)}[status] == answer
    for name, key in (("submitted_at", "submit_time"), ("scheduled_at", "scheduled_time"), ("ended_at", "end_time")):
        assert expect[name] == (pytest.approx(instant(output[key]), abs=1e-6) if key in output else None)


@pytest.mark.parametrize(
    "item", [i for i in [*items("queries"), OVER[0]] if i.expect.get("status", 1) is None], ids=str
)
def test_queries_that_tell_nothing(item: Item) -> None:
    """An error of the query itself, whatever its status, is "not now", in the vendor's words."""
    answer = look_answer("any", item.http_status or 0, item.raw, NOW)
    assert isinstance(answer, QueryFailed)
    assert item.body["code"] in answer.why


@pytest.mark.parametrize("item", [i for i in [*items("cancel"), *OVER] if i.http_status and "cancel" in i.id], ids=str)
def test_cancel_answers(item: Item) -> None:
    """Taken, too late, or nothing known."""
    answer = cancel_answer(item.http_status or 0, item.raw)
    if item.http_status == 429:
        assert isinstance(answer, CancelFailed)
    elif item.expect["cancelled"]:
        assert CancelTaken() == answer
    else:
        assert CancelRefused(item.body["code"], item.body["message"]) == answer


@pytest.mark.parametrize("item", items("list", shape="list/page"), ids=str)
def test_list_pages(item: Item) -> None:
    """Rows and page facts, milliseconds turned into seconds."""
    page = list_answer(200, item.raw, item.expect["page_no"], date="Sun, 26 Oct 2025 09:00:00 GMT", now=NOW)
    assert item.expect["page_no"] == page.page
    assert max(item.expect["total_page"], 1) == page.pages
    assert 1_761_469_200.0 - NOW == page.skew_s
    assert [
        (row["task_id"], row["model"], row["status"], row["created_at"], row["api_key_id"], row["request_id"])
        for row in item.expect["rows"]
    ] == [(r.task_id, r.model, r.status, r.created_at, r.key_id, r.request_id) for r in page.rows]


@pytest.mark.parametrize("item", [i for i in items("events") if i.is_json], ids=str)
def test_completion_events(item: Item) -> None:
    """An event names its task, its end and its key, whoever signed it."""
    seen = event_sighting(item.raw)
    assert seen is not None
    expect = item.expect
    assert (expect["task_id"], expect["status"], expect["api_key_id"], expect["started_at"]) == (
        seen.task_id,
        seen.status,
        seen.key_id,
        seen.created_at,
    )


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b"{}", b'{"source":"acs.dashscope","type":"other","data":{}}'])
def test_anything_else_is_no_completion_event(raw: bytes) -> None:
    """Rubbish and events of other kinds speak of no task."""
    assert event_sighting(raw) is None


def test_a_list_over_its_limit_tells_nothing() -> None:
    """A refused list is "not now"."""
    over = next(i for i in OVER if i.id == "over-limit-list")
    with pytest.raises(ListFailed, match=r"Throttling\.RateQuota"):
        list_answer(over.http_status or 0, over.raw, 1, date=None, now=NOW)


@pytest.mark.parametrize("item", [i for i in items("result_urls") if i.expect.get("url_expires_at")], ids=str)
def test_signed_urls_say_when_they_die(item: Item) -> None:
    """`Expires` is read from the URL itself."""
    assert item.expect["url_expires_at"] == url_expiry(item.url or "")


OURS = [i for i in items("create_requests") if i.expect.get("sender") == "client"]


@pytest.mark.parametrize("item", OURS, ids=str)
def test_create_requests(item: Item) -> None:
    """A request that says the same is written as the fact sheet writes it: same path, same body, same headers."""
    expect, body = item.expect, item.body
    roles = ("first_frame", "last_frame") if expect["mode"] in ("t2v", "i2v", "kf2v") else ()
    media = [Media(role, _source(expect[role])) for role in roles if role in expect]
    media += [Media("audio", Link(expect[name])) for name in ("audio_url", "driving_audio") if roles and name in expect]
    given, parameters = body["input"], body.get("parameters", {})
    own = ("size", "resolution", "ratio", "seed", "prompt_extend", "watermark", "shot_type", "audio")
    draft = Draft(
        prompt=given.get("prompt"),
        model=expect["model"],
        negative_prompt=given.get("negative_prompt"),
        media=tuple(media),
        duration_s=parameters.get("duration"),
        template=given.get("template"),
        extra_input={} if roles else {k: v for k, v in given.items() if k not in ("prompt", "negative_prompt")},
        extra_parameters={k: v for k, v in parameters.items() if k not in (*own, "duration")},
        **{name: parameters.get(name) for name in own},
    )
    region = next(iter(CATALOG.resolve(expect["model"], REGIONS.get(expect["model"], "beijing")).model.regions))
    request = validate(draft, CATALOG, region, Options()).request
    outgoing = build(request, model_of(request, CATALOG, region), [_url(m, expect) for m in request.media])
    assert (item.path or "").endswith(outgoing.path)
    assert body["model"] == outgoing.body["model"]
    assert body["input"] == outgoing.body["input"]
    said = outgoing.body["parameters"]
    assert isinstance(said, dict)
    assert parameters == {name: said[name] for name in parameters}
    assert set(said) - set(parameters) <= {"size", "resolution", "ratio", "duration"}  # ours always says these
    assert ("X-DashScope-OssResourceResolve" in item.headers) == outgoing.oss


def _source(url: str) -> Link | Stored:
    """Inline data comes of a local file of ours."""
    return Stored("ab" * 32, "image/png", 8, 640, 480) if url.startswith("data:") else Link(url)


def _url(media: Media, expect: dict[str, str]) -> str:
    return media.source.url if isinstance(media.source, Link) else expect[media.role]


def test_there_is_data_for_everything_above() -> None:
    """No group has fallen empty."""
    assert len(SUBMITS) > 50
    assert len(TASKS) > 40
    assert len(OURS) >= 6
    assert all(urlsplit(i.path or "").path for i in OURS)
