"""Downloads: only from where results lie, whole, resumed after a cut, refusals told apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.factories import FakeClock, make_account
from tests.vendor.raw_server import RawServer, Script, Seen, answer, drop, raw_server, silence
from tests.vendor_contract.load import Item, items
from wanreel.domain.event import Trouble
from wanreel.ports.archive import KeepFailed
from wanreel.vendor.download import Bounds, Downloads, oss_words, safe_url

CLIP = bytes(range(256)) * 2000  # 512,000 bytes
BASE = "https://dashscope.aliyuncs.com/api/v1"
TAG = '"tag-1"'
Fetching = tuple[RawServer, FakeClock, AsyncGenerator[bytes, None]]


def part(start: int, stop: int | None = None, **headers: str) -> Script:
    """A 206 from `start`, cut at `stop` though the whole rest is announced."""
    rest = {"Content_Range": f"bytes {start}-{len(CLIP) - 1}/{len(CLIP)}", "ETag": TAG, **headers}
    return answer(CLIP[start:stop], "206 Partial Content", Content_Length=str(len(CLIP) - start), **rest)


def whole(stop: int | None = None, **headers: str) -> Script:
    """A 200, cut at `stop`."""
    return answer(CLIP[:stop], Content_Length=str(len(CLIP)), **{"ETag": TAG, **headers})


@asynccontextmanager
async def fetching(*scripts: Script, bounds: Bounds | None = None) -> AsyncGenerator[Fetching, None]:
    """A server and the pieces of one download from it."""
    clock = FakeClock()
    async with raw_server(*scripts) as server:
        downloads = Downloads(clock, bounds=bounds or Bounds(silence_s=2.0))
        try:
            account = make_account(base_url=f"{server.url}/api/v1")
            yield server, clock, downloads.fetch(account, f"{server.url}/1d/a.mp4?Expires=9&Signature=s%2Fs")
        finally:
            await downloads.close()


async def all_of(pieces: AsyncIterator[bytes]) -> bytes:
    """The whole clip."""
    return b"".join([piece async for piece in pieces])


async def test_a_clip_comes_whole_in_bounded_pieces() -> None:
    """One GET, no key, no packing, pieces of at most 256 KiB."""
    async with fetching(whole()) as (server, clock, pieces):
        got = [piece async for piece in pieces]
    assert CLIP == b"".join(got)
    assert 256 * 1024 >= max(map(len, got))
    (seen,) = server.requests
    assert seen.head.startswith("GET /1d/a.mp4?Expires=9&Signature=s%2Fs HTTP/1.1")
    assert (None, "identity", None) == tuple(seen.header(n) for n in ("authorization", "accept-encoding", "range"))
    assert [] == clock.slept


async def test_cuts_are_resumed_where_they_happened() -> None:
    """Each new connection asks for the rest of the very same file."""
    async with fetching(whole(100_000), part(100_000, 300_000), part(300_000, 300_000), part(300_000)) as (
        server,
        clock,
        pieces,
    ):
        assert CLIP == await all_of(pieces)
    asked = [(seen.header("range"), seen.header("if-match")) for seen in server.requests]
    assert [
        (None, None),
        ("bytes=100000-", TAG),
        ("bytes=300000-", TAG),
        ("bytes=300000-", TAG),
    ] == asked
    assert [1.0, 2.0, 4.0] == clock.slept


async def test_a_server_that_ignores_the_range_is_read_past() -> None:
    """The whole file again: what is there already is skipped, if it is the same file."""
    async with fetching(whole(100_000), whole()) as (_, __, pieces):
        assert CLIP == await all_of(pieces)


async def test_a_weak_tag_is_not_asked_to_match() -> None:
    """It never would."""
    async with fetching(whole(10, ETag='W/"x"'), part(10)) as (server, _, pieces):
        assert CLIP == await all_of(pieces)
    assert None is server.requests[1].header("if-match")


async def test_a_clip_of_unannounced_length_ends_with_its_last_chunk() -> None:
    """Chunked: complete when its own end mark came, cut otherwise."""
    ends = answer(b"5\r\nhello\r\n0\r\n\r\n", Transfer_Encoding="chunked")
    cut = answer(b"5\r\nhello\r\n", Transfer_Encoding="chunked")
    rest = answer(b" you", "206 Partial Content", Content_Range="bytes 5-8/9")
    async with fetching(ends) as (_, __, pieces):
        assert b"hello" == await all_of(pieces)
    async with fetching(cut, rest) as (_, __, pieces):
        assert b"hello you" == await all_of(pieces)


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (answer(b"", "412 Precondition Failed"), "another one"),
        (answer(b"", "416 Range Not Satisfiable"), "another one"),
        (whole(ETag='"tag-2"'), "another one"),
        (answer(CLIP[100:], "206 Partial Content"), "another part"),
        (part(50), "another part"),
        (part(100, Content_Range=f"bytes 100-{len(CLIP)}/{len(CLIP) + 1}"), "another part"),
    ],
)
async def test_another_file_is_never_glued_on(second: Script, words: str) -> None:
    """What cannot be proven to be the same file's rest is not used."""
    async with fetching(whole(100), second) as (_, __, pieces):
        with pytest.raises(KeepFailed, match=words) as failed:
            await all_of(pieces)
    assert Trouble.SOURCE_FAILED is failed.value.trouble


