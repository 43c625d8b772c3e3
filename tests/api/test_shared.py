"""Tests of stable links: what strangers see by them, and what they do not."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from yarl import URL

from tests.api.served import OUTSIDE, Served, served, small_vendor
from tests.api.test_tokens import bearer
from tests.archive.seaweed import ACCESS_KEY, REGION, SECRET_KEY, make_bucket
from tests.client.small_world import picture
from tests.e2e.clip import small_clip
from wanreel.emulator.server import Emulator


def here(link: str) -> str:
    """The path of a link."""
    assert link.startswith(OUTSIDE)
    return urlsplit(link).path


async def test_a_page_of_somebody_elses_can_show_it(filmed: Served) -> None:
    """The links that `embed` wrote show clip, poster and still, in parts too, without a token though there are some."""
    still = "data:image/png;base64," + base64.b64encode(picture()).decode()
    wish = {"model": "wan2.5-i2v-preview", "resolution": "480P", "first_frame": still, "project": "films"}
    job = await filmed.made(**wish)
    owner = await bearer(filmed, "films", "read")
    made = await filmed.home.reading.embed(job["id"])
    assert 401 == (await filmed.ask("GET", job["artifact"]["url"])).status
    clip = await filmed.ask("GET", job["artifact"]["url"], authorization=owner)
    got = await filmed.ask("GET", here(made.clip))
    assert (200, "video/mp4", clip.bytes) == (got.status, got.headers["Content-Type"], got.bytes)
    for name, value in (
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-cache"),
    ):
        assert value == got.headers[name]
    assert got.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    part = await filmed.ask("GET", here(made.clip), range="bytes=4-7")
    assert (206, b"ftyp") == (part.status, part.bytes)
    assert 304 == (await filmed.ask("GET", here(made.clip), if_none_match=got.headers["ETag"])).status
    assert 416 == (await filmed.ask("GET", here(made.clip), range="bytes=99999999-")).status
    assert "image/jpeg" == (await filmed.ask("GET", here(made.poster))).headers["Content-Type"]
    shown = await filmed.ask("GET", here(made.still))
    assert ("image/png", picture()) == (shown.headers["Content-Type"], shown.bytes)
    head = await filmed.ask("HEAD", here(made.clip))
    assert (200, str(len(got.bytes)), b"") == (head.status, head.headers["Content-Length"], head.bytes)


async def test_what_is_not_to_be_seen_looks_the_same(filmed: Served) -> None:
    """Never given, malformed, revoked, in the trash: one answer, in the same words."""
    job = await filmed.made()
    reading = filmed.home.reading
    revoked, trashed = (await reading.share(job["id"])).token, (await reading.embed(job["id"])).poster
    assert 200 == (await filmed.ask("GET", f"/s/{revoked}")).status
    assert await reading.revoke(revoked)
    await filmed.home.keeping.delete(job["id"])
    answers = [
        await filmed.ask("GET", path) for path in (f"/s/{revoked}", here(trashed), f"/s/{'0' * 32}", "/s/x", "/s/%00")
    ]
    assert {404} == {got.status for got in answers}
    for got in answers:
        assert {"there is nothing here (any more)"} == {got.json["detail"]}
        assert answers[0].json.keys() == got.json.keys()


async def test_a_storage_that_cannot_be_read_tells_a_stranger_nothing_either(filmed: Served) -> None:
    """Why the storage has no clip just now names places and jobs: that is the log's, the owner's, and nobody else's."""
    job = await filmed.made(project="films")
    made = await filmed.home.reading.embed(job["id"])
    owner = await filmed.ask("GET", job["artifact"]["url"])
    clip = next((filmed.home.path / "archive").rglob("*.mp4"))
    clip.write_bytes(owner.bytes[:-1])
    for method in ("GET", "HEAD"):
        got = await filmed.ask(method, here(made.poster))
        assert (200, "image/jpeg") == (got.status, got.headers["Content-Type"]), "what is whole is shown"
    got = await filmed.ask("GET", here(made.clip))
    assert (503, "this cannot be shown just now") == (got.status, got.json["detail"])
    assert got.headers["Retry-After"]
    for secret in (job["id"], "films", str(filmed.home.path), clip.name):
        assert secret not in f"{got.headers} {got.json}", secret
    said = await filmed.ask("GET", job["artifact"]["url"])
    assert (503, True) == (said.status, "was changed" in said.json["detail"]), "the owner is told"


