"""Tests of the artifact: the bytes that were archived, whole and in parts."""

from __future__ import annotations

import hashlib

import pytest

from tests.api.served import Served
from wanreel.api.artifacts import Part, part_of
from wanreel.api.problems import Refusal


async def test_the_clip_comes_whole_and_in_parts(server: Served) -> None:
    """The whole has the recorded hash; parts are its parts; names and types are ours."""
    job = await server.made()
    url = job["artifact"]["url"]
    whole = await server.ask("GET", url)
    assert (200, "video/mp4") == (whole.status, whole.headers["Content-Type"])
    assert job["artifact"]["sha256"] == hashlib.sha256(whole.bytes).hexdigest()
    assert f'inline; filename="{job["id"]}.mp4"' == whole.headers["Content-Disposition"]
    size = len(whole.bytes)
    for asked, told, begin, end in (
        ("bytes=0-0", f"bytes 0-0/{size}", 0, 1),
        ("bytes=5-", f"bytes 5-{size - 1}/{size}", 5, size),
        ("bytes=-7", f"bytes {size - 7}-{size - 1}/{size}", size - 7, size),
        (f"bytes=3-{size * 2}", f"bytes 3-{size - 1}/{size}", 3, size),
    ):
        part = await server.ask("GET", url, range=asked)
        assert (206, told, whole.bytes[begin:end]) == (part.status, part.headers["Content-Range"], part.bytes)
    head = await server.ask("HEAD", url)
    assert (200, str(size), b"") == (head.status, head.headers["Content-Length"], head.bytes)


async def test_bytes_that_are_not_there(server: Served) -> None:
    """A range past the end is a 416 that says how many there are."""
    job = await server.made()
    got = await server.ask("GET", job["artifact"]["url"], range="bytes=99999999-")
    assert (416, f"bytes */{job['artifact']['size_bytes']}") == (got.status, got.headers["Content-Range"])


async def test_a_clip_never_changes(server: Served) -> None:
    """Its ETag is its hash; If-None-Match answers 304, If-Range with another tag answers the whole."""
    job = await server.made()
    url, tag = job["artifact"]["url"], f'"{job["artifact"]["sha256"]}"'
    assert 304 == (await server.ask("GET", url, if_none_match=tag)).status
    assert 206 == (await server.ask("GET", url, range="bytes=0-1", if_range=tag)).status
    assert 200 == (await server.ask("GET", url, range="bytes=0-1", if_range='"other"')).status


async def test_there_is_no_clip_yet(idle: Served) -> None:
    """A job that has not succeeded has none to show."""
    job = await idle.order()
    assert 404 == (await idle.ask("GET", f"/v1/jobs/{job['id']}/artifact")).status


@pytest.mark.parametrize("header", [None, "", "bytes=-", "bytes=4-2", "bytes=1-2,5-6", "items=0-1", "bytes=a-b"])
def test_what_is_no_range_is_the_whole(header: str | None) -> None:
    """Unclear and multiple ranges are answered with everything, as the standard allows."""
    assert part_of(header, 10) is None


def test_ranges_are_cut_to_what_there_is() -> None:
    """A part never reaches past the end; what begins there is refused."""
    assert Part(0, 9) == part_of("bytes=0-99", 10)
    assert Part(0, 9) == part_of("bytes=-99", 10)
    for nothing in ("bytes=10-", "bytes=-0"):
        with pytest.raises(Refusal):
            part_of(nothing, 10)
