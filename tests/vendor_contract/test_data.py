"""Holds the data itself to account: complete, self-consistent, and independent of the package."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.vendor_contract.load import HERE, Item, groups, item, items, shapes

ALL = [each for group in groups() for each in items(group)]
VENDOR_ZONE = timezone(timedelta(hours=8))
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TASKS = [each for each in ALL if each.is_json and "task_status" in (each.body.get("output") or {})]
ENDED = [each for each in TASKS if "end_time" in each.body["output"]]
FAULTS = {"ours", "theirs", "account", "throttle", "policy", "doubt"}
BILLING = {"CommodityNotPurchased", "PrepaidBillOverdue", "PostpaidBillOverdue", "Arrearage"}


def vendor_time(text: str) -> float:
    """Seconds since the epoch of a vendor time, UTC+8 without zone."""
    return datetime.fromisoformat(text).replace(tzinfo=VENDOR_ZONE).timestamp()


def result_url(each: Item) -> str | None:
    """The result URL, wherever the body carries it."""
    output = each.body["output"]
    return output.get("video_url") or output.get("results", {}).get("video_url")


def test_ids_are_unique_and_speak_for_themselves() -> None:
    """An id names one item in all files, in lower case but for the vendor's own code names."""
    assert {} == {name: n for name, n in Counter(each.id for each in ALL).items() if n > 1}
    assert [] == [each.id for each in ALL if not re.fullmatch(r"[\w.-]+", each.id)]
    assert item("query-running") == items("queries", shape="query/RUNNING")[0]


def test_shapes_are_listed_once() -> None:
    """The hand-kept list names each shape once, with a section of the sheet and a data file that exists."""
    assert {} == {name: n for name, n in Counter(row.shape for row in shapes()).items() if n > 1}
    assert [] == [row for row in shapes() if not re.fullmatch(r"\d+(\.\d+)?", row.section)]
    assert set(groups()) == {row.group for row in shapes()}


def test_every_shape_has_data_and_all_data_a_shape() -> None:
    """A shape of the sheet without data, or data of an unknown shape, section or file, is a mistake."""
    listed = {(row.section, row.group, row.shape) for row in shapes()}
    present = {(each.section, each.group, each.shape) for each in ALL}
    assert set() == listed - present, "shapes without data"
    assert set() == present - listed, "data of unknown shape"


def test_sections_four_to_nine_are_all_there() -> None:
    """No section of the sheet that describes a body has fallen out of the list."""
    wanted = {"4.1", "4.2", "4.3", "4.4", "5.1", "5.2", "5.3", "5.4", "5.5", "6", "7", "8", "9", "10.1"}
    assert set() == wanted - {row.section for row in shapes()}


@pytest.mark.parametrize("each", ALL, ids=str)
def test_an_item_is_a_request_an_answer_or_a_url(each: Item) -> None:
    """Tags are the sheet's; a request has no status, an answer no method; something is expected of each."""
    assert each.tag in {"D", "T", "S", "I", "?"}
    assert each.note or each.group in {"usage", "errors"}
    assert each.expect
    assert each.tag != "?" or each.choice is not None, "an open question needs its answers told apart"
    kind = {"method": each.method is not None, "status": each.http_status is not None}
    assert sum(kind.values()) == 1 or (each.url is not None and not any(kind.values()))
    assert (each.method is None) == (each.path is None)
    assert each.path is None or each.group in {"events", "upload"} or each.path.startswith("/api/v1/")


def test_an_open_question_has_two_answers() -> None:
    """A question with one answer is none: both sides of what the sheet leaves open have data."""
    answers: dict[str, set[str]] = defaultdict(set)
    for each in ALL:
        if each.choice:
            answers[each.choice.question].add(each.choice.answer)
    assert len(answers) >= 9
    assert {} == {question: given for question, given in answers.items() if len(given) < 2}


def test_bodies_are_handed_out_fresh() -> None:
    """A test that changes a body or an expectation does not change it for the next."""
    first = item("create-accepted")
    first.body["output"]["task_id"] = first.expect["task_id"] = "changed"
    assert first.expect["task_id"] == item("create-accepted").body["output"]["task_id"] != "changed"


@pytest.mark.parametrize("each", [each for each in ALL if each.is_json and each.http_status], ids=str)
def test_answer_ids_are_lower_case_uuids_and_expected(each: Item) -> None:
    """Request and task ids have the vendor's form, and the expectation repeats them."""
    body, expect = each.body, each.expect
    if "error" in body:
        return
    assert UUID.fullmatch(body["request_id"])
    assert expect.get("request_id", body["request_id"]) == body["request_id"]
    task_id = body.get("output", {}).get("task_id")
    assert task_id is None or (UUID.fullmatch(task_id) and task_id == expect["task_id"])
    if body.get("code"):
        assert (expect["code"], expect["message"]) == (body["code"], body["message"])