async def test_resuming_is_bounded() -> None:
    """A line that cuts every time ends as a failure that says how far it came."""
    async with fetching(whole(100), part(100, 100), bounds=Bounds(resumes_max=3)) as (server, clock, pieces):
        with pytest.raises(KeepFailed, match="after 100 bytes") as failed:
            await all_of(pieces)
    assert Trouble.SOURCE_FAILED is failed.value.trouble
    assert (4, [1.0, 2.0, 4.0]) == (len(server.requests), clock.slept)


async def test_silence_is_a_cut() -> None:
    """A server that stops talking does not hold a worker for ever."""
    told = asyncio.Event()
    async with fetching(silence(told), bounds=Bounds(silence_s=0.1)) as (_, __, pieces):
        with pytest.raises(KeepFailed, match="no answer in time") as failed:
            await all_of(pieces)
        told.set()
    assert Trouble.SOURCE_FAILED is failed.value.trouble


@pytest.mark.parametrize(
    ("script", "trouble", "words"),
    [
        (answer(b"", "302 Found", Location="http://127.0.0.1:1/"), Trouble.UNSAFE_URL, "redirects"),
        (answer(b"", "500 Oops"), Trouble.SOURCE_FAILED, "HTTP 500"),
        (answer(b"", "429 Slow"), Trouble.SOURCE_FAILED, "HTTP 429"),
        (answer(b"", "410 Gone"), Trouble.SOURCE_REFUSED, "HTTP 410"),
        (answer(b"x" * 70_000, "403 Forbidden"), Trouble.SOURCE_REFUSED, "HTTP 403"),
        (drop, Trouble.SOURCE_FAILED, "closed without an answer"),
        (answer(b"x", Content_Encoding="gzip"), Trouble.SOURCE_FAILED, "packed"),
        (answer(b"x", Content_Length=str(10**12)), Trouble.SOURCE_FAILED, "more than a clip"),
        (part(0), Trouble.SOURCE_REFUSED, "HTTP 206"),
    ],
)
async def test_refusals_are_told_apart(script: Script, trouble: Trouble, words: str) -> None:
    """Each with the status, and nothing of it is handed on as the clip's bytes."""
    async with fetching(script) as (_, __, pieces):
        with pytest.raises(KeepFailed, match=words) as failed:
            await all_of(pieces)
    assert trouble is failed.value.trouble
    assert "Signature" not in failed.value.why


@pytest.mark.parametrize("each", [i for i in items("result_urls") if i.http_status and i.text], ids=str)
async def test_the_storage_s_own_words_are_kept(each: Item) -> None:
    """Expired, gone, badly signed: code and message of the XML, as the fact sheet has it."""
    script = answer(each.raw, f"{each.http_status} No", Content_Type="application/xml")
    async with fetching(script) as (_, __, pieces):
        with pytest.raises(KeepFailed) as failed:
            await all_of(pieces)
    assert Trouble.SOURCE_REFUSED is failed.value.trouble
    assert f"HTTP {each.http_status}, {each.expect['code']}: {each.expect['message']}" == failed.value.why


def test_xml_is_searched_not_parsed() -> None:
    """Entities, nesting and rubbish do nothing."""
    assert ("", "") == oss_words(b"\xff<Code" * 1000)
    assert ("&x;", "") == oss_words(b'<!DOCTYPE a [<!ENTITY x "y">]><Code>&x;</Code>')


@pytest.mark.parametrize("each", [i for i in items("result_urls") if i.url], ids=str)
def test_result_hosts(each: Item) -> None:
    """The vendor's hosts are fetched from over https; strangers are not, however alike."""
    assert each.expect.get("fetch_url") == safe_url(each.url or "", BASE)


