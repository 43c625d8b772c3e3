"""Whatever a client sends, the desk answers in the vendor's shape and never breaks."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.front_desk import FrontDesk
from wanreel.emulator.catalog import catalog

NAMES = st.sampled_from(
    [
        *("model", "input", "parameters", "prompt", "img_url", "media", "type", "url", "size", "resolution", "ratio"),
        *("duration", "seed", "audio", "first_frame_url", "last_frame_url", "reference_urls", "mode", "template"),
    ]
)
WORDS = st.one_of(
    st.text(max_size=8),
    st.sampled_from([*catalog().models, "720P", "1280*720", "16:9", "first_frame", "oss://x", "data:,", "http://["]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=5),
    max_leaves=12,
)
BODY = st.fixed_dictionaries(
    {"model": st.sampled_from([*catalog().models]) | JSON},
    optional={
        "input": st.dictionaries(NAMES, JSON, max_size=6) | JSON,
        "parameters": st.dictionaries(NAMES, JSON) | JSON,
    },
)
PATHS = st.sampled_from(["video-generation", "image2video"])


def judged(desk: FrontDesk, body: Any, path: str) -> None:
    """The answer is an acceptance or a refusal; what was accepted can be watched to its end."""
    reply = desk.create(body, path)
    assert isinstance(reply.body, dict)
    json.dumps(reply.body)
    if reply.status != 200:
        assert {"code", "message", "request_id"} == set(reply.body)
        assert 400 <= reply.status < 500
        return
    output = desk.finish(reply.body["output"]["task_id"])["output"]
    assert output["task_status"] in ("SUCCEEDED", "FAILED")


@settings(max_examples=400, deadline=None)
@given(BODY, PATHS)
def test_any_body(body: Any, path: str) -> None:
    """Bodies that look right and are not."""
    judged(FrontDesk(quirks={"regions": "any"}), body, path)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()), PATHS)
def test_any_bytes(body: bytes, path: str) -> None:
    """Bodies that are no JSON, or no object."""
    judged(FrontDesk(), body, path)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["page_no", "page_size", "start_time", "end_time", "status"]), st.text(max_size=16))
)
def test_any_list_query(params: dict[str, str]) -> None:
    """List parameters of any sort get a page or a refusal."""
    desk = FrontDesk()

    assert desk.desk.list(params, desk.headers(), desk.now).status in (200, 400)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["authorization", "x-dashscope-async"]), st.text(max_size=12)))
def test_any_headers(headers: dict[str, str]) -> None:
    """Headers of any sort are judged in order: key, then async."""
    desk = FrontDesk()

    assert desk.desk.create("video-generation", headers, {}, desk.now).status in (400, 401, 403)
