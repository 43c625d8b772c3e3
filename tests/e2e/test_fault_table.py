"""One request is one paid task, whatever the network and the vendor do to it; counted at the vendor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.place import client, emulator, is_kept, tasks_by_prompt
from wanreel.domain.event import Found, NotFound

ALWAYS = "always"


@dataclass(frozen=True)
class Row:
    """A fault, where the job stands afterwards, and how many tasks the vendor has by then."""

    name: str
    script: dict[str, list[dict[str, Any]]]
    state: str = "succeeded"
    paid: int = 1

    def __str__(self) -> str:
        return self.name


def submit(name: str, *faults: dict[str, Any], state: str, paid: int) -> Row:
    """A row whose fault meets the paid call."""
    return Row(f"submit {name}", {"create": list(faults)}, state, paid)


def look(name: str, **fault: Any) -> list[Row]:
    """The same fault on a query, once and nine times."""
    return [Row(f"query {name} x{times}", {"query": [{**fault, "times": times}]}) for times in (1, 9)]


def download(name: str, **fault: Any) -> Row:
    """A row whose fault meets the download."""
    return Row(f"download {name}", {"download": [fault]})


ROWS = [
    submit("answer dropped", {"fault": "drop_after"}, state="succeeded", paid=1),
    submit("answer dropped, always", {"fault": "drop_after", "times": ALWAYS}, state="succeeded", paid=1),
    submit("dropped before", {"fault": "drop_before"}, state="unconfirmed", paid=0),
    *(
        submit(
            f"{status} after accept{words}",
            {"fault": "error_after", "status": status, **more},
            state="succeeded",
            paid=1,
        )
        for status in (500, 502, 504)
        for words, more in (("", {}), (", always", {"times": ALWAYS}))
    ),
    submit("500 before accept", {"fault": "status", "status": 500}, state="unconfirmed", paid=0),
    submit("503", {"fault": "status", "status": 503}, state="unconfirmed", paid=0),
    submit("408", {"fault": "status", "status": 408, "code": "RequestTimeOut"}, state="unconfirmed", paid=0),
    submit("409", {"fault": "status", "status": 409, "code": "Conflict"}, state="unconfirmed", paid=0),
    submit("slow within patience", {"fault": "slow", "delay_s": 0.2}, state="succeeded", paid=1),
    submit("slow beyond patience", {"fault": "slow", "delay_s": 3}, state="succeeded", paid=1),
    submit("half a body", {"fault": "half_body"}, state="succeeded", paid=1),
    submit("html", {"fault": "html"}, state="unconfirmed", paid=0),
    submit("html with 200", {"fault": "html", "status": 200}, state="unconfirmed", paid=0),
    submit("empty 200", {"fault": "empty"}, state="succeeded", paid=1),
    submit("neither id nor code", {"fault": "blank"}, state="succeeded", paid=1),
    submit("200 with a code", {"fault": "top_code", "code": "InvalidParameter"}, state="failed", paid=0),
    *(
        submit(f"429 {code}", {"fault": "status", "status": 429, "code": code, "times": 3}, state="succeeded", paid=1)
        for code in ("Throttling", "Throttling.RateQuota", "Throttling.BurstRate", "Throttling.AllocationQuota")
    ),
    submit("content block", {"fault": "status", "status": 400, "code": "DataInspectionFailed"}, state="failed", paid=0),
    *look("429", fault="status", status=429, code="Throttling.RateQuota"),
    *look("500", fault="status", status=500, code="InternalError"),
    *look("503", fault="status", status=503, code="ModelUnavailable"),
    *look("html", fault="html"),
    *look("dropped", fault="drop_before"),
    *look("half a body", fault="half_body"),
    Row("query unknown once", {"query": [{"fault": "unknown"}]}),
    download("cut", fault="cut", fraction=0.5),
    download("cut late", fault="cut", fraction=0.99),
    download("500", fault="status", status=500),
    download("403", fault="status", status=403),
    download("zero bytes", fault="zero"),
    download("xml as video", fault="xml"),
    download("wrong length", fault="wrong_length"),
    Row("download down for long", {"download": [{"fault": "drop_before", "times": 6}]}),
    Row(
        "task failed by the vendor's fault",
        {"create": [{"fate": {"outcome": "failed", "code": "InternalError.Algo"}}]},
        paid=2,
    ),
    Row("output blocked", {"create": [{"fate": {"outcome": "content_block"}}]}, "failed"),
    Row("succeeded without url", {"create": [{"fate": {"outcome": "no_url"}}]}, "failed"),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_one_request_is_one_paid_task(row: Row, tmp_path: Path) -> None:
    """The fault is met, the job stands where it should, and nothing was bought twice (a FAILED task costs nothing)."""
    await _meets(row, tmp_path)


@pytest.mark.parametrize("row", [r for r in ROWS if not r.name.endswith("x9")], ids=str)
async def test_one_request_is_one_paid_task_where_the_database_is_shared(row: Row, tmp_path: Path, pg_url: str) -> None:
    """The same by a worker among others, on PostgreSQL."""
    await _meets(row, tmp_path, database_url=pg_url)


async def _meets(row: Row, tmp_path: Path, **given: Any) -> None:
    async with emulator() as emu, client(tmp_path / "home", emu.base_url, answer_timeout_s=1.0, **given) as wan:
        emu.script(row.script, account="*")
        (order,) = await wan.submit("a paper boat", model="wan2.5-t2v-preview", seed=0)
        video = await wan.wait(order.id, timeout_s=60)

        assert row.state == video.state, video.error or video.attention
        assert row.paid == emu.counters()["tasks_accepted"]
        assert {} == emu.unmet()
        if video.state == "succeeded":
            assert is_kept(video)


@pytest.mark.parametrize("row", [r for r in ROWS if r.state == "unconfirmed"], ids=str)
async def test_a_doubt_is_listed_and_a_person_ends_it_well(row: Row, tmp_path: Path) -> None:
    """Whatever is in doubt is listed with what is known; adopting or resubmitting by hand ends archived, paid once."""
    async with emulator() as emu, client(tmp_path / "home", emu.base_url, answer_timeout_s=1.0) as wan:
        emu.script(row.script, account="*")
        (order,) = await wan.submit("a paper boat", model="wan2.5-t2v-preview", seed=0)
        await wan.wait(order.id, timeout_s=60)
        (doubtful,) = await wan.list(states=["unconfirmed"])
        assert doubtful.attention or (await wan.get(doubtful.id)).attention
        emu.desk.gate.scripts.scripts.clear()

        ours = tasks_by_prompt(emu).get("a paper boat", [])
        event = Found(ours[0], "person", "seen in the console") if ours else NotFound("person", "not in the console")
        await wan.home.service.resolve(order.id, event)
        video = await wan.wait(order.id, timeout_s=60)

        assert is_kept(video)
        assert 1 == emu.counters()["tasks_accepted"]
