"""The library, in both colours, over the emulator."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import until
from tests.client.small_world import LOST, bought, small_vendor
from tests.e2e.clip import small_clip
from tests.factories import make_job
from wanreel import (
    AsyncClient,
    Client,
    Conflict,
    GenerationFailed,
    Invalid,
    NeedsAttention,
    NotFound,
    Unauthorized,
    Unavailable,
    Video,
)
from wanreel.client import BlockingClient, EmbeddedClient, RemoteClient
from wanreel.domain.event import Found, SlotKey, TaskCancelled
from wanreel.domain.job import Generating
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy
from wanreel.emulator.server import Emulator
from wanreel.store.sqlite import SqliteStore

Given = dict[str, Any]
FOX = "A red fox in snow"
SMALL: dict[str, Any] = {"model": "wan2.5-t2v-preview", "resolution": "480P"}
LONG = {"create": [{"fate": {"queue_s": 0, "run_s": 3600}}]}


def one_slot(_: SlotKey) -> int:
    """Every key has one."""
    return 1


def methods(kind: type) -> dict[str, inspect.Signature]:
    """What users may call, by name."""
    found: dict[str, inspect.Signature] = {}
    for name, function in inspect.getmembers(kind, inspect.isfunction):
        if name[0] != "_":
            told = inspect.signature(function)
            items = str(told.return_annotation).replace("AsyncGenerator[", "Iterator[")  # the one thing colour changes
            found[name] = told.replace(return_annotation=items)
    return found


def test_both_colours_have_the_same_surface() -> None:
    """Every method of one exists in the other with the same parameters, defaults, types, answers and promise."""
    asked, answered = methods(EmbeddedClient), methods(BlockingClient)
    assert asked == answered
    assert asked == methods(RemoteClient)  # and so it is against a server
    assert {"generate", "submit", "batch", "wait", "wait_all", "get", "list", "cancel", "retry", "resolve"} <= set(
        asked
    )
    for name in asked:
        found = getattr(BlockingClient, name).__doc__
        assert found
    of_both, of_one = inspect.signature(AsyncClient).parameters, inspect.signature(Client).parameters
    assert {"server", "token"} == of_one.keys() - of_both.keys()  # a server's async client is `async_client`
    assert all(of_one[name] == parameter for name, parameter in of_both.items())


async def test_a_prompt_becomes_a_video(given: Given, vendor: Emulator) -> None:
    """`generate` returns once the clip is archived, with its path, hash and seed."""
    async with AsyncClient(**given) as wan:
        video = await wan.generate(FOX, **SMALL, seed=0)
    assert video.path is not None
    assert b"ftyp" == video.path.read_bytes()[4:8]
    assert ("succeeded", 0, True) == (video.state, video.seed, video.done)
    assert video.sha256
    assert vendor.tasks()[0]["task_id"] == video.task_id


def test_the_blocking_client_does_the_same(given: Given) -> None:
    """One code, two colours."""
    with Client(**given) as wan:
        takes = wan.submit(FOX, variants=2, **SMALL)
        done = wan.wait_all(take.id for take in takes)
        assert ["succeeded"] * 2 == [video.state for video in done]
        assert [video.id for video in reversed(done)] == [video.id for video in wan.list(group=done[0].job.group)]
        assert "Stored" == wan.history(done[0].id)[-1]["event"]


def test_templates_are_kept_in_the_home(given: Given) -> None:
    """Kept with one client, filled with the next, forgotten."""
    with Client(**given) as wan:
        wan.save_template("rainy", "{thing} in light rain", kind="weather")
    with Client(**given) as wan:
        (kept,) = [t for t in wan.templates() if t.name == "rainy"]
        assert ("a cat in light rain", "weather") == (kept.fill({"thing": "a cat"}), kept.kind)
        wan.remove_template("rainy")
        assert "rainy" not in {t.name for t in wan.templates()}


async def test_the_blocking_client_works_inside_a_running_loop(given: Given) -> None:
    """In a notebook, whose own loop is running, a blocking call simply blocks."""
    with Client(**given) as wan:
        assert "succeeded" == wan.generate(FOX, **SMALL).state


def test_threads_share_a_client(given: Given, vendor: Emulator) -> None:
    """Eight threads, one client, eight clips."""
    with Client(**given) as wan, ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: wan.generate(f"Scene {n}", **SMALL), range(8)))
    assert {"succeeded"} == {video.state for video in done}
    assert 8 == bought(vendor)


async def test_many_tasks_share_a_client(given: Given) -> None:
    """Waiting for several at once in one loop needs one client."""
    async with AsyncClient(**given) as wan:
        done = await asyncio.gather(*(wan.generate(f"Scene {n}", **SMALL) for n in range(5)))
    assert 5 == len({video.sha256 for video in done})


def test_the_same_key_makes_one_job(given: Given, vendor: Emulator) -> None:
    """A second order with a key that is known gets the job it made; with other words it is refused."""
    with Client(**given) as wan:
        first = wan.submit(FOX, **SMALL, key="order-1", variants=2)
        again = wan.submit(FOX, **SMALL, key="order-1", variants=2)
        assert [video.id for video in first] == [video.id for video in again]
        with pytest.raises(Conflict, match="order-1"):
            wan.submit("A hare", **SMALL, key="order-1", variants=5)
        wan.wait_all(video.id for video in wan.list())
    assert 2 == bought(vendor)


def test_keys_do_not_meet_by_their_spelling(given: Given) -> None:
    """A key that looks like another's variant is a key of its own."""
    with Client(**given) as wan:
        first = wan.submit(FOX, **SMALL, key="a", variants=3)
        second = wan.submit("A hare", **SMALL, key="a#1")
        third = wan.submit("A wolf", **SMALL, key="a##1")
        assert 5 == len({video.id for video in (*first, *second, *third)})


