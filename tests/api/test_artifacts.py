"""Tests of the artifact: the bytes that were archived, whole and in parts."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.api.served import Served
from wanreel.api.artifacts import ClosedWithItsSource, Part, part_of
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
    """A job that is not finished is in another state; one that was cancelled will never have any."""
    job = await idle.order()
    url = f"/v1/jobs/{job['id']}/artifact"
    assert 409 == (await idle.ask("GET", url)).status
    assert 200 == (await idle.ask("POST", f"/v1/jobs/{job['id']}/cancel", {})).status
    assert 404 == (await idle.ask("GET", url)).status


async def test_what_is_derived_comes_too(filmed: Served) -> None:
    """Each variant under its own type and name, in parts as well; the track leads to the sprite."""
    job = await filmed.made()
    url = job["artifact"]["url"]
    assert (await filmed.ask("GET", url)).bytes == (await filmed.ask("GET", f"{url}?variant=video")).bytes
    for variant in ("poster", "thumbnail", "sheet", "sprite"):
        got = await filmed.ask("GET", f"{url}?variant={variant}")
        kind = got.headers["Content-Type"].removeprefix("image/")
        assert (200, True) == (got.status, {"jpeg": b"\xff\xd8", "webp": b"RIFF"}[kind] in got.bytes[:4]), got.json
        assert (
            f'inline; filename="{job["id"]}.{variant}.{kind.replace("jpeg", "jpg")}"'
            == got.headers["Content-Disposition"]
        )
        part = await filmed.ask("GET", f"{url}?variant={variant}", range="bytes=2-9")
        assert (206, got.bytes[2:10]) == (part.status, part.bytes)
        same = await filmed.ask("GET", f"{url}?variant={variant}", if_none_match=got.headers["ETag"])
        assert (304, b"") == (same.status, same.bytes)
    track = await filmed.ask("GET", f"{url}?variant=track")
    assert track.headers["Content-Type"].startswith("text/vtt")
    assert "\nartifact?variant=sprite#xywh=" in track.bytes.decode()
    assert 304 == (await filmed.ask("GET", f"{url}?variant=track", if_none_match=track.headers["ETag"])).status
    assert 404 == (await filmed.ask("GET", f"{url}?variant=still")).status
    assert 422 == (await filmed.ask("GET", f"{url}?variant=soundtrack")).status


async def test_what_is_in_the_trash_is_not_shown(filmed: Served) -> None:
    """Neither the clip nor its poster, not even as unchanged, until it is brought back; erased it is gone."""
    job = await filmed.made()
    url, tag = job["artifact"]["url"], f'"{job["artifact"]["sha256"]}"'
    poster = f"{url}?variant=poster"
    assert 200 == (await filmed.ask("GET", poster)).status
    await filmed.home.keeping.delete(job["id"])
    assert [409, 409] == [(await filmed.ask("GET", where)).status for where in (url, poster)]
    assert 409 == (await filmed.ask("GET", url, if_none_match=tag)).status
    await filmed.home.keeping.restore(job["id"])
    assert [200, 200] == [(await filmed.ask("GET", where)).status for where in (url, poster)]


@pytest.mark.parametrize(
    "header", [None, "", "bytes=-", "bytes=4-2", "bytes=1-2,5-6", "items=0-1", "bytes=a-b", "bytes=\u0661-"]
)
def test_what_is_no_range_is_the_whole(header: str | None) -> None:
    """Unclear and multiple ranges are answered with everything, as the standard allows."""
    assert part_of(header, 10) is None


def test_ranges_are_cut_to_what_there_is() -> None:
    """A part never reaches past the end; what begins there is refused."""
    assert Part(0, 9) == part_of("bytes=0-99", 10)
    assert Part(0, 9) == part_of("bytes=-99", 10)
    assert Part(2, 9) == part_of(f"bytes=2-{'9' * 5000}", 10)
    assert Part(0, 9) == part_of(f"bytes=-{'9' * 19}", 10)
    assert Part(2, 3) == part_of(f"Bytes={'0' * 40}2-{'0' * 40}3", 10)
    for nothing in ("bytes=10-", "bytes=-0", f"bytes={'9' * 19}-", f"bytes={'1' * 5000}-"):
        with pytest.raises(Refusal):
            part_of(nothing, 10)


async def test_a_reader_that_stops_half_way_leaves_nothing_open() -> None:
    """When the connection breaks in the middle, what the bytes came from is closed there and then."""
    closed: list[bool] = []

    async def source() -> AsyncGenerator[bytes]:
        try:
            while True:
                yield b"piece"
        finally:
            closed.append(True)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise BrokenPipeError

    pieces = source()
    with pytest.raises(BrokenPipeError):
        await ClosedWithItsSource(pieces).stream_response(send)
    assert [True] == closed
