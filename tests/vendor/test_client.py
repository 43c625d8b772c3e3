"""The client on the wire, against sockets that count bytes: what is sent, when and to whom, and what breaks off how."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.domain.catalog_file import CATALOG
from tests.factories import NOW, FakeClock, make_account, make_intent, make_job
from tests.vendor.raw_server import RawServer, Script, answer, drop, raw_server, silence
from wanreel.domain.clip import Fit
from wanreel.domain.errors import NotFound
from wanreel.domain.event import (
    Accepted,
    CancelFailed,
    CancelTaken,
    Finished,
    Lost,
    NotSent,
    Pause,
    QueryFailed,
    Refused,
)
from wanreel.domain.job import Account, Job, Queued
from wanreel.domain.request import Link, Media, Request, Stored
from wanreel.ports.inputs import StoredInput
from wanreel.ports.vendor import ListFailed, PrepareFailed, SubmitAnswer, Window
from wanreel.vendor.body import Outgoing
from wanreel.vendor.client import DashScope, Options
from wanreel.vendor.http import Patience
from wanreel.vendor.keys import Keys
from wanreel.vendor.limits import MARGIN

KEY = "sk-test-0123456789abcdef"
YES = b'{"output":{"task_id":"t-1","task_status":"PENDING"},"request_id":"r-1"}'
TEXT = Request("t2v", "wan2.7-t2v", "a cat", resolution="720P", ratio="16:9", duration_s=5, seed=0)


class Shelf:
    """`ports.Inputs` with files of this test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def keep(self, source: Path, fit: Fit | None = None, called: str = "") -> StoredInput:
        raise NotImplementedError

    async def keep_bytes(self, data: bytes, name: str, fit: Fit | None = None) -> StoredInput:
        raise NotImplementedError

    async def keep_link(self, url: str, fit: Fit | None = None) -> StoredInput | None:
        raise NotImplementedError

    async def forget(self, sha256: str) -> bool:
        raise NotImplementedError

    async def kept(self) -> list[str]:
        raise NotImplementedError

    async def idle(self, before: float) -> list[str]:
        raise NotImplementedError

    async def in_use(self, sha256: str) -> None:
        raise NotImplementedError

    async def forget_idle(self, sha256: str, before: float) -> bool:
        raise NotImplementedError

    def path(self, sha256: str) -> Path:
        if not (self.folder / sha256).exists():
            raise NotFound(sha256)
        return self.folder / sha256

    def put(self, data: bytes, mime: str = "image/png") -> Stored:
        """A kept file."""
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / digest).write_bytes(data)
        return Stored(digest, mime, len(data), 640, 480, "me.png")


class Rig:
    """A client with its clock, its files and the account it speaks for."""

    def __init__(self, client: DashScope, clock: FakeClock, shelf: Shelf, account: Account) -> None:
        self.client = client
        self.clock = clock
        self.shelf = shelf
        self.account = account

    def job(self, request: Request = TEXT) -> Job:
        """A queued job of the account."""
        return make_job(Queued, at=NOW, request=request, account=self.account)

    async def submit(self, request: Request = TEXT, send_by_s: float = 30.0) -> SubmitAnswer:
        """Prepare and send."""
        job = self.job(request)
        intent = make_intent(self.clock.now(), send_by_s=send_by_s)
        return await self.client.submit(job, intent, await self.client.prepare(job))


@asynccontextmanager
async def rig(tmp_path: Path, url: str, *, key: str | None = KEY, **options: Any) -> AsyncGenerator[Rig, None]:
    """A client of a server at `url`."""
    clock, shelf = FakeClock(), Shelf(tmp_path)
    options.setdefault("patience", Patience(2.0, 2.0))
    client = DashScope(CATALOG, clock, shelf, lambda _: key, Options(**options))
    try:
        yield Rig(client, clock, shelf, make_account(region="beijing", base_url=f"{url}/api/v1"))
    finally:
        await client.close()
        await client.close()


async def submitted(tmp_path: Path, *scripts: Script) -> tuple[SubmitAnswer, RawServer]:
    """The answer to one submit against a scripted server."""
    async with raw_server(*scripts) as server, rig(tmp_path, server.url) as r:
        return await r.submit(), server


