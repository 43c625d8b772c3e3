"""The contract of `ports.Jobs` without its claims: adding, finding, and changes that commit whole or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.stores import Bench
from tests.factories import (
    NOW,
    make_account,
    make_change,
    make_job,
    make_notice,
    make_state,
    make_task,
)
from wanreel.domain.errors import Conflict, Internal, Invalid, NotFound, Stale, TaskTaken
from wanreel.domain.event import Change, Park, Pause, SlotKey
from wanreel.domain.job import STATES, Archiving, Cancel, Cancelled, Generating, Job, Queued, State
from wanreel.ports.jobs import Filter

# --- adding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STATES)
async def test_a_job_comes_back_as_it_was_added(bench: Bench, kind: type[State]) -> None:
    """A job in any state reads back equal, to the last digit of its instants."""
    job = make_job(kind, at=NOW + 0.1234567891, group="g", key="k", cancel=Cancel(NOW / 3, discard=True))

    assert [job] == await bench.add(job)
    assert job == await bench.store.get(job.id)


async def test_adding_nothing_stores_nothing(bench: Bench) -> None:
    """An empty list of jobs is answered by an empty list."""
    assert [] == await bench.add()
    assert [] == await bench.ids()


async def test_an_unknown_job_is_not_found(bench: Bench) -> None:
    """Asking for a job that is not here raises NotFound and names it."""
    with pytest.raises(NotFound, match="job_nowhere"):
        await bench.store.get("job_nowhere")


async def test_a_taken_key_answers_with_the_job_that_has_it(bench: Bench) -> None:
    """Of three jobs one of which has a taken key, two are stored, and the older one stands in its place."""
    first = make_job(key="row-1")
    await bench.add(first)
    before, same, after = make_job(), make_job(key="row-1"), make_job()

    assert [before, first, after] == await bench.add(before, same, after)
    with pytest.raises(NotFound):
        await bench.store.get(same.id)


async def test_a_key_is_kept_by_the_job_as_it_stands_now(bench: Bench) -> None:
    """The job that a taken key is answered by is the current one, not the one that was added."""
    first = make_job(key="row-1")
    await bench.add(first)
    ended = await bench.store.commit(make_change(first, Cancelled(NOW)))

    assert [ended] == await bench.add(make_job(key="row-1"))


async def test_one_key_twice_in_one_call_makes_one_job(bench: Bench) -> None:
    """The second of two new jobs with the same key is answered by the first."""
    first, second = make_job(key="row-1"), make_job(key="row-1")

    assert [first, first] == await bench.add(first, second)
    assert [first.id] == await bench.ids()


async def test_a_taken_id_stores_none_of_the_jobs(bench: Bench) -> None:
    """When one of several jobs cannot be stored, none is, and their keys stay free."""
    there = make_job()
    await bench.add(there)
    new = make_job(key="k")

    with pytest.raises(Conflict):
        await bench.add(new, make_job(id=there.id))
    assert [there.id] == await bench.ids()
    again = make_job(key="k")
    assert [again] == await bench.add(again)


async def test_a_job_born_with_a_taken_task_stores_none_of_the_jobs(bench: Bench) -> None:
    """The vendor's task belongs to one job; adding another that claims it raises TaskTaken."""
    await bench.add(make_job(Generating, task_id="t1"))
    other = make_job()

    with pytest.raises(TaskTaken):
        await bench.add(other, make_job(Archiving, task_id="t1"))
    with pytest.raises(NotFound):
        await bench.store.get(other.id)


async def test_two_callers_with_one_key_get_one_job(bench: Bench) -> None:
    """Of many callers who add a job with the same key at once, through two doors, all are answered by one job."""
    second = await bench.second()
    doors = [bench.store, second] * 5

    answers = await asyncio.gather(*(door.add([make_job(key="same")]) for door in doors))

    assert 1 == len({job.id for (job,) in answers})
    assert 1 == len(await bench.ids())


async def test_a_name_that_is_no_text_is_refused(bench: Bench) -> None:
    """A group name from a file name with broken bytes is refused in words, and nothing is stored."""
    with pytest.raises(Invalid, match="characters"):
        await bench.add(make_job(), make_job(group="clip-\udcff"))
    assert [] == await bench.ids()


# --- finding --------------------------------------------------------------------------------------------------------


