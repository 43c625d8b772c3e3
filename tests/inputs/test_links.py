"""A link leads to a public place, the very one that was checked, in bounded time and bytes; or is refused in words."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from tests.inputs.pictures import picture
from wanreel.domain.addresses import Address, is_public
from wanreel.domain.errors import Invalid
from wanreel.inputs.links import Bounds, Links, look_up, shown

MIB = 1024 * 1024
PICTURE = picture()
STAND_IN = ipaddress.ip_address("127.0.0.2")  # plays the public internet; 127.0.0.1 stays what it is


def acting(address: Address) -> bool:
    """Everything is as it is, but for one address that plays a public one."""
    return address == STAND_IN or is_public(address)


@dataclass
class Names:
    """A name service that answers what a test wants, in turn; the last answer stays."""

    answers: list[list[str]]
    asked: list[str] = field(default_factory=list[str])

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass
class Site:
    """A web server and what it was asked."""

    port: int
    hits: list[str]


Page = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def site(host: str, **pages: Page) -> AsyncGenerator[Site]:
    """A server on an address of this machine; `pages` are handlers by name."""
    hits: list[str] = []
    made = Site(0, hits)

    async def answer(request: web.Request) -> web.StreamResponse:
        hits.append(request.path)
        return await pages[request.path.strip("/").partition(".")[0]](request)

    app = web.Application()
    app.router.add_get("/{page:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    made.port = runner.addresses[0][1]
    try:
        yield made
    finally:
        await runner.cleanup()


async def good(request: web.Request) -> web.StreamResponse:
    """A picture."""
    return web.Response(body=PICTURE, content_type="image/png")


def to(url: str) -> Page:
    """A redirect."""

    async def page(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": url})

    return page


async def test_what_a_public_name_holds_is_fetched() -> None:
    """The name is asked once, its address is connected to, and the file has the link's name."""
    async with site("127.0.0.2", cat=good) as there:
        names = Names([["127.0.0.2"], ["127.0.0.1"]])
        fetched = await Links(lookup=names, may_connect=acting).fetch(
            f"http://pics.example:{there.port}/cat.png?s=1", MIB
        )
    assert (PICTURE, "cat.png", ["pics.example"]) == (fetched.data, fetched.name, names.asked)


async def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    """Checked public, then private: there is no second look between check and connect, and a later one is checked."""
    async with site("127.0.0.2") as public, site("127.0.0.1", cat=good) as private:
        assert not public.hits
        names = Names([["127.0.0.2"], ["127.0.0.1"]])
        links = Links(lookup=names, may_connect=acting, bounds=Bounds(connect_s=2.0))
        with pytest.raises(Invalid, match="cannot be fetched"):  # nobody listens at that port of the public address
            await links.fetch(f"http://pics.example:{private.port}/cat.png", MIB)
        with pytest.raises(Invalid, match="private network"):  # and now the name says what it wanted all along
            await links.fetch(f"http://pics.example:{private.port}/cat.png", MIB)
        assert [] == private.hits


async def test_one_private_address_among_public_ones_is_enough() -> None:
    """A name with both is refused whole: which of them is connected to would be chance."""
    async with site("127.0.0.1", cat=good) as private:
        links = Links(lookup=Names([["127.0.0.2", "127.0.0.1"]]), may_connect=acting)
        with pytest.raises(Invalid, match="private network"):
            await links.fetch(f"http://pics.example:{private.port}/cat.png", MIB)
        assert [] == private.hits


