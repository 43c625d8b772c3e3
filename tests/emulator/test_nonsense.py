"""What is no request, no script, no setting: refused in words at once, and the emulator stands as it stood."""

import asyncio
import base64
import json
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.emulator.caller import call, create, fetch, finished
from tests.emulator.front_desk import T2V, FrontDesk, fake_clip, t2v
from tests.emulator.test_media import inline, picture
from wanreel.emulator.accounts import Account
from wanreel.emulator.app import BODY_BYTES_MAX
from wanreel.emulator.clock import LATEST_AT, RealClock, VirtualClock
from wanreel.emulator.faults import check_rates
from wanreel.emulator.media import look
from wanreel.emulator.options import EmulatorOptions
from wanreel.emulator.quirks import Quirks, parse_quirk
from wanreel.emulator.results import ACCESS_ID
from wanreel.emulator.scripts import parse_instruction
from wanreel.emulator.server import Emulator


async def sent(url: str, body: Any, headers: dict[str, str] | None = None) -> int:
    """Post bytes, or anything as JSON; the status."""
    data = BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=headers) as answer:
        await answer.read()
        return answer.status


@pytest.mark.parametrize("seconds", ["NaN", "Infinity", "1e300", "-1", "true", '"5"', "1" + "0" * 400])
async def test_time_goes_forward_only(seconds: str) -> None:
    """An advance that is no number of seconds moves nothing; the page and a create still work."""
    async with Emulator(virtual=True, seed=1, render=fake_clip) as emulator:
        before = emulator.clock.now()
        status = await sent(f"{emulator.host_url}/_emulator/advance", b'{"seconds": %s}' % seconds.encode())

        assert (400, before) == (status, emulator.clock.now())
        assert 200 == (await fetch(emulator.host_url + "/"))[0]
        assert 200 == (await create(emulator))[0]


def test_clocks_stay_where_dates_can_be_written() -> None:
    """Neither clock goes back, to nowhere, or past the year 3000; nor does one run backwards."""
    for clock in (RealClock(), VirtualClock()):
        for seconds in (-1.0, float("nan"), float("inf"), LATEST_AT):
            with pytest.raises(ValueError, match="forward"):
                clock.advance(seconds)
    for rate in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="rate"):
            RealClock(rate)


async def test_control_bodies(emulator: Emulator) -> None:
    """Brackets without end and statuses HTTP does not have are refused."""
    for path, body in (
        ("advance", b"[" * 100_000),
        ("outage", {"for_s": 1, "status": 99999}),
        ("outage", {"for_s": 1, "status": 3.5}),
        ("outage", {"for_s": 1e300}),
        ("scripts", {"script": {"create": [{}]}, "account": ["x"]}),
        ("scripts", {"script": {"create": [{}]}, "id": 5}),
    ):
        assert 400 == await sent(f"{emulator.host_url}/_emulator/{path}", body), (path, body)
    assert 200 == (await create(emulator))[0]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"fault": ["x"]}, "no fault"),
        ({"fault": "status", "status": "abc"}, "status"),
        ({"fault": "status", "status": 99}, "status"),
        ({"fault": "status", "code": 5}, "code"),
        ({"fault": "status", "message": {}}, "message"),
        ({"fault": "status", "headers": [1]}, "headers"),
        ({"fault": "status", "headers": {"a\r\nb": "c"}}, "headers"),
        ({"fault": "status", "headers": {"a": 5}}, "headers"),
        ({"fault": "slow", "delay_s": float("nan")}, "delay_s"),
        ({"fault": "slow", "delay_s": -1}, "delay_s"),
        ({"fault": "down", "for_s": "x"}, "for_s"),
        ({"fault": "html", "processed": "yes"}, "processed"),
        ({"times": True}, "times"),
        ({"fate": {"queue_s": -100}}, "queue_s"),
        ({"fate": {"run_s": float("inf")}}, "run_s"),
        ({"fate": {"url_life_s": "x"}}, "url_life_s"),
        ({"fate": {"outcome": ["failed"]}}, "outcome"),
        ({"fate": {"outcome": "failed", "code": 7}}, "code"),
    ],
)
def test_scripts_that_could_not_be_carried_out(row: Any, words: str) -> None:
    """A field of the wrong kind is refused when the script is given, not met as a crash later."""
    with pytest.raises(ValueError, match=words):
        parse_instruction("create", row)


@pytest.mark.parametrize(
    "rates", [[1], {"nope": {"html": 0.1}}, {"query": {"cut": 1}}, {"create": {"html": "x"}}, {"create": {"html": 2}}]
)
def test_rates_that_could_never_happen(rates: Any) -> None:
    """Random faults of no operation, of the wrong one, or without a share between 0 and 1."""
    with pytest.raises(ValueError, match=r"rate|operation|fault"):
        check_rates(rates)


@pytest.mark.parametrize(
    "fields", [{"speed": 0.0}, {"speed": float("nan")}, {"clock_rate": -1.0}, {"port": 99999}, {"clip_bytes": -5}]
)
def test_options_that_make_no_sense(fields: dict[str, Any]) -> None:
    """Refused by name when they are given."""
    with pytest.raises(ValueError, match=next(iter(fields))):
        EmulatorOptions(**fields)