async def test_a_submit_on_the_wire(tmp_path: Path) -> None:
    """One POST with the documented headers and body, our hop header, and the key once."""
    got, server = await submitted(tmp_path, answer(YES))
    assert Accepted("int_1", "t-1", "r-1") == got
    (seen,) = server.requests
    assert seen.head.startswith("POST /api/v1/services/aigc/video-generation/video-synthesis HTTP/1.1\r\n")
    expected = {
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "x-dashscope-async": "enable",
        "x-wanreel-hop": "1",
        "x-dashscope-ossresourceresolve": None,
        "x-dashscope-workspace": None,
        "cookie": None,
        "connection": "close",
        "accept-encoding": "identity",
        "content-length": str(len(seen.body)),
    }
    assert expected == {name: seen.header(name) for name in expected}
    assert {
        "model": "wan2.7-t2v",
        "input": {"prompt": "a cat"},
        "parameters": {"resolution": "720P", "ratio": "16:9", "duration": 5, "seed": 0},
    } == json.loads(seen.body)


async def test_every_submit_has_a_connection_of_its_own(tmp_path: Path) -> None:
    """A kept-alive connection could die under a paid call; queries may share one."""
    async with raw_server(answer(YES)) as server, rig(tmp_path, server.url) as r:
        await r.submit()
        await r.submit()
    assert 2 == len(server.seen)


async def cut_head(seen: object, writer: asyncio.StreamWriter) -> None:
    """Half a status line."""
    writer.write(b"HTTP/1.1 20")


@pytest.mark.parametrize(
    "script",
    [
        drop,
        cut_head,
        answer(YES[:30], Content_Length=str(len(YES))),
        answer(b"<html>nginx</html>"),
        answer(b"<html>nginx</html>", "502 Bad Gateway"),
        answer(YES, "302 Found", Location="/again"),
        answer(b'{"code":"InternalError","message":"x"}', "500 Internal Server Error"),
        answer(b" " * (1024 * 1024 + 1)),
        answer(b"garbage", Content_Encoding="gzip"),
        answer(gzip.compress(YES)[:-12], Content_Encoding="gzip"),
        answer(gzip.compress(b"0" * 10_000_000), Content_Encoding="gzip"),
        answer(YES, Content_Encoding="br"),
        answer(b"5\r\n{'ou", Transfer_Encoding="chunked"),
    ],
)
async def test_after_the_first_byte_everything_unclear_is_doubt(tmp_path: Path, script: Script) -> None:
    """Dropped, cut, HTML, redirected, too large, packed: it may have been accepted, and is sent once only."""
    got, server = await submitted(tmp_path, script)
    assert isinstance(got, Lost)
    assert got.why
    assert 1 == len(server.requests)


async def test_an_answer_packed_although_not_asked_is_read(tmp_path: Path) -> None:
    """A proxy that packs does not make a doubt."""
    got, _ = await submitted(tmp_path, answer(gzip.compress(YES), Content_Encoding="gzip"))
    assert isinstance(got, Accepted)


async def test_a_429_is_refused_even_when_its_body_is_cut(tmp_path: Path) -> None:
    """The status alone says that nothing was bought."""
    got, _ = await submitted(tmp_path, answer(b"{", "429 Too Many Requests", Content_Length="500"))
    assert isinstance(got, Refused)
    assert 429 == got.http_status


async def test_a_slow_answer_is_doubt(tmp_path: Path) -> None:
    """No answer in time says nothing about whether it was accepted."""
    told = asyncio.Event()
    async with raw_server(silence(told)) as server, rig(tmp_path, server.url, patience=Patience(0.2, 0.2)) as r:
        got = await r.submit()
        told.set()
    assert Lost("int_1", "no answer in time") == got
    assert 1 == len(server.requests)


async def test_a_connection_that_cannot_be_made_sent_nothing(tmp_path: Path) -> None:
    """A closed port, a name that does not exist, a TLS handshake with somebody else: proven not sent."""
    async with raw_server(answer(YES)) as server:
        pass
    async with rig(tmp_path, server.url) as r:
        assert isinstance(await r.submit(), NotSent)
    async with rig(tmp_path, f"https://{'a' * 70}.example") as r:
        assert isinstance(await r.submit(), NotSent)
    short = Patience(0.2, 0.2)
    async with (
        raw_server(answer(YES)) as server,
        rig(tmp_path, f"https://127.0.0.1:{server.port}", patience=short) as r,
    ):
        assert isinstance(await r.submit(), NotSent)
        await server.calm(1)
        assert KEY.encode() not in server.seen[0].data


