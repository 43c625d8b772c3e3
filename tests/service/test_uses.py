"""The use cases over a store in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.factories import make_account, make_intent, make_job
from tests.service.shops import SLOTS, make_counter
from wanreel.domain.errors import Conflict, Invalid, Unauthorized
from wanreel.domain.event import Found, GivenUp, NotFound
from wanreel.domain.job import Cancelled, Failed, Generating, Job, Succeeded, Unconfirmed, current_task
from wanreel.domain.runtimes import RunTime, kind_of
from wanreel.service.order import Order
from wanreel.service.uses import clip_key

FOX = Order(prompt="A fox", model="wan2.5-t2v-preview")


async def test_an_order_becomes_jobs_with_seeds_on_record() -> None:
    """Variants are one group, in their order, with seeds that count up."""
    desk = make_counter()
    jobs = await desk.service.submit(replace(FOX, variants="3", seed="2147483646"))
    assert [2147483646, 2147483647, 0] == [job.request.seed for job in jobs]
    assert [0, 1, 2] == [job.index for job in jobs]
    assert 1 == len({job.group for job in jobs})


async def test_a_job_keeps_the_project_and_tags_it_was_ordered_with() -> None:
    """Each once, in the order given; without a project it is the home's; a retry keeps both."""
    desk = make_counter()
    (job,) = await desk.service.submit(replace(FOX, project=" Spring sale ", tags="hero, 红色，hero"))
    assert ("Spring sale", ("hero", "红色")) == (job.project, job.tags)
    (plain,) = await desk.service.submit(FOX)
    assert ("default", ()) == (plain.project, plain.tags)
    again = await desk.service.retry((await desk.service.cancel(job.id)).id)
    assert (job.project, job.tags) == (again.project, again.tags)


@pytest.mark.parametrize(
    ("labels", "field"),
    [
        ({"project": "a/b"}, "project"),
        ({"tags": ["a,b"]}, "tags"),
        ({"tags": 7}, "tags"),
        ({"project": "x" * 65}, "project"),
    ],
)
async def test_labels_are_names(labels: dict[str, Any], field: str) -> None:
    """What could not be a name of a folder, or a word in a list, is refused where it enters."""
    with pytest.raises(Invalid) as wrong:
        await make_counter().service.plan(replace(FOX, **labels))
    assert [field] == [problem.field for problem in wrong.value.problems]


async def test_nothing_is_stored_without_a_key() -> None:
    """Planning needs none."""
    desk = make_counter(key=False)
    assert 1 == (await desk.service.plan(FOX)).clips
    with pytest.raises(Unauthorized):
        await desk.service.submit(FOX)


async def test_every_problem_of_an_order_is_told_at_once() -> None:
    """A file that cannot be kept is told beside what is wrong with the words, and not a second time as missing."""
    wrong = Order(prompt="It blinks", model="wan2.5-i2v-preview", first_frame="missing.png", duration_s=7)
    with pytest.raises(Invalid) as refused:
        await make_counter().service.plan(wrong)
    assert ["first_frame", "duration_s"] == [problem.field for problem in refused.value.problems]


@pytest.mark.parametrize("variants", [0, 101, "many", 1.5, True, -1])
async def test_variants_that_cannot_be(variants: Any) -> None:
    """A whole number from 1 to 100."""
    with pytest.raises(Invalid, match="from 1 to 100"):
        await make_counter().service.plan(replace(FOX, variants=variants))


async def test_a_key_that_is_known_gives_its_jobs_and_takes_no_others() -> None:
    """Same key and wish: the same jobs. Same key, other wish: a conflict, and nothing more is stored."""
    desk = make_counter()
    order = replace(FOX, key="k", variants=2)
    first = await desk.service.submit(order)
    assert [j.id for j in first] == [j.id for j in await desk.service.submit(order)]
    with pytest.raises(Conflict):
        await desk.service.submit(replace(order, prompt="A hare", variants=3))
    third = await desk.service.submit(replace(order, variants=3))
    assert [j.id for j in first] == [j.id for j in third[:2]]
    assert 1 == len({job.group for job in third})


def test_clip_keys_never_meet() -> None:
    """However users spell their keys, two different clips get two different ones."""
    spelled = ["a", "a#1", "a##1", "a#", "a##", "#1", "##1"]
    keys = [clip_key(key, place) for key in spelled for place in range(12)]
    assert len(keys) == len(set(keys))
    assert clip_key(None, 3) is None


async def test_waiting_is_told_in_words() -> None:
    """Place in the line, slots in use, and nothing for a job that is not waiting."""
    desk = make_counter()
    first, second = [(await desk.service.submit(FOX))[0] for _ in range(2)]
    told = await desk.service.waiting(second)
    assert told is not None
    assert (1, SLOTS, 0, "1 in front of it") == (told.place, told.slots, told.in_use, told.words)
    ahead = await desk.service.waiting(first)
    assert ahead is not None
    assert "next to be sent" == ahead.words
    assert await desk.service.waiting(make_job(Generating)) is None