@pytest.mark.parametrize("fields", [{"running": -1}, {"submit_rate": float("nan")}, {"query_rate": "x"}])
def test_limits_that_make_no_sense(fields: dict[str, Any]) -> None:
    """The same for an account's limits."""
    with pytest.raises(ValueError, match=next(iter(fields))):
        Account(**fields)


@pytest.mark.parametrize(
    "fields",
    [{"page_size_max": 0}, {"list_lag_s": float("nan")}, {"keep_s": "2"}, {"resign": "no"}, {"queued_max": 1.5}],
)
def test_switches_that_make_no_sense(fields: dict[str, Any]) -> None:
    """The same for switches; a word that is neither yes nor no is not taken for no."""
    with pytest.raises(ValueError, match=next(iter(fields))):
        Quirks(**fields)
    with pytest.raises(ValueError, match="maybe"):
        parse_quirk("resign=maybe")
    assert ("resign", False) == parse_quirk("resign=off")


@pytest.mark.parametrize("expires", ["%C2%B2", "9" * 5000, "9" * 400, "-1", ""])
async def test_result_addresses_nobody_signed(emulator: Emulator, expires: str) -> None:
    """An Expires that is no instant is the store's 403."""
    url = f"{emulator.host_url}/results/1d/aa/x.mp4?Expires={expires}&OSSAccessKeyId={ACCESS_ID}&Signature=x"

    assert 403 == (await fetch(url))[0]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"abcde"),
        ("multipart/form-data; boundary=x", b"abcde"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n',
        ),
        ("application/json", b"{}"),
    ],
)
async def test_upload_forms_that_are_none(emulator: Emulator, kind: str, body: bytes) -> None:
    """A form without a boundary, parts, letters or a file is the store's 400."""
    assert 400 == await sent(f"{emulator.host_url}/_oss/dashscope-instant", body, {"Content-Type": kind})


async def test_bodies_that_nest_deep(emulator: Emulator) -> None:
    """Unknown keys are ignored however deep they go, and shown only so far."""
    deep: Any = 1
    for _ in range(900):
        deep = {"a": deep}
    status, _ = await create(emulator, json={**T2V, "input": {**T2V["input"], "unknown": deep}})

    assert 200 == status
    assert '{"a": "…"}' in json.dumps(emulator.tasks()[0]["request"], ensure_ascii=False)


async def test_too_large_is_counted_and_not_kept(emulator: Emulator) -> None:
    """A create beyond the limit has a request id and a place in the counters; other paths say 413."""
    url = f"{emulator.base_url}/services/aigc/video-generation/video-synthesis"
    await asyncio.gather(*(sent(url, b" " * (BODY_BYTES_MAX + 1)) for _ in range(2)))

    assert {"create.400": 2} == emulator.counters()["answers"]
    assert 36 == len(emulator.desk.log[-1]["request_id"])
    assert 413 == await sent(f"{emulator.host_url}/_emulator/scripts", b" " * (BODY_BYTES_MAX + 1))
    assert 36 == len((await call(emulator, "GET", "/nowhere"))[1]["request_id"])


async def test_strangers_leave_nothing_behind(tmp_path: Path) -> None:
    """The picture of a create without a key is not kept."""
    body = {"model": "wan2.6-i2v", "input": {"img_url": inline(picture())}}
    async with Emulator(virtual=True, seed=1, render=fake_clip, state=tmp_path) as emulator:
        assert 401 == (await create(emulator, headers={}, json=body))[0]
        assert [] == [*(tmp_path / "pictures").iterdir()]
        assert 200 == (await create(emulator, json=body))[0]
        assert 1 == len([*(tmp_path / "pictures").iterdir()])


def test_spoilt_pictures_are_seen_at_once() -> None:
    """Cut off or damaged in the middle: a wrong format, so that no task succeeds whose clip can't be made."""
    for kind in ("PNG", "JPEG", "WEBP", "BMP"):
        data = picture(kind=kind)
        assert "" == look(data, "first").code
        assert "InvalidImage.FileFormat" == look(data[: len(data) // 2], "first").code, kind
    broken = base64.b64decode("iVBORw0KGgo=") + zlib.compress(b"no picture")
    assert "InvalidImage.FileFormat" == look(broken, "first").code


def test_a_task_cancelled_at_the_first_instant() -> None:
    """In a virtual time that begins at 0 a cancelled task stays cancelled, and is counted once."""
    desk = FrontDesk()
    desk.now = 0.0
    task_id = desk.made(t2v())
    assert 200 == desk.desk.cancel(task_id, desk.headers(), 0.0).status

    figures = desk.desk.figures(20_000.0)
    assert (1, 1, 0) == (figures["tasks_accepted"], figures["tasks_canceled"], figures["tasks_failed"])


async def test_markup_stays_text(emulator: Emulator) -> None:
    """Prompts, ids and codes with markup in them are words on the page."""
    evil = "<script>alert(1)</script>'\"><img src=x onerror=1>"
    emulator.script({"query": [{"fault": "status", "code": evil, "message": evil}]}, account="*")
    await create(emulator, json={**T2V, "input": {"prompt": evil}})
    async with aiohttp.ClientSession() as session:
        path = URL(f"{emulator.base_url}/tasks/%3Cscript%3E", encoded=True)
        async with session.get(path, headers={"Authorization": "Bearer sk-test"}) as answer:
            assert 503 == answer.status
    await finished(emulator)
    page = (await fetch(emulator.host_url + "/"))[1].decode()

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