@pytest.mark.parametrize("each", TASKS, ids=str)
def test_times_of_a_task_agree(each: Item) -> None:
    """Times run submit <= scheduled <= end, in the vendor's form; the expectation is the same instant in UTC."""
    output, expect = each.body["output"], each.expect
    told = [key for key in ("submit_time", "scheduled_time", "end_time") if key in output]
    assert all(TIME.fullmatch(output[key]) for key in told)
    instants = [vendor_time(output[key]) for key in told]
    assert sorted(instants) == instants
    if each.group not in {"create_answers", "over_limit"}:
        names = {"submit_time": "submitted_at", "scheduled_time": "scheduled_at", "end_time": "ended_at"}
        for key, name in names.items():
            assert expect[name] == (pytest.approx(vendor_time(output[key]), abs=1e-6) if key in output else None)


@pytest.mark.parametrize("each", TASKS, ids=str)
def test_a_status_has_its_fields(each: Item) -> None:
    """Fields come and go with the status as section 4.2 has it; usage stands on SUCCEEDED alone."""
    output, status = each.body["output"], each.body["output"]["task_status"]
    assert each.expect["status"] == status
    assert (status == "FAILED") == ("code" in output) == ("message" in output)
    url = result_url(each)
    if each.id != "query-succeeded-no-url":
        assert (status == "SUCCEEDED") == (url is not None) == ("usage" in each.body)
    if status in {"PENDING", "RUNNING", "UNKNOWN", "SUSPENDED"}:
        assert "end_time" not in output
    if status == "RUNNING" or url:
        assert "scheduled_time" in output
    if metrics := output.get("task_metrics"):
        assert {"total", "succeeded", "failed"} == each.expect["task_metrics"].keys()
        assert metrics == {key.upper(): value for key, value in each.expect["task_metrics"].items()}


@pytest.mark.parametrize("each", [each for each in ENDED if result_url(each)], ids=str)
def test_a_result_url_dies_a_day_after_its_task_ended(each: Item) -> None:
    """Expires is end_time + 24 h - 2 s, a second of rounding allowed; the folder is the vendor's day."""
    url = urlsplit(result_url(each) or "")
    expires = int(parse_qs(url.query)["Expires"][0])
    ended_at = vendor_time(each.body["output"]["end_time"])
    assert -3 <= expires - ended_at - 86400 <= -1
    assert each.expect["url_expires_at"] == expires
    assert each.expect["video_url"] == url.geturl()
    day = datetime.fromtimestamp(ended_at, VENDOR_ZONE).strftime("%Y%m%d")
    assert re.fullmatch(rf"/1d/[0-9a-f]{{2}}/{day}/[0-9a-f]{{8}}/[0-9a-f-]{{36}}(-\d+)?\.mp4", url.path)


@pytest.mark.parametrize("each", items("result_urls", shape="url/"), ids=str)
def test_a_url_item_says_whether_to_fetch(each: Item) -> None:
    """Allowed URLs carry their instants, and match the host pattern of section 8; the others do not."""
    host = urlsplit(each.url or "").hostname or ""
    pattern = bool(re.fullmatch(r"dashscope-[a-z0-9-]+\.oss-[a-z0-9-]+\.aliyuncs\.com", host))
    assert each.expect["host_allowed"] is pattern
    if pattern:
        assert each.expect["fetch_url"].startswith("https://")
        assert -3 <= each.expect["url_expires_at"] - each.expect["ended_at"] - 86400 <= -1


@pytest.mark.parametrize("each", [each for each in TASKS if "usage" in each.body], ids=str)
def test_billed_seconds_follow_the_rule(each: Item) -> None:
    """Billed is the first present of duration, video_duration, output_video_duration."""
    usage = each.body["usage"]
    first = next(usage[key] for key in ("duration", "video_duration", "output_video_duration") if key in usage)
    assert each.expect["billed_seconds"] == float(first) > 0


@pytest.mark.parametrize("each", items("usage"), ids=str)
def test_usage_in_plain_words_says_what_the_body_says(each: Item) -> None:
    """Tier, sides and seconds of the expectation are those of the body."""
    usage, plain = each.body["usage"], each.expect["usage"]
    assert plain.get("tier") == (f"{usage['SR']}P" if "SR" in usage else None)
    size = usage.get("size") or (usage.get("video_ratio") if "*" in usage.get("video_ratio", "") else None)
    assert size == (f"{plain['width']}*{plain['height']}" if "width" in plain else None)
    for key, name in (("audio", "audio"), ("ratio", "ratio"), ("fps", "fps"), ("video_count", "video_count")):
        assert usage.get(key) == plain.get(name)
    for key, name in (("input_video_duration", "input_seconds"), ("output_video_duration", "output_seconds")):
        assert usage.get(key) == plain.get(name)


