"""Tests of the library against a server: the embedded surface, over HTTP, through lost answers and dead streams."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import structlog
from aiohttp import web

from tests.api.served import OUTSIDE, Served, served
from tests.api.test_tokens import bearer
from tests.client.small_world import KEY, bought, picture, small_vendor
from tests.e2e.clip import small_clip
from wanreel import Client, Conflict, Invalid, NotFound, Unauthorized, Unavailable, async_client
from wanreel.api.problems import TABLE
from wanreel.client import EmbeddedClient
from wanreel.client.answers import OF_CODE, error_of
from wanreel.emulator.server import Emulator
from wanreel.mcp.tools import shown

PROMPT, MODEL = "A red kite over a grey sea", "wan2.5-t2v-preview"


@pytest.fixture
def vendor() -> Iterator[Emulator]:
    """The vendor, two thousand times as quick."""
    with small_vendor(quirks={"foreign_media": "assume"}) as emulator:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
        yield emulator
        structlog.reset_defaults()


@pytest.fixture
async def server(vendor: Emulator, tmp_path: Path) -> AsyncIterator[Served]:
    """A home served and worked in this process."""
    async with served(tmp_path / "home", vendor) as it:
        yield it


@pytest.fixture
async def filmed(tmp_path: Path) -> AsyncIterator[Served]:
    """One whose clips can be looked into, and that knows where it is seen from outside."""
    with small_vendor(render=lambda _: small_clip()) as emulator:
        async with served(tmp_path / "films", emulator, public_url=OUTSIDE) as it:
            yield it


async def test_a_clip_is_made_and_fetched(server: Served, tmp_path: Path) -> None:
    """Generating waits for the archived clip, and saving it gives the recorded bytes."""
    async with async_client(server.url) as wan:
        video = await wan.generate(PROMPT, model=MODEL, timeout_s=60)
        assert ("succeeded", None) == (video.state, video.path)
        assert video.url is not None
        kept = await wan.save(video.id, tmp_path / "kite.mp4")
        assert video.sha256 == hashlib.sha256(kept.read_bytes()).hexdigest()
        assert [video.id] == [one.id for one in await wan.list(states=["succeeded"])]
        assert "Stored" in [entry["event"] for entry in await wan.history(video.id)]


async def test_a_page_is_given_lasting_links(filmed: Served, tmp_path: Path) -> None:
    """The same at each call, until they are ended; a folder takes a saved clip under its job's id."""
    it = filmed
    async with async_client(it.url) as wan:
        video = await wan.generate(PROMPT, model=MODEL, timeout_s=60)
        made = await wan.embed(video.id)
        assert made == await wan.embed(video.id)
        assert all(f'"{link}"' in made.html for link in (made.clip, made.poster))
        assert made.clip.startswith(f"{OUTSIDE}/s/")
        shown = await it.ask("GET", urlsplit(made.clip).path)
        assert video.sha256 == hashlib.sha256(shown.bytes).hexdigest()
        assert (2, 0) == (await wan.unshare(video.id), await wan.unshare(video.id))
        assert 404 == (await it.ask("GET", urlsplit(made.clip).path)).status
        assert tmp_path / f"{video.id}.mp4" == await wan.save(video.id, tmp_path)


async def test_templates_are_kept_on_the_server(server: Served) -> None:
    """What is kept there fills here, and what is wrong is said in the same words as at home."""
    async with async_client(server.url) as wan:
        kept = await wan.save_template("rainy", "{thing} in light rain")
        assert kept in await wan.templates()
        assert "a cat in light rain" == kept.fill({"thing": "a cat"})
        with pytest.raises(Invalid, match="name"):
            await wan.save_template("Not So", "words")
        await wan.remove_template("rainy")
        with pytest.raises(NotFound):
            await wan.remove_template("rainy")


