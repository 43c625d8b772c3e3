"""Answers that are not the vendor's: rubbish of every kind becomes the safe event, and never an exception."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wanreel.domain.event import (
    Accepted,
    CancelFailed,
    CancelRefused,
    CancelTaken,
    Finished,
    FinishedBlank,
    Lost,
    Pause,
    QueryFailed,
    Refused,
    StillRunning,
    TaskCancelled,
    TaskFailed,
    TaskUnknown,
)
from wanreel.domain.job import Fault
from wanreel.ports.vendor import ListFailed, Listing
from wanreel.vendor.answers import billed_seconds, cancel_answer, look_answer, submit_answer, url_expiry
from wanreel.vendor.errors import TABLE, of_refusal, of_task
from wanreel.vendor.listing import list_answer
from wanreel.vendor.words import clean, instant, said, stamp

NOW = 1_800_000_000.0
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
YES = {"output": {"task_id": "t-1", "task_status": "PENDING"}, "request_id": "r"}


def as_bytes(body: object) -> bytes:
    """A JSON body on the wire."""
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("status", "raw"),
    [
        (200, b""),
        (200, HTML),
        (200, b"null"),
        (200, b"[]"),
        (200, b"{}"),
        (200, as_bytes(YES)[:-20]),
        (200, as_bytes({"output": None})),
        (200, as_bytes({"output": {"task_id": 7}})),
        (200, as_bytes({"output": {"task_id": ["t-1"]}})),
        (200, as_bytes({"output": {"task_id": "../../x"}})),
        (200, as_bytes({"output": {"task_id": "x" * 500}})),
        (200, as_bytes({"code": 500, "message": "no"})),
        (200, as_bytes({"code": "InternalError", "output": {"task_id": 7}})),
        (200, as_bytes(YES).replace(b'"t-1"', b"NaN")),
        (200, b"\xff\xfe" + as_bytes(YES)),
        (200, b"[" * 100_000),
        (200, b'{"output":' + b"9" * 10_000 + b"}"),
        (201, as_bytes(YES)),
        (204, b""),
        (302, as_bytes({"code": "Moved", "message": ""})),
        (400, HTML),
        (400, as_bytes({"error": {"code": "x"}})),
        (403, b"Forbidden"),
        (404, b""),
        (408, as_bytes({"code": "RequestTimeOut"})),
        (409, as_bytes({"code": "Conflict"})),
        (400, as_bytes({"code": "InvalidParameter", **YES})),
        (500, as_bytes({"code": "InternalError"})),
        (502, HTML),
        (504, b""),
        (0, b""),
        (999, as_bytes({"code": "x"})),
    ],
)
def test_anything_not_plainly_yes_or_no_is_doubt(status: int, raw: bytes) -> None:
    """A submit whose answer cannot be read may have been accepted, so it is never called refused."""
    answer = submit_answer("int_1", status, raw)
    assert isinstance(answer, Lost)
    assert f"HTTP {status}" in answer.why
    assert len(answer.why) < 1000


def test_doubt_keeps_what_could_help() -> None:
    """An id that came in an odd answer is told to the person who settles it."""
    assert "names task t-1" in submit_answer("i", 201, as_bytes(YES)).why  # type: ignore[union-attr]


@pytest.mark.parametrize("raw", [b"", HTML, as_bytes({"code": 3}), as_bytes({"code": "Throttling.New"})])
def test_any_429_is_not_now(raw: bytes) -> None:
    """Whatever else it says, a 429 bought nothing."""
    answer = submit_answer("i", 429, raw)
    assert isinstance(answer, Refused)
    assert (Fault.THROTTLE, Pause.BUSY) == (answer.fault, answer.pause)
    assert answer.code
    assert answer.message


def test_an_id_beside_a_code_is_a_yes() -> None:
    """A 200 with a task id is a paid task, whatever stands beside it."""
    answer = submit_answer("i", 200, as_bytes({**YES, "code": "Odd"}))
    assert Accepted("i", "t-1", "r") == answer


@pytest.mark.parametrize(
    ("status", "code", "fault", "pause"),
    [
        (401, "Whatever", Fault.ACCOUNT, Pause.ACCOUNT),
        (402, "Whatever", Fault.ACCOUNT, Pause.ACCOUNT),
        (403, "Whatever", Fault.ACCOUNT, Pause.MODEL),
        (422, "Whatever", Fault.OURS, Pause.NONE),
        (429, "Whatever", Fault.THROTTLE, Pause.BUSY),
        (429, "InternalError", Fault.THROTTLE, Pause.BUSY),
        (400, "invalidparameter.NEW.one", Fault.OURS, Pause.NONE),
        (400, "InternalError.New", Fault.THEIRS, Pause.NONE),
        (429, "Throttling.BurstRate", Fault.THROTTLE, Pause.BURST),
        (429, "insufficient_quota", Fault.THROTTLE, Pause.QUOTA),
        (429, "PrepaidBillOverdue", Fault.ACCOUNT, Pause.ACCOUNT),
        (403, "Model.AccessDenied", Fault.ACCOUNT, Pause.MODEL),
        (403, "AccessDenied.Unpurchased", Fault.ACCOUNT, Pause.ACCOUNT),
    ],
)
def test_refusals_are_judged_by_code_then_by_status(status: int, code: str, fault: Fault, pause: Pause) -> None:
    """A code nobody knows is judged by the class of its status."""
    verdict = of_refusal(status, code)
    assert (fault, pause) == (verdict.fault, verdict.pause)


def test_failed_tasks_with_unknown_codes_may_be_tried_once_more() -> None:
    """FAILED cost nothing, so an unknown code or none at all is taken as the vendor's fault."""
    assert Fault.THEIRS is of_task("").fault
    assert Fault.THEIRS is of_task("Brand.New").fault
    assert Fault.THEIRS is of_task("Throttling").fault
    answer = look_answer("t-1", 200, as_bytes({"output": {"task_id": "t-1", "task_status": "FAILED"}}), NOW)
    assert TaskFailed("FAILED", "the vendor gave no reason", Fault.THEIRS) == answer