def test_a_batch_from_code(given: Given, vendor: Emulator, tmp_path: Path) -> None:
    """What `wanreel batch` does, a program can do: run twice, it buys once."""
    file = tmp_path / "shots.jsonl"
    file.write_text('{"id": "fox", "prompt": "A fox", "model": "wan2.5-t2v-preview"}\n')
    with Client(**given) as wan:
        once, twice = wan.batch(file), wan.batch(file)
        assert [video.id for video in once] == [video.id for video in twice]
        wan.wait(once[0].id)
        assert once[0].id != wan.batch(file, again=True)[0].id


def test_failures_carry_the_vendors_words(given: Given, vendor: Emulator) -> None:
    """A task the vendor fails raises with its code and words, and the video that tells the rest."""
    vendor.script({"create": [{"fate": {"outcome": "content_block"}}]}, account="*")
    with Client(**given) as wan, pytest.raises(GenerationFailed, match="DataInspectionFailed") as failed:
        wan.generate(FOX, **SMALL)
    assert "failed" == failed.value.video.state


def test_a_doubt_needs_a_person_and_is_settled_by_one(given: Given, vendor: Emulator) -> None:
    """A lost answer raises; adopting the task the console shows ends it, paid once."""
    vendor.script(LOST, account="*")
    with Client(**given) as wan:
        with pytest.raises(NeedsAttention, match="jobs resolve") as held:
            wan.generate(FOX, **SMALL)
        with pytest.raises(Invalid):
            wan.resolve(held.value.video.id)
        wan.resolve(held.value.video.id, adopt=vendor.tasks()[0]["task_id"], note="seen in the console")
        assert "succeeded" == wan.wait(held.value.video.id).state
        with pytest.raises(Conflict):
            wan.resolve(held.value.video.id, give_up=True)
    assert 1 == bought(vendor)


def test_mistakes_are_told_before_anything_is_stored(given: Given, vendor: Emulator) -> None:
    """Every problem with a field, what was given, what is allowed."""
    with Client(**given) as wan:
        with pytest.raises(Invalid) as wrong:
            wan.generate("", model="wan2.5-t2v-preview", duration_s=7)
        assert ["duration_s", "prompt"] == sorted(problem.field for problem in wrong.value.problems)
        assert [] == wan.list()
        with pytest.raises(NotFound):
            wan.get("job_nothing")
        with pytest.raises(NotFound):
            wan.wait_all(["job_nothing"])
    assert 0 == bought(vendor)


def test_without_a_key_jobs_can_be_looked_at(given: Given) -> None:
    """Planning and reading need none; ordering, and working what is unfinished, do."""
    keyless = {**given, "api_key": None}
    with Client(**keyless) as wan:
        assert 1 == wan.plan(FOX, **SMALL).clips
        assert [] == wan.list()
        with pytest.raises(Unauthorized, match="DASHSCOPE_API_KEY"):
            wan.submit(FOX, **SMALL)