async def test_a_picture_of_this_machine_goes_along(server: Served, tmp_path: Path) -> None:
    """A local file is sent with the order; the server opens no path."""
    still = tmp_path / "still.png"
    still.write_bytes(picture())
    async with async_client(server.url) as wan:
        video = (await wan.submit("it sways", first_frame=still, model="wan2.5-i2v-preview"))[0]
        assert "succeeded" == (await wan.wait(video.id, timeout_s=60)).state
        with pytest.raises(Invalid):
            await wan.submit("it sways", first_frame=tmp_path / "none.png")


async def test_errors_are_the_same_as_embedded(server: Served) -> None:
    """A wrong wish, a stranger's id and an ended job raise what they raise without a server."""
    async with async_client(server.url) as wan:
        with pytest.raises(Invalid) as wrong:
            await wan.submit(PROMPT, model=MODEL, duration_s=7)
        assert ["duration_s"] == [problem.field for problem in wrong.value.problems]
        with pytest.raises(NotFound):
            await wan.get("job_nowhere00000000000000000000")
        video = await wan.generate(PROMPT, model=MODEL)
        with pytest.raises(Conflict):
            await wan.cancel(video.id)
        planned = await wan.plan(PROMPT, model=MODEL, variants=2)
        assert (2, MODEL) == (planned.clips, planned.requests[0].model)


async def test_a_stream_goes_on_after_what_was_seen(server: Served) -> None:
    """Events come in order, each once; `after` goes on where one was."""
    async with async_client(server.url) as wan:
        await wan.generate(PROMPT, model=MODEL)
        seen: list[int] = []
        events = wan.stream(after=0)
        async for event in events:
            seen.append(event["seq"])
            if event["state"] == "succeeded":
                break
        await events.aclose()
        rest = wan.stream(after=seen[1])
        assert seen[2] == (await anext(rest))["seq"]
        await rest.aclose()


async def _proxy(target: str, *, lose: int = 0, no_events: bool = False) -> tuple[web.AppRunner, str]:
    """Something between client and server: it loses the first answers to creates, or passes no streams on."""
    lost = [lose]

    async def pass_on(request: web.Request) -> web.StreamResponse:
        if no_events and request.path == "/v1/events":
            return web.Response(status=502)
        async with aiohttp.ClientSession() as session:
            sent = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "content-length")}
            url = target + str(request.rel_url)
            async with session.request(request.method, url, data=await request.read(), headers=sent) as got:
                data = await got.read()
        if request.method == "POST" and lost[0]:
            lost[0] -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=got.status, body=data, content_type=got.content_type)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", pass_on)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}"


async def test_a_lost_answer_buys_nothing_twice(server: Served, vendor: Emulator) -> None:
    """The order is sent again under its key, and is one task at the vendor."""
    runner, url = await _proxy(server.url, lose=2)
    try:
        async with async_client(url) as wan:
            video = (await wan.submit(PROMPT, model=MODEL))[0]
        async with async_client(server.url) as wan:
            await wan.wait(video.id, timeout_s=60)
            assert 1 == len(await wan.list())
    finally:
        await runner.cleanup()
    assert 1 == bought(vendor)


async def test_waiting_works_where_streams_do_not(server: Served) -> None:
    """Where no events come through it asks instead."""
    runner, url = await _proxy(server.url, no_events=True)
    try:
        async with async_client(url) as wan:
            assert "succeeded" == (await wan.generate(PROMPT, model=MODEL, timeout_s=60)).state
    finally:
        await runner.cleanup()


async def test_a_server_that_is_not_there_is_said_so() -> None:
    """The error names the address and what to do."""
    async with async_client("http://127.0.0.1:9") as wan:
        with pytest.raises(Unavailable, match="wanreel up"):
            await wan.get("job_x")


async def test_waiting_has_a_limit(tmp_path: Path) -> None:
    """Patience that runs out is a TimeoutError; the job goes on."""
    async with served(tmp_path / "home", None, works=False) as idle, async_client(idle.url) as wan:
        video = (await wan.submit(PROMPT, model=MODEL))[0]
        with pytest.raises(TimeoutError):
            await wan.wait(video.id, timeout_s=0.2)