async def test_jobs_are_found_newest_first(bench: Bench) -> None:
    """The later a job was made, and in one instant the later its place in its group, the earlier it is listed."""
    old = make_job(at=NOW - 10)
    variants = [make_job(at=NOW, group="g", index=n) for n in (2, 0, 1)]
    new = make_job(at=NOW + 10)
    await bench.add(new, *variants, old)

    expected = [new.id, variants[0].id, variants[2].id, variants[1].id, old.id]
    assert expected == await bench.ids()


async def test_filters_narrow_together(bench: Bench) -> None:
    """State, group and parent are conditions that must all hold."""
    queued, watched, spare = (
        make_job(group="g"),
        make_job(Generating, group="g"),
        make_job(Generating, group="other", spare_of="job_parent"),
    )
    await bench.add(queued, watched, spare)

    assert [watched.id] == await bench.ids(states=("generating",), group="g")
    assert {queued.id, watched.id} == set(await bench.ids(states=("queued", "generating"), group="g"))
    assert [spare.id] == await bench.ids(spare_of="job_parent")
    assert [] == await bench.ids(states=("no_such_state",))


async def test_jobs_are_found_by_project_and_tag(bench: Bench) -> None:
    """A job has one project and any number of tags, and is found by either or both."""
    mine = make_job(project="spring", tags=("hero", "red"))
    await bench.add(mine, make_job(project="spring", tags=("red",)), make_job(tags=("hero",)))

    assert 2 == len(await bench.ids(project="spring"))
    assert 2 == len(await bench.ids(tag="hero"))
    assert [mine.id] == await bench.ids(project="spring", tag="hero")
    assert ("spring", ("hero", "red")) == ((found := await bench.store.get(mine.id)).project, found.tags)


async def test_jobs_are_found_by_the_beginning_of_their_id(bench: Bench) -> None:
    """Beginnings match exactly: case counts, and an underscore is an underscore."""
    a, b, c = make_job(id="job_aa1"), make_job(id="job_AA2"), make_job(id="jobxaa3")
    await bench.add(a, b, c)

    assert [a.id] == await bench.ids(ids=("job_a",))
    assert {a.id, b.id} == set(await bench.ids(ids=("job_",)))
    assert {a.id, c.id} == set(await bench.ids(ids=("job_aa1", "jobx")))
    assert [] == await bench.ids(ids=("aa",))


async def test_jobs_are_found_by_words_and_model(bench: Bench) -> None:
    """Words of the prompt or the name, small or capital; what only the job's other fields hold is not found; signs of
    patterns and of JSON are themselves.
    """
    kite = make_job(prompt='A red "Kite" 100%_sure, 红色风筝')
    boat = make_job(prompt="A boat", model="wan2.2-t2v-plus", name="Spring KITE fair")
    await bench.add(kite, boat, make_job(prompt="A lantern"))

    assert {kite.id, boat.id} == set(await bench.ids(words="kite"))
    for words in ("RED", '"kite" 100%_', "红色", "%_s"):
        assert [kite.id] == await bench.ids(words=words), words
    for words in ("prompt", "request", "100_sure", "k%e", kite.id):
        assert [] == await bench.ids(words=words), words
    assert [boat.id] == await bench.ids(models=("wan2.2-t2v-plus", "wan9"))