def test_no_code_of_the_table_is_doubt() -> None:
    """Doubt comes of the answer's shape alone; the table is about whose fault a plain no is."""
    assert Fault.DOUBT not in {v.fault for v in TABLE.values()}
    assert all(code == code.lower() for code in TABLE)


def task(**output: object) -> bytes:
    """A query's answer about task t-1."""
    return as_bytes({"output": {"task_id": "t-1", **output}})


@pytest.mark.parametrize(
    ("status", "raw"),
    [
        (200, HTML),
        (200, b""),
        (200, task(task_status="SUCCEEDED")[:-5]),
        (200, as_bytes({"output": {"task_status": "FAILED"}})),
        (200, as_bytes({"output": {"task_id": "t-2", "task_status": "FAILED", "code": "x"}})),
        (200, task(task_status="EXPLODED")),
        (200, task(task_status=3)),
        (200, task()),
        (200, as_bytes({"code": "InternalError", "output": {"task_id": "t-1", "task_status": "FAILED"}})),
        (302, task(task_status="FAILED")),
        (401, as_bytes({"code": "InvalidApiKey"})),
        (404, as_bytes({"code": "NotFound"})),
        (429, as_bytes({"code": "Throttling"})),
        (500, task(task_status="FAILED")),
    ],
)
def test_a_look_that_tells_nothing_ends_nothing(status: int, raw: bytes) -> None:
    """Only the vendor's clear verdict on this very task ends it."""
    assert isinstance(look_answer("t-1", status, raw, NOW), QueryFailed)