@pytest.mark.parametrize("each", items("list", shape="list/page"), ids=str)
def test_list_rows_agree_with_their_page(each: Item) -> None:
    """Rows carry epoch milliseconds in order and no URL; the expectation is the same in seconds."""
    body = each.body
    assert len(body["data"]) == len(each.expect["rows"]) <= body["page_size"]
    assert body["total_page"] == -(-body["total"] // body["page_size"])
    for row, plain in zip(body["data"], each.expect["rows"], strict=True):
        instants = [row[key] for key in ("gmt_create", "start_time", "end_time") if key in row]
        assert sorted(instants) == instants
        assert [instant / 1000 for instant in instants] == [
            plain[name] for name in ("created_at", "started_at", "ended_at") if plain[name] is not None
        ]
        assert row["user_api_unique_key"].endswith(f":video-synthesis:{row['model_name']}")
        assert "video_url" not in row
        assert (row["task_id"], row["status"], row["model_name"]) == (plain["task_id"], plain["status"], plain["model"])


@pytest.mark.parametrize("each", items("errors"), ids=str)
def test_an_error_is_filed_under_its_code(each: Item) -> None:
    """The shape's name gives place and code; the body and the HTTP status agree with it."""
    place, name = each.shape.split(":", 1)
    code = name.split("/")[0]
    told = each.body["output"] if place == "task" else each.body
    assert re.fullmatch(re.escape(code).replace(r"\*", r"\w+"), told["code"])
    assert (each.http_status == 200) == (place == "task")
    assert each.expect["whose_fault"] in FAULTS
    assert (place == "submit") == ("submit_outcome" in each.expect)


@pytest.mark.parametrize("each", items("errors", shape="submit:"), ids=str)
def test_fault_of_a_submit_follows_from_status_and_meaning(each: Item) -> None:
    """5xx and 409 are doubt and never sent again; 429 is a throttle unless it is about the bill; and so on."""
    code, status, expect = each.body["code"], each.http_status or 0, each.expect
    blocked = "blocked" in expect
    if status >= 500 or status in {408, 409}:
        wanted = ("doubt", "doubt", "look_up")
    elif code in BILLING or status in {401, 403}:
        wanted = ("account", "refused", "no")
    elif status == 429:
        wanted = ("throttle", "refused", "back_off")
    else:
        again = code.startswith("InvalidURL") or code == "BadRequest.InputDownloadFailed"
        wanted = ("policy" if blocked else "ours", "refused", "once" if again else "no")
    assert wanted == (expect["whose_fault"], expect["submit_outcome"], expect["retry"])
    assert expect.get("alert", False) is (code in BILLING)


@pytest.mark.parametrize("each", items("errors", shape="task:"), ids=str)
def test_retry_of_a_failed_task_follows_from_the_fault(each: Item) -> None:
    """The vendor's faults and unreachable media get a new task, content blocks and our own mistakes none."""
    code, expect = each.body["output"]["code"], each.expect
    theirs = code.split(".")[0] in {"InternalError", "SystemError", "ModelServiceFailed", "RewriteFailed"}
    assert (expect["whose_fault"] == "theirs") is theirs
    assert expect["retry_task"] is (theirs or code.startswith("InvalidURL"))
    assert (expect.get("retry_with") == {"prompt_extend": False}) is (code == "RewriteFailed")
    if code == "InternalError.Timeout":
        assert expect["ended_at"] - expect["scheduled_at"] == pytest.approx(3 * 3600)


@pytest.mark.parametrize("each", items("create_requests"), ids=str)
def test_a_create_request_stands_on_the_path_of_its_model(each: Item) -> None:
    """kf2v, s2v and animate go to image2video, the rest to video-generation; all ask for an async task."""
    model = each.body["model"]
    family = "image2video" if re.search("kf2v|s2v|animate", model) else "video-generation"
    assert f"/api/v1/services/aigc/{family}/video-synthesis" == each.path
    assert (family, model) == (each.expect["path_family"], each.expect["model"])
    assert "enable" == each.headers["X-DashScope-Async"]
    assert ("oss://" in (each.text or "")) == ("X-DashScope-OssResourceResolve" in each.headers)
    assert each.expect.get("prompt", "") == each.body["input"].get("prompt", "")


def test_the_upload_form_keeps_the_order() -> None:
    """The parts stand in the SDK's order, the file last."""
    form = item("upload-form")
    names = re.findall(r'form-data; name="([^"]+)"', form.text or "")
    assert [*(name for name, _ in form.expect["fields"]), "file"] == names
    assert all(f"\r\n\r\n{value}\r\n" in (form.text or "") for _, value in form.expect["fields"])


def test_nothing_here_imports_the_package() -> None:
    """The data and its loader must not lean on the code they are to judge."""
    for path in HERE.glob("*.py"):
        names = {
            name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        }
        assert not {name for name in names if name.startswith("wanreel")}, path.name
