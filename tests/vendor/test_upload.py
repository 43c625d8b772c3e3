"""Temporary storage: leave asked for each file, the form byte for byte, and what refusals mean."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.vendor.raw_server import Script, answer, drop, raw_server
from tests.vendor.test_client import KEY, YES, rig
from tests.vendor_contract.load import item
from wanreel.domain.request import Media, Request
from wanreel.ports.vendor import PrepareFailed
from wanreel.vendor.upload import form_ends, may_receive, read_grant


def leave(host: str, **changes: object) -> Script:
    """The policy answer for an upload host."""
    data = {**item("upload-policy").body["data"], "upload_host": host, **changes}
    return answer(json.dumps({"request_id": "r", "data": data}).encode())


def picture(stored: object) -> Request:
    """A picture to video request."""
    return Request("i2v", "wan2.6-i2v", media=(Media("first_frame", stored),), resolution="720P")  # type: ignore[arg-type]


def test_the_policy_and_the_form_of_the_fact_sheet() -> None:
    """The documented policy gives the documented form: same fields, same order, the file last."""
    policy, form = item("upload-policy"), item("upload-form")
    grant = read_grant(200, policy.raw)
    expect = policy.expect
    assert (expect["upload_url"], expect["key_prefix"]) == (grant.host, grant.folder)
    assert expect["file_bytes_max"] == grant.bytes_max
    head, tail = form_ends(grant, "boat.png", "image/png", "sample-boundary-3f9a")
    assert form.raw == head + form.expect["file_text"].encode() + tail


async def test_a_large_picture_is_stored_and_referred_to(tmp_path: Path) -> None:
    """One policy and one streamed form per file; the create call names the oss:// URL and asks to resolve it."""
    data = b"\x89PNG" + bytes(range(256)) * 4000
    async with (
        raw_server(answer(b"")) as oss,
        raw_server(leave(oss.url), answer(YES)) as api,
        rig(tmp_path, api.url, inline_bytes_max=1000) as r,
    ):
        request = picture(r.shelf.put(data))
        await r.submit(request)
        await r.submit(request)  # it still lies there: no second upload
        r.clock.advance(48 * 3600.0)
        with pytest.raises(PrepareFailed):  # now it would be stored again (this server gives leave only once)
            await r.client.prepare(r.job(request))
    (form,) = oss.requests
    asked, create, again, *_ = api.requests
    assert asked.head.startswith("GET /api/v1/uploads?action=getPolicy&model=wan2.6-i2v HTTP/1.1")
    assert (None, KEY.encode() in form.data) == (form.header("authorization"), False)
    assert len(form.body) == int(form.header("content-length") or 0)
    before, _, rest = form.body.partition(b"Content-Type: image/png\r\n\r\n")
    assert hashlib.sha256(data).digest() == hashlib.sha256(rest[: len(data)]).digest()
    key = before.partition(b'name="key"\r\n\r\n')[2].partition(b"\r\n")[0].decode()
    assert key.startswith("dashscope-instant/5f0c1e/2026-05-11/1b7d/in_")
    assert key.endswith(".png")
    assert "me.png" not in key
    for seen in (create, again):
        assert f"oss://{key}" == json.loads(seen.body)["input"]["img_url"]
        assert "enable" == seen.header("x-dashscope-ossresourceresolve")


@pytest.mark.parametrize(
    ("script", "fatal", "words"),
    [
        (drop, False, "closed without an answer"),
        (answer(b"<html>", "502 Bad Gateway"), False, "HTTP 502"),
        (answer(b'{"code":"Throttling.RateQuota","message":"slow"}', "429 Too Many"), False, "Throttling"),
        (answer(b'{"code":"InvalidApiKey","message":"bad"}', "401 Unauthorized"), False, "InvalidApiKey"),
        (answer(b'{"code":"ModelNotFound","message":"no such"}', "404 Not Found"), True, "ModelNotFound"),
        (answer(b"", "404 Not Found"), False, "HTTP 404"),
        (answer(b'{"data":{"policy":"x"}}'), False, "without what was asked"),
        (answer(b'{"code":"InternalError","message":"x"}'), False, "InternalError"),
        (leave("https://files.example.com"), False, "not its storage"),
        (leave("http://dashscope-file-mgr.oss-cn-beijing.aliyuncs.com"), False, "not its storage"),
        (leave("https://x.aliyuncs.com", max_file_size_mb=0.001), True, "larger than"),
        (leave("https://x.aliyuncs.com", upload_dir="a\r\nb"), False, "no leave"),
    ],
)
async def test_no_leave_to_upload(tmp_path: Path, script: Script, fatal: bool, words: str) -> None:
    """Only the vendor's clear word that the request is wrong is final; nothing is paid by any of it."""
    async with raw_server(script) as api, rig(tmp_path, api.url, inline_bytes_max=10) as r:
        with pytest.raises(PrepareFailed, match=words) as failed:
            await r.client.prepare(r.job(picture(r.shelf.put(b"x" * 2000))))
    assert fatal == failed.value.fatal


async def test_storage_that_refuses_is_not_now(tmp_path: Path) -> None:
    """An expired policy is told in the storage's words; the next try gets a new one."""
    expired = answer(item("upload-policy-expired").raw, "403 Forbidden", Content_Type="application/xml")
    async with (
        raw_server(expired) as oss,
        raw_server(leave(oss.url)) as api,
        rig(tmp_path, api.url, inline_bytes_max=10) as r,
    ):
        with pytest.raises(PrepareFailed, match=r"Policy expired") as failed:
            await r.client.prepare(r.job(picture(r.shelf.put(b"x" * 100))))
    assert not failed.value.fatal


@pytest.mark.parametrize(
    ("host", "base", "may"),
    [
        ("https://dashscope-file-mgr.oss-cn-beijing.aliyuncs.com", "https://dashscope.aliyuncs.com/api/v1", True),
        ("http://127.0.0.1:9001", "http://127.0.0.1:9000/api/v1", True),
        ("https://gateway.example.com", "https://gateway.example.com/api/v1", True),
        ("https://evil.example.com", "https://gateway.example.com/api/v1", False),
        ("http://127.0.0.1:9001", "https://dashscope.aliyuncs.com/api/v1", False),
        ("https://aliyuncs.com.evil.example", "https://dashscope.aliyuncs.com/api/v1", False),
        ("https://[::bad", "https://dashscope.aliyuncs.com/api/v1", False),
    ],
)
def test_where_a_user_s_file_may_go(host: str, base: str, may: bool) -> None:
    """The vendor's storage over https, or whoever we talk to anyway."""
    assert may == may_receive(host, base)