async def test_too_late_means_not_a_byte(tmp_path: Path) -> None:
    """`send_by` is looked at when the connection stands: past it the server sees a connection and nothing on it."""
    async with raw_server(answer(YES)) as server, rig(tmp_path, server.url) as r:
        job = r.job()
        prepared = await r.client.prepare(job)
        intent = make_intent(r.clock.now(), send_by_s=-0.001)
        # The limiter's own look must not be what stops it: the connection is what takes too long.
        r.clock.advance(-1.0)
        made = asyncio.ensure_future(r.client.submit(job, intent, prepared))
        await asyncio.sleep(0)
        r.clock.advance(1.0)
        got = await made
        assert isinstance(got, NotSent)
        assert "only after the instant" in got.why
        await server.calm(1)
        assert (1, b"") == (len(server.seen), server.seen[0].data)


async def test_an_intent_whose_turn_comes_too_late_is_not_sent(tmp_path: Path) -> None:
    """Waiting for the vendor's rate limit does not make a call older than it may be."""
    async with raw_server(answer(YES)) as server, rig(tmp_path, server.url) as r:
        await r.submit()
        for _ in range(3):
            await r.client._limits.take("main", "submit:wan2.7-t2v", 5.0)
        r.clock.advance(-1.0)
        assert isinstance(await r.submit(send_by_s=0.1), NotSent)
    assert 1 == len(server.seen)


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("http://dashscope.aliyuncs.com", "in the open"),
        ("http://user:pw@127.0.0.1", "nothing else"),
        ("ftp://127.0.0.1", "in the open"),
        ("not a url", "nothing else"),
        ("http://[::bad", "no URL"),
    ],
)
async def test_a_key_does_not_travel_in_the_open(tmp_path: Path, base: str, words: str) -> None:
    """https, or http to this machine; anything else is refused before a connection is made."""
    async with rig(tmp_path, base) as r:
        with pytest.raises(PrepareFailed, match=words) as refused:
            await r.client.prepare(r.job())
        assert (True, "unsafe_base_url") == (refused.value.fatal, refused.value.code)
        look = await r.client.look(r.account, "t-1")
        assert isinstance(look, QueryFailed)
        assert words in look.why
        assert isinstance(await r.client.cancel(r.account, "t-1"), CancelFailed)


@pytest.mark.parametrize("key", [None, "", "sk-with\nnewline", "sk-ключ"])
async def test_without_a_usable_key_nothing_is_sent(tmp_path: Path, key: str | None) -> None:
    """The words say what to set, and never repeat what was set."""
    async with raw_server(answer(YES)) as server, rig(tmp_path, server.url, key=key) as r:
        with pytest.raises(PrepareFailed) as failed:
            await r.client.prepare(r.job())
        assert not failed.value.fatal
        assert "API" in failed.value.why
        assert "newline" not in failed.value.why
    assert [] == server.seen


async def test_the_key_is_in_no_words(tmp_path: Path) -> None:
    """A vendor or proxy that echoes the key does not get it into our events, logs or representations."""
    body = json.dumps({"code": "InvalidApiKey", "message": f"bad key Bearer {KEY}"}).encode()
    odd = "k3y!of(a)gateway"
    with structlog.testing.capture_logs() as logs:
        async with raw_server(answer(body, "401 Unauthorized")) as server, rig(tmp_path, server.url) as r:
            got = await r.submit()
            seen = [repr(got), repr(r.client), repr(await r.client.look(r.account, "t-1")), repr(vars(r.client._wire))]
        echo = answer(f"<p>{odd}</p>".encode(), "500 Oops")
        async with raw_server(echo) as server, rig(tmp_path, server.url, key=odd) as r:
            seen += [repr(await r.submit()), repr(await r.client.look(r.account, "t-1"))]
    assert isinstance(got, Refused)
    assert not [text for text in [*seen, repr(logs)] if KEY in text or odd in text]
    assert {"query", "submit"} == {entry["kind"] for entry in logs}


