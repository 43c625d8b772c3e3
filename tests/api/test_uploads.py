"""Tests of files sent ahead of an order over our own API."""

from __future__ import annotations

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