def test_a_client_is_used_in_its_block(given: Given) -> None:
    """Before and after it says so; a second block after the first is fine, one inside it is not."""
    wan = Client(**given)
    with pytest.raises(Unavailable, match="`with` block"):
        wan.list()
    with wan:
        assert [] == wan.list()
        with pytest.raises(Conflict, match="open already"), wan:
            pass
        assert [] == wan.list()
    with wan:
        assert [] == wan.list()
    with pytest.raises(Unavailable):
        wan.list()


async def test_an_async_client_is_used_in_its_block(given: Given) -> None:
    """The same for the other colour."""
    wan = AsyncClient(**given)
    with pytest.raises(Unavailable):
        await wan.list()
    async with wan:
        with pytest.raises(Conflict):
            await wan.__aenter__()
    async with wan:
        assert [] == await wan.list()


def test_closing_leaves_jobs_to_the_next_runner(given: Given, vendor: Emulator) -> None:
    """A client that closes while its task runs loses nothing: the next one keeps the clip of the same task."""
    vendor.script(LONG, account="*")
    with Client(**given) as wan:
        video = wan.submit(FOX, **SMALL)[0]
        with pytest.raises(TimeoutError, match="they go on"):
            wan.wait(video.id, timeout_s=0.5)
    vendor.advance(4000)
    with Client(**given) as wan:
        assert "succeeded" == wan.wait(video.id).state
    assert 1 == bought(vendor)


def test_closing_wakes_those_who_wait_in_other_threads(given: Given, vendor: Emulator) -> None:
    """A thread that waits when another closes the client gets an error, not silence."""
    vendor.script(LONG, account="*")
    ended: list[BaseException] = []
    began = threading.Event()

    def wait(wan: Client, job_id: str) -> None:
        try:
            wan.wait_all([job_id], on_change=lambda _: began.set())
        except Unavailable as error:
            ended.append(error)

    with Client(**given) as wan:
        video = wan.submit(FOX, **SMALL)[0]
        thread = threading.Thread(target=wait, args=(wan, video.id))
        thread.start()
        assert began.wait(10)
        until(lambda: bought(vendor) == 1, "it was sent")
    thread.join(10)
    assert not thread.is_alive()
    assert 1 == len(ended)


def test_calling_from_on_change_is_told_not_to(given: Given) -> None:
    """The callback runs in the client's own thread, where a blocking call would wait for itself for ever."""
    with Client(**given) as wan:
        video = wan.submit(FOX, **SMALL)[0]

        def look(_: Sequence[Video]) -> None:
            wan.list()

        with pytest.raises(Conflict, match="own thread"):
            wan.wait_all([video.id], on_change=look)


def test_two_clients_of_one_home(given: Given, vendor: Emulator) -> None:
    """The first works the home; the second hands over and follows, and takes over when the first is closed."""
    with Client(**given) as second:
        with Client(**given) as first:
            assert "succeeded" == first.generate(FOX, **SMALL).state
            assert "succeeded" == second.generate(FOX, **SMALL).state
        assert "succeeded" == second.generate(FOX, **SMALL).state
    assert 3 == bought(vendor)


def test_a_job_of_another_address_is_not_waited_for_in_vain(given: Given, vendor: Emulator) -> None:
    """A home whose unfinished job belongs to another base URL says which, instead of waiting for ever."""
    vendor.script(LONG, account="*")
    with Client(**given) as wan:
        video = wan.submit(FOX, **SMALL)[0]
        with pytest.raises(TimeoutError):
            wan.wait(video.id, timeout_s=0.4)
    with Client(**{**given, "base_url": "http://127.0.0.1:9/api/v1"}) as elsewhere:
        stuck = elsewhere.wait(video.id)
    assert vendor.base_url in str(stuck.attention)


async def test_a_job_with_a_spare_is_waited_for_like_any_other(given: Given) -> None:
    """A spare's id begins with its job's: the newer one must not hide the job that is waited for."""
    async with AsyncClient(**given) as wan, SqliteStore(given["home"] / "wanreel.sqlite3", one_slot, Policy()) as store:
        now = wan.home.clock.now()
        job = make_job(Generating, at=now, due_at=now + 60, account=wan.home.account)
        change = transition(job, Found("a-second-task", "person"), now + 1, Policy(), 0.0)
        await store.add([job])
        await store.commit(change)
        seen = asyncio.Event()
        waiting = asyncio.create_task(wan.wait_all([job.id], timeout_s=10, on_change=lambda _: seen.set()))
        await seen.wait()
        await store.commit(transition(change.job, TaskCancelled(), now + 2, Policy(), 0.0))
        assert ["cancelled"] == [video.state for video in await waiting]
        assert [change.born[0].id] == [v.id for v in await wan.list(states=["generating"])]