async def test_looks_carry_no_async_header(tmp_path: Path) -> None:
    """GET /tasks/{id}, without the header that makes the vendor refuse it."""
    body = b'{"output":{"task_id":"t-1","task_status":"SUCCEEDED","video_url":"https://a/b?Expires=1800086400"}}'
    async with raw_server(answer(body)) as server, rig(tmp_path, server.url, workspace="ws-9") as r:
        got = await r.client.look(r.account, "t-1")
    assert isinstance(got, Finished)
    (seen,) = server.requests
    assert seen.head.startswith("GET /api/v1/tasks/t-1 HTTP/1.1\r\n")
    assert (None, "ws-9", "1") == tuple(
        seen.header(n) for n in ("x-dashscope-async", "x-dashscope-workspace", "x-wanreel-hop")
    )


@pytest.mark.parametrize("script", [drop, answer(b"{", Content_Length="9"), answer(b"", "503 Busy")])
async def test_a_look_that_breaks_off_is_not_now(tmp_path: Path, script: Script) -> None:
    """No error of a query is a verdict."""
    async with raw_server(script) as server, rig(tmp_path, server.url) as r:
        assert isinstance(await r.client.look(r.account, "t-1"), QueryFailed)


async def test_cancel_and_list(tmp_path: Path) -> None:
    """The two other calls on the wire; the list's window goes out in the vendor's zone."""
    rows = {"data": [{"task_id": "t-1", "gmt_create": 1_745_000_000_000}], "total_page": 1}
    date = "Fri, 15 Jan 2027 08:00:10 GMT"
    scripts = (answer(b'{"request_id":"r"}'), answer(json.dumps(rows).encode(), Date=date), drop)
    async with raw_server(*scripts) as server, rig(tmp_path, server.url) as r:
        assert CancelTaken() == await r.client.cancel(r.account, "t-1")
        page = await r.client.list(r.account, Window(1_768_442_654.0, 1_768_442_655.0, "wan2.7-t2v"), 1)
        with pytest.raises(ListFailed):
            await r.client.list(r.account, Window(0.0, 1.0), 1)
        skew = 1_800_000_010.0 - r.clock.now()
    assert ["t-1"] == [row.task_id for row in page.rows]
    assert page.skew_s is not None
    assert abs(skew - page.skew_s) < 1
    cancel, listed, *_ = server.requests
    assert cancel.head.startswith("POST /api/v1/tasks/t-1/cancel HTTP/1.1\r\n")
    assert ("0", b"") == (cancel.header("content-length"), cancel.body)
    asked = "page_no=1&page_size=100&start_time=20260115100414&end_time=20260115100416&model_name=wan2.7-t2v"
    assert listed.head.startswith(f"GET /api/v1/tasks/?{asked} HTTP")


async def test_proxy_variables_are_honoured_but_never_for_loopback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS goes through CONNECT with the proxy's credentials and without ours; a refusing proxy means not sent."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    async with raw_server(answer(b"", "403 Forbidden")) as proxy, raw_server(answer(YES)) as near:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://me:pw@127.0.0.1:{proxy.port}")
        for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("NETRC", str(netrc))
        async with rig(tmp_path, "https://dashscope.example") as r:
            assert isinstance(await r.submit(), NotSent)
        (seen,) = proxy.requests
        assert seen.head.startswith("CONNECT dashscope.example:443 HTTP/1.1\r\n")
        assert f"Basic {base64.b64encode(b'me:pw').decode()}" == seen.header("proxy-authorization")
        assert (None, False) == (seen.header("authorization"), KEY.encode() in seen.data)
        async with rig(tmp_path, near.url) as r:
            assert isinstance(await r.submit(), Accepted)
        assert (1, 1) == (len(proxy.seen), len(near.seen))
        monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1")
        monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
        async with rig(tmp_path, "https://dashscope.example") as r:
            got = await r.submit()
        assert isinstance(got, NotSent)
        assert "only HTTP proxies" in got.why


async def test_small_pictures_go_inline(tmp_path: Path) -> None:
    """A kept picture becomes a data: URL of exactly its bytes."""
    async with raw_server(answer(YES)) as server, rig(tmp_path, server.url) as r:
        stored = r.shelf.put(b"picture")
        await r.submit(Request("i2v", "wan2.6-i2v", media=(Media("first_frame", stored),), resolution="720P"))
    sent = json.loads(server.requests[0].body)
    assert f"data:image/png;base64,{base64.b64encode(b'picture').decode()}" == sent["input"]["img_url"]


