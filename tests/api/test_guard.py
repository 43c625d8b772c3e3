"""Tests of the guard: names, origins, sizes, and what every answer carries."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.api.served import WISH, Served, served
from wanreel.api.desk import Rules
from wanreel.api.guard import host_name, is_loopback_name


async def test_a_rebound_name_is_refused_on_loopback_too(idle: Served) -> None:
    """A page whose host name was pointed at 127.0.0.1 sends its own name, and gets nothing."""
    for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example"):
        got = await idle.ask("GET", "/v1/jobs", host=host)
        assert (421, "wrong_host") == (got.status, got.json["code"])
    for host in ("localhost", "127.0.0.1:1", "[::1]:8080"):
        assert 200 == (await idle.ask("GET", "/v1/jobs", host=host)).status


async def test_names_of_ones_own_are_let_in(tmp_path: Path) -> None:
    """A name in the settings is a name the server goes by."""
    async with served(tmp_path / "home", None, works=False, hosts=("video.example",)) as it:
        assert 200 == (await it.ask("GET", "/healthz", host="video.example")).status


async def test_pages_of_others_may_not_call(idle: Served) -> None:
    """A foreign Origin is refused for every method, and so is an unsafe call from another site without one."""
    for origin in ("https://evil.example", "null", "http://localhost:1"):
        got = await idle.ask("POST", "/v1/jobs", WISH, origin=origin)
        assert (403, "forbidden") == (got.status, got.json["code"])
    assert 403 == (await idle.ask("POST", "/v1/jobs", WISH, sec_fetch_site="cross-site")).status
    own = idle.url
    assert 202 == (await idle.ask("POST", "/v1/jobs", WISH, origin=own)).status


async def test_pages_of_friends_may(tmp_path: Path) -> None:
    """An origin in the settings gets CORS answers, and only it."""
    origin = "https://studio.example"
    async with served(tmp_path / "home", None, works=False, cors_origins=(origin,)) as it:
        got = await it.ask("POST", "/v1/jobs", WISH, origin=origin)
        assert (202, origin) == (got.status, got.headers["Access-Control-Allow-Origin"])
        asked = {"access_control_request_method": "POST", "access_control_request_headers": "authorization,traceparent"}
        assert 200 == (await it.ask("OPTIONS", "/v1/jobs", origin=origin, **asked)).status
        assert 403 == (await it.ask("OPTIONS", "/v1/jobs", origin="https://evil.example", **asked)).status


async def test_a_form_of_another_page_is_no_order(idle: Served) -> None:
    """Only JSON is read: what a form could send without asking first is refused."""
    async with idle.session.post(f"{idle.url}/v1/jobs", data=b'{"prompt": "x"}') as got:
        assert 415 == got.status


@pytest.mark.parametrize("chunked", [False, True])
async def test_large_bodies_are_refused(tmp_path: Path, chunked: bool) -> None:
    """Past the limit nothing more is read, whether the length was announced or not."""
    async with served(tmp_path / "home", None, works=False, rules=Rules(body_bytes_max=1000)) as it:

        async def pieces():
            for _ in range(50):
                yield b"x" * 100

        body = pieces() if chunked else b"x" * 5000
        told = {"content-type": "application/json"}
        async with it.session.post(f"{it.url}/v1/jobs", data=body, headers=told) as got:
            assert (413, "too_large") == (got.status, (await got.json())["code"])


async def test_a_large_body_is_refused_by_its_announcement(idle: Served) -> None:
    """Before a byte of it is sent."""
    host, port = idle.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/lint HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
    async with asyncio.timeout(15):
        assert b"413" in await reader.readline()
    writer.close()


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    """A client that stops in mid-body gets a 408 and its connection back."""
    async with served(tmp_path / "home", None, works=False, rules=Rules(body_pause_s=0.05)) as it:
        host, port = it.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        async with asyncio.timeout(15):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 408")
        writer.close()


async def test_every_answer_carries_what_protects_it(idle: Served) -> None:
    """Errors and answers alike: no sniffing, no framing, no caching, a request id."""
    for path in ("/healthz", "/v1/nothing", "/v1/jobs"):
        got = await idle.ask("GET", path)
        assert ("nosniff", "DENY", "no-store") == (
            got.headers["X-Content-Type-Options"],
            got.headers["X-Frame-Options"],
            got.headers["Cache-Control"],
        )
        assert got.headers["X-Request-Id"].startswith("req_")
        assert "server" not in got.headers


def test_host_headers_are_read_strictly() -> None:
    """What is not a plain name with perhaps a port is no name."""
    assert "a.example" == host_name("A.example:80")
    for bad in ("", "a b", "user@host", "host/path", "host:x", "h#f"):
        assert host_name(bad) is None or not is_loopback_name(host_name(bad) or "")
