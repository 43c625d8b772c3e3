"""The task list: rows, filters, window, pages, and the settings for what nobody knows."""

from typing import Any

import pytest

from tests.emulator.front_desk import FrontDesk, body_for
from wanreel.emulator.hours import local_text
from wanreel.emulator.replies import Reply


def stamp(at: float) -> str:
    """An instant as the list's bounds are written, in UTC+8."""
    return local_text(at)[:19].translate(str.maketrans("", "", "-: "))


def listed(desk: FrontDesk, **params: str) -> dict[str, Any]:
    """The body of a list."""
    reply: Reply = desk.desk.list(params, desk.headers(), desk.now)
    assert isinstance(reply.body, dict)
    return reply.body


def three(**quirks: Any) -> tuple[FrontDesk, list[str]]:
    """A desk with three tasks, ten seconds apart."""
    desk = FrontDesk(quirks=quirks)
    ids: list[str] = []
    for model in ("wan2.6-t2v", "wan2.5-t2v-preview", "wan2.6-t2v"):
        ids.append(desk.made(*body_for(model)))
        desk.wait(10)
    return desk, ids


@pytest.mark.parametrize(("order", "step"), [("newest", -1), ("oldest", 1)])
def test_order(order: str, step: int) -> None:
    """Newest first, or oldest first."""
    desk, ids = three(list_order=order)

    assert ids[::step] == [row["task_id"] for row in listed(desk)["data"]]


def test_filters() -> None:
    """By id, model, status and key; they combine."""
    desk, ids = three()
    key = listed(desk)["data"][0]["api_key_id"]

    assert [ids[1]] == [row["task_id"] for row in listed(desk, task_id=ids[1])["data"]]
    assert 2 == listed(desk, model_name="wan2.6-t2v")["total"]
    assert 0 == listed(desk, status="CANCELED")["total"]
    assert 3 == listed(desk, api_key_id=key, region="cn-beijing")["total"]
    assert 0 == listed(desk, api_key_id="1")["total"]


def test_window() -> None:
    """Bounds are UTC+8 and 24 h apart at most; without them, the last 24 h."""
    desk, ids = three()
    start = desk.now - 30

    inside = listed(desk, start_time=stamp(start + 5), end_time=stamp(start + 15))
    wide = desk.desk.list({"start_time": stamp(start - 90_000), "end_time": stamp(start)}, desk.headers(), desk.now)

    assert [ids[1]] == [row["task_id"] for row in inside["data"]]
    assert 400 == wide.status
    assert 400 == desk.desk.list({"start_time": "yesterday"}, desk.headers(), desk.now).status


@pytest.mark.parametrize(("end", "total"), [("inclusive", 1), ("exclusive", 0)])
def test_end_of_the_window(end: str, total: int) -> None:
    """Whether a task of the very end instant is in is a setting."""
    desk = FrontDesk(quirks={"list_end": end})
    desk.made()
    at = desk.now
    desk.wait(10)

    assert total == listed(desk, start_time=stamp(at - 60), end_time=stamp(at))["total"]


def test_bounds_in_utc() -> None:
    """With list_zone=utc the bounds are read as UTC."""
    desk, _ = three(list_zone="utc")
    eight_hours = 8 * 3600

    assert 0 == listed(desk, start_time=stamp(desk.now - 60), end_time=stamp(desk.now))["total"]
    utc = {"start_time": stamp(desk.now - eight_hours - 60), "end_time": stamp(desk.now - eight_hours)}
    assert 3 == listed(desk, **utc)["total"]


def test_pages() -> None:
    """Pages hold what was asked, up to the cap; past the end they are empty; nonsense is refused."""
    desk, ids = three(page_size_max=2)
    first, second, third = (listed(desk, page_no=str(number), page_size="50") for number in (1, 2, 3))

    assert (3, 2, 2) == (first["total"], first["total_page"], first["page_size"])
    assert ids[::-1] == [row["task_id"] for page in (first, second, third) for row in page["data"]]
    assert [] == third["data"]
    refused, _ = three(page_size_over="refuse")
    for params in ({"page_size": "101"}, {"page_no": "0"}, {"page_size": "x"}, {"status": "LOST"}):
        assert 400 == refused.desk.list(params, refused.headers(), refused.now).status


def test_lag() -> None:
    """With a lag neither a new task nor its new state shows at once."""
    desk = FrontDesk(quirks={"list_lag_s": 30.0})
    task_id = desk.made()
    desk.wait(29)
    hidden = listed(desk)["total"]
    desk.wait(2)
    shown = listed(desk)["data"]
    while desk.output(task_id)["task_status"] != "SUCCEEDED":
        desk.wait(1)
    behind = listed(desk)["data"][0]
    desk.wait(31)

    assert 0 == hidden
    assert [task_id] == [row["task_id"] for row in shown]
    assert "RUNNING" == behind["status"]
    assert "end_time" not in behind
    assert "SUCCEEDED" == listed(desk)["data"][0]["status"]


@pytest.mark.parametrize(("unset", "there"), [("omit", False), ("null", True)])
def test_times_not_yet_known(unset: str, there: bool) -> None:
    """A waiting row leaves them out, or has them as null."""
    desk = FrontDesk(quirks={"list_unset_times": unset})
    desk.made()
    (row,) = listed(desk)["data"]

    assert there == ("end_time" in row)
    assert isinstance(row["gmt_create"], int)
