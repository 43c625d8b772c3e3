"""Tests of attacks on the wire: smuggling, odd ids, deep JSON, markup, long headers; see docs/security.md."""

from __future__ import annotations

import asyncio
import gzip
import json
from base64 import b64encode

import pytest

from tests.api.served import WISH, Served
from tests.client.small_world import picture


async def raw(server: Served, request: bytes) -> bytes:
    """What comes back for bytes as they are."""
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    async with asyncio.timeout(20):
        answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return answer


SMUGGLED = {
    "length and chunks": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "two tokens": b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer a\r\n"
    b"Authorization: Bearer b\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "a space before the colon": b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "a length of words": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: +4\r\n\r\n{}{}",
    "an odd encoding": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "headers without end": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("how", SMUGGLED)
async def test_smuggled_requests_are_refused(idle: Served, how: str) -> None:
    """What two parsers could read in two ways is read in none."""
    answer = await raw(idle, SMUGGLED[how])
    status = int(answer.split(b" ")[1])
    assert status in (400, 411, 413, 421, 431, 501), answer


async def test_folded_headers_are_one_value(idle: Served) -> None:
    """A header that goes on in the next line is one value with a space; it makes no header of its own, and no host."""
    fine = await raw(idle, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n Host: evil.example\r\n\r\n")
    assert 200 == int(fine.split(b" ")[1])
    folded = await raw(idle, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n evil.example\r\n\r\n")
    assert int(folded.split(b" ")[1]) in (400, 421)


@pytest.mark.parametrize(
    "job", ["..%2f..%2fetc%2fpasswd", "%00", "..", "job_%0d%0aX:y", "a" * 90, "job_" + "%F0%9F%8E%AC" * 9, "*", "%25"]
)
async def test_odd_ids_name_nothing(idle: Served, job: str) -> None:
    """Whatever stands where an id should, nothing but the database is asked, and it says no."""
    for path in (f"/v1/jobs/{job}", f"/v1/jobs/{job}/artifact", f"/v1/groups/{job}", f"/v1/webhooks/{job}"):
        answer = await raw(idle, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert int(answer.split(b" ")[1]) in (400, 404, 422), (path, answer)


BODIES = {
    "deep": b'{"prompt": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "deep extra": b'{"prompt": "x", "extra_input": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}",
    "half a pair": b'{"prompt": "\\ud800", "model": "wan2.5-t2v-preview"}',
    "half a pair in a tag": b'{"prompt": "x", "model": "wan2.5-t2v-preview", "tags": ["\\ud800"]}',
    "zero": b'{"prompt": "x", "first_frame": "https://a.example/\\u0000"}',
    "infinite": b'{"prompt": "x", "duration_s": 1e999}',
    "huge cap": b'{"prompt": "x", "max_cost": "1e999999999"}',
    "tiny cap": b'{"prompt": "x", "group_max_cost": "1e-999999999"}',
    "huge figure": b'{"prompt": "x", "seed": ' + b"9" * 5000 + b"}",
    "not utf-8": b'{"prompt": "\xff\xfe"}',
    "twice": b'{"prompt": "x", "prompt": 7}',
    "nothing": b"",
}


@pytest.mark.parametrize("what", BODIES)
async def test_odd_bodies_get_words(idle: Served, what: str) -> None:
    """Bodies that no client writes are refused in words, or taken; none is a bug of ours."""
    told = {"content-type": "application/json"}
    for path in ("/v1/jobs", "/v1/estimate"):
        async with idle.session.post(idle.url + path, data=BODIES[what], headers=told) as got:
            assert got.status < 500, (path, await got.text())


async def test_markup_stays_text(idle: Served) -> None:
    """Words that would be markup in a page come back as the JSON text they were; nothing of them gets into a header."""
    words = '<script>alert(1)</script>"\r\nX: y'
    job = await idle.order(prompt=words, name='"><img src=x>.mp4')
    got = await idle.ask("GET", f"/v1/jobs/{job['id']}")
    assert (words, "application/json") == (got.json["prompt"], got.headers["Content-Type"])
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
    assert all("script" not in value for value in got.headers.values())
    missing = await idle.ask("GET", "/v1/jobs/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert "application/problem+json" == missing.headers["Content-Type"]


async def test_a_key_is_no_place_for_orders(idle: Served) -> None:
    """Header values with line breaks never reach us as headers."""
    body = json.dumps(WISH).encode()
    head = (
        b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nIdempotency-Key: a\rb\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\nConnection: close\r\n\r\n"
    )
    answer = await raw(idle, head + body)
    assert 400 == int(answer.split(b" ")[1])


CHUNKED = b"POST /v1/estimate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = json.dumps(WISH).encode()
ODD_CHUNKS = {
    "an extension": (b'%x;a=b;c="d"\r\n' % len(BODY), 200),
    "an endless extension": (b"%x;" % len(BODY) + b"a" * 200_000 + b"\r\n", 400),
    "a sign": (b"-%x\r\n" % len(BODY), 400),
    "a prefix": (b"0x%x\r\n" % len(BODY), 400),
}


@pytest.mark.parametrize("how", ODD_CHUNKS)
async def test_odd_chunks(idle: Served, how: str) -> None:
    """An extension is dropped; what is no size is refused, and so is an extension without end."""
    begin, status = ODD_CHUNKS[how]
    wire = CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n" + begin + BODY + b"\r\n0\r\nHost: evil.example\r\n\r\n"
    assert status == int((await raw(idle, wire)).split(b" ")[1])


@pytest.mark.parametrize("target", ["http://evil.example/healthz", "evil.example:443", "*", "//evil.example/x"])
async def test_a_target_that_is_no_path_is_nothing(idle: Served, target: str) -> None:
    """A proxy's way of asking finds nothing here, and leads nowhere."""
    answer = await raw(idle, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert int(answer.split(b" ")[1]) in (400, 404)


async def test_a_refused_body_is_no_request(idle: Served) -> None:
    """What stands in the body of a request that is refused is not taken for the next one."""
    inner = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n" % len(
        inner
    )
    host, port = idle.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head + b"Connection: close\r\n\r\n" + inner)
    async with asyncio.timeout(20):
        heard = await reader.read()
    assert (1, True) == (heard.count(b"HTTP/1.1 "), heard.startswith(b"HTTP/1.1 415"))
    writer.close()


async def test_what_is_packed_is_not_unpacked(idle: Served) -> None:
    """A body that says it is packed is read as it came."""
    packed = gzip.compress(json.dumps(WISH | {"name": "z" * 5_000_000}).encode())
    told = {"content-type": "application/json", "content-encoding": "gzip"}
    async with idle.session.post(f"{idle.url}/v1/jobs", data=packed, headers=told) as got:
        assert 400 == got.status


async def test_a_picture_with_a_script_behind_it_stays_a_picture(idle: Served) -> None:
    """It is served under its own type, under a name of ours, and nothing in it may be run."""
    two_faced = picture() + b"<script>alert(1)</script>%PDF-1.4"
    order = WISH | {
        "model": "wan2.5-i2v-preview",
        "first_frame": f"data:image/png;base64,{b64encode(two_faced).decode()}",
    }
    job = (await idle.ask("POST", "/v1/jobs", order)).json["jobs"][0]
    got = await idle.ask("GET", f"/v1/jobs/{job['id']}/inputs/first_frame")
    assert ("image/png", "nosniff") == (got.headers["Content-Type"], got.headers["X-Content-Type-Options"])
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
    assert f'inline; filename="{job["id"]}-first_frame.png"' == got.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "parts",
    [
        "".join(f'--B\r\nContent-Disposition: form-data; name="f{n}"\r\n\r\nx\r\n' for n in range(5000)),
        "".join(f'--B\r\nContent-Disposition: form-data; name="f{n}"; filename="a"\r\n\r\nx\r\n' for n in range(500)),
        f'--B\r\nContent-Disposition: form-data; name="{"n" * 900_000}"\r\n\r\nx\r\n',
        "--B\r\n" + "".join(f"X{n}: y\r\n" for n in range(20_000)) + "\r\nx\r\n",
        '--B\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n' + "\r\n--C" * 100_000 + "\r\n",
    ],
    ids=["fields", "files", "a name", "headers", "almost ends"],
)
async def test_forms_without_measure_are_refused(idle: Served, parts: str) -> None:
    """In words, and soon."""
    told = {"content-type": "multipart/form-data; boundary=B"}
    async with idle.session.post(f"{idle.url}/v1/videos", data=f"{parts}--B--\r\n".encode(), headers=told) as got:
        assert 400 == got.status