@pytest.mark.parametrize(
    "host",
    [
        *(
            "0x7f000001",
            "017700000001",
            "0x7f.1",
            "127.0.1",
            "00000177.0.0.1",
            "2852039166",
            "0xa9fea9fe",
            "0251.254.0251.254",
        ),
        *("[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::1%25lo]"),
        *("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "0", "127.0.0.1."),
        *("[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::]"),
        *("169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "[fe80::1]", "10.0.0.1", "192.168.1.1"),
        *("１２７.０.０.１", "127。0。0。1", "ⓛocalhost"),
    ],
)
async def test_no_spelling_of_a_private_address_is_followed(host: str) -> None:
    """Numbers in any base, mapped and translated forms, full-width digits: nothing is connected to."""
    async with site("127.0.0.1", cat=good) as private:
        with pytest.raises(Invalid):
            await Links(bounds=Bounds(connect_s=1.0, total_s=5.0)).fetch(f"http://{host}:{private.port}/cat.png", MIB)
        assert [] == private.hits


@pytest.mark.parametrize(
    "kind", ["name", "address", "mapped", "decimal", "octal", "hexadecimal", "metadata", "file", "data", "port"]
)
async def test_redirects_are_checked_like_the_first_link(kind: str) -> None:
    """Into the machine by name or address, into its files, to a port of another trade: refused."""
    async with site("127.0.0.1", cat=good) as private:
        targets = {
            "name": f"http://inside.example:{private.port}/cat.png",
            "address": f"http://127.0.0.1:{private.port}/cat.png",
            "mapped": f"http://[::ffff:127.0.0.1]:{private.port}/cat.png",
            "decimal": f"http://2130706433:{private.port}/cat.png",
            "octal": f"http://0177.0.0.1:{private.port}/cat.png",
            "hexadecimal": f"http://0x7f000001:{private.port}/cat.png",
            "metadata": f"http://100.100.100.200:{private.port}/latest/meta-data/",
            "file": "file:///etc/passwd",
            "data": "data:text/plain,hello",
            "port": "http://pics.example:22/",
        }
        async with site("127.0.0.2", away=to(targets[kind])) as public:

            async def names(host: str, port: int) -> Sequence[str]:
                return ["127.0.0.1"] if host == "inside.example" else ["127.0.0.2"]

            with pytest.raises(Invalid, match=r"private network|only http|port 22|names no host"):
                await Links(lookup=names, may_connect=acting).fetch(f"http://pics.example:{public.port}/away", MIB)
            assert (["/away"], []) == (public.hits, private.hits)


async def test_a_fair_redirect_is_followed_and_a_circle_ends() -> None:
    """One step away is fine, relative too; round and round is not."""
    async with site("127.0.0.2", cat=good, near=to("/cat.png"), round=to("/round")) as there:
        links = Links(lookup=Names([["127.0.0.2"]]), may_connect=acting)
        assert PICTURE == (await links.fetch(f"http://pics.example:{there.port}/near", MIB)).data
        with pytest.raises(Invalid, match="more than 5 times"):
            await links.fetch(f"http://pics.example:{there.port}/round", MIB)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "only http and https"),
        ("ftp://pics.example/a.png", "only http and https"),
        ("gopher://127.0.0.1:70/_", "only http and https"),
        ("http:///a.png", "only http and https"),
        ("http://user:pw@pics.example/a.png", "carries a password"),
        ("http://pics.example\\@127.0.0.1/a.png", "password|names no host|not a link|private"),
        ("http://pics.example:25/a.png", "port 25"),
        ("http://pics.example:99999/a.png", "not a link"),
        ("http://[::1/a.png", "not a link"),
        ("http://пример.example/a.png", "names no host"),
    ],
)
async def test_what_is_no_link_to_follow_is_refused_before_anybody_is_asked(url: str, words: str) -> None:
    """Other schemes, passwords, odd ports, odd spellings."""
    names = Names([["127.0.0.1"]])
    with pytest.raises(Invalid, match=words):
        await Links(lookup=names).fetch(url, MIB)
    assert [] == names.asked


async def test_too_much_is_refused_told_or_not() -> None:
    """By its announced length before a byte of it is read, and by counting where none is announced."""
    sent = asyncio.Event()

    async def told(request: web.Request) -> web.StreamResponse:
        return web.Response(body=bytes(2 * MIB))

    async def untold(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(bytes(64 * 1024))
        sent.set()
        return response

    async with site("127.0.0.2", told=told, untold=untold) as there:
        links = Links(lookup=Names([["127.0.0.2"]]), may_connect=acting)
        for page in ("told", "untold"):
            with pytest.raises(Invalid, match="larger than 1 MB"):
                await links.fetch(f"http://pics.example:{there.port}/{page}", MIB)
        await sent.wait()


async def test_too_slow_is_refused() -> None:
    """A server that says nothing, and one that says a byte now and then for ever."""
    over = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        await over.wait()
        return web.Response()

    async def dripping(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while not over.is_set():
                await response.write(b"x")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), 0.05)
        return response

    async with site("127.0.0.2", silent=silent, dripping=dripping) as there:
        names = Names([["127.0.0.2"]])
        with pytest.raises(Invalid, match="cannot be fetched"):
            await Links(bounds=Bounds(silence_s=0.3), lookup=names, may_connect=acting).fetch(
                f"http://pics.example:{there.port}/silent", MIB
            )
        with pytest.raises(Invalid, match=r"within 0\.5 s"):
            await Links(bounds=Bounds(total_s=0.5), lookup=names, may_connect=acting).fetch(
                f"http://pics.example:{there.port}/dripping", MIB
            )
        over.set()


