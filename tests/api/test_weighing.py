"""Tests of what a body weighs: its parts are counted as it comes, and who sends a large one is looked at first."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.served import WISH, Served, served
from tests.api.test_tokens import bearer
from wanreel.api.guard import STRANGER_BYTES_MAX
from wanreel.api.weighing import PARTS_MAX, Scales

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def parts_of(value: object) -> int:
    """The same count, of what a body means."""
    match value:
        case str():
            return 1
        case list():
            inner: list[object] = value
            return 1 + max(0, len(inner) - 1) + sum(map(parts_of, inner))
        case dict():
            fields: dict[str, object] = value
            return 1 + max(0, len(fields) - 1) + sum(1 + parts_of(one) for one in fields.values())
        case _:
            return 0


@given(VALUES, st.integers(1, 9), st.booleans())
def test_parts_are_counted_however_a_body_is_cut(value: object, size: int, plain: bool) -> None:
    """Signs inside texts are none, whatever is escaped and wherever a piece ends."""
    body = json.dumps(value, ensure_ascii=plain).encode("utf-8", "surrogatepass")
    scales = Scales()
    for at in range(0, len(body), size):
        scales.take(body[at : at + size])
    assert parts_of(value) == scales.parts


BOMBS = {
    "objects": b'{"prompt":"x","extra_input":{"a":[' + b"{}," * PARTS_MAX + b"1]}}",
    "fields": b'{"prompt":"x"' + b"".join(b',"u%d":1' % number for number in range(PARTS_MAX)) + b"}",
    "texts": b'{"prompt":"x","tags":[' + b'"a",' * PARTS_MAX + b'"b"]}',
    "behind an escaped quote": b'{"prompt":"\\\\\\"","extra_input":{"a":[' + b"{}," * PARTS_MAX + b"1]}}",
    "in utf-16": ('{"prompt":"\\"","extra_input":{"a":[' + "{}," * 20_000 + "1]}}").encode("utf-16"),
}
CREATE = "/api/v1/services/aigc/video-generation/video-synthesis"


@pytest.mark.parametrize("what", BOMBS)
async def test_a_body_of_many_parts_is_not_read(idle: Served, what: str) -> None:
    """A few megabytes that would be gigabytes of values are refused while they come, on every face."""
    for path, kind in (("/v1/jobs", "application/json"), ("/v1/videos", "application/json"), (CREATE, "text/plain")):
        told = {"content-type": kind, "x-dashscope-async": "enable"}
        async with idle.session.post(idle.url + path, data=io.BytesIO(BOMBS[what]), headers=told) as got:
            assert (400 if "utf-16" in what else 413) == got.status, (path, await got.text())


async def test_a_picture_inline_is_one_part(idle: Served) -> None:
    """What is large and simple is read."""
    order = WISH | {"name": "x", "first_frame": "data:image/png;base64," + "A" * 900_000}
    assert "first_frame" in json.dumps((await idle.ask("POST", "/v1/jobs", order)).json["problems"])


async def test_a_stranger_sends_no_large_body(tmp_path: Path) -> None:
    """Once there are tokens, who sends more than a little is looked at before the rest is read."""
    async with served(tmp_path / "home", None, works=False) as it:
        mine = await bearer(it, "films", "submit")
        host, port = it.url.removeprefix("http://").split(":")
        for authorization in (b"", b"Authorization: Bearer wr_wrong\r\n"):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(
                b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + authorization
                + b"Content-Length: 60000000\r\n\r\n"
                + b"x" * (STRANGER_BYTES_MAX + 1)
            )
            async with asyncio.timeout(20):
                assert b"401" in await reader.readline(), "without waiting for the rest"
            writer.close()
        order = WISH | {"extra_input": {"notes": "x" * STRANGER_BYTES_MAX}}
        got = await it.ask("POST", "/v1/jobs", order, authorization=mine)
        assert "extra_input" in json.dumps(got.json), "read, and judged"


async def test_many_mistakes_are_told_in_part(idle: Served) -> None:
    """An answer stays short however much is wrong."""
    got = await idle.ask("POST", "/v1/jobs", {f"field{number}": 1 for number in range(5000)})
    problems = got.json["problems"]
    assert (422, 101, "and 4900 more like these") == (got.status, len(problems), problems[-1]["message"])


async def test_a_batch_makes_so_many_clips(idle: Served) -> None:
    """Variants count: a short body must not be a hundred thousand jobs."""
    got = await idle.ask("POST", "/v1/groups", {"orders": [WISH | {"variants": 100}] * 51})
    assert (422, ["orders"]) == (got.status, [p["field"] for p in got.json["problems"]])
    assert [] == (await idle.ask("GET", "/v1/jobs")).json["data"]