async def test_a_doubt_is_settled_once() -> None:
    """Found, not found and given up each lead on; then there is no doubt any more to settle."""
    for event, kind in (
        (Found("t-1", "person"), "generating"),
        (NotFound("person"), "queued"),
        (GivenUp("person"), "failed"),
    ):
        desk = make_counter()
        job = make_job(Unconfirmed, asks="no later task", at=desk.clock.now())
        await desk.store.add([job])
        attention = await desk.service.attention([job])
        assert f"wanreel jobs resolve {job.id}" in attention[job.id]
        after = await desk.service.resolve(job.id, event)
        assert kind == type(after.state).__name__.lower()
        overruled = desk.clock.now() if not isinstance(event, Found) else 0.0
        assert overruled == (await desk.store.facts(job.account.id)).overruled_at
        with pytest.raises(Conflict, match="no doubt"):
            await desk.service.resolve(job.id, event)


async def test_what_has_ended_is_not_cancelled_and_only_failures_are_retried() -> None:
    """Each in words; a retry is a new job that names the old."""
    desk = make_counter()
    failed, done, stopped = make_job(Failed), make_job(Succeeded), make_job(Cancelled)
    await desk.store.add([failed, done, stopped])
    for job in (failed, done, stopped):
        with pytest.raises(Conflict, match="ended already"):
            await desk.service.cancel(job.id)
    for job in (failed, stopped):
        fresh = await desk.service.retry(job.id)
        assert (job.id, job.request) == (fresh.retry_of, fresh.request)
        assert current_task(fresh) is None
    with pytest.raises(Conflict, match="has succeeded"):
        await desk.service.retry(done.id)


async def test_a_job_of_another_address_is_out_of_reach() -> None:
    """Unless it has ended, or belongs here."""
    service = make_counter().service
    elsewhere = make_account(base_url="https://elsewhere.example/api/v1")
    intent = make_intent()
    assert "elsewhere.example" in (service.out_of_reach(make_job(Generating, account=elsewhere)) or "")
    assert service.out_of_reach(make_job(Succeeded, account=elsewhere)) is None
    assert service.out_of_reach(make_job(Unconfirmed, intent=intent)) is None


async def test_how_long_is_told_from_what_such_clips_took() -> None:
    """The wait for a slot, what a plan reckons with, and how far a running job may be; nothing where nobody knows."""
    desk = make_counter()
    jobs = [(await desk.service.submit(FOX))[0] for _ in range(SLOTS + 2)]
    running = replace(make_job(Generating, at=desk.clock.now()), request=jobs[0].request)
    assert await desk.service.outlook(running) is None
    kind = kind_of(jobs[0].request)
    for n in range(40):
        await desk.store.learn(RunTime(kind, 100.0 + n))

    last = await desk.service.waiting(jobs[-1])
    assert last is not None
    about_s = last.about_s or 0.0
    assert about_s == pytest.approx(2 * 120.0 / SLOTS, rel=0.1)
    assert "its turn comes in about" in last.words
    plan = await desk.service.slots_for(kind.model, 1000.0)
    assert plan["run_s"] == pytest.approx(120.0, rel=0.1)
    assert 50.0 == (await desk.service.slots_for(kind.model, 1000.0, 50.0))["run_s"]
    assert plan["waiting_now"].startswith(f"{SLOTS + 2}, the last for about ")
    crowd = await desk.service.slots_for(kind.model, 1000.0, 100_000.0)
    assert crowd["waiting_now"].endswith("; more than these slots make in a day")
    moment = await desk.service.moment()
    told = await desk.service.progress([*jobs, make_job(Succeeded)], moment)
    assert [job.id for job in jobs] == list(told)
    assert last.words == told[jobs[-1].id].words
    assert told[jobs[-1].id].rest_s == pytest.approx(about_s + 120.0, rel=0.1)
    desk.clock.advance(120.0 - (desk.clock.now() - accepted_at(running)))
    words = await desk.service.outlook(running)
    assert words is not None
    getting_on = (await desk.service.progress([running], await desk.service.moment()))[running.id]
    assert words == getting_on.words
    assert 0.0 < (getting_on.rest_s or 0.0) < 60.0
    assert words.startswith("usually 2 min; ")
    assert "% of such clips are ready by now, about" in words
    desk.clock.advance(400.0)
    assert "usually 2 min; it takes longer than nearly all such clips" == await desk.service.outlook(running)


def accepted_at(job: Job) -> float:
    """When the vendor took its task."""
    assert isinstance(job.state, Generating)
    return job.state.task.accepted_at