async def test_what_lies_in_a_bucket_is_served_and_tells_a_stranger_nothing_else(
    vendor: Emulator, tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the key nor the job, its name or its project; and after a revoke nothing at all."""
    async with in_bucket("served", vendor, tmp_path, s3_endpoint, monkeypatch) as server:
        job = await server.made(project="films", name="Secret Launch")
        token = (await server.home.reading.share(job["id"])).token
        async with server.session.get(f"{server.url}/s/{token}", allow_redirects=False) as got:
            told = f"{got.headers} {got.url}"
            assert (200, job["artifact"]["sha256"]) == (got.status, hashlib.sha256(await got.read()).hexdigest())
        assert 'filename="clip.mp4"' in told
        for secret in (job["id"], "films", "Secret", "served", s3_endpoint.partition("//")[2]):
            assert secret not in told, secret
        part = await server.ask("GET", f"/s/{token}", range="bytes=4-7")
        assert (206, b"ftyp") == (part.status, part.bytes)
        assert await server.home.reading.revoke(token)
        assert 404 == (await server.ask("GET", f"/s/{token}")).status


async def test_a_bucket_is_where_it_leads_where_that_was_set(
    vendor: Emulator, tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To a link that is signed anew for each request, for five minutes, and names the job nowhere but in its key."""
    async with in_bucket("shared", vendor, tmp_path, s3_endpoint, monkeypatch, shared_links="redirect") as server:
        job = await server.made(name="Secret Launch")
        token = (await server.home.reading.share(job["id"])).token
        async with server.session.get(f"{server.url}/s/{token}", allow_redirects=False) as got:
            assert (302, "no-store") == (got.status, got.headers["Cache-Control"])
            assert "cross-origin" == got.headers["Cross-Origin-Resource-Policy"]
            link = got.headers["Location"]
        assert link.startswith(f"{s3_endpoint}/shared/")
        assert "X-Amz-Signature=" in link
        assert ("300", False) == (URL(link, encoded=True).query["X-Amz-Expires"], "Secret" in link)
        async with server.session.get(URL(link, encoded=True)) as bytes_of:
            assert job["artifact"]["sha256"] == hashlib.sha256(await bytes_of.read()).hexdigest()
        assert await server.home.reading.revoke(token)
        assert 404 == (await server.ask("GET", f"/s/{token}")).status


async def test_links_can_begin_at_the_buckets_public_address(
    vendor: Emulator, tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the bucket is seen from outside, a page's links lead there and our server has no part in them."""
    cdn = {"archive_public_base": "https://cdn.example.com/wan/"}
    filmed = small_vendor(render=lambda _: small_clip())
    with filmed as emulator:
        async with in_bucket("cdn", emulator, tmp_path, s3_endpoint, monkeypatch, **cdn) as server:
            job = await server.made(project="große Filme")
            made = await server.home.reading.embed(job["id"])
    for link in (made.clip, made.poster):
        assert link.startswith("https://cdn.example.com/wan/")
        assert (True, True) == (job["id"] in link, link.isascii())


@asynccontextmanager
async def in_bucket(
    bucket: str, vendor: Emulator, folder: Path, endpoint: str, environment: pytest.MonkeyPatch, **given: Any
) -> AsyncGenerator[Served]:
    """A home served and worked, whose clips lie in a bucket."""
    environment.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    environment.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    await make_bucket(endpoint, bucket)
    given |= {"archive": f"s3://{bucket}", "archive_region": REGION, "archive_endpoint": endpoint}
    async with served(folder / "home", vendor, archive_path_style=True, **given) as it:
        yield it