async def test_a_second_try_without_the_rewriter(tmp_path: Path) -> None:
    """After RewriteFailed the job says so, and the body and its fingerprint follow."""
    async with rig(tmp_path, "http://127.0.0.1:9") as r:
        plain = await r.client.prepare(r.job())
        job = make_job(Queued, at=NOW, request=TEXT, account=r.account, prompt_extend_off=True)
        again = await r.client.prepare(job)
    assert isinstance(again.body, Outgoing)
    parameters = again.body.body["parameters"]
    assert isinstance(parameters, dict)
    assert False is parameters["prompt_extend"]
    assert plain.fingerprint != again.fingerprint


async def test_inputs_that_are_gone_or_changed_are_told(tmp_path: Path) -> None:
    """A kept file that vanished or was altered ends the job; a foreign picture is never sent in its place."""
    async with rig(tmp_path, "http://127.0.0.1:9") as r:
        stored = r.shelf.put(b"picture")
        request = Request("i2v", "wan2.6-i2v", media=(Media("first_frame", stored),))
        (tmp_path / stored.sha256).write_bytes(b"another")
        with pytest.raises(PrepareFailed, match=r"me\.png.*changed") as changed:
            await r.client.prepare(r.job(request))
        (tmp_path / stored.sha256).unlink()
        with pytest.raises(PrepareFailed, match="no longer") as gone:
            await r.client.prepare(r.job(request))
    assert [("input_changed", True), ("input_missing", True)] == [
        (e.value.code, e.value.fatal) for e in (changed, gone)
    ]


async def test_links_are_not_touched(tmp_path: Path) -> None:
    """The vendor fetches links itself; an oss:// one asks for the resolve header."""
    async with raw_server(answer(YES)) as server, rig(tmp_path, server.url) as r:
        await r.submit(Request("i2v", "wan2.6-i2v", media=(Media("first_frame", Link("oss://a/b.png")),)))
    assert "enable" == server.requests[0].header("x-dashscope-ossresourceresolve")


REFUSED = b'{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"r-1"}'


async def test_another_key_is_tried_where_there_is_one(tmp_path: Path) -> None:
    """A refused key holds back nothing while another is left; the last one is the account's trouble."""
    keys = Keys(lambda _: ("sk-first-0123456789", "sk-second-0123456789"))
    async with raw_server(
        answer(REFUSED, status="401 Unauthorized"), answer(REFUSED, status="401 Unauthorized")
    ) as server:
        client = DashScope(CATALOG, FakeClock(), Shelf(tmp_path), keys.use, Options(refused=keys.refuse))
        r = Rig(client, FakeClock(), Shelf(tmp_path), make_account(region="beijing", base_url=f"{server.url}/api/v1"))
        said = [await r.submit(), await r.submit()]
        await client.close()

    assert [Pause.KEY, Pause.ACCOUNT] == [one.pause for one in said if isinstance(one, Refused)]
    sent = [one.header("authorization") for one in server.requests]
    assert ["Bearer sk-first-0123456789", "Bearer sk-second-0123456789"] == sent


async def test_a_burst_slows_the_next_submits(tmp_path: Path) -> None:
    """After BurstRate submits of that model are spaced wider."""
    burst = b'{"code":"Throttling.BurstRate","message":"slower","request_id":"r"}'
    async with (
        raw_server(answer(burst, status="429 Too Many"), answer(YES), answer(YES)) as server,
        rig(tmp_path, server.url) as r,
    ):
        await r.submit()
        r.clock.slept.clear()
        await r.submit()
        await r.submit()
    usual = MARGIN / 5.0
    assert [pytest.approx(usual), pytest.approx(2 * usual)] == [s for s in r.clock.slept if s > 0.01][-2:]


async def test_limits_are_read_page_by_page(tmp_path: Path) -> None:
    """Every page is asked for, and a host that has no such API says so."""

    def page(model: str) -> bytes:
        row = {"model": model, "model_limit": {"async_user_concurrency_limit": 3}}
        return json.dumps({"output": {"total": 200, "page_size": 100, "quotas": [row]}}).encode()

    scripts = (answer(page("a")), answer(page("b")), answer(b"", status="404 Not Found"))
    async with raw_server(*scripts) as server, rig(tmp_path, server.url) as r:
        assert {"a": 3, "b": 3} == await r.client.limits(r.account)
        with pytest.raises(ListFailed):
            await r.client.limits(r.account)
    assert server.requests[1].head.startswith("GET /api/v1/models/limits?page_no=2&page_size=100 ")