async def test_the_blocking_client_is_the_same(server: Served) -> None:
    """`Client("http://…")` blocks, and works."""

    def use() -> str:
        with Client(server.url, token="none is needed here") as wan:
            return wan.generate(PROMPT, model=MODEL, timeout_s=60).state

    assert "succeeded" == await asyncio.to_thread(use)


def test_the_table_is_read_backwards() -> None:
    """Every code of the server's table becomes an error of ours with the nearest meaning."""
    for code, kind in TABLE.items():
        error = error_of(kind.status, f'{{"code": "{code}", "detail": "words"}}'.encode())
        assert isinstance(error, OF_CODE.get(code, Invalid))
    assert isinstance(error_of(502, b"<html>"), Unavailable)


async def test_favourites_and_tags_are_changed(server: Served) -> None:
    """As embedded: said of a job, seen on it, found by."""
    async with async_client(server.url) as wan:
        video = (await wan.submit(PROMPT, model=MODEL, tags=["draft"]))[0]
        done = await wan.mark(video.id, favourite=True, add_tags=["hero"], remove_tags=["draft"])
        assert (True, ("hero",)) == (done.favourite, done.job.tags)
        assert [video.id] == [one.id for one in await wan.list(favourites=True, tag="hero")]
        with pytest.raises(Invalid):
            await wan.mark(video.id)


async def test_progress_and_money_are_told_alike(server: Served, tmp_path: Path) -> None:
    """Embedded, against a server and to an agent: how a job is getting on, in lists too, and where the money went."""
    asked = {"home": tmp_path / "waiting", "vendor_url": "http://127.0.0.1:9/api/v1", "api_key": KEY}
    async with served(tmp_path / "waiting", None, works=False) as still, async_client(still.url) as far:
        near = EmbeddedClient(lambda _: nullcontext(still.home), asked)
        first, second = [(await far.submit(PROMPT, model=MODEL))[0] for _ in range(2)]
        said = {first.id: "next to be sent", second.id: "1 in front of it"}
        async with near:
            for wan in (far, near):
                assert said == {video.id: (video.progress or "").partition(";")[0] for video in await wan.list()}
                assert said[second.id] == ((await wan.get(second.id)).progress or "").partition(";")[0]
        agents = shown(await far.get(first.id))
        assert ("next to be sent", None) == (agents["progress"], agents["about_s_left"])

    made = await server.made()
    async with async_client(server.url) as far:
        near = EmbeddedClient(lambda _: nullcontext(server.home), asked)
        assert (None, None) == ((video := await far.get(made["id"])).progress, video.rest_s)
        async with near:
            for by in ("project", "model", "day", "tag"):
                lines = await far.usage(by)
                assert lines == await near.usage(by)
                assert 1 == sum(line["clips"] for line in lines)
            assert [] == await far.usage(project="none") == await near.usage(project="none")
            for wan in (far, near):
                with pytest.raises(Invalid, match="by"):
                    await wan.usage("colour")