@pytest.mark.parametrize(
    ("url", "base", "hosts", "expected"),
    [
        ("http://127.0.0.1:9000/a.mp4", "http://127.0.0.1:9000/api/v1", (), "same"),
        ("http://127.0.0.1:9001/a.mp4", "http://127.0.0.1:9000/api/v1", (), None),
        ("https://gateway.example/a.mp4", "https://gateway.example/api/v1", (), "same"),
        ("http://gateway.example/a.mp4", "https://gateway.example/api/v1", (), None),
        ("https://cdn.example/a.mp4", BASE, ("cdn.example",), "same"),
        ("https://cdn.example:8443/a.mp4", BASE, ("cdn.example",), None),
        ("https://cdn.example:8443/a.mp4", BASE, ("cdn.example:8443",), "same"),
        ("https://dashscope-result-sh.oss-cn-x.aliyuncs.com:8443/a.mp4", BASE, (), None),
        ("https://u:p@dashscope-result-sh.oss-cn-x.aliyuncs.com/a.mp4", BASE, (), None),
        ("https://[::bad/a.mp4", BASE, (), None),
        ("https://dashscope-result-sh.oss-cn-x.aliyuncs.com/ä b.mp4", BASE, (), None),
        ("", BASE, (), None),
    ],
)
def test_where_results_may_be_fetched(url: str, base: str, hosts: tuple[str, ...], expected: str | None) -> None:
    """Beside the vendor's: the very place we talk to, and what the settings name."""
    assert (url if expected == "same" else expected) == safe_url(url, base, hosts)


async def test_an_unsafe_url_is_not_fetched() -> None:
    """Not a connection is made."""
    seen: list[Seen] = []
    async with raw_server(whole()) as server:
        downloads = Downloads(FakeClock())
        with pytest.raises(KeepFailed, match="nothing is fetched") as failed:
            await all_of(downloads.fetch(make_account(base_url=BASE), f"{server.url}/a.mp4?Signature=x"))
        await downloads.close()
        seen = server.seen
    assert (Trouble.UNSAFE_URL, []) == (failed.value.trouble, seen)


async def test_a_reader_who_leaves_closes_the_connection() -> None:
    """Stopping half way leaves nothing open."""
    async with fetching(whole()) as (server, _, pieces):
        async for _piece in pieces:
            break
        await pieces.aclose()
        await server.calm(1)


def crc_of(data: bytes) -> str:
    """As OSS tells it, reckoned bit by bit: x^64 ... of ECMA-182, reflected, all ones before and after."""
    crc = 0xFFFFFFFFFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xC96C5795D7870F42 if crc & 1 else 0)
    return str(crc ^ 0xFFFFFFFFFFFFFFFF)


async def test_the_storage_s_own_sum_is_compared() -> None:
    """Over a resume too: a clip that is not the bytes its storage has does not end as if it were."""
    global_sum = {"x_oss_hash_crc64ecma": crc_of(CLIP[:5000])}
    first = answer(CLIP[:2000], Content_Length="5000", ETag=TAG, **global_sum)
    rest = answer(CLIP[2000:5000], "206 Partial Content", Content_Range="bytes 2000-4999/5000", ETag=TAG)
    other = answer(bytes(3000), "206 Partial Content", Content_Range="bytes 2000-4999/5000", ETag=TAG)
    async with fetching(first, rest) as (_, __, pieces):
        assert CLIP[:5000] == await all_of(pieces)
    async with fetching(first, other) as (_, __, pieces):
        with pytest.raises(KeepFailed, match="CRC-64 differs") as failed:
            await all_of(pieces)
    assert Trouble.SOURCE_FAILED is failed.value.trouble


class Sluggish(FakeClock):
    """A clock by which every look at it takes a while."""

    def now(self) -> float:
        return self.advance(20.0)


async def test_a_result_that_only_drips_holds_no_lane() -> None:
    """Hours at a few bytes a second end as a cut, and after a bounded number of those as a failure."""
    clock = Sluggish()
    async with raw_server(whole(), part(0), whole()) as server:
        downloads = Downloads(clock, bounds=Bounds(resumes_max=0, bytes_s_min=1_000_000))
        with pytest.raises(KeepFailed, match="bytes a second") as failed:
            await all_of(downloads.fetch(make_account(base_url=f"{server.url}/api/v1"), f"{server.url}/a.mp4"))
        await downloads.close()
    assert Trouble.SOURCE_FAILED is failed.value.trouble


async def test_the_bandwidth_is_kept_by_all_together() -> None:
    """Two clips at once take as long as the setting says, and come whole."""
    clock = FakeClock()
    async with raw_server(whole()) as server:
        downloads = Downloads(clock, bytes_s_max=100_000)
        account, url = make_account(base_url=f"{server.url}/api/v1"), f"{server.url}/a.mp4"
        began_at = clock.now()
        assert [CLIP, CLIP] == await asyncio.gather(*(all_of(downloads.fetch(account, url)) for _ in range(2)))
        await downloads.close()
    assert 2 * len(CLIP) / 100_000 - 3 < clock.now() - began_at