@pytest.mark.parametrize(
    ("output", "url"),
    [
        ({"video_url": "https://a/b.mp4"}, "https://a/b.mp4"),
        ({"results": {"video_url": "https://a/c.mp4"}}, "https://a/c.mp4"),
        ({"results": [{"url": "https://a/d.mp4"}]}, "https://a/d.mp4"),
        ({"video_url": ""}, None),
        ({"video_url": None}, None),
        ({"video_url": 7, "results": "x"}, None),
        ({"video_url": "https://a/\nb"}, None),
        ({"video_url": "https://a/" + "b" * 9000}, None),
    ],
)
def test_where_the_url_stands(output: dict[str, object], url: str | None) -> None:
    """SUCCEEDED with a URL is finished; without a usable one it is blank, and asked again."""
    answer = look_answer("t-1", 200, task(task_status="SUCCEEDED", **output), NOW)
    if url is None:
        assert FinishedBlank("{}") == answer
    else:
        assert isinstance(answer, Finished)
        assert (url, NOW + 86_400) == (answer.outcome.video_url, answer.outcome.url_expires_at)


@pytest.mark.parametrize(
    ("usage", "seconds"),
    [
        ({"duration": 10.5, "video_duration": 1}, 10.5),
        ({"duration": "x", "video_duration": 5}, 5.0),
        ({"output_video_duration": 5}, 5.0),
        ({"duration": -1}, None),
        ({"duration": True}, None),
        ({"duration": 10**400}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_billed_seconds(usage: object, seconds: float | None) -> None:
    """The first number that is one."""
    assert seconds == billed_seconds(usage)


@pytest.mark.parametrize(
    ("url", "at"),
    [
        ("https://a/b?Expires=1786776976&Signature=x", 1_786_776_976.0),
        ("https://a/b?x-oss-date=20260814T065618Z&x-oss-expires=86400", 1_786_690_578.0 + 86_400),
        ("https://a/b?Expires=soon", None),
        ("https://a/b?Expires=99999999999999", None),
        ("https://a/b?Expires=-5", None),
        ("https://a/b", None),
        ("http://[::bad/b?Expires=1", None),
    ],
)
def test_when_a_url_dies(url: str, at: float | None) -> None:
    """Both signature generations say it; rubbish says nothing."""
    assert at == url_expiry(url)


def test_the_end_time_stands_in_for_a_missing_expiry() -> None:
    """A URL without one lives a day from the task's end."""
    ended_at = 1_768_442_654.905
    told = task(task_status="SUCCEEDED", video_url="https://a/b", end_time="2026-01-15 10:04:14.905")
    answer = look_answer("t-1", 200, told, ended_at + 100)
    assert isinstance(answer, Finished)
    assert ended_at + 86_400 == pytest.approx(answer.outcome.url_expires_at, abs=1e-6)


@pytest.mark.parametrize(
    ("query", "life_s"),
    [
        (f"Expires={NOW + 90:.0f}", 90.0),
        (f"Expires={NOW - 5:.0f}", -5.0),
        (f"Expires={NOW - 90_000:.0f}", 3_600.0),
        ("Expires=1", 3_600.0),
        ("Expires=253402300799", 7 * 86_400.0),
        ("x-oss-date=99991231T235959Z&x-oss-expires=999999999", 7 * 86_400.0),
    ],
)
def test_an_absurd_expiry_neither_loses_a_clip_nor_keeps_it_waiting_for_ever(query: str, life_s: float) -> None:
    """Handed out dead a day ago, as two clocks may disagree, or alive until the year 9999."""
    answer = look_answer("t-1", 200, task(task_status="SUCCEEDED", video_url=f"https://a/b?{query}"), NOW)
    assert isinstance(answer, Finished)
    assert NOW + life_s == answer.outcome.url_expires_at


def test_a_429_that_names_a_task_is_doubt() -> None:
    """To send that again could buy a second one."""
    raw = as_bytes({"code": "Throttling", "output": {"task_id": "t-1"}})
    answer = submit_answer("i", 429, raw)
    assert isinstance(answer, Lost)
    assert "t-1" in answer.why


def test_times_are_the_vendor_s_zone() -> None:
    """UTC+8 without saying so; a zone that is said wins; rubbish is None."""
    assert 1_768_442_654.0 == instant("2026-01-15 10:04:14")
    assert 1_768_442_654.0 == instant("2026-01-15T02:04:14+00:00")
    assert "20260115100414" == stamp(1_768_442_654.0)
    for rubbish in (None, "", "soon", 7, "9999-99-99 00:00:00", "0001-01-01 00:00:00", "x" * 50):
        assert instant(rubbish) is None


def test_words_are_kept_and_keys_are_not() -> None:
    """The vendor's words stand as they are, but bounded, storable, and without anything that looks like a key."""
    assert "task-oriented desk-lamp-with-arms-and-legs" == said("task-oriented desk-lamp-with-arms-and-legs")
    assert "key sk-… and Bearer …" == said("key sk-0123456789abcdef0123 and Bearer abcdefghijklmnop0123")
    assert 2000 == len(said("x" * 1_000_000))
    assert "a?b" == said("a\ud800\x00b")
    assert "" == said(None)
    assert "…" == clean("xyz", 1)
    lost = submit_answer("i", 500, b"Authorization: Bearer sk-0123456789abcdef0123456789")
    assert "0123456789" not in lost.why  # type: ignore[union-attr]


def page(**body: object) -> Listing:
    """A list page read."""
    return list_answer(200, as_bytes(body), 1, date=None, now=NOW)


def test_a_list_is_read_whole_or_not_at_all() -> None:
    """A row without id or time, a page without rows or page count: not read, so nothing is proven by it."""
    row = {"task_id": "t-1", "status": "RUNNING", "model_name": "m", "gmt_create": 1_745_000_000_000}
    assert 1_745_000_000.0 == page(tasks=[row], total_page=1).rows[0].created_at
    assert (
        1_745_000_000.0
        == page(data=[{"task_id": "t", "start_time": 1_745_000_000_000}], total_page=1).rows[0].created_at
    )
    assert 3 == page(data=[row], total=5, page_size=2).pages
    assert () == page(data=[], total_page=0).rows
    for body in (
        {"data": [row]},
        {"data": [{**row, "task_id": None}], "total_page": 1},
        {"data": [{**row, "gmt_create": "yesterday"}], "total_page": 1},
        {"data": ["x"], "total_page": 1},
        {"data": {}, "total_page": 1},
        {"total_page": 1},
        {"data": [row] * 1001, "total_page": 1},
        {"code": "InternalError", "data": [row], "total_page": 1},
    ):
        with pytest.raises(ListFailed):
            page(**body)


_NAMES = (
    *("output", "code", "message", "request_id", "task_id", "task_status", "video_url", "results", "usage"),
    *("duration", "data", "tasks", "total_page", "gmt_create", "end_time", "url"),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.just("t-1"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_NAMES),
            inner | st.sampled_from(["SUCCEEDED", "FAILED", "RUNNING", "UNKNOWN", "t-1", "InvalidParameter"]),
            max_size=6,
        )
    ),
    max_leaves=15,
)
_RAW = st.binary(max_size=60) | _JSON.map(lambda v: json.dumps(v).encode()) | st.text(max_size=40).map(str.encode)
_STATUS = st.sampled_from([0, 200, 201, 301, 400, 401, 403, 404, 408, 409, 429, 500, 503]) | st.integers(-5, 1000)


@given(_STATUS, _RAW)
@example(200, b'{"output":{"task_id":"t-1","task_status":"SUCCEEDED","video_url":"https://a/b"},"usage":{"x":1e999}}')
@example(200, b'{"a":' * 5000)
def test_rubbish_never_raises(status: int, raw: bytes) -> None:
    """Whatever comes down the wire, each reader answers with one of its own events."""
    submit = submit_answer("i", status, raw)
    assert isinstance(submit, Accepted | Refused | Lost)
    assert not isinstance(submit, Accepted) or status == 200
    assert not isinstance(submit, Refused) or status == 200 or 400 <= status < 500
    look = look_answer("t-1", status, raw, NOW)
    kinds = StillRunning | Finished | FinishedBlank | TaskFailed | TaskCancelled | TaskUnknown | QueryFailed
    assert isinstance(look, kinds)
    assert isinstance(look, QueryFailed) or status == 200
    assert isinstance(cancel_answer(status, raw), CancelTaken | CancelRefused | CancelFailed)
    with suppress(ListFailed):
        assert isinstance(list_answer(status, raw, 1, date=raw.decode("latin-1"), now=NOW), Listing)