@pytest.mark.parametrize("nothing", ["", "job_", "job"])
def test_what_names_no_job_cancels_none(given: Given, nothing: str) -> None:
    """An empty variable in a script is not the beginning of the only job's id."""
    with Client(**given) as wan:
        (made,) = wan.submit(FOX, **SMALL)
        with pytest.raises(Invalid, match="beginning"):
            wan.cancel(nothing)
        assert not wan.get(made.id).job.cancel


def test_favourites_and_tags_are_changed(given: Given, vendor: Emulator) -> None:
    """Said of a job after it was ordered, seen on it, found by; the report by tag goes with it."""
    with Client(**given) as wan:
        (video,) = wan.submit(FOX, **SMALL, tags=["draft"])
        done = wan.mark(video.id, favourite=True, tags=["hero"])
        assert (True, ("hero",)) == (done.favourite, done.job.tags)
        assert [video.id] == [one.id for one in wan.list(favourites=True, tag="hero")]
        assert [] == wan.list(tag="draft")
        assert "succeeded" == wan.wait(video.id, timeout_s=20).state
        assert (True, ("hero",)) == ((now := wan.get(video.id)).favourite, now.job.tags)
        with pytest.raises(Invalid):
            wan.mark(video.id)


def test_cancel_and_retry(given: Given, vendor: Emulator) -> None:
    """A task that has not begun is cancelled for nothing, and can be ordered again."""
    vendor.script({"create": [{"fate": {"queue_s": 3600}}]}, account="*")
    with Client(**given) as wan:
        video = wan.submit(FOX, **SMALL)[0]
        with pytest.raises(TimeoutError):
            wan.wait(video.id, timeout_s=0.5)
        wan.cancel(video.id)
        assert "cancelled" == wan.wait(video.id, timeout_s=20).state
        fresh = wan.retry(video.id)
        assert "succeeded" == wan.wait(fresh.id, timeout_s=20).state


def test_the_library_is_silent_but_for_warnings(
    given: Given, vendor: Emulator, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Its log is the standard library's logger `wanreel`; nothing is printed, and a doubt is a warning."""
    vendor.script(LOST, account="*")
    with Client(**given) as wan, pytest.raises(NeedsAttention):
        wan.generate(FOX, **SMALL)
    assert "" == capfd.readouterr().out
    assert ["job.unconfirmed"] == [
        record.getMessage().split()[0] for record in caplog.records if record.name == "wanreel"
    ]


def test_a_clip_is_saved_and_shown_on_a_page(
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocking, on this machine: saved whole under a name of ours, shown by links that last; not what lies in the
    trash, and not without an address that strangers could reach.
    """
    with small_vendor(render=lambda _: small_clip()) as vendor:
        monkeypatch.setenv("WANREEL_PUBLIC_URL", "https://clips.example.com")
        _saved_and_shown(given | {"base_url": vendor.base_url}, tmp_path)
        monkeypatch.delenv("WANREEL_PUBLIC_URL")
        with Client(**given | {"base_url": vendor.base_url}) as wan:
            other = wan.generate("A boat", model="wan2.5-t2v-preview")
            with pytest.raises(Invalid, match="WANREEL_PUBLIC_URL"):
                wan.embed(other.id)


def _saved_and_shown(given: dict[str, Any], tmp_path: Path) -> None:
    with Client(**given) as wan:
        video = wan.generate("A kite", model="wan2.5-t2v-preview")
        assert video.path is not None
        saved = wan.save(video.id, tmp_path)
        assert (tmp_path / f"{video.id}.mp4", video.path.read_bytes()) == (saved, saved.read_bytes())
        made = wan.embed(video.id)
        assert made == wan.embed(video.id)
        assert f'<source src="{made.clip}" type="video/mp4">' in made.html
        assert (2, 0) == (wan.unshare(video.id), wan.unshare(video.id))
        assert isinstance(wan._inner, EmbeddedClient)
        wan._run(wan._inner.home.keeping.delete(video.id))
        with pytest.raises(Conflict, match="trash"):
            wan.save(video.id, tmp_path / "again.mp4")
    assert not (tmp_path / "again.mp4").exists()
