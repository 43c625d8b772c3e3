"""What one exchange promises about its first byte, its words and the place it goes to."""

from __future__ import annotations

import aiohttp
import pytest

from tests.factories import FakeClock
from tests.vendor.raw_server import answer, drop, raw_server
from wanreel.vendor.http import Broken, Call, Gate, Patience, TooLateError, Wire, explain, is_loopback, proxy_for


def test_only_the_gate_s_no_or_no_connection_is_proof() -> None:
    """With a connection and without the gate's word (a hook that is no longer called), a call counts as sent."""
    clock = FakeClock()
    gate = Gate(clock, clock.now(), once=True)
    assert gate.unsent
    gate.connected = True
    assert not gate.unsent
    clock.advance(1.0)
    with pytest.raises(TooLateError):
        gate.pass_through()
    assert gate.unsent


def test_nobody_passes_the_gate_of_a_paid_call_twice() -> None:
    """A library that tries again is stopped, and the call stays one that may have been sent."""
    gate = Gate(FakeClock(), None, once=True)
    gate.connected = True
    gate.pass_through()
    with pytest.raises(RuntimeError, match="second time"):
        gate.pass_through()
    assert not gate.unsent


async def test_the_hooks_are_really_called() -> None:
    """The library calls both: the proof above stands on it."""
    async with raw_server(drop) as server:
        wire = Wire(FakeClock(), Patience(2.0, 2.0))
        with pytest.raises(Broken) as broken:
            await wire.exchange(Call("POST", server.url, body=b"x", fresh=True))
        with pytest.raises(Broken) as late:
            await wire.exchange(Call("POST", server.url, body=b"x", fresh=True, send_by=0.0))
        await wire.close()
    assert (True, False) == (broken.value.sent, late.value.sent)
    assert 1 == len(server.requests)


async def test_a_url_goes_out_letter_for_letter() -> None:
    """No quoting is changed on the way: signatures depend on it."""
    async with raw_server(answer(b"{}")) as server:
        wire = Wire(FakeClock(), Patience())
        await wire.exchange(Call("GET", f"{server.url}/a%2Fb?c=%2F%20d&e=~"))
        await wire.close()
    assert server.requests[0].head.startswith("GET /a%2Fb?c=%2F%20d&e=~ HTTP/1.1")


def test_words_hold_neither_keys_nor_signatures() -> None:
    """What went wrong can be shown to anybody."""
    error = aiohttp.InvalidURL("https://a/b?Expires=1&Signature=abc")
    assert "https://a/b?…" == explain(error)
    assert "TimeoutError" not in explain(TimeoutError())
    assert "ValueError" == explain(ValueError())
    assert 300 >= len(explain(ValueError("x" * 10_000)))


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_loopback(host: str, near: bool) -> None:
    """This machine, by names that cannot mean another."""
    assert near == is_loopback(host)


def test_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scheme by scheme, `all` for the rest, exceptions kept, credentials taken out of the URL."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("no_proxy", "direct.example")
    assert (None, None) == proxy_for("https://a.example/")
    monkeypatch.setenv("all_proxy", "proxy.example:3128")
    assert ("http://proxy.example:3128", None) == proxy_for("https://a.example/")
    monkeypatch.setenv("https_proxy", "http://u%40x:p%3A@[::1]:1")
    assert ("http://[::1]:1", {"Proxy-Authorization": "Basic dUB4OnA6"}) == proxy_for("https://a.example/")
    assert (None, None) == proxy_for("https://direct.example/")
    assert (None, None) == proxy_for("http://127.0.0.1:8000/")