async def test_what_came_out_is_told_alike(server: Served, tmp_path: Path) -> None:
    """Groups, reviews, places, a pick, another take, a diagnosis: as the home itself tells them."""
    asked = {"home": tmp_path / "home", "vendor_url": "http://127.0.0.1:9/api/v1", "api_key": KEY}
    near = EmbeddedClient(lambda _: nullcontext(server.home), asked)
    async with near, async_client(server.url) as far:
        one, two = await far.submit(PROMPT, model=MODEL, variants=2)
        group = one.job.group or ""
        assert [one.id, two.id] == [video.id for video in await far.wait_group(group, timeout_s=60)]
        lone = await far.generate(PROMPT, model=MODEL, timeout_s=60)
        assert ["succeeded"] * 2 == [video.state for video in await near.wait_group(group, timeout_s=60)]

        here, there = await near.groups(), await far.groups(project="default", limit=1)
        assert [plain(group) for group in here] == [plain(group) for group in there]
        assert [] == await far.groups(after=group) == await near.groups(after=group)
        for wan in (near, far):
            with pytest.raises(NotFound):
                await wan.groups(after="grp_nowhere")
            with pytest.raises(NotFound):
                await wan.group_view("grp_nowhere")
            with pytest.raises(NotFound):
                await wan.review("job_nowhere00000000000000000000")

        assert await far.rank(group) == await near.rank(group)
        assert plain(await far.review(one.id)) == plain(await near.review(one.id))
        assert (await far.review(one.id, again=True)).opinions == (await near.review(one.id)).opinions
        told, said = await far.diagnose(one.id), await near.diagnose(one.id)
        assert (said.command, [cause.code for cause in said.causes]) == (told.command, [c.code for c in told.causes])

        word = await far.pick(two.id, by="mei", note="the light")
        assert (group, two.id, "mei", "the light") == (word.subject, word.job_id, word.by, word.note)
        with pytest.raises(Conflict, match="already"):
            await far.pick(one.id)
        assert one.id == (await far.pick(one.id, change=True)).job_id
        assert lone.id == (await far.pick(lone.id)).subject, "by itself, as it has no group"

        fresh = await far.replace(two.id, seed=7)
        assert (7, two.id) == (fresh.seed, fresh.job.retry_of)
        with pytest.raises(Conflict, match="replaced already"):
            await far.replace(two.id)
        await far.wait(fresh.id, timeout_s=60)
        seen, view = await near.group_view(group), await far.group_view(group)
        assert (plain(seen.group), seen.tally) == (plain(view.group), view.tally)
        assert seen.pick is not None
        assert view.pick is not None
        assert plain(seen.pick) == plain(view.pick)
        assert [one.id, fresh.id] == [take.job.id for take in view.takes]
        assert [two.id] == [job.id for job in view.takes[1].replaced]


def plain(value: Any) -> Any:
    """A value without its times, of which a server tells the milliseconds."""
    return dataclasses.replace(value, **{name: 0.0 for name in ("created_at", "at") if hasattr(value, name)})


async def test_another_take_is_ordered_once(tmp_path: Path) -> None:
    """A retry and a replacement whose answers are lost are sent again under their key, and are one job each; a server
    that only takes orders needs no key of the vendor's for it.
    """
    async with served(tmp_path / "home", None, works=False, key="") as idle:
        runner, url = await _proxy(idle.url, lose=0)
        try:
            async with async_client(url) as wan:
                ended = [(await wan.submit(PROMPT, model=MODEL))[0] for _ in range(2)]
                for video in ended:
                    await wan.cancel(video.id)
            await runner.cleanup()
            runner, url = await _proxy(idle.url, lose=1)
            async with async_client(url) as wan:
                again = await wan.retry(ended[0].id)
            await runner.cleanup()
            runner, url = await _proxy(idle.url, lose=1)
            async with async_client(url) as wan:
                other = await wan.replace(ended[1].id)
            async with async_client(idle.url) as wan:
                assert {again.id, other.id, *(video.id for video in ended)} == {video.id for video in await wan.list()}
            made = f"/v1/jobs/{again.id}", f"/v1/jobs/{other.id}"
            for path, key in ((made[0], "a-key"), (made[1], "a-key")):  # one key, two things to do
                await idle.ask("POST", f"{path}/cancel", {})
                got = await idle.ask("POST", f"{path}/retry", idempotency_key=key)
                assert (202 if path == made[0] else 409) == got.status, got.json
        finally:
            await runner.cleanup()


async def test_a_token_that_may_only_read_asks_no_judge(tmp_path: Path) -> None:
    """It is told what is known."""
    with small_vendor() as emulator:
        async with served(tmp_path / "home", emulator) as it:
            group = (await it.order(variants=2))["group"]
            reading = (await bearer(it, None, "read")).removeprefix("Bearer ")
            async with async_client(it.url, token=reading) as wan:
                one, _ = await wan.wait_group(group, timeout_s=60)
                assert 2 == len(await wan.rank(group))
                assert one.id == (await wan.diagnose(one.id)).job_id
                with pytest.raises(Unauthorized):
                    await wan.review(one.id)
                with pytest.raises(Unauthorized):
                    await wan.pick(one.id)