async def test_pages_show_every_job_once(bench: Bench) -> None:
    """Going on after the last one seen shows all jobs, each once, in the order of one long list."""
    await bench.add(*(make_job(at=NOW + n // 3, index=n % 2) for n in range(10)))
    whole = await bench.ids()
    paged: list[str] = []

    while page := await bench.ids(limit=3, after=paged[-1] if paged else None):
        paged += page

    assert 10 == len(whole)
    assert whole == paged


async def test_a_page_after_an_unknown_job_is_not_found(bench: Bench) -> None:
    """A page after a job that is not here raises NotFound: an empty page would look like the end."""
    with pytest.raises(NotFound):
        await bench.store.find(Filter(after="job_nowhere"))


# --- changes --------------------------------------------------------------------------------------------------------


async def test_a_change_commits_whole(bench: Bench) -> None:
    """Job, history, notices, spares and park of a change are all there afterwards."""
    job = make_job()
    await bench.add(job)
    spare = make_job(Generating, task_id="extra", spare_of=job.id)
    park = Park(SlotKey("main", "m"), Pause.BUSY, NOW + 5, "slow down")
    state = make_state(Generating, task_id="t1")
    change = make_change(job, state, notices=(make_notice(job),), born=(spare,), park=park)

    assert change.job == await bench.store.commit(change)

    assert change.job == await bench.store.get(job.id)
    assert [change.entry] == await bench.store.history(job.id)
    assert list(change.notices) == [o.notice for o in await bench.store.owed(NOW, 10)]
    assert spare == await bench.store.get(spare.id)
    assert [park] == [p.park for p in await bench.store.parks(NOW)]


async def assert_untouched(bench: Bench, job: Job) -> None:
    """Nothing of a change that carried everything has been written."""
    assert job == await bench.store.get(job.id)
    assert [] == await bench.store.history(job.id)
    assert [] == await bench.store.owed(NOW + 1e6, 10)
    assert [] == await bench.store.parks(NOW)
    assert [] == await bench.ids(spare_of=job.id)


def full_change(job: Job, state: State, **fields: Any) -> Change:
    """A change that carries everything a change can carry."""
    return make_change(
        job,
        state,
        notices=(make_notice(job),),
        born=(make_job(Generating, spare_of=job.id),),
        park=Park(SlotKey("main", "m"), Pause.BUSY, NOW + 5, ""),
        **fields,
    )


async def test_a_stale_change_writes_nothing(bench: Bench) -> None:
    """A change made on a version that is no longer current raises Stale and leaves no trace."""
    job = make_job(version=4)
    await bench.add(job)

    with pytest.raises(Stale):
        await bench.store.commit(full_change(replace(job, version=3), Cancelled(NOW)))
    await assert_untouched(bench, job)


async def test_of_two_changes_on_one_version_one_wins(bench: Bench) -> None:
    """Two changes decided on the same version, through two doors at once: one is written, the other is Stale."""
    job = make_job()
    await bench.add(job)
    doors = [bench.store, await bench.second()]
    change = make_change(job, Cancelled(NOW))

    answers = await asyncio.gather(*(door.commit(change) for door in doors), return_exceptions=True)

    assert [True, False] == sorted((isinstance(a, Stale) for a in answers), reverse=True)
    assert [change.entry] == await bench.store.history(job.id)


async def test_a_change_of_an_unknown_job_is_not_found(bench: Bench) -> None:
    """A change of a job that is not here raises NotFound."""
    with pytest.raises(NotFound):
        await bench.store.commit(make_change(make_job(), Cancelled(NOW)))


async def test_a_change_must_make_the_next_version(bench: Bench) -> None:
    """A change that leaves versions out is a bug, and nothing is written."""
    job = make_job()
    await bench.add(job)
    change = full_change(job, Cancelled(NOW))

    with pytest.raises(Internal):
        await bench.store.commit(replace(change, job=replace(change.job, version=7)))
    await assert_untouched(bench, job)


async def test_a_task_of_another_job_is_taken(bench: Bench) -> None:
    """A change that gives a job the task of another raises TaskTaken and writes nothing."""
    job = make_job()
    await bench.add(make_job(Generating, task_id="t1"), job)

    with pytest.raises(TaskTaken, match="t1"):
        await bench.store.commit(full_change(job, make_state(Generating, task_id="t1")))
    await assert_untouched(bench, job)


async def test_a_past_task_stays_taken(bench: Bench) -> None:
    """A task that the vendor ended belongs to its job for ever, even after the job has begun another attempt."""
    job = make_job(Generating, task_id="t1")
    other = make_job()
    await bench.add(job, other)
    await bench.store.commit(make_change(job, Queued(NOW), past=(make_task("t1"),), attempt=2))

    with pytest.raises(TaskTaken):
        await bench.store.commit(make_change(other, make_state(Generating, task_id="t1")))


async def test_a_job_keeps_its_own_task(bench: Bench) -> None:
    """A task stays with its job from state to state without being in its own way."""
    job = make_job(Generating, task_id="t1")
    await bench.add(job)

    change = make_change(job, make_state(Archiving, task_id="t1"))
    assert change.job == await bench.store.commit(change)


async def test_another_account_may_have_the_same_task_id(bench: Bench) -> None:
    """Task ids are unique within an account only."""
    one = make_job(Generating, task_id="t1")
    two = make_job(Generating, task_id="t1", account=make_account("second"))

    assert [one, two] == await bench.add(one, two)


async def test_a_known_spare_is_left_out_with_its_notice(bench: Bench) -> None:
    """A spare whose task any job has already is not stored and nobody is told of it; the change itself is written."""
    job = make_job(Generating, task_id="t1")
    await bench.add(job, make_job(Generating, task_id="known"))
    spares = tuple(make_job(Generating, task_id=t, spare_of=job.id) for t in ("known", "t1", "new", "new"))
    told = (make_notice(spares[0], id="n-known"), make_notice(spares[2], id="n-new"), make_notice(job, id="n-job"))
    change = make_change(job, job.state, born=spares, notices=told)

    assert change.job == await bench.store.commit(change)

    assert [spares[2].id] == await bench.ids(spare_of=job.id)
    assert ["n-new", "n-job"] == [o.notice.id for o in await bench.store.owed(NOW, 10)]


async def test_a_spare_with_the_id_of_another_job_is_a_bug(bench: Bench) -> None:
    """A spare that would overwrite a job is refused with everything beside it."""
    job, there = make_job(), make_job()
    await bench.add(job, there)

    with pytest.raises(Internal):
        await bench.store.commit(make_change(job, Cancelled(NOW), born=(make_job(Generating, id=there.id),)))
    assert job == await bench.store.get(job.id)


async def test_a_quiet_change_leaves_no_history(bench: Bench) -> None:
    """A look that found nothing new moves the job and its version, not its history."""
    job = make_job(Generating)
    await bench.add(job)
    after = await bench.store.commit(make_change(job, job.state, quiet=True))
    last = make_change(after, Cancelled(NOW))
    await bench.store.commit(last)

    assert [3] == [entry.version for entry in await bench.store.history(job.id)]


async def test_late_news_is_not_written(bench: Bench) -> None:
    """A change marked late is answered by the job as it stands, whatever version it speaks of."""
    job = make_job(version=5)
    await bench.add(job)

    assert job == await bench.store.commit(Change(job=replace(job, version=2), was=2, late=True))
    assert [] == await bench.store.history(job.id)


async def test_history_is_told_oldest_first(bench: Bench) -> None:
    """All entries of a job come in the order of its versions, and of no other job."""
    job, other = make_job(Generating), make_job(Generating)
    await bench.add(job, other)
    written: list[Any] = []
    for n in range(12):
        change = make_change(job, job.state, at=NOW + n)
        job = await bench.store.commit(change)
        written.append(change.entry)
    await bench.store.commit(make_change(other, other.state))

    assert written == await bench.store.history(job.id)
    assert [] == await bench.store.history("job_nowhere")


async def test_words_that_are_no_text_are_kept_all_the_same(bench: Bench) -> None:
    """A vendor's message with half a surrogate pair and a null byte does not cost a paid job its change."""
    job = make_job()
    await bench.add(job)
    state = make_state(Generating, trouble="bad \ud83d and \x00 and 片")
    change = make_change(job, state, notices=(replace(make_notice(job), text="\udfff"),))

    await bench.store.commit(change)

    assert state == (await bench.store.get(job.id)).state
    assert "\udfff" == (await bench.store.owed(NOW, 1))[0].notice.text


# --- the feed -------------------------------------------------------------------------------------------------------


async def test_what_happened_is_told_of_all_of_one_job_or_of_one_group(bench: Bench) -> None:
    """In order and after a number, whoever is asked for; a job's own id and its group's find the same events."""
    alone, first, second = make_job(), make_job(group="grp_a"), make_job(group="grp_a", index=1)
    await bench.add(alone, first, second)
    await bench.store.commit(make_change(first, make_state(Generating)))

    told = [(h.job_id, h.version) for h in await bench.store.since(0, 100)]
    assert [(alone.id, 1), (first.id, 1), (second.id, 1), (first.id, 2)] == told
    assert told[1:] == [(h.job_id, h.version) for h in await bench.store.since(0, 100, "grp_a")]
    assert [told[1], told[3]] == [(h.job_id, h.version) for h in await bench.store.since(0, 100, first.id)]
    assert told[1:3] == [(h.job_id, h.version) for h in await bench.store.since(0, 2, "grp_a")]
    seq = (await bench.store.since(0, 100))[1].seq
    assert [told[3]] == [(h.job_id, h.version) for h in await bench.store.since(seq, 100, first.id)]
    assert [] == await bench.store.since(0, 100, "grp_nowhere")