async def test_packed_and_unwelcome_answers_are_refused() -> None:
    """A body that would unpack into anything, and an error page."""

    async def packed(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    async def missing(request: web.Request) -> web.StreamResponse:
        return web.Response(status=404, body=PICTURE)

    async with site("127.0.0.2", packed=packed, missing=missing) as there:
        links = Links(lookup=Names([["127.0.0.2"]]), may_connect=acting)
        with pytest.raises(Invalid, match="packed"):
            await links.fetch(f"http://pics.example:{there.port}/packed", MIB)
        with pytest.raises(Invalid, match="HTTP 404"):
            await links.fetch(f"http://pics.example:{there.port}/missing", MIB)


async def test_nothing_of_ours_travels_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, no cookie, no key, no referrer; a redirect gets as little."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    seen: list[set[str]] = []

    async def noting(request: web.Request) -> web.StreamResponse:
        seen.append({name.lower() for name in request.headers})
        if request.path == "/first":
            return web.Response(status=307, headers={"Location": "/second", "Set-Cookie": "a=b"})
        return web.Response(body=PICTURE)

    async with site("127.0.0.2", first=noting, second=noting) as there:
        links = Links(lookup=Names([["127.0.0.2"]]), may_connect=acting)
        await links.fetch(f"http://pics.example:{there.port}/first", MIB)
    assert [{"host", "connection", "user-agent", "accept", "accept-encoding"}] * 2 == seen


async def test_an_operators_own_host_may_be_private() -> None:
    """Named with its port it is followed, and nothing else on that machine is."""
    async with site("127.0.0.1", cat=good) as own, site("127.0.0.1", cat=good) as other:
        links = Links(hosts=[f"localhost:{own.port}", f"127.0.0.1:{own.port}"])
        for host in ("localhost", "127.0.0.1"):
            assert PICTURE == (await links.fetch(f"http://{host}:{own.port}/cat.png", MIB)).data
            with pytest.raises(Invalid, match="WANREEL_INPUT_HOSTS"):
                await links.fetch(f"http://{host}:{other.port}/cat.png", MIB)
        assert [] == other.hits


async def test_an_unknown_name_is_told() -> None:
    """A name that leads nowhere."""

    async def nobody(host: str, port: int) -> Sequence[str]:
        raise OSError("Name or service not known")

    with pytest.raises(Invalid, match="cannot be fetched"):
        await Links(lookup=nobody).fetch("https://no.example/a.png", MIB)


async def test_the_systems_own_names_are_asked() -> None:
    """What stands in /etc/hosts is seen like any other name."""
    assert {"127.0.0.1", "::1"} & set(await look_up("localhost", 80))


def test_a_message_shows_no_signature() -> None:
    """Queries, fragments and passwords stay out of words."""
    assert "https://a.example/b.png" == shown("https://me:pw@a.example/b.png?Signature=x#y")


@pytest.mark.parametrize("link", ["http://u:p@{host}/a.png", "http://{host}/a.png"])
async def test_a_host_is_told_short_and_plain(link: str) -> None:
    """What somebody else wrote as a host comes into no message, log or terminal as it is."""
    host = "x" * 300 + ".example"

    async def lookup(host: str, port: int) -> list[str]:
        return ["10.0.0.1"]

    with pytest.raises(Invalid) as error:
        await Links(lookup=lookup).fetch(link.format(host=host), 100)
    assert "x" * 150 not in error.value.message
