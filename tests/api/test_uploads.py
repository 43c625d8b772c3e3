"""Tests of files sent ahead of an order over our own API."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from pathlib import Path

from tests.api.served import WISH, Served, served
from tests.api.test_dashscope import picture
from tests.api.test_tokens import bearer

I2V = WISH | {"model": "wan2.5-i2v-preview"}


async def test_an_upload_is_ordered_from(idle: Served) -> None:
    """The body is the file; an order names it; another project cannot."""
    films, news = await bearer(idle, "films", "submit", "read"), await bearer(idle, "news", "submit", "read")
    async with idle.session.post(
        f"{idle.url}/v1/uploads?name=../first.png", data=picture(), headers={"Authorization": films}
    ) as got:
        told = await got.json()
        assert (201, "first.png", len(picture())) == (got.status, told["name"], told["size_bytes"])
    order = I2V | {"first_frame": told["reference"]}
    job = (await idle.ask("POST", "/v1/jobs", order, authorization=films)).json["jobs"][0]
    assert ("i2v", "first_frame") == (job["mode"], job["inputs"][0]["role"])
    other = await idle.ask("POST", "/v1/jobs", order, authorization=news)
    assert (422, "first_frame") == (other.status, other.json["problems"][0]["field"])


async def test_nothing_is_no_file(idle: Served) -> None:
    """An empty body is refused, and an upload that never was is named."""
    assert 422 == (await idle.ask("POST", "/v1/uploads")).status
    missing = await idle.ask("POST", "/v1/jobs", I2V | {"first_frame": "upload://upl_none"})
    assert (422, "first_frame") == (missing.status, missing.json["problems"][0]["field"])


async def test_orders_without_a_key_where_nobody_works(tmp_path: Path) -> None:
    """A process that only takes orders needs no key of the vendor's: the worker has it, wherever it is."""
    async with served(tmp_path / "home", None, works=False, key="") as it:
        got = await it.ask("POST", "/v1/jobs", WISH)
        assert (202, "queued") == (got.status, got.json["jobs"][0]["state"])


async def test_what_a_job_started_from_is_shown(idle: Served) -> None:
    """The kept bytes, for good; to its own project alone; where there is none, or only a link, none."""
    mine, theirs = await bearer(idle, "films"), await bearer(idle, "news")
    data = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    wish = {"prompt": "it sways", "model": "wan2.5-i2v-preview", "first_frame": data}
    job = (await idle.ask("POST", "/v1/jobs", wish, authorization=mine)).json["jobs"][0]
    url = f"/v1/jobs/{job['id']}/inputs/first_frame"
    got = await idle.ask("GET", url, authorization=mine)
    assert (200, "image/png", picture()) == (got.status, got.headers["content-type"], got.bytes)
    assert job["inputs"][0]["sha256"] == hashlib.sha256(got.bytes).hexdigest()
    assert 304 == (await idle.ask("GET", url, authorization=mine, if_none_match=got.headers["ETag"])).status
    assert 404 == (await idle.ask("GET", url, authorization=theirs)).status
    assert 404 == (await idle.ask("GET", url.replace("first", "last"), authorization=mine)).status
    for odd in ("x", "..%2f..%2fkey", "first_frame%00", "audio"):
        assert (await idle.ask("GET", url.replace("first_frame", odd), authorization=mine)).status in (404, 422), odd


def form(key: str, file: bytes) -> bytes:
    """The vendor's form, as its SDK sends it."""
    parts = b"".join(
        f'--BBB\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (("OSSAccessKeyId", "x"), ("policy", "y"), ("key", key), ("success_action_status", "200"))
    )
    last = b'--BBB\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    return parts + last + file + b"\r\n--BBB--\r\n"


async def test_a_form_is_read_of_who_has_begun_it(tmp_path: Path) -> None:
    """It comes without a token, so its key is looked at before its file is read: a stranger fills no disk."""
    async with served(tmp_path / "home", None, works=False) as it:
        mine = await bearer(it, "films", "submit")
        told = (await it.ask("GET", "/api/v1/uploads?action=getPolicy", authorization=mine)).json["data"]
        key = f"{told['upload_dir']}/a.png"
        host, port = it.url.removeprefix("http://").split(":")
        head = (
            b"POST /api/v1/uploads HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: multipart/form-data; boundary=BBB\r\nContent-Length: 60000000\r\n\r\n"
        )
        wrong = {
            b"404": form("wanreel-uploads/upl_00000000000000000000000000/a.png", b"x" * 9000),
            b"400": b"--BBB\r\n" + b"x" * 70_000,
        }
        for status, begun in wrong.items():
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(head + begun)
            async with asyncio.timeout(20):
                assert status in await reader.readline(), "without waiting for the rest"
            writer.close()
        for name, size in (("a.png", 300), ("b.png", 300_000)):
            body = form(key.replace("a.png", name), b"x" * size)
            kind = {"content-type": "multipart/form-data; boundary=BBB"}
            async with it.session.post(f"{it.url}/api/v1/uploads", data=body, headers=kind) as got:
                assert 200 == got.status, await got.text()
